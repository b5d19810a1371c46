//! Spawning: NPCs take their places.

use super::table::{Npc, Npcs};
use crate::base::ids::MapId;
use crate::content::{Content, NpcPlacement, Position};
use crate::world::character::{Look, NOTHING_WORN, Owner};
use crate::world::heading::Heading;
use crate::world::{Newcomer, World};
use std::sync::Arc;

/// Creates the world of `content` with every NPC where the maps place it.
#[must_use]
pub fn inhabited_world(content: &Arc<Content>) -> (World, Npcs) {
    let mut world = World::new(Arc::clone(content));
    let mut npcs = Npcs::default();
    for map in content.maps() {
        for placement in map.npc_placements() {
            let is_placed = place(content, &mut world, &mut npcs, map.number, placement);
            if !is_placed && content.npc(placement.npc).is_some() {
                log::warn!("NPC {} of map {} has no place and is left out", placement.npc, map.number);
            }
        }
    }
    (world, npcs)
}

/// Puts an NPC on its tile. Returns false, and nothing changed, if that is taken or the template is not there.
fn place(
    content: &Content,
    world: &mut World,
    npcs: &mut Npcs,
    map: MapId,
    placement: &NpcPlacement,
) -> bool {
    let Some(template) = content.npc(placement.npc) else { return false };
    let home = Position { map, x: placement.x, y: placement.y };
    let look = Look {
        body: i16::try_from(template.body).unwrap_or_default(),
        head: i16::try_from(template.head).unwrap_or_default(),
        weapon: NOTHING_WORN,
        shield: NOTHING_WORN,
        helmet: NOTHING_WORN,
    };
    let entered = world.enter(Newcomer {
        owner: Owner::Npc(npcs.next_key()),
        position: home,
        heading: Heading::from_wire(template.heading).unwrap_or(Heading::South),
        look: look.as_client_has(),
        name: String::new(),
        nick_color: 0,
        viewer: None,
    });
    let Some(index) = entered else { return false };
    npcs.insert(Npc { template: placement.npc, index, home });
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn npcs_stand_where_the_maps_place_them() {
        let content = Arc::new(Content::starter());
        let (world, npcs) = inhabited_world(&content);
        let mut placed = 0;
        for map in content.maps() {
            for placement in map.npc_placements() {
                let position = Position { map: map.number, x: placement.x, y: placement.y };
                let index = world.occupant(position).unwrap_or_else(|| panic!("nobody at {position}"));
                let Owner::Npc(key) = world.character(index).unwrap().owner else { panic!("a player") };
                assert_eq!(npcs.get(key), Some(&Npc { template: placement.npc, index, home: position }));
                placed += 1;
            }
        }
        assert!(placed > 10);
        assert_eq!((world.population(), npcs.len()), (placed, placed));
        assert_eq!(npcs.check_invariants(&world), Ok(()));
    }
}
