//! Connections: the count of players in Redis, and the count of connections to Redis.

use std::time::Instant;

use pyao_core::protocol::client::ClientPacket;
use pyao_tests::bot::{Bot, STEP};
use pyao_tests::process::Server;
use pyao_tests::suite::{LONG, at_login, check, create, read};

use crate::support::{cli, on, redis, wait_for_answer};

const COUNT: &str = "GET server:connections:count";

fn wait_for_count(redis: &pyao_tests::redis_server::RedisServer, count: usize) {
    wait_for_answer(redis, COUNT, &count.to_string());
}

fn create_some(server: &Server, names: &[&str]) -> Vec<Bot> {
    names.iter().map(|name| create(server, name)).collect()
}

#[test]
fn redis_knows_how_many_are_connected_also_when_they_vanish() {
    let Some(redis) = redis(&[]) else { return };
    let server = on(&redis).start().unwrap();
    let mut bots = create_some(&server, &["Ana", "Beto", "Caro", "Dani"]);
    bots.push(at_login(&server));
    wait_for_count(&redis, 5);
    bots.remove(0).quit(LONG).unwrap();
    wait_for_count(&redis, 4);
    check(&mut bots[..3]);
    for bot in bots {
        bot.reset().unwrap();
    }
    wait_for_count(&redis, 0);
}

#[test]
fn a_server_that_stops_takes_itself_and_its_connections_out_at_once() {
    let Some(redis) = redis(&[]) else { return };
    let mut server = on(&redis).start().unwrap();
    let bots = create_some(&server, &["Ana", "Beto"]);
    wait_for_count(&redis, 2);
    assert!(server.terminate(LONG).unwrap().success());
    drop(bots);
    assert_eq!(cli(&redis, COUNT), "0");
    assert_eq!(cli(&redis, "EXISTS active_workers"), "0");
}

#[test]
fn redis_players_and_the_ops_port_agree_on_the_uptime() {
    let Some(redis) = redis(&[]) else { return };
    let server = on(&redis).start().unwrap();
    let mut ana = create(&server, "Ana");
    let started = redis.number("GET server:uptime:start").unwrap();
    wait_for_answer(&redis, "EXISTS server:uptime", "1");
    let before = redis.number("GET server:uptime").unwrap();
    pyao_tests::suite::wait_until("a later uptime", || redis.number("GET server:uptime").unwrap() > before);
    let told = redis.number("GET server:uptime").unwrap();
    let shown = i64::try_from(server.metric("pyao_uptime_seconds").unwrap()).unwrap();
    assert!((told..told + 60).contains(&shown), "{told} {shown}");
    assert_eq!(redis.number("GET server:uptime:start").unwrap(), started);
    ana.send(&ClientPacket::Uptime).unwrap();
    read(&mut ana, "El servidor lleva 0 d 0 h ");
    check([&mut ana]);
}

#[test]
fn a_server_has_one_connection_to_redis_and_walking_costs_no_reads() {
    let Some(redis) = redis(&[]) else { return };
    let server = on(&redis).start().unwrap();
    let mut bots = create_some(&server, &["Ana", "Beto", "Caro"]);
    check(&mut bots);
    let clients = redis.clients().unwrap();
    assert!(
        clients.len() <= 2 && clients.iter().any(|line| line.contains("name=pyao-store ")),
        "{clients:?}"
    );
    let (started, before) = (Instant::now(), redis.command_counts().unwrap());
    for heading in [1, 2, 3, 4, 1, 2, 3, 4] {
        for bot in &mut bots {
            bot.walk(heading).unwrap();
        }
        bots[0].pump_for(STEP).unwrap();
    }
    check(&mut bots);
    let after = redis.command_counts().unwrap();
    let calls = |name: &str| after.get(name).unwrap_or(&0) - before.get(name).unwrap_or(&0);
    for name in ["hgetall", "hget", "hmget", "keys", "scan", "sscan"] {
        assert_eq!(calls(name), 0, "{name} while walking: {after:?}");
    }
    let walked = bots.iter().map(|bot| bot.shadow.received.count("CharacterMove")).sum::<u64>();
    assert!(walked > 10, "{walked} steps seen");
    // A sign of life writes three hashes, a save one for each player: each every five seconds.
    let hset_max = 6 * (started.elapsed().as_secs() / 5 + 2);
    assert!(calls("hset") <= hset_max, "a write for each step: {after:?}");
    assert_eq!(redis.clients().unwrap().len(), clients.len());
}
