//! A Redis that was emptied while servers held its characters.

use super::faults::redis_error;
use super::keys::{register, session};
use super::server::{TestRedis, is_installed};
use crate::prelude::*;
use crate::records::{PositionRecord, UserId};
use crate::redis::RedisError;
use crate::server::ServerStatus;
use crate::session::{Claim, Session, SessionWrite};
use crate::testing::{position_save, sample_account, sample_character};
use crate::{Request, StoreError, Ticket};

#[test]
fn an_emptied_redis_shows_by_its_name_and_is_filled_again() {
    if !is_installed() {
        return;
    }
    let mut redis = TestRedis::start(&["--appendonly", "no"]);
    let mut store = redis.store();
    register(&mut store, "norte");
    register(&mut store, "norte");
    let named = store.heartbeat(&ServerStatus::default()).unwrap().store_id;
    let user_id = store.create_account(&sample_account("Juan"), &sample_character()).unwrap();
    assert_eq!(store.open_session(&session(user_id.0)).unwrap(), Claim::Granted);
    let kept = store.load_account("juan").unwrap().unwrap();
    for empty in [false, true] {
        if empty {
            assert!(redis.run(), "{}", redis.log());
            assert!(matches!(redis_error(store.settings().unwrap_err()), RedisError::Lost { .. }));
        } else {
            redis.cli("FLUSHDB");
        }
        let save = [position_save(user_id, kept.character.position)];
        let put = [SessionWrite::Put(session(user_id.0))];
        assert_eq!(store.save_characters(&save), Err(StoreError::OtherStore));
        let heartbeat = store.heartbeat(&ServerStatus { connections: 1, ..ServerStatus::default() }).unwrap();
        assert_ne!(heartbeat.store_id, named);
        // It has a name again, but not yet what this server holds.
        assert_eq!(store.save_characters(&save), Err(StoreError::OtherStore));
        assert_eq!(store.write_sessions(&put), Err(StoreError::OtherStore));
        assert_eq!(redis.cli("EXISTS player:1:position session:1:active"), "0");
        store.restore_accounts(std::slice::from_ref(&kept)).unwrap();
        store.save_characters(&save).unwrap();
        store.write_sessions(&put).unwrap();
        assert_eq!(store.load_account("juan").unwrap().as_ref(), Some(&kept));
        assert_eq!(store.sessions().unwrap().len(), 1);
        assert_eq!(redis.cli("GET server:connections:count"), "1");
        // The server that starts next still has a larger epoch.
        assert_eq!(redis.cli("GET server:epoch"), "2");
    }
}

#[test]
fn who_is_created_on_an_emptied_redis_takes_the_number_of_nobody_who_comes_back() {
    if !is_installed() {
        return;
    }
    let redis = TestRedis::start(&[]);
    redis.store().create_account(&sample_account("Ana"), &sample_character()).unwrap();
    let mut store = redis.store();
    register(&mut store, "norte");
    store.create_account(&sample_account("Beto"), &sample_character()).unwrap();
    let held: Vec<_> = ["Ana", "Beto"].map(|name| store.load_account(name).unwrap().unwrap()).into();
    redis.cli("FLUSHDB");
    assert_eq!(store.create_account(&sample_account("Caro"), &sample_character()), Ok(UserId(3)));
    store.restore_accounts(&held).unwrap();
    for account in held {
        let name = &account.account.account.username;
        assert_eq!(store.load_account(name).unwrap(), Some(account.clone()));
    }
    assert_eq!(store.create_account(&sample_account("Dora"), &sample_character()), Ok(UserId(4)));
}

#[test]
fn who_is_created_on_an_emptied_redis_takes_the_number_of_nobody_on_another_server() {
    if !is_installed() {
        return;
    }
    let redis = TestRedis::start(&[]);
    let (mut norte, mut sur) = (redis.store(), redis.store());
    register(&mut norte, "norte");
    register(&mut sur, "sur");
    sur.create_account(&sample_account("Ana"), &sample_character()).unwrap();
    let held = sur.load_account("ana").unwrap().unwrap();
    norte.heartbeat(&ServerStatus::default()).unwrap();
    redis.cli("FLUSHDB");
    assert_eq!(norte.create_account(&sample_account("Beto"), &sample_character()), Ok(UserId(2)));
    sur.restore_accounts(std::slice::from_ref(&held)).unwrap();
    assert_eq!(sur.load_account("ana").unwrap(), Some(held));
    // A counter that holds nonsense keeps no server from its heartbeats, nor do the requests of one turn.
    for spoilt in ["SET accounts:counter abc", "LPUSH accounts:counter 1"] {
        redis.cli("DEL accounts:counter");
        redis.cli(spoilt);
        norte.heartbeat(&ServerStatus::default()).unwrap();
    }
    redis.cli("SET accounts:counter 40");
    let beat = |ticket| Request::Heartbeat { ticket: Ticket(ticket), status: Box::default() };
    sur.carry_out(&[beat(1), beat(2)]);
    redis.cli("FLUSHDB");
    assert_eq!(sur.create_account(&sample_account("Caro"), &sample_character()), Ok(UserId(41)));
}

#[test]
fn a_number_that_went_to_somebody_else_is_saved_no_more_by_who_had_it() {
    if !is_installed() {
        return;
    }
    let redis = TestRedis::start(&[]);
    let (mut norte, mut sur) = (redis.store(), redis.store());
    register(&mut norte, "norte");
    register(&mut sur, "sur");
    for name in ["Ana", "Beto"] {
        sur.create_account(&sample_account(name), &sample_character()).unwrap();
    }
    let held: Vec<_> = ["Ana", "Beto"].map(|name| sur.load_account(name).unwrap().unwrap()).into();
    for (number, name) in [(1, "ANA"), (2, "Beto")] {
        sur.open_session(&Session { username: name.into(), ..session(number) }).unwrap();
    }
    redis.cli("FLUSHDB");
    // This one has not heard of them.
    assert_eq!(norte.create_account(&sample_account("Caro"), &sample_character()), Ok(UserId(1)));
    sur.heartbeat(&ServerStatus::default()).unwrap();
    sur.restore_accounts(&held).unwrap();
    let step = |user| position_save(UserId(user), PositionRecord { x: 9, ..sample_character().position });
    assert_eq!(sur.save_characters(&[step(1)]), Err(StoreError::UnknownUser(UserId(1))));
    assert_eq!(sur.save_characters(&[step(2)]), Ok(()));
    assert_eq!(norte.load_account("caro").unwrap().unwrap().character, sample_character());
    assert_eq!(norte.load_account("ana").unwrap(), None);
    assert_eq!(norte.load_account("beto").unwrap().unwrap().character.position.x, 9);
}
