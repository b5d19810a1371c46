//! A store that fails on demand.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

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

/// A store that does what the one inside does, except where [`Faults`] say otherwise.
pub struct FaultyStore {
    inner: Box<dyn Store>,
    faults: Faults,
}

/// The faults of a [`FaultyStore`], changed from outside while it works, and the saves that it took.
#[derive(Debug, Clone, Default)]
pub struct Faults(Arc<(Mutex<State>, Condvar)>);

#[derive(Debug, Default)]
struct State {
    failures_left: u32,
    is_held: bool,
    saved: Vec<Vec<CharacterSave>>,
}

impl Faults {
    /// Makes the next `calls` calls answer that the store is unavailable.
    pub fn fail_next(&self, calls: u32) {
        self.state().failures_left = calls;
    }

    /// Makes every call wait from now on, until [`Self::release`].
    pub fn hold(&self) {
        self.state().is_held = true;
    }

    /// Calls that wait go on, and no more wait.
    pub fn release(&self) {
        self.state().is_held = false;
        self.0.1.notify_all();
    }

    /// Returns the transactions of saves that succeeded so far, oldest first.
    #[must_use]
    pub fn saved(&self) -> Vec<Vec<CharacterSave>> {
        self.state().saved.clone()
    }

    fn before_call(&self) -> Result<(), StoreError> {
        let released = self.0.1.wait_while(self.state(), |state| state.is_held);
        let mut state = released.unwrap_or_else(PoisonError::into_inner);
        if state.failures_left == 0 {
            return Ok(());
        }
        state.failures_left -= 1;
        Err(StoreError::Unavailable("injected failure".into()))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FaultyStore {
    /// Wraps `inner`; keep the [`Faults`] to steer it.
    #[must_use]
    pub fn new(inner: Box<dyn Store>) -> (Self, Faults) {
        let faults = Faults::default();
        (Self { inner, faults: faults.clone() }, faults)
    }
}

impl Accounts for FaultyStore {
    fn load_account(&mut self, name: &str) -> Result<Option<StoredAccount>, StoreError> {
        self.faults.before_call()?;
        self.inner.load_account(name)
    }

    fn create_account(
        &mut self,
        account: &NewAccount,
        character: &CharacterRecord,
    ) -> Result<UserId, CreateError> {
        self.faults.before_call()?;
        self.inner.create_account(account, character)
    }

    fn restore_accounts(&mut self, accounts: &[StoredAccount]) -> Result<(), StoreError> {
        self.faults.before_call()?;
        self.inner.restore_accounts(accounts)
    }

    fn find_account(&mut self, name: &str) -> Result<Option<AccountRecord>, StoreError> {
        self.faults.before_call()?;
        self.inner.find_account(name)
    }

    fn list_accounts(
        &mut self,
        after: Option<UserId>,
        limit: usize,
    ) -> Result<Vec<AccountRecord>, StoreError> {
        self.faults.before_call()?;
        self.inner.list_accounts(after, limit)
    }

    fn set_password_hash(&mut self, user_id: UserId, password_hash: &str) -> Result<(), StoreError> {
        self.faults.before_call()?;
        self.inner.set_password_hash(user_id, password_hash)
    }

    fn change_account(
        &mut self,
        user_id: UserId,
        from: &AccountState,
        to: &AccountState,
    ) -> Result<(), StoreError> {
        self.faults.before_call()?;
        self.inner.change_account(user_id, from, to)
    }
}

impl Characters for FaultyStore {
    fn save_characters(&mut self, saves: &[CharacterSave]) -> Result<(), StoreError> {
        self.faults.before_call()?;
        self.inner.save_characters(saves)?;
        self.faults.state().saved.push(saves.to_vec());
        Ok(())
    }

    fn visit_positions(&mut self, visit: &mut dyn FnMut(PositionRecord)) -> Result<(), StoreError> {
        self.faults.before_call()?;
        self.inner.visit_positions(visit)
    }
}

impl Servers for FaultyStore {
    fn register_server(&mut self, start: &ServerStart) -> Result<Registration, StoreError> {
        self.faults.before_call()?;
        self.inner.register_server(start)
    }

    fn heartbeat(&mut self, status: &ServerStatus) -> Result<Heartbeat, StoreError> {
        self.faults.before_call()?;
        self.inner.heartbeat(status)
    }

    fn deregister_server(&mut self) -> Result<(), StoreError> {
        self.faults.before_call()?;
        self.inner.deregister_server()
    }

    fn servers(&mut self) -> Result<Vec<LiveServer>, StoreError> {
        self.faults.before_call()?;
        self.inner.servers()
    }

    fn connections_count(&mut self) -> Result<u64, StoreError> {
        self.faults.before_call()?;
        self.inner.connections_count()
    }
}

impl Sessions for FaultyStore {
    fn open_session(&mut self, session: &Session) -> Result<Claim, StoreError> {
        self.faults.before_call()?;
        self.inner.open_session(session)
    }

    fn write_sessions(&mut self, writes: &[SessionWrite]) -> Result<(), StoreError> {
        self.faults.before_call()?;
        self.inner.write_sessions(writes)
    }

    fn session(&mut self, user_id: UserId) -> Result<Option<StoredSession>, StoreError> {
        self.faults.before_call()?;
        self.inner.session(user_id)
    }

    fn sessions(&mut self) -> Result<Vec<StoredSession>, StoreError> {
        self.faults.before_call()?;
        self.inner.sessions()
    }
}

impl LiveSettings for FaultyStore {
    fn settings(&mut self) -> Result<Settings, StoreError> {
        self.faults.before_call()?;
        self.inner.settings()
    }

    fn check_settings(&mut self) -> Result<(), StoreError> {
        self.faults.before_call()?;
        self.inner.check_settings()
    }

    fn check_own_settings(&mut self, server: &ServerId) -> Result<(), StoreError> {
        self.faults.before_call()?;
        self.inner.check_own_settings(server)
    }

    fn set_setting(&mut self, name: &str, value: &str) -> Result<(), StoreError> {
        self.faults.before_call()?;
        self.inner.set_setting(name, value)
    }

    fn unset_setting(&mut self, name: &str) -> Result<bool, StoreError> {
        self.faults.before_call()?;
        self.inner.unset_setting(name)
    }

    fn replace_setting(
        &mut self,
        name: &str,
        old: Option<&str>,
        new: Option<&str>,
    ) -> Result<bool, StoreError> {
        self.faults.before_call()?;
        self.inner.replace_setting(name, old, new)
    }

    fn seed_settings(&mut self, defaults: &Settings) -> Result<(), StoreError> {
        self.faults.before_call()?;
        self.inner.seed_settings(defaults)
    }

    fn settings_of(&mut self, server: &ServerId) -> Result<ServerSettings, StoreError> {
        self.faults.before_call()?;
        self.inner.settings_of(server)
    }

    fn change_own_settings(&mut self, server: &ServerId, changes: &OwnChanges) -> Result<(), StoreError> {
        self.faults.before_call()?;
        self.inner.change_own_settings(server, changes)
    }

    fn replace_own_setting(
        &mut self,
        server: &ServerId,
        name: &str,
        old: Option<&str>,
        new: Option<&str>,
    ) -> Result<bool, StoreError> {
        self.faults.before_call()?;
        self.inner.replace_own_setting(server, name, old, new)
    }
}

impl Store for FaultyStore {
    fn close(&mut self) -> Result<(), StoreError> {
        self.faults.before_call()?;
        self.inner.close()
    }

    fn store_id(&mut self) -> Result<Option<String>, StoreError> {
        self.faults.before_call()?;
        self.inner.store_id()
    }

    fn maps(&mut self) -> Result<Option<MapsRecord>, StoreError> {
        self.faults.before_call()?;
        self.inner.maps()
    }

    fn set_maps(&mut self, maps: &MapsRecord) -> Result<(), StoreError> {
        self.faults.before_call()?;
        self.inner.set_maps(maps)
    }

    fn describe(&mut self) -> Result<StoreDescription, StoreError> {
        self.faults.before_call()?;
        self.inner.describe()
    }

    fn statistics(&mut self) -> Result<BTreeMap<String, u64>, StoreError> {
        self.faults.before_call()?;
        self.inner.statistics()
    }
}
