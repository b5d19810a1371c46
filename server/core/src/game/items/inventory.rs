//! Showing and ordering what a player carries and knows.

use crate::base::ids::{ConnectionId, SpellId};
use crate::game::items::slot::{InventorySlot, SpellSlot};
use crate::game::play::{Actor, Play};
use crate::game::player::table::Unsaved;
use crate::game::texts;
use crate::protocol::font::Font;
use crate::protocol::server::ServerPacket;
use crate::records::ItemRecord;

/// Text of an empty line in the client's spell list.
const NO_SPELL: &str = "(None)";
/// Shops give a third of an object's value (AO 0.13).
const SALE_DIVISOR: f32 = 3.0;

fn wire(value: u16) -> i16 {
    i16::try_from(value).unwrap_or(i16::MAX)
}

impl Play {
    /// Sends every slot in use. The client's grid starts empty.
    pub fn tell_inventory(&mut self, actor: Actor) {
        let Some(player) = self.player(actor) else { return };
        let inventory = player.character.inventory;
        for slot in InventorySlot::all() {
            if let Some(item) = inventory[slot.index()] {
                self.tell_slot(actor.connection, slot, Some(item));
            }
        }
    }

    fn tell_slot(&mut self, connection: ConnectionId, slot: InventorySlot, item: Option<ItemRecord>) {
        let known = item.and_then(|item| Some((item, self.content.object(item.object)?)));
        let slot = slot.wire();
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
                obj_index: wire(item.object.get()),
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

    /// Handles `MoveItem`: two slots change places; worn pieces stay worn.
    pub fn move_item(&mut self, actor: Actor, from: u8, to: u8) {
        let Some(player) = self.player(actor) else { return };
        let (Some(from), Some(to)) = (InventorySlot::from_wire(from), InventorySlot::from_wire(to)) else {
            return;
        };
        let inventory = &mut player.character.inventory;
        inventory.swap(from.index(), to.index());
        let (from_item, to_item) = (inventory[from.index()], inventory[to.index()]);
        self.mark_unsaved(actor.player, Unsaved::Sheet);
        self.tell_slot(actor.connection, from, from_item);
        self.tell_slot(actor.connection, to, to_item);
    }

    /// Sends every known spell. The client's list starts with empty lines.
    pub fn tell_spells(&mut self, actor: Actor) {
        let Some(player) = self.player(actor) else { return };
        let spells = player.character.spells;
        for slot in SpellSlot::all() {
            if spells[slot.index()] != SpellId::NONE {
                self.tell_spell(actor.connection, slot, spells[slot.index()]);
            }
        }
    }

    fn tell_spell(&mut self, connection: ConnectionId, slot: SpellSlot, spell: SpellId) {
        let template = self.content.spell(spell);
        let name = template.map_or(NO_SPELL, |template| template.name.as_str());
        let slot = slot.wire();
        let spell_id = if template.is_some() { wire(spell.get()) } else { 0 };
        self.outbox.send(connection, &ServerPacket::ChangeSpellSlot { slot, spell_id, name: name.into() });
    }

    /// Handles `MoveSpell`: a spell changes places with its neighbour, the one above or the one below. The client has
    /// already done so, and is told both lines as they are now.
    pub fn move_spell(&mut self, actor: Actor, upwards: bool, slot: u8) {
        let Some(player) = self.player(actor) else { return };
        let Some(from) = SpellSlot::from_wire(slot) else { return };
        let Some(to) = from.neighbour(upwards) else { return };
        let spells = &mut player.character.spells;
        spells.swap(from.index(), to.index());
        let (from_spell, to_spell) = (spells[from.index()], spells[to.index()]);
        self.mark_unsaved(actor.player, Unsaved::Sheet);
        self.tell_spell(actor.connection, from, from_spell);
        self.tell_spell(actor.connection, to, to_spell);
    }

    /// Handles `SpellInfo`.
    pub fn tell_spell_info(&mut self, actor: Actor, slot: u8) {
        let Some(player) = self.player(actor) else { return };
        let Some(slot) = SpellSlot::from_wire(slot) else { return };
        let number = player.character.spells[slot.index()];
        let Some(lines) = self.content.spell(number).map(texts::spell) else { return };
        for line in lines {
            self.tell(actor.connection, &line, Font::Info);
        }
    }
}
