//! A character: whatever stands on a tile and is seen, a player's or an NPC.

use super::char_index::CharIndex;
use super::heading::Heading;
use crate::base::ids::{ConnectionId, NpcKey, PlayerKey};
use crate::content::Position;
use crate::content::client_assets::{self, Assets};

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

impl Look {
    /// Returns the nearest look that the client has pictures for: with others it would draw nothing there.
    #[must_use]
    pub fn as_client_has(self) -> Self {
        let nearest = |id: i16, pick: &dyn Fn(u16) -> u16| {
            // 0 is for creatures without a head.
            let wanted = u16::try_from(id).ok().filter(|id| *id > 0);
            wanted.and_then(|id| i16::try_from(pick(id)).ok()).unwrap_or(id)
        };
        let worn = |id: i16, assets: Assets| match id {
            NOTHING_WORN => NOTHING_WORN,
            id => nearest(id, &|id| assets.nearest(id)),
        };
        Self {
            body: nearest(self.body, &|id| client_assets::BODIES.nearest(id)),
            head: nearest(self.head, &client_assets::nearest_head),
            weapon: worn(self.weapon, client_assets::WEAPONS),
            shield: worn(self.shield, client_assets::SHIELDS),
            helmet: worn(self.helmet, client_assets::HELMETS),
        }
    }
}

/// Owner of a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// A player, by its key in the game's table.
    Player(PlayerKey),
    /// An NPC, by its key in the game's table.
    Npc(NpcKey),
}

/// Something that stands in the world.
#[derive(Debug, Clone)]
pub struct Character {
    /// Its number on the wire.
    pub index: CharIndex,
    /// Its owner.
    pub owner: Owner,
    /// Its tile.
    pub position: Position,
    /// Its direction.
    pub heading: Heading,
    /// Its graphics.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_that_the_client_lacks_becomes_the_nearest_one_that_it_has() {
        let look = |body, head, weapon, shield, helmet| Look { body, head, weapon, shield, helmet };
        assert_eq!(look(641, 63, 90, 11, 17).as_client_has(), look(548, 70, 76, 10, 16));
        for known in
            [look(1, 1, 2, 2, 2), look(8, 500, 2, 2, 2), look(87, 0, 2, 2, 2), look(548, 514, 76, 10, 16)]
        {
            assert_eq!(known.as_client_has(), known);
        }
    }
}
