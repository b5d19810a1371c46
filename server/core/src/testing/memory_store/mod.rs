//! A store in memory with the rules of a real one: the store's contract suite runs on it.
//!
//! A [`MemoryStore`] is one connection to it, with the server that registered there; [`MemoryStore::connect`] opens
//! another. Its time stands still unless it was given a clock.

mod accounts;
mod servers;
mod sessions;
mod settings;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::records::server::{Registration, ServerId, ServerRun, ServerStart, ServerStatus};
use crate::records::session::StoredSession;
use crate::records::{MapsRecord, Reply, Request, Settings, StoreError, StoredAccount, UserId};

/// Time of a store without a clock, in milliseconds since 1970.
const STANDING_MS: u64 = 1_700_000_000_000;
/// A lease that no run outlives.
const LEASE: Duration = Duration::from_secs(1 << 32);

/// One connection to a store in memory. See the module.
#[derive(Debug)]
pub struct MemoryStore {
    contents: Arc<Mutex<Contents>>,
    registered: Option<Registered>,
}

/// The contents of a store, which its connections share.
#[derive(Debug, Default)]
struct Contents {
    /// Milliseconds since 1970; `None` = time stands still.
    clock: Option<fn() -> u64>,
    accounts: BTreeMap<UserId, StoredAccount>,
    names: BTreeMap<String, UserId>,
    last_number: u32,
    servers: BTreeMap<ServerId, LiveRun>,
    /// Number of the last run.
    epoch: u64,
    sessions: BTreeMap<UserId, StoredSession>,
    /// The run that claimed each character last.
    owners: BTreeMap<UserId, ServerRun>,
    /// Characters that were claimed from each run since it had them.
    taken: BTreeMap<(ServerId, u64), BTreeSet<UserId>>,
    settings: Settings,
    own_settings: BTreeMap<ServerId, Settings>,
    maps: Option<MapsRecord>,
    /// Number of the store, which is another one each time it was emptied.
    number: u32,
    /// True once a server has given it a name.
    is_named: bool,
    /// Accounts whose records were written since the last look.
    written: Vec<UserId>,
}

/// A server with a lease.
#[derive(Debug)]
struct LiveRun {
    epoch: u64,
    lease_ends_ms: u64,
    status: ServerStatus,
}

/// The server that uses a connection.
#[derive(Debug, Clone)]
struct Registered {
    run: ServerRun,
    lease: Duration,
    /// The store that it saves to.
    saves_to: String,
    /// The name that its last heartbeat told.
    heard: String,
}

impl Contents {
    fn now_ms(&self) -> u64 {
        self.clock.map_or(STANDING_MS, |clock| clock())
    }

    fn store_id(&self) -> Option<String> {
        self.is_named.then(|| format!("store {}", self.number))
    }

    /// Returns the name of the store, which has one from now on.
    fn named(&mut self) -> String {
        self.is_named = true;
        format!("store {}", self.number)
    }
}

impl Default for MemoryStore {
    /// Returns an empty store at which a server has registered.
    fn default() -> Self {
        let mut store = Self { contents: Arc::default(), registered: None };
        store.start_run();
        store
    }
}

impl MemoryStore {
    /// Returns an empty store that nobody has used, with a clock that tells the milliseconds since 1970.
    #[must_use]
    pub fn with_clock(clock: fn() -> u64) -> Self {
        let contents = Contents { clock: Some(clock), ..Contents::default() };
        Self { contents: Arc::new(Mutex::new(contents)), registered: None }
    }

    /// Opens another connection to the same store, at which no server is registered.
    #[must_use]
    pub fn connect(&self) -> Self {
        Self { contents: Arc::clone(&self.contents), registered: None }
    }

    fn contents(&self) -> MutexGuard<'_, Contents> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn registered(&self) -> Result<&Registered, StoreError> {
        self.registered.as_ref().ok_or(StoreError::NotRegistered)
    }

    /// Does what is asked.
    pub fn carry_out(&mut self, request: Request) -> Reply {
        match request {
            Request::LoadAccount { ticket, name } => {
                Reply::Account { ticket, result: Ok(self.by_name(&name).map(Box::new)) }
            }
            Request::CreateAccount { ticket, account, character } => {
                Reply::Created { ticket, result: self.create_account(&account, &character) }
            }
            Request::SaveCharacters { ticket, saves } => {
                Reply::Saved { ticket, result: self.save_characters(&saves) }
            }
            Request::SetPasswordHash { ticket, user_id, password_hash } => {
                Reply::Saved { ticket, result: self.set_password_hash(user_id, &password_hash) }
            }
            Request::OpenSession { ticket, session } => {
                Reply::SessionOpened { ticket, result: self.open_session(&session) }
            }
            Request::WriteSessions { ticket, writes } => {
                Reply::Saved { ticket, result: self.write_sessions(&writes) }
            }
            Request::RestoreAccounts { ticket, accounts } => {
                self.restore_accounts(&accounts);
                Reply::Saved { ticket, result: Ok(()) }
            }
            Request::Heartbeat { ticket, status } => {
                Reply::Heartbeat { ticket, result: self.heartbeat(&status) }
            }
            Request::ReadSettings { ticket, server } => {
                Reply::Settings { ticket, result: Ok(self.settings_of(&server)) }
            }
            Request::SeedSettings { ticket, server, settings } => {
                let own = settings.own.into_iter().map(|(name, value)| (name, Some(value))).collect();
                let seeded = self.seed_settings(&settings.shared);
                Reply::Saved { ticket, result: seeded.and_then(|()| self.change_own_settings(&server, &own)) }
            }
        }
    }

    /// Returns the name of this store; `None` before a server has registered.
    #[must_use]
    pub fn store_id(&self) -> Option<String> {
        self.contents().store_id()
    }

    /// Returns the maps that were set last.
    #[must_use]
    pub fn maps(&self) -> Option<MapsRecord> {
        self.contents().maps
    }

    /// Replaces the record that [`Self::maps`] returns.
    pub fn set_maps(&mut self, maps: MapsRecord) {
        self.contents().maps = Some(maps);
    }

    /// Empties the store, by hand. Numbers of accounts and runs go on from where they were.
    pub fn empty(&mut self) {
        let mut contents = self.contents();
        let Contents { clock, last_number, epoch, number, .. } = *contents;
        *contents = Contents { clock, last_number, epoch, number: number + 1, ..Contents::default() };
    }

    /// Starts a new run of the server that uses this connection.
    pub fn start_run(&mut self) -> Registration {
        let server = match &self.registered {
            Some(registered) => registered.run.server.clone(),
            None => ServerId::from_host("here", 0),
        };
        self.register_server(&ServerStart { server, started_at: STANDING_MS / 1_000, lease: LEASE })
    }

    /// Returns the accounts whose records were written since the last look.
    pub fn take_written(&mut self) -> Vec<UserId> {
        std::mem::take(&mut self.contents().written)
    }
}
