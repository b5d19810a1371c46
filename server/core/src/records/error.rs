//! The failures of a store.

use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::UserId;
use super::server::ServerId;

/// A store that could not do as asked. Nothing of the request was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The store is away or refused. It may be back later: see [`StoreError::is_temporary`].
    #[error("store unavailable: {0}")]
    Unavailable(String),
    /// The kind of store has a failure of its own for it.
    #[error(transparent)]
    Backend(BackendError),
    /// It is not the store on which this server's run began, or to which it last wrote everything back. Nothing that it
    /// lacks was deleted there. Over once the accounts are restored, or the old store is back.
    #[error("the store was emptied, or is another one")]
    OtherStore,
    /// No such account: it was deleted behind the server's back, or its number is somebody else's now.
    #[error("the store has no account {0}")]
    UnknownUser(UserId),
    /// A stored record cannot be read; the record is left as it is.
    #[error("stored record of {key} is damaged: {reason}")]
    Damaged {
        /// The record.
        key: String,
        /// The fault.
        reason: String,
    },
    /// Another server has taken this character since: what this one knows of it is old, and must not be written.
    #[error("character {0} is played on another server now")]
    CharacterTaken(UserId),
    /// A newer server runs under our id: two are configured with the same one.
    #[error("another server has started under the id {0}: give each server an id of its own")]
    ServerReplaced(ServerId),
    /// The name of a file of the store leads to nothing or to another file: what is saved is gone when the server ends,
    /// but for the copy that was made.
    #[error("{}", file_replaced(file, rescued))]
    FileReplaced {
        /// The file.
        file: PathBuf,
        /// Path of the copy, or the reason that there is none.
        rescued: Result<PathBuf, String>,
    },
    /// Asked of a store that was not told which server it belongs to.
    #[error("no server is registered on this connection to the store")]
    NotRegistered,
    /// A later version of the program has written to the store since: this one would damage what it does not know.
    #[error(transparent)]
    Newer(NewerStore),
    /// No live setting has that name.
    #[error("there is no live setting {0:?}")]
    UnknownSetting(String),
}

impl StoreError {
    /// Returns true if the same request may succeed later, once the store is back.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Unavailable(_) | Self::OtherStore => true,
            Self::Backend(error) => error.is_temporary,
            _ => false,
        }
    }
}

/// A store with data of a later schema than this program reads.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", newer_store(self))]
pub struct NewerStore {
    /// The store, without secrets.
    pub place: String,
    /// Schema of its data.
    pub found: u32,
    /// Version of the program that wrote data of this schema first; empty where the store does not tell.
    pub writer: String,
    /// Latest schema that this program reads.
    pub known: u32,
    /// Version of this program.
    pub own: &'static str,
}

fn newer_store(store: &NewerStore) -> String {
    let NewerStore { place, found, writer, known, own } = store;
    let writer = if writer.is_empty() { "a later version".to_owned() } else { format!("version {writer}") };
    format!(
        "{place} holds data of schema {found}, written by {writer}, and this program, version {own}, reads schemas up to \
         {known}; use {writer} or a later one, or a backup from before"
    )
}

/// A failure that only one kind of store knows, for instance of a Redis.
#[derive(Debug, Clone)]
pub struct BackendError {
    error: Arc<dyn Error + Send + Sync>,
    is_temporary: bool,
}

impl BackendError {
    /// Wraps the failure of a kind of store. `is_temporary`: the same request may succeed later.
    pub fn new(error: impl Error + Send + Sync + 'static, is_temporary: bool) -> Self {
        Self { error: Arc::new(error), is_temporary }
    }

    /// Returns the failure, if it is an `E`.
    #[must_use]
    pub fn downcast_ref<E: Error + 'static>(&self) -> Option<&E> {
        self.error.downcast_ref()
    }
}

impl fmt::Display for BackendError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(formatter)
    }
}

impl Error for BackendError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.error.source()
    }
}

/// Failures are equal when they say the same.
impl PartialEq for BackendError {
    fn eq(&self, other: &Self) -> bool {
        self.to_string() == other.to_string()
    }
}

impl Eq for BackendError {}

fn file_replaced(file: &Path, rescued: &Result<PathBuf, String>) -> String {
    let file = file.display();
    match rescued {
        Ok(copy) => format!(
            "{file} was removed or replaced under the running server; everything is in {copy}: stop the server, then \
             pyao-admin restore {copy}",
            copy = copy.display()
        ),
        Err(reason) => format!(
            "{file} was removed or replaced under the running server, and no copy could be made ({reason}): put \
             {file} back before the server stops"
        ),
    }
}

/// Reason that an account was not created.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CreateError {
    /// Somebody has that name, in whatever case.
    #[error("the name is taken")]
    NameTaken,
    /// See [`StoreError`].
    #[error(transparent)]
    Store(#[from] StoreError),
}
