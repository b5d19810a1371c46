//! A store in memory: what it holds, and what each request does to it.

use crate::records::server::{Heartbeat, ServerId};
use crate::records::session::{Claim, Session, SessionWrite};
use crate::records::{
    AccountRecord, CharacterRecord, CharacterSave, CreateError, NewAccount, Reply, Request, StoreError,
    StoredAccount, UserId, name_key,
};
use std::collections::{BTreeMap, BTreeSet};

/// See the module.
#[derive(Debug, Default)]
pub struct MemoryStore {
    accounts: BTreeMap<UserId, StoredAccount>,
    names: BTreeMap<String, UserId>,
    /// Open sessions, each with the run of our server that wrote it.
    sessions: BTreeMap<UserId, (u32, Session)>,
    /// Characters that another server plays now.
    held: BTreeSet<UserId>,
    /// Characters that another server has claimed since we did: we may not save them.
    taken: BTreeSet<UserId>,
    last_number: u32,
    run: u32,
    /// Number of the store, which is another one each time it was emptied.
    store: u32,
    /// The store that our server saves to.
    saves_to: u32,
    /// Accounts whose records were written since the last look.
    pub written: Vec<UserId>,
}

impl MemoryStore {
    /// Does what is asked.
    pub fn carry_out(&mut self, request: Request) -> Reply {
        match request {
            Request::LoadAccount { ticket, name } => {
                Reply::Account { ticket, result: Ok(self.by_name(&name).cloned().map(Box::new)) }
            }
            Request::CreateAccount { ticket, account, character } => {
                Reply::Created { ticket, result: self.create(account, *character) }
            }
            Request::SaveCharacters { ticket, saves } => Reply::Saved { ticket, result: self.save(saves) },
            Request::SetPasswordHash { ticket, user_id, password_hash } => {
                let found = self.accounts.get_mut(&user_id);
                let result = found.map(|stored| stored.account.account.password_hash = password_hash);
                Reply::Saved { ticket, result: result.ok_or(StoreError::UnknownUser(user_id)) }
            }
            Request::OpenSession { ticket, session } => {
                Reply::SessionOpened { ticket, result: self.open_session(*session) }
            }
            Request::WriteSessions { ticket, writes } => {
                Reply::Saved { ticket, result: self.write_sessions(writes) }
            }
            Request::RestoreAccounts { ticket, accounts } => {
                self.saves_to = self.store;
                accounts.into_iter().for_each(|stored| self.restore(stored));
                Reply::Saved { ticket, result: Ok(()) }
            }
            Request::Heartbeat { ticket, .. } => Reply::Heartbeat { ticket, result: Ok(self.heartbeat()) },
            other => other.refuse(StoreError::Unavailable("nobody asks this here".into())),
        }
    }

    fn create(&mut self, account: NewAccount, character: CharacterRecord) -> Result<UserId, CreateError> {
        if self.names.contains_key(&name_key(&account.username)) {
            return Err(CreateError::NameTaken);
        }
        let user_id = UserId(self.last_number + 1);
        let account = AccountRecord { user_id, account, is_gm: false };
        self.restore(StoredAccount { account, character });
        Ok(user_id)
    }

    /// Accounts that are there already, by number or by name, are left as they are.
    fn restore(&mut self, stored: StoredAccount) {
        let (user_id, name) = (stored.account.user_id, name_key(&stored.account.account.username));
        if self.accounts.contains_key(&user_id) || self.names.contains_key(&name) {
            return;
        }
        self.last_number = self.last_number.max(user_id.0);
        self.names.insert(name, user_id);
        self.accounts.insert(user_id, stored);
        self.written.push(user_id);
    }

    /// Saves all of them or none.
    ///
    /// # Errors
    /// [`StoreError::UnknownUser`], [`StoreError::CharacterTaken`] or [`StoreError::OtherStore`]; then nothing was written.
    pub fn save(&mut self, saves: Vec<CharacterSave>) -> Result<(), StoreError> {
        self.check_store()?;
        for save in &saves {
            if !self.accounts.contains_key(&save.user_id()) {
                return Err(StoreError::UnknownUser(save.user_id()));
            }
            if self.taken.contains(&save.user_id()) {
                return Err(StoreError::CharacterTaken(save.user_id()));
            }
        }
        for save in saves {
            let user_id = save.user_id();
            let Some(stored) = self.accounts.get_mut(&user_id) else { continue };
            save.apply_to(&mut stored.character);
            self.written.push(user_id);
        }
        Ok(())
    }

    /// Claims a character and opens its session.
    ///
    /// # Errors
    /// None: the name of the other server is a good one.
    pub fn open_session(&mut self, session: Session) -> Result<Claim, StoreError> {
        if self.held.contains(&session.user_id) {
            let server =
                ServerId::new("other").map_err(|error| StoreError::Unavailable(error.to_string()))?;
            return Ok(Claim::Held { server });
        }
        self.taken.remove(&session.user_id);
        self.sessions.insert(session.user_id, (self.run, session));
        Ok(Claim::Granted)
    }

    /// Renews the lease of our server.
    pub fn heartbeat(&mut self) -> Heartbeat {
        let taken = self.taken.iter().copied().collect();
        Heartbeat { connections: 0, store_id: self.store_id(), taken }
    }

    /// Returns the name of this store.
    #[must_use]
    pub fn store_id(&self) -> String {
        format!("store {}", self.store)
    }

    fn check_store(&self) -> Result<(), StoreError> {
        if self.store == self.saves_to { Ok(()) } else { Err(StoreError::OtherStore) }
    }

    /// Changes sessions of our server; those of characters that another server has claimed are left out.
    ///
    /// # Errors
    /// [`StoreError::OtherStore`]; then nothing was written.
    pub fn write_sessions(&mut self, writes: Vec<SessionWrite>) -> Result<(), StoreError> {
        self.check_store()?;
        writes.into_iter().for_each(|write| self.write_session(write));
        Ok(())
    }

    fn write_session(&mut self, write: SessionWrite) {
        if self.taken.contains(&write.user_id()) {
            return;
        }
        match write {
            SessionWrite::Put(session) => self.sessions.insert(session.user_id, (self.run, session)),
            SessionWrite::Close { user_id, .. } => self.sessions.remove(&user_id),
        };
    }

    /// Claims and plays the character as another server does: its place and its description differ from then on.
    pub fn play_elsewhere(&mut self, user_id: UserId) {
        self.held.insert(user_id);
        self.taken.insert(user_id);
        self.sessions.remove(&user_id);
        if let Some(stored) = self.accounts.get_mut(&user_id) {
            stored.character.position.heading = stored.character.position.heading % 4 + 1;
            stored.character.description = format!("played elsewhere, then {}", stored.character.description);
            stored.character.description.truncate(60);
        }
    }

    /// Ends the session of the other server.
    pub fn release(&mut self, user_id: UserId) {
        self.held.remove(&user_id);
    }

    /// Empties the store. Numbers go on from where they were.
    pub fn empty(&mut self) {
        let Self { last_number, run, store, saves_to, .. } = *self;
        *self = Self { last_number, run, store: store + 1, saves_to, ..Self::default() };
    }

    /// Starts a new run of our server; the sessions of its last run are over.
    pub fn start_run(&mut self) {
        self.run += 1;
        self.saves_to = self.store;
        self.sessions.clear();
    }

    /// Returns the account of that name.
    #[must_use]
    pub fn by_name(&self, name: &str) -> Option<&StoredAccount> {
        self.accounts.get(self.names.get(&name_key(name))?)
    }

    /// Returns the account of that number.
    #[must_use]
    pub fn by_user(&self, user_id: UserId) -> Option<&StoredAccount> {
        self.accounts.get(&user_id)
    }

    /// Returns the session of that user.
    #[must_use]
    pub fn session(&self, user_id: UserId) -> Option<&Session> {
        self.sessions.get(&user_id).map(|(_, session)| session)
    }

    /// Iterates over all accounts.
    pub fn accounts(&self) -> impl Iterator<Item = &StoredAccount> {
        self.accounts.values()
    }

    /// Returns the open sessions.
    pub fn sessions(&self) -> impl Iterator<Item = &Session> {
        self.sessions.values().map(|(_, session)| session)
    }
}
