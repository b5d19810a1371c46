//! Throws of the dice before a character is created.
//!
//! A roll is shown a moment after its throw. The client throws by itself while its creation screen opens, and reads its
//! socket once more before the login screen is gone, which takes a roll for the beginning of the game. The creation
//! screen in turn hands whatever follows a roll in the same read to the game screen, which cannot read a roll: so no
//! character enters the world within the same moment after a roll, and a creation on its way holds a waiting roll back.

use crate::base::ids::ConnectionId;
use crate::game::account::rolls::CreationRequest;
use crate::game::rules::dice::Dice;
use crate::game::session::connections::Stage;
use crate::game::timers::Timer;
use crate::game::{Game, Millis};
use crate::protocol::server::ServerPacket;

/// From a throw to its roll, and from a roll to the first packet of the game: longer than any frame of the client.
pub(in crate::game) const ROLL_DELAY_MS: Millis = 60;

impl Game {
    /// `ThrowDices`: throws and shows the roll later. A throw while a roll waits is answered by that roll.
    pub(in crate::game) fn throw_dice(&mut self, id: ConnectionId) {
        let Some(connection) = self.lobby.connections.get_mut(id) else { return };
        if connection.rolls.waiting.is_none() {
            connection.rolls.waiting =
                Some(Dice::throw(&mut self.play.random, self.play.settings.dice_range));
            self.play.timers.set(self.play.now + ROLL_DELAY_MS, Timer::Roll(id));
        }
    }

    /// Shows the roll that waits, unless a creation is under way.
    pub(in crate::game) fn roll_timer(&mut self, id: ConnectionId) {
        let Some(connection) = self.lobby.connections.get_mut(id) else { return };
        if connection.stage != Stage::Lobby || connection.rolls.form.is_some() {
            return;
        }
        let Some(dice) = connection.rolls.waiting.take() else { return };
        connection.rolls.shown = Some(dice);
        connection.rolls.read_by = self.play.now + ROLL_DELAY_MS;
        let Dice { strength, agility, intelligence, charisma, constitution } = dice;
        self.play
            .send(id, &ServerPacket::DiceRoll { strength, agility, intelligence, charisma, constitution });
    }

    /// After a refused creation, a roll that it held back is shown.
    pub(in crate::game) fn resume_roll(&mut self, id: ConnectionId) {
        if self.lobby.connections.get(id).is_some_and(|connection| connection.rolls.waiting.is_some()) {
            self.play.timers.set(self.play.now + ROLL_DELAY_MS, Timer::Roll(id));
        }
    }

    /// Gives a creation back that may be carried out now, and keeps one that came too soon after a roll until then.
    pub(in crate::game) fn keep_from_roll(
        &mut self,
        id: ConnectionId,
        request: CreationRequest,
    ) -> Option<CreationRequest> {
        let connection = self.lobby.connections.get_mut(id)?;
        let due = connection.rolls.read_by;
        if due <= self.play.now {
            return Some(request);
        }
        connection.rolls.form = Some(Box::new(request));
        self.play.timers.set(due, Timer::Creation(id));
        None
    }

    /// Carries out the creation that waited, if it still does.
    pub(in crate::game) fn creation_timer(&mut self, id: ConnectionId) {
        let Some(connection) = self.lobby.connections.get_mut(id) else { return };
        if connection.stage == Stage::Lobby
            && let Some(form) = connection.rolls.form.take()
        {
            self.create(id, *form);
        }
    }
}
