//! A Redis that goes away, hangs, or refuses, while players walk: play goes on, and afterwards everything is saved.

use pyao_core::game::texts;
use pyao_simulator::forms::NewCharacter;
use pyao_tests::bot::Bot;
use pyao_tests::process::Server;
use pyao_tests::redis_server::{DURABLE, RedisServer};
use pyao_tests::suite::{
    LONG, PASSWORD, answer_to_creation, at_creation, check, create, login, place, wait_until,
};

use crate::crowd::{Crowd, is_saved};
use crate::support::{DANGEROUS, cli, long_turns, on, redis, try_to_log_in, user_id, wait_until_saved};

const AWAY: &str = "the store is away";
const BACK: &str = "the store is back";
/// Turns of the loop that a machine without time for the server may hold up. A loop that waits for Redis is held up by
/// each question.
const HELD_UP_MAX: u64 = 2;
/// At the real client's pace.
const STEPS_IN_HALF_A_MINUTE: usize = 112;

/// Creates a character now that Redis works, under a name whose creation may have been carried out late.
fn create_at_last(server: &Server, name: &str) -> Bot {
    Bot::create(server.address(), name, PASSWORD)
        .or_else(|_| Bot::login(server.address(), name, PASSWORD))
        .unwrap()
}

/// Does `harm` to Redis while everybody walks. The log must name it with `part`; creations and logins are refused
/// with a text, or answered, and no player is disconnected. After `repair` everything is saved and creations work.
fn survive(
    size: usize,
    part: &str,
    harm: impl FnOnce(&mut RedisServer),
    repair: impl FnOnce(&mut RedisServer),
) {
    let Some(mut redis) = redis(DURABLE) else { return };
    let server = on(&redis).start().unwrap();
    create(&server, "Beto").quit(LONG).unwrap();
    let mut crowd = Crowd::create(&server, size);
    crowd.walk(2);
    harm(&mut redis);
    crowd.walk_until_log(&server, AWAY);
    assert!(server.log().contains(part), "no {part:?} in\n{}", server.log());
    crowd.walk(4);
    let mut newcomer = at_creation(&server);
    newcomer.send(&NewCharacter::named("Ana", PASSWORD).packet()).unwrap();
    assert_eq!(answer_to_creation(&mut newcomer).as_deref(), Some(texts::STORE_AWAY));
    assert_eq!(try_to_log_in(server.address(), "Beto").err().as_deref(), Some(texts::STORE_AWAY));
    assert!(server.request("GET", "/health").unwrap().contains("degraded"));
    repair(&mut redis);
    crowd.walk_until_log(&server, BACK);
    crowd.check();
    crowd.wait_until_saved(&redis);
    assert!(server.request("GET", "/health").unwrap().contains("\"status\":\"healthy\""));
    assert!(long_turns(&server) <= HELD_UP_MAX, "the loop waited for Redis");
    newcomer.check().unwrap();
    check([&mut create_at_last(&server, "Ana"), &mut login(&server, "Beto")]);
    assert!(!server.log().contains("refuses to save"), "{}", server.log());
}

#[test]
fn fifty_players_walk_on_while_redis_is_killed_and_started_again() {
    survive(
        50,
        "lost the connection to Redis",
        |redis| redis.kill().unwrap(),
        |redis| redis.restart().unwrap(),
    );
}

#[test]
fn players_walk_on_while_redis_is_a_read_only_replica() {
    survive(
        5,
        "read-only replica",
        |redis| assert_eq!(cli(redis, "REPLICAOF 127.0.0.1 1"), "OK"),
        |redis| assert_eq!(cli(redis, "REPLICAOF NO ONE"), "OK"),
    );
}

#[test]
fn players_walk_on_while_redis_is_out_of_memory() {
    survive(
        5,
        "out of memory",
        |redis| assert_eq!(cli(redis, "CONFIG SET maxmemory 1"), "OK"),
        |redis| assert_eq!(cli(redis, "CONFIG SET maxmemory 0"), "OK"),
    );
}

#[test]
fn players_walk_on_while_redis_hangs_and_whoever_asks_it_is_answered() {
    let Some(redis) = redis(DURABLE) else { return };
    let server = on(&redis).start().unwrap();
    create(&server, "Beto").quit(LONG).unwrap();
    let mut crowd = Crowd::create(&server, 10);
    redis.hang().unwrap();
    let mut newcomer = at_creation(&server);
    newcomer.send(&NewCharacter::named("Ana", PASSWORD).packet()).unwrap();
    // Redis answers nothing before it goes on: every answer meanwhile did not wait for it.
    crowd.walk_until_log(&server, AWAY);
    assert!(server.log().contains("did not answer within"), "{}", server.log());
    crowd.walk(STEPS_IN_HALF_A_MINUTE);
    assert_eq!(answer_to_creation(&mut newcomer).as_deref(), Some(texts::STORE_AWAY));
    assert_eq!(try_to_log_in(server.address(), "Beto").err().as_deref(), Some(texts::STORE_AWAY));
    redis.go_on().unwrap();
    crowd.walk_until_log(&server, BACK);
    crowd.check();
    crowd.wait_until_saved(&redis);
    assert!(long_turns(&server) <= HELD_UP_MAX, "the loop waited for Redis");
    newcomer.check().unwrap();
    check([&mut create_at_last(&server, "Ana"), &mut login(&server, "Beto")]);
}

#[test]
fn whose_character_the_server_holds_comes_back_while_redis_is_away() {
    let Some(mut redis) = redis(DURABLE) else { return };
    let setup = on(&redis).set("world.start_positions", DANGEROUS.to_vec());
    let server = setup.start().unwrap();
    let (mut ana, mut beto) = (create(&server, "Ana"), create(&server, "Beto"));
    ana.walk_path(&[3, 2]).unwrap();
    beto.walk_path(&[3]).unwrap();
    let places = [place(&mut ana), place(&mut beto)];
    redis.kill().unwrap();
    server.wait_for_log(AWAY, LONG).unwrap();
    drop(ana);
    server.wait_for_log("connection lost: name=\"Ana\"", LONG).unwrap();
    beto.quit(LONG).unwrap();
    // One stands in the world, one has left and is not written yet.
    let mut back = ["Ana", "Beto"].map(|name| try_to_log_in(server.address(), name).unwrap());
    assert_eq!(back.each_mut().map(place), places);
    redis.restart().unwrap();
    server.wait_for_log(BACK, LONG).unwrap();
    for (name, bot) in ["Ana", "Beto"].iter().zip(&mut back) {
        wait_until_saved(&redis, name, bot);
    }
    check(&mut back);
}

#[test]
fn a_redis_that_hangs_for_a_moment_is_waited_for() {
    let Some(redis) = redis(&[]) else { return };
    let server = on(&redis).start().unwrap();
    let mut crowd = Crowd::create(&server, 5);
    redis.hang().unwrap();
    let mut ana = at_creation(&server);
    ana.send(&NewCharacter::named("Ana", PASSWORD).packet()).unwrap();
    wait_until("a creation that waits for Redis", || {
        server.metric("pyao_store_requests_waiting").unwrap() > 0
    });
    crowd.walk(2);
    redis.go_on().unwrap();
    assert_eq!(answer_to_creation(&mut ana), None);
    crowd.check();
    check([&mut ana]);
    assert!(!server.log().contains(AWAY), "{}", server.log());
}

#[test]
fn a_server_that_stops_while_redis_is_down_waits_for_it_and_saves() {
    let Some(mut redis) = redis(DURABLE) else { return };
    let mut server = on(&redis).start().unwrap();
    let mut crowd = Crowd::create(&server, 5);
    redis.kill().unwrap();
    crowd.walk_until_log(&server, AWAY);
    let places: Vec<_> = crowd.bots.iter_mut().map(pyao_tests::suite::place).collect();
    server.signal(libc::SIGTERM).unwrap();
    server.wait_for_log("SIGTERM: stopping", LONG).unwrap();
    redis.restart().unwrap();
    let put_at = crowd.put_at.clone();
    drop(crowd);
    assert_eq!(server.wait(LONG).unwrap().code(), Some(0), "{}", server.log());
    for (number, (place, put_at)) in places.into_iter().zip(put_at).enumerate() {
        assert!(is_saved(&redis, &format!("Bot{number}"), place, put_at), "Bot{number} at {place:?}");
    }
}

#[test]
fn a_key_of_the_wrong_type_is_named_harms_nobody_else_and_loses_nothing() {
    let Some(redis) = redis(&[]) else { return };
    let server = on(&redis).start().unwrap();
    let mut crowd = Crowd::create(&server, 3);
    create(&server, "Beto").quit(LONG).unwrap();
    let beto = format!("session:{}:active", user_id(&redis, "Beto"));
    wait_until("Beto's session to end", || cli(&redis, &format!("EXISTS {beto}")) == "0");
    let mut newcomer = at_creation(&server);
    let clashes = ["accounts:counter", "account:beto:data", beto.as_str(), "active_workers"];
    for key in clashes {
        let had = cli(&redis, &format!("EXISTS {key}")) == "1";
        if had {
            cli(&redis, &format!("RENAME {key} kept"));
        }
        cli(&redis, &format!("SET {key} wrong"));
        match key {
            "accounts:counter" => {
                cli(&redis, "DEL accounts:counter");
                cli(&redis, "RPUSH accounts:counter wrong");
                newcomer.send(&NewCharacter::named("Ana", PASSWORD).packet()).unwrap();
                assert_eq!(answer_to_creation(&mut newcomer).as_deref(), Some(texts::STORE_AWAY));
            }
            "active_workers" => {}
            _ => assert!(try_to_log_in(server.address(), "Beto").is_err()),
        }
        let named = format!("key {key} in Redis");
        server.wait_for_log(&named, LONG).unwrap();
        assert!(server.log().contains(&format!("TYPE \"{key}\"")), "{}", server.log());
        crowd.walk(1);
        cli(&redis, &format!("DEL {key}"));
        if had {
            cli(&redis, &format!("RENAME kept {key}"));
        }
    }
    // A part of a character that plays is simply written anew.
    let position = format!("player:{}:position", user_id(&redis, "Bot0"));
    cli(&redis, &format!("DEL {position}"));
    cli(&redis, &format!("SET {position} wrong"));
    crowd.walk(2);
    wait_until("Bot0's position again", || cli(&redis, &format!("TYPE {position}")) == "hash");
    crowd.wait_until_saved(&redis);
    crowd.check();
    assert_eq!(newcomer.shadow.errors.len(), 1);
    newcomer.send(&NewCharacter::named("Ana", PASSWORD).packet()).unwrap();
    assert_eq!(answer_to_creation(&mut newcomer), None);
    check([&mut newcomer, &mut login(&server, "Beto")]);
}
