//! The store in memory as a store like the others.

use std::collections::BTreeMap;

use pyao_core::testing::MemoryStore;

use crate::records::{
    AccountRecord, AccountState, CharacterRecord, CharacterSave, MapsRecord, NewAccount, PositionRecord,
    UserId,
};
use crate::server::{Heartbeat, LiveServer, Registration, ServerId, ServerStart, ServerStatus};
use crate::session::{Claim, Session, SessionWrite, StoredSession};
use crate::{
    Accounts, Characters, CreateError, LiveSettings, OwnChanges, ServerSettings, Servers, Sessions, Settings,
    Store, StoreDescription, StoreError, StoredAccount,
};

impl Accounts for MemoryStore {
    fn load_account(&mut self, name: &str) -> Result<Option<StoredAccount>, StoreError> {
        Ok(self.by_name(name))
    }

    fn create_account(
        &mut self,
        account: &NewAccount,
        character: &CharacterRecord,
    ) -> Result<UserId, CreateError> {
        Self::create_account(self, account, character)
    }

    fn restore_accounts(&mut self, accounts: &[StoredAccount]) -> Result<(), StoreError> {
        Self::restore_accounts(self, accounts);
        Ok(())
    }

    fn find_account(&mut self, name: &str) -> Result<Option<AccountRecord>, StoreError> {
        Ok(self.by_name(name).map(|stored| stored.account))
    }

    fn list_accounts(
        &mut self,
        after: Option<UserId>,
        limit: usize,
    ) -> Result<Vec<AccountRecord>, StoreError> {
        Ok(Self::list_accounts(self, after, limit))
    }

    fn set_password_hash(&mut self, user_id: UserId, password_hash: &str) -> Result<(), StoreError> {
        Self::set_password_hash(self, user_id, password_hash)
    }

    fn change_account(
        &mut self,
        user_id: UserId,
        from: &AccountState,
        to: &AccountState,
    ) -> Result<(), StoreError> {
        Self::change_account(self, user_id, from, to)
    }
}

impl Characters for MemoryStore {
    fn save_characters(&mut self, saves: &[CharacterSave]) -> Result<(), StoreError> {
        Self::save_characters(self, saves)
    }

    fn visit_positions(&mut self, visit: &mut dyn FnMut(PositionRecord)) -> Result<(), StoreError> {
        self.positions().into_iter().for_each(visit);
        Ok(())
    }
}

impl Servers for MemoryStore {
    fn register_server(&mut self, start: &ServerStart) -> Result<Registration, StoreError> {
        Ok(Self::register_server(self, start))
    }

    fn heartbeat(&mut self, status: &ServerStatus) -> Result<Heartbeat, StoreError> {
        Self::heartbeat(self, status)
    }

    fn deregister_server(&mut self) -> Result<(), StoreError> {
        Self::deregister_server(self);
        Ok(())
    }

    fn servers(&mut self) -> Result<Vec<LiveServer>, StoreError> {
        Ok(Self::servers(self))
    }

    fn connections_count(&mut self) -> Result<u64, StoreError> {
        Ok(Self::connections_count(self))
    }
}

impl Sessions for MemoryStore {
    fn open_session(&mut self, session: &Session) -> Result<Claim, StoreError> {
        Self::open_session(self, session)
    }

    fn write_sessions(&mut self, writes: &[SessionWrite]) -> Result<(), StoreError> {
        Self::write_sessions(self, writes)
    }

    fn session(&mut self, user_id: UserId) -> Result<Option<StoredSession>, StoreError> {
        Ok(self.stored_sessions().into_iter().find(|stored| stored.session.user_id == user_id))
    }

    fn sessions(&mut self) -> Result<Vec<StoredSession>, StoreError> {
        Ok(self.stored_sessions())
    }
}

impl LiveSettings for MemoryStore {
    fn settings(&mut self) -> Result<Settings, StoreError> {
        Ok(Self::settings(self))
    }

    fn settings_of(&mut self, server: &ServerId) -> Result<ServerSettings, StoreError> {
        Ok(Self::settings_of(self, server))
    }

    fn set_setting(&mut self, name: &str, value: &str) -> Result<(), StoreError> {
        self.change_setting(name, Some(value)).map(|_| ())
    }

    fn unset_setting(&mut self, name: &str) -> Result<bool, StoreError> {
        self.change_setting(name, None)
    }

    fn replace_setting(
        &mut self,
        name: &str,
        old: Option<&str>,
        new: Option<&str>,
    ) -> Result<bool, StoreError> {
        Self::replace_setting(self, name, old, new)
    }

    fn seed_settings(&mut self, defaults: &Settings) -> Result<(), StoreError> {
        Self::seed_settings(self, defaults)
    }

    fn change_own_settings(&mut self, server: &ServerId, changes: &OwnChanges) -> Result<(), StoreError> {
        Self::change_own_settings(self, server, changes)
    }

    fn replace_own_setting(
        &mut self,
        server: &ServerId,
        name: &str,
        old: Option<&str>,
        new: Option<&str>,
    ) -> Result<bool, StoreError> {
        Self::replace_own_setting(self, server, name, old, new)
    }
}

impl Store for MemoryStore {
    fn store_id(&mut self) -> Result<Option<String>, StoreError> {
        Ok(Self::store_id(self))
    }

    fn maps(&mut self) -> Result<Option<MapsRecord>, StoreError> {
        Ok(Self::maps(self))
    }

    fn set_maps(&mut self, maps: &MapsRecord) -> Result<(), StoreError> {
        Self::set_maps(self, *maps);
        Ok(())
    }

    fn describe(&mut self) -> Result<StoreDescription, StoreError> {
        Ok(StoreDescription {
            summary: "memory of this process".into(),
            loss_window: "everything".into(),
            warnings: Vec::new(),
        })
    }

    fn statistics(&mut self) -> Result<BTreeMap<String, u64>, StoreError> {
        let counts = [("accounts", self.account_count()), ("sessions", self.stored_sessions().len())];
        Ok(counts.map(|(name, count)| (name.to_owned(), count as u64)).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::unix_milliseconds;
    use crate::contract::store_contract;

    struct Fixture(MemoryStore);

    impl Fixture {
        fn new() -> Self {
            Self(MemoryStore::with_clock(unix_milliseconds))
        }

        #[expect(clippy::unnecessary_wraps, reason = "the contract asks for it")]
        fn connect(&self) -> Option<Box<dyn Store>> {
            Some(Box::new(self.0.connect()))
        }
    }

    store_contract!(Fixture);
}
