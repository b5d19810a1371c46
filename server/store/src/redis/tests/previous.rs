//! Keys that earlier and later versions of the program wrote.

use std::fmt::Write;
use std::fs;
use std::time::Duration;

use redis::Value;

use super::keys::register;
use super::server::{TestRedis, is_installed, patient};
use crate::StoreError;
use crate::contract::previous::{check, fill, folders, write_fixture};
use crate::keyspace::SCHEMA;
use crate::prelude::*;
use crate::records::NewerStore;
use crate::redis::values::{Hash, list, lossy_text};
use crate::redis::{RedisError, RedisStore};
use crate::schema::{PROGRAM, current, note};
use crate::server::{ServerId, ServerStart, ServerStatus};
use crate::testing::{sample_account, sample_character};

const FILE: &str = "store.redis";

#[test]
fn keys_of_each_earlier_schema_are_read_whole_and_written_anew_with_the_next_save() {
    if !is_installed() {
        return;
    }
    for folder in folders() {
        let redis = TestRedis::start(&["--appendonly", "no"]);
        let mut store = redis.store();
        for line in fs::read_to_string(folder.join(FILE)).unwrap().lines() {
            let words = unquoted(line);
            let arguments: Vec<&str> = words[1..].iter().map(String::as_str).collect();
            store.command(&words[0], &arguments).unwrap();
        }
        let mut store = redis.store();
        check(&folder, &mut store);
        register(&mut store, "sur");
        assert_eq!(redis.cli("GET server:schema"), note());
    }
}

#[test]
fn a_redis_of_a_newer_server_is_refused_naming_the_version_that_reads_it() {
    if !is_installed() {
        return;
    }
    let redis = TestRedis::start(&["--appendonly", "no"]);
    let mut store = redis.store();
    register(&mut store, "norte");
    let found = current() + 1;
    redis.cli(&format!("SET {SCHEMA} {found}:7.8.9"));
    let error = RedisStore::open(redis.address(), patient()).unwrap_err();
    let message = error.to_string();
    assert!(
        message.contains(&format!("holds data of schema {found}, written by version 7.8.9")),
        "{message}"
    );
    assert!(message.contains("use version 7.8.9 or a later one") && !message.contains('\n'), "{message}");
    assert!(!error.is_temporary());
    // A server that slept meanwhile must end, and one that starts at the same moment does not begin.
    let is_newer = |error| matches!(error, StoreError::Newer(NewerStore { found: 4.., own: PROGRAM, .. }));
    assert!(is_newer(store.heartbeat(&ServerStatus::default()).unwrap_err()));
    let start =
        ServerStart { server: ServerId::new("sur").unwrap(), started_at: 0, lease: Duration::from_secs(60) };
    assert!(is_newer(store.register_server(&start).unwrap_err()));
    assert_eq!(redis.cli("SMEMBERS active_workers"), "norte");
    assert_eq!(redis.cli(&format!("GET {SCHEMA}")), format!("{found}:7.8.9"));
}

#[test]
fn a_server_does_not_begin_beside_one_of_an_earlier_schema() {
    if !is_installed() {
        return;
    }
    let redis = TestRedis::start(&["--appendonly", "no"]);
    let mut older = redis.store();
    register(&mut older, "norte");
    redis.cli(&format!("SET {SCHEMA} 2:0.0.1"));
    let start =
        ServerStart { server: ServerId::new("sur").unwrap(), started_at: 0, lease: Duration::from_secs(60) };
    let refused = redis.store().register_server(&start).unwrap_err();
    let refusal = RedisError::of(&refused);
    let is_older = |error: &RedisError| matches!(error, RedisError::OlderServer { server, found: 2, .. } if server == "norte");
    assert!(refusal.is_some_and(is_older), "{refused}");
    assert_eq!(redis.cli(&format!("GET {SCHEMA}")), "2:0.0.1");
    // The same server may start again: the older one is itself.
    register(&mut redis.store(), "norte");
    assert_eq!(redis.cli(&format!("GET {SCHEMA}")), note());
    redis.store().register_server(&start).unwrap();
}

#[test]
fn the_schema_is_noted_at_the_start_and_again_on_a_redis_that_was_emptied() {
    if !is_installed() {
        return;
    }
    let redis = TestRedis::start(&["--appendonly", "no"]);
    let mut store = redis.store();
    assert_eq!(redis.cli(&format!("GET {SCHEMA}")), "");
    register(&mut store, "norte");
    assert_eq!(redis.cli(&format!("GET {SCHEMA}")), note());
    redis.cli("FLUSHDB");
    store.heartbeat(&ServerStatus::default()).unwrap();
    assert_eq!(redis.cli(&format!("GET {SCHEMA}")), note());
}

pyao_core::fields! {
    /// A position with fields that were added.
    #[derive(Debug, PartialEq)]
    pub struct GrownPosition {
        /// Always there.
        map: u16,
        /// Always there.
        x: u8 in 1..=100,
        /// Added.
        steps: u32 in 0..=1_000 = 7,
        /// Added.
        motto: String = "it's new",
    }
}

#[test]
fn a_hash_from_before_a_field_was_added_has_its_default_and_damage_stays_damage() {
    if !is_installed() {
        return;
    }
    let redis = TestRedis::start(&["--appendonly", "no"]);
    let mut store = redis.store();
    store.create_account(&sample_account("Ana"), &sample_character()).unwrap();
    let key = "player:1:position";
    let mut read = |mistake: &str| {
        redis.cli(mistake);
        let answer = store.command("HGETALL", &[key]).unwrap();
        Hash::new(key, answer).and_then(|hash| hash.record::<GrownPosition>())
    };
    let grown = |steps, motto: &str| Ok(GrownPosition { map: 1, x: 50, steps, motto: motto.into() });
    assert_eq!(read("PING"), grown(7, "it's new"));
    assert_eq!(read("HSET player:1:position steps 9 motto mío"), grown(9, "mío"));
    for (mistake, expected) in [
        ("HSET player:1:position steps many", "steps is \"many\", no whole number"),
        ("HSET player:1:position steps 1001", "steps is 1001, outside 0..=1000"),
        ("HDEL player:1:position steps map", "it has no field map"),
    ] {
        let damaged = StoreError::Damaged { key: key.into(), reason: expected.into() };
        assert_eq!(read(mistake), Err(damaged), "{mistake}");
    }
}

/// Returns everything that does not expire, as commands that `redis-cli` reads.
fn dump(store: &mut RedisStore) -> String {
    let mut keys: Vec<String> = list(store.command("KEYS", &["*"]).unwrap()).iter().map(lossy_text).collect();
    keys.sort_unstable();
    let mut lines = String::new();
    for key in keys {
        if store.command("TTL", &[&key]).unwrap() != Value::Int(-1) {
            continue;
        }
        let kind = lossy_text(&store.command("TYPE", &[&key]).unwrap());
        let (write, read) = match kind.as_str() {
            "string" => ("SET", "GET"),
            "hash" => ("HSET", "HGETALL"),
            "set" => ("SADD", "SMEMBERS"),
            "list" => ("RPUSH", "LRANGE"),
            other => panic!("{key} is a {other}"),
        };
        let range: &[&str] = if kind == "list" { &[&key, "0", "-1"] } else { &[&key] };
        let value = store.command(read, range).unwrap();
        let values = if kind == "string" { vec![value] } else { list(value) };
        write!(lines, "{write} {}", quoted(&key)).unwrap();
        values.iter().for_each(|value| write!(lines, " {}", quoted(&lossy_text(value))).unwrap());
        lines.push('\n');
    }
    lines
}

/// Returns an argument as `redis-cli` reads it.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

/// Returns the words of a line that [`dump`] wrote.
fn unquoted(line: &str) -> Vec<String> {
    let (mut words, mut word) = (Vec::new(), String::new());
    let (mut is_quoted, mut letters) = (false, line.chars());
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => word.push(letters.next().map_or('\\', |next| if next == 'n' { '\n' } else { next })),
            '"' => is_quoted = !is_quoted,
            ' ' if !is_quoted => words.push(std::mem::take(&mut word)),
            _ => word.push(letter),
        }
    }
    words.push(word);
    words
}

#[test]
#[ignore = "writes the fixture of this schema"]
fn the_fixture_of_this_schema_is_written_for_redis() {
    if !is_installed() {
        return;
    }
    let redis = TestRedis::start(&["--appendonly", "no"]);
    let mut store = redis.store();
    fill(&mut store);
    store.deregister_server().unwrap();
    let text = dump(&mut store);
    write_fixture(FILE, &text, &mut store);
}
