//! The small world that is compiled in: `server/content/*.toml`.
//!
//! Its maps bear the client's numbers, since the client draws the maps it has under those numbers. They block far
//! fewer tiles than the client does, and never one that the client leaves free: what the client lets its player do,
//! the server accepts.
//!
//! # Keys of the files
//!
//! A key that is not given is 0, false or empty.
//!
//! * `objects.toml`: the fields of [`ObjectTemplate`]; `npcs.toml`: of [`NpcTemplate`]; `spells.toml`: of
//!   [`SpellTemplate`]. The names of the keys are those of the fields.
//! * `maps.toml`, a map: `number`, `version`, `info` (the fields of [`MapInfo`]: `terrain` forest, snow, desert or city;
//!   `zone` country, city or dungeon; `restriction` none, newbie, royalarmy, chaoslegion, faction or staff; `sounds` a list
//!   of `{ sound, percent, flags }`), and lists that may be left out: `blocked`, `water`, `lava` (rectangles), `triggers`
//!   (`{ trigger, area }`, a [`Trigger`] such as `arena`, `safe`, `no_npcs`, `no_loitering`, `roof`, `indoors`, and a
//!   rectangle), `exits`, `npcs`, `objects`.
//! * `maps.toml`, beside the maps: `cities`, at most six positions such as `"34:44:88"`: arrivals of Ullathorpe, Nix,
//!   Banderbill, Lindos, Arghal and Arkhein, in this order. Those left out are Ullathorpe's.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::base::ids::MapId;

use super::map::{FloorObject, Map, MapInfo, NpcPlacement, Tile, Trigger};
use super::{Content, NpcTemplate, ObjectTemplate, Position, SpellTemplate};

const MAPS: &str = include_str!("../../../content/maps.toml");
const OBJECTS: &str = include_str!("../../../content/objects.toml");
const NPCS: &str = include_str!("../../../content/npcs.toml");
const SPELLS: &str = include_str!("../../../content/spells.toml");
const TEXTS: &str = include_str!("../../../content/texts.toml");

/// First column, first row, last column, last row.
type Rectangle = [u8; 4];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Maps {
    #[serde(default)]
    cities: Vec<Position>,
    maps: Vec<StarterMap>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StarterMap {
    number: MapId,
    version: i16,
    info: MapInfo,
    #[serde(default)]
    blocked: Vec<Rectangle>,
    #[serde(default)]
    water: Vec<Rectangle>,
    #[serde(default)]
    lava: Vec<Rectangle>,
    #[serde(default)]
    triggers: Vec<Triggers>,
    #[serde(default)]
    exits: Vec<Exits>,
    #[serde(default)]
    npcs: Vec<NpcPlacement>,
    #[serde(default)]
    objects: Vec<FloorObject>,
}

/// A rectangle of tiles with one trigger.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Triggers {
    trigger: Trigger,
    area: Rectangle,
}

/// Exits side by side: each tile leads as far from `to` as it is from the first of `from`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Exits {
    from: Rectangle,
    to: Position,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Objects {
    objects: Vec<ObjectTemplate>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Npcs {
    npcs: Vec<NpcTemplate>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Spells {
    spells: Vec<SpellTemplate>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Texts {
    motd: Vec<String>,
    help: Vec<String>,
    forbidden_names: Vec<String>,
}

/// Builds it; see [`Content::starter`]. A home without a city of its own is Ullathorpe, where AO has it.
pub(super) fn starter() -> Content {
    let mut content = Content::empty();
    let Maps { cities, maps } = parse(MAPS);
    for (city, position) in content.cities.iter_mut().zip(cities) {
        *city = Some(position);
    }
    for map in maps {
        content.maps.insert(map.number, build(map));
    }
    for object in parse::<Objects>(OBJECTS).objects {
        content.objects.insert(object.number, object);
    }
    for npc in parse::<Npcs>(NPCS).npcs {
        content.npcs.insert(npc.number, npc);
    }
    for spell in parse::<Spells>(SPELLS).spells {
        content.spells.insert(spell.number, spell);
    }
    let texts = parse::<Texts>(TEXTS);
    content.motd = texts.motd;
    content.help = texts.help;
    content.forbidden_names = texts.forbidden_names;
    content
}

/// Parses a compiled-in text.
#[expect(clippy::expect_used, reason = "the texts are part of the program, and a test parses all of them")]
fn parse<T: DeserializeOwned>(text: &str) -> T {
    toml::from_str(text).expect("the compiled-in content is sound")
}

fn build(from: StarterMap) -> Map {
    let mut map = Map::new(from.number, from.version, from.info);
    change_tiles(&mut map, &from.blocked, Tile::block);
    change_tiles(&mut map, &from.water, Tile::flood);
    change_tiles(&mut map, &from.lava, Tile::set_lava);
    for Triggers { trigger, area } in from.triggers {
        change_tiles(&mut map, &[area], |tile| tile.set_trigger(trigger));
    }
    for Exits { from, to } in from.exits {
        let [first_x, first_y, ..] = from;
        for (x, y) in tiles(from) {
            map.add_exit(x, y, Position { x: to.x + (x - first_x), y: to.y + (y - first_y), ..to });
        }
    }
    from.npcs.into_iter().for_each(|npc| map.add_npc(npc));
    from.objects.into_iter().for_each(|object| map.add_object(object));
    map.shrink();
    map
}

/// Changes every tile of the rectangles.
fn change_tiles(map: &mut Map, areas: &[Rectangle], change: impl Fn(&mut Tile)) {
    for (x, y) in areas.iter().copied().flat_map(tiles) {
        if let Some(tile) = map.tile_mut(x, y) {
            change(tile);
        }
    }
}

/// Yields the tiles of a rectangle.
fn tiles([first_x, first_y, last_x, last_y]: Rectangle) -> impl Iterator<Item = (u8, u8)> {
    (first_y..=last_y).flat_map(move |y| (first_x..=last_x).map(move |x| (x, y)))
}

#[cfg(test)]
mod tests {
    use super::super::{ItemAmount, MAP_SIZE, Movement, ao_data_tests, references};
    use super::*;
    use crate::base::ids::{NpcTemplateId, ObjectId, SpellId};

    /// Objects that a new character gets.
    const FIRST_OBJECTS: [u16; 18] =
        [857, 856, 855, 858, 463, 464, 465, 466, 859, 860, 460, 467, 468, 561, 562, 563, 564, 565];

    #[test]
    fn the_compiled_in_files_are_sound_and_complete() {
        let content = starter();
        assert_eq!(references::check(&content), []);
        assert_eq!(content.maps().map(|map| map.number.get()).collect::<Vec<_>>(), [1, 2, 5, 8, 11]);
        for number in FIRST_OBJECTS {
            let object = content.object(ObjectId::new(number)).unwrap();
            assert!(object.newbie && object.grh_index > 0, "object {number}");
        }
        assert!(content.spell(SpellId::new(2)).is_some() && content.spell(SpellId::new(46)).is_some());
        assert!(!content.motd().is_empty() && !content.help().is_empty());
        assert!(
            content.forbidden_names().iter().all(|word| !word.is_empty() && *word == word.to_lowercase())
        );
        assert_eq!(content.objects().count(), parse::<Objects>(OBJECTS).objects.len(), "no number twice");
        assert_eq!(content.npcs().count(), parse::<Npcs>(NPCS).npcs.len(), "no number twice");
        assert_eq!(content.spells().count(), parse::<Spells>(SPELLS).spells.len(), "no number twice");
    }

    #[test]
    fn every_home_is_ullathorpe() {
        let content = starter();
        for home in 0..=7 {
            assert_eq!(content.city(home), Position::new(MapId::new(1), 58, 45));
        }
    }

    #[test]
    fn ullathorpe_is_safe_and_has_its_people() {
        let content = starter();
        let map = content.map(MapId::new(1)).unwrap();
        assert!(map.info.safe && !content.map(MapId::new(2)).unwrap().info.safe);
        for trade in [0, 1, 2, 4, 7, 11] {
            let has = |npc| content.npc(npc).is_some_and(|npc| npc.npc_type.0 == trade);
            assert!(map.npc_placements().iter().any(|placement| has(placement.npc)), "NPC type {trade}");
        }
        let merchants =
            map.npc_placements().iter().filter(|it| content.npc(it.npc).is_some_and(|npc| npc.merchant));
        assert_eq!(merchants.count(), 9);
    }

    #[test]
    fn the_borders_of_ullathorpe_lead_out_and_back() {
        let content = starter();
        let exit =
            |map, x, y| content.map(MapId::new(map)).and_then(|map| map.exit(x, y)).map(|to| to.to_string());
        assert_eq!(exit(1, 58, 7).as_deref(), Some("5:58:93"));
        assert_eq!(exit(5, 58, 94).as_deref(), Some("1:58:8"));
        assert_eq!(exit(1, 58, 94).as_deref(), Some("2:58:8"));
        assert_eq!(exit(2, 58, 7).as_deref(), Some("1:58:93"));
        assert_eq!(exit(1, 92, 45).as_deref(), Some("11:10:45"));
        assert_eq!(exit(11, 9, 45).as_deref(), Some("1:91:45"));
        assert_eq!(exit(1, 9, 45).as_deref(), Some("8:91:45"));
        assert_eq!(exit(8, 92, 45).as_deref(), Some("1:10:45"));
        assert_eq!(exit(1, 58, 45), None);
    }

    #[test]
    fn everything_stands_lies_and_arrives_on_free_land() {
        let content = starter();
        let mut taken = std::collections::BTreeSet::new();
        for map in content.maps() {
            for (x, y, to) in map.exits() {
                let there = content.map(to.map).unwrap();
                assert!(map.walkable(x, y) && there.walkable(to.x, to.y), "{}:{x}:{y} to {to}", map.number);
                assert_eq!(there.exit(to.x, to.y), None, "{}:{x}:{y} leads to an exit", map.number);
            }
            for npc in map.npc_placements() {
                assert!(
                    map.walkable(npc.x, npc.y) && map.exit(npc.x, npc.y).is_none(),
                    "map {}: {npc:?}",
                    map.number
                );
                assert!(taken.insert((map.number, npc.x, npc.y)), "map {}: {npc:?}", map.number);
            }
            for object in map.floor_objects() {
                assert!(map.walkable(object.x, object.y), "map {}: {object:?}", map.number);
            }
        }
        assert!(!taken.contains(&(MapId::new(1), 58, 45)), "nobody stands where players arrive");
    }

    #[test]
    fn the_client_blocks_what_we_block_and_leaves_free_what_we_use() {
        let Some(client) = ao_data_tests::content() else {
            return;
        };
        for map in starter().maps() {
            let theirs = client.map(map.number).unwrap();
            for (x, y) in tiles([1, 1, MAP_SIZE, MAP_SIZE]) {
                assert!(!map.blocked(x, y) || theirs.blocked(x, y), "{}:{x}:{y} is free", map.number);
                assert!(!map.water(x, y) || theirs.water(x, y), "{}:{x}:{y} is land", map.number);
            }
            for npc in map.npc_placements() {
                assert!(theirs.walkable(npc.x, npc.y), "map {}: {npc:?}", map.number);
            }
            for object in map.floor_objects() {
                assert!(theirs.walkable(object.x, object.y), "map {}: {object:?}", map.number);
            }
            for (x, y, to) in map.exits() {
                assert!(theirs.walkable(x, y), "{}:{x}:{y}", map.number);
                assert!(client.map(to.map).is_some_and(|map| map.walkable(to.x, to.y)), "{to}");
            }
        }
        for home in 1..=6 {
            let city = starter().city(home);
            assert!(client.map(city.map).is_some_and(|map| map.walkable(city.x, city.y)));
        }
    }

    #[test]
    fn graphics_are_those_that_the_client_shows_for_these_numbers() {
        let Some(client) = ao_data_tests::content() else {
            return;
        };
        for object in starter().objects() {
            let theirs = client.object(object.number).unwrap();
            assert_eq!(object.object_type, theirs.object_type, "object {}", object.number);
            assert_eq!(object.grh_index, theirs.grh_index, "object {}", object.number);
            assert_eq!(object.animation, theirs.animation, "object {}", object.number);
        }
        for npc in starter().npcs() {
            let theirs = client.npc(npc.number).unwrap();
            assert_eq!((npc.body, npc.head, npc.npc_type), (theirs.body, theirs.head, theirs.npc_type));
        }
    }

    #[test]
    fn records_in_toml_are_the_same_as_in_the_games_own_files() {
        let content = starter();
        let wolf = content.npc(NpcTemplateId::new(501)).unwrap();
        assert_eq!((wolf.movement, wolf.hostile, wolf.stays_dead), (Movement::ATTACKS_USERS, true, false));
        assert_eq!(wolf.drop(1), Some(ItemAmount { object: ObjectId::new(414), amount: 1 }));
        assert!(content.object(ObjectId::new(1)).unwrap().pickable());
    }
}
