//! Accounts and characters in Redis, also over a server that was killed.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use pyao_core::game::{CloseReason, texts};
use pyao_store::prelude::*;
use pyao_tests::bot::Bot;
use pyao_tests::redis_server::DURABLE;
use pyao_tests::suite::{LONG, PASSWORD, check, create, last_words, login, lose_sight, place, wait_until};

use crate::support::{DANGEROUS, cli, on, redis, session, user_id, wait_for_answer, wait_until_saved};

/// Number of players who create characters at the same time.
const CREATORS: usize = 3;

#[test]
fn an_account_has_the_keys_and_fields_that_operators_know() {
    let Some(redis) = redis(&[]) else { return };
    let server = on(&redis).start().unwrap();
    let (mut ana, mut beto) = (create(&server, "Ana"), create(&server, "Beto"));
    assert_eq!(cli(&redis, "GET accounts:counter"), "2");
    assert_eq!((user_id(&redis, "Ana"), user_id(&redis, "Beto")), (1, 2));
    let account = redis.hash("account:beto:data").unwrap();
    for (field, value) in [
        ("user_id", "2"),
        ("username", "Beto"),
        ("email", "bot@example.org"),
        ("char_race", "1"),
        ("char_gender", "1"),
        ("char_job", "3"),
        ("char_head", "1"),
        ("char_home", "1"),
        ("is_gm", "0"),
    ] {
        assert_eq!(account[field], value, "{field}");
    }
    assert!(account["password_hash"].starts_with("$argon2id$"), "{account:?}");
    assert!(account["created_at"].parse::<i64>().unwrap() > 1_700_000_000);
    assert!(!cli(&redis, "HGETALL account:beto:data").contains(PASSWORD));
    check([&mut ana, &mut beto]);
}

#[test]
fn after_a_kill_and_a_restart_characters_are_where_they_were_and_sessions_are_marked() {
    let Some(redis) = redis(DURABLE) else { return };
    let setup = on(&redis).set("world.start_positions", DANGEROUS.to_vec());
    let mut server = setup.start().unwrap();
    let mut bots = [create(&server, "Ana"), create(&server, "Beto")];
    let lease = format!("EXISTS server:{}:lease", cli(&redis, "SMEMBERS active_workers"));
    for (name, bot) in ["Ana", "Beto"].iter().zip(&mut bots) {
        bot.walk_path(&[3, 2]).unwrap();
        wait_until_saved(&redis, name, bot);
    }
    let places = bots.each_mut().map(place);
    check(&mut bots);
    server.kill().unwrap();
    assert_eq!(cli(&redis, &lease), "1", "who was killed counts as alive for a while");
    wait_for_answer(&redis, &lease, "0");
    assert_eq!(cli(&redis, "GET server:connections:count"), "");

    let server = setup.start().unwrap();
    for name in ["Ana", "Beto"] {
        let session = session(&redis, name);
        assert_eq!(session["websocket_connected"], "false", "{session:?}");
        assert!(session["disconnect_time"].parse::<u64>().is_ok(), "{session:?}");
        let kept_for = redis.number(&format!("TTL session:{}:active", user_id(&redis, name))).unwrap();
        assert!((1..=3600).contains(&kept_for), "{kept_for}");
    }
    let mut bots = [login(&server, "Ana"), login(&server, "Beto")];
    assert_eq!(bots.each_mut().map(place), places);
    assert_eq!(session(&redis, "Ana")["websocket_connected"], "true");
    check(&mut bots);
}

#[test]
fn an_account_deleted_in_play_holds_up_nobody_and_its_player_is_told() {
    let Some(redis) = redis(&[]) else { return };
    let server = on(&redis).start().unwrap();
    let (mut ana, mut beto) = (create(&server, "Ana"), create(&server, "Beto"));
    cli(&redis, &format!("HDEL accounts:names {}", user_id(&redis, "Ana")));
    assert_eq!(cli(&redis, "DEL account:username:ana account:ana:data"), "2");
    ana.walk_path(&[2]).unwrap();
    beto.walk_path(&[3, 2]).unwrap();
    wait_until_saved(&redis, "Beto", &mut beto);
    ana.sync().unwrap();
    assert!(!ana.is_closed(), "the store may have been emptied, and be filled again");
    assert_eq!(Some(last_words(&mut ana).as_str()), texts::of_close(CloseReason::AccountDeleted));
    lose_sight(&mut beto, "Ana");
    beto.walk_path(&[4]).unwrap();
    wait_until_saved(&redis, "Beto", &mut beto);
    server.wait_for_log("\"Ana\" leaves without being saved: account_deleted", LONG).unwrap();
    check([&mut beto]);
}

#[test]
fn every_creation_that_was_told_outlives_a_server_killed_at_any_moment() {
    let Some(redis) = redis(DURABLE) else { return };
    let told = Mutex::new(Vec::new());
    for round in 0..4 {
        let mut server = on(&redis).start().unwrap();
        let (address, count) = (server.address(), AtomicUsize::new(0));
        thread::scope(|scope| {
            for creator in 0..CREATORS {
                let (told, count) = (&told, &count);
                scope.spawn(move || {
                    for number in 0.. {
                        let name = format!("R{round}C{creator}N{number}");
                        // Letters and digits may stand in any order behind the first letter.
                        if Bot::create(address, &name, PASSWORD).is_err() {
                            return;
                        }
                        told.lock().unwrap_or_else(PoisonError::into_inner).push(name);
                        count.fetch_add(1, Ordering::SeqCst);
                    }
                });
            }
            wait_until("some creations", || count.load(Ordering::SeqCst) >= 4 + 5 * round);
            // Somewhere within a creation.
            thread::sleep(Duration::from_micros(700 * round as u64));
            server.kill().unwrap();
        });
        let mut store = redis.store().unwrap();
        for name in told.lock().unwrap().iter() {
            assert!(store.load_account(name).unwrap().is_some(), "{name} was told and is gone");
        }
    }
    let told = told.into_inner().unwrap();
    assert!(told.len() >= 4 + 9 + 14 + 19, "{}", told.len());
    // A character that was created but not confirmed is whole too.
    for name in cli(&redis, "HVALS accounts:names").lines() {
        assert!(redis.store().unwrap().load_account(name).unwrap().is_some(), "half of {name}");
    }
}
