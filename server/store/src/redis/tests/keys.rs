//! The view of an operator with `redis-cli`: every key with its fields and expiry, and the recipes of the handbook.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use pyao_core::base::ids::{MapId, ObjectId};

use super::server::{TestRedis, is_installed};
use crate::clock::unix_seconds;
use crate::prelude::*;
use crate::records::{ItemRecord, UserId};
use crate::redis::RedisStore;
use crate::server::{ConnectionInfo, Refusal, ServerId, ServerStart, ServerStatus};
use crate::session::{Session, SessionWrite};
use crate::testing::{position_save, sample_account, sample_character, sheet_save};
use crate::{CreateError, Settings, StoreError};

/// A lease that no test outlives.
const LEASE: Duration = Duration::from_secs(3_600);

pub(super) fn register(store: &mut RedisStore, server: &str) {
    let server = ServerId::new(server).unwrap();
    store.register_server(&ServerStart { server, started_at: 1_700_000_000, lease: LEASE }).unwrap();
}

pub(super) fn session(user_id: u32) -> Session {
    Session {
        user_id: UserId(user_id),
        username: "Juan".into(),
        level: 12,
        class: "mage".into(),
        location_id: MapId::new(34),
        hp: 77,
        last_seen: 1_700_000_100,
        disconnected_at: None,
    }
}

fn fields(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(field, value)| ((*field).to_owned(), (*value).to_owned())).collect()
}

fn ttl(redis: &TestRedis, key: &str) -> i64 {
    redis.cli(&format!("TTL {key}")).parse().unwrap()
}

/// `TTL` of a key that does not expire.
const FOR_EVER: i64 = -1;

#[test]
fn an_account_is_readable_text_that_does_not_expire() {
    if !is_installed() {
        return;
    }
    let redis = TestRedis::start(&[]);
    redis.store().create_account(&sample_account("Juan Ñ"), &sample_character()).unwrap();
    assert_eq!(redis.cli("GET accounts:counter"), "1");
    assert_eq!(redis.cli("GET \"account:username:juan ñ\""), "1");
    let account = redis.hash("\"account:juan ñ:data\"");
    let expected = fields(&[
        ("user_id", "1"),
        ("username", "Juan Ñ"),
        ("password_hash", &sample_account("").password_hash),
        ("email", "player@example.org"),
        ("created_at", "1700000000"),
        ("char_race", "2"),
        ("char_gender", "1"),
        ("char_job", "1"),
        ("char_head", "101"),
        ("char_home", "1"),
        ("is_gm", "0"),
    ]);
    assert_eq!(account, expected);
    for key in redis.cli("KEYS *").lines() {
        assert_eq!(ttl(&redis, &format!("\"{key}\"")), FOR_EVER, "{key}");
    }
}

#[test]
fn a_character_is_readable_text() {
    if !is_installed() {
        return;
    }
    let redis = TestRedis::start(&[]);
    let mut store = redis.store();
    let mut character = sample_character();
    character.inventory = Default::default();
    character.inventory[0] = Some(ItemRecord { object: ObjectId::new(38), amount: 5, equipped: false });
    character.inventory[24] = Some(ItemRecord { object: ObjectId::new(2), amount: 1, equipped: true });
    let user_id = store.create_account(&sample_account("Juan"), &sample_character()).unwrap();
    store.save_characters(&[sheet_save(user_id, character.clone())]).unwrap();
    let position = fields(&[("map", "1"), ("x", "50"), ("y", "51"), ("heading", "3")]);
    assert_eq!(redis.hash("player:1:position"), position);
    let attributes = [
        ("strength", "18"),
        ("agility", "17"),
        ("intelligence", "16"),
        ("charisma", "15"),
        ("constitution", "14"),
    ];
    assert_eq!(redis.hash("player:1:stats"), fields(&attributes));
    let inventory = fields(&[("gold", "5000"), ("slot1", "38:5:0"), ("slot25", "2:1:1")]);
    assert_eq!(redis.hash("player:1:inventory"), inventory);
    assert_eq!(redis.hash("player:1:user_stats")["level"], "4");
    assert_eq!(redis.hash("player:1:reputation")["noble"], "1000");
    assert_eq!(redis.hash("player:1:skills")["20"], "20:120");
    assert_eq!(redis.hash("player:1:spellbook")["1"], "1");
    assert_eq!(redis.cli("GET player:1:description"), "Un mago de Ullathorpe");
    // A step costs the position alone.
    redis.cli("CONFIG RESETSTAT");
    store.save_characters(&[position_save(user_id, character.position)]).unwrap();
    let calls = redis.cli("INFO commandstats");
    let names: Vec<_> =
        calls.lines().filter_map(|line| line.strip_prefix("cmdstat_")?.split(':').next()).collect();
    assert_eq!(names.iter().filter(|name| **name == "hset").count(), 1, "{calls}");
    assert!(calls.contains("cmdstat_hset:calls=1,"), "{calls}");
}

#[test]
fn an_inventory_in_the_other_spelling_is_read() {
    if !is_installed() {
        return;
    }
    let redis = TestRedis::start(&[]);
    let mut store = redis.store();
    store.create_account(&sample_account("Juan"), &sample_character()).unwrap();
    redis.cli("DEL player:1:inventory");
    redis.cli("HSET player:1:inventory gold 7 slot_1 38:5 slot_2 \"\" slot_3 9:9 slot3 10:1:1 note hola");
    let character = store.load_account("juan").unwrap().unwrap().character;
    assert_eq!(character.stats.gold, 7);
    let item =
        |object, amount, equipped| Some(ItemRecord { object: ObjectId::new(object), amount, equipped });
    assert_eq!(character.inventory[..4], [item(38, 5, false), None, item(10, 1, true), None]);
    store.save_characters(&[sheet_save(UserId(1), character)]).unwrap();
    let saved = fields(&[("gold", "7"), ("slot1", "38:5:0"), ("slot3", "10:1:1")]);
    assert_eq!(redis.hash("player:1:inventory"), saved);
}

#[test]
fn a_damaged_character_names_its_key_and_field() {
    if !is_installed() {
        return;
    }
    let redis = TestRedis::start(&[]);
    let mut store = redis.store();
    store.create_account(&sample_account("Juan"), &sample_character()).unwrap();
    let cases = [
        ("HSET player:1:position x 101", "player:1:position"),
        ("HSET player:1:user_stats level much", "player:1:user_stats"),
        ("HDEL player:1:user_stats hp", "player:1:user_stats"),
        ("HSET player:1:inventory slot26 1:1:0", "player:1:inventory"),
        ("HSET player:1:inventory slot1 1:1:2", "player:1:inventory"),
        ("HDEL player:1:inventory gold", "player:1:inventory"),
        ("HSET player:1:skills 1 101:0", "player:1:skills"),
        ("HSET player:1:spellbook 0 5", "player:1:spellbook"),
        ("DEL player:1:position", "player:1:position"),
        ("DEL player:1:description", "player:1:description"),
        ("HSET account:juan:data char_race 9", "account:juan:data"),
        ("SET account:username:juan x", "account:username:juan"),
    ];
    for (mistake, damaged) in cases {
        redis.cli(mistake);
        match store.load_account("juan") {
            Err(StoreError::Damaged { key, .. }) => assert_eq!(key, damaged, "{mistake}"),
            other => panic!("{mistake}: {other:?}"),
        }
        redis.cli("FLUSHDB");
        store.create_account(&sample_account("Juan"), &sample_character()).unwrap();
    }
    redis.cli("HSET account:juan:data char_race 9");
    store.create_account(&sample_account("Ana"), &sample_character()).unwrap();
    let listed: Vec<_> =
        store.list_accounts(None, 10).unwrap().into_iter().map(|found| found.user_id).collect();
    assert_eq!(listed, [UserId(2)]);
}

/// Returns the report of a server with one player, one counter, one setting and one refused value.
fn reported_status() -> ServerStatus {
    let counters = [("packets_in".to_owned(), 55)].into();
    let connection = ConnectionInfo {
        id: 9,
        address: "192.0.2.1:5000".into(),
        player: Some("Juan".into()),
        user_id: Some(UserId(123)),
        bytes_in: 10,
        bytes_out: 20,
        age_seconds: 30,
    };
    let refusal = Refusal { value: "8080".into(), reason: "port in use".into() };
    ServerStatus {
        started_at: 1_700_000_000,
        uptime_seconds: 60,
        connections: 1,
        players: 1,
        counters,
        connection_list: vec![connection],
        settings: [("server.port".to_owned(), "7666".to_owned())].into(),
        refused: [("server.port".to_owned(), refusal)].into(),
    }
}

#[test]
fn sessions_have_their_fields_and_expire_once_the_connection_is_lost() {
    if !is_installed() {
        return;
    }
    let redis = TestRedis::start(&[]);
    let mut store = redis.store();
    register(&mut store, "norte");
    store.open_session(&session(123)).unwrap();

    let mut expected = fields(&[
        ("username", "Juan"),
        ("level", "12"),
        ("class", "mage"),
        ("location_id", "34"),
        ("hp", "77"),
        ("websocket_connected", "true"),
        ("server", "norte"),
        ("epoch", "1"),
    ]);
    assert_eq!(redis.hash("session:123:active"), expected);
    assert_eq!(ttl(&redis, "session:123:active"), FOR_EVER);
    assert_eq!(redis.cli("GET session:123:last_seen"), "1700000100");
    let now = unix_seconds();
    let lost = |at| Session { disconnected_at: Some(at), ..session(123) };
    store.write_sessions(&[SessionWrite::Put(lost(now))]).unwrap();
    expected.extend(fields(&[("websocket_connected", "false"), ("disconnect_time", &now.to_string())]));
    assert_eq!(redis.hash("session:123:active"), expected);
    // An hour from when the connection was lost, however often that is said, and from the last loss only.
    let kept = [(now - 3_000, 500..=600), (now, 3_500..=3_600), (now + 5_000, 3_500..=3_600)];
    for (at, kept_for) in kept {
        for _ in 0..2 {
            store.write_sessions(&[SessionWrite::Put(lost(at))]).unwrap();
            assert!(kept_for.contains(&ttl(&redis, "session:123:active")), "{at}");
        }
    }
    store.write_sessions(&[SessionWrite::Put(session(123))]).unwrap();
    assert_eq!(ttl(&redis, "session:123:active"), FOR_EVER);
}

#[test]
fn servers_have_their_fields_and_expire() {
    if !is_installed() {
        return;
    }
    let redis = TestRedis::start(&[]);
    let mut store = redis.store();
    register(&mut store, "norte");
    store.heartbeat(&reported_status()).unwrap();

    let lease = 1..=i64::try_from(LEASE.as_secs()).unwrap();
    assert_eq!(redis.cli("GET server:connections:count"), "1");
    assert_eq!(redis.cli("GET server:uptime"), "60");
    assert_eq!(redis.cli("GET server:uptime:start"), "1700000000");
    assert_eq!(redis.cli("SMEMBERS active_workers"), "norte");
    assert_eq!(redis.hash("server:norte:counters"), fields(&[("packets_in", "55")]));
    let json = &redis.hash("server:norte:connections")["9"];
    assert!(
        json.contains("\"address\":\"192.0.2.1:5000\"") && json.contains("\"player\":\"Juan\""),
        "{json}"
    );
    assert_eq!(redis.hash("server:norte:settings"), fields(&[("server.port", "7666")]));
    let refused = "{\"value\":\"8080\",\"reason\":\"port in use\"}";
    assert_eq!(redis.hash("server:norte:refused"), fields(&[("server.port", refused)]));
    let told = ["norte:status", "norte:counters", "norte:connections", "norte:settings", "norte:refused"];
    for key in ["connections:count", "norte:lease"].into_iter().chain(told) {
        assert!(lease.contains(&ttl(&redis, &format!("server:{key}"))), "{key}");
    }
    assert!(lease.contains(&ttl(&redis, "server:uptime")));
    for key in ["server:store_id", "server:epoch", "active_workers"] {
        assert_eq!(ttl(&redis, key), FOR_EVER, "{key}");
    }
    store.deregister_server().unwrap();
    assert_eq!(redis.cli("GET server:connections:count"), "0");
    assert_eq!(redis.cli("SMEMBERS active_workers"), "");
    assert_eq!(redis.cli("KEYS server:norte:*"), "");
}

#[test]
fn a_session_that_somebody_wrote_by_hand_is_listed_and_shown() {
    if !is_installed() {
        return;
    }
    let redis = TestRedis::start(&[]);
    let mut store = redis.store();
    register(&mut store, "norte");
    store.open_session(&session(7)).unwrap();
    redis.cli("HSET session:123:active username player1 level 10 class warrior");
    for line in
        ["HSET session:x:active username nobody", "SET session:9:active text", "SET session:9:last_seen 1"]
    {
        redis.cli(line);
    }
    let stored = store.session(UserId(123)).unwrap().unwrap();
    let Session { username, level, class, .. } = &stored.session;
    assert_eq!((username.as_str(), *level, class.as_str()), ("player1", 10, "warrior"));
    assert_eq!(stored.run, None);
    let missing = ["epoch", "hp", "last_seen", "location_id", "server", "websocket_connected"];
    assert!(stored.missing.iter().copied().eq(missing), "{:?}", stored.missing);
    let listed = store.sessions().unwrap();
    let users: Vec<_> = listed.iter().map(|stored| stored.session.user_id.0).collect();
    assert_eq!(users, [7, 123]);
    assert!(listed[0].missing.is_empty());
}

#[test]
fn many_sessions_end_in_as_many_round_trips_as_one() {
    if !is_installed() {
        return;
    }
    let redis = TestRedis::start(&[]);
    let mut store = redis.store();
    register(&mut store, "norte");
    let puts: Vec<_> = (1..=500).map(|user| SessionWrite::Put(session(user))).collect();
    store.write_sessions(&puts).unwrap();
    let mut traffic = |users: std::ops::RangeInclusive<u32>| {
        let counts = |store: &mut RedisStore| {
            let counts = store.statistics().unwrap();
            ["redis.round_trips", "redis.commands"].map(|name| counts[name])
        };
        let closes: Vec<_> =
            users.map(|user| SessionWrite::Close { user_id: UserId(user), at: 1_700_000_500 }).collect();
        let before = counts(&mut store);
        store.write_sessions(&closes).unwrap();
        let after = counts(&mut store);
        [after[0] - before[0], after[1] - before[1]]
    };
    assert_eq!(traffic(1..=1), traffic(2..=500));
    assert_eq!(redis.cli("KEYS session:*:active"), "");
    assert_eq!(redis.cli("SCARD sessions:users"), "0");
    assert_eq!(redis.cli("GET session:500:last_seen"), "1700000500");
    assert_eq!(ttl(&redis, "session:500:last_seen"), FOR_EVER);
}

#[test]
fn the_recipes_of_the_handbook_work_as_written() {
    if !is_installed() {
        return;
    }
    let redis = TestRedis::start(&[]);
    let mut store = redis.store();
    assert_eq!(redis.cli("ping"), "PONG");
    let defaults = [("server.host", "0.0.0.0"), ("server.port", "7666"), ("server.max_connections", "1000")];
    store.seed_settings(&defaults.map(|(name, value)| (name.to_owned(), value.to_owned())).into()).unwrap();
    assert_eq!(redis.cli("GET config:server:max_connections"), "1000");

    assert_eq!(redis.cli("SET config:server:port \"8080\""), "OK");
    assert_eq!(redis.cli("SET config:server:host \"127.0.0.1\""), "OK");
    let settings = store.settings().unwrap();
    assert_eq!((&*settings["server.port"], &*settings["server.host"]), ("8080", "127.0.0.1"));

    register(&mut store, "norte");
    let norte = ServerId::new("norte").unwrap();
    assert_eq!(redis.cli("SET config:server:norte:port \"8081\""), "OK");
    assert_eq!(store.settings_of(&norte).unwrap().get("server.port"), Some("8081"));
    assert_eq!(redis.cli("GET server:connections:count"), "0");
    store.heartbeat(&ServerStatus { connections: 42, ..ServerStatus::default() }).unwrap();
    assert_eq!(redis.cli("GET server:connections:count"), "42");

    store.open_session(&session(123)).unwrap();
    let shown = redis.hash("session:123:active");
    assert_eq!((&*shown["username"], &*shown["level"], &*shown["class"]), ("Juan", "12", "mage"));

    assert!(redis.cli("KEYS \"*\"").lines().any(|key| key == "session:123:active"));
    assert!(redis.cli("INFO").contains("redis_version:"));
    assert_eq!(redis.cli("FLUSHDB"), "OK");
    assert_eq!(store.settings().unwrap(), Settings::new());
    assert_eq!(store.sessions().unwrap(), []);
}

/// Returns the commands in the fenced blocks of the operators' page, without what it says about them.
fn documented_recipes() -> Vec<String> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../redis/README.md");
    let text = std::fs::read_to_string(page).unwrap();
    let blocks = text.split("```").skip(1).step_by(2);
    let commands = blocks.flat_map(str::lines).filter_map(|line| line.strip_prefix("redis-cli "));
    // Two spaces end a command.
    commands.map(|line| line.split("  ").next().unwrap_or_default().trim().to_owned()).collect()
}

#[test]
fn every_documented_recipe_shows_something() {
    if !is_installed() {
        return;
    }
    let redis = TestRedis::start(&[]);
    let mut store = redis.store();
    redis.cli("SET accounts:counter 122");
    register(&mut store, "norte");
    store.create_account(&sample_account("Juan"), &sample_character()).unwrap();
    store.open_session(&session(123)).unwrap();
    let connection = ConnectionInfo {
        id: 1,
        address: "192.0.2.1:5000".into(),
        player: None,
        user_id: None,
        bytes_in: 0,
        bytes_out: 0,
        age_seconds: 0,
    };
    let counters = [("packets_in".to_owned(), 1)].into();
    let refusal = Refusal { value: "8080".into(), reason: "port in use".into() };
    let status = ServerStatus {
        connections: 1,
        counters,
        connection_list: vec![connection],
        settings: [("server.port".to_owned(), "7666".to_owned())].into(),
        refused: [("server.port".to_owned(), refusal)].into(),
        ..Default::default()
    };
    store.heartbeat(&status).unwrap();
    let recipes = documented_recipes();
    assert!(recipes.len() > 25, "{recipes:?}");
    redis.cli("CONFIG SET slowlog-log-slower-than 0");
    for recipe in recipes {
        let shown = redis.cli(&recipe);
        let refused = ["ERR", "WRONG", "(error)"].iter().any(|word| shown.starts_with(word));
        assert!(!shown.is_empty() && !refused, "{recipe}: {shown:?}");
    }
    assert_eq!(redis.cli("DBSIZE"), "0");
}

#[test]
fn monitor_shows_what_is_saved() {
    if !is_installed() {
        return;
    }
    let redis = TestRedis::start(&[]);
    let mut store = redis.store();
    let user_id = store.create_account(&sample_account("Juan"), &sample_character()).unwrap();
    let mut monitor = redis.cli_command("MONITOR").stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(monitor.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert_eq!(lines.next().as_deref(), Some("OK"));
    store.save_characters(&[position_save(user_id, sample_character().position)]).unwrap();
    let shown: Vec<_> = lines.by_ref().take_while(|line| !line.contains("\"EXEC\"")).collect();
    monitor.kill().unwrap();
    monitor.wait().unwrap();
    let save = "\"HSET\" \"player:1:position\" \"map\" \"1\" \"x\" \"50\" \"y\" \"51\" \"heading\" \"3\"";
    assert!(shown.iter().any(|line| line.ends_with(save)), "{shown:#?}");
}

#[test]
fn one_connection_carries_everything() {
    if !is_installed() {
        return;
    }
    let redis = TestRedis::start(&[]);
    let mut store = redis.store();
    register(&mut store, "norte");
    store.create_account(&sample_account("Juan"), &sample_character()).unwrap();
    store.sessions().unwrap();
    let clients = redis.cli("CLIENT LIST");
    let ours = clients.lines().filter(|line| line.contains("name=pyao-store")).count();
    assert_eq!((ours, clients.lines().count()), (1, 2), "{clients}");
}

#[test]
fn a_hundred_creations_over_two_connections_take_the_name_once() {
    if !is_installed() {
        return;
    }
    let redis = TestRedis::start(&[]);
    let create_fifty = |first: u64| {
        let mut store = redis.store();
        let requests: Vec<_> = (first..first + 50)
            .map(|ticket| {
                let mut account = sample_account("Unico");
                account.email = format!("{ticket}@example.org");
                let character = Box::new(sample_character());
                crate::Request::CreateAccount { ticket: crate::Ticket(ticket), account, character }
            })
            .collect();
        store.carry_out(&requests)
    };
    let replies: Vec<_> = std::thread::scope(|scope| {
        let [one, other] = [0, 50].map(|first| scope.spawn(move || create_fifty(first)));
        one.join().unwrap().into_iter().chain(other.join().unwrap()).collect()
    });
    let mut winners = Vec::new();
    for reply in &replies {
        match reply {
            crate::Reply::Created { ticket, result: Ok(user_id) } => winners.push((*ticket, *user_id)),
            crate::Reply::Created { result: Err(CreateError::NameTaken), .. } => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((replies.len(), winners.len()), (100, 1));
    let (ticket, user_id) = winners[0];
    let stored = redis.store().load_account("unico").unwrap().unwrap().account;
    assert_eq!((stored.user_id, stored.account.email), (user_id, format!("{ticket}@example.org")));
    assert_eq!(redis.cli("GET accounts:counter"), "1");
}
