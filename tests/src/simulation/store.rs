//! A store in memory that answers when it likes, in order.

use pyao_server::store::records::{
    AccountRecord, CharacterRecord, CharacterSave, NewAccount, PositionRecord, UserId,
};
use pyao_server::store::session::{Claim, SessionWrite};
use pyao_server::store::{CreateError, Reply, Request, StoreError, StoredAccount};
use std::collections::{BTreeMap, VecDeque};

/// See the module.
#[derive(Default)]
pub struct SimulatedStore {
    accounts: BTreeMap<UserId, StoredAccount>,
    names: BTreeMap<String, UserId>,
    /// Open sessions, each with the time since when nobody is connected.
    sessions: BTreeMap<UserId, Option<u64>>,
    waiting: VecDeque<Request>,
    replies: VecDeque<Reply>,
}

impl SimulatedStore {
    /// Takes a request; it is carried out later.
    pub fn ask(&mut self, request: Request) {
        self.waiting.push_back(request);
    }

    /// Carries out the oldest request.
    pub fn answer_one(&mut self) {
        if let Some(request) = self.waiting.pop_front() {
            let reply = self.carry_out(request);
            self.replies.push_back(reply);
        }
    }

    /// Carries out all requests.
    pub fn answer_everything(&mut self) {
        while !self.waiting.is_empty() {
            self.answer_one();
        }
    }

    /// The oldest answer not yet heard.
    pub fn reply(&mut self) -> Option<Reply> {
        self.replies.pop_front()
    }

    /// Where the character of that name stands, as stored.
    pub fn position(&self, name: &str) -> Option<PositionRecord> {
        self.stored(name).map(|stored| stored.character.position)
    }

    /// How many sessions are open.
    pub fn open_sessions(&self) -> usize {
        self.sessions.len()
    }

    fn stored(&self, name: &str) -> Option<&StoredAccount> {
        self.accounts.get(self.names.get(&name.to_ascii_lowercase())?)
    }

    fn carry_out(&mut self, request: Request) -> Reply {
        match request {
            Request::LoadAccount { ticket, name } => {
                Reply::Account { ticket, result: Ok(self.stored(&name).cloned().map(Box::new)) }
            }
            Request::CreateAccount { ticket, account, character } => {
                Reply::Created { ticket, result: self.create(account, *character) }
            }
            Request::SaveCharacters { ticket, saves } => Reply::Saved { ticket, result: self.save(saves) },
            Request::SetPasswordHash { ticket, user_id, password_hash } => {
                if let Some(stored) = self.accounts.get_mut(&user_id) {
                    stored.account.account.password_hash = password_hash;
                }
                Reply::Saved { ticket, result: Ok(()) }
            }
            Request::OpenSession { ticket, .. } => {
                Reply::SessionOpened { ticket, result: Ok(Claim::Granted) }
            }
            Request::WriteSessions { ticket, writes } => {
                for write in writes {
                    match write {
                        SessionWrite::Put(session) => {
                            self.sessions.insert(session.user_id, session.disconnected_at)
                        }
                        SessionWrite::Close { user_id, .. } => self.sessions.remove(&user_id),
                    };
                }
                Reply::Saved { ticket, result: Ok(()) }
            }
            other => other.refuse(StoreError::Unavailable("nobody asks this here".into())),
        }
    }

    fn create(&mut self, account: NewAccount, character: CharacterRecord) -> Result<UserId, CreateError> {
        let name = account.username.to_ascii_lowercase();
        if self.names.contains_key(&name) {
            return Err(CreateError::NameTaken);
        }
        let user_id = UserId(u32::try_from(self.accounts.len()).unwrap_or(u32::MAX) + 1);
        self.names.insert(name, user_id);
        let account = AccountRecord { user_id, account, is_gm: false };
        self.accounts.insert(user_id, StoredAccount { account, character });
        Ok(user_id)
    }

    fn save(&mut self, saves: Vec<CharacterSave>) -> Result<(), StoreError> {
        for save in saves {
            let Some(stored) = self.accounts.get_mut(&save.user_id) else {
                return Err(StoreError::Damaged {
                    key: save.user_id.0.to_string(),
                    reason: "unknown".into(),
                });
            };
            if let Some(sheet) = save.sheet {
                stored.character = *sheet;
            }
            if let Some(position) = save.position {
                stored.character.position = position;
            }
        }
        Ok(())
    }
}
