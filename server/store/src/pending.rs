//! Saves that wait to be written: the newest state of each character, in groups that stay whole.
//!
//! While the store is slow or away, saves come in faster than they go out. They are merged, so that what waits is
//! bounded by the number of characters: of one character only the newest state is kept. Saves of one request belong
//! together (two players traded), so requests that share a character become one group, and a group is written whole or
//! not at all.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};

use super::Ticket;
use super::records::{CharacterSave, UserId};
use super::session::SessionWrite;

/// Requests that share characters, merged.
#[derive(Debug, Default)]
pub(super) struct Group {
    /// The newest state of each member.
    saves: BTreeMap<UserId, CharacterSave>,
    /// The requests merged, and the place of each in the order of arrival.
    tickets: Vec<(u64, Ticket)>,
}

impl Group {
    /// Returns the saves to write.
    pub(super) fn to_saves(&self) -> Vec<CharacterSave> {
        self.saves.values().cloned().collect()
    }

    /// The characters of this group.
    pub(super) fn users(&self) -> impl Iterator<Item = UserId> + '_ {
        self.saves.keys().copied()
    }

    /// The requests that this group answers, each with its place in the order of arrival.
    pub(super) fn tickets(&self) -> &[(u64, Ticket)] {
        &self.tickets
    }

    /// Puts a save over what waits of the same character, part by part.
    fn put(&mut self, save: CharacterSave) {
        match self.saves.entry(save.user_id()) {
            Entry::Occupied(mut older) => merge(older.get_mut(), save),
            Entry::Vacant(place) => {
                place.insert(save);
            }
        }
    }
}

/// All groups that wait. See the module.
#[derive(Debug, Default)]
pub(super) struct PendingSaves {
    /// Disjoint groups by age.
    groups: BTreeMap<u64, Group>,
    /// The group of each character that waits.
    group_of: HashMap<UserId, u64>,
    /// Requests ever added; numbers groups and tickets.
    arrivals: u64,
}

impl PendingSaves {
    /// Returns true if nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// Number of characters that wait.
    pub(super) fn characters(&self) -> usize {
        self.group_of.len()
    }

    /// Adds a request. It joins every group that it shares a character with.
    pub(super) fn add(&mut self, ticket: Ticket, saves: Vec<CharacterSave>) {
        let arrival = self.arrivals;
        self.arrivals += 1;
        let mut group = Group::default();
        for joined in self.groups_of(&saves) {
            if let Some(joined) = self.groups.remove(&joined) {
                // Groups are disjoint: nothing is overwritten here.
                group.saves.extend(joined.saves);
                group.tickets.extend(joined.tickets);
            }
        }
        for save in saves {
            group.put(save);
        }
        group.tickets.push((arrival, ticket));
        for user_id in group.saves.keys() {
            self.group_of.insert(*user_id, arrival);
        }
        self.groups.insert(arrival, group);
    }

    /// Returns the groups that have a character of `saves`.
    fn groups_of(&self, saves: &[CharacterSave]) -> Vec<u64> {
        let mut groups: Vec<u64> =
            saves.iter().filter_map(|save| self.group_of.get(&save.user_id()).copied()).collect();
        groups.sort_unstable();
        groups.dedup();
        groups
    }

    /// Everything that waits, to be written in one transaction.
    pub(super) fn to_saves(&self) -> Vec<CharacterSave> {
        self.groups.values().flat_map(Group::to_saves).collect()
    }

    /// The group that has waited longest without a new member.
    pub(super) fn oldest(&self) -> Option<&Group> {
        self.groups.first_key_value().map(|(_, group)| group)
    }

    /// Drops the group that [`PendingSaves::oldest`] shows.
    pub(super) fn remove_oldest(&mut self) {
        if let Some((_, group)) = self.groups.pop_first() {
            for user_id in group.saves.keys() {
                self.group_of.remove(user_id);
            }
        }
    }

    /// Number of requests that wait.
    pub(super) fn requests(&self) -> usize {
        self.groups.values().map(|group| group.tickets.len()).sum()
    }

    /// Panics in debug builds when the groups overlap or do not agree with the index of their members.
    pub(super) fn check_invariants(&self) {
        let members: usize = self.groups.values().map(|group| group.saves.len()).sum();
        debug_assert_eq!(members, self.group_of.len(), "a character in two groups, or in none");
        for (number, group) in &self.groups {
            debug_assert!(!group.tickets.is_empty(), "group {number} answers no request");
            debug_assert!(*number < self.arrivals, "group {number} is from the future");
            for user_id in group.users() {
                debug_assert_eq!(self.group_of.get(&user_id), Some(number), "the group of user {user_id}");
            }
        }
    }

    /// Takes everything out: the tickets of all that waited, in order of arrival.
    pub(super) fn take_tickets(&mut self) -> Vec<Ticket> {
        self.group_of.clear();
        let groups = std::mem::take(&mut self.groups);
        let mut tickets: Vec<_> = groups.into_values().flat_map(|group| group.tickets).collect();
        tickets.sort_unstable();
        tickets.into_iter().map(|(_, ticket)| ticket).collect()
    }
}

/// Changes of sessions that wait: the newest of each session.
#[derive(Debug, Default)]
pub(super) struct PendingSessions {
    writes: BTreeMap<UserId, SessionWrite>,
    tickets: Vec<Ticket>,
}

impl PendingSessions {
    /// Returns true if nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.tickets.is_empty()
    }

    /// Adds a request. Each change tells the whole session, so it takes the place of an older one.
    pub(super) fn add(&mut self, ticket: Ticket, writes: Vec<SessionWrite>) {
        self.tickets.push(ticket);
        self.writes.extend(writes.into_iter().map(|write| (write.user_id(), write)));
    }

    /// Number of requests that wait.
    pub(super) fn requests(&self) -> usize {
        self.tickets.len()
    }

    /// Panics in debug builds when a change waits that answers no request.
    pub(super) fn check_invariants(&self) {
        debug_assert!(self.writes.is_empty() || !self.tickets.is_empty(), "a change of no request");
    }

    /// Returns the changes to write.
    pub(super) fn to_writes(&self) -> Vec<SessionWrite> {
        self.writes.values().cloned().collect()
    }

    /// Takes everything out: the tickets of all that waited, in order of arrival.
    pub(super) fn take_tickets(&mut self) -> Vec<Ticket> {
        self.writes.clear();
        std::mem::take(&mut self.tickets)
    }
}

fn merge(older: &mut CharacterSave, later: CharacterSave) {
    match (older, later) {
        (CharacterSave::Sheet { sheet, .. }, CharacterSave::Position { position, .. }) => {
            sheet.position = position;
        }
        (older, later) => *older = later,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::{CharacterRecord, PositionRecord};
    use crate::testing::{position_save, sample_character, sheet_save};

    fn at(x: u8) -> PositionRecord {
        PositionRecord { x, ..sample_character().position }
    }

    fn step(user_id: u32, x: u8) -> CharacterSave {
        position_save(UserId(user_id), at(x))
    }

    fn merged(saves: &[CharacterSave]) -> Vec<CharacterSave> {
        let mut pending = PendingSaves::default();
        for (save, ticket) in saves.iter().zip(0..) {
            pending.add(Ticket(ticket), vec![save.clone()]);
        }
        pending.to_saves()
    }

    #[test]
    fn of_many_positions_the_last_is_kept() {
        assert_eq!(merged(&[step(1, 10), step(1, 11), step(1, 12)]), [step(1, 12)]);
    }

    #[test]
    fn a_later_sheet_replaces_a_position() {
        let sheet = sheet_save(UserId(1), sample_character());
        assert_eq!(merged(&[step(1, 10), sheet.clone()]), [sheet]);
    }

    #[test]
    fn a_later_position_goes_into_the_sheet() {
        let sheet = sheet_save(UserId(1), sample_character());
        let moved = CharacterRecord { position: at(77), ..sample_character() };
        assert_eq!(merged(&[sheet, step(1, 77)]), [sheet_save(UserId(1), moved)]);
    }

    #[test]
    fn requests_of_different_characters_stay_apart() {
        let mut pending = PendingSaves::default();
        pending.add(Ticket(10), vec![step(1, 5), step(2, 5)]);
        pending.add(Ticket(11), vec![step(3, 5)]);
        assert_eq!(pending.characters(), 3);
        assert_eq!(pending.oldest().unwrap().to_saves(), [step(1, 5), step(2, 5)]);
        pending.remove_oldest();
        assert_eq!(pending.oldest().unwrap().to_saves(), [step(3, 5)]);
        pending.remove_oldest();
        assert!(pending.is_empty() && pending.characters() == 0);
    }

    #[test]
    fn a_request_joins_all_groups_that_it_touches() {
        let mut pending = PendingSaves::default();
        pending.add(Ticket(10), vec![step(1, 5), step(2, 5)]);
        pending.add(Ticket(11), vec![step(4, 5)]);
        pending.add(Ticket(12), vec![step(3, 5)]);
        pending.add(Ticket(13), vec![step(2, 6), step(3, 6)]);
        let alone = pending.oldest().unwrap();
        assert_eq!((alone.to_saves(), alone.tickets()), (vec![step(4, 5)], &[(1, Ticket(11))][..]));
        pending.remove_oldest();
        let joined = pending.oldest().unwrap();
        assert_eq!(joined.to_saves(), [step(1, 5), step(2, 6), step(3, 6)]);
        assert_eq!(joined.tickets(), [(0, Ticket(10)), (2, Ticket(12)), (3, Ticket(13))]);
    }

    #[test]
    fn the_later_of_two_saves_in_one_request_wins() {
        let mut pending = PendingSaves::default();
        pending.add(Ticket(10), vec![step(1, 5), step(1, 6)]);
        assert_eq!(pending.to_saves(), [step(1, 6)]);
    }

    #[test]
    fn of_the_changes_of_a_session_the_newest_is_kept() {
        let close = |user, at| SessionWrite::Close { user_id: UserId(user), at };
        let mut pending = PendingSessions::default();
        pending.add(Ticket(1), vec![close(7, 10), close(3, 10), close(7, 11)]);
        pending.add(Ticket(2), vec![close(3, 12)]);
        pending.add(Ticket(3), Vec::new());
        assert_eq!(pending.to_writes(), [close(3, 12), close(7, 11)]);
        assert_eq!(pending.take_tickets(), [1, 2, 3].map(Ticket));
        assert!(pending.is_empty() && pending.to_writes().is_empty());
    }

    #[test]
    fn tickets_come_back_in_order_of_arrival_each_once() {
        let mut pending = PendingSaves::default();
        for ticket in 0..20 {
            pending.add(Ticket(ticket), vec![step(ticket as u32 % 3, 5)]);
        }
        pending.add(Ticket(20), Vec::new());
        assert_eq!(pending.take_tickets(), (0..=20).map(Ticket).collect::<Vec<_>>());
        assert!(pending.is_empty() && pending.take_tickets().is_empty());
    }
}
