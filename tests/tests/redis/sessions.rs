//! Sessions: the state of players in Redis, and a check that every recipe for `redis-cli` works as it is written.

use std::time::{SystemTime, UNIX_EPOCH};

use pyao_core::protocol::client::ClientPacket;
use pyao_tests::bot::Bot;
use pyao_tests::redis_server::RedisServer;
use pyao_tests::suite::{LONG, check, create, login, place, wait_until};

use crate::support::{DANGEROUS, cli, on, redis, session, user_id, wait_for_answer, wait_until_saved};

fn unix_now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs().try_into().unwrap()
}

/// Returns the age in seconds of that player's last sign of life in Redis.
fn unseen_for(redis: &RedisServer, name: &str) -> i64 {
    // In this order: the next sign of life may come meanwhile.
    let last_seen = redis.number(&format!("GET session:{}:last_seen", user_id(redis, name))).unwrap();
    unix_now() - last_seen
}

fn assert_connected(redis: &RedisServer, name: &str, bot: &Bot) {
    let session = session(redis, name);
    assert_eq!(session["username"], name);
    assert_eq!(session["level"], bot.shadow.stats.level.to_string());
    assert_eq!(session["class"], "warrior");
    assert_eq!(session["hp"], bot.shadow.stats.hp.to_string());
    assert_eq!(session["location_id"], bot.shadow.map.unwrap().to_string());
    assert_eq!(session["websocket_connected"], "true");
    assert_eq!(session.get("disconnect_time"), None);
    assert_eq!(cli(redis, &format!("TTL session:{}:active", user_id(redis, name))), "-1");
    assert!((0..600).contains(&unseen_for(redis, name)), "{}", unseen_for(redis, name));
}

#[test]
fn a_session_is_there_right_after_login_and_gone_after_leaving() {
    let Some(redis) = redis(&[]) else { return };
    let server = on(&redis).start().unwrap();
    let mut ana = create(&server, "Ana");
    assert_connected(&redis, "Ana", &ana);
    check([&mut ana]);
    // The packet that the client makes of `/SALIR`.
    ana.quit(LONG).unwrap();
    let key = format!("session:{}:active", user_id(&redis, "Ana"));
    wait_for_answer(&redis, &format!("EXISTS {key}"), "0");
    assert!((0..600).contains(&unseen_for(&redis, "Ana")));
    let mut ana = login(&server, "ANA");
    assert_connected(&redis, "Ana", &ana);
    check([&mut ana]);
}

#[test]
fn a_lost_connection_outside_a_safe_place_is_marked_for_an_hour_and_a_login_clears_that() {
    let Some(redis) = redis(&[]) else { return };
    let server = on(&redis).set("world.start_positions", DANGEROUS.to_vec()).start().unwrap();
    let mut ana = create(&server, "Ana");
    let left_at = place(&mut ana);
    check([&mut ana]);
    drop(ana);
    wait_until("a disconnected session", || session(&redis, "Ana")["websocket_connected"] == "false");
    let id = user_id(&redis, "Ana");
    let since: f64 = session(&redis, "Ana")["disconnect_time"].parse().unwrap();
    assert!((since - unix_now() as f64).abs() < 600.0, "{since}");
    let kept_for = redis.number(&format!("TTL session:{id}:active")).unwrap();
    assert!((1..=3600).contains(&kept_for), "{kept_for}");
    let mut ana = login(&server, "Ana");
    assert_eq!(place(&mut ana), left_at);
    assert_connected(&redis, "Ana", &ana);
    check([&mut ana]);
}

#[test]
fn position_stats_and_inventory_in_redis_are_what_the_client_was_shown() {
    let Some(redis) = redis(&[]) else { return };
    let server = on(&redis).start().unwrap();
    let mut ana = create(&server, "Ana");
    ana.walk_path(&[1, 1, 4, 3]).unwrap();
    wait_until_saved(&redis, "Ana", &mut ana);
    let id = user_id(&redis, "Ana");

    let (map, x, y) = place(&mut ana);
    let heading = ana.shadow.own().unwrap().heading;
    let position = redis.hash(&format!("player:{id}:position")).unwrap();
    for (field, value) in [("map", map), ("x", x.into()), ("y", y.into()), ("heading", heading.into())] {
        assert_eq!(position[field], value.to_string(), "{field}");
    }

    ana.send(&ClientPacket::RequestAtributes).unwrap();
    ana.sync().unwrap();
    let shown = format!("{:?}", ana.shadow.received.last("Atributes").unwrap());
    let stats = redis.hash(&format!("player:{id}:stats")).unwrap();
    for field in ["strength", "agility", "intelligence", "charisma", "constitution"] {
        assert!(shown.contains(&format!("{field}: {}", stats[field])), "{stats:?} but {shown}");
    }

    let inventory = redis.hash(&format!("player:{id}:inventory")).unwrap();
    assert_eq!(inventory["gold"], ana.shadow.stats.gold.to_string());
    let slots = (1..=25).filter_map(|slot| {
        let item = ana.shadow.inventory.get(&slot)?;
        let equipped = u8::from(item.equipped);
        Some((format!("slot{slot}"), format!("{}:{}:{equipped}", item.obj_index, item.amount)))
    });
    let shown: Vec<_> = slots.collect();
    assert!(!shown.is_empty());
    for (slot, item) in &shown {
        assert_eq!(&inventory[slot], item);
    }
    assert_eq!(inventory.len(), shown.len() + 1, "{inventory:?}");
    check([&mut ana]);
}

#[test]
fn the_recipes_for_redis_cli_work_as_they_are_written() {
    let Some(redis) = redis(&[]) else { return };
    let server = on(&redis).start().unwrap();
    let mut ana = create(&server, "Ana");
    assert_eq!(user_id(&redis, "Ana"), 1);
    assert_eq!(cli(&redis, "PING"), "PONG");
    assert_eq!(cli(&redis, "SET config:server:port \"8080\""), "OK");
    assert_eq!(cli(&redis, "SET config:server:host \"127.0.0.1\""), "OK");
    // Port 8080 may be taken here; then the server says so.
    wait_until("an answer to port 8080", || {
        let log = server.log();
        log.contains("now listening on 127.0.0.1:8080") || log.contains("cannot listen on 127.0.0.1:8080")
    });
    wait_for_answer(&redis, "GET server:connections:count", "1");
    let session = cli(&redis, "HGETALL session:1:active");
    for part in ["username\nAna", "level\n1", "class\n"] {
        assert!(session.contains(part), "{session}");
    }
    assert!(cli(&redis, "GET session:1:last_seen").parse::<i64>().is_ok());
    assert!(cli(&redis, "GET server:uptime").parse::<i64>().is_ok());
    for (line, part) in [
        ("HGETALL player:1:position", "map"),
        ("HGETALL player:1:stats", "strength"),
        ("HGETALL player:1:inventory", "gold"),
        ("HGETALL account:ana:data", "char_race"),
        ("KEYS \"*\"", "account:username:ana"),
        ("INFO", "redis_version"),
        ("SMEMBERS active_workers", "-"),
    ] {
        assert!(cli(&redis, line).contains(part), "{line}: {}", cli(&redis, line));
    }
    assert_eq!(cli(&redis, "GET accounts:counter"), "1");
    assert_eq!(cli(&redis, "HGETALL session:123:active"), "");
    check([&mut ana]);
}
