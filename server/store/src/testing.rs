//! Helpers for tests of whatever stands on a store: sample records, and a store that fails on demand.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::records::{
    AccountRecord, AttributesRecord, BadField, CharacterRecord, CharacterSave, Field, FieldKind, Fields,
    INVENTORY_SLOTS, ItemRecord, MapsRecord, NewAccount, PositionRecord, ReputationRecord, SKILLS,
    SPELL_SLOTS, SkillRecord, StatsRecord, StoredValue, UserId,
};
use super::server::{Heartbeat, LiveServer, Registration, ServerId, ServerStart, ServerStatus};
use super::session::{Claim, Session, SessionWrite, StoredSession};
use super::{
    CreateError, OwnChanges, ServerSettings, Settings, Store, StoreDescription, StoreError, StoredAccount,
};

/// An account of that name.
#[must_use]
pub fn sample_account(username: &str) -> NewAccount {
    NewAccount {
        username: username.into(),
        password_hash: "$argon2id$v=19$m=8,t=1,p=1$c2FtcGxlc2FsdA$c2FtcGxl".into(),
        email: "player@example.org".into(),
        created_at: 1_700_000_000,
        race: 2,
        gender: 1,
        class: 1,
        head: 101,
        home: 1,
    }
}

/// A character whose every number differs from its neighbours, so that a swapped field shows.
#[must_use]
pub fn sample_character() -> CharacterRecord {
    let mut skills = [SkillRecord::default(); SKILLS];
    for (skill, number) in skills.iter_mut().zip(1..) {
        *skill = SkillRecord { level: number, experience: 100 + u32::from(number) };
    }
    let mut inventory = [None; INVENTORY_SLOTS];
    for (slot, number) in inventory.iter_mut().zip(1..).step_by(3) {
        *slot = Some(ItemRecord { object: 400 + number, amount: 10 * number, equipped: number % 2 == 0 });
    }
    let mut spells = [0; SPELL_SLOTS];
    for (slot, number) in spells.iter_mut().zip(1..).step_by(4) {
        *slot = number;
    }
    let mut character = CharacterRecord {
        position: PositionRecord { map: 1, x: 50, y: 51, heading: 3 },
        attributes: AttributesRecord {
            strength: 18,
            agility: 17,
            intelligence: 16,
            charisma: 15,
            constitution: 14,
        },
        stats: sample_stats(),
        reputation: ReputationRecord {
            assassin: 1,
            bandit: 2,
            bourgeois: 3,
            thief: 4,
            noble: 1000,
            plebeian: 30,
        },
        skills,
        inventory,
        spells,
        ..CharacterRecord::blank()
    };
    character.description = "Un mago de Ullathorpe".into();
    character
}

/// A record whose numbers count up from `first` as far as their ranges allow, and whose texts are numbered likewise.
#[must_use]
pub fn numbered<F: Fields>(first: i64) -> F {
    let mut next = first;
    let value_of = |field: &'static Field| {
        let number = next;
        next = next.saturating_add(1);
        Ok::<_, BadField>(Some(match &field.kind {
            FieldKind::Number { range, .. } => {
                StoredValue::Number(number.clamp(*range.start(), *range.end()))
            }
            FieldKind::Text { .. } => StoredValue::Text(format!("Añoranza {number}").into()),
        }))
    };
    F::read(value_of).unwrap_or_else(|_| F::blank())
}

/// A record with every number at its upper end.
#[must_use]
pub fn at_limits<F: Fields>() -> F {
    numbered(i64::MAX)
}

fn sample_stats() -> StatsRecord {
    StatsRecord {
        max_hp: 21,
        hp: 20,
        max_mana: 101,
        mana: 100,
        max_stamina: 61,
        stamina: 60,
        min_hit: 1,
        max_hit: 2,
        gold: 5000,
        level: 4,
        experience: 150,
        experience_to_next: 300,
        water: 99,
        food: 98,
        free_skill_points: 10,
        assigned_skill_points: 9,
        ..numbered(15)
    }
}

/// A save of the position alone.
#[must_use]
pub fn position_save(user_id: UserId, position: PositionRecord) -> CharacterSave {
    CharacterSave::Position { user_id, position }
}

/// A save of the whole character.
#[must_use]
pub fn sheet_save(user_id: UserId, sheet: CharacterRecord) -> CharacterSave {
    CharacterSave::Sheet { user_id, sheet: Box::new(sheet) }
}

/// A store that does what the one inside does, except where [`Faults`] say otherwise.
pub struct FaultyStore {
    inner: Box<dyn Store>,
    faults: Faults,
}

/// What goes wrong in a [`FaultyStore`], changed from outside while it works, and what was asked of it.
#[derive(Debug, Clone, Default)]
pub struct Faults(Arc<(Mutex<State>, Condvar)>);

#[derive(Debug, Default)]
struct State {
    failures_left: u32,
    is_held: bool,
    saved: Vec<Vec<CharacterSave>>,
}

impl Faults {
    /// The next `calls` calls answer that the store is unavailable.
    pub fn fail_next(&self, calls: u32) {
        self.state().failures_left = calls;
    }

    /// Every call waits from now on, until [`Self::release`].
    pub fn hold(&self) {
        self.state().is_held = true;
    }

    /// Calls that wait go on, and no more wait.
    pub fn release(&self) {
        self.state().is_held = false;
        self.0.1.notify_all();
    }

    /// The transactions of saves that succeeded so far, oldest first.
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

impl Store for FaultyStore {
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

    fn save_characters(&mut self, saves: &[CharacterSave]) -> Result<(), StoreError> {
        self.faults.before_call()?;
        self.inner.save_characters(saves)?;
        self.faults.state().saved.push(saves.to_vec());
        Ok(())
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

    fn set_gm(&mut self, user_id: UserId, is_gm: bool) -> Result<(), StoreError> {
        self.faults.before_call()?;
        self.inner.set_gm(user_id, is_gm)
    }

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

    fn close(&mut self) -> Result<(), StoreError> {
        self.faults.before_call()?;
        self.inner.close()
    }

    fn servers(&mut self) -> Result<Vec<LiveServer>, StoreError> {
        self.faults.before_call()?;
        self.inner.servers()
    }

    fn connections_count(&mut self) -> Result<u64, StoreError> {
        self.faults.before_call()?;
        self.inner.connections_count()
    }

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

    fn settings(&mut self) -> Result<Settings, StoreError> {
        self.faults.before_call()?;
        self.inner.settings()
    }

    fn check_settings(&mut self) -> Result<(), StoreError> {
        self.faults.before_call()?;
        self.inner.check_settings()
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

    fn maps(&mut self) -> Result<Option<MapsRecord>, StoreError> {
        self.faults.before_call()?;
        self.inner.maps()
    }

    fn set_maps(&mut self, maps: &MapsRecord) -> Result<(), StoreError> {
        self.faults.before_call()?;
        self.inner.set_maps(maps)
    }

    fn visit_positions(&mut self, visit: &mut dyn FnMut(PositionRecord)) -> Result<(), StoreError> {
        self.faults.before_call()?;
        self.inner.visit_positions(visit)
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

    fn store_id(&mut self) -> Result<Option<String>, StoreError> {
        self.faults.before_call()?;
        self.inner.store_id()
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
