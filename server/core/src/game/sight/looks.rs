//! Characters as packets: how clients are shown them.

use crate::protocol::server::ServerPacket;
use crate::world::character::Character;
use std::borrow::Cow;

/// Returns the packet that shows a character to a client.
#[must_use]
pub fn create_packet(character: &Character) -> ServerPacket<'_> {
    ServerPacket::CharacterCreate {
        char_index: character.index.wire(),
        body: character.look.body,
        head: character.look.head,
        heading: character.heading.wire(),
        x: character.position.x,
        y: character.position.y,
        weapon: character.look.weapon,
        shield: character.look.shield,
        helmet: character.look.helmet,
        fx: 0,
        fx_loops: 0,
        name: Cow::Borrowed(&character.name),
        nick_color: character.nick_color,
        privileges: character.privileges,
    }
}

/// Returns the packet that tells a client of a new heading or look.
#[must_use]
pub fn change_packet(character: &Character) -> ServerPacket<'static> {
    ServerPacket::CharacterChange {
        char_index: character.index.wire(),
        body: character.look.body,
        head: character.look.head,
        heading: character.heading.wire(),
        weapon: character.look.weapon,
        shield: character.look.shield,
        helmet: character.look.helmet,
        fx: 0,
        fx_loops: 0,
    }
}
