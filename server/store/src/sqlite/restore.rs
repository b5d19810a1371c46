//! Putting a backup in the place of the store, while no server runs on it.
//!
//! The backup is copied and checked first, then the files that are there are moved aside (the write-ahead log belongs
//! to the old database: left in place it would change the new one), and only then does the copy get the store's name.
//! The backup stays as it is.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use super::copy::{self, Copied, CopyError, time_stamp};
use super::open::OpenError;
use super::paths::{sync_folder, with_suffix};
use super::schema::{self, Found};
use crate::clock;
use crate::lock::{LockError, StoreLock};

/// Endings of the names of a database's files, the database's own last: once its name is free, the others are gone.
const FILES: [&str; 3] = ["-shm", "-wal", ""];

/// A backup that was put in place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// The store.
    pub database: PathBuf,
    /// Its contents now.
    pub copied: Copied,
    /// The former store under its new name; files of its write-ahead log have this name with their endings. `None`
    /// when there was nothing.
    pub aside: Option<PathBuf>,
}

/// Reason that nothing was restored.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// A server runs on the store.
    #[error("a server runs on {}: it has locked {}", database.display(), held.display())]
    Running {
        /// The store.
        database: PathBuf,
        /// The locked file.
        held: PathBuf,
    },
    /// A server told lately that it runs on the store.
    #[error("server {server} runs on {}, or was killed: its lease ends in {seconds} s", database.display())]
    Leased {
        /// The store.
        database: PathBuf,
        /// The server.
        server: String,
        /// Seconds until it counts as gone.
        seconds: u64,
    },
    /// The backup is not a whole store that this version can use.
    #[error("{} is no backup of a store: {reason}", path.display())]
    NoBackup {
        /// The backup.
        path: PathBuf,
        /// The fault.
        reason: String,
    },
    /// The backup could not be copied beside the store.
    #[error(transparent)]
    Copy(#[from] CopyError),
    /// A file could not be locked or moved.
    #[error("cannot {action} {}: {source}", path.display())]
    File {
        /// The attempt.
        action: &'static str,
        /// With which file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
}

/// Puts the backup in the place of the store at `database`, which need not be there.
///
/// # Errors
/// See [`RestoreError`]; but for a failed move the store is what it was.
pub fn restore(backup: &Path, database: &Path) -> Result<Restored, RestoreError> {
    let database = &full_path(database).map_err(|source| file_error("find", database, source))?;
    let _lock = StoreLock::take(database).map_err(|error| match error {
        LockError::Held(held) => RestoreError::Running { database: database.clone(), held },
        LockError::File(path, source) => RestoreError::File { action: "lock", path, source },
    })?;
    if let Some((server, seconds)) = live_server(database) {
        return Err(RestoreError::Leased { database: database.clone(), server, seconds });
    }
    let source = open_backup(backup, database)?;
    let stamp = time_stamp(&source).map_err(|error| no_backup(backup, error.to_string()))?;
    let new = with_suffix(database, ".restored");
    let copied = copy::copy(&source, &new)?;
    let aside = with_suffix(database, &format!(".replaced-{stamp}"));
    let is_replaced = move_aside(database, &aside)?;
    fs::rename(&new, database)
        .and_then(|()| sync_folder(database))
        .map_err(|source| file_error("rename", &new, source))?;
    Ok(Restored { database: database.clone(), copied, aside: is_replaced.then_some(aside) })
}

/// Returns the path without links; its last part need not be there.
fn full_path(path: &Path) -> io::Result<PathBuf> {
    match path.canonicalize() {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            let name = path.file_name().ok_or(error)?;
            Ok(folder.unwrap_or(Path::new(".")).canonicalize()?.join(name))
        }
        found => found,
    }
}

/// Returns the server whose lease in `database` holds, and for how many seconds; none if that cannot be read, as in a
/// database that is damaged, or if there is no write-ahead log, which a server leaves that runs or was killed.
fn live_server(database: &Path) -> Option<(String, u64)> {
    // Without one, reading would make one.
    fs::metadata(with_suffix(database, "-wal")).ok()?;
    let connection = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY).ok()?;
    let now = i64::try_from(clock::unix_milliseconds()).ok()?;
    let sql = "SELECT server, lease_ends_ms FROM servers WHERE lease_ends_ms > ? ORDER BY lease_ends_ms DESC LIMIT 1";
    let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get::<_, i64>(1)?));
    let (server, ends) = connection.query_row(sql, [now], read).ok()?;
    Some((server, (ends - now).unsigned_abs().div_ceil(1_000)))
}

/// Opens a backup for reading and looks that it is a store which this version can use.
fn open_backup(backup: &Path, database: &Path) -> Result<Connection, RestoreError> {
    let path = backup.canonicalize().map_err(|source| file_error("open", backup, source))?;
    if path == database {
        return Err(no_backup(backup, "it is the store itself".to_owned()));
    }
    let open = || {
        let connection = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        let found = schema::inspect(&connection)?;
        Ok::<_, rusqlite::Error>((connection, found))
    };
    match open() {
        Ok((connection, Found::Ours(noted))) => match noted.check(|| "it".to_owned()) {
            Ok(()) => Ok(connection),
            Err(newer) => Err(no_backup(backup, newer.to_string())),
        },
        Ok((_, Found::Empty)) => Err(no_backup(
            backup,
            "it holds nothing; was the file copied without its -wal file beside it?".to_owned(),
        )),
        Ok((_, Found::Foreign)) => Err(no_backup(backup, "it is something else's database".to_owned())),
        Err(error) => {
            let error = super::database_error(&path, error);
            let reason = match &error {
                OpenError::Database { source, .. } => source.to_string(),
                _ => "it is no SQLite database".to_owned(),
            };
            Err(no_backup(backup, reason))
        }
    }
}

/// Renames the files of `database` that are there; whether there were any.
fn move_aside(database: &Path, aside: &Path) -> Result<bool, RestoreError> {
    let mut is_replaced = false;
    for suffix in FILES {
        let (from, to) = (with_suffix(database, suffix), with_suffix(aside, suffix));
        if to.exists() {
            return Err(file_error("write over", &to, io::Error::from(ErrorKind::AlreadyExists)));
        }
        match fs::rename(&from, &to) {
            Ok(()) => is_replaced = true,
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(source) => return Err(file_error("move aside", &from, source)),
        }
    }
    Ok(is_replaced)
}

fn no_backup(path: &Path, reason: String) -> RestoreError {
    RestoreError::NoBackup { path: path.to_owned(), reason }
}

fn file_error(action: &'static str, path: &Path, source: io::Error) -> RestoreError {
    RestoreError::File { action, path: path.to_owned(), source }
}
