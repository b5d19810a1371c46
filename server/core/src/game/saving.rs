//! Writing behind: changes apply in memory at once and are written within a few seconds.
//!
//! Each save writes everything that changed since the last one, of all players, in one transaction: whatever they
//! exchanged is written on both sides or on neither. A character that left is kept here until the store has
//! acknowledged it, so that a login that comes meanwhile finds it.

use super::names::name_key;
use super::pending::Pending;
use super::players::{Player, PlayerKey, Unsaved};
use super::timers::Timer;
use super::{CloseReason, Game, Millis};
use crate::content::Position;
use crate::records::{CharacterRecord, CharacterSave, PositionRecord, UserId};
use crate::records::{Request, StoreError, StoredAccount, Ticket};
use crate::world::heading::Heading;
use std::collections::BTreeMap;

/// Longest time a change stays unwritten while the store answers.
const SAVE_PERIOD_MS: Millis = 5_000;
/// Most requests that may be unanswered when another is made. The store may be away for hours; what changes meanwhile
/// is asked to be written once some are answered.
const UNANSWERED_MAX: usize = 64;

/// A character that has left and is not yet written.
#[derive(Debug)]
struct Departed {
    stored: StoredAccount,
    /// What of it no request has asked to write yet.
    unsaved: Unsaved,
    /// The request that writes it.
    ticket: Option<Ticket>,
}

/// The state of saving.
#[derive(Debug, Default)]
pub struct Saving {
    /// Players with something unsaved, each once.
    changed: Vec<PlayerKey>,
    /// Whether [`Timer::Save`] is set.
    scheduled: bool,
    /// Requests not yet acknowledged.
    in_flight: usize,
    /// By [`name_key`].
    departed: BTreeMap<String, Departed>,
    /// Whether the store was emptied and what we hold is not written back yet.
    restores: bool,
    /// Whether writing it back has failed and is to be tried again.
    restores_again: bool,
    /// Users that the store says it does not know. Each of them is saved apart from the others meanwhile, whom it would
    /// hold up.
    unknown: BTreeMap<UserId, Absence>,
}

/// What it means that the store does not know a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Absence {
    /// Nothing yet: the store may have been emptied.
    Unproven,
    /// Since then a heartbeat has succeeded on our own store: the account was deleted there.
    Deleted,
}

impl Saving {
    /// The character of that name that has left and is not yet written.
    #[must_use]
    pub fn departed(&self, name: &str) -> Option<&StoredAccount> {
        self.departed.get(&name_key(name)).map(|departed| &departed.stored)
    }

    /// The character of that name is in the world again, which holds it from now on. What of it no request has asked to
    /// write yet.
    pub fn returned(&mut self, name: &str) -> Unsaved {
        self.departed.remove(&name_key(name)).map_or(Unsaved::Nothing, |departed| departed.unsaved)
    }

    /// All characters that have left and are not yet written.
    pub fn all_departed(&self) -> impl Iterator<Item = &StoredAccount> {
        self.departed.values().map(|departed| &departed.stored)
    }

    /// What we hold is about to be written back to a store that was emptied: all are saved together again.
    pub fn restore_begins(&mut self) {
        self.restores = true;
        self.unknown.clear();
    }

    /// What we hold was written back, or is to be written back again.
    fn restore_ended(&mut self, is_done: bool) {
        self.restores = !is_done;
        self.restores_again |= !is_done;
        // Who was missed before that was not deleted.
        self.unknown.clear();
    }

    /// A heartbeat has succeeded on our own store: who was missed there before was deleted, unless that store waits for
    /// what we hold.
    pub fn store_confirmed(&mut self) {
        if !self.restores {
            self.unknown.values_mut().for_each(|absence| *absence = Absence::Deleted);
        }
    }

    /// The store was asked to write something.
    pub fn asked(&mut self) {
        self.in_flight += 1;
    }

    /// The store has answered.
    pub fn answered(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    /// Whether so many requests are unanswered that another has to wait.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.in_flight >= UNANSWERED_MAX
    }

    /// Whether everything is written and acknowledged.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.in_flight == 0 && self.departed.is_empty()
    }
}

impl Game {
    /// Notes that something of a player has changed; it is written with the next save.
    pub(super) fn mark_unsaved(&mut self, key: PlayerKey, what: Unsaved) {
        let Some(player) = self.players.get_mut(key).filter(|_| what > Unsaved::Nothing) else { return };
        if player.unsaved == Unsaved::Nothing {
            self.saving.changed.push(key);
        }
        player.unsaved = player.unsaved.max(what);
        self.schedule_save();
    }

    pub(super) fn save_timer(&mut self) {
        self.saving.scheduled = false;
        if std::mem::take(&mut self.saving.restores_again) {
            self.restore_store();
        }
        self.save_all_changes();
        self.write_sessions();
    }

    /// Keeps a character that has just left until [`Self::save_all_changes`] has written it.
    pub(super) fn keep_departed(&mut self, mut player: Player, position: Option<(Position, Heading)>) {
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
    pub(super) fn save_all_changes(&mut self) {
        if self.saves_wait() {
            return;
        }
        let mut saves = Vec::with_capacity(self.saving.changed.len() + self.saving.departed.len());
        let mut changed = std::mem::take(&mut self.saving.changed);
        for key in changed.drain(..) {
            saves.extend(self.save_of_player(key));
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

    /// Whether nothing may be asked of the store for now; then it is tried again later. A server that stops asks
    /// everything at once: the store's thread still writes what it was asked.
    pub(super) fn saves_wait(&mut self) -> bool {
        let wait = self.saving.is_full() && !self.stopping;
        if wait {
            self.schedule_save();
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
        self.store_requests.push(Request::SaveCharacters { ticket, saves });
    }

    fn save_of_player(&mut self, key: PlayerKey) -> Option<CharacterSave> {
        let player = self.players.get_mut(key)?;
        if let Some(character) = self.world.character(player.index) {
            player.bring_position(position_record(character.position, character.heading));
        }
        let unsaved = std::mem::replace(&mut player.unsaved, Unsaved::Nothing);
        save_of(player.account.user_id, unsaved, &player.character)
    }

    /// The store committed a save, or gave up on it: then all of it is unsaved again.
    pub(super) fn saved(&mut self, ticket: Ticket, users: &[UserId], result: Result<(), StoreError>) {
        self.saving.answered();
        match result {
            Ok(()) => {
                self.saving.departed.retain(|_, departed| departed.ticket != Some(ticket));
                self.saving.unknown.retain(|user_id, _| !users.contains(user_id));
            }
            Err(error) => {
                log::error!("{} characters could not be saved, will be tried again: {error}", users.len());
                self.unsaved_again(users);
                match error {
                    StoreError::CharacterTaken(user_id) => self.taken_from_us(user_id),
                    StoreError::UnknownUser(user_id) => self.unknown_to_store(user_id),
                    _ => {}
                }
            }
        }
    }

    /// Another server has that character. The others were held up by it, and wait no longer; after an outage many saves
    /// fail over one character, and once is enough.
    fn taken_from_us(&mut self, user_id: UserId) {
        if self.give_up_characters(&[user_id], CloseReason::TakenOver) {
            self.save_all_changes();
        }
    }

    /// The store says that it has no such account: it was deleted there, or the store was emptied.
    fn unknown_to_store(&mut self, user_id: UserId) {
        match self.saving.unknown.get(&user_id) {
            Some(Absence::Deleted) => {
                self.give_up_characters(&[user_id], CloseReason::AccountDeleted);
                self.session_ended(user_id);
            }
            Some(Absence::Unproven) => {}
            None => {
                self.saving.unknown.insert(user_id, Absence::Unproven);
                // The others were held up by it. Where there are more of its kind, the store was probably emptied: then
                // each would make all the rest be sent once more.
                if self.saving.unknown.len() == 1 {
                    self.save_all_changes();
                }
            }
        }
    }

    /// What we hold was written back; if not, all of it will be tried again.
    pub(super) fn store_restored(&mut self, result: Result<(), StoreError>) {
        self.saving.answered();
        self.saving.restore_ended(result.is_ok());
        if let Err(error) = result {
            log::error!("what was held in memory could not be written back, will be tried again: {error}");
            self.schedule_save();
        }
    }

    /// They are no longer ours to save: what we hold of those that have left is old. Whether there was any.
    pub(super) fn forget_departed(&mut self, users: &[UserId]) -> bool {
        self.saving.unknown.retain(|user_id, _| !users.contains(user_id));
        let held = self.saving.departed.len();
        self.saving.departed.retain(|_, departed| !users.contains(&departed.stored.account.user_id));
        self.saving.departed.len() < held
    }

    /// The account and the character of a player as they are now.
    pub(super) fn stored_account(&self, key: PlayerKey) -> Option<StoredAccount> {
        let player = self.players.get(key)?;
        let mut character = player.character.clone();
        let standing = self.world.character(player.index).filter(|_| !player.is_displaced);
        if let Some(standing) = standing {
            character.position = position_record(standing.position, standing.heading);
        }
        Some(StoredAccount { account: player.account.clone(), character })
    }

    fn unsaved_again(&mut self, users: &[UserId]) {
        // Whoever has left since: the save of its leaving may hold less than the one that failed.
        let left = |departed: &&mut Departed| users.contains(&departed.stored.account.user_id);
        for departed in self.saving.departed.values_mut().filter(left) {
            departed.unsaved = Unsaved::Sheet;
            departed.ticket = None;
        }
        for key in users.iter().filter_map(|user_id| self.players.by_user(*user_id)).collect::<Vec<_>>() {
            self.mark_unsaved(key, Unsaved::Sheet);
        }
        self.schedule_save();
    }

    pub(super) fn schedule_save(&mut self) {
        if !self.saving.scheduled {
            self.saving.scheduled = true;
            self.timers.set(self.now + SAVE_PERIOD_MS, Timer::Save);
        }
    }
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
