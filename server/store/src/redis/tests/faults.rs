//! Failures of a real Redis: gone, hung, killed, full, a replica, or not a Redis at all.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use super::keys::{register, session};
use super::server::{PATIENCE, TestRedis, is_installed, patient};
use crate::prelude::*;
use crate::records::UserId;
use crate::redis::{Keepalive, RedisAddress, RedisError, RedisOptions, RedisStore};
use crate::server::ServerStatus;
use crate::session::Claim;
use crate::testing::{position_save, sample_account, sample_character, sheet_save};
use crate::worker::{Backoff, Worker};
use crate::{CreateError, Reply, Request, StoreError, Ticket};

/// Gives up when there is no answer for this long.
fn answered_within(answer_timeout: Duration) -> RedisOptions {
    RedisOptions { answer_timeout, ..patient() }
}

/// Returns the error of opening; its text must be one line that names the place, and nothing secret.
fn open_error(address: RedisAddress) -> RedisError {
    open_error_with(address, patient())
}

fn open_error_with(address: RedisAddress, options: RedisOptions) -> RedisError {
    let place = address.place();
    let error = RedisStore::open(address, options).unwrap_err();
    let text = error.to_string();
    assert!(text.contains(&place) && !text.contains('\n') && !text.contains("secreto"), "{text}");
    error
}

pub(super) fn redis_error(error: StoreError) -> RedisError {
    RedisError::of(&error).unwrap_or_else(|| panic!("{error}")).clone()
}

#[test]
fn nobody_there_is_an_error_that_says_what_to_try() {
    // A reserved port: nobody else can have taken it meanwhile.
    let error = open_error(RedisAddress::new("127.0.0.1", 1));
    assert!(matches!(error, RedisError::Unreachable { .. }), "{error}");
    assert!(error.to_string().contains("redis-cli -h 127.0.0.1 -p 1 ping"), "{error}");
    assert!(error.is_temporary());
    let error = open_error(RedisAddress::parse("redis+unix:///nowhere/socket").unwrap());
    assert!(matches!(error, RedisError::Unreachable { .. }), "{error}");
}

/// Listens like a server that says `answer` to whatever comes, once; empty: nothing, for as long as the other waits.
fn listen_with(answer: &'static [u8]) -> RedisAddress {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut buffer = [0; 1000];
        let _ = stream.read(&mut buffer);
        let _ = stream.write_all(answer);
        while stream.read(&mut buffer).is_ok_and(|length| length > 0) {}
    });
    RedisAddress::new("127.0.0.1", port)
}

#[test]
fn what_is_not_redis_is_recognised() {
    for answer in [&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], b"SSH-2.0-OpenSSH_9.2\r\n", b"\0\x01\x02"] {
        let error = open_error(listen_with(answer));
        assert!(matches!(error, RedisError::NotRedis { .. }), "{error}");
    }
    let error = open_error_with(listen_with(b""), answered_within(Duration::from_millis(300)));
    assert!(matches!(error, RedisError::TimedOut { milliseconds: 300, .. }), "{error}");
}

#[test]
fn an_old_redis_is_refused() {
    let error = open_error(listen_with(b"+PONG\r\n+OK\r\n$22\r\nredis_version:6.2.14\r\n\r\n"));
    assert!(matches!(&error, RedisError::TooOld { version, .. } if version == "6.2.14"), "{error}");
}

#[test]
fn a_wrong_password_is_recognised_and_kept_secret() {
    if !is_installed() {
        return;
    }
    let redis = TestRedis::start(&["--requirepass", "clave"]);
    let with = |password: Option<&str>| {
        let password = password.map(str::to_owned);
        RedisAddress { password, ..redis.address() }
    };
    for password in [None, Some("secreto")] {
        let error = open_error(with(password));
        assert!(matches!(error, RedisError::WrongPassword { .. }), "{error}");
    }
    RedisStore::open(with(Some("clave")), patient()).unwrap().settings().unwrap();
    let unknown = RedisAddress { username: Some("nadie".into()), ..with(Some("clave")) };
    assert!(matches!(open_error(unknown), RedisError::WrongPassword { .. }));

    let open = TestRedis::start(&[]);
    let error = open_error(RedisAddress { password: Some("secreto".into()), ..open.address() });
    assert!(matches!(error, RedisError::WrongPassword { .. }), "{error}");
}

#[test]
fn a_database_number_selects_the_database() {
    if !is_installed() {
        return;
    }
    let redis = TestRedis::start(&[]);
    let mut third = RedisStore::open(RedisAddress { db: 3, ..redis.address() }, patient()).unwrap();
    third.set_setting("server.port", "7000").unwrap();
    assert_eq!(redis.cli("GET config:server:port"), "");
    assert_eq!(redis.cli("-n 3 GET config:server:port"), "7000");
    let error = open_error(RedisAddress { db: 999, ..redis.address() });
    assert!(matches!(error, RedisError::Refused { .. }), "{error}");
}

/// Returns the line of `/proc/net/tcp` of our open end of a connection to `port`. The table may lack a line while
/// others come and go.
fn socket_line(port: u16) -> String {
    const ESTABLISHED: &str = "01";
    let remote = format!("0100007F:{port:04X}");
    let is_ours = |line: &&str| line.split_whitespace().skip(2).take(2).eq([remote.as_str(), ESTABLISHED]);
    for _ in 0..1_000 {
        let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
        if let Some(line) = table.lines().find(is_ours) {
            return line.to_owned();
        }
        thread::sleep(Duration::from_millis(10));
    }
    panic!("no connection to port {port}");
}

#[test]
fn the_socket_has_keepalive_as_asked() {
    if !is_installed() {
        return;
    }
    let redis = TestRedis::start_on_port(&[]);
    // Kind and time of the socket's timer, in hundredths of a second: 2 is keepalive.
    let timer = |keepalive| {
        let options = RedisOptions { keepalive, ..patient() };
        let _store = RedisStore::open(redis.address(), options).unwrap();
        let line = socket_line(redis.address().place().rsplit(':').next().unwrap().parse().unwrap());
        let (kind, time) = line.split_whitespace().nth(5).unwrap().split_once(':').unwrap();
        (kind.to_owned(), i64::from_str_radix(time, 16).unwrap())
    };
    let keepalive = Keepalive { idle: Duration::from_secs(77), interval: Duration::from_secs(5), retries: 2 };
    let (kind, hundredths) = timer(Some(keepalive));
    assert!(kind == "02" && (7000..=7800).contains(&hundredths), "{kind} {hundredths}");
    assert_ne!(timer(None).0, "02");
}

#[test]
fn a_key_of_the_wrong_type_is_named() {
    if !is_installed() {
        return;
    }
    let redis = TestRedis::start(&[]);
    let mut store = redis.store();
    register(&mut store, "norte");
    let user_id = store.create_account(&sample_account("Juan"), &sample_character()).unwrap();
    let seeds = [("server.port".to_owned(), "7666".to_owned())].into();
    type Action = fn(&mut RedisStore, &crate::Settings) -> Result<(), StoreError>;
    let create: Action = |store, _| match store.create_account(&sample_account("Ana"), &sample_character()) {
        Ok(_) | Err(CreateError::NameTaken) => Ok(()),
        Err(CreateError::Store(error)) => Err(error),
    };
    let load: Action = |store, _| store.load_account("juan").map(drop);
    let beat: Action = |store, _| store.heartbeat(&ServerStatus::default()).map(drop);
    let open: Action = |store, _| store.open_session(&session(1)).map(drop);
    let seed: Action = |store, seeds| store.seed_settings(seeds);
    let cases = [
        ("config:server:port", seed),
        ("accounts:counter", create),
        ("accounts:names", create),
        ("account:username:juan", load),
        ("account:juan:data", load),
        ("player:1:position", load),
        ("player:1:stats", load),
        ("player:1:inventory", load),
        ("player:1:description", load),
        ("session:1:active", open),
        ("player:1:owner", open),
        ("sessions:users", open),
        ("active_workers", beat),
        ("server:epoch", beat),
    ];
    for (key, action) in cases {
        redis.cli("SET kept x");
        let had = redis.cli(&format!("EXISTS {key}")) == "1";
        if had {
            redis.cli(&format!("RENAME {key} kept"));
        }
        redis.cli(&format!("RPUSH {key} wrong"));
        let before = redis.cli("GET accounts:counter");
        let error = redis_error(action(&mut store, &seeds).unwrap_err());
        assert!(matches!(&error, RedisError::WrongType { key: named, .. } if named == key), "{key}: {error}");
        assert!(error.to_string().contains(&format!("TYPE \"{key}\"")), "{error}");
        assert!(!error.is_temporary());
        assert_eq!(redis.cli("EXISTS account:username:ana"), "0", "half an account after {key}");
        if key != "accounts:names" {
            assert_eq!(redis.cli("GET accounts:counter"), before);
        }
        redis.cli(&format!("DEL {key}"));
        if had {
            redis.cli(&format!("RENAME kept {key}"));
        }
        action(&mut store, &seeds).unwrap_or_else(|error| panic!("{key} after repair: {error}"));
        redis.cli("DEL account:username:ana");
    }
    // A save writes its parts anew, whatever was there.
    redis.cli("DEL player:1:inventory");
    redis.cli("SET player:1:inventory wrong");
    store.save_characters(&[sheet_save(user_id, sample_character())]).unwrap();
    assert_eq!(store.load_account("juan").unwrap().unwrap().character, sample_character());
}

#[test]
fn a_counter_that_is_no_number_is_named_and_left_as_it_is() {
    if !is_installed() {
        return;
    }
    let redis = TestRedis::start(&[]);
    let mut store = redis.store();
    store.create_account(&sample_account("Juan"), &sample_character()).unwrap();
    let held = store.load_account("juan").unwrap().unwrap();
    register(&mut store, "norte");
    redis.cli("SET accounts:counter abc");
    let created = store.create_account(&sample_account("Ana"), &sample_character());
    let Err(CreateError::Store(error)) = created else { panic!("{created:?}") };
    let error = redis_error(error);
    assert!(matches!(&error, RedisError::NoNumber { key, .. } if key == "accounts:counter"), "{error}");
    assert!(error.to_string().contains("GET \"accounts:counter\""), "{error}");
    // Only a Redis that may be better soon counts as away.
    assert!(!error.is_temporary());
    assert_eq!(redis.cli("EXISTS account:username:ana"), "0");
    // An account that has a number needs no new one.
    redis.cli("DEL account:username:juan accounts:names");
    store.restore_accounts(std::slice::from_ref(&held)).unwrap();
    assert_eq!(store.load_account("juan").unwrap(), Some(held));
    assert_eq!(redis.cli("GET accounts:counter"), "abc");
    redis.cli("SET accounts:counter 7");
    assert_eq!(store.create_account(&sample_account("Ana"), &sample_character()), Ok(UserId(8)));
}

#[test]
fn a_redis_out_of_memory_writes_nothing_of_a_save() {
    if !is_installed() {
        return;
    }
    let redis = TestRedis::start(&["--maxmemory-policy", "noeviction"]);
    let mut store = redis.store();
    let user_id = store.create_account(&sample_account("Juan"), &sample_character()).unwrap();
    redis.cli("CONFIG SET maxmemory 1");
    let mut richer = sample_character();
    richer.stats.gold += 1;
    let saves = [sheet_save(user_id, richer)];
    let error = redis_error(store.save_characters(&saves).unwrap_err());
    assert!(matches!(error, RedisError::OutOfMemory { .. }) && error.is_temporary(), "{error}");
    let refused = store.create_account(&sample_account("Ana"), &sample_character());
    let Err(CreateError::Store(error)) = refused else { panic!("{refused:?}") };
    assert!(matches!(redis_error(error), RedisError::OutOfMemory { .. }));
    assert_eq!(store.load_account("juan").unwrap().unwrap().character, sample_character());
    redis.cli("CONFIG SET maxmemory 0");
    store.save_characters(&saves).unwrap();
}

#[test]
fn a_primary_that_became_a_replica_is_recognised() {
    if !is_installed() {
        return;
    }
    let redis = TestRedis::start(&[]);
    let mut store = redis.store();
    let user_id = store.create_account(&sample_account("Juan"), &sample_character()).unwrap();
    let saves = [position_save(user_id, sample_character().position)];
    redis.cli("REPLICAOF 127.0.0.1 1");
    let error = redis_error(store.save_characters(&saves).unwrap_err());
    assert!(matches!(error, RedisError::ReadOnly { .. }) && error.is_temporary(), "{error}");
    let refused = store.create_account(&sample_account("Ana"), &sample_character());
    let Err(CreateError::Store(error)) = refused else { panic!("{refused:?}") };
    assert!(matches!(redis_error(error), RedisError::ReadOnly { .. }));
    redis.cli("REPLICAOF NO ONE");
    store.save_characters(&saves).unwrap();
}

#[test]
fn a_hung_redis_is_waited_for_no_longer_than_allowed() {
    if !is_installed() {
        return;
    }
    let redis = TestRedis::start(&[]);
    let mut store = RedisStore::open(redis.address(), answered_within(Duration::from_secs(5))).unwrap();
    redis.signal("-STOP");
    // It answers nothing before it goes on: the client gave up by its own time limit.
    let error = redis_error(store.settings().unwrap_err());
    assert!(matches!(error, RedisError::TimedOut { milliseconds: 5_000, .. }), "{error}");
    let error = redis_error(store.load_account("juan").unwrap_err());
    assert!(matches!(error, RedisError::TimedOut { .. }), "{error}");
    redis.signal("-CONT");
    // The late answer to the first question is not taken for that to the second.
    assert_eq!(store.load_account("juan").unwrap(), None);
}

/// Starts a worker on `redis` that has accounts 1 and 2.
fn worker(redis: &TestRedis) -> (Worker, mpsc::Receiver<()>) {
    worker_on(redis, |_| {})
}

/// As [`worker`], on a store that `prepare` has had.
pub(super) fn worker_on(
    redis: &TestRedis,
    prepare: impl FnOnce(&mut RedisStore),
) -> (Worker, mpsc::Receiver<()>) {
    let mut store = redis.store();
    for name in ["Dador", "Tomador"] {
        store.create_account(&sample_account(name), &sample_character()).unwrap();
    }
    prepare(&mut store);
    let (wake, woken) = mpsc::channel();
    let notify = move || {
        let _ = wake.send(());
    };
    let backoff = Backoff { first: Duration::from_millis(5), longest: Duration::from_millis(40) };
    (Worker::start_with(Box::new(store), notify, backoff).unwrap(), woken)
}

fn next_saved(worker: &Worker, woken: &mpsc::Receiver<()>) -> (u64, Result<(), StoreError>) {
    loop {
        match worker.try_recv() {
            Some(Reply::Saved { ticket, result }) => return (ticket.0, result),
            Some(other) => panic!("{other:?}"),
            None => woken.recv_timeout(PATIENCE).expect("a reply wakes the loop"),
        }
    }
}

/// Account 1 has given that many coins to account 2.
pub(super) fn given(coins: u32) -> Request {
    let (mut giver, mut taker) = (sample_character(), sample_character());
    giver.stats.gold -= coins;
    taker.stats.gold += coins;
    let saves = vec![sheet_save(UserId(1), giver), sheet_save(UserId(2), taker)];
    Request::SaveCharacters { ticket: Ticket(coins.into()), saves }
}

/// Gold of both, at one moment.
pub(super) fn gold(redis: &TestRedis) -> (u32, u32) {
    let both = "local gold = function(user) return redis.call('HGET', 'player:' .. user .. ':inventory', 'gold') end \
                return gold(1) .. ' ' .. gold(2)";
    let printed = redis.cli(&format!("EVAL \"{both}\" 0"));
    let (giver, taker) = printed.split_once(' ').unwrap();
    (giver.parse().unwrap(), taker.parse().unwrap())
}

#[test]
fn a_redis_killed_in_the_middle_of_saves_loses_nothing_it_told() {
    if !is_installed() {
        return;
    }
    let mut redis = TestRedis::start(&["--appendonly", "yes", "--appendfsync", "always"]);
    let (worker, woken) = worker(&redis);
    let start = sample_character().stats.gold;
    let (told, stop) = (&AtomicU32::new(0), &AtomicBool::new(false));
    let give_coins = move || {
        for coins in 1.. {
            worker.send(given(coins));
            assert_eq!(next_saved(&worker, &woken), (coins.into(), Ok(())));
            told.store(coins, Ordering::SeqCst);
            if stop.load(Ordering::SeqCst) {
                break;
            }
        }
        worker.shutdown(PATIENCE).unwrap();
    };
    thread::scope(|scope| {
        let giver = scope.spawn(give_coins);
        for round in 1..=6 {
            let before = told.load(Ordering::SeqCst);
            while told.load(Ordering::SeqCst) < before + 5 {
                assert!(!giver.is_finished());
                thread::sleep(Duration::from_millis(1));
            }
            thread::sleep(Duration::from_micros(round * 300));
            redis.kill();
            let told = told.load(Ordering::SeqCst);
            assert!(redis.run(), "{}", redis.log());
            let (has_giver, has_taker) = gold(&redis);
            assert_eq!(has_giver + has_taker, 2 * start, "a coin was lost or doubled");
            assert!(has_taker - start >= told, "told {told}, has {}", has_taker - start);
        }
        stop.store(true, Ordering::SeqCst);
        giver.join().unwrap();
    });
    assert_eq!(gold(&redis).1 - start, told.load(Ordering::SeqCst));
}

#[test]
fn saves_wait_for_a_redis_that_is_down_and_loads_do_not() {
    if !is_installed() {
        return;
    }
    let mut redis = TestRedis::start(&["--appendonly", "yes", "--appendfsync", "always"]);
    let (worker, woken) = worker(&redis);
    redis.kill();
    worker.send(given(1));
    worker.send(Request::LoadAccount { ticket: Ticket(7), name: "dador".into() });
    woken.recv_timeout(PATIENCE).unwrap();
    let reply = worker.try_recv().unwrap();
    let Reply::Account { ticket: Ticket(7), result: Err(error) } = reply else { panic!("{reply:?}") };
    assert!(error.is_temporary() && RedisError::of(&error).is_some());
    assert!(worker.is_away());
    worker.send(given(2));
    assert!(redis.run(), "{}", redis.log());
    assert_eq!([next_saved(&worker, &woken), next_saved(&worker, &woken)], [(1, Ok(())), (2, Ok(()))]);
    let start = Instant::now();
    while worker.is_away() {
        assert!(start.elapsed() < PATIENCE);
        thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(gold(&redis).1, sample_character().stats.gold + 2);
}

#[test]
fn a_character_claimed_between_look_and_save_is_not_overwritten() {
    if !is_installed() {
        return;
    }
    let redis = TestRedis::start(&[]);
    let (mut slow, mut next) = (redis.store(), redis.store());
    register(&mut slow, "norte");
    let user_id = next.create_account(&sample_account("Juan"), &sample_character()).unwrap();
    slow.open_session(&session(user_id.0)).unwrap();
    redis.cli("DEL server:norte:lease");
    register(&mut next, "sur");
    let next = std::cell::RefCell::new(next);
    let result = slow.write_unless_taken(
        |_| {},
        |commands, taken, _| {
            if taken.contains(&user_id) {
                return Err(StoreError::CharacterTaken(user_id));
            }
            // After the look and before the transaction, the other server claims it.
            let granted = next.borrow_mut().open_session(&session(user_id.0)).unwrap();
            assert_eq!(granted, Claim::Granted);
            commands.add("SET").arg("written").arg(1);
            Ok(())
        },
    );
    assert_eq!(result, Err(StoreError::CharacterTaken(user_id)));
    assert_eq!(redis.cli("EXISTS written"), "0");
}
