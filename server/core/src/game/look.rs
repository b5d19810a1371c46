//! Looking: what a left click on the world tells, and what players say of themselves.

use super::appearance::is_criminal;
use super::players::{PlayerKey, Unsaved};
use super::{Game, texts};
use crate::content::Position;
use crate::protocol::font::Font;
use crate::protocol::outbox::ConnectionId;
use crate::protocol::server::ServerPacket;
use crate::protocol::text::{cap, neutralise_markup};
use crate::world::character::Owner;
use std::sync::Arc;

/// Half the client's window: what is further away cannot be clicked.
const WINDOW: (u8, u8) = (8, 6);
/// Longest description of oneself, in bytes.
const DESCRIPTION_MAX: usize = 100;

impl Game {
    /// `LeftClick`. Sprites are taller than a tile, so the character one tile south of the click comes first (AO 0.13).
    pub(super) fn look_at(&mut self, connection: ConnectionId, key: PlayerKey, x: u8, y: u8) {
        let Some(player) = self.players.get(key) else { return };
        let Some(own) = self.world.character(player.index) else { return };
        let near = own.position.x.abs_diff(x) <= WINDOW.0 && own.position.y.abs_diff(y) <= WINDOW.1;
        if !near {
            return;
        }
        let clicked = Position { x, y, ..own.position };
        let below = Position { y: y.saturating_add(1), ..clicked };
        let seen = self.world.occupant(below).or_else(|| self.world.occupant(clicked));
        let Some(character) = seen.and_then(|index| self.world.character(index)) else {
            return self.look_at_floor(connection, clicked);
        };
        let char_index = character.index.wire();
        match character.owner {
            Owner::Player(other) => self.describe_player(connection, other),
            Owner::Npc(number) => self.describe_npc(connection, number, char_index),
        }
    }

    /// `ChangeDescription`.
    pub(super) fn change_description(&mut self, connection: ConnectionId, key: PlayerKey, text: &str) {
        let printable: String = text.chars().filter(|c| !c.is_control()).collect();
        let Some(player) = self.players.get_mut(key) else { return };
        player.character.description = cap(printable.trim(), DESCRIPTION_MAX).to_string();
        self.mark_unsaved(key, Unsaved::Sheet);
        self.tell(connection, texts::DESCRIPTION_CHANGED, Font::Info);
    }

    fn describe_player(&mut self, connection: ConnectionId, key: PlayerKey) {
        let Some(player) = self.players.get(key) else { return };
        let criminal = is_criminal(&player.character.reputation);
        let (status, font) = if criminal { ("CRIMINAL", Font::Fight) } else { ("CIUDADANO", Font::Citizen) };
        let mut line = player.name().to_string();
        if !player.character.description.is_empty() {
            line = format!("{line} - {}", neutralise_markup(&player.character.description));
        }
        let away = if player.connection.is_none() { " (desconectado)" } else { "" };
        self.tell(connection, &format!("{line} <{status}>{away}"), font);
    }

    fn describe_npc(&mut self, connection: ConnectionId, number: u16, char_index: i16) {
        let content = Arc::clone(self.world.content());
        let Some(npc) = content.npc(number) else { return };
        if npc.description.is_empty() {
            return self.tell(connection, npc.name.trim(), Font::Info);
        }
        let text = npc.description.as_str().into();
        self.send(connection, &ServerPacket::ChatOverHead { text, char_index, r: 255, g: 255, b: 255 });
    }

    fn look_at_floor(&mut self, connection: ConnectionId, clicked: Position) {
        let content = Arc::clone(self.world.content());
        let object = self.world.floor_object(clicked).copied();
        let Some((object, template)) =
            object.and_then(|object| Some((object, content.object(object.object)?)))
        else {
            return self.tell(connection, texts::NOTHING_THERE, Font::Info);
        };
        let amount = if template.pickable() { format!(" - {}", object.amount) } else { String::new() };
        self.tell(connection, &format!("{}{amount}", template.name), Font::Info);
    }
}
