//! From a path to a connection to our own kind of file, or the reason why not.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::paths::{sync_folder, with_suffix};
use super::schema::{self, Found};
use crate::lock::{LockError, StoreLock};
use crate::records::NewerStore;

/// Time that a transaction waits for another process to end its own.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Statements kept prepared; more than there are.
const STATEMENT_CACHE: usize = 64;
/// Settings of each connection: flush at every commit, keep references whole, and let the write-ahead log shrink back
/// to 16 MiB after a burst.
const SETTINGS: &str = "
    PRAGMA synchronous = FULL;
    PRAGMA foreign_keys = ON;
    PRAGMA journal_size_limit = 16777216;
";

/// Reason that a SQLite file was not opened as a store.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A server uses it.
    #[error(
        "{} is in use by another server, which has locked {}: stop that server or choose another [store] path",
        path.display(),
        held.display()
    )]
    Locked {
        /// The database.
        path: PathBuf,
        /// The file that is locked.
        held: PathBuf,
    },
    /// The file system said no.
    #[error("cannot open {}: {source}", path.display())]
    File {
        /// The database, or its lock file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// SQLite said no.
    #[error("cannot use {} as a store: {source}", path.display())]
    Database {
        /// The database.
        path: PathBuf,
        /// The cause.
        source: rusqlite::Error,
    },
    /// Something else's database, or none yet where one was expected.
    #[error("{} is not a PyAO store: choose another [store] path", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// Our kind of file before its first checkpoint, without what was written since.
    #[error(
        "{} holds nothing, and there is no write-ahead log beside it: was it copied without its -wal file? Restore a \
         backup, or remove it to begin an empty world",
        path.display()
    )]
    LogMissing {
        /// The database.
        path: PathBuf,
    },
    /// A later version of the program has written to it.
    #[error(transparent)]
    Newer(#[from] NewerStore),
    /// An earlier version of the program wrote it, and no server of this version has run on it.
    #[error(
        "{} holds data of schema {found}, this program writes {known}: start the server of this version on it once",
        path.display()
    )]
    Older {
        /// The database.
        path: PathBuf,
        /// Schema of its data.
        found: u32,
        /// Schema of this program.
        known: u32,
    },
    /// The file system cannot share memory between processes, as some network file systems.
    #[error("{} does not support write-ahead logging: put the store on a local disk", path.display())]
    NoWriteAheadLog {
        /// The database.
        path: PathBuf,
    },
}

/// Makes the file if it is not there. It holds password hashes, so only its owner may read it; SQLite gives the files
/// beside it the same rights.
pub(super) fn create_private(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    match options.create_new(true).write(true).mode(0o600).open(path) {
        Ok(_) => sync_folder(path),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

/// Takes the locks of the store at `path`.
pub(super) fn lock(path: &Path) -> Result<StoreLock, OpenError> {
    StoreLock::take(path).map_err(|error| match error {
        LockError::Held(held) => OpenError::Locked { path: path.to_owned(), held },
        LockError::File(path, source) => OpenError::File { path, source },
    })
}

/// Returns true if SQLite has written to the database, and no write-ahead log is beside it.
pub(super) fn is_bare(path: &Path) -> bool {
    let is_written = path.metadata().is_ok_and(|metadata| metadata.len() > 0);
    is_written && !with_suffix(path, "-wal").exists()
}

/// A connection to a file that is there.
pub(super) fn connect(path: &Path) -> Result<Connection, OpenError> {
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

/// Looks what the file is.
pub(super) fn inspect(path: &Path, connection: &Connection) -> Result<Found, OpenError> {
    schema::inspect(connection).map_err(|source| database_error(path, source))
}

/// Turns the refusal of SQLite into an error about `path`.
pub(super) fn database_error(path: &Path, source: rusqlite::Error) -> OpenError {
    let path = path.to_owned();
    match source.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => OpenError::Foreign { path },
        _ => OpenError::Database { path, source },
    }
}
