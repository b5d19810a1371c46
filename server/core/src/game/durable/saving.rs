//! The tables of saving: players with something unsaved, characters that have left, changed sessions.

use crate::base::ids::PlayerKey;
use crate::game::account::names::name_key;
use crate::game::durable::pending::PendingTable;
use crate::game::invariants::require;
use crate::game::player::table::{Players, Unsaved};
use crate::records::session::SessionWrite;
use crate::records::{StoredAccount, Ticket, UserId};
use std::collections::{BTreeMap, BTreeSet};

/// Most requests that may be unanswered when another is made. The store may be away for hours; what changes meanwhile
/// is asked to be written once some are answered.
const UNANSWERED_MAX: usize = 64;

/// A character that has left and is not yet written.
#[derive(Debug)]
pub struct Departed {
    pub(super) stored: StoredAccount,
    /// Part of it that no request has asked to write yet.
    pub(super) unsaved: Unsaved,
    /// The request that writes it.
    pub(super) ticket: Option<Ticket>,
}

/// The state of saving.
#[derive(Debug, Default)]
pub struct Saving {
    /// Players with something unsaved, each once.
    pub(super) changed: Vec<PlayerKey>,
    /// True while `Timer::Save` is set.
    pub(super) scheduled: bool,
    /// Requests not yet acknowledged.
    pub(super) in_flight: usize,
    /// By [`name_key`].
    pub(super) departed: BTreeMap<String, Departed>,
    /// True if the store was emptied and the characters held in memory are not written back yet.
    pub(super) restores: bool,
    /// True if writing them back has failed and is to be tried again.
    pub(super) restores_again: bool,
    /// Users that the store says it does not know. Each of them is saved apart from the others meanwhile, whom it would
    /// hold up.
    pub(super) unknown: BTreeMap<UserId, Absence>,
}

/// Meaning of an account that the store does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absence {
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

    /// Forgets the character of that name, which is in the world again. Returns the part of it that no request has
    /// asked to write yet.
    pub fn returned(&mut self, name: &str) -> Unsaved {
        self.departed.remove(&name_key(name)).map_or(Unsaved::Nothing, |departed| departed.unsaved)
    }

    /// Iterates over all characters that have left and are not yet written.
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
    pub fn restore_ended(&mut self, is_done: bool) {
        self.restores = !is_done;
        self.restores_again |= !is_done;
        // Accounts that were missed before that were not deleted.
        self.unknown.clear();
    }

    /// Notes that a heartbeat has succeeded on our own store: accounts that were missed there before were deleted,
    /// unless that store waits for a restore.
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

/// Changes of sessions that are to be written.
#[derive(Debug, Default)]
pub struct Sessions {
    /// Players whose session changed; some twice, some gone meanwhile.
    pub(super) changed: Vec<PlayerKey>,
    pub(super) ended: Vec<SessionWrite>,
    /// True while `Timer::RefreshSessions` is set.
    pub(super) refreshing: bool,
}
