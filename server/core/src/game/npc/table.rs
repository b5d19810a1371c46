//! The table of NPCs in the world.

use crate::base::ids::{NpcKey, NpcTemplateId};
use crate::base::slots::Slots;
use crate::content::Position;
use crate::world::World;
use crate::world::char_index::CharIndex;
use crate::world::character::Owner;

/// An NPC in the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Npc {
    /// Number of its template in the content.
    pub template: NpcTemplateId,
    /// Its character in the world.
    pub index: CharIndex,
    /// Tile on which its map places it.
    pub home: Position,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Npcs {
    slots: Slots<Npc>,
}

impl Npcs {
    /// Adds an NPC.
    pub fn insert(&mut self, npc: Npc) -> NpcKey {
        let (slot, generation) = self.slots.insert(npc);
        NpcKey { slot, generation }
    }

    /// Returns the NPC of that key, unless it has gone.
    #[must_use]
    pub fn get(&self, key: NpcKey) -> Option<&Npc> {
        self.slots.get(key.slot, key.generation)
    }

    /// Returns the key that the next NPC inserted will have.
    #[must_use]
    pub fn next_key(&self) -> NpcKey {
        let (slot, generation) = self.slots.next();
        NpcKey { slot, generation }
    }

    /// Iterates over all NPCs, by key.
    pub fn iter(&self) -> impl Iterator<Item = (NpcKey, &Npc)> {
        self.slots.iter().map(|((slot, generation), npc)| (NpcKey { slot, generation }, npc))
    }

    /// Returns the number of NPCs.
    #[must_use]
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Returns true if there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Checks that every NPC has the character that belongs to it.
    ///
    /// # Errors
    /// The first NPC without one.
    pub fn check_invariants(&self, world: &World) -> Result<(), String> {
        for (key, npc) in self.iter() {
            let owner = world.character(npc.index).map(|character| character.owner);
            if owner != Some(Owner::Npc(key)) {
                return Err(format!("NPC {key} has the character of {owner:?}"));
            }
        }
        Ok(())
    }
}
