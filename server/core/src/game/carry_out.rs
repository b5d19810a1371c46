//! Carrying out the effects of rules.

use super::Game;
use super::effect::{Effect, Event};

impl Game {
    /// Carries out the effects of the rules that ran.
    pub(in crate::game) fn carry_out_effects(&mut self) {
        while !self.play.effects.is_empty() {
            let mut effects = std::mem::take(&mut self.play.effects);
            for effect in effects.drain(..) {
                self.carry_out(effect);
            }
            if self.play.effects.is_empty() {
                self.play.effects = effects;
            }
        }
    }

    fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Close(connection, reason) => self.end_connection(connection, reason),
            Effect::Unsaved(key) => self.durable.note_unsaved(key, self.play.state()),
            Effect::SessionChanged(key) => self.durable.session_changed(key, self.play.state()),
            Effect::Save => self.durable.save_everything(self.play.state()),
            Effect::Event(event) => self.heard(event),
        }
    }

    fn heard(&mut self, event: Event) {
        let now = self.play.now;
        match event {
            Event::Entered { name, user_id, connection } => {
                let subject = self.lobby.subject(&name, Some(user_id), connection);
                self.event_log.login(now, &subject);
            }
            Event::ConnectionLost { player, connection, reason } => {
                if let Some(player) = self.play.players.get(player) {
                    self.event_log.lost_connection(now, player, connection, reason);
                }
            }
            Event::Left { player, standing } => {
                self.event_log.leaving(now, &player);
                self.durable.session_ended(player.account.user_id, now);
                self.durable.keep_departed(*player, standing);
            }
        }
    }
}
