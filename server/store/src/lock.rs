//! The locks of a database: one server writes a store.
//!
//! SQLite lets several processes write one file. Two servers that did so would each hold half of the truth in memory
//! and overwrite the other's characters. So a server holds two advisory locks for as long as it runs: on
//! `<database>.lock`, which keeps its name when the database is replaced, and on the database itself, which a hard link
//! or a deleted lock file does not get around. The operating system releases both when the process ends, however it
//! ends; a file left behind locks nobody out.
//!
//! Both are `flock` locks, which SQLite's own record locks (`fcntl`) do not see: tools and the `sqlite3` shell open the
//! file as ever. But a process loses all its record locks on a file when it closes any descriptor of that file, so a
//! [`StoreLock`] is taken before SQLite opens the database and dropped after it has closed it.

use std::ffi::OsString;
use std::fs::{File, Metadata, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Reason that a store is not locked for us.
#[derive(Debug)]
pub(super) enum LockError {
    /// Another process has locked this file.
    Held(PathBuf),
    /// This file cannot be made or locked.
    File(PathBuf, io::Error),
}

/// Both locks, held; dropping it releases them.
#[derive(Debug)]
pub(super) struct StoreLock {
    /// The lock file.
    name: File,
    /// The database; `None` when there is none yet.
    database: Option<File>,
}

impl Drop for StoreLock {
    /// Unlocks by name: closing alone would leave the lock to a child process that is just being started.
    fn drop(&mut self) {
        for file in [Some(&self.name), self.database.as_ref()].into_iter().flatten() {
            if let Err(error) = file.unlock() {
                log::warn!("the store's lock was not released: {error}");
            }
        }
    }
}

impl StoreLock {
    /// Takes the locks of `database`, or says at once that one is taken. Makes the lock file, but no database.
    ///
    /// # Errors
    /// See [`LockError`].
    pub(super) fn take(database: &Path) -> Result<Self, LockError> {
        let path = lock_path(database);
        let opened = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&path);
        let name = lock(opened, path)?;
        let database = match File::open(database) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            opened => Some(lock(opened, database.to_owned())?),
        };
        Ok(Self { name, database })
    }

    /// Returns the metadata of the locked database, whatever its name leads to meanwhile; `None` if there was none.
    ///
    /// # Errors
    /// The system does not tell.
    pub(super) fn database(&self) -> io::Result<Option<Metadata>> {
        self.database.as_ref().map(File::metadata).transpose()
    }
}

fn lock(opened: io::Result<File>, path: PathBuf) -> Result<File, LockError> {
    let file = match opened {
        Ok(file) => file,
        Err(error) => return Err(LockError::File(path, error)),
    };
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(LockError::Held(path)),
        Err(TryLockError::Error(error)) => Err(LockError::File(path, error)),
    }
}

/// Name of the lock file of `database`.
pub(super) fn lock_path(database: &Path) -> PathBuf {
    let mut name = OsString::from(database);
    name.push(".lock");
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_exclusive_until_it_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("pyao.db");
        let first = StoreLock::take(&database).unwrap();
        assert!(
            matches!(StoreLock::take(&database), Err(LockError::Held(path)) if path == lock_path(&database))
        );
        drop(first);
        StoreLock::take(&database).unwrap();
    }

    #[test]
    fn neither_a_hard_link_nor_a_deleted_lock_file_gives_the_lock_twice() {
        let folder = tempfile::tempdir().unwrap();
        let (database, link) = (folder.path().join("pyao.db"), folder.path().join("link.db"));
        std::fs::write(&database, "").unwrap();
        std::fs::hard_link(&database, &link).unwrap();
        let first = StoreLock::take(&database).unwrap();
        assert!(matches!(StoreLock::take(&link), Err(LockError::Held(path)) if path == link));
        std::fs::remove_file(lock_path(&database)).unwrap();
        assert!(matches!(StoreLock::take(&database), Err(LockError::Held(path)) if path == database));
        drop(first);
        StoreLock::take(&link).unwrap();
    }

    #[test]
    fn a_lock_in_a_missing_folder_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("missing").join("pyao.db");
        assert!(matches!(StoreLock::take(&database), Err(LockError::File(..))));
    }
}
