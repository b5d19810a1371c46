//! Doors for worlds of tests, beside exits, where players meet.

use crate::base::ids::ObjectId;
use crate::base::table::Table;

use super::map::{FloorObject, Map};
use super::object::ObjectType;
use super::{Content, ObjectTemplate};

/// Greatest distance of a door from an exit, in tiles on each axis.
const NEAR: u8 = 4;

impl Content {
    /// Returns this content with a door near an exit of each map: closed on one map, open on the next.
    #[must_use]
    pub fn with_doors(mut self) -> Self {
        let number = ObjectId::new(u16::try_from(self.objects.last_number() + 1).unwrap_or(u16::MAX));
        let (mut maps, mut is_closed) = (Table::new(), true);
        for map in self.maps.iter() {
            let mut map = map.clone();
            if let Some((x, y)) = free_pair(&map) {
                map.add_object(FloorObject { x, y, object: number, amount: 1 });
                for x in [x, x - 1] {
                    if let Some(tile) = map.tile_mut(x, y).filter(|_| is_closed) {
                        tile.block();
                    }
                }
                is_closed = !is_closed;
            }
            maps.insert(map.number, map);
        }
        self.maps = maps;
        let door = ObjectTemplate {
            number,
            name: "Puerta".into(),
            grh_index: 1,
            object_type: ObjectType::DOOR,
            ..ObjectTemplate::default()
        };
        self.objects.insert(number, door);
        self
    }
}

/// Returns a tile near an exit that is free, as is the one to its left: a door takes both.
fn free_pair(map: &Map) -> Option<(u8, u8)> {
    let is_free = |x: u8, y: u8| {
        let is_taken = map.npc_placements().iter().any(|npc| (npc.x, npc.y) == (x, y))
            || map.floor_objects().iter().any(|object| (object.x, object.y) == (x, y));
        map.walkable(x, y) && map.exit(x, y).is_none() && !is_taken
    };
    let near = |at: u8| at.saturating_sub(NEAR).max(2)..=at.saturating_add(NEAR).min(99);
    map.exits()
        .flat_map(|(x, y, _)| near(y).flat_map(move |y| near(x).map(move |x| (x, y))))
        .find(|&(x, y)| is_free(x, y) && is_free(x - 1, y))
}
