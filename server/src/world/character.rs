//! A character: whatever stands on a tile and is seen, a player's or an NPC.

use super::char_index::CharIndex;
use super::heading::Heading;
use crate::content::Position;
use crate::protocol::outbox::ConnectionId;
use crate::protocol::server::ServerPacket;
use std::borrow::Cow;

/// The graphics a character is drawn with, by the client's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Body.
    pub body: i16,
    /// Head; 0 for creatures without one.
    pub head: i16,
    /// Weapon in hand, [`NOTHING_WORN`] for none.
    pub weapon: i16,
    /// Shield, [`NOTHING_WORN`] for none.
    pub shield: i16,
    /// Helmet, [`NOTHING_WORN`] for none.
    pub helmet: i16,
}

/// The client's number for no weapon, no shield, no helmet.
pub const NOTHING_WORN: i16 = 2;

/// Who a character belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// A player, by its key in the game's table.
    Player(usize),
    /// An NPC, by its record's number.
    Npc(u16),
}

/// Something that stands in the world.
#[derive(Debug, Clone)]
pub struct Character {
    /// Its number on the wire.
    pub index: CharIndex,
    /// Whose it is.
    pub owner: Owner,
    /// Where it stands.
    pub position: Position,
    /// Where it looks.
    pub heading: Heading,
    /// How it looks.
    pub look: Look,
    /// The name shown; empty for NPCs.
    pub name: String,
    /// Bits of the name's colour: 1 criminal, 2 citizen, 4 attackable; 0 for NPCs.
    pub nick_color: u8,
    /// Bits of rank as the client draws them; 0 for plain users and NPCs.
    pub privileges: u8,
    /// The connection that sees through this character's eyes, while there is one.
    pub viewer: Option<ConnectionId>,
}

impl Character {
    /// The packet that shows this character to a client.
    #[must_use]
    pub fn create_packet(&self) -> ServerPacket<'_> {
        ServerPacket::CharacterCreate {
            char_index: self.index.wire(),
            body: self.look.body,
            head: self.look.head,
            heading: self.heading.wire(),
            x: self.position.x,
            y: self.position.y,
            weapon: self.look.weapon,
            shield: self.look.shield,
            helmet: self.look.helmet,
            fx: 0,
            fx_loops: 0,
            name: Cow::Borrowed(&self.name),
            nick_color: self.nick_color,
            privileges: self.privileges,
        }
    }

    /// The packet that tells of a new heading or look.
    #[must_use]
    pub fn change_packet(&self) -> ServerPacket<'static> {
        ServerPacket::CharacterChange {
            char_index: self.index.wire(),
            body: self.look.body,
            head: self.look.head,
            heading: self.heading.wire(),
            weapon: self.look.weapon,
            shield: self.look.shield,
            helmet: self.look.helmet,
            fx: 0,
            fx_loops: 0,
        }
    }
}
