//! A Redis that loses everything and then takes no write: nobody loses a character, nobody is told that theirs was
//! deleted, and `/health` says all the time that something is wrong.

use pyao_core::game::{CloseReason, texts};
use pyao_tests::process::Server;
use pyao_tests::redis_server::{FORGETFUL, RedisServer};
use pyao_tests::suite::{check, create, last_words, wait_until};

use crate::crowd::Crowd;
use crate::support::{cli, on, redis, user_id, wait_for_answer};

const AWAY: &str = "the store is away";
const BACK: &str = "the store is back";
const PLAYERS: usize = 8;
/// With a look at `/health` after each second, at the real client's pace.
const STEPS_BETWEEN_LOOKS: usize = 4;
/// Longer than a store may go without a success and be healthy.
const LONG_SECONDS: usize = 35;
const SHORT_SECONDS: usize = 12;
/// Beginning of the answer of a server that is well.
const HEALTHY: &str =
    "\r\n\r\n{\"status\":\"healthy\",\"services\":{\"api\":\"ok\",\"database\":\"ok\",\"redis\":\"ok\"}";
const LAST_SUCCESS: &str = "pyao_store_last_success_seconds";

fn health(server: &Server) -> String {
    server.request("GET", "/health").unwrap()
}

fn numbers(redis: &RedisServer) -> Vec<i64> {
    (0..PLAYERS).map(|number| user_id(redis, &format!("Bot{number}"))).collect()
}

/// Empties Redis and closes it to writes while everybody walks, opens it again, and everything is there.
fn survive(seconds: usize, empty_and_close: impl FnOnce(&RedisServer), open: impl FnOnce(&RedisServer)) {
    let Some(redis) = redis(FORGETFUL) else { return };
    let server = on(&redis).start().unwrap();
    let mut crowd = Crowd::create(&server, PLAYERS);
    crowd.wait_until_saved(&redis);
    let had = numbers(&redis);
    assert!(server.metric(LAST_SUCCESS).unwrap() <= 15);
    empty_and_close(&redis);
    crowd.walk_until_log(&server, AWAY);
    for _ in 0..seconds {
        crowd.walk(STEPS_BETWEEN_LOOKS);
        let health = health(&server);
        assert!(
            health.contains("\"status\":\"degraded\"") && health.contains("\"redis\":\"error\""),
            "{health}"
        );
    }
    assert!(seconds < LONG_SECONDS || server.metric(LAST_SUCCESS).unwrap() > 15);
    crowd.check();
    open(&redis);
    crowd.walk_until_log(&server, BACK);
    wait_until("a healthy server", || health(&server).contains(HEALTHY));
    crowd.walk(2);
    crowd.check();
    crowd.wait_until_saved(&redis);
    assert_eq!(numbers(&redis), had);
    assert!(health(&server).contains("\"store_emptied\":true"), "{}", health(&server));
    check([&mut create(&server, "Ana")]);
    let log = server.log();
    assert!(!log.contains("leaves without being saved") && !log.contains("account_deleted"), "{log}");
    assert_eq!([AWAY, BACK].map(|line| log.matches(line).count()), [1, 1], "{log}");
    assert!(!log.contains("refuses to save"), "{log}");
}

#[test]
fn nobody_is_lost_when_redis_is_emptied_and_out_of_memory() {
    survive(
        LONG_SECONDS,
        |redis| {
            assert_eq!(cli(redis, "CONFIG SET maxmemory 1"), "OK");
            assert_eq!(cli(redis, "FLUSHALL"), "OK");
        },
        |redis| assert_eq!(cli(redis, "CONFIG SET maxmemory 0"), "OK"),
    );
}

#[test]
fn nobody_is_lost_when_redis_becomes_the_replica_of_an_empty_primary() {
    let Some(primary) = RedisServer::start_with_port(FORGETFUL).unwrap() else { return };
    survive(
        LONG_SECONDS,
        |redis| {
            cli(redis, &format!("REPLICAOF 127.0.0.1 {}", primary.port()));
            wait_for_answer(redis, "DBSIZE", "0");
        },
        |redis| assert_eq!(cli(redis, "REPLICAOF NO ONE"), "OK"),
    );
}

#[test]
fn nobody_is_lost_when_redis_is_emptied_and_lacks_its_replicas() {
    survive(
        SHORT_SECONDS,
        |redis| {
            assert_eq!(cli(redis, "FLUSHALL"), "OK");
            assert_eq!(cli(redis, "CONFIG SET min-replicas-to-write 1"), "OK");
        },
        |redis| assert_eq!(cli(redis, "CONFIG SET min-replicas-to-write 0"), "OK"),
    );
}

#[test]
fn nobody_is_lost_when_redis_is_emptied_and_its_user_may_not_write() {
    survive(
        SHORT_SECONDS,
        |redis| {
            assert_eq!(cli(redis, "FLUSHALL"), "OK");
            assert_eq!(cli(redis, "ACL SETUSER default -@write"), "OK");
        },
        |redis| assert_eq!(cli(redis, "ACL SETUSER default +@all"), "OK"),
    );
}

#[test]
fn whose_account_is_deleted_leaves_and_nobody_else() {
    let Some(redis) = redis(&[]) else { return };
    let server = on(&redis).start().unwrap();
    let (mut ana, mut beto) = (create(&server, "Ana"), create(&server, "Beto"));
    let number = user_id(&redis, "Ana");
    cli(&redis, &format!("HDEL accounts:names {number}"));
    cli(&redis, "DEL account:ana:data account:username:ana");
    ana.walk_path(&[1]).unwrap();
    beto.walk_path(&[2]).unwrap();
    assert_eq!(Some(last_words(&mut ana).as_str()), texts::of_close(CloseReason::AccountDeleted));
    wait_for_answer(&redis, &format!("EXISTS session:{number}:active"), "0");
    check([&mut beto]);
    assert!(!server.log().contains(AWAY), "{}", server.log());
}

#[test]
fn a_question_that_redis_leaves_unanswered_shows_before_it_is_given_up() {
    let Some(redis) = redis(&[]) else { return };
    let server = on(&redis).start().unwrap();
    assert!(health(&server).contains(HEALTHY));
    redis.hang().unwrap();
    let mut report = String::new();
    wait_until("a degraded server", || {
        report = health(&server);
        report.contains("\"status\":\"degraded\"")
    });
    // The question is given up after five seconds; a machine that stood still may have missed what was before.
    let (_, rest) = report.split_once("\"store_oldest_question_ms\":").unwrap();
    let oldest: u64 = rest.split_once(',').unwrap().0.parse().unwrap();
    assert!(oldest >= 2_000 || server.log().contains(AWAY), "{report}");
    redis.go_on().unwrap();
    wait_until("a healthy server", || health(&server).contains("\"status\":\"healthy\""));
}
