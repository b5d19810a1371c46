//! The embedded store: one SQLite file.
//!
//! This is where characters live when no Redis is given. The file needs no set-up, and an operator reads and repairs it
//! with the `sqlite3` shell, also beside the running server.
//!
//! **Durability.** The file is in WAL mode with `synchronous = FULL`: every commit is flushed to the disk before it
//! returns. So what was told after its commit survives a killed server and a power cut alike (as far as the disk itself
//! keeps its word). A flush costs milliseconds; the worker thread pays it, once for everything that waits.

mod characters;
mod copy;
mod open;
mod own_settings;
mod restore;
mod rows;
mod schema;
mod servers;
mod watch;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, ffi, params};

use super::lock::StoreLock;
use super::records::{
    AccountRecord, CharacterRecord, CharacterSave, MapsRecord, NewAccount, PositionRecord, UserId,
};
use super::schema::current;
use super::server::{Heartbeat, LiveServer, Registration, ServerId, ServerRun, ServerStart, ServerStatus};
use super::session::{Claim, Session, SessionWrite, StoredSession};
use super::{
    CreateError, OwnChanges, ServerSettings, Settings, Store, StoreDescription, StoreError, StoredAccount,
    fresh_store_id, keyspace,
};
pub use copy::{Copied, CopyError};
pub use open::OpenError;
use open::{connect, create_private, database_error, inspect};
pub use restore::{RestoreError, Restored, restore};
use rows::ReadError;
use schema::Found;
pub(super) use schema::STEPS;
use watch::{Rescue, Watch};

/// How long the end of a server waits for tools that read the store.
const READERS_TIMEOUT: Duration = Duration::from_secs(1);

/// A store in one SQLite file. See the module.
#[derive(Debug)]
pub struct SqliteStore {
    connection: Connection,
    /// The run that this connection writes for, and its lease.
    registered: Option<(ServerRun, Duration)>,
    /// What is there once this is the server's: that the files stay what they were.
    watch: Option<Watch>,
    /// Dropped after the connection; `None` when another process may be the server.
    lock: Option<StoreLock>,
}

impl SqliteStore {
    /// Opens `path` as the one server that uses it, creating the file (readable by its owner only) and its tables, or
    /// bringing older tables up to date.
    ///
    /// # Errors
    /// See [`OpenError`]; each says in one line what to do.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        create_private(path).map_err(|source| OpenError::File { path: path.to_owned(), source })?;
        // Two names of one file must lead to one lock.
        let path =
            &path.canonicalize().map_err(|source| OpenError::File { path: path.to_owned(), source })?;
        let lock = open::lock(path)?;
        let is_bare = open::is_bare(path);
        let mut connection = connect(path)?;
        let found = match inspect(path, &connection)? {
            Found::Empty if is_bare => return Err(OpenError::LogMissing { path: path.clone() }),
            Found::Empty => 0,
            Found::Ours(noted) => {
                let version = noted.schema;
                noted.check(|| path.display().to_string())?;
                version
            }
            Found::Foreign => return Err(OpenError::Foreign { path: path.clone() }),
        };
        let mode: String = connection
            .query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))
            .map_err(|source| database_error(path, source))?;
        if mode != "wal" {
            return Err(OpenError::NoWriteAheadLog { path: path.clone() });
        }
        schema::migrate(&mut connection, found).map_err(|source| database_error(path, source))?;
        Ok(Self { connection, registered: None, watch: None, lock: Some(lock) })
    }

    /// Opens an existing store beside the server that runs on it, as tools do.
    ///
    /// # Errors
    /// See [`OpenError`]. Neither creates nor updates anything: data of another schema are an error.
    pub fn open_shared(path: &Path) -> Result<Self, OpenError> {
        let connection = connect(path)?;
        let Found::Ours(noted) = inspect(path, &connection)? else {
            return Err(OpenError::Foreign { path: path.to_owned() });
        };
        let (found, known) = (noted.schema, current());
        noted.check(|| path.display().to_string())?;
        if found < known {
            return Err(OpenError::Older { path: path.to_owned(), found, known });
        }
        Ok(Self { connection, registered: None, watch: None, lock: None })
    }
}

impl SqliteStore {
    /// Copies the whole store to the new file `target`, which only its owner may read; servers go on writing meanwhile.
    ///
    /// # Errors
    /// See [`CopyError`]; then there is no `target`.
    pub fn back_up(&self, target: &Path) -> Result<Copied, CopyError> {
        copy::copy_new(&self.connection, target)
    }

    /// Runs `work` in a transaction and commits what it did, unless it fails.
    fn write<T, E: From<StoreError>>(
        &mut self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(unavailable)?;
        let done = work(&transaction)?;
        transaction.commit().map_err(unavailable)?;
        Ok(done)
    }

    /// Runs `work` in a transaction, so that all it reads is of one moment. `key` names what it reads.
    fn read<T>(
        &mut self,
        key: &str,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, ReadError>,
    ) -> Result<T, StoreError> {
        let transaction = self.connection.transaction().map_err(unavailable)?;
        work(&transaction).map_err(|error| unreadable(key, error))
    }

    /// Watches the files from now on, when they are ours alone. A commit has made the write-ahead log.
    fn watch_files(&mut self) -> Result<(), StoreError> {
        let database = self.lock.as_ref().map(StoreLock::database).transpose();
        let database = database.map_err(|error| StoreError::Unavailable(error.to_string()))?.flatten();
        let path = self.connection.path().map(PathBuf::from);
        self.watch = path.zip(database).map(|(path, database)| Watch::new(&path, database));
        Ok(())
    }

    /// Moves everything from the write-ahead log into the database, so that the database's file alone is the store.
    fn empty_log(&self) -> rusqlite::Result<()> {
        self.connection.busy_timeout(READERS_TIMEOUT)?;
        let is_blocked: bool =
            self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
        if is_blocked {
            let path = self.connection.path().unwrap_or_default();
            log::warn!(
                "another program reads {path}: part of the store stays in {path}-wal, which belongs to it"
            );
        }
        Ok(())
    }

    fn check_files(&mut self, rescue: Rescue) -> Result<(), StoreError> {
        match &mut self.watch {
            Some(watch) => watch.check(&self.connection, rescue),
            None => Ok(()),
        }
    }

    fn registered(&self) -> Result<(ServerRun, Duration), StoreError> {
        self.registered.clone().ok_or(StoreError::NotRegistered)
    }
}

impl Store for SqliteStore {
    fn load_account(&mut self, name: &str) -> Result<Option<StoredAccount>, StoreError> {
        self.read(name, |transaction| rows::read_stored_account(transaction, name))
    }

    fn create_account(
        &mut self,
        account: &NewAccount,
        character: &CharacterRecord,
    ) -> Result<UserId, CreateError> {
        let created_at = created_at(account)?;
        self.check_files(Rescue::FromTimeToTime)?;
        self.write(|transaction| {
            let inserted = rows::insert_account(transaction, account, created_at).map_err(|error| {
                if is_violation(&error, ffi::SQLITE_CONSTRAINT_UNIQUE) {
                    CreateError::NameTaken
                } else {
                    unavailable(error).into()
                }
            })?;
            let user_id = u32::try_from(inserted).map_err(|_| damaged(account, "user ids are used up"))?;
            characters::write(transaction, UserId(user_id), character).map_err(unavailable)?;
            Ok(UserId(user_id))
        })
    }

    fn save_characters(&mut self, saves: &[CharacterSave]) -> Result<(), StoreError> {
        let registered = self.registered.clone();
        self.write(|transaction| {
            for save in saves {
                if let Some((run, _)) = &registered
                    && servers::is_taken(transaction, run, save.user_id()).map_err(unavailable)?
                {
                    return Err(StoreError::CharacterTaken(save.user_id()));
                }
                characters::write_save(transaction, save).map_err(|error| {
                    if is_violation(&error, ffi::SQLITE_CONSTRAINT_FOREIGNKEY) {
                        StoreError::UnknownUser(save.user_id())
                    } else {
                        unavailable(error)
                    }
                })?;
            }
            Ok(())
        })
    }

    fn restore_accounts(&mut self, accounts: &[StoredAccount]) -> Result<(), StoreError> {
        self.write(|transaction| {
            for stored in accounts {
                let created_at = created_at(&stored.account.account)?;
                rows::restore_account(transaction, stored, created_at).map_err(unavailable)?;
            }
            Ok(())
        })
    }

    fn find_account(&mut self, name: &str) -> Result<Option<AccountRecord>, StoreError> {
        self.read(name, |transaction| rows::find_account(transaction, name))
    }

    fn list_accounts(
        &mut self,
        after: Option<UserId>,
        limit: usize,
    ) -> Result<Vec<AccountRecord>, StoreError> {
        let after = after.map_or(0, |user_id| user_id.0);
        let accounts = self.read("accounts", |transaction| rows::list_accounts(transaction, after, limit))?;
        Ok(readable("an account", accounts))
    }

    fn set_password_hash(&mut self, user_id: UserId, password_hash: &str) -> Result<(), StoreError> {
        let sql = "UPDATE accounts SET password_hash = ? WHERE user_id = ?";
        change_account(&self.connection, sql, user_id, params![password_hash, user_id.0])
    }

    fn set_gm(&mut self, user_id: UserId, is_gm: bool) -> Result<(), StoreError> {
        let sql = "UPDATE accounts SET is_gm = ? WHERE user_id = ?";
        change_account(&self.connection, sql, user_id, params![is_gm, user_id.0])
    }

    fn register_server(&mut self, start: &ServerStart) -> Result<Registration, StoreError> {
        let fresh_id = fresh_store_id()?;
        // Who holds the lock file is the only server.
        let alone = self.lock.is_some();
        let register = |transaction: &Transaction<'_>| {
            let store_id = servers::store_id(transaction, &fresh_id)?;
            let run = ServerRun { server: start.server.clone(), epoch: servers::next_epoch(transaction)? };
            servers::insert_server(transaction, start, &run)?;
            servers::remove_dead_servers(transaction, alone.then_some(&run))?;
            let sessions_disconnected = servers::disconnect_orphans(transaction)?;
            Ok(Registration { run, store_id, sessions_disconnected })
        };
        let registration = self.write(|transaction| register(transaction).map_err(unavailable))?;
        self.registered = Some((registration.run.clone(), start.lease));
        self.watch_files()?;
        Ok(registration)
    }

    fn heartbeat(&mut self, status: &ServerStatus) -> Result<Heartbeat, StoreError> {
        let (run, lease) = self.registered()?;
        let fresh_id = fresh_store_id()?;
        let beat = |transaction: &Transaction<'_>| {
            if !servers::renew(transaction, &run, lease, status)? {
                return Ok(None);
            }
            servers::remove_dead_servers(transaction, None)?;
            Ok(Some(Heartbeat {
                connections: servers::connections(transaction)?,
                store_id: servers::store_id(transaction, &fresh_id)?,
                taken: servers::taken_from(transaction, &run)?,
            }))
        };
        let heartbeat = self
            .write(|transaction| beat(transaction).map_err(unavailable))?
            .ok_or(StoreError::ServerReplaced(run.server))?;
        self.check_files(Rescue::FromTimeToTime)?;
        Ok(heartbeat)
    }

    fn deregister_server(&mut self) -> Result<(), StoreError> {
        let Some((run, _)) = self.registered.clone() else { return Ok(()) };
        self.write(|transaction| servers::remove_server(transaction, &run).map_err(unavailable))?;
        self.registered = None;
        Ok(())
    }

    fn close(&mut self) -> Result<(), StoreError> {
        let checked = self.check_files(Rescue::Now);
        if let (Err(StoreError::FileReplaced { rescued: Ok(_), .. }), Some(watch)) = (&checked, &self.watch) {
            watch.remove_stale_log();
        }
        checked?;
        if self.lock.is_some() {
            self.empty_log().map_err(unavailable)?;
        }
        Ok(())
    }

    fn servers(&mut self) -> Result<Vec<LiveServer>, StoreError> {
        self.read("servers", servers::live_servers)
    }

    fn connections_count(&mut self) -> Result<u64, StoreError> {
        self.read("servers", |transaction| Ok(servers::connections(transaction)?))
    }

    fn open_session(&mut self, session: &Session) -> Result<Claim, StoreError> {
        let (run, _) = self.registered()?;
        self.write(|transaction| {
            servers::open_session(transaction, &run, session)
                .map_err(|error| unreadable(&session.username, error))
        })
    }

    fn write_sessions(&mut self, writes: &[SessionWrite]) -> Result<(), StoreError> {
        let (run, _) = self.registered()?;
        self.write(|transaction| {
            for write in writes {
                servers::write_session(transaction, &run, write).map_err(unavailable)?;
            }
            Ok(())
        })
    }

    fn session(&mut self, user_id: UserId) -> Result<Option<StoredSession>, StoreError> {
        self.read(&format!("session {user_id}"), |transaction| {
            servers::sessions(transaction, Some(user_id))?.pop().transpose()
        })
    }

    fn sessions(&mut self) -> Result<Vec<StoredSession>, StoreError> {
        let sessions = self.read("sessions", |transaction| servers::sessions(transaction, None))?;
        Ok(readable("a session", sessions))
    }

    fn settings(&mut self) -> Result<Settings, StoreError> {
        let select = |connection: &Connection| -> rusqlite::Result<Settings> {
            connection
                .prepare_cached("SELECT name, value FROM settings")?
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect()
        };
        select(&self.connection).map_err(unavailable)
    }

    fn set_setting(&mut self, name: &str, value: &str) -> Result<(), StoreError> {
        known_setting(name)?;
        self.connection
            .execute("REPLACE INTO settings (name, value) VALUES (?, ?)", [name, value])
            .map_err(unavailable)?;
        Ok(())
    }

    fn unset_setting(&mut self, name: &str) -> Result<bool, StoreError> {
        known_setting(name)?;
        let removed =
            self.connection.execute("DELETE FROM settings WHERE name = ?", [name]).map_err(unavailable)?;
        Ok(removed == 1)
    }

    fn replace_setting(
        &mut self,
        name: &str,
        old: Option<&str>,
        new: Option<&str>,
    ) -> Result<bool, StoreError> {
        known_setting(name)?;
        self.write(|transaction| replace_setting(transaction, name, old, new).map_err(unavailable))
    }

    fn seed_settings(&mut self, defaults: &Settings) -> Result<(), StoreError> {
        self.write(|transaction| {
            for (name, value) in defaults {
                known_setting(name)?;
                transaction
                    .execute("INSERT OR IGNORE INTO settings (name, value) VALUES (?, ?)", [name, value])
                    .map_err(unavailable)?;
            }
            Ok(())
        })
    }

    fn maps(&mut self) -> Result<Option<MapsRecord>, StoreError> {
        let stored: Option<String> = self
            .connection
            .query_row("SELECT value FROM store_facts WHERE name = 'maps'", [], |row| row.get(0))
            .optional()
            .map_err(unavailable)?;
        Ok(stored.as_deref().and_then(MapsRecord::parse))
    }

    fn set_maps(&mut self, maps: &MapsRecord) -> Result<(), StoreError> {
        let sql = "REPLACE INTO store_facts (name, value) VALUES ('maps', ?)";
        self.connection.execute(sql, [maps.to_string()]).map_err(unavailable)?;
        Ok(())
    }

    fn visit_positions(&mut self, visit: &mut dyn FnMut(PositionRecord)) -> Result<(), StoreError> {
        self.read("positions", |transaction| characters::visit_positions(transaction, visit))
    }

    fn settings_of(&mut self, server: &ServerId) -> Result<ServerSettings, StoreError> {
        let (shared, store_id) = (self.settings()?, self.store_id()?);
        let own = own_settings::read(&self.connection, server).map_err(unavailable)?;
        Ok(ServerSettings { shared, own, store_id })
    }

    fn change_own_settings(&mut self, server: &ServerId, changes: &OwnChanges) -> Result<(), StoreError> {
        changes.keys().try_for_each(|name| own_settings::check_name(name))?;
        self.write(|transaction| own_settings::change(transaction, server, changes).map_err(unavailable))
    }

    fn replace_own_setting(
        &mut self,
        server: &ServerId,
        name: &str,
        old: Option<&str>,
        new: Option<&str>,
    ) -> Result<bool, StoreError> {
        own_settings::check_name(name)?;
        self.write(|transaction| {
            own_settings::replace(transaction, server, name, old, new).map_err(unavailable)
        })
    }

    fn store_id(&mut self) -> Result<Option<String>, StoreError> {
        self.connection
            .query_row("SELECT value FROM store_facts WHERE name = 'store_id'", [], |row| row.get(0))
            .optional()
            .map_err(unavailable)
    }

    fn describe(&mut self) -> Result<StoreDescription, StoreError> {
        let path = self.connection.path().unwrap_or_default();
        Ok(StoreDescription {
            summary: format!("SQLite {} in {path}", rusqlite::version()),
            loss_window: "nothing that was committed: every commit is flushed to the disk".into(),
            warnings: Vec::new(),
        })
    }

    fn statistics(&mut self) -> Result<BTreeMap<String, u64>, StoreError> {
        let count_all = |connection: &Connection| -> rusqlite::Result<BTreeMap<String, u64>> {
            let queries = [
                ("accounts", "SELECT count(*) FROM accounts"),
                ("sessions", "SELECT count(*) FROM sessions"),
                ("sqlite.pages", "PRAGMA page_count"),
                ("sqlite.page_bytes", "PRAGMA page_size"),
            ];
            let mut statistics = BTreeMap::new();
            for (name, sql) in queries {
                let count: i64 = connection.query_row(sql, [], |row| row.get(0))?;
                statistics.insert(name.to_owned(), count.unsigned_abs());
            }
            Ok(statistics)
        };
        count_all(&self.connection).map_err(unavailable)
    }
}

/// Carries out an update of one account.
fn change_account(
    connection: &Connection,
    sql: &str,
    user_id: UserId,
    params: impl rusqlite::Params,
) -> Result<(), StoreError> {
    let changed = connection
        .prepare_cached(sql)
        .and_then(|mut statement| statement.execute(params))
        .map_err(unavailable)?;
    if changed == 0 { Err(StoreError::UnknownUser(user_id)) } else { Ok(()) }
}

fn created_at(account: &NewAccount) -> Result<i64, StoreError> {
    i64::try_from(account.created_at).map_err(|_| damaged(account, "created_at is too far in the future"))
}

fn damaged(account: &NewAccount, reason: &str) -> StoreError {
    StoreError::Damaged { key: account.username.clone(), reason: reason.into() }
}

fn unreadable(key: &str, error: ReadError) -> StoreError {
    match error {
        ReadError::Database(error) => unavailable(error),
        ReadError::Damaged(reason) => StoreError::Damaged { key: key.to_owned(), reason },
    }
}

/// Those of a list that can be read; the log tells of the others.
fn readable<T>(what: &str, list: Vec<Result<T, ReadError>>) -> Vec<T> {
    let log_damage = |error: &ReadError| log::warn!("{what} in the store cannot be read: {error:?}");
    list.into_iter().filter_map(|each| each.inspect_err(log_damage).ok()).collect()
}

/// Changes a setting from `old` to `new`; whether it was `old`.
fn replace_setting(
    connection: &Connection,
    name: &str,
    old: Option<&str>,
    new: Option<&str>,
) -> rusqlite::Result<bool> {
    let select = "SELECT value FROM settings WHERE name = ?";
    let now: Option<String> = connection.query_row(select, [name], |row| row.get(0)).optional()?;
    if now.as_deref() != old {
        return Ok(false);
    }
    match new {
        Some(value) => {
            connection.execute("REPLACE INTO settings (name, value) VALUES (?, ?)", [name, value])?
        }
        None => connection.execute("DELETE FROM settings WHERE name = ?", [name])?,
    };
    Ok(true)
}

fn known_setting(name: &str) -> Result<(), StoreError> {
    match keyspace::setting_key(name) {
        Some(_) => Ok(()),
        None => Err(StoreError::UnknownSetting(name.to_owned())),
    }
}

fn unavailable(error: rusqlite::Error) -> StoreError {
    StoreError::Unavailable(error.to_string())
}

/// Whether `error` is a violated constraint of that extended code.
fn is_violation(error: &rusqlite::Error, code: std::ffi::c_int) -> bool {
    error.sqlite_extended_error_code() == Some(code)
}

#[cfg(test)]
mod tests;
