//! Writing behind: changes apply in memory at once and are written within a few seconds.
//!
//! Each save writes everything that changed since the last one, of all players, in one transaction: whatever they
//! exchanged is written on both sides or on neither. A character that left is kept here until the store has
//! acknowledged it, so that a login that comes meanwhile finds it.

use crate::base::Millis;
use crate::base::ids::PlayerKey;
use crate::content::Position;
use crate::game::account::names::name_key;
use crate::game::durable::pending::Pending;
use crate::game::durable::saving::{Absence, Departed};
use crate::game::durable::{Durable, PlayState};
use crate::game::player::table::{Player, Players, Unsaved};
use crate::game::timers::Timer;
use crate::records::{CharacterRecord, CharacterSave, PositionRecord, UserId};
use crate::records::{Request, StoreError, StoredAccount, Ticket};
use crate::world::World;
use crate::world::heading::Heading;

/// Longest time a change stays unwritten while the store answers.
const SAVE_PERIOD_MS: Millis = 5_000;

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
        let alone: Vec<_> = saves.extract_if(.., |save| unknown.contains_key(&save.user_id())).collect();
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
        let mut users: Vec<UserId> = saves.iter().map(CharacterSave::user_id).collect();
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
                // With more of its kind the store was probably emptied: then each would make all the rest
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
            log::error!("accounts held in memory could not be written back and will be tried again: {error}");
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
        Unsaved::Position => Some(CharacterSave::Position { user_id, position: character.position }),
        Unsaved::Sheet => Some(CharacterSave::Sheet { user_id, sheet: Box::new(character.clone()) }),
    }
}
