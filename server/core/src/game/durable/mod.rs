//! Durable state: saving, sessions, and requests that wait for the store or the password threads.

pub(super) mod pending;
pub(super) mod save;
pub(super) mod saving;
pub(super) mod sessions;

use crate::base::Millis;
use crate::game::durable::pending::PendingTable;
use crate::game::durable::saving::{Saving, Sessions};
use crate::game::play::Play;
use crate::game::player::table::Players;
use crate::game::timers::Timers;
use crate::records::Request;
use crate::world::World;

/// See the module.
#[derive(Debug)]
pub struct Durable {
    /// Attempts and writes that wait for an answer.
    pub pending: PendingTable,
    /// Characters to save.
    pub saving: Saving,
    /// Sessions to write.
    pub sessions: Sessions,
    /// Requests that were not taken yet, in order.
    requests: Vec<Request>,
    /// Unix seconds at the game's time 0.
    pub unix_start: u64,
    /// True once the server stops.
    is_stopping: bool,
}

/// The part of the world being played that is saved, and the clock.
#[derive(Debug)]
pub struct PlayState<'a> {
    /// The time of the input that is handled.
    pub now: Millis,
    /// Deadlines.
    pub timers: &'a mut Timers,
    /// Players, with what of them is unsaved.
    pub players: &'a mut Players,
    /// Their places.
    pub world: &'a World,
}

impl Play {
    /// Returns the part that is saved.
    pub fn state(&mut self) -> PlayState<'_> {
        let Self { now, timers, players, world, .. } = self;
        PlayState { now: *now, timers, players, world }
    }
}

impl Durable {
    /// Starts with nothing to save; `unix_start` is the time at the game's time 0, in Unix seconds.
    #[must_use]
    pub fn new(unix_start: u64) -> Self {
        Self {
            pending: PendingTable::default(),
            saving: Saving::default(),
            sessions: Sessions::default(),
            requests: Vec::new(),
            unix_start,
            is_stopping: false,
        }
    }

    /// Asks the store for something, after everything that was asked before.
    pub fn ask(&mut self, request: Request) {
        self.requests.push(request);
    }

    /// Moves the requests into `into`.
    pub fn take_requests(&mut self, into: &mut Vec<Request>) {
        into.append(&mut self.requests);
    }

    /// Asks for every save at once from now on: the server stops.
    pub fn stop(&mut self) {
        self.is_stopping = true;
    }

    /// Returns true once the server stops.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.is_stopping
    }

    /// Returns true if the server stops and everything is written and acknowledged.
    #[must_use]
    pub fn is_drained(&self) -> bool {
        let is_answered = self.pending.len() == 0 && self.requests.is_empty();
        self.is_stopping && self.saving.is_idle() && is_answered
    }

    /// Checks that everything unsaved is going to be saved, and that every request counts as one.
    ///
    /// # Errors
    /// Describes the first contradiction found.
    pub fn check_invariants(&self, players: &Players) -> Result<(), String> {
        self.pending.check_invariants()?;
        self.saving.check_invariants(players, &self.pending)
    }
}
