//! Invariants: what holds of all tables together after each verb of the game, checked in debug builds.
//!
//! A check costs as much as there are players and characters, so it runs after each of the first verbs, then after
//! every 4,096th, and after every verb of a server that stops; the simulator runs it between its steps. It looks for
//! faults of our own: nothing that a client sends may lead to one.

use crate::game::Game;
use crate::game::session::connections::Stage;
use crate::world::character::Owner;

/// Verbs at the start of a game that are checked one by one.
#[cfg(debug_assertions)]
const CHECKED_FIRST: u64 = 64;
/// Verbs from one check to the next after that.
#[cfg(debug_assertions)]
const CHECK_EVERY: u64 = 4_096;

/// Number of the verbs so far.
#[cfg(debug_assertions)]
#[derive(Debug, Default)]
pub struct Verbs {
    count: u64,
    /// True if nothing is checked.
    is_unchecked: bool,
}

impl Game {
    /// Checks the invariants after a verb, now and then.
    #[cfg(debug_assertions)]
    pub(in crate::game) fn verb_done(&mut self) {
        if self.verbs.is_unchecked {
            return;
        }
        self.verbs.count += 1;
        let is_first = self.verbs.count < CHECKED_FIRST;
        if is_first || self.verbs.count.is_multiple_of(CHECK_EVERY) || self.durable.is_stopping() {
            let checked = self.check_invariants();
            debug_assert_eq!(checked, Ok(()), "after verb {}", self.verbs.count);
        }
    }

    /// Does nothing in a release build.
    #[cfg(not(debug_assertions))]
    pub(in crate::game) fn verb_done(&mut self) {}

    /// Checks no more invariants: for tests that count allocations, of which checks make some.
    #[cfg(any(test, feature = "testing"))]
    pub fn stop_checking(&mut self) {
        #[cfg(debug_assertions)]
        {
            self.verbs.is_unchecked = true;
        }
    }

    /// Checks what must hold of players, characters, connections, the outbox and unsaved changes together.
    ///
    /// # Errors
    /// Describes the first contradiction found: a fault of the game, never of a client.
    pub fn check_invariants(&self) -> Result<(), String> {
        let play = &self.play;
        play.players.check_invariants()?;
        play.world.check_invariants()?;
        play.npcs.check_invariants(&play.world)?;
        play.outbox.check_invariants()?;
        self.durable.check_invariants(&play.players)?;
        self.check_players()?;
        self.check_connections()?;
        require(play.effects.is_empty(), || format!("{} effects are not carried out", play.effects.len()))
    }

    /// Checks that every player has a character, through which its connection sees, and that connection plays it.
    fn check_players(&self) -> Result<(), String> {
        for (key, player) in self.play.players.iter() {
            let character = self.play.world.character(player.index);
            let owner = character.map(|character| character.owner);
            require(owner == Some(Owner::Player(key)), || {
                format!("player {key} has the character of {owner:?}")
            })?;
            let viewer = character.and_then(|character| character.viewer);
            require(viewer == player.connection, || format!("{viewer:?} sees through player {key}"))?;
            if let Some(connection) = player.connection {
                let played = self.lobby.player_of(connection);
                require(played == Some(key), || format!("{connection} plays {played:?}, not {key}"))?;
            }
        }
        let population = self.play.players.len() + self.play.npcs.len();
        require(population == self.play.world.population(), || {
            format!("{} characters of {population} players and NPCs", self.play.world.population())
        })
    }

    /// Checks that every connection in play has its player, and that every one that waits has something to wait for.
    fn check_connections(&self) -> Result<(), String> {
        let mut count = 0;
        for connection in self.lobby.connections.iter() {
            count += 1;
            let id = connection.id;
            match connection.stage {
                Stage::Lobby => {}
                Stage::Waiting(ticket) => {
                    let waits = self.durable.pending.get(ticket).is_some();
                    require(waits, || {
                        format!("connection {id} waits for ticket {ticket}, which nobody answers")
                    })?;
                }
                Stage::Playing(key) => {
                    let played_by = self.play.players.get(key).and_then(|player| player.connection);
                    require(played_by == Some(id), || {
                        format!("{id} plays {key}, who is played by {played_by:?}")
                    })?;
                }
            }
        }
        require(count == self.lobby.connections.count(), || format!("{count} connections are miscounted"))
    }
}

/// Returns the description of a contradiction unless `holds`.
pub fn require(holds: bool, describe: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(describe()) }
}
