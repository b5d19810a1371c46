//! A Redis that loses everything while players play: the records that the server holds come back.

use std::time::Duration;

use pyao_core::game::texts;
use pyao_tests::redis_server::{FORGETFUL, RedisServer};
use pyao_tests::suite::{LONG, check, create, wait_until};

use crate::crowd::Crowd;
use crate::support::{cli, on, redis, session, try_to_log_in, user_id, wait_for_answer};

const EMPTY: &str = "the store is empty";

fn wait_for_sign_of_life(redis: &RedisServer, crowd: &mut Crowd) {
    let uptime = cli(redis, "GET server:uptime");
    wait_until("a sign of life", || {
        crowd.rest(Duration::from_millis(50));
        cli(redis, "GET server:uptime") != uptime
    });
}

/// Empties Redis while everybody walks. Players, settings and sessions come back; characters that were offline are
/// gone.
fn survive(empty: impl FnOnce(&mut RedisServer)) {
    let Some(mut redis) = redis(FORGETFUL) else { return };
    let server = on(&redis).start().unwrap();
    create(&server, "Beto").quit(LONG).unwrap();
    let mut crowd = Crowd::create(&server, 5);
    cli(&redis, "SET config:server:max_connections \"77\"");
    server.wait_for_log("server.max_connections is now \"77\"", LONG).unwrap();
    crowd.wait_until_saved(&redis);
    let numbers = |redis: &RedisServer| [0, 1, 2, 3, 4].map(|number| user_id(redis, &format!("Bot{number}")));
    let (had, epoch) = (numbers(&redis), redis.number("GET server:epoch").unwrap());
    // Halfway between two signs of life everybody steps, so that the save comes halfway between the next two: when it
    // finds Redis empty, the server cannot have noticed yet.
    wait_for_sign_of_life(&redis, &mut crowd);
    crowd.rest(Duration::from_millis(2_500));
    crowd.step();
    wait_for_sign_of_life(&redis, &mut crowd);
    empty(&mut redis);
    crowd.walk_until_log(&server, EMPTY);
    crowd.walk(1);
    wait_for_answer(&redis, "EXISTS account:username:bot4", "1");
    crowd.check();
    crowd.wait_until_saved(&redis);
    assert_eq!(numbers(&redis), had);
    wait_for_answer(&redis, "GET config:server:max_connections", "77");
    wait_for_answer(&redis, "EXISTS server:motd config:server:host server:store_id", "3");
    wait_for_answer(&redis, "GET server:connections:count", "5");
    assert_eq!(cli(&redis, "SCARD active_workers"), "1");
    assert!(redis.number("GET server:epoch").unwrap() >= epoch);
    wait_for_answer(&redis, &format!("HGET session:{}:active username", had[4]), "Bot4");
    assert_eq!(session(&redis, "Bot0")["websocket_connected"], "true");
    // No server claims to have the records that only Redis had.
    assert_eq!(try_to_log_in(server.address(), "Beto").err().as_deref(), Some(texts::WRONG_CREDENTIALS));
    let mut beto = create(&server, "Beto");
    assert!(user_id(&redis, "Beto") > had[4]);
    check([&mut beto]);
    crowd.check();
}

#[test]
fn a_flush_in_play_is_told_and_what_the_server_holds_is_written_back() {
    survive(|redis| assert_eq!(cli(redis, "FLUSHDB"), "OK"));
}

#[test]
fn who_finds_his_number_gone_to_somebody_else_does_not_become_him_and_the_log_names_both() {
    let Some(redis) = redis(&[]) else { return };
    let server = on(&redis).start().unwrap();
    let mut ana = create(&server, "Ana");
    assert_eq!(user_id(&redis, "Ana"), 1);
    // In one step, as a creation on another server that comes before what this one writes back.
    let emptied = "redis.call('FLUSHDB') redis.call('HSET', 'accounts:names', 1, 'caro') return 'OK'";
    assert_eq!(cli(&redis, &format!("EVAL \"{emptied}\" 0")), "OK");
    let refused = "\"Ana\", user 1, cannot be written back: now the number has the name \"caro\"";
    server.wait_for_log(refused, LONG).unwrap();
    ana.walk_path(&[1, 2]).unwrap();
    server.wait_for_log("refuses to save users [1]", LONG).unwrap();
    assert_eq!(cli(&redis, "EXISTS player:1:position player:1:stats account:username:ana"), "0");
}

#[test]
fn a_redis_that_comes_back_empty_is_told_and_what_the_server_holds_is_written_back() {
    survive(|redis| redis.restart().unwrap());
}
