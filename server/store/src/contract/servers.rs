//! Rules about servers, their leases, and sessions.

use std::collections::BTreeSet;
use std::thread;
use std::time::{Duration, Instant};

use super::{Connect, create, load, step};
use crate::clock::unix_seconds;
use crate::records::UserId;
use crate::server::{ConnectionInfo, Refusal, Registration, ServerId, ServerRun, ServerStart, ServerStatus};
use crate::session::{Claim, DISCONNECTED_SESSION_SECONDS, Session, SessionWrite, StoredSession};
use crate::{Store, StoreError};
use pyao_core::base::ids::MapId;

/// A lease that no test outlives.
const LONG_LEASE: Duration = Duration::from_secs(3_600);
/// A lease that ends while a test waits.
const SHORT_LEASE: Duration = Duration::from_millis(300);

fn register_for(store: &mut dyn Store, server: &str, lease: Duration) -> Registration {
    let server = ServerId::new(server).unwrap();
    store.register_server(&ServerStart { server, started_at: 1_700_000_000, lease }).unwrap()
}

fn register(store: &mut dyn Store, server: &str) -> ServerRun {
    register_for(store, server, LONG_LEASE).run
}

fn status(connections: u32) -> ServerStatus {
    let connection_list = (0..connections.min(3))
        .map(|number| ConnectionInfo {
            id: u64::from(number) << 40,
            address: format!("[2001:db8::{number}]:5000"),
            player: (number > 0).then(|| "Juan \"el Ñato\"".into()),
            user_id: (number > 0).then_some(UserId(number)),
            bytes_in: u64::from(u32::MAX) + 1,
            bytes_out: 7,
            age_seconds: 12,
        })
        .collect();
    let counters = [("packets_in".to_owned(), 1 << 40), ("packets out: all".to_owned(), 5)].into();
    let (started_at, uptime_seconds) = (1_700_000_000, 77);
    let settings =
        [("server.port", "7666"), ("game.motd", "¡Hola!\n\"Segunda\" línea"), ("game.dice_min", "6")];
    let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let refusal = Refusal { value: "8080".into(), reason: "\"port\" in use".into() };
    let refused = (0..connections.min(1)).map(|_| ("server.port".to_owned(), refusal.clone())).collect();
    ServerStatus {
        started_at,
        uptime_seconds,
        connections,
        players: 2,
        counters,
        connection_list,
        settings,
        refused,
    }
}

/// Builds a session as a server writes it: whole.
fn stored_by(run: &ServerRun, session: Session) -> StoredSession {
    StoredSession { session, run: Some(run.clone()), missing: BTreeSet::new() }
}

fn session(user_id: UserId, level: u8) -> Session {
    Session {
        user_id,
        username: "Ñandú".into(),
        level,
        class: "mage".into(),
        location_id: MapId::new(34),
        hp: 0,
        last_seen: 1_700_000_100,
        disconnected_at: None,
    }
}

/// Waits until `done`, for as long as a short lease could possibly take to end.
fn wait_until(mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < Duration::from_secs(60));
        thread::sleep(Duration::from_millis(10));
    }
}

pub(crate) fn each_run_of_a_server_has_a_larger_epoch(connect: Connect<'_>) {
    let (mut first, mut second) = (connect(), connect());
    let epochs = [
        register(&mut *first, "norte").epoch,
        register(&mut *second, "sur").epoch,
        register(&mut *first, "norte").epoch,
    ];
    assert!(epochs.is_sorted_by(|one, next| one < next), "{epochs:?}");
}

pub(crate) fn a_store_keeps_the_name_that_its_first_server_gave_it(connect: Connect<'_>) {
    let (mut first, mut second) = (connect(), connect());
    let named = register_for(&mut *first, "norte", LONG_LEASE).store_id;
    assert!(!named.is_empty());
    assert_eq!(register_for(&mut *second, "sur", LONG_LEASE).store_id, named);
    assert_eq!(first.heartbeat(&status(0)).unwrap().store_id, named);
    assert_eq!(connect().store_id().unwrap(), Some(named));
}

pub(crate) fn connections_are_the_sum_over_live_servers(connect: Connect<'_>) {
    let (mut first, mut second, mut tool) = (connect(), connect(), connect());
    assert_eq!(tool.connections_count().unwrap(), 0);
    register(&mut *first, "norte");
    register(&mut *second, "sur");
    assert_eq!(first.heartbeat(&status(300)).unwrap().connections, 300);
    assert_eq!(second.heartbeat(&status(7)).unwrap().connections, 307);
    assert_eq!(tool.connections_count().unwrap(), 307);
    first.deregister_server().unwrap();
    assert_eq!(tool.connections_count().unwrap(), 7);
    assert_eq!(second.heartbeat(&status(8)).unwrap().connections, 8);
    register(&mut *second, "sur");
    assert_eq!(tool.connections_count().unwrap(), 0);
}

pub(crate) fn a_server_without_heartbeats_is_forgotten(connect: Connect<'_>) {
    let (mut killed, mut alive, mut tool) = (connect(), connect(), connect());
    register_for(&mut *killed, "norte", SHORT_LEASE);
    register(&mut *alive, "sur");
    killed.heartbeat(&status(5)).unwrap();
    alive.heartbeat(&status(1)).unwrap();
    drop(killed);
    wait_until(|| alive.heartbeat(&status(1)).unwrap().connections == 1);
    assert_eq!(tool.connections_count().unwrap(), 1);
    let names: Vec<_> = tool.servers().unwrap().into_iter().map(|live| live.run.server).collect();
    assert_eq!(names, [ServerId::new("sur").unwrap()]);
}

pub(crate) fn a_server_that_only_slept_is_back_with_its_next_heartbeat(connect: Connect<'_>) {
    let (mut sleeper, mut tool) = (connect(), connect());
    let run = register_for(&mut *sleeper, "norte", SHORT_LEASE).run;
    wait_until(|| tool.servers().unwrap().is_empty());
    wait_until(|| {
        assert_eq!(sleeper.heartbeat(&status(2)).unwrap().connections, 2);
        tool.servers().unwrap().iter().any(|live| live.run == run)
    });
}

pub(crate) fn what_a_server_tells_of_itself_is_read_back(connect: Connect<'_>) {
    let (mut server, mut tool) = (connect(), connect());
    assert!(tool.servers().unwrap().is_empty());
    let run = register(&mut *server, "norte");
    let new = ServerStatus { started_at: 1_700_000_000, ..ServerStatus::default() };
    for told in [new, status(3), status(1), status(0)] {
        if told.players > 0 {
            server.heartbeat(&told).unwrap();
        }
        let live = tool.servers().unwrap();
        assert_eq!(live.len(), 1);
        assert_eq!((&live[0].run, &live[0].status), (&run, &told));
    }
    server.deregister_server().unwrap();
    assert!(tool.servers().unwrap().is_empty());
    server.deregister_server().unwrap();
}

pub(crate) fn of_two_servers_with_one_id_the_older_is_told_to_end(connect: Connect<'_>) {
    let (mut older, mut newer) = (connect(), connect());
    let run = register(&mut *older, "norte");
    register(&mut *newer, "norte");
    assert_eq!(older.heartbeat(&status(1)), Err(StoreError::ServerReplaced(run.server)));
    assert_eq!(newer.heartbeat(&status(2)).unwrap().connections, 2);
    older.deregister_server().unwrap();
    assert_eq!(connect().connections_count().unwrap(), 2);
}

pub(crate) fn only_a_registered_server_has_heartbeats_and_sessions(connect: Connect<'_>) {
    let mut store = connect();
    assert_eq!(store.heartbeat(&status(0)).unwrap_err(), StoreError::NotRegistered);
    assert_eq!(store.open_session(&session(UserId(1), 1)), Err(StoreError::NotRegistered));
    assert_eq!(store.write_sessions(&[]), Err(StoreError::NotRegistered));
}

pub(crate) fn a_session_is_read_back_as_it_was_last_written(connect: Connect<'_>) {
    let (mut server, mut tool) = (connect(), connect());
    let run = register(&mut *server, "norte");
    assert_eq!(tool.session(UserId(1)).unwrap(), None);
    let opened = session(UserId(1), 1);
    assert_eq!(server.open_session(&opened).unwrap(), Claim::Granted);
    let stored = |session: &Session| Some(stored_by(&run, session.clone()));
    assert_eq!(tool.session(UserId(1)).unwrap(), stored(&opened));
    let changed = Session {
        hp: u16::MAX,
        location_id: MapId::new(u16::MAX),
        last_seen: 1_700_000_200,
        ..session(UserId(1), 255)
    };
    let gone = Session { disconnected_at: Some(unix_seconds()), ..changed.clone() };
    for state in [&changed, &gone, &gone, &changed] {
        server.write_sessions(&[SessionWrite::Put(state.clone())]).unwrap();
        assert_eq!(tool.session(UserId(1)).unwrap(), stored(state));
    }
    let close = SessionWrite::Close { user_id: UserId(1), at: 1_700_000_400 };
    server.write_sessions(&[SessionWrite::Put(gone), close.clone()]).unwrap();
    assert_eq!(tool.session(UserId(1)).unwrap(), None);
    server.write_sessions(&[close]).unwrap();
}

pub(crate) fn sessions_are_listed_by_user(connect: Connect<'_>) {
    let (mut server, mut tool) = (connect(), connect());
    register(&mut *server, "norte");
    for number in [3, 1, 20] {
        server.open_session(&session(UserId(number), 1)).unwrap();
    }
    let close = SessionWrite::Close { user_id: UserId(3), at: 0 };
    // A session that the store has lost meanwhile comes back with its next change.
    server.write_sessions(&[SessionWrite::Put(session(UserId(7), 2)), close]).unwrap();
    let users: Vec<_> = tool.sessions().unwrap().iter().map(|stored| stored.session.user_id.0).collect();
    assert_eq!(users, [1, 7, 20]);
}

pub(crate) fn a_character_is_claimed_by_one_live_server_at_a_time(connect: Connect<'_>) {
    let (mut first, mut second) = (connect(), connect());
    let run = register(&mut *first, "norte");
    register(&mut *second, "sur");
    assert_eq!(first.open_session(&session(UserId(1), 1)).unwrap(), Claim::Granted);
    assert_eq!(first.open_session(&session(UserId(1), 2)).unwrap(), Claim::Granted);
    let held = Claim::Held { server: run.server };
    assert_eq!(second.open_session(&session(UserId(1), 3)).unwrap(), held);
    let lost = Session { disconnected_at: Some(unix_seconds()), ..session(UserId(1), 4) };
    first.write_sessions(&[SessionWrite::Put(lost)]).unwrap();
    assert_eq!(second.open_session(&session(UserId(1), 3)).unwrap(), held);
    assert_eq!(second.session(UserId(1)).unwrap().unwrap().session.level, 4);
    first.write_sessions(&[SessionWrite::Close { user_id: UserId(1), at: 0 }]).unwrap();
    assert_eq!(second.open_session(&session(UserId(1), 3)).unwrap(), Claim::Granted);
}

pub(crate) fn a_claim_that_failed_ends_the_session_of_nobody_else(connect: Connect<'_>) {
    let (mut first, mut second) = (connect(), connect());
    let run = register(&mut *first, "norte");
    register(&mut *second, "sur");
    let (played, ours) = (UserId(1), UserId(2));
    first.open_session(&session(played, 1)).unwrap();
    second.open_session(&session(ours, 1)).unwrap();
    // A server that did not hear of its claims closes them all.
    let closes: Vec<_> =
        (1..=3000).map(|user| SessionWrite::Close { user_id: UserId(user), at: 5 }).collect();
    second.write_sessions(&closes).unwrap();
    let left = second.sessions().unwrap();
    assert_eq!(left, [stored_by(&run, session(played, 1))]);
    assert_eq!(second.open_session(&session(played, 2)).unwrap(), Claim::Held { server: run.server });
    assert_eq!(second.open_session(&session(ours, 2)).unwrap(), Claim::Granted);
}

pub(crate) fn an_absent_character_is_held_longer_than_its_session_is_shown(connect: Connect<'_>) {
    let (mut first, mut second, mut third) = (connect(), connect(), connect());
    let run = register(&mut *first, "norte");
    register(&mut *second, "sur");
    let held = Claim::Held { server: run.server };
    let absent = UserId(1);
    let lost_at = unix_seconds() - DISCONNECTED_SESSION_SECONDS - 1;
    let expired = SessionWrite::Put(Session { disconnected_at: Some(lost_at), ..session(absent, 1) });
    let close = SessionWrite::Close { user_id: absent, at: 0 };

    first.open_session(&session(absent, 1)).unwrap();
    first.write_sessions(std::slice::from_ref(&expired)).unwrap();
    assert_eq!(second.session(absent).unwrap(), None);
    assert_eq!(second.sessions().unwrap(), []);
    assert_eq!(second.open_session(&session(absent, 2)).unwrap(), held);
    // Neither whose claim was refused nor who starts meanwhile takes it away.
    second.write_sessions(std::slice::from_ref(&close)).unwrap();
    register(&mut *third, "este");
    assert_eq!(second.open_session(&session(absent, 2)).unwrap(), held);
    // Its player is welcome where it stands.
    assert_eq!(first.open_session(&session(absent, 1)).unwrap(), Claim::Granted);

    first.write_sessions(std::slice::from_ref(&expired)).unwrap();
    first.write_sessions(&[close]).unwrap();
    assert_eq!(second.open_session(&session(absent, 2)).unwrap(), Claim::Granted);
    second.write_sessions(&[expired]).unwrap();
    second.deregister_server().unwrap();
    assert_eq!(first.open_session(&session(absent, 1)).unwrap(), Claim::Granted);
}

pub(crate) fn sessions_of_dead_servers_are_marked_at_the_next_start(connect: Connect<'_>) {
    let (mut killed, mut alive, mut next) = (connect(), connect(), connect());
    register_for(&mut *killed, "norte", SHORT_LEASE);
    register(&mut *alive, "sur");
    killed.open_session(&session(UserId(1), 1)).unwrap();
    killed.open_session(&session(UserId(2), 1)).unwrap();
    let lost_at = unix_seconds() - 100;
    let away = Session { disconnected_at: Some(lost_at), ..session(UserId(2), 1) };
    killed.write_sessions(&[SessionWrite::Put(away)]).unwrap();
    alive.open_session(&session(UserId(3), 1)).unwrap();
    drop(killed);
    wait_until(|| next.servers().unwrap().len() == 1);
    assert_eq!(register_for(&mut *next, "este", LONG_LEASE).sessions_disconnected, 1);
    let mut disconnected_at = |user| next.session(UserId(user)).unwrap().unwrap().session.disconnected_at;
    assert!(disconnected_at(1).is_some_and(|at| at > lost_at));
    assert_eq!(disconnected_at(2), Some(lost_at));
    assert_eq!(disconnected_at(3), None);
    assert_eq!(next.open_session(&session(UserId(1), 1)).unwrap(), Claim::Granted);
}

pub(crate) fn a_server_that_starts_again_takes_over_at_once(connect: Connect<'_>) {
    let (mut killed, mut again) = (connect(), connect());
    register(&mut *killed, "norte");
    killed.open_session(&session(UserId(1), 1)).unwrap();
    drop(killed);
    assert_eq!(register_for(&mut *again, "norte", LONG_LEASE).sessions_disconnected, 1);
    assert_eq!(again.open_session(&session(UserId(1), 1)).unwrap(), Claim::Granted);
}

pub(crate) fn a_server_cannot_save_a_character_that_another_took(connect: Connect<'_>) {
    let (mut slow, mut next) = (connect(), connect());
    let (taken, other) = (create(&mut *next, "Ñandú"), create(&mut *next, "Otro"));
    register_for(&mut *slow, "norte", SHORT_LEASE);
    slow.open_session(&session(taken, 1)).unwrap();
    slow.open_session(&Session { username: "Otro".into(), ..session(other, 1) }).unwrap();
    slow.save_characters(&[step(taken, 10), step(other, 10)]).unwrap();
    wait_until(|| next.servers().unwrap().is_empty());
    register(&mut *next, "sur");
    assert_eq!(next.open_session(&session(taken, 50)).unwrap(), Claim::Granted);
    next.save_characters(&[step(taken, 20)]).unwrap();

    // The first wakes up and does not know yet.
    let refused = Err(StoreError::CharacterTaken(taken));
    assert_eq!(slow.save_characters(&[step(other, 30), step(taken, 30)]), refused);
    slow.save_characters(&[step(other, 31)]).unwrap();
    slow.write_sessions(&[
        SessionWrite::Put(session(taken, 9)),
        SessionWrite::Close { user_id: taken, at: 0 },
    ])
    .unwrap();
    assert_eq!(slow.heartbeat(&status(0)).unwrap().taken, [taken]);
    assert_eq!(next.session(taken).unwrap().unwrap().session.level, 50);
    assert_eq!(load(&mut *next, "Ñandú").character.position.x, 20);
    assert_eq!(load(&mut *next, "Otro").character.position.x, 31);

    // Also after the other has done with it, until it is claimed back.
    next.write_sessions(&[SessionWrite::Close { user_id: taken, at: 0 }]).unwrap();
    assert_eq!(slow.save_characters(&[step(taken, 30)]), refused);
    assert_eq!(slow.open_session(&session(taken, 1)).unwrap(), Claim::Granted);
    slow.save_characters(&[step(taken, 40)]).unwrap();
    assert!(slow.heartbeat(&status(0)).unwrap().taken.is_empty());
    assert_eq!(next.save_characters(&[step(taken, 50)]), refused);
    assert_eq!(load(&mut *next, "Ñandú").character.position.x, 40);
}
