//! The least store that a game can be played with: accounts and sessions in memory.

use std::collections::{BTreeMap, BTreeSet};

use pyao_store::records::{
    AccountRecord, CharacterRecord, CharacterSave, NewAccount, PositionRecord, UserId,
};
use pyao_store::session::{Claim, SessionWrite};
use pyao_store::{CreateError, Reply, Request, StoreError, StoredAccount};

/// See the module.
#[derive(Default)]
pub(super) struct MemoryStore {
    accounts: Vec<StoredAccount>,
    by_name: BTreeMap<String, UserId>,
    /// Users with an open session.
    sessions: BTreeSet<UserId>,
}

impl MemoryStore {
    /// Returns the number of accounts.
    pub(super) fn accounts(&self) -> usize {
        self.accounts.len()
    }

    /// Returns the number of open sessions.
    pub(super) fn open_sessions(&self) -> usize {
        self.sessions.len()
    }

    /// Returns the position at which the character of that account was last saved.
    pub(super) fn position(&self, user_id: UserId) -> Option<PositionRecord> {
        Some(self.accounts.get(index(user_id)?)?.character.position)
    }

    /// Carries out a request.
    pub(super) fn carry_out(&mut self, request: Request) -> Reply {
        match request {
            Request::LoadAccount { ticket, name } => {
                let user_id = self.by_name.get(&name.to_ascii_lowercase());
                let found = user_id.and_then(|user_id| self.accounts.get(index(*user_id)?));
                Reply::Account { ticket, result: Ok(found.cloned().map(Box::new)) }
            }
            Request::CreateAccount { ticket, account, character } => {
                Reply::Created { ticket, result: self.create(account, *character) }
            }
            Request::SaveCharacters { ticket, saves } => Reply::Saved { ticket, result: self.save(saves) },
            Request::SetPasswordHash { ticket, user_id, password_hash } => {
                let stored = self.account(user_id);
                let result = stored.map(|stored| stored.account.account.password_hash = password_hash);
                Reply::Saved { ticket, result }
            }
            Request::OpenSession { ticket, session } => {
                self.sessions.insert(session.user_id);
                Reply::SessionOpened { ticket, result: Ok(Claim::Granted) }
            }
            Request::WriteSessions { ticket, writes } => {
                for write in writes {
                    match write {
                        SessionWrite::Put(session) => self.sessions.insert(session.user_id),
                        SessionWrite::Close { user_id, .. } => self.sessions.remove(&user_id),
                    };
                }
                Reply::Saved { ticket, result: Ok(()) }
            }
            other => other.refuse(StoreError::Unavailable("the game does not ask this".into())),
        }
    }

    fn create(&mut self, account: NewAccount, character: CharacterRecord) -> Result<UserId, CreateError> {
        let user_id = UserId(u32::try_from(self.accounts.len() + 1).unwrap_or(u32::MAX));
        let name = account.username.to_ascii_lowercase();
        if self.by_name.contains_key(&name) {
            return Err(CreateError::NameTaken);
        }
        self.by_name.insert(name, user_id);
        let account = AccountRecord { user_id, account, is_gm: false };
        self.accounts.push(StoredAccount { account, character });
        Ok(user_id)
    }

    fn save(&mut self, saves: Vec<CharacterSave>) -> Result<(), StoreError> {
        for save in saves {
            let stored = self.account(save.user_id())?;
            save.apply_to(&mut stored.character);
        }
        Ok(())
    }

    fn account(&mut self, user_id: UserId) -> Result<&mut StoredAccount, StoreError> {
        let place = index(user_id).unwrap_or(usize::MAX);
        self.accounts.get_mut(place).ok_or(StoreError::UnknownUser(user_id))
    }
}

fn index(user_id: UserId) -> Option<usize> {
    usize::try_from(user_id.0).ok()?.checked_sub(1)
}
