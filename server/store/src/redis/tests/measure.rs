//! Measurements of speed. Run them alone, optimised:
//! `cargo test --release -p pyao-server --lib redis::tests::measure -- --ignored --nocapture --test-threads 1`

use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::keys::{register, session};
use super::server::{PATIENCE, TestRedis, is_installed};
use crate::prelude::*;
use crate::records::{CharacterSave, PositionRecord, UserId};
use crate::redis::characters;
use crate::redis::commands::Commands;
use crate::server::{ConnectionInfo, ServerStatus};
use crate::session::SessionWrite;
use crate::testing::{position_save, sample_account, sample_character, sheet_save};
use crate::worker::Worker;
use crate::{Reply, Request};

const CHARACTERS: u32 = 1000;
const ROUNDS: u32 = 50;

/// Saves of all characters, each different from the last.
fn saves(round: u32, sheets: bool) -> Vec<CharacterSave> {
    let x = (round % 100) as u8 + 1;
    let position = PositionRecord { x, ..sample_character().position };
    let save = |user_id| match sheets {
        true => {
            let mut character = sample_character();
            (character.position, character.stats.gold) = (position, round);
            sheet_save(user_id, character)
        }
        false => position_save(user_id, position),
    };
    (1..=CHARACTERS).map(|number| save(UserId(number))).collect()
}

fn a_second(count: u32, start: Instant) -> f64 {
    f64::from(count) / start.elapsed().as_secs_f64()
}

/// Sends the same commands as prebuilt bytes over one connection: as fast as that Redis can be.
fn prebuilt(redis: &TestRedis, sheets: bool) -> f64 {
    let batches: Vec<_> = (0..2)
        .map(|round| {
            let mut commands = Commands::new();
            characters::write(&mut commands, &saves(round, sheets));
            (commands.bytes().to_vec(), commands.len())
        })
        .collect();
    let client = ::redis::Client::open(redis.address().to_string()).unwrap();
    let mut connection = client.get_connection().unwrap();
    let start = Instant::now();
    for (bytes, count) in batches.iter().cycle().take(ROUNDS as usize) {
        connection.send_packed_command(bytes).unwrap();
        (0..*count).for_each(|_| drop(connection.recv_response().unwrap()));
    }
    a_second(CHARACTERS * ROUNDS, start)
}

fn through_the_worker(redis: &TestRedis, sheets: bool) -> f64 {
    let mut store = redis.store();
    register(&mut store, "norte");
    let (wake, woken) = mpsc::channel();
    let notify = move || {
        let _ = wake.send(());
    };
    let worker = Worker::start(Box::new(store), notify).unwrap();
    let batches: Vec<_> = (0..ROUNDS).map(|round| saves(round, sheets)).collect();
    let start = Instant::now();
    for (ticket, saves) in (0..).zip(batches) {
        worker.send(Request::SaveCharacters { ticket: crate::Ticket(ticket), saves });
        // One request at a time: what waits together would be merged and not written.
        let reply = loop {
            match worker.try_recv() {
                Some(reply) => break reply,
                None => woken.recv_timeout(PATIENCE).unwrap(),
            }
        };
        assert!(matches!(reply, Reply::Saved { result: Ok(()), .. }), "{reply:?}");
    }
    let speed = a_second(CHARACTERS * ROUNDS, start);
    worker.shutdown(PATIENCE).unwrap();
    speed
}

#[test]
#[ignore = "a measurement, it asserts nothing about time"]
fn saves_a_second() {
    if !is_installed() {
        return;
    }
    let redis = TestRedis::start_on_port(&["--appendonly", "yes"]);
    let mut store = redis.store();
    for number in 1..=CHARACTERS {
        store.create_account(&sample_account(&format!("Jugador {number}")), &sample_character()).unwrap();
    }
    for (what, sheets) in [("positions", false), ("sheets", true)] {
        for _ in 0..3 {
            let (raw, ours) = (prebuilt(&redis, sheets), through_the_worker(&redis, sheets));
            println!(
                "{what}: {raw:.0} a second prebuilt, {ours:.0} through the worker, {:.0} %",
                100.0 * ours / raw
            );
        }
    }
}

#[test]
#[ignore = "a measurement, it asserts nothing about time"]
fn ten_thousand_sessions() {
    if !is_installed() {
        return;
    }
    let redis = TestRedis::start_on_port(&[]);
    let mut store = redis.store();
    register(&mut store, "norte");
    let time = |what: &str, start: Instant| println!("{what}: {:?}", start.elapsed());
    let puts: Vec<_> = (1..=10_000).map(|number| SessionWrite::Put(session(number))).collect();
    let start = Instant::now();
    store.write_sessions(&puts).unwrap();
    time("writing 10000 sessions", start);
    let start = Instant::now();
    assert_eq!(store.sessions().unwrap().len(), 10_000);
    time("listing 10000 sessions", start);
    let start = Instant::now();
    register(&mut redis.store(), "norte");
    time("a start that marks 10000 sessions as disconnected", start);

    let connection_list = (0..1000)
        .map(|id| ConnectionInfo {
            id,
            address: "192.0.2.1:5000".into(),
            player: Some("Juan".into()),
            user_id: Some(UserId(1)),
            bytes_in: 1,
            bytes_out: 2,
            age_seconds: 3,
        })
        .collect();
    let status = ServerStatus { connections: 1000, connection_list, ..ServerStatus::default() };
    let mut store = redis.store();
    register(&mut store, "norte");
    let round_trips = |store: &mut crate::redis::RedisStore| store.statistics().unwrap()["redis.round_trips"];
    let before = round_trips(&mut store);
    let start = Instant::now();
    store.heartbeat(&status).unwrap();
    time("a heartbeat with 1000 connections", start);
    println!("round trips of a heartbeat: {}", round_trips(&mut store) - before - 1);
    let start = Instant::now();
    for _ in 0..1000 {
        store.settings().unwrap();
    }
    println!("reading the live settings: {:?}", start.elapsed() / 1000);
}

#[test]
#[ignore = "a measurement, it asserts nothing about time"]
fn logins_a_second() {
    if !is_installed() {
        return;
    }
    let redis = TestRedis::start_on_port(&[]);
    let mut store = redis.store();
    for number in 1..=CHARACTERS {
        store.create_account(&sample_account(&format!("Jugador {number}")), &sample_character()).unwrap();
    }
    println!(
        "memory with {CHARACTERS} accounts: {} bytes",
        store.statistics().unwrap()["redis.used_memory_bytes"]
    );
    for batch in [1, 10, 100] {
        let load = |ticket: u64| Request::LoadAccount {
            ticket: crate::Ticket(ticket),
            name: format!("jugador {}", ticket % 1000 + 1),
        };
        let requests: Vec<_> = (0..batch).map(load).collect();
        let (start, mut loaded) = (Instant::now(), 0);
        while start.elapsed() < Duration::from_secs(1) {
            loaded += store.carry_out(&requests).len();
        }
        println!("loads, {batch} together: {:.0} a second", a_second(loaded as u32, start));
    }
}
