//! The requests of the game to the store, and the replies.

pub use crate::base::ids::Ticket;

use super::server::{Heartbeat, ServerId, ServerStatus};
use super::session::{Claim, Session, SessionWrite};
use super::{CharacterRecord, CharacterSave, NewAccount, UserId};
use super::{CreateError, ServerSettings, StoreError, StoredAccount};

/// A request of the game to the store.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    /// Load the account of that name (any case) and its character.
    LoadAccount {
        /// Comes back with the reply.
        ticket: Ticket,
        /// The character's name as typed.
        name: String,
    },
    /// Create an account and its character, both or neither. The name is taken by exactly one creation.
    CreateAccount {
        /// Comes back with the reply.
        ticket: Ticket,
        /// The account.
        account: NewAccount,
        /// The new character as it enters the world.
        character: Box<CharacterRecord>,
    },
    /// Write the changed parts of some characters: one commit group, written whole or not at all.
    SaveCharacters {
        /// Comes back with the reply.
        ticket: Ticket,
        /// The changed characters.
        saves: Vec<CharacterSave>,
    },
    /// Replace a password hash.
    SetPasswordHash {
        /// Comes back with the reply.
        ticket: Ticket,
        /// Number of the account.
        user_id: UserId,
        /// The new hash, in PHC form.
        password_hash: String,
    },
    /// Claim a character and open its session, before the load with which it enters the world.
    OpenSession {
        /// Comes back with the reply.
        ticket: Ticket,
        /// The session of the character that enters.
        session: Box<Session>,
    },
    /// Change sessions. Kept and tried again like saves while the store is away.
    WriteSessions {
        /// Comes back with the reply.
        ticket: Ticket,
        /// The changes.
        writes: Vec<SessionWrite>,
    },
    /// Tell that this server lives, and how it is.
    Heartbeat {
        /// Comes back with the reply.
        ticket: Ticket,
        /// Its status.
        status: Box<ServerStatus>,
    },
    /// Read the live settings: cheap enough for once a second.
    ReadSettings {
        /// Comes back with the reply.
        ticket: Ticket,
        /// The server that asks.
        server: ServerId,
    },
    /// Set those live settings of all servers that are not set, and those that this server has of its own.
    SeedSettings {
        /// Comes back with the reply.
        ticket: Ticket,
        /// The server that asks.
        server: ServerId,
        /// Values by name.
        settings: ServerSettings,
    },
    /// Write accounts with their characters under the numbers they had, after the store was emptied.
    RestoreAccounts {
        /// Comes back with the reply.
        ticket: Ticket,
        /// The accounts that the server holds in memory.
        accounts: Vec<StoredAccount>,
    },
}

/// The answer of the store to a request.
#[derive(Debug)]
pub enum Reply {
    /// To [`Request::LoadAccount`]; `None` when no such name exists.
    Account {
        /// From the request.
        ticket: Ticket,
        /// The account, if there is one.
        result: Result<Option<Box<StoredAccount>>, StoreError>,
    },
    /// To [`Request::CreateAccount`].
    Created {
        /// From the request.
        ticket: Ticket,
        /// The new id, or why not.
        result: Result<UserId, CreateError>,
    },
    /// To [`Request::SaveCharacters`], [`Request::SetPasswordHash`], [`Request::WriteSessions`] and
    /// [`Request::RestoreAccounts`]: committed, or not at all.
    Saved {
        /// From the request.
        ticket: Ticket,
        /// Committed, or why not.
        result: Result<(), StoreError>,
    },
    /// To [`Request::OpenSession`].
    SessionOpened {
        /// From the request.
        ticket: Ticket,
        /// The claim, granted or not.
        result: Result<Claim, StoreError>,
    },
    /// To [`Request::Heartbeat`].
    Heartbeat {
        /// From the request.
        ticket: Ticket,
        /// The answer to the heartbeat.
        result: Result<Heartbeat, StoreError>,
    },
    /// To [`Request::ReadSettings`].
    Settings {
        /// From the request.
        ticket: Ticket,
        /// Those that are set.
        result: Result<ServerSettings, StoreError>,
    },
}

impl Reply {
    /// Returns the ticket of the request that this answers.
    #[must_use]
    pub fn ticket(&self) -> Ticket {
        match self {
            Self::Account { ticket, .. }
            | Self::Created { ticket, .. }
            | Self::Saved { ticket, .. }
            | Self::SessionOpened { ticket, .. }
            | Self::Heartbeat { ticket, .. }
            | Self::Settings { ticket, .. } => *ticket,
        }
    }

    /// Returns the failure of the store, if it failed.
    pub fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Account { result, .. } => result.as_ref().err(),
            Self::Created { result: Err(CreateError::Store(error)), .. } => Some(error),
            Self::Created { .. } => None,
            Self::Saved { result, .. } => result.as_ref().err(),
            Self::SessionOpened { result, .. } => result.as_ref().err(),
            Self::Heartbeat { result, .. } => result.as_ref().err(),
            Self::Settings { result, .. } => result.as_ref().err(),
        }
    }
}

impl Request {
    /// Returns true if it is kept and tried again while the store fails; everything else is a question, whose answer somebody
    /// waits for.
    pub fn is_write(&self) -> bool {
        matches!(self, Self::SaveCharacters { .. } | Self::WriteSessions { .. })
    }

    /// Returns the reply that says why this was not done.
    #[must_use]
    pub fn refuse(&self, error: StoreError) -> Reply {
        match *self {
            Self::LoadAccount { ticket, .. } => Reply::Account { ticket, result: Err(error) },
            Self::CreateAccount { ticket, .. } => Reply::Created { ticket, result: Err(error.into()) },
            Self::SaveCharacters { ticket, .. }
            | Self::SetPasswordHash { ticket, .. }
            | Self::WriteSessions { ticket, .. }
            | Self::SeedSettings { ticket, .. }
            | Self::RestoreAccounts { ticket, .. } => Reply::Saved { ticket, result: Err(error) },
            Self::OpenSession { ticket, .. } => Reply::SessionOpened { ticket, result: Err(error) },
            Self::Heartbeat { ticket, .. } => Reply::Heartbeat { ticket, result: Err(error) },
            Self::ReadSettings { ticket, .. } => Reply::Settings { ticket, result: Err(error) },
        }
    }
}
