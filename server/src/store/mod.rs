//! Durable state: accounts and characters, behind [`Store`].
//!
//! The game speaks to a store only through plain values: it emits a [`Request`], the worker thread batches what is
//! waiting, carries it out on whichever [`Store`] the operator chose, and a [`Reply`] comes back. The store knows no
//! rules: a record is what was saved.

pub mod records;

use records::{AccountRecord, CharacterRecord, CharacterSave, NewAccount, UserId};

/// Pairs a [`Request`] with its [`Reply`]; the game makes them, the store only carries them.
pub type Ticket = u64;

/// What the game asks of the store.
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
        /// Who.
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
        /// Whose.
        user_id: UserId,
        /// The new hash, in PHC form.
        password_hash: String,
    },
}

/// What the store answers.
#[derive(Debug)]
pub enum Reply {
    /// To [`Request::LoadAccount`]; `None` when no such name exists.
    Account {
        /// From the request.
        ticket: Ticket,
        /// What was found.
        result: Result<Option<Box<StoredAccount>>, StoreError>,
    },
    /// To [`Request::CreateAccount`].
    Created {
        /// From the request.
        ticket: Ticket,
        /// The new id, or why not.
        result: Result<UserId, CreateError>,
    },
    /// To [`Request::SaveCharacters`] and [`Request::SetPasswordHash`]: committed, or not at all.
    Saved {
        /// From the request.
        ticket: Ticket,
        /// Committed, or why not.
        result: Result<(), StoreError>,
    },
}

/// An account with its character.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredAccount {
    /// Who may enter.
    pub account: AccountRecord,
    /// What enters.
    pub character: CharacterRecord,
}

/// A store that could not do as asked. Nothing of the request was written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The store is away or refused.
    #[error("store unavailable: {0}")]
    Unavailable(String),
    /// A stored record cannot be read; the record is left as it is.
    #[error("stored record of {key} is damaged: {reason}")]
    Damaged {
        /// Which record.
        key: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// Why an account was not created.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// Somebody has that name, in whatever case.
    #[error("the name is taken")]
    NameTaken,
    /// See [`StoreError`].
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What every store can do. Methods may block: they are called on the worker thread only.
pub trait Store: Send {
    /// Account and character of `name` (any case), or `None`.
    ///
    /// # Errors
    /// When the store is away or the record is damaged.
    fn load_account(&mut self, name: &str) -> Result<Option<StoredAccount>, StoreError>;

    /// Creates account and character together; committed when this returns.
    ///
    /// # Errors
    /// [`CreateError::NameTaken`], or the store's own failure.
    fn create_account(
        &mut self,
        account: &NewAccount,
        character: &CharacterRecord,
    ) -> Result<UserId, CreateError>;

    /// Writes all saves in one transaction; committed when this returns.
    ///
    /// # Errors
    /// When nothing was written.
    fn save_characters(&mut self, saves: &[CharacterSave]) -> Result<(), StoreError>;

    /// Replaces a password hash.
    ///
    /// # Errors
    /// When nothing was written.
    fn set_password_hash(&mut self, user_id: UserId, password_hash: &str) -> Result<(), StoreError>;
}
