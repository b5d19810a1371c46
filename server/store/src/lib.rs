//! Durable state: accounts and characters, behind [`Store`].
//!
//! The game speaks to a store only through plain values: it emits a [`Request`], the worker thread batches what is
//! waiting, carries it out on whichever [`Store`] the operator chose, and a [`Reply`] comes back. The store knows no
//! rules: a record is what was saved.
//!
//! Tools call a store directly. What works on one works on the other; for Redis, open a
//! [`RedisStore`](self::redis::RedisStore) at a [`RedisAddress`](self::redis::RedisAddress) instead:
//!
//! ```
//! use pyao_store::records::UserId;
//! use pyao_store::server::{DEFAULT_LEASE, ServerId, ServerStart};
//! use pyao_store::session::Session;
//! use pyao_store::{Store, sqlite::SqliteStore};
//!
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("pyao.db");
//! let mut store = SqliteStore::open(&path)?;
//! store.set_setting("server.port", "8080")?;
//! assert_eq!(store.settings()?["server.port"], "8080");
//!
//! let server = ServerId::new("norte")?;
//! store.register_server(&ServerStart { server, started_at: 1_700_000_000, lease: DEFAULT_LEASE })?;
//! assert_eq!(store.connections_count()?, 0);
//!
//! store.open_session(&Session {
//!     user_id: UserId(123),
//!     username: "Juan".into(),
//!     level: 12,
//!     class: "mage".into(),
//!     location_id: 34,
//!     hp: 77,
//!     last_seen: 1_700_000_100,
//!     disconnected_at: None,
//! })?;
//! assert_eq!(store.session(UserId(123))?.unwrap().session.level, 12);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod clock;
#[cfg(test)]
mod contract;
mod fields;
pub mod hashing;
pub mod keyspace;
mod lock;
mod parts;
mod pending;
pub mod redis;
mod schema;
pub mod sqlite;
pub mod testing;
pub mod worker;

use std::collections::BTreeMap;

use serde::Serialize;

pub use pyao_core::records::{
    self, CreateError, OwnChanges, Reply, Request, ServerSettings, Settings, StoreError, StoredAccount,
    Ticket, server, session,
};

use records::{
    AccountRecord, CharacterRecord, CharacterSave, MapsRecord, NewAccount, PositionRecord, UserId,
};
use server::{Heartbeat, LiveServer, Registration, ServerId, ServerStart, ServerStatus};
use session::{Claim, Session, SessionWrite, StoredSession};

/// What a store is and how safe it keeps things, for the log and for tools.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StoreDescription {
    /// Kind, version and place in one line, without secrets.
    pub summary: String,
    /// What is lost at worst when the machine stops at once, in one line.
    pub loss_window: String,
    /// What the operator should change, each in one line.
    pub warnings: Vec<String>,
}

/// What every store can do. Methods may block: they are called on the worker thread, before the loop starts, or by
/// tools. All fail with [`StoreError::Unavailable`] when the store is away; further errors are named where they occur.
pub trait Store: Send {
    // Accounts and characters.

    /// Account and character of `name` (any case), or `None`.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when the record cannot be read.
    fn load_account(&mut self, name: &str) -> Result<Option<StoredAccount>, StoreError>;

    /// Creates account and character together; committed when this returns.
    ///
    /// # Errors
    /// [`CreateError::NameTaken`], or the store's own failure.
    fn create_account(
        &mut self,
        account: &NewAccount,
        character: &CharacterRecord,
    ) -> Result<UserId, CreateError>;

    /// Writes all saves in one transaction; committed when this returns. When a server is registered, it writes only
    /// characters that no other server has claimed since this run did.
    ///
    /// # Errors
    /// [`StoreError::UnknownUser`], [`StoreError::CharacterTaken`] or [`StoreError::OtherStore`]; then nothing was
    /// written.
    fn save_characters(&mut self, saves: &[CharacterSave]) -> Result<(), StoreError>;

    /// Writes accounts with their characters under the numbers they had, as after the store was emptied. Whoever is
    /// there already, by number or by name, is left as he is. New accounts get larger numbers than all restored ones.
    /// From then on the registered server saves to this store, by the name that its last heartbeat told.
    ///
    /// # Errors
    /// When nothing was written.
    fn restore_accounts(&mut self, accounts: &[StoredAccount]) -> Result<(), StoreError>;

    /// The account of `name` (any case), without its character.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when the record cannot be read.
    fn find_account(&mut self, name: &str) -> Result<Option<AccountRecord>, StoreError>;

    /// Up to `limit` accounts by number, those after `after` (`None`: from the first). Damaged ones are left out and
    /// logged.
    ///
    /// # Errors
    /// When the store is away.
    fn list_accounts(
        &mut self,
        after: Option<UserId>,
        limit: usize,
    ) -> Result<Vec<AccountRecord>, StoreError>;

    /// Replaces a password hash.
    ///
    /// # Errors
    /// [`StoreError::UnknownUser`].
    fn set_password_hash(&mut self, user_id: UserId, password_hash: &str) -> Result<(), StoreError>;

    /// Makes a game master, or no longer. Takes effect at the next login.
    ///
    /// # Errors
    /// [`StoreError::UnknownUser`].
    fn set_gm(&mut self, user_id: UserId, is_gm: bool) -> Result<(), StoreError>;

    // Servers.

    /// Registers the server that uses this store from now on, with no connections yet. Marks the sessions of servers
    /// that are gone as disconnected.
    ///
    /// # Errors
    /// When it is not registered.
    fn register_server(&mut self, start: &ServerStart) -> Result<Registration, StoreError>;

    /// Renews the lease of the registered server and replaces what it last told of itself.
    ///
    /// # Errors
    /// [`StoreError::NotRegistered`], or [`StoreError::ServerReplaced`]: then this server must end.
    fn heartbeat(&mut self, status: &ServerStatus) -> Result<Heartbeat, StoreError>;

    /// Takes the registered server and its connections out at once; does nothing when none is registered.
    ///
    /// # Errors
    /// When the store is away; the lease then runs out by itself.
    fn deregister_server(&mut self) -> Result<(), StoreError>;

    /// Leaves the store as its last server should: nothing is asked of it afterwards.
    ///
    /// # Errors
    /// [`StoreError::FileReplaced`]: what was saved is where the error says.
    fn close(&mut self) -> Result<(), StoreError> {
        Ok(())
    }

    /// The servers whose lease holds, by id.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when a status cannot be read.
    fn servers(&mut self) -> Result<Vec<LiveServer>, StoreError>;

    /// Open connections of all live servers, as of their last heartbeats.
    ///
    /// # Errors
    /// When the store is away.
    fn connections_count(&mut self) -> Result<u64, StoreError>;

    // Sessions.

    /// Claims a character for the registered server and opens its session, replacing an older one whole. See the
    /// module [`session`].
    ///
    /// # Errors
    /// [`StoreError::NotRegistered`].
    fn open_session(&mut self, session: &Session) -> Result<Claim, StoreError>;

    /// Changes sessions of the registered server. A change to a character that another server has claimed since is
    /// left out: that session is not ours any more. So is the end of a session that another run opened.
    ///
    /// # Errors
    /// [`StoreError::NotRegistered`] or [`StoreError::OtherStore`].
    fn write_sessions(&mut self, writes: &[SessionWrite]) -> Result<(), StoreError>;

    /// The session of that user, if there is one.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when it cannot be read.
    fn session(&mut self, user_id: UserId) -> Result<Option<StoredSession>, StoreError>;

    /// All sessions by user. Damaged ones are left out and logged.
    ///
    /// # Errors
    /// When the store is away.
    fn sessions(&mut self) -> Result<Vec<StoredSession>, StoreError>;

    // Live settings.

    /// The live settings that are set, as raw text. Cheap enough for once a second.
    ///
    /// # Errors
    /// When the store is away.
    fn settings(&mut self) -> Result<Settings, StoreError>;

    /// Looks whether every live setting that is there is text. [`Self::settings`] takes one that is none for unset, so
    /// that a running server goes on following the others.
    ///
    /// # Errors
    /// Names the key that holds something else.
    fn check_settings(&mut self) -> Result<(), StoreError> {
        Ok(())
    }

    /// Sets a live setting to `value`, whatever it means.
    ///
    /// # Errors
    /// [`StoreError::UnknownSetting`].
    fn set_setting(&mut self, name: &str, value: &str) -> Result<(), StoreError>;

    /// Removes a live setting; whether it was set.
    ///
    /// # Errors
    /// [`StoreError::UnknownSetting`].
    fn unset_setting(&mut self, name: &str) -> Result<bool, StoreError>;

    /// Changes a live setting from `old` to `new`, `None` being unset, in one step; `false`, and nothing is written, when
    /// it is something else meanwhile.
    ///
    /// # Errors
    /// [`StoreError::UnknownSetting`].
    fn replace_setting(
        &mut self,
        name: &str,
        old: Option<&str>,
        new: Option<&str>,
    ) -> Result<bool, StoreError>;

    /// Sets those of `defaults` that are not set.
    ///
    /// # Errors
    /// [`StoreError::UnknownSetting`]; then nothing was written.
    fn seed_settings(&mut self, defaults: &Settings) -> Result<(), StoreError>;

    /// The live settings as `server` finds them, as raw text. Cheap enough for once a second.
    ///
    /// # Errors
    /// When the store is away.
    fn settings_of(&mut self, server: &ServerId) -> Result<ServerSettings, StoreError>;

    /// Sets and removes live settings that `server` has of its own, whatever they mean.
    ///
    /// # Errors
    /// [`StoreError::UnknownSetting`] for a setting that no server has of its own; then nothing was written.
    fn change_own_settings(&mut self, server: &ServerId, changes: &OwnChanges) -> Result<(), StoreError>;

    /// As [`Store::replace_setting`], for a setting that `server` has of its own.
    ///
    /// # Errors
    /// [`StoreError::UnknownSetting`] for a setting that no server has of its own.
    fn replace_own_setting(
        &mut self,
        server: &ServerId,
        name: &str,
        old: Option<&str>,
        new: Option<&str>,
    ) -> Result<bool, StoreError>;

    // The store itself.

    /// Name of this store, drawn when a server first registered; `None` before. See [`Registration::store_id`].
    ///
    /// # Errors
    /// When the store is away.
    fn store_id(&mut self) -> Result<Option<String>, StoreError>;

    /// The maps that a server last accepted for the positions in this store; `None` before one did, or when somebody has
    /// written something else there.
    ///
    /// # Errors
    /// When the store is away.
    fn maps(&mut self) -> Result<Option<MapsRecord>, StoreError>;

    /// Replaces what [`Self::maps`] tells.
    ///
    /// # Errors
    /// When the store is away.
    fn set_maps(&mut self, maps: &MapsRecord) -> Result<(), StoreError>;

    /// Shows `visit` the stored position of every character, in any order. Damaged ones are left out.
    ///
    /// # Errors
    /// When the store is away.
    fn visit_positions(&mut self, visit: &mut dyn FnMut(PositionRecord)) -> Result<(), StoreError>;

    /// What this store is.
    ///
    /// # Errors
    /// When the store is away.
    fn describe(&mut self) -> Result<StoreDescription, StoreError>;

    /// Numbers about the store itself by name: `accounts`, `sessions` and what the kind of store adds.
    ///
    /// # Errors
    /// When the store is away.
    fn statistics(&mut self) -> Result<BTreeMap<String, u64>, StoreError>;

    // Requests.

    /// Carries requests out in order and answers each. A store across a network does so in few round trips.
    fn carry_out(&mut self, requests: &[Request]) -> Vec<Reply> {
        requests.iter().map(|request| carry_out_one(self, request)).collect()
    }
}

/// A random name for a store that has none.
fn fresh_store_id() -> Result<String, StoreError> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes)
        .map_err(|error| StoreError::Unavailable(format!("no random numbers: {error}")))?;
    Ok(format!("{:016x}", u64::from_be_bytes(bytes)))
}

/// Sets the shared settings that are not set, and those that `server` has of its own.
fn seed_settings<S: Store + ?Sized>(
    store: &mut S,
    server: &ServerId,
    settings: &ServerSettings,
) -> Result<(), StoreError> {
    store.seed_settings(&settings.shared)?;
    let own = settings.own.iter().map(|(name, value)| (name.clone(), Some(value.clone())));
    store.change_own_settings(server, &own.collect())
}

fn carry_out_one<S: Store + ?Sized>(store: &mut S, request: &Request) -> Reply {
    match *request {
        Request::LoadAccount { ticket, ref name } => {
            Reply::Account { ticket, result: store.load_account(name).map(|found| found.map(Box::new)) }
        }
        Request::CreateAccount { ticket, ref account, ref character } => {
            Reply::Created { ticket, result: store.create_account(account, character) }
        }
        Request::SaveCharacters { ticket, ref saves } => {
            Reply::Saved { ticket, result: store.save_characters(saves) }
        }
        Request::SetPasswordHash { ticket, user_id, ref password_hash } => {
            Reply::Saved { ticket, result: store.set_password_hash(user_id, password_hash) }
        }
        Request::OpenSession { ticket, ref session } => {
            Reply::SessionOpened { ticket, result: store.open_session(session) }
        }
        Request::WriteSessions { ticket, ref writes } => {
            Reply::Saved { ticket, result: store.write_sessions(writes) }
        }
        Request::Heartbeat { ticket, ref status } => {
            Reply::Heartbeat { ticket, result: store.heartbeat(status) }
        }
        Request::SeedSettings { ticket, ref server, ref settings } => {
            Reply::Saved { ticket, result: seed_settings(store, server, settings) }
        }
        Request::ReadSettings { ticket, ref server } => {
            Reply::Settings { ticket, result: store.settings_of(server) }
        }
        Request::RestoreAccounts { ticket, ref accounts } => {
            Reply::Saved { ticket, result: store.restore_accounts(accounts) }
        }
    }
}
