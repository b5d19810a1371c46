use pyao_core::base::ids::MapId;
use tempfile::TempDir;

use super::*;
use crate::prelude::*;
use crate::records::{CharacterSave, PositionRecord, UserId};
use crate::server::{DEFAULT_LEASE, ServerId, ServerStart, ServerStatus};
use crate::session::{Claim, Session, SessionWrite};
use crate::sqlite::SqliteStore;
use crate::testing::{Faults, FaultyStore, position_save, sample_account, sample_character};
use crate::{CreateError, StoreError, Ticket};

/// Longer than any test waits for something that happens.
const PATIENCE: Duration = Duration::from_secs(60);

/// A worker on a real SQLite file that has accounts 1, 2 and 3: "Uno", "Dos" and "Tres".
struct Fixture {
    folder: Arc<TempDir>,
    worker: Worker,
    faults: Faults,
    woken: Receiver<()>,
}

impl Fixture {
    fn new() -> Self {
        Self::with(|_| {})
    }

    /// As [`Fixture::new`], on a store that `prepare` has had.
    fn with(prepare: impl FnOnce(&mut SqliteStore)) -> Self {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let mut store = SqliteStore::open(&folder.path().join("pyao.db")).unwrap();
        for name in ["Uno", "Dos", "Tres"] {
            store.create_account(&sample_account(name), &sample_character()).unwrap();
        }
        prepare(&mut store);
        let (store, faults) = FaultyStore::new(Box::new(store));
        let (wake, woken) = mpsc::channel();
        let backoff = Backoff { first: Duration::from_millis(2), longest: Duration::from_millis(8) };
        // The thread may outlive the test, and rescues a store whose folder is gone.
        let held = Arc::clone(&folder);
        let notify = move || {
            let _ = (&held, wake.send(()));
        };
        let worker = Worker::start_with(Box::new(store), notify, backoff).unwrap();
        Self { folder, worker, faults, woken }
    }

    fn save(&self, ticket: u64, saves: Vec<CharacterSave>) {
        self.worker.send(Request::SaveCharacters { ticket: Ticket(ticket), saves });
    }

    fn load(&self, ticket: u64, name: &str) {
        self.worker.send(Request::LoadAccount { ticket: Ticket(ticket), name: name.into() });
    }

    fn write_sessions(&self, ticket: u64, writes: Vec<SessionWrite>) {
        self.worker.send(Request::WriteSessions { ticket: Ticket(ticket), writes });
    }

    /// Opens the store as a tool sees it.
    fn open_shared(&self) -> SqliteStore {
        SqliteStore::open_shared(&self.folder.path().join("pyao.db")).unwrap()
    }

    /// Returns the next reply, woken as the loop is.
    fn reply(&self) -> Reply {
        loop {
            if let Some(reply) = self.worker.try_recv() {
                return reply;
            }
            self.woken.recv_timeout(PATIENCE).expect("a reply wakes the loop");
        }
    }

    /// Returns ticket and outcome of the next reply, which must be to a save.
    fn saved(&self) -> (u64, Result<(), StoreError>) {
        match self.reply() {
            Reply::Saved { ticket, result } => (ticket.0, result),
            other => panic!("{other:?}"),
        }
    }

    /// Returns the X coordinate in the next reply, which must be to a load.
    fn loaded_x(&self) -> u8 {
        match self.reply() {
            Reply::Account { result: Ok(Some(stored)), .. } => stored.character.position.x,
            other => panic!("{other:?}"),
        }
    }

    fn wait_until_away(&self) {
        self.wait_until(|worker| worker.is_away());
    }

    fn wait_until_back(&self) {
        self.wait_until(|worker| !worker.is_away());
    }

    fn wait_until(&self, done: impl Fn(&Worker) -> bool) {
        let start = Instant::now();
        while !done(&self.worker) {
            assert!(start.elapsed() < PATIENCE);
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

fn register(store: &mut SqliteStore) {
    let server = ServerId::new("norte").unwrap();
    store.register_server(&ServerStart { server, started_at: 0, lease: DEFAULT_LEASE }).unwrap();
}

fn session(user_id: u32, level: u8) -> Session {
    Session {
        user_id: UserId(user_id),
        username: "Uno".into(),
        level,
        class: "mage".into(),
        location_id: MapId::new(1),
        hp: 20,
        last_seen: 0,
        disconnected_at: None,
    }
}

fn step(user_id: u32, x: u8) -> CharacterSave {
    position_save(UserId(user_id), PositionRecord { x, ..sample_character().position })
}

#[test]
fn each_request_is_answered_once_in_order() {
    let fixture = Fixture::new();
    for round in 0..25 {
        let first = round * 5;
        fixture.load(first, "uno");
        fixture.save(first + 1, vec![step(1, 10)]);
        fixture.save(first + 2, vec![step(2, 10)]);
        let (account, character) = (sample_account(&format!("Nuevo{round}")), Box::new(sample_character()));
        fixture.worker.send(Request::CreateAccount { ticket: Ticket(first + 3), account, character });
        let password_hash = "hash".into();
        let user_id = UserId(1);
        fixture.worker.send(Request::SetPasswordHash { ticket: Ticket(first + 4), user_id, password_hash });
    }
    let tickets: Vec<_> = (0..125).map(|_| fixture.reply().ticket()).collect();
    assert_eq!(tickets, (0..125).map(Ticket).collect::<Vec<_>>());
    assert!(fixture.worker.try_recv().is_none());
    assert_eq!(fixture.worker.waiting(), 0);
}

#[test]
fn saves_that_wait_together_are_one_transaction_of_newest_states() {
    let fixture = Fixture::new();
    fixture.faults.hold();
    fixture.load(0, "uno");
    fixture.save(1, vec![step(1, 10), step(2, 10)]);
    fixture.save(2, vec![step(3, 10)]);
    fixture.save(3, vec![step(1, 11)]);
    fixture.faults.release();
    assert_eq!(fixture.loaded_x(), sample_character().position.x);
    assert_eq!([fixture.saved(), fixture.saved(), fixture.saved()], [(1, Ok(())), (2, Ok(())), (3, Ok(()))]);
    let mut transactions = fixture.faults.saved();
    assert_eq!(transactions.len(), 1, "{transactions:?}");
    transactions[0].sort_by_key(CharacterSave::user_id);
    assert_eq!(transactions[0], [step(1, 11), step(2, 10), step(3, 10)]);
}

#[test]
fn a_load_finds_what_was_saved_before_it() {
    let fixture = Fixture::new();
    fixture.save(1, vec![step(1, 77)]);
    fixture.load(2, "uno");
    fixture.save(3, vec![step(1, 78)]);
    assert_eq!(fixture.saved(), (1, Ok(())));
    assert_eq!(fixture.loaded_x(), 77);
    assert_eq!(fixture.saved(), (3, Ok(())));
}

#[test]
fn a_failed_save_is_tried_again_with_the_newest_state() {
    let fixture = Fixture::new();
    fixture.faults.fail_next(u32::MAX);
    fixture.save(1, vec![step(1, 10), step(2, 10)]);
    fixture.wait_until_away();
    fixture.save(2, vec![step(1, 11)]);
    fixture.save(3, vec![step(3, 10)]);
    assert!(fixture.faults.saved().is_empty());
    assert_eq!(fixture.worker.waiting(), 3);
    fixture.faults.fail_next(0);
    assert_eq!([fixture.saved(), fixture.saved(), fixture.saved()], [(1, Ok(())), (2, Ok(())), (3, Ok(()))]);
    fixture.wait_until_back();
    for (name, x) in [("uno", 11), ("dos", 10), ("tres", 10)] {
        fixture.load(4, name);
        assert_eq!(fixture.loaded_x(), x, "{name}");
    }
}

#[test]
fn while_saves_wait_for_the_store_everything_else_is_refused_at_once() {
    let fixture = Fixture::new();
    fixture.faults.fail_next(u32::MAX);
    fixture.save(1, vec![step(1, 10)]);
    fixture.wait_until_away();
    fixture.load(2, "uno");
    let reply = fixture.reply();
    assert!(
        matches!(reply, Reply::Account { ticket: Ticket(2), result: Err(StoreError::Unavailable(_)) }),
        "{reply:?}"
    );
    let (account, character) = (sample_account("Tarde"), Box::new(sample_character()));
    fixture.worker.send(Request::CreateAccount { ticket: Ticket(3), account, character });
    let reply = fixture.reply();
    let Reply::Created { ticket: Ticket(3), result: Err(CreateError::Store(StoreError::Unavailable(_))) } =
        reply
    else {
        panic!("{reply:?}");
    };
    let password_hash = "hash".into();
    fixture.worker.send(Request::SetPasswordHash { ticket: Ticket(4), user_id: UserId(1), password_hash });
    assert!(matches!(fixture.saved(), (4, Err(StoreError::Unavailable(_)))));
    fixture.faults.fail_next(0);
    assert_eq!(fixture.saved(), (1, Ok(())));
    fixture.load(5, "tarde");
    assert!(matches!(fixture.reply(), Reply::Account { ticket: Ticket(5), result: Ok(None) }));
}

#[test]
fn a_failed_load_is_answered_and_not_tried_again() {
    let fixture = Fixture::new();
    fixture.faults.fail_next(1);
    fixture.load(1, "uno");
    assert!(matches!(
        fixture.reply(),
        Reply::Account { ticket: Ticket(1), result: Err(StoreError::Unavailable(_)) }
    ));
    fixture.wait_until_back();
    fixture.load(2, "uno");
    assert!(matches!(fixture.reply(), Reply::Account { ticket: Ticket(2), result: Ok(Some(_)) }));
    assert!(fixture.worker.try_recv().is_none());
}

#[test]
fn a_store_that_failed_a_load_is_looked_for_without_being_asked() {
    let fixture = Fixture::with(register);
    fixture.worker.send(Request::Heartbeat { ticket: Ticket(0), status: Box::default() });
    assert!(matches!(fixture.reply(), Reply::Heartbeat { result: Ok(_), .. }));
    fixture.faults.fail_next(4);
    fixture.load(1, "uno");
    assert!(fixture.reply().store_error().is_some());
    assert!(
        matches!(fixture.reply(), Reply::Heartbeat { result: Ok(_), .. }),
        "found by a heartbeat, which is told"
    );
    fixture.wait_until_back();
    assert_eq!(fixture.worker.waiting(), 0);
}

#[test]
fn a_failed_change_of_sessions_is_tried_again_with_the_newest_state() {
    let fixture = Fixture::with(register);
    for user in [1, 2] {
        let session = Box::new(session(user, 1));
        fixture.worker.send(Request::OpenSession { ticket: Ticket(0), session });
        let opened = fixture.reply();
        assert!(matches!(opened, Reply::SessionOpened { result: Ok(Claim::Granted), .. }), "{opened:?}");
    }
    fixture.faults.fail_next(u32::MAX);
    fixture.write_sessions(1, vec![SessionWrite::Put(session(1, 2)), SessionWrite::Put(session(2, 2))]);
    fixture.wait_until_away();
    fixture.write_sessions(2, vec![SessionWrite::Close { user_id: UserId(2), at: 0 }]);
    fixture.write_sessions(3, vec![SessionWrite::Put(session(1, 3))]);
    fixture.faults.fail_next(0);
    assert_eq!([fixture.saved(), fixture.saved(), fixture.saved()], [(1, Ok(())), (2, Ok(())), (3, Ok(()))]);
    let mut store = fixture.open_shared();
    let levels: Vec<_> = store.sessions().unwrap().iter().map(|stored| stored.session.level).collect();
    assert_eq!(levels, [3]);
    fixture.worker.shutdown(PATIENCE).unwrap();
}

#[test]
fn a_change_of_sessions_that_is_refused_is_answered() {
    let fixture = Fixture::new();
    fixture.write_sessions(1, Vec::new());
    assert_eq!(fixture.saved(), (1, Err(StoreError::NotRegistered)));
    assert!(!fixture.worker.is_away());
}

#[test]
fn heartbeats_and_settings_are_answered() {
    let fixture = Fixture::with(register);
    let status = Box::new(ServerStatus { connections: 3, ..ServerStatus::default() });
    fixture.worker.send(Request::Heartbeat { ticket: Ticket(1), status });
    let server = ServerId::new("norte").unwrap();
    fixture.worker.send(Request::ReadSettings { ticket: Ticket(2), server });
    let heartbeat = fixture.reply();
    let Reply::Heartbeat { ticket: Ticket(1), result: Ok(heartbeat) } = heartbeat else {
        panic!("{heartbeat:?}")
    };
    assert_eq!(heartbeat.connections, 3);
    assert!(matches!(fixture.reply(), Reply::Settings { ticket: Ticket(2), result: Ok(_) }));
    // The thread leaves its store before the folder goes.
    fixture.worker.shutdown(PATIENCE).unwrap();
}

#[test]
fn a_shutdown_takes_the_server_out_at_once() {
    let fixture = Fixture::with(register);
    let mut store = fixture.open_shared();
    assert_eq!(store.servers().unwrap().len(), 1);
    fixture.worker.shutdown(PATIENCE).unwrap();
    assert!(store.servers().unwrap().is_empty());
}

#[test]
fn a_refused_group_fails_whole_and_alone() {
    let fixture = Fixture::new();
    fixture.faults.hold();
    fixture.load(0, "uno");
    fixture.save(1, vec![step(1, 10)]);
    fixture.save(2, vec![step(2, 10), step(99, 10)]);
    fixture.save(3, vec![step(3, 10)]);
    fixture.faults.release();
    fixture.reply();
    let unknown = Err(StoreError::UnknownUser(UserId(99)));
    assert_eq!([fixture.saved(), fixture.saved(), fixture.saved()], [(1, Ok(())), (2, unknown), (3, Ok(()))]);
    for (name, x) in [("uno", 10), ("dos", sample_character().position.x), ("tres", 10)] {
        fixture.load(4, name);
        assert_eq!(fixture.loaded_x(), x, "{name}");
    }
}

#[test]
fn a_shutdown_writes_what_waits_and_frees_the_file() {
    let fixture = Fixture::new();
    fixture.faults.hold();
    for x in 1..=50 {
        fixture.save(u64::from(x), vec![step(1, x)]);
        fixture.load(0, "uno");
    }
    fixture.faults.release();
    fixture.worker.shutdown(PATIENCE).unwrap();
    let mut store = SqliteStore::open(&fixture.folder.path().join("pyao.db")).unwrap();
    assert_eq!(store.load_account("uno").unwrap().unwrap().character.position.x, 50);
}

#[test]
fn a_shutdown_outlasts_a_short_failure() {
    let fixture = Fixture::new();
    fixture.faults.fail_next(5);
    fixture.save(1, vec![step(1, 42)]);
    fixture.worker.shutdown(PATIENCE).unwrap();
    assert_eq!(fixture.faults.saved(), [vec![step(1, 42)]]);
}

fn unsaved(shutdown: Result<(), ShutdownError>) -> Unsaved {
    match shutdown {
        Err(ShutdownError::Unsaved(unsaved)) => unsaved,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_shutdown_tells_what_it_could_not_save() {
    let fixture = Fixture::new();
    fixture.faults.fail_next(u32::MAX);
    fixture.save(1, vec![step(1, 42), step(2, 42)]);
    fixture.save(2, vec![step(1, 43)]);
    // A quarter of it is left for the thread to say so.
    let unsaved = unsaved(fixture.worker.shutdown(Duration::from_secs(8)));
    assert_eq!((unsaved.requests, unsaved.characters), (2, 2), "{unsaved}");
    assert_eq!(unsaved.reason, "store unavailable: injected failure");
}

#[test]
fn a_shutdown_does_not_wait_for_a_store_that_hangs() {
    let fixture = Fixture::new();
    fixture.faults.hold();
    fixture.save(1, vec![step(1, 42)]);
    let unsaved = unsaved(fixture.worker.shutdown(Duration::from_millis(50)));
    assert_eq!(unsaved.requests, 1);
    assert!(fixture.faults.saved().is_empty(), "the store hangs still");
    fixture.faults.release();
}
