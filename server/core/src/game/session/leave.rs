//! Leaving the world: `/SALIR`, lost sockets, and the end of the server.
//!
//! A character leaves at once from a place that is safe from attacks. Elsewhere `/SALIR` counts down, and a character
//! whose socket was lost stays standing for a while, so that pulling the plug saves nobody.

use crate::base::ids::ConnectionId;
use crate::base::ids::PlayerKey;
use crate::content::{Position, Trigger};
use crate::game::effect::{Effect, Event};
use crate::game::play::{Actor, Play};
use crate::game::timers::Timer;
use crate::game::{CloseReason, Game, Millis, Stage, texts};
use crate::protocol::font::Font;

/// Countdown of `/SALIR` where fighting is allowed (AO 0.13 `IntervaloCerrarConexion`).
const LEAVE_COUNTDOWN_MS: Millis = 10_000;
/// Character numbers that absent characters never take, so that players find one when they come.
const NUMBERS_KEPT: usize = 1_000;

impl Play {
    /// Handles `Quit`.
    pub fn quit(&mut self, actor: Actor) {
        let key = actor.player;
        if self.stands_safe(key) {
            return self.finish_leaving(key);
        }
        let deadline = self.now + LEAVE_COUNTDOWN_MS;
        let Some(player) = self.player(actor) else { return };
        if player.leaves_at.is_none() {
            player.leaves_at = Some(deadline);
            self.timers.set(deadline, Timer::Leave(key));
            self.tell(actor.connection, &texts::leaving_in(LEAVE_COUNTDOWN_MS / 1_000), Font::Info);
        }
    }

    /// Breaks off the countdown for leaving, if one runs.
    pub fn cancel_leaving(&mut self, key: PlayerKey) {
        let Some(player) = self.players.get_mut(key) else { return };
        if player.leaves_at.take().is_some()
            && let Some(connection) = player.connection
        {
            self.tell(connection, texts::LEAVE_CANCELLED, Font::Info);
        }
    }

    pub fn leave_timer(&mut self, key: PlayerKey) {
        let due = self.players.get(key).and_then(|player| player.leaves_at);
        if due.is_some_and(|deadline| deadline <= self.now) {
            self.finish_leaving(key);
        }
    }

    fn finish_leaving(&mut self, key: PlayerKey) {
        if let Some(connection) = self.players.get(key).and_then(|player| player.connection) {
            self.tell(connection, texts::FAREWELL, Font::Info);
            self.close(key, CloseReason::Quit);
        }
        self.remove_player(key);
    }

    /// Notes that the connection of a player has gone. The character stands still from now on.
    fn connection_lost(&mut self, key: PlayerKey, connection: ConnectionId, reason: CloseReason) {
        let now = self.now;
        let Some(player) = self.players.get_mut(key) else { return };
        player.absent_since = now;
        player.close_reason = Some(reason);
        let index = player.index;
        self.effects.push(Effect::Event(Event::ConnectionLost { player: key, connection, reason }));
        self.world.change_viewer(index, None);
        self.session_changed(key);
    }

    /// Lets a character stay whose connection has gone, or takes it out of the world.
    fn stay_or_leave(&mut self, key: PlayerKey) {
        let Some(player) = self.players.get(key) else { return };
        let is_counting_down = player.leaves_at.is_some();
        if !is_counting_down {
            if self.stands_safe(key) || self.settings.disconnect_stay_ms == 0 {
                return self.remove_player(key);
            }
            self.timers.set(self.now + self.settings.disconnect_stay_ms, Timer::Absent(key));
        }
        self.limit_absent(key);
        // Here its player will look for it, even after a crash.
        self.effects.push(Effect::Save);
    }

    pub fn absent_timer(&mut self, key: PlayerKey) {
        let Some(player) = self.players.get(key) else { return };
        if player.connection.is_some() {
            return;
        }
        let deadline = player.absent_since + self.settings.disconnect_stay_ms;
        if deadline <= self.now {
            self.remove_player(key);
        } else {
            // The time was made longer meanwhile, or the player came back and left again.
            self.timers.set(deadline, Timer::Absent(key));
        }
    }

    /// Follows a changed time that absent characters stay.
    pub fn watch_absent_players(&mut self) {
        let stay = self.settings.disconnect_stay_ms;
        for (key, player) in self.players.iter().filter(|(_, player)| player.connection.is_none()) {
            self.timers.set(player.absent_since + stay, Timer::Absent(key));
        }
    }

    /// Removes the oldest absent characters while there are too many, of the address of `key` or in all. Each is saved
    /// with the next save.
    fn limit_absent(&mut self, key: PlayerKey) {
        while let Some(oldest) = self.absent_beside_too_many(key).or_else(|| self.absent_in_the_way()) {
            self.depart(oldest);
        }
    }

    fn absent_beside_too_many(&self, key: PlayerKey) -> Option<PlayerKey> {
        let limit = self.settings.absent_characters_per_ip as usize;
        self.players.absent().oldest_beside(key, limit).filter(|_| limit > 0)
    }

    /// Returns the oldest absent character, if there are too many in all, or if they take numbers that are kept for
    /// players.
    fn absent_in_the_way(&self) -> Option<PlayerKey> {
        let (absent, limit) = (self.players.absent(), self.settings.absent_characters as usize);
        let too_many = limit > 0 && absent.len() > limit;
        absent.oldest().filter(|_| too_many || self.world.free_numbers() < NUMBERS_KEPT)
    }

    /// Makes absent characters leave that take the number of a player who comes.
    pub fn keep_numbers_free(&mut self) {
        let mut any_left = false;
        while let Some(oldest) = self.absent_in_the_way() {
            self.depart(oldest);
            any_left = true;
        }
        if any_left {
            self.effects.push(Effect::Save);
        }
    }

    /// Follows changed limits of absent characters.
    pub fn limit_all_absent(&mut self) {
        for key in self.players.absent().keys().collect::<Vec<_>>() {
            self.limit_absent(key);
        }
        self.effects.push(Effect::Save);
    }

    /// Returns true if nobody can attack there: a safe map, or a tile with the safe trigger.
    fn stands_safe(&self, key: PlayerKey) -> bool {
        let index = self.players.get(key).map(|player| player.index);
        let Some(character) = index.and_then(|index| self.world.character(index)) else { return true };
        let Position { map, x, y } = character.position;
        self.content.map(map).is_none_or(|map| map.info.safe || map.trigger(x, y) == Trigger::Safe)
    }

    /// Saves a player's character and takes it out of the world. Its connection, if any, is closed by the caller.
    pub fn remove_player(&mut self, key: PlayerKey) {
        self.depart(key);
        self.effects.push(Effect::Save);
    }

    fn depart(&mut self, key: PlayerKey) {
        let Some(index) = self.players.get(key).map(|player| player.index) else {
            return self.fault("a player leaves who is not there");
        };
        self.hide_from_others(index);
        let standing = self.world.leave(index).map(|character| (character.position, character.heading));
        if let Some(player) = self.players.remove(key) {
            self.effects.push(Effect::Event(Event::Left { player: Box::new(player), standing }));
        }
    }

    /// Takes a player out of the world who is not ours to save any more. Returns false if there was none.
    pub fn expel(&mut self, key: PlayerKey, reason: CloseReason) -> bool {
        let Some(player) = self.players.get(key) else { return false };
        log::warn!("{:?} leaves without being saved: {reason}", player.name());
        let index = player.index;
        self.hide_from_others(index);
        self.world.leave(index);
        self.close(key, reason);
        self.players.remove(key);
        true
    }
}

impl Game {
    /// Forgets a connection that has gone.
    pub(in crate::game) fn lost(&mut self, id: ConnectionId, reason: CloseReason) {
        let Some(connection) = self.lobby.connections.remove(id) else { return };
        self.drop_attempts(&connection);
        if let Stage::Playing(key) = connection.stage {
            self.play.players.disconnect(key, connection.address);
            self.play.connection_lost(key, id, reason);
            self.carry_out_effects();
            self.play.stay_or_leave(key);
        }
    }

    /// Tells and saves everybody: the server stops.
    pub(in crate::game) fn shut_down(&mut self) {
        self.durable.stop();
        for key in self.play.players.keys() {
            self.play.close(key, CloseReason::Shutdown);
            self.play.depart(key);
        }
        self.carry_out_effects();
        for connection in self.lobby.connections.ids().collect::<Vec<_>>() {
            self.close(connection, CloseReason::Shutdown);
        }
        self.discard_attempts();
        self.durable.save_everything(self.play.state());
    }
}
