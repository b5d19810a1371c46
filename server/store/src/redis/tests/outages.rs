//! The worker on a real Redis that answers and takes nothing, that was emptied, or both.

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use super::faults::{given, gold, worker_on};
use super::keys::{register, session};
use super::server::{PATIENCE, TestRedis, is_installed};
use crate::prelude::*;
use crate::records::UserId;
use crate::server::Heartbeat;
use crate::session::SessionWrite;
use crate::testing::sample_character;
use crate::worker::Worker;
use crate::{Reply, Request, StoreError, StoredAccount, Ticket};

/// Longer than several pauses of the worker.
const SEVERAL_PAUSES: Duration = Duration::from_millis(300);

/// A Redis with accounts 1 and 2, and the worker of a server that has told of itself.
struct Fixture {
    redis: TestRedis,
    worker: Worker,
    woken: mpsc::Receiver<()>,
    held: Vec<StoredAccount>,
    store_id: String,
}

impl Fixture {
    fn new() -> Option<Self> {
        if !is_installed() {
            return None;
        }
        let redis = TestRedis::start(&["--maxmemory-policy", "noeviction"]);
        let (worker, woken) = worker_on(&redis, |store| register(store, "norte"));
        let mut tool = redis.store();
        let held = ["Dador", "Tomador"].map(|name| tool.load_account(name).unwrap().unwrap()).into();
        let mut fixture = Self { redis, worker, woken, held, store_id: String::new() };
        fixture.store_id = fixture.beat().unwrap().store_id;
        Some(fixture)
    }

    fn reply(&self) -> Reply {
        loop {
            match self.worker.try_recv() {
                Some(reply) => return reply,
                None => self.woken.recv_timeout(PATIENCE).expect("a reply wakes the loop"),
            }
        }
    }

    fn beat(&self) -> Result<Heartbeat, StoreError> {
        self.worker.send(Request::Heartbeat { ticket: Ticket(0), status: Box::default() });
        self.heard()
    }

    /// Returns the next reply, which must be to a heartbeat, the worker's own included.
    fn heard(&self) -> Result<Heartbeat, StoreError> {
        match self.reply() {
            Reply::Heartbeat { result, .. } => result,
            other => panic!("{other:?}"),
        }
    }

    /// Returns the next reply, which must be to a write.
    fn saved(&self) -> (u64, Result<(), StoreError>) {
        match self.reply() {
            Reply::Saved { ticket, result } => (ticket.0, result),
            other => panic!("{other:?}"),
        }
    }

    fn wait_until(&self, done: impl Fn(&Worker) -> bool) {
        let start = Instant::now();
        while !done(&self.worker) {
            assert!(start.elapsed() < PATIENCE);
            thread::sleep(Duration::from_millis(1));
        }
    }

    fn refuse_writes(&self) {
        self.redis.cli("CONFIG SET maxmemory 1");
    }

    fn take_writes(&self) {
        self.redis.cli("CONFIG SET maxmemory 0");
    }

    fn write_back(&self, ticket: u64) {
        self.worker.send(Request::RestoreAccounts { ticket: Ticket(ticket), accounts: self.held.clone() });
    }
}

#[test]
fn a_redis_that_answers_and_takes_no_write_stays_away_until_it_takes_one() {
    let Some(fixture) = Fixture::new() else { return };
    fixture.refuse_writes();
    assert!(fixture.beat().unwrap_err().is_temporary());
    let end = Instant::now() + SEVERAL_PAUSES;
    while Instant::now() < end {
        assert!(fixture.worker.is_away());
        fixture.worker.send(Request::LoadAccount { ticket: Ticket(7), name: "dador".into() });
        assert!(fixture.reply().store_error().is_some_and(StoreError::is_temporary));
    }
    assert!(fixture.worker.since_success() >= SEVERAL_PAUSES);
    fixture.take_writes();
    // It is looked for without being asked, and the answer is told.
    assert_eq!(fixture.heard().unwrap().store_id, fixture.store_id);
    fixture.wait_until(|worker| !worker.is_away());
    assert_eq!(fixture.worker.waiting(), 0);
}

#[test]
fn a_redis_that_takes_heartbeats_and_no_save_stays_away_until_it_takes_the_save() {
    let Some(fixture) = Fixture::new() else { return };
    // The user of this server may write everything but characters.
    fixture.redis.cli("ACL SETUSER default resetkeys ~server:* ~active_workers ~accounts:* ~session*");
    fixture.worker.send(given(1));
    fixture.wait_until(Worker::is_away);
    let end = Instant::now() + SEVERAL_PAUSES;
    while Instant::now() < end {
        assert!(fixture.worker.is_away());
        fixture.worker.try_recv().iter().for_each(|reply| assert!(matches!(reply, Reply::Heartbeat { .. })));
    }
    fixture.redis.cli("ACL SETUSER default allkeys");
    fixture.wait_until(|worker| !worker.is_away());
    assert_eq!(gold(&fixture.redis).1, sample_character().stats.gold + 1);
}

#[test]
fn saves_wait_while_the_disk_of_redis_fails_and_are_written_once_it_is_mended() {
    let Some(fixture) = Fixture::new() else { return };
    let before = sample_character().stats.gold;
    fixture.redis.cli("CONFIG SET stop-writes-on-bgsave-error yes");
    // With a point at which it saves, Redis takes no write after a snapshot that failed.
    fixture.redis.cli("CONFIG SET save \"3600 1000000\"");
    let mut tool = fixture.redis.store();
    fixture.redis.break_snapshots();
    let refusal = tool.set_gm(UserId(1), true).unwrap_err();
    assert!(refusal.is_temporary() && refusal.to_string().contains("MISCONF"), "{refusal}");
    fixture.worker.send(given(1));
    fixture.wait_until(Worker::is_away);
    fixture.worker.send(given(2));
    let end = Instant::now() + SEVERAL_PAUSES;
    while Instant::now() < end {
        assert!(fixture.worker.is_away());
        assert!(fixture.worker.try_recv().is_none());
    }
    assert_eq!(gold(&fixture.redis), (before, before));
    fixture.redis.mend_snapshots();
    assert_eq!(fixture.heard().unwrap().store_id, fixture.store_id);
    assert_eq!([fixture.saved(), fixture.saved()], [(1, Ok(())), (2, Ok(()))]);
    assert_eq!(gold(&fixture.redis), (before - 2, before + 2));
}

#[test]
fn an_emptied_redis_that_refuses_writes_loses_nothing_that_is_held() {
    let Some(fixture) = Fixture::new() else { return };
    fixture.refuse_writes();
    fixture.redis.cli("FLUSHALL");
    fixture.worker.send(given(1));
    fixture.wait_until(|worker| worker.is_away() && worker.is_emptied());
    fixture.worker.send(given(2));
    fixture.worker.send(Request::WriteSessions {
        ticket: Ticket(3),
        writes: vec![SessionWrite::Put(session(1)), SessionWrite::Close { user_id: UserId(2), at: 0 }],
    });
    thread::sleep(SEVERAL_PAUSES);
    assert!(fixture.worker.try_recv().is_none(), "nothing is given up");
    fixture.take_writes();
    assert_ne!(fixture.heard().unwrap().store_id, fixture.store_id);
    fixture.wait_until(|worker| !worker.is_away());
    assert!(
        fixture.worker.is_emptied() && fixture.worker.try_recv().is_none(),
        "saves wait for the accounts"
    );
    fixture.write_back(4);
    let answers = [(); 4].map(|()| fixture.saved());
    assert_eq!(answers, [(4, Ok(())), (1, Ok(())), (2, Ok(())), (3, Ok(()))]);
    fixture.wait_until(|worker| !worker.is_emptied());
    assert_eq!(gold(&fixture.redis).1, sample_character().stats.gold + 2);
}

#[test]
fn an_emptied_redis_that_takes_writes_is_told_at_once_and_filled_again() {
    let Some(fixture) = Fixture::new() else { return };
    fixture.redis.cli("FLUSHALL");
    fixture.worker.send(given(1));
    assert_ne!(fixture.heard().unwrap().store_id, fixture.store_id);
    fixture.write_back(2);
    assert_eq!([fixture.saved(), fixture.saved()], [(2, Ok(())), (1, Ok(()))]);
    fixture.wait_until(|worker| !worker.is_away() && !worker.is_emptied());
    assert_eq!(gold(&fixture.redis).1, sample_character().stats.gold + 1);
}

#[test]
fn a_replica_of_an_empty_primary_is_an_emptied_store() {
    let Some(fixture) = Fixture::new() else { return };
    let empty = TestRedis::start_on_port(&[]);
    let port = empty.address().place().rsplit(':').next().unwrap().to_owned();
    fixture.redis.cli(&format!("REPLICAOF 127.0.0.1 {port}"));
    let start = Instant::now();
    while fixture.redis.cli("DBSIZE") != "0" {
        assert!(start.elapsed() < PATIENCE);
        thread::sleep(Duration::from_millis(5));
    }
    fixture.worker.send(given(1));
    fixture.wait_until(|worker| worker.is_away() && worker.is_emptied());
    fixture.redis.cli("REPLICAOF NO ONE");
    assert_ne!(fixture.heard().unwrap().store_id, fixture.store_id);
    fixture.write_back(2);
    assert_eq!([fixture.saved(), fixture.saved()], [(2, Ok(())), (1, Ok(()))]);
    assert_eq!(gold(&fixture.redis).1, sample_character().stats.gold + 1);
}

#[test]
fn a_store_that_comes_back_as_it_was_takes_what_waits_without_being_filled() {
    let Some(fixture) = Fixture::new() else { return };
    fixture.redis.cli("RENAME server:store_id kept");
    fixture.redis.cli("SET server:store_id another");
    fixture.worker.send(given(1));
    assert_eq!(fixture.heard().unwrap().store_id, "another");
    assert!(fixture.worker.is_emptied());
    fixture.redis.cli("RENAME kept server:store_id");
    fixture.worker.send(Request::Heartbeat { ticket: Ticket(0), status: Box::default() });
    assert_eq!(fixture.saved(), (1, Ok(())));
    assert_eq!(fixture.heard().unwrap().store_id, fixture.store_id);
    assert!(!fixture.worker.is_emptied());
}

#[test]
fn an_account_that_its_own_store_lacks_is_unknown() {
    let Some(fixture) = Fixture::new() else { return };
    fixture.redis.cli("HDEL accounts:names 1");
    fixture.worker.send(given(1));
    assert_eq!(fixture.saved(), (1, Err(StoreError::UnknownUser(UserId(1)))));
    assert!(!fixture.worker.is_emptied() && !fixture.worker.is_away());
}

#[test]
fn how_long_the_oldest_question_waits_is_known() {
    let Some(fixture) = Fixture::new() else { return };
    assert_eq!(fixture.worker.oldest_question(), Duration::ZERO);
    fixture.redis.signal("-STOP");
    let ask =
        |ticket| fixture.worker.send(Request::LoadAccount { ticket: Ticket(ticket), name: "dador".into() });
    ask(1);
    thread::sleep(SEVERAL_PAUSES);
    ask(2);
    assert!(fixture.worker.oldest_question() >= SEVERAL_PAUSES);
    fixture.redis.signal("-CONT");
    assert!(matches!([fixture.reply(), fixture.reply()], [Reply::Account { .. }, Reply::Account { .. }]));
    fixture.wait_until(|worker| worker.oldest_question() == Duration::ZERO);
}
