//! Copies of a database as one file of its own: for a backup, and for the rescue of a database whose file is gone.
//!
//! `VACUUM INTO` reads the store as of one moment, with what is still in its write-ahead log, while servers and tools go
//! on writing. A copy is private, flushed to the disk and checked before it gets its name: a file of that name is whole.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use super::paths::{sync_folder, with_suffix};

/// A copy that was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Copied {
    /// Accounts in it.
    pub accounts: u64,
    /// Bytes of the file.
    pub bytes: u64,
}

/// Reason that there is no copy.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// Something has that name.
    #[error("{} is there already: choose another name", path.display())]
    Exists {
        /// The name.
        path: PathBuf,
    },
    /// The file system said no.
    #[error("cannot write {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// SQLite said no.
    #[error("cannot copy the store to {}: {source}", path.display())]
    Database {
        /// The copy.
        path: PathBuf,
        /// The cause.
        source: rusqlite::Error,
    },
    /// The written file is not whole: the store or the disk is at fault.
    #[error("the copy {} is damaged, and so may be the store: {found}", path.display())]
    Damaged {
        /// The copy, which is removed.
        path: PathBuf,
        /// Finding of SQLite's integrity check.
        found: String,
    },
}

/// Copies what `connection` sees to `target`, which must not be there.
///
/// # Errors
/// See [`CopyError`]; then there is no `target`.
pub(super) fn copy_new(connection: &Connection, target: &Path) -> Result<Copied, CopyError> {
    if target.symlink_metadata().is_ok() {
        return Err(CopyError::Exists { path: target.to_owned() });
    }
    copy(connection, target)
}

/// Copies what `connection` sees to `target`, in the place of what is there.
///
/// # Errors
/// See [`CopyError`]; then `target` is what it was.
pub(super) fn copy(connection: &Connection, target: &Path) -> Result<Copied, CopyError> {
    // SQLite takes what begins with "file:" for a URI.
    let path = &std::path::absolute(target).map_err(|source| file_error(target, source))?;
    let part = &with_suffix(path, ".part");
    let copied = write(connection, part).inspect_err(|_| {
        // It may not even have been made.
        let _ = fs::remove_file(part);
    })?;
    fs::rename(part, path).and_then(|()| sync_folder(path)).map_err(|source| file_error(path, source))?;
    Ok(copied)
}

/// Writes the copy under its own name, and checks it.
fn write(connection: &Connection, path: &Path) -> Result<Copied, CopyError> {
    remove_leftover(path).and_then(|()| make_private(path)).map_err(|source| file_error(path, source))?;
    let name = path.to_str().ok_or_else(|| file_error(path, io::Error::from(ErrorKind::InvalidFilename)))?;
    let database_error = |source| CopyError::Database { path: path.to_owned(), source };
    connection.execute("VACUUM INTO ?", [name]).map_err(database_error)?;
    let flush = || {
        let file = File::open(path)?;
        file.sync_all()?;
        Ok(file.metadata()?.len())
    };
    let bytes = flush().map_err(|source| file_error(path, source))?;
    let copy = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(database_error)?;
    let found: String =
        copy.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0)).map_err(database_error)?;
    if found != "ok" {
        return Err(CopyError::Damaged { path: path.to_owned(), found });
    }
    let accounts: i64 =
        copy.query_row("SELECT count(*) FROM accounts", [], |row| row.get(0)).map_err(database_error)?;
    Ok(Copied { accounts: accounts.unsigned_abs(), bytes })
}

/// Removes what a copy left that was broken off.
fn remove_leftover(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Makes an empty file for its owner alone: it will hold password hashes.
fn make_private(path: &Path) -> io::Result<()> {
    OpenOptions::new().create_new(true).write(true).mode(0o600).open(path).map(drop)
}

/// Now, as it stands in names of files: `20261121T153424Z`.
pub(super) fn time_stamp(connection: &Connection) -> rusqlite::Result<String> {
    connection.query_row("SELECT strftime('%Y%m%dT%H%M%SZ', 'now')", [], |row| row.get(0))
}

fn file_error(path: &Path, source: io::Error) -> CopyError {
    CopyError::File { path: path.to_owned(), source }
}
