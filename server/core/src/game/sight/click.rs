//! Looking: what a left click on the world tells, and what players say of themselves.

use crate::base::ids::PlayerKey;
use crate::base::ids::{ConnectionId, NpcKey};
use crate::content::Position;
use crate::game::play::{Actor, Play};
use crate::game::player::table::Unsaved;
use crate::game::rules::reputation::is_criminal;
use crate::game::texts;
use crate::protocol::font::Font;
use crate::protocol::server::ServerPacket;
use crate::protocol::text::{cap, neutralise_markup};
use crate::world::character::Owner;

/// Half the client's window: what is further away cannot be clicked.
const WINDOW: (u8, u8) = (8, 6);
/// Longest description of oneself, in bytes.
const DESCRIPTION_MAX: usize = 100;

impl Play {
    /// Handles `LeftClick`. Sprites are taller than a tile, so the character one tile south of the click comes first
    /// (AO 0.13).
    pub fn look_at(&mut self, actor: Actor, x: u8, y: u8) {
        let Some(own) = self.character(actor) else { return };
        let near = own.position.x.abs_diff(x) <= WINDOW.0 && own.position.y.abs_diff(y) <= WINDOW.1;
        if !near {
            return;
        }
        let clicked = Position { x, y, ..own.position };
        let below = Position { y: y.saturating_add(1), ..clicked };
        let seen = self.world.occupant(below).or_else(|| self.world.occupant(clicked));
        let Some(character) = seen.and_then(|index| self.world.character(index)) else {
            return self.look_at_floor(actor.connection, clicked);
        };
        let char_index = character.index.wire();
        match character.owner {
            Owner::Player(other) => self.describe_player(actor.connection, other),
            Owner::Npc(key) => self.describe_npc(actor.connection, key, char_index),
        }
    }

    /// Handles `ChangeDescription`.
    pub fn change_description(&mut self, actor: Actor, text: &str) {
        let printable: String = text.chars().filter(|c| !c.is_control()).collect();
        let Some(player) = self.player(actor) else { return };
        player.character.description = cap(printable.trim(), DESCRIPTION_MAX).to_string();
        self.mark_unsaved(actor.player, Unsaved::Sheet);
        self.tell(actor.connection, texts::DESCRIPTION_CHANGED, Font::Info);
    }

    fn describe_player(&mut self, connection: ConnectionId, key: PlayerKey) {
        let Some(player) = self.players.get(key) else {
            return self.fault("a character of a player who is not there");
        };
        let criminal = is_criminal(&player.character.reputation);
        let font = if criminal { Font::Fight } else { Font::Citizen };
        let description = neutralise_markup(&player.character.description);
        let line = texts::player(player.name(), &description, criminal, player.connection.is_none());
        self.tell(connection, &line, font);
    }

    fn describe_npc(&mut self, connection: ConnectionId, key: NpcKey, char_index: i16) {
        let npc = self.npcs.get(key).and_then(|npc| self.content.npc(npc.template));
        let Some(npc) = npc else { return };
        let packet = if npc.description.is_empty() {
            ServerPacket::console(npc.name.trim(), Font::Info)
        } else {
            let text = npc.description.as_str().into();
            ServerPacket::ChatOverHead { text, char_index, r: 255, g: 255, b: 255 }
        };
        self.outbox.send(connection, &packet);
    }

    fn look_at_floor(&mut self, connection: ConnectionId, clicked: Position) {
        let object = self.world.floor_object(clicked).copied();
        let known = object.and_then(|object| Some((object, self.content.object(object.object)?)));
        let Some((object, template)) = known else {
            return self.tell(connection, texts::NOTHING_THERE, Font::Info);
        };
        let amount = if template.pickable() { format!(" - {}", object.amount) } else { String::new() };
        let line = format!("{}{amount}", template.name);
        self.tell(connection, &line, Font::Info);
    }
}
