//! Accounts and characters.

use super::{Contents, MemoryStore};
use crate::records::{
    AccountRecord, AccountState, CharacterRecord, CharacterSave, CreateError, Fields, NewAccount,
    PositionRecord, StoreError, StoredAccount, UserId, name_key,
};

impl Contents {
    fn by_name(&self, name: &str) -> Option<&StoredAccount> {
        self.accounts.get(self.names.get(&name_key(name))?)
    }

    /// Accounts that are there already, by number or by name, are left as they are.
    fn restore(&mut self, stored: StoredAccount) {
        let (user_id, name) = (stored.account.user_id, name_key(&stored.account.account.username));
        self.last_number = self.last_number.max(user_id.0);
        if self.accounts.contains_key(&user_id) || self.names.contains_key(&name) {
            return;
        }
        self.names.insert(name, user_id);
        self.accounts.insert(user_id, stored);
        self.written.push(user_id);
    }

    fn account_mut(&mut self, user_id: UserId) -> Result<&mut AccountRecord, StoreError> {
        let stored = self.accounts.get_mut(&user_id).ok_or(StoreError::UnknownUser(user_id))?;
        Ok(&mut stored.account)
    }
}

impl MemoryStore {
    /// Returns the account of that name, in any case.
    #[must_use]
    pub fn by_name(&self, name: &str) -> Option<StoredAccount> {
        self.contents().by_name(name).cloned()
    }

    /// Returns the account of that number.
    #[must_use]
    pub fn by_user(&self, user_id: UserId) -> Option<StoredAccount> {
        self.contents().accounts.get(&user_id).cloned()
    }

    /// Returns the number of accounts.
    #[must_use]
    pub fn account_count(&self) -> usize {
        self.contents().accounts.len()
    }

    /// Creates an account with its character.
    ///
    /// # Errors
    /// [`CreateError::NameTaken`].
    pub fn create_account(
        &mut self,
        account: &NewAccount,
        character: &CharacterRecord,
    ) -> Result<UserId, CreateError> {
        let mut contents = self.contents();
        if contents.by_name(&account.username).is_some() {
            return Err(CreateError::NameTaken);
        }
        let user_id = UserId(contents.last_number + 1);
        let account = AccountRecord { user_id, account: account.clone(), state: AccountState::blank() };
        contents.restore(StoredAccount { account, character: character.clone() });
        Ok(user_id)
    }

    /// Writes accounts that are not there under the numbers they had. The registered server saves to this store from now
    /// on, by the name that its last heartbeat told.
    pub fn restore_accounts(&mut self, accounts: &[StoredAccount]) {
        let mut contents = self.contents();
        accounts.iter().for_each(|stored| contents.restore(stored.clone()));
        drop(contents);
        if let Some(registered) = &mut self.registered {
            registered.saves_to.clone_from(&registered.heard);
        }
    }

    /// Lists up to `limit` accounts by number, those after `after`.
    #[must_use]
    pub fn list_accounts(&self, after: Option<UserId>, limit: usize) -> Vec<AccountRecord> {
        let contents = self.contents();
        let later =
            contents.accounts.iter().filter(|(user_id, _)| after.is_none_or(|after| **user_id > after));
        later.take(limit).map(|(_, stored)| stored.account.clone()).collect()
    }

    /// Replaces a password hash.
    ///
    /// # Errors
    /// [`StoreError::UnknownUser`].
    pub fn set_password_hash(&mut self, user_id: UserId, password_hash: &str) -> Result<(), StoreError> {
        self.contents().account_mut(user_id)?.account.password_hash = password_hash.to_owned();
        Ok(())
    }

    /// Writes the fields of the state of an account in which `to` differs from `from`.
    ///
    /// # Errors
    /// [`StoreError::UnknownUser`], or [`StoreError::Damaged`] for a value that its field cannot hold.
    pub fn change_account(
        &mut self,
        user_id: UserId,
        from: &AccountState,
        to: &AccountState,
    ) -> Result<(), StoreError> {
        let mut contents = self.contents();
        let account = contents.account_mut(user_id)?;
        let changed = account.state.with_changes(from, to);
        account.state = changed.map_err(|error| StoreError::Damaged {
            key: account.account.username.clone(),
            reason: error.to_string(),
        })?;
        Ok(())
    }

    /// Writes all saves or none.
    ///
    /// # Errors
    /// [`StoreError::UnknownUser`], [`StoreError::CharacterTaken`] or [`StoreError::OtherStore`]; then nothing was written.
    pub fn save_characters(&mut self, saves: &[CharacterSave]) -> Result<(), StoreError> {
        self.check_store()?;
        let mut contents = self.contents();
        for save in saves {
            let user_id = save.user_id();
            if self.registered.as_ref().is_some_and(|server| contents.is_taken(&server.run, user_id)) {
                return Err(StoreError::CharacterTaken(user_id));
            }
            if !contents.accounts.contains_key(&user_id) {
                return Err(StoreError::UnknownUser(user_id));
            }
        }
        for save in saves {
            let user_id = save.user_id();
            let Some(stored) = contents.accounts.get_mut(&user_id) else { continue };
            save.clone().apply_to(&mut stored.character);
            contents.written.push(user_id);
        }
        Ok(())
    }

    /// Returns the stored position of every character.
    #[must_use]
    pub fn positions(&self) -> Vec<PositionRecord> {
        self.contents().accounts.values().map(|stored| stored.character.position).collect()
    }
}
