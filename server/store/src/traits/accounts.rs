//! Accounts, and the loading and restoring of accounts together with their characters.

use crate::records::{AccountRecord, AccountState, CharacterRecord, Fields, NewAccount, UserId};
use crate::{CreateError, StoreError, StoredAccount};

/// The accounts of a store.
pub trait Accounts {
    /// Loads the account and the character of `name`, in any case.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when the record cannot be read.
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

    /// Writes accounts with their characters under the numbers they had, as after the store was emptied. An account whose
    /// number or name is there already is left out. New accounts get larger numbers than all restored ones. From then on
    /// the registered server saves to this store, by the name that its last heartbeat told.
    ///
    /// # Errors
    /// Nothing was written.
    fn restore_accounts(&mut self, accounts: &[StoredAccount]) -> Result<(), StoreError>;

    /// Finds the account of `name`, in any case, without its character.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when the record cannot be read.
    fn find_account(&mut self, name: &str) -> Result<Option<AccountRecord>, StoreError>;

    /// Lists up to `limit` accounts by number, those after `after` (`None`: from the first). Damaged ones are left out
    /// and logged.
    ///
    /// # Errors
    /// The store is away.
    fn list_accounts(
        &mut self,
        after: Option<UserId>,
        limit: usize,
    ) -> Result<Vec<AccountRecord>, StoreError>;

    /// Replaces a password hash.
    ///
    /// # Errors
    /// [`StoreError::UnknownUser`].
    fn set_password_hash(&mut self, user_id: UserId, password_hash: &str) -> Result<(), StoreError>;

    /// Makes the account that of a game master, or no longer. Takes effect at the next login.
    ///
    /// # Errors
    /// [`StoreError::UnknownUser`].
    fn set_gm(&mut self, user_id: UserId, is_gm: bool) -> Result<(), StoreError> {
        let (mut from, mut to) = (AccountState::blank(), AccountState::blank());
        (from.is_gm, to.is_gm) = (!is_gm, is_gm);
        self.change_account(user_id, &from, &to)
    }

    /// Writes the fields of the state of an account in which `to` differs from `from`; a field that both have alike keeps
    /// its value in the store, where another program may have changed it meanwhile.
    ///
    /// # Errors
    /// [`StoreError::UnknownUser`].
    fn change_account(
        &mut self,
        user_id: UserId,
        from: &AccountState,
        to: &AccountState,
    ) -> Result<(), StoreError>;
}
