//! Sight: keeping what clients were told equal to what is in their sight.
//!
//! The client drops nothing by itself. So whatever comes into a viewer's nine blocks is created for it, whatever leaves
//! them is removed, and only then may anything be said about it. Sight is mutual: when one side learns of the other,
//! both do.

use crate::base::ids::{ConnectionId, MapId};
use crate::content::{FloorObject, ObjectType};
use crate::game::Play;
use crate::game::sight::looks;
use crate::protocol::outbox::Outbox;
use crate::protocol::server::ServerPacket;
use crate::world::World;
use crate::world::area::Block;
use crate::world::char_index::CharIndex;
use crate::world::character::Character;
use crate::world::heading::Heading;

impl Play {
    /// Tells everybody in sight of `index` something, its own client included.
    pub fn tell_all_in_sight(&mut self, index: CharIndex, packet: &ServerPacket<'_>) {
        if let Some(character) = self.world.character(index) {
            self.outbox.broadcast(self.world.viewers(character.position), packet);
        }
    }

    /// Shows `index`, which has just entered the world, to everybody in sight but its own client.
    pub fn show_to_others(&mut self, index: CharIndex) {
        let Some(character) = self.world.character(index) else {
            return self.fault("a character that is not there");
        };
        let others =
            self.world.viewers(character.position).filter(|viewer| Some(*viewer) != character.viewer);
        self.outbox.broadcast(others, &looks::create_packet(character));
    }

    /// Takes `index`, which is about to leave the world, off everybody's screen but its own client's.
    pub fn hide_from_others(&mut self, index: CharIndex) {
        let Some(character) = self.world.character(index) else {
            return self.fault("a character that is not there");
        };
        let others =
            self.world.viewers(character.position).filter(|viewer| Some(*viewer) != character.viewer);
        self.outbox.broadcast(others, &ServerPacket::CharacterRemove { char_index: index.wire() });
    }

    /// Shows a client everything in sight of its own character, except that character.
    pub fn show_surroundings(&mut self, viewer: ConnectionId, own: CharIndex) {
        let Some(character) = self.world.character(own) else {
            return self.fault("a character that is not there");
        };
        let here = Block::of(character.position.x, character.position.y);
        show_blocks(&self.world, &mut self.outbox, viewer, character, here.around());
    }

    /// Moves `index` one tile and turns it, and tells exactly those who have to know.
    pub fn step(&mut self, index: CharIndex, to: (u8, u8), heading: Heading) {
        let Some(from) = self.world.character(index).map(|character| character.position) else {
            return self.fault("a character that is not there");
        };
        self.world.shift(index, to, heading);
        let Some(character) = self.world.character(index) else {
            return self.fault("a character that is not there");
        };
        let (old, new) = (Block::of(from.x, from.y), Block::of(to.0, to.1));
        let moved = ServerPacket::CharacterMove { char_index: index.wire(), x: to.0, y: to.1 };
        let (world, outbox, own) = (&self.world, &mut self.outbox, character.viewer);
        let viewers = |block| {
            let state = world.block(from.map, block).into_iter();
            state.flat_map(|state| state.viewers.iter().copied()).filter(move |viewer| Some(*viewer) != own)
        };
        if old == new {
            outbox.broadcast(new.around().flat_map(viewers), &moved);
            return;
        }
        outbox.broadcast(new.around().filter(|block| block.sees(old)).flat_map(viewers), &moved);
        outbox.broadcast(new.around_but_not(old).flat_map(viewers), &looks::create_packet(character));
        let removed = ServerPacket::CharacterRemove { char_index: index.wire() };
        outbox.broadcast(old.around_but_not(new).flat_map(viewers), &removed);
        if let Some(own) = own {
            hide_blocks(world, outbox, own, from.map, old.around_but_not(new));
            show_blocks(world, outbox, own, character, new.around_but_not(old));
        }
    }
}

/// Shows `viewer`, who sees through `own`, what stands and lies in `blocks`.
fn show_blocks(
    world: &World,
    outbox: &mut Outbox,
    viewer: ConnectionId,
    own: &Character,
    blocks: impl Iterator<Item = Block>,
) {
    for state in blocks.filter_map(|block| world.block(own.position.map, block)) {
        let others = state.characters.iter().filter(|index| **index != own.index);
        for character in others.filter_map(|index| world.character(*index)) {
            outbox.send(viewer, &looks::create_packet(character));
        }
        for object in &state.objects {
            show_object(world, outbox, viewer, own.position.map, object);
        }
    }
}

fn show_object(world: &World, outbox: &mut Outbox, viewer: ConnectionId, map: MapId, object: &FloorObject) {
    let Some(template) = world.content().object(object.object) else { return };
    if template.is_fixture() {
        return;
    }
    let (x, y) = (object.x, object.y);
    let grh_index = i16::try_from(template.grh_index).unwrap_or_default();
    outbox.send(viewer, &ServerPacket::ObjectCreate { x, y, grh_index });
    if template.object_type == ObjectType::DOOR
        && let Some(map) = world.content().map(map)
    {
        for x in [x, x.saturating_sub(1)] {
            outbox.send(viewer, &ServerPacket::BlockPosition { x, y, blocked: map.blocked(x, y) });
        }
    }
}

/// Takes what stands and lies in `blocks` off the screen of `viewer`.
fn hide_blocks(
    world: &World,
    outbox: &mut Outbox,
    viewer: ConnectionId,
    map: MapId,
    blocks: impl Iterator<Item = Block>,
) {
    for state in blocks.filter_map(|block| world.block(map, block)) {
        for index in &state.characters {
            outbox.send(viewer, &ServerPacket::CharacterRemove { char_index: index.wire() });
        }
        for object in &state.objects {
            let shown = world.content().object(object.object).is_some_and(|template| !template.is_fixture());
            if shown {
                outbox.send(viewer, &ServerPacket::ObjectDelete { x: object.x, y: object.y });
            }
        }
    }
}
