//! The embedded store: one SQLite file.
//!
//! This is where characters live when no Redis is given. The file needs no set-up, and an operator reads and repairs it
//! with the `sqlite3` shell, also beside the running server.
//!
//! **Durability.** The file is in WAL mode with `synchronous = FULL`: every commit is flushed to the disk before it
//! returns. So what was told after its commit survives a killed server and a power cut alike (as far as the disk itself
//! keeps its word). A flush costs milliseconds; the worker thread pays it, once for everything that waits.

mod accounts;
mod characters;
mod copy;
mod error;
mod open;
mod paths;
mod restore;
mod runs;
mod schema;
mod servers;
mod sessions;
mod settings;
mod watch;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior};

use super::lock::StoreLock;
use super::records::MapsRecord;
use super::schema::current;
use super::server::ServerRun;
use super::{Store, StoreDescription, StoreError};
pub use copy::{Copied, CopyError};
use error::{ReadError, unavailable, unreadable};
pub use open::OpenError;
use open::{connect, create_private, database_error, inspect};
pub use restore::{RestoreError, Restored, restore};
use schema::Found;
use watch::{Rescue, Watch};

/// Time that the end of a server waits for tools that read the store.
const READERS_TIMEOUT: Duration = Duration::from_secs(1);

/// A store in one SQLite file. See the module.
#[derive(Debug)]
pub struct SqliteStore {
    connection: Connection,
    /// The run that this connection writes for, and its lease.
    registered: Option<(ServerRun, Duration)>,
    /// Watches the files from the registration on: they must stay the same files.
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

    fn store_id(&mut self) -> Result<Option<String>, StoreError> {
        self.connection
            .query_row("SELECT value FROM store_facts WHERE name = 'store_id'", [], |row| row.get(0))
            .optional()
            .map_err(unavailable)
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

#[cfg(test)]
mod tests;
