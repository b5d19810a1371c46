//! Showing and ordering what a player carries and knows.

use crate::base::ids::{ConnectionId, PlayerKey};
use crate::game::play::{Actor, Play};
use crate::game::player::table::Unsaved;
use crate::game::texts;
use crate::protocol::font::Font;
use crate::protocol::server::ServerPacket;
use crate::records::{INVENTORY_SLOTS, ItemRecord, SPELL_SLOTS};

/// Text of an empty line in the client's spell list.
const NO_SPELL: &str = "(None)";
/// Shops give a third of an object's value (AO 0.13).
const SALE_DIVISOR: f32 = 3.0;

fn wire(value: u16) -> i16 {
    i16::try_from(value).unwrap_or(i16::MAX)
}

/// The place in a list of `length` that a slot number of the wire, from 1, means.
fn place(slot: u8, length: usize) -> Option<usize> {
    usize::from(slot).checked_sub(1).filter(|place| *place < length)
}

impl Play {
    /// Every slot in use. The client's grid starts empty.
    pub fn tell_inventory(&mut self, connection: ConnectionId, key: PlayerKey) {
        let Some(inventory) = self.players.get(key).map(|player| player.character.inventory) else { return };
        for (place, item) in inventory.iter().enumerate().filter(|(_, item)| item.is_some()) {
            self.tell_slot(connection, place, *item);
        }
    }

    fn tell_slot(&mut self, connection: ConnectionId, place: usize, item: Option<ItemRecord>) {
        let known = item.and_then(|item| Some((item, self.content.object(item.object)?)));
        let slot = u8::try_from(place + 1).unwrap_or(u8::MAX);
        let packet = match known {
            None => ServerPacket::ChangeInventorySlot {
                slot,
                obj_index: 0,
                name: "".into(),
                amount: 0,
                equipped: false,
                grh_index: 0,
                obj_type: 0,
                max_hit: 0,
                min_hit: 0,
                max_def: 0,
                min_def: 0,
                sale_price: 0.0,
            },
            Some((item, object)) => ServerPacket::ChangeInventorySlot {
                slot,
                obj_index: wire(item.object),
                name: object.name.as_str().into(),
                amount: wire(item.amount),
                equipped: item.equipped,
                grh_index: wire(object.grh_index),
                obj_type: u8::try_from(object.object_type.0).unwrap_or(0),
                max_hit: wire(object.max_hit),
                min_hit: wire(object.min_hit),
                max_def: wire(object.max_defense),
                min_def: wire(object.min_defense),
                sale_price: if object.newbie { 0.0 } else { object.value as f32 / SALE_DIVISOR },
            },
        };
        self.outbox.send(connection, &packet);
    }

    /// `MoveItem`: two slots change places; worn pieces stay worn.
    pub fn move_item(&mut self, actor: Actor, from: u8, to: u8) {
        let Some(player) = self.player(actor) else { return };
        let (Some(from), Some(to)) = (place(from, INVENTORY_SLOTS), place(to, INVENTORY_SLOTS)) else {
            return;
        };
        let inventory = &mut player.character.inventory;
        inventory.swap(from, to);
        let (from_item, to_item) = (inventory[from], inventory[to]);
        self.mark_unsaved(actor.player, Unsaved::Sheet);
        self.tell_slot(actor.connection, from, from_item);
        self.tell_slot(actor.connection, to, to_item);
    }

    /// Every known spell. The client's list starts with empty lines.
    pub fn tell_spells(&mut self, connection: ConnectionId, key: PlayerKey) {
        let Some(spells) = self.players.get(key).map(|player| player.character.spells) else { return };
        for (place, spell) in spells.into_iter().enumerate().filter(|(_, spell)| *spell != 0) {
            self.tell_spell(connection, place, spell);
        }
    }

    fn tell_spell(&mut self, connection: ConnectionId, place: usize, spell: u16) {
        let template = self.content.spell(spell);
        let name = template.map_or(NO_SPELL, |template| template.name.as_str());
        let slot = u8::try_from(place + 1).unwrap_or(u8::MAX);
        let spell_id = if template.is_some() { wire(spell) } else { 0 };
        self.outbox.send(connection, &ServerPacket::ChangeSpellSlot { slot, spell_id, name: name.into() });
    }

    /// `MoveSpell`: a spell changes places with its neighbour, the one above or the one below. The client has already
    /// done so, and is told both lines as they are now.
    pub fn move_spell(&mut self, actor: Actor, upwards: bool, slot: u8) {
        let Some(player) = self.player(actor) else { return };
        let Some(from) = place(slot, SPELL_SLOTS) else { return };
        let to = if upwards { from.checked_sub(1) } else { Some(from + 1) };
        let Some(to) = to.filter(|to| *to < SPELL_SLOTS) else { return };
        let spells = &mut player.character.spells;
        spells.swap(from, to);
        let (from_spell, to_spell) = (spells[from], spells[to]);
        self.mark_unsaved(actor.player, Unsaved::Sheet);
        self.tell_spell(actor.connection, from, from_spell);
        self.tell_spell(actor.connection, to, to_spell);
    }

    /// `SpellInfo`.
    pub fn tell_spell_info(&mut self, actor: Actor, slot: u8) {
        let Some(player) = self.player(actor) else { return };
        let Some(place) = place(slot, SPELL_SLOTS) else { return };
        let number = player.character.spells[place];
        let Some(lines) = self.content.spell(number).map(texts::spell) else { return };
        for line in lines {
            self.tell(actor.connection, &line, Font::Info);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_count_from_one() {
        assert_eq!(place(0, 25), None);
        assert_eq!(place(1, 25), Some(0));
        assert_eq!(place(25, 25), Some(24));
        assert_eq!(place(26, 25), None);
    }
}
