//! The lock file beside a database: one server writes a store.
//!
//! SQLite lets several processes write one file. Two servers that did so would each hold half of the truth in memory
//! and overwrite the other's characters. So a server holds an advisory lock on `<database>.lock` for as long as it
//! runs. The operating system releases it when the process ends, however it ends; a file left behind locks nobody out.

use std::ffi::OsString;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Why a store is not locked for us.
#[derive(Debug)]
pub(super) enum LockError {
    /// Another process has it.
    Held,
    /// The lock file cannot be made or locked.
    File(io::Error),
}

/// A held lock; dropping it releases.
#[derive(Debug)]
pub(super) struct StoreLock {
    file: File,
}

impl Drop for StoreLock {
    /// Unlocks by name: closing alone would leave the lock to a child process that is just being started.
    fn drop(&mut self) {
        if let Err(error) = self.file.unlock() {
            log::warn!("the store's lock was not released: {error}");
        }
    }
}

impl StoreLock {
    /// Takes the lock of `database`, or says at once that it is taken.
    ///
    /// # Errors
    /// See [`LockError`].
    pub(super) fn take(database: &Path) -> Result<Self, LockError> {
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(lock_path(database))
            .map_err(LockError::File)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { file }),
            Err(TryLockError::WouldBlock) => Err(LockError::Held),
            Err(TryLockError::Error(error)) => Err(LockError::File(error)),
        }
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
        assert!(matches!(StoreLock::take(&database), Err(LockError::Held)));
        drop(first);
        StoreLock::take(&database).unwrap();
    }

    #[test]
    fn a_lock_in_a_missing_folder_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("missing").join("pyao.db");
        assert!(matches!(StoreLock::take(&database), Err(LockError::File(_))));
    }
}
