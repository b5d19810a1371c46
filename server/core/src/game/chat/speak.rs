//! Talking, yelling and whispering.

use crate::game::account::names;
use crate::game::chat::limit::{ChatLimit, Spoken};
use crate::game::play::{Actor, Play};
use crate::game::texts;
use crate::protocol::font::Font;
use crate::protocol::server::ServerPacket;
use crate::protocol::text;
use crate::world::area::Block;
use crate::world::char_index::CharIndex;

/// Longest line of chat, in bytes; the rest is cut.
const LINE_MAX: usize = 255;

/// A colour of speech over a head.
type Colour = (u8, u8, u8);
const TALK_COLOUR: Colour = (255, 255, 255);
const YELL_COLOUR: Colour = (255, 0, 0);
const WHISPER_COLOUR: Colour = (0, 0, 255);

impl Play {
    /// Handles `Talk`: speech, or a command when it starts with `/`. Commands are never shown to anybody.
    pub fn talk(&mut self, actor: Actor, said: &str) {
        if said.trim_start().starts_with('/') {
            return self.tell(actor.connection, texts::UNKNOWN_COMMAND, Font::Info);
        }
        self.say(actor, said, TALK_COLOUR);
    }

    /// Handles `Yell`.
    pub fn yell(&mut self, actor: Actor, said: &str) {
        self.say(actor, said, YELL_COLOUR);
    }

    fn say(&mut self, actor: Actor, said: &str, (r, g, b): Colour) {
        let line = clean(said);
        if line.is_empty() || !self.may_speak(actor) {
            return;
        }
        let char_index = actor.character.wire();
        let packet = ServerPacket::ChatOverHead { text: line.into(), char_index, r, g, b };
        self.tell_all_in_sight(actor.character, &packet);
    }

    /// Handles `Whisper`: over the head where both see each other, else a console line for each.
    pub fn whisper(&mut self, actor: Actor, to: &str, said: &str) {
        let line = clean(said);
        if line.is_empty() || !self.may_speak(actor) {
            return;
        }
        let target_key = self.players.by_name(&names::name_from_command(to));
        let target = target_key.and_then(|target| self.players.get(target));
        let Some((target, target_connection)) = target.and_then(|target| Some((target, target.connection?)))
        else {
            return self.tell(actor.connection, texts::NOT_ONLINE, Font::Info);
        };
        if target_key == Some(actor.player) {
            return self.tell(actor.connection, texts::WHISPER_TO_SELF, Font::Info);
        }
        let Some(sender) = self.players.get(actor.player) else {
            return self.fault("a whisper of a player who is not there");
        };
        if self.in_sight_of_each_other(sender.index, target.index) {
            let (r, g, b) = WHISPER_COLOUR;
            let packet =
                ServerPacket::ChatOverHead { text: line.into(), char_index: sender.index.wire(), r, g, b };
            return self.outbox.broadcast([actor.connection, target_connection], &packet);
        }
        let line = text::neutralise_markup(&line);
        let sent = texts::whisper_sent(target.name(), &line);
        let received = texts::whisper_received(sender.name(), &line);
        self.tell(actor.connection, &sent, Font::Talk);
        self.tell(target_connection, &received, Font::Talk);
    }

    /// Counts a line and returns true if the player may say it now.
    fn may_speak(&mut self, actor: Actor) -> bool {
        let now = self.now;
        let Some(player) = self.player(actor) else { return false };
        let spoken = player.chat.speak(now);
        if spoken == Spoken::DroppedFirst {
            self.tell(actor.connection, texts::TOO_MUCH_CHAT, Font::Info);
        }
        self.dropped_chat += u64::from(spoken != Spoken::Said);
        spoken == Spoken::Said
    }

    /// Starts the limits of all players anew, under the settings of now.
    pub fn renew_chat_limits(&mut self) {
        let limit = ChatLimit::new(self.settings.chat_per_second, self.now);
        for key in self.players.keys() {
            if let Some(player) = self.players.get_mut(key) {
                player.chat = limit;
            }
        }
    }

    fn in_sight_of_each_other(&self, one: CharIndex, other: CharIndex) -> bool {
        let place = |index| self.world.character(index).map(|character| character.position);
        let (Some(one), Some(other)) = (place(one), place(other)) else { return false };
        one.map == other.map && Block::of(one.x, one.y).sees(Block::of(other.x, other.y))
    }
}

/// Returns a line without control characters, cut to [`LINE_MAX`].
fn clean(said: &str) -> String {
    let printable: String = said.chars().filter(|c| !c.is_control()).collect();
    text::cap(printable.trim(), LINE_MAX).trim_end().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_and_overlong_lines_are_cut() {
        assert_eq!(clean("  ho\u{7}la\n\0 "), "hola");
        assert_eq!(clean("\u{1b}\r\n"), "");
        assert_eq!(clean(&"ñ".repeat(300)).len(), 254, "255 bytes would cut a letter in half");
    }
}
