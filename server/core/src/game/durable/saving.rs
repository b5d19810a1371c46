//! Writing behind: changes apply in memory at once and are written within a few seconds.
//!
//! Each save writes everything that changed since the last one, of all players, in one transaction: whatever they
//! exchanged is written on both sides or on neither. A character that left is kept here until the store has
//! acknowledged it, so that a login that comes meanwhile finds it.

use crate::base::Millis;
use crate::base::ids::PlayerKey;
use crate::content::Position;
use crate::game::account::names::name_key;
use crate::game::durable::pending::{Pending, PendingTable};
use crate::game::durable::{Durable, PlayState};
use crate::game::invariants::require;
use crate::game::player::table::{Player, Players, Unsaved};
use crate::game::timers::Timer;
use crate::records::{CharacterRecord, CharacterSave, PositionRecord, UserId};
use crate::records::{Request, StoreError, StoredAccount, Ticket};
use crate::world::World;
use crate::world::heading::Heading;
use std::collections::{BTreeMap, BTreeSet};

/// Longest time a change stays unwritten while the store answers.
const SAVE_PERIOD_MS: Millis = 5_000;
/// Most requests that may be unanswered when another is made. The store may be away for hours; what changes meanwhile
/// is asked to be written once some are answered.
const UNANSWERED_MAX: usize = 64;

/// A character that has left and is not yet written.
#[derive(Debug)]
struct Departed {
    stored: StoredAccount,
    /// Part of it that no request has asked to write yet.
    unsaved: Unsaved,
    /// The request that writes it.
    ticket: Option<Ticket>,
}

/// The state of saving.
#[derive(Debug, Default)]
pub struct Saving {
    /// Players with something unsaved, each once.
    changed: Vec<PlayerKey>,
    /// True while [`Timer::Save`] is set.
    scheduled: bool,
    /// Requests not yet acknowledged.
    in_flight: usize,
    /// By [`name_key`].
    departed: BTreeMap<String, Departed>,
    /// True if the store was emptied and the characters held in memory are not written back yet.
    restores: bool,
    /// True if writing them back has failed and is to be tried again.
    restores_again: bool,
    /// Users that the store says it does not know. Each of them is saved apart from the others meanwhile, whom it would
    /// hold up.
    unknown: BTreeMap<UserId, Absence>,
}

/// Meaning of an account that the store does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Absence {
    /// Nothing yet: the store may have been emptied.
    Unproven,
    /// Since then a heartbeat has succeeded on our own store: the account was deleted there.
    Deleted,
}

impl Saving {
    /// Returns the character of that name that has left and is not yet written.
    #[must_use]
    pub fn departed(&self, name: &str) -> Option<&StoredAccount> {
        self.departed.get(&name_key(name)).map(|departed| &departed.stored)
    }

    /// Forgets the character of that name, which is in the world again. Returns the part of it that no request has asked
    /// to write yet.
    pub fn returned(&mut self, name: &str) -> Unsaved {
        self.departed.remove(&name_key(name)).map_or(Unsaved::Nothing, |departed| departed.unsaved)
    }

    /// All characters that have left and are not yet written.
    pub fn all_departed(&self) -> impl Iterator<Item = &StoredAccount> {
        self.departed.values().map(|departed| &departed.stored)
    }

    /// Notes that the characters held in memory are about to be written back to a store that was emptied: all are saved
    /// together again.
    pub fn restore_begins(&mut self) {
        self.restores = true;
        self.unknown.clear();
    }

    /// Notes that the characters held in memory were written back, or are to be written back again.
    fn restore_ended(&mut self, is_done: bool) {
        self.restores = !is_done;
        self.restores_again |= !is_done;
        // Accounts that were missed before that were not deleted.
        self.unknown.clear();
    }

    /// Notes that a heartbeat has succeeded on our own store: accounts that were missed there before were deleted, unless
    /// that store waits for a restore.
    pub fn store_confirmed(&mut self) {
        if !self.restores {
            self.unknown.values_mut().for_each(|absence| *absence = Absence::Deleted);
        }
    }

    /// Counts a request to write something.
    pub fn asked(&mut self) {
        self.in_flight += 1;
    }

    /// Counts an answer of the store.
    pub fn answered(&mut self) {
        debug_assert!(self.in_flight > 0, "an answer to nothing");
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    /// Returns true if so many requests are unanswered that another has to wait.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.in_flight >= UNANSWERED_MAX
    }

    /// Checks that whatever is unsaved is listed, with a timer set, and that the requests are counted.
    ///
    /// # Errors
    /// Describes the first contradiction found.
    pub fn check_invariants(&self, players: &Players, pending: &PendingTable) -> Result<(), String> {
        let listed: BTreeSet<PlayerKey> = self.changed.iter().copied().collect();
        for (key, player) in players.iter().filter(|(_, player)| player.unsaved > Unsaved::Nothing) {
            require(listed.contains(&key), || {
                format!("{:?} of player {key} is never saved", player.unsaved)
            })?;
        }
        require(self.changed.is_empty() || self.scheduled, || "no timer for what is unsaved".to_owned())?;
        for (name, departed) in &self.departed {
            let is_asked = departed.ticket.is_some_and(|ticket| pending.get(ticket).is_some());
            require(is_asked || departed.unsaved > Unsaved::Nothing, || {
                format!("{name:?} is never written")
            })?;
        }
        let writes = pending.writes();
        require(writes == self.in_flight, || format!("{writes} writes, {} counted", self.in_flight))
    }

    /// Returns true if everything is written and acknowledged.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.in_flight == 0 && self.departed.is_empty()
    }
}

impl Durable {
    /// Notes that a player has something to save that had nothing to save before.
    pub fn note_unsaved(&mut self, key: PlayerKey, mut state: PlayState<'_>) {
        self.saving.changed.push(key);
        self.schedule_save(&mut state);
    }

    /// Writes what has changed since the last time that the timer fired.
    pub fn save_timer(&mut self, mut state: PlayState<'_>) {
        self.saving.scheduled = false;
        if std::mem::take(&mut self.saving.restores_again) {
            self.restore_store(&mut state);
        }
        self.save_everything(state);
    }

    /// Asks the store to write all changes of characters and sessions.
    pub fn save_everything(&mut self, mut state: PlayState<'_>) {
        self.save_all_changes(&mut state);
        self.write_sessions(&mut state);
    }

    /// Returns the character of that name that has left and is not yet written.
    #[must_use]
    pub fn departed(&self, name: &str) -> Option<&StoredAccount> {
        self.saving.departed(name)
    }

    /// Forgets a departed character that is in the world again, which holds it from now on. Returns what of it no
    /// request has asked to write yet.
    pub fn returned(&mut self, name: &str) -> Unsaved {
        self.saving.returned(name)
    }

    /// Keeps a character that has just left until [`Self::save_all_changes`] has written it.
    pub fn keep_departed(&mut self, mut player: Player, position: Option<(Position, Heading)>) {
        if let Some((position, heading)) = position {
            player.bring_position(position_record(position, heading));
        }
        let name = name_key(player.name());
        let stored = StoredAccount { account: player.account, character: player.character };
        // Position at least: it costs little, and tells the store where the character was last.
        let unsaved = player.unsaved.max(Unsaved::Position);
        self.saving.departed.insert(name, Departed { stored, unsaved, ticket: None });
    }

    /// Asks the store to write everything that changed since the last time, in one transaction.
    pub fn save_all_changes(&mut self, state: &mut PlayState<'_>) {
        if self.saves_wait(state) {
            return;
        }
        let mut saves = Vec::with_capacity(self.saving.changed.len() + self.saving.departed.len());
        let mut changed = std::mem::take(&mut self.saving.changed);
        for key in changed.drain(..) {
            saves.extend(save_of_player(key, state));
        }
        self.saving.changed = changed;
        for departed in self.saving.departed.values_mut() {
            let unsaved = std::mem::replace(&mut departed.unsaved, Unsaved::Nothing);
            let user_id = departed.stored.account.user_id;
            saves.extend(save_of(user_id, unsaved, &departed.stored.character));
        }
        let unknown = &self.saving.unknown;
        let alone: Vec<_> = saves.extract_if(.., |save| unknown.contains_key(&save.user_id)).collect();
        self.ask_to_save(saves);
        for save in alone {
            self.ask_to_save(vec![save]);
        }
    }

    /// Returns true if nothing may be asked of the store for now, and tries again later. A server that stops asks
    /// everything at once: the store's thread still writes what it was asked.
    pub fn saves_wait(&mut self, state: &mut PlayState<'_>) -> bool {
        let wait = self.saving.is_full() && !self.is_stopping();
        if wait {
            self.schedule_save(state);
        }
        wait
    }

    /// Asks the store to write these in one transaction.
    fn ask_to_save(&mut self, saves: Vec<CharacterSave>) {
        if saves.is_empty() {
            return;
        }
        let mut users: Vec<UserId> = saves.iter().map(|save| save.user_id).collect();
        users.sort_unstable();
        let written = |departed: &&mut Departed| {
            departed.ticket.is_none() && users.binary_search(&departed.stored.account.user_id).is_ok()
        };
        let ticket = self.pending.add(Pending::Save(users.clone()));
        for departed in self.saving.departed.values_mut().filter(written) {
            departed.ticket = Some(ticket);
        }
        self.saving.asked();
        self.ask(Request::SaveCharacters { ticket, saves });
    }

    /// Forgets what a committed save has written.
    pub fn save_committed(&mut self, ticket: Ticket, users: &[UserId]) {
        self.saving.departed.retain(|_, departed| departed.ticket != Some(ticket));
        self.saving.unknown.retain(|user_id, _| !users.contains(user_id));
    }

    /// Notes that the store says it has no such account, and returns true if it was deleted there. Otherwise the store
    /// may have been emptied; then the others, which were held up, are saved at once.
    pub fn unknown_to_store(&mut self, user_id: UserId, state: &mut PlayState<'_>) -> bool {
        match self.saving.unknown.get(&user_id) {
            Some(Absence::Deleted) => return true,
            Some(Absence::Unproven) => {}
            None => {
                self.saving.unknown.insert(user_id, Absence::Unproven);
                // Where there are more of its kind, the store was probably emptied: then each would make all the rest
                // be sent once more.
                if self.saving.unknown.len() == 1 {
                    self.save_all_changes(state);
                }
            }
        }
        false
    }

    /// Notes the answer to a restore. After a failure all of it is tried again.
    pub fn store_restored(&mut self, result: Result<(), StoreError>, mut state: PlayState<'_>) {
        self.saving.answered();
        self.saving.restore_ended(result.is_ok());
        if let Err(error) = result {
            log::error!("what was held in memory could not be written back, will be tried again: {error}");
            self.schedule_save(&mut state);
        }
    }

    /// Forgets departed characters of these users, who are no longer ours to save. Returns false if there were none.
    pub fn forget_departed(&mut self, users: &[UserId]) -> bool {
        self.saving.unknown.retain(|user_id, _| !users.contains(user_id));
        let held = self.saving.departed.len();
        self.saving.departed.retain(|_, departed| !users.contains(&departed.stored.account.user_id));
        self.saving.departed.len() < held
    }

    /// Notes that a save of these users failed, of characters that have left since: the save of their leaving may hold
    /// less than the one that failed.
    pub fn departed_unsaved_again(&mut self, users: &[UserId]) {
        let left = |departed: &&mut Departed| users.contains(&departed.stored.account.user_id);
        for departed in self.saving.departed.values_mut().filter(left) {
            departed.unsaved = Unsaved::Sheet;
            departed.ticket = None;
        }
    }

    pub fn schedule_save(&mut self, state: &mut PlayState<'_>) {
        if !self.saving.scheduled {
            self.saving.scheduled = true;
            state.timers.set(state.now + SAVE_PERIOD_MS, Timer::Save);
        }
    }
}

/// Returns the account and the character of a player as they are now.
#[must_use]
pub fn stored_account(players: &Players, world: &World, key: PlayerKey) -> Option<StoredAccount> {
    let player = players.get(key)?;
    let mut character = player.character.clone();
    let standing = world.character(player.index).filter(|_| !player.is_displaced);
    if let Some(standing) = standing {
        character.position = position_record(standing.position, standing.heading);
    }
    Some(StoredAccount { account: player.account.clone(), character })
}

fn save_of_player(key: PlayerKey, state: &mut PlayState<'_>) -> Option<CharacterSave> {
    let player = state.players.get_mut(key)?;
    if let Some(character) = state.world.character(player.index) {
        player.bring_position(position_record(character.position, character.heading));
    }
    let unsaved = std::mem::replace(&mut player.unsaved, Unsaved::Nothing);
    save_of(player.account.user_id, unsaved, &player.character)
}

fn position_record(position: Position, heading: Heading) -> PositionRecord {
    PositionRecord { map: position.map, x: position.x, y: position.y, heading: heading.wire() }
}

fn save_of(user_id: UserId, unsaved: Unsaved, character: &CharacterRecord) -> Option<CharacterSave> {
    match unsaved {
        Unsaved::Nothing => None,
        Unsaved::Position => Some(CharacterSave { user_id, position: Some(character.position), sheet: None }),
        Unsaved::Sheet => {
            Some(CharacterSave { user_id, position: None, sheet: Some(Box::new(character.clone())) })
        }
    }
}
