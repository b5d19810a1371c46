//! The embedded store: one SQLite file.
//!
//! This is where characters live when no Redis is given. The file needs no set-up, and an operator reads and repairs it
//! with the `sqlite3` shell, also beside the running server.
//!
//! **Durability.** The file is in WAL mode with `synchronous = FULL`: every commit is flushed to the disk before it
//! returns. So what was told after its commit survives a killed server and a power cut alike (as far as the disk itself
//! keeps its word). A flush costs milliseconds; the worker thread pays it, once for everything that waits.

mod rows;
mod schema;

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior, ffi, params};

use super::lock::{LockError, StoreLock, lock_path};
use super::records::{CharacterRecord, CharacterSave, NewAccount, UserId};
use super::{CreateError, Store, StoreError, StoredAccount};
use rows::ReadError;
use schema::Found;

/// How long a transaction waits for another process to end its own.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Statements kept prepared; more than there are.
const STATEMENT_CACHE: usize = 32;
/// What each connection is told: flush at every commit, keep references whole, and let the write-ahead log shrink back
/// to 16 MiB after a burst.
const SETTINGS: &str = "
    PRAGMA synchronous = FULL;
    PRAGMA foreign_keys = ON;
    PRAGMA journal_size_limit = 16777216;
";

/// Why a SQLite file could not be opened as a store.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A server uses it.
    #[error(
        "{} is in use by another server, which holds {}: stop that server or choose another [store] path",
        path.display(),
        lock_path(path).display()
    )]
    Locked {
        /// The database.
        path: PathBuf,
    },
    /// The file system said no.
    #[error("cannot open {}: {source}", path.display())]
    File {
        /// The database, or its lock file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// SQLite said no.
    #[error("cannot use {} as a store: {source}", path.display())]
    Database {
        /// The database.
        path: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
    /// Something else's database, or none yet where one was expected.
    #[error("{} is not a PyAO store: choose another [store] path", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The tables are not those of this version.
    #[error("{} has tables of version {found}, this program knows {known}: use programs of one version", path.display())]
    Version {
        /// The database.
        path: PathBuf,
        /// Version in the file.
        found: u32,
        /// Version of this program.
        known: u32,
    },
    /// The file system cannot share memory between processes, as some network file systems.
    #[error("{} does not support write-ahead logging: put the store on a local disk", path.display())]
    NoWriteAheadLog {
        /// The database.
        path: PathBuf,
    },
}

/// A store in one SQLite file. See the module.
#[derive(Debug)]
pub struct SqliteStore {
    connection: Connection,
    /// Dropped after the connection; `None` when another process may be the server.
    _lock: Option<StoreLock>,
}

impl SqliteStore {
    /// Opens `path` as the one server that uses it, creating the file (readable by its owner only) and its tables, or
    /// bringing older tables up to date.
    ///
    /// # Errors
    /// See [`OpenError`]; each says in one line what to do.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        create_private(path).map_err(|source| OpenError::File {
            path: path.to_owned(),
            source,
        })?;
        // Two names of one file must lead to one lock.
        let path = &path.canonicalize().map_err(|source| OpenError::File {
            path: path.to_owned(),
            source,
        })?;
        let lock = StoreLock::take(path).map_err(|error| match error {
            LockError::Held => OpenError::Locked { path: path.clone() },
            LockError::File(source) => OpenError::File {
                path: lock_path(path),
                source,
            },
        })?;
        let mut connection = connect(path)?;
        let found = match inspect(path, &connection)? {
            Found::Empty => 0,
            Found::Version(version) if version <= schema::VERSION => version,
            other => return Err(mismatch(path, &other)),
        };
        let mode: String = connection
            .query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))
            .map_err(|source| database_error(path, source))?;
        if mode != "wal" {
            return Err(OpenError::NoWriteAheadLog { path: path.clone() });
        }
        schema::migrate(&mut connection, found).map_err(|source| database_error(path, source))?;
        Ok(Self {
            connection,
            _lock: Some(lock),
        })
    }

    /// Opens an existing store beside the server that runs on it, as tools do.
    ///
    /// # Errors
    /// See [`OpenError`]. Neither creates nor updates anything: tables of another version are an error.
    pub fn open_shared(path: &Path) -> Result<Self, OpenError> {
        let connection = connect(path)?;
        match inspect(path, &connection)? {
            Found::Version(schema::VERSION) => Ok(Self {
                connection,
                _lock: None,
            }),
            other => Err(mismatch(path, &other)),
        }
    }
}

/// Makes the file if it is not there. It holds password hashes, so only its owner may read it; SQLite gives the files
/// beside it the same rights.
fn create_private(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    match options.create_new(true).write(true).mode(0o600).open(path) {
        Ok(_) => sync_folder(path),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

/// Makes the entry of a new file in its folder survive a power cut; SQLite does so for its own files only.
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

fn connect(path: &Path) -> Result<Connection, OpenError> {
    let open = || {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.execute_batch(SETTINGS)?;
        connection.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
        Ok(connection)
    };
    open().map_err(|source| database_error(path, source))
}

fn inspect(path: &Path, connection: &Connection) -> Result<Found, OpenError> {
    schema::inspect(connection).map_err(|source| database_error(path, source))
}

fn database_error(path: &Path, source: rusqlite::Error) -> OpenError {
    let path = path.to_owned();
    match source.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => OpenError::Foreign { path },
        _ => OpenError::Database { path, source },
    }
}

fn mismatch(path: &Path, found: &Found) -> OpenError {
    let path = path.to_owned();
    match *found {
        Found::Version(found) => OpenError::Version {
            path,
            found,
            known: schema::VERSION,
        },
        Found::Empty | Found::Foreign => OpenError::Foreign { path },
    }
}

impl Store for SqliteStore {
    fn load_account(&mut self, name: &str) -> Result<Option<StoredAccount>, StoreError> {
        let read = |connection: &mut Connection| {
            // One transaction, so that all tables are of one moment.
            let transaction = connection.transaction()?;
            rows::read_stored_account(&transaction, name)
        };
        read(&mut self.connection).map_err(|error| match error {
            ReadError::Database(error) => unavailable(error),
            ReadError::Damaged(reason) => StoreError::Damaged {
                key: name.to_owned(),
                reason,
            },
        })
    }

    fn create_account(
        &mut self,
        account: &NewAccount,
        character: &CharacterRecord,
    ) -> Result<UserId, CreateError> {
        let damaged = |reason: &str| StoreError::Damaged {
            key: account.username.clone(),
            reason: reason.into(),
        };
        let created_at =
            i64::try_from(account.created_at).map_err(|_| damaged("created_at is too far in the future"))?;
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(unavailable)?;
        let inserted = rows::insert_account(&transaction, account, created_at).map_err(|error| {
            if is_violation(&error, ffi::SQLITE_CONSTRAINT_UNIQUE) {
                CreateError::NameTaken
            } else {
                unavailable(error).into()
            }
        })?;
        let user_id = UserId(u32::try_from(inserted).map_err(|_| damaged("user ids are used up"))?);
        rows::write_character(&transaction, user_id, character).map_err(unavailable)?;
        transaction.commit().map_err(unavailable)?;
        Ok(user_id)
    }

    fn save_characters(&mut self, saves: &[CharacterSave]) -> Result<(), StoreError> {
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(unavailable)?;
        for save in saves {
            rows::write_save(&transaction, save).map_err(|error| {
                if is_violation(&error, ffi::SQLITE_CONSTRAINT_FOREIGNKEY) {
                    StoreError::UnknownUser(save.user_id)
                } else {
                    unavailable(error)
                }
            })?;
        }
        transaction.commit().map_err(unavailable)
    }

    fn set_password_hash(&mut self, user_id: UserId, password_hash: &str) -> Result<(), StoreError> {
        let changed = self
            .connection
            .prepare_cached("UPDATE accounts SET password_hash = ? WHERE user_id = ?")
            .and_then(|mut statement| statement.execute(params![password_hash, user_id.0]))
            .map_err(unavailable)?;
        if changed == 0 {
            Err(StoreError::UnknownUser(user_id))
        } else {
            Ok(())
        }
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
