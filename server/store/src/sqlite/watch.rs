//! Notices that the files of the store were removed or replaced while the server runs, and rescues what they hold.
//!
//! The server goes on in the files that it has open, but nobody else can find those: what is saved into them is gone
//! when the process ends. So the store is copied beside the database under a dated name, anew from time to time and at
//! the end.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::copy::{CopyError, copy, time_stamp};
use super::paths::with_suffix;
use crate::StoreError;

/// Between two copies of a store whose files are gone.
const RESCUE_EVERY: Duration = Duration::from_secs(60);

/// A file, whatever its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FileId {
    device: u64,
    inode: u64,
}

impl From<Metadata> for FileId {
    fn from(metadata: Metadata) -> Self {
        Self { device: metadata.dev(), inode: metadata.ino() }
    }
}

/// Times at which the store is copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rescue {
    /// As soon as the last copy is older than [`RESCUE_EVERY`].
    FromTimeToTime,
    /// Now.
    Now,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Watch {
    /// The database.
    path: PathBuf,
    /// Each file with what its name led to at the start.
    files: Vec<(PathBuf, FileId)>,
    /// The copy, once the files were gone.
    rescued: Option<Rescued>,
}

#[derive(Debug)]
struct Rescued {
    at: Instant,
    /// Its path, or the reason that there is none.
    outcome: Result<PathBuf, String>,
}

impl Watch {
    /// Watches the database at `path`, which the server has open as `database`, and its write-ahead log, which has to
    /// be there by now.
    pub(super) fn new(path: &Path, database: Metadata) -> Self {
        let mut files = vec![(path.to_owned(), FileId::from(database))];
        let log = with_suffix(path, "-wal");
        if let Some(id) = id_of(&log) {
            files.push((log, id));
        }
        Self { path: path.to_owned(), files, rescued: None }
    }

    /// Looks at the files; when one is gone, copies what `connection` sees as `rescue` says.
    ///
    /// # Errors
    /// [`StoreError::FileReplaced`].
    pub(super) fn check(&mut self, connection: &Connection, rescue: Rescue) -> Result<(), StoreError> {
        let gone = self.files.iter().find(|(path, id)| id_of(path) != Some(*id));
        let Some(file) = gone.map(|(path, _)| path.clone()) else {
            self.rescued = None;
            return Ok(());
        };
        let is_fresh = |rescued: &Rescued| rescue != Rescue::Now && rescued.at.elapsed() < RESCUE_EVERY;
        let rescued = match self.rescued.take() {
            Some(rescued) if is_fresh(&rescued) => rescued,
            before => self.rescue(connection, before.and_then(|rescued| rescued.outcome.ok())),
        };
        let outcome = rescued.outcome.clone();
        self.rescued = Some(rescued);
        Err(StoreError::FileReplaced { file, rescued: outcome })
    }

    /// Removes our write-ahead log from beside another database, which would take it for its own and be changed by it.
    /// Its contents have to be in a copy.
    pub(super) fn remove_stale_log(&self) {
        let is_ours = |(path, id): &(PathBuf, FileId)| id_of(path) == Some(*id);
        if let [database, log] = self.files.as_slice()
            && !is_ours(database)
            && is_ours(log)
        {
            for stale in [log.0.clone(), with_suffix(&self.path, "-shm")] {
                if let Err(error) = fs::remove_file(&stale) {
                    log::warn!(
                        "{} belongs to the database that is gone, remove it: {error}",
                        stale.display()
                    );
                }
            }
        }
    }

    /// Copies the store in the place of the copy made `before`, else beside the database, else, where that folder is
    /// gone too, into the working directory.
    fn rescue(&self, connection: &Connection, before: Option<PathBuf>) -> Rescued {
        let made = match before {
            Some(target) => copy(connection, &target).map(|_| target),
            None => self.first_rescue(connection),
        };
        Rescued { at: Instant::now(), outcome: made.map_err(|error| error.to_string()) }
    }

    fn first_rescue(&self, connection: &Connection) -> Result<PathBuf, CopyError> {
        let stamp = time_stamp(connection).unwrap_or_default();
        let beside = with_suffix(&self.path, &format!(".rescued-{stamp}"));
        copy(connection, &beside).map(|_| beside.clone()).or_else(|error| {
            let here = PathBuf::from(beside.file_name().unwrap_or_default());
            copy(connection, &here).map(|_| here).map_err(|_| error)
        })
    }
}

fn id_of(path: &Path) -> Option<FileId> {
    fs::metadata(path).ok().map(FileId::from)
}
