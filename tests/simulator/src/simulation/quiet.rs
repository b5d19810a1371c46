//! The end of a run: the faults stop, and everything must come right again.

use super::Simulation;
use super::store::Trouble;
use crate::shadow::Screen;
use pyao_core::game::{CloseReason, Input};
use pyao_core::protocol::client::ClientPacket;
use pyao_core::protocol::outbox::ConnectionId;

/// Every period of saving, of telling sessions and of the other server passes once, in milliseconds.
const REST_MS: u64 = 36_000;
/// Seconds until all players must be back in the game.
const CONVERGENCE_SECONDS: u32 = 180;

impl Simulation {
    /// Stops the faults; all players come back and see the truth, and everything is stored.
    pub(super) fn converge(&mut self) -> Result<(), String> {
        self.store.set_trouble(Trouble::None, 0);
        self.calm_settings();
        let ids: Vec<ConnectionId> = self.network.clients.keys().copied().collect();
        ids.into_iter().for_each(|id| self.read_again(id));
        // First no player comes: the stored records must be true of the present players, and of those that left in
        // trouble.
        self.pass(REST_MS);
        self.check()?;
        self.check_told()?;
        self.check_everything_is_stored()?;
        for _ in 0..CONVERGENCE_SECONDS {
            let missing = (0..self.players.len()).find(|player| !self.is_settled(*player));
            if missing.is_none() && self.releases.is_empty() {
                break;
            }
            for player in 0..self.players.len() {
                if self.players[player].client.is_none() {
                    self.join(player);
                }
            }
            self.pass(1_000);
            self.check()?;
        }
        if let Some(player) = (0..self.players.len()).find(|player| !self.is_settled(*player)) {
            return Err(format!("{} cannot come back", self.players[player].name));
        }
        self.pass(REST_MS);
        self.check()?;
        self.check_world()?;
        self.check_everything_is_stored()
    }

    fn is_settled(&self, player: usize) -> bool {
        let client = self.players[player].client.and_then(|id| self.network.clients.get(&id));
        client.is_some_and(super::network::Client::is_up_to_date)
    }

    /// Disconnects all, half of them without `/SALIR`, and lets time pass until the last character has left the world.
    pub(super) fn everybody_leaves(&mut self) -> Result<(), String> {
        // A client that only throws dice goes too.
        self.connect(0, Screen::Creation);
        let ids: Vec<ConnectionId> = self.network.clients.keys().copied().collect();
        for (number, id) in ids.into_iter().enumerate() {
            if number % 2 == 0 {
                self.send(id, &ClientPacket::Quit);
            } else {
                self.lose(id, CloseReason::LostSocket);
            }
        }
        self.pass(12_000);
        self.pass(4_000_000);
        self.check()?;
        self.check_nothing_is_left()?;
        self.input(Input::Shutdown);
        if self.game.is_drained() { Ok(()) } else { Err("something is held for nobody".into()) }
    }
}
