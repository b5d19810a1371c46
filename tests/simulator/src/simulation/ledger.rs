//! The truth about every character, wherever it is: in the world, gone and perhaps not yet written, on another server.
//!
//! The ledger looks at the world after every turn and at every request before the store gets it. So it knows what each
//! character was last, and what must be found again: by a login, in the store, after a crash.

use super::events::{Event, Report};
use pyao_core::base::ids::ObjectId;
use pyao_core::content::Position;
use pyao_core::game::Game;
use pyao_core::game::player::table::Player;
use pyao_store::records::{CharacterRecord, CharacterSave, PositionRecord, UserId};
use pyao_store::{Request, StoreError, StoredAccount, Ticket};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// A change is asked to be written at the latest after this time, in milliseconds.
const UNWRITTEN_MAX: u64 = 5_000;
/// Greatest age, in milliseconds, of the data in a healthy store: the save period, and the time its requests take.
const LOST_MAX: u64 = 7_000;

/// Whereabouts of a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whereabouts {
    World,
    /// Left; the server may still hold it, to write it.
    Left,
    AnotherServer,
}

/// Knowledge of the ledger about one character.
struct Entry {
    name: String,
    whereabouts: Whereabouts,
    record: CharacterRecord,
    /// Since when it differs from what was last asked to be written.
    unwritten_since: Option<u64>,
    /// Earlier states of its record, each with the time since when, beginning with the stored one.
    history: VecDeque<(u64, CharacterRecord)>,
    /// Wealth at its creation.
    born_with: Wealth,
    /// The tile that it was put on instead of its stored one, until it walks.
    displaced_to: Option<Position>,
    /// The last turn in which it was in the world.
    seen: u64,
}

/// Gold and items by object number.
pub type Wealth = BTreeMap<ObjectId, u64>;

/// Gold has no object number of its own here.
const GOLD: ObjectId = ObjectId::NONE;

/// See the module.
#[derive(Default)]
pub struct Ledger {
    entries: BTreeMap<UserId, Entry>,
    /// Saves that are not answered.
    asked: BTreeMap<Ticket, Vec<UserId>>,
    /// Users that the store reported as unknown: they are saved apart, so that the others are not held up.
    unknown: BTreeSet<UserId>,
    turn: u64,
}

fn same_sheet(one: &CharacterRecord, other: &CharacterRecord) -> bool {
    one.stats == other.stats
        && one.inventory == other.inventory
        && one.skills == other.skills
        && one.spells == other.spells
        && one.attributes == other.attributes
        && one.reputation == other.reputation
        && one.description == other.description
}

fn wealth_of(record: &CharacterRecord, wealth: &mut Wealth) {
    *wealth.entry(GOLD).or_default() += u64::from(record.stats.gold);
    for item in record.inventory.iter().flatten() {
        *wealth.entry(item.object).or_default() += u64::from(item.amount);
    }
}

/// Returns the position to store for a player's character: its tile, or, if it was put on another tile than its stored
/// one and has not walked since, still the stored one.
pub fn place_of(game: &Game, player: &Player) -> Option<PositionRecord> {
    let character = game.world().character(player.index)?;
    if player.is_displaced {
        return Some(player.character.position);
    }
    let Position { map, x, y } = character.position;
    Some(PositionRecord { map, x, y, heading: character.heading.wire() })
}

/// Returns the tile of a player's character that was put elsewhere than where it was stored and has not walked since.
fn displaced_to(game: &Game, player: &Player) -> Option<Position> {
    game.world().character(player.index).filter(|_| player.is_displaced).map(|character| character.position)
}

impl Ledger {
    /// Looks at every character in the world, after a turn at `now`.
    ///
    /// # Errors
    /// Fails if a character entered with another record than it left with.
    pub fn observe(&mut self, game: &Game, now: u64, report: &mut Report) -> Result<(), String> {
        self.turn += 1;
        for (_, player) in game.players().iter() {
            let name = player.name();
            let Some(place) = place_of(game, player) else { return Err(format!("{name} is nowhere")) };
            let Some(entry) = self.entries.get_mut(&player.account.user_id) else {
                return Err(format!("{name} plays, but was never stored"));
            };
            entry.seen = self.turn;
            match entry.whereabouts {
                Whereabouts::World => {
                    entry.check_displaced(displaced_to(game, player))?;
                    entry.follow(player, place, now, report);
                }
                Whereabouts::Left => entry.enter(game, player, place)?,
                // Until this server is notified.
                Whereabouts::AnotherServer => {}
            }
        }
        for entry in self.entries.values_mut() {
            if entry.whereabouts == Whereabouts::World && entry.seen != self.turn {
                entry.whereabouts = Whereabouts::Left;
                entry.unwritten_since.get_or_insert(now);
            }
        }
        Ok(())
    }

    /// Looks at what the store is asked after a turn: saves tell the truth, and all of it at once.
    ///
    /// # Errors
    /// Fails if a save is wrong or incomplete.
    pub fn asks(&mut self, requests: &[Request], game: &Game, report: &mut Report) -> Result<(), String> {
        let mut is_first = true;
        for request in requests {
            if matches!(request, Request::RestoreAccounts { .. }) {
                self.unknown.clear();
            }
            let Request::SaveCharacters { ticket, saves } = request else { continue };
            for save in saves {
                self.check_save(save, game, is_first)?;
                report.note(Event::SaveCompared);
            }
            self.asked.insert(*ticket, saves.iter().map(CharacterSave::user_id).collect());
            is_first = false;
        }
        let forgotten = self.entries.values().find(|entry| entry.unwritten_since.is_some());
        match forgotten {
            Some(entry) if !is_first => Err(format!("a save leaves {} out", entry.name)),
            _ => Ok(()),
        }
    }

    fn check_save(&mut self, save: &CharacterSave, game: &Game, is_first: bool) -> Result<(), String> {
        let Some(entry) = self.entries.get_mut(&save.user_id()) else {
            return Err(format!("user {}, who does not exist, is saved", save.user_id()));
        };
        if entry.whereabouts == Whereabouts::AnotherServer {
            return Ok(());
        }
        let player = game.players().by_user(save.user_id()).and_then(|key| game.players().get(key));
        let place = player.and_then(|player| place_of(game, player)).unwrap_or(entry.record.position);
        let saved_place = save.position();
        if saved_place != place {
            return Err(format!("{} is saved at {saved_place:?}, should be {place:?}", entry.name));
        }
        if matches!(save, CharacterSave::Sheet { sheet, .. } if !same_sheet(sheet, &entry.record)) {
            return Err(format!("{} is saved with another sheet than it has", entry.name));
        }
        // Several may leave in one turn, each with a save of its own.
        let has_just_left = entry.whereabouts == Whereabouts::Left && entry.seen + 1 == self.turn;
        if !is_first && !has_just_left && !self.unknown.contains(&save.user_id()) {
            return Err(format!("{} is not saved together with the others", entry.name));
        }
        entry.unwritten_since = None;
        Ok(())
    }

    /// Takes the reply to a save.
    pub fn answered(&mut self, ticket: Ticket, result: &Result<(), StoreError>, now: u64) {
        let Some(users) = self.asked.remove(&ticket) else { return };
        match result {
            Ok(()) => return self.unknown.retain(|user_id| !users.contains(user_id)),
            Err(StoreError::UnknownUser(user_id)) => _ = self.unknown.insert(*user_id),
            Err(_) => {}
        }
        for user_id in users {
            if let Some(entry) = self.entries.get_mut(&user_id)
                && entry.whereabouts != Whereabouts::AnotherServer
            {
                entry.unwritten_since.get_or_insert(now);
            }
        }
    }

    /// Checks `stored`, which the store has written.
    ///
    /// # Errors
    /// Fails if the character never had that record.
    pub fn written(&mut self, stored: &StoredAccount, now: u64) -> Result<(), String> {
        let user_id = stored.account.user_id;
        let Some(entry) = self.entries.get_mut(&user_id) else {
            self.entries.insert(user_id, Entry::new(stored, now));
            return Ok(());
        };
        match entry.was(&stored.character) {
            Some((first, _)) => {
                entry.history.drain(..first);
                Ok(())
            }
            None => Err(format!("{} is stored as it never was: {:?}", entry.name, stored.character)),
        }
    }

    /// Checks that every change was asked to be written in time.
    ///
    /// # Errors
    /// Fails if one was not.
    pub fn check_age(&self, now: u64) -> Result<(), String> {
        for entry in self.entries.values() {
            let since = entry.unwritten_since.unwrap_or(now);
            if now - since > UNWRITTEN_MAX {
                return Err(format!("{} changed {} ms ago and no save was asked", entry.name, now - since));
            }
        }
        Ok(())
    }

    /// Checks that gold and items are those that their owners had when they were created.
    ///
    /// # Errors
    /// Fails if some appeared or vanished.
    pub fn check_wealth(&self) -> Result<(), String> {
        let (mut born, mut owned) = (Wealth::new(), Wealth::new());
        for entry in self.entries.values() {
            wealth_of(&entry.record, &mut owned);
            for (object, amount) in &entry.born_with {
                *born.entry(*object).or_default() += amount;
            }
        }
        if born == owned { Ok(()) } else { Err(format!("wealth: there is {owned:?}, was made {born:?}")) }
    }

    /// Returns the record of the character of that user.
    #[must_use]
    pub fn record(&self, user_id: UserId) -> Option<&CharacterRecord> {
        self.entries.get(&user_id).map(|entry| &entry.record)
    }

    /// Yields all users.
    pub fn users(&self) -> impl Iterator<Item = UserId> + '_ {
        self.entries.keys().copied()
    }

    /// Returns true if the server holds the character in memory: in the world, or left and not yet known to be written.
    #[must_use]
    pub fn is_held(&self, user_id: UserId) -> bool {
        let Some(entry) = self.entries.get(&user_id) else { return false };
        entry.whereabouts == Whereabouts::World
            || entry.unwritten_since.is_some()
            || self.asked.values().flatten().any(|asked| *asked == user_id)
    }

    /// Returns true if it is on another server.
    #[must_use]
    pub fn is_elsewhere(&self, user_id: UserId) -> bool {
        self.entries.get(&user_id).is_some_and(|entry| entry.whereabouts == Whereabouts::AnotherServer)
    }

    /// Notes that another server has the character from now on.
    pub fn taken(&mut self, user_id: UserId) {
        if let Some(entry) = self.entries.get_mut(&user_id) {
            entry.whereabouts = Whereabouts::AnotherServer;
            entry.unwritten_since = None;
        }
    }

    /// Takes the character to be as `stored`, and in no world: the other server is done with it, or our own died.
    pub fn believe(&mut self, stored: &StoredAccount, now: u64) {
        for users in self.asked.values_mut() {
            users.retain(|asked| *asked != stored.account.user_id);
        }
        if let Some(entry) = self.entries.get_mut(&stored.account.user_id) {
            let born_with = std::mem::take(&mut entry.born_with);
            *entry = Entry { born_with, ..Entry::new(stored, now) };
        }
    }

    /// Forgets the character, which is gone for good, and returns its name.
    pub fn forget(&mut self, user_id: UserId) -> Option<String> {
        self.entries.remove(&user_id).map(|entry| entry.name)
    }

    /// Notes that our server died at `now`; the store, well or not, holds `stored`.
    ///
    /// # Errors
    /// Fails if more was lost than may be.
    pub fn crashed(
        &mut self,
        stored: &StoredAccount,
        was_well: bool,
        now: u64,
        report: &mut Report,
    ) -> Result<(), String> {
        let Some(entry) = self.entries.get(&stored.account.user_id) else { return Ok(()) };
        if entry.whereabouts != Whereabouts::AnotherServer {
            let Some((_, last)) = entry.was(&stored.character) else {
                return Err(format!("after a crash {} is what it never was", entry.name));
            };
            let lost_since = entry.history.get(last + 1).map_or(now, |(since, _)| *since);
            if lost_since < now {
                report.note(Event::UnsavedAtCrash);
            }
            if was_well && now - lost_since > LOST_MAX {
                return Err(format!("a crash cost {} its last {} ms", entry.name, now - lost_since));
            }
        }
        self.believe(stored, now);
        Ok(())
    }

    /// Forgets the open requests: no reply comes any more.
    pub fn forget_requests(&mut self) {
        self.asked.clear();
        self.unknown.clear();
    }
}

impl Entry {
    fn new(stored: &StoredAccount, now: u64) -> Self {
        let record = stored.character.clone();
        let mut born_with = Wealth::new();
        wealth_of(&record, &mut born_with);
        Self {
            name: stored.account.account.username.clone(),
            whereabouts: Whereabouts::Left,
            history: VecDeque::from([(now, record.clone())]),
            record,
            unwritten_since: None,
            born_with,
            displaced_to: None,
            seen: 0,
        }
    }

    /// Returns the first and the last place in the history that `stored` may be of. Position and sheet are saved apart,
    /// so they may be of different age; the older one counts.
    fn was(&self, stored: &CharacterRecord) -> Option<(usize, usize)> {
        let is_place = |(_, record): &(u64, CharacterRecord)| record.position == stored.position;
        let is_sheet = |(_, record): &(u64, CharacterRecord)| same_sheet(record, stored);
        let first = self.history.iter().position(is_place)?.min(self.history.iter().position(is_sheet)?);
        let last = self.history.iter().rposition(is_place)?.min(self.history.iter().rposition(is_sheet)?);
        Some((first, last))
    }

    /// Follows a character in the world, which may have changed.
    fn follow(&mut self, player: &Player, place: PositionRecord, now: u64, report: &mut Report) {
        let before = self.record.position;
        if before == place && same_sheet(&self.record, &player.character) {
            return;
        }
        if before.map != place.map {
            report.note(Event::MapChange);
        } else if (before.x, before.y) != (place.x, place.y) {
            report.note(Event::Step);
        }
        self.change(player, place, now);
        self.unwritten_since.get_or_insert(now);
    }

    fn change(&mut self, player: &Player, place: PositionRecord, now: u64) {
        if !same_sheet(&self.record, &player.character) {
            self.record = player.character.clone();
        }
        self.record.position = place;
        self.history.push_back((now, self.record.clone()));
    }

    /// Checks a character that has entered the world: as it left it, on its tile or, if that is not free, on another.
    fn enter(&mut self, game: &Game, player: &Player, place: PositionRecord) -> Result<(), String> {
        self.whereabouts = Whereabouts::World;
        if !same_sheet(&self.record, &player.character) {
            return Err(format!("{} enters with another sheet than it left with", self.name));
        }
        self.displaced_to = displaced_to(game, player);
        let left = self.record.position;
        if left != place {
            return Err(format!("{} enters with {place:?} to store, left at {left:?}", self.name));
        }
        if self.displaced_to.is_none() {
            return Ok(());
        }
        let tile = Position { map: left.map, x: left.x, y: left.y };
        let occupant = game.world().occupant(tile);
        let map = game.world().content().map(left.map);
        let usable =
            map.is_some_and(|map| map.walkable(tile.x, tile.y) && map.exit(tile.x, tile.y).is_none());
        let free = usable && occupant.is_none_or(|occupant| occupant == player.index);
        if free {
            return Err(format!("{} is put at {:?}, left at {left:?}", self.name, self.displaced_to));
        }
        Ok(())
    }

    /// Checks that a character that walks from the tile it was put on is stored on its new tile.
    fn check_displaced(&mut self, now_at: Option<Position>) -> Result<(), String> {
        if now_at.is_some() && now_at != self.displaced_to {
            return Err(format!("{} walked to {now_at:?} and is not stored there", self.name));
        }
        self.displaced_to = now_at;
        Ok(())
    }
}
