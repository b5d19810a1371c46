//! One map: 100 × 100 tiles, the objects and NPCs on them at start, and the exits at its borders.
//!
//! Tiles take one byte each, since every step of every character reads them. Any `u8` may be given as a
//! coordinate: outside 1..=100 a tile is blocked and has no exit.

use serde::Deserialize;

use super::Position;
use crate::base::ids::{MapId, NpcTemplateId, ObjectId};

/// Tiles on a side of a map.
pub const MAP_SIZE: u8 = 100;
/// Tiles of a map.
pub(super) const TILE_COUNT: usize = MAP_SIZE as usize * MAP_SIZE as usize;

/// Columns where a character may stand: half a client window away from the map's edges.
const PLAYABLE_X: std::ops::RangeInclusive<u8> = 9..=92;
/// Rows where a character may stand.
const PLAYABLE_Y: std::ops::RangeInclusive<u8> = 7..=94;

/// Effect of a tile on the character that stands on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Trigger {
    /// 0: nothing.
    #[default]
    None = 0,
    /// 1: under a roof, no rain; NPCs do not spawn here.
    Roof = 1,
    /// 2: indoors for rain; NPCs do not spawn here.
    Indoors = 2,
    /// 3: NPCs may not step here.
    NoNpcs = 3,
    /// 4: no fighting and no stealing.
    Safe = 4,
    /// 5: no loitering.
    NoLoitering = 5,
    /// 6: arena, where a death costs nothing.
    Arena = 6,
}

impl Trigger {
    /// Returns the trigger of a map file's number, 0..=6.
    #[must_use]
    pub const fn from_number(number: i16) -> Option<Self> {
        Some(match number {
            0 => Self::None,
            1 => Self::Roof,
            2 => Self::Indoors,
            3 => Self::NoNpcs,
            4 => Self::Safe,
            5 => Self::NoLoitering,
            6 => Self::Arena,
            _ => return None,
        })
    }
}

/// One tile: bit 0 blocked, bit 1 water, bit 2 lava, bits 3–5 the trigger, bit 6 has an exit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Tile(u8);

impl Tile {
    const BLOCKED: u8 = 1;
    const WATER: u8 = 1 << 1;
    const LAVA: u8 = 1 << 2;
    const TRIGGER_SHIFT: u8 = 3;
    const TRIGGER: u8 = 0b111 << Self::TRIGGER_SHIFT;
    const EXIT: u8 = 1 << 6;

    pub(super) const fn block(&mut self) {
        self.0 |= Self::BLOCKED;
    }

    pub(super) const fn flood(&mut self) {
        self.0 |= Self::WATER;
    }

    pub(super) const fn set_lava(&mut self) {
        self.0 |= Self::LAVA;
    }

    pub(super) const fn set_trigger(&mut self, trigger: Trigger) {
        self.0 = (self.0 & !Self::TRIGGER) | ((trigger as u8) << Self::TRIGGER_SHIFT);
    }

    const fn trigger(self) -> Trigger {
        match (self.0 & Self::TRIGGER) >> Self::TRIGGER_SHIFT {
            1 => Trigger::Roof,
            2 => Trigger::Indoors,
            3 => Trigger::NoNpcs,
            4 => Trigger::Safe,
            5 => Trigger::NoLoitering,
            6 => Trigger::Arena,
            _ => Trigger::None,
        }
    }

    const fn has(self, flag: u8) -> bool {
        self.0 & flag != 0
    }
}

/// Kind of ground of a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Terrain {
    /// BOSQUE, and anything unknown.
    #[default]
    Forest,
    /// NIEVE: without warm clothes, characters freeze.
    Snow,
    /// DESIERTO.
    Desert,
    /// CIUDAD.
    City,
}

/// Kind of place that a map is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Zone {
    /// CAMPO, and anything unknown.
    #[default]
    Country,
    /// CIUDAD.
    City,
    /// DUNGEON: neither rain nor night.
    Dungeon,
}

/// Restriction on the characters that may enter a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Restriction {
    /// No restriction: `No` and anything unknown, as in AO 0.13.
    #[default]
    None,
    /// NEWBIE: levels up to 12.
    Newbie,
    /// ARMADA: the royal army.
    RoyalArmy,
    /// CAOS: the chaos legion.
    ChaosLegion,
    /// FACCION: either faction.
    Faction,
    /// GM: staff only.
    Staff,
}

/// A sound that a map makes by itself. Every four seconds one of the map's sounds is drawn, and heard with its
/// probability.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AmbientSound {
    /// Number of the sound. `Sonido`
    pub sound: u16,
    /// Probability of being heard once it is drawn, in percent. `Probabilidad`
    pub percent: u8,
    /// Bits of AO 0.13: 1 in all sounds that are heard by day. `Flags`
    pub flags: u8,
}

/// Properties of a map as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MapInfo {
    /// Shown to players; may be empty.
    pub name: String,
    /// Number of the music, 0 for none.
    pub music: u16,
    /// True if players may not fight here (`Pk=1` in the files).
    pub safe: bool,
    /// Kind of its ground.
    pub terrain: Terrain,
    /// Kind of place.
    pub zone: Zone,
    /// Restriction on the characters that may enter.
    pub restriction: Restriction,
    /// True if a world save keeps its floor objects and NPCs.
    pub backup: bool,
    /// True if spells do not work.
    pub no_magic: bool,
    /// True if invisibility does not work.
    pub no_invisibility: bool,
    /// True if the dead cannot be raised.
    pub no_resurrection: bool,
    /// True if hiding is not possible.
    pub no_hiding: bool,
    /// True if creatures cannot be summoned.
    pub no_summoning: bool,
    /// True if another player's NPC may be taken.
    pub npc_theft: bool,
    /// Sounds that it makes by itself.
    pub sounds: Vec<AmbientSound>,
    /// Position given to a character that logs in on this map, in place of its own.
    #[serde(skip)]
    pub start: Option<Position>,
    /// Destination of characters that die here; the dead may not enter such a map.
    #[serde(skip)]
    pub on_death: Option<Position>,
}

/// An NPC that stands on a map at start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NpcPlacement {
    /// 1..=100.
    pub x: u8,
    /// 1..=100.
    pub y: u8,
    /// Number of its template, which may be missing.
    pub npc: NpcTemplateId,
}

/// An object that lies on a map at start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FloorObject {
    /// 1..=100.
    pub x: u8,
    /// 1..=100.
    pub y: u8,
    /// Number of its template, which may be missing.
    pub object: ObjectId,
    /// From 1.
    pub amount: u16,
}

/// One map.
#[derive(Debug, Clone)]
pub struct Map {
    /// From 1.
    pub number: MapId,
    /// Sent to the client as it enters.
    pub version: i16,
    /// Properties of the whole map.
    pub info: MapInfo,
    tiles: Box<[Tile]>,
    /// Tile index and destination, sorted by index.
    exits: Vec<(u16, Position)>,
    npcs: Vec<NpcPlacement>,
    objects: Vec<FloorObject>,
}

impl Map {
    /// A map of free land. NPCs and objects in any order; of two exits of one tile the first counts.
    pub(super) fn new(number: MapId, version: i16, info: MapInfo) -> Self {
        Self {
            number,
            version,
            info,
            tiles: vec![Tile::default(); TILE_COUNT].into_boxed_slice(),
            exits: Vec::new(),
            npcs: Vec::new(),
            objects: Vec::new(),
        }
    }

    /// All tiles, row by row.
    pub(super) fn tiles_mut(&mut self) -> &mut [Tile] {
        &mut self.tiles
    }

    /// The tile to change, `None` outside the map.
    pub(super) fn tile_mut(&mut self, x: u8, y: u8) -> Option<&mut Tile> {
        tile_index(x, y).and_then(|index| self.tiles.get_mut(index))
    }

    /// Gives the tile an exit, unless it has one or lies outside the map.
    pub(super) fn add_exit(&mut self, x: u8, y: u8, destination: Position) {
        let Some(index) = tile_index(x, y) else { return };
        let Some(tile) = self.tiles.get_mut(index) else {
            return;
        };
        let Ok(key) = u16::try_from(index) else { return };
        if let Err(place) = self.exits.binary_search_by_key(&key, |exit| exit.0) {
            tile.0 |= Tile::EXIT;
            self.exits.insert(place, (key, destination));
        }
    }

    pub(super) fn add_npc(&mut self, placement: NpcPlacement) {
        self.npcs.push(placement);
    }

    pub(super) fn add_object(&mut self, object: FloorObject) {
        self.objects.push(object);
    }

    /// Gives back memory that growing lists reserved.
    pub(super) fn shrink(&mut self) {
        self.exits.shrink_to_fit();
        self.npcs.shrink_to_fit();
        self.objects.shrink_to_fit();
    }

    /// Yields a number for each tile, row by row: the same number for the same blocks, water, lava, trigger and exit.
    pub(super) fn ground(&self) -> impl Iterator<Item = u8> + '_ {
        self.tiles.iter().map(|tile| tile.0)
    }

    fn tile(&self, x: u8, y: u8) -> Option<Tile> {
        tile_index(x, y).and_then(|index| self.tiles.get(index)).copied()
    }

    /// Returns true if no character can stand there, and outside the map.
    #[must_use]
    pub fn blocked(&self, x: u8, y: u8) -> bool {
        self.tile(x, y).is_none_or(|tile| tile.has(Tile::BLOCKED))
    }

    /// Returns true if the tile is water, open to boats and swimmers only.
    #[must_use]
    pub fn water(&self, x: u8, y: u8) -> bool {
        self.tile(x, y).is_some_and(|tile| tile.has(Tile::WATER))
    }

    /// Returns true if the tile is lava, which burns.
    #[must_use]
    pub fn lava(&self, x: u8, y: u8) -> bool {
        self.tile(x, y).is_some_and(|tile| tile.has(Tile::LAVA))
    }

    /// Returns the effect of the tile on the character that stands on it.
    #[must_use]
    pub fn trigger(&self, x: u8, y: u8) -> Trigger {
        self.tile(x, y).map_or(Trigger::None, Tile::trigger)
    }

    /// Returns the destination of a step onto the tile; it may be blocked, an exit itself, or on a missing map.
    #[must_use]
    pub fn exit(&self, x: u8, y: u8) -> Option<Position> {
        let index = tile_index(x, y)?;
        if !self.tiles.get(index)?.has(Tile::EXIT) {
            return None;
        }
        let key = u16::try_from(index).ok()?;
        let place = self.exits.binary_search_by_key(&key, |exit| exit.0).ok()?;
        self.exits.get(place).map(|exit| exit.1)
    }

    /// Returns true if characters may stand in that row and column at all: x 9..=92, y 7..=94.
    #[must_use]
    pub fn in_bounds(&self, x: u8, y: u8) -> bool {
        PLAYABLE_X.contains(&x) && PLAYABLE_Y.contains(&y)
    }

    /// Returns true if a character on foot may stand there: in bounds, not blocked, not water.
    #[must_use]
    pub fn walkable(&self, x: u8, y: u8) -> bool {
        self.in_bounds(x, y)
            && self.tile(x, y).is_some_and(|tile| !tile.has(Tile::BLOCKED) && !tile.has(Tile::WATER))
    }

    /// Returns true if a character in a boat may stand there: in bounds, not blocked, water.
    #[must_use]
    pub fn sailable(&self, x: u8, y: u8) -> bool {
        self.in_bounds(x, y)
            && self.tile(x, y).is_some_and(|tile| !tile.has(Tile::BLOCKED) && tile.has(Tile::WATER))
    }

    /// Returns the walkable tile nearest to `x`, `y`, searched in growing squares, row by row; `None` when the map has
    /// none.
    #[must_use]
    pub fn nearest_walkable(&self, x: u8, y: u8) -> Option<(u8, u8)> {
        (0..=MAP_SIZE).find_map(|radius| {
            let rows = y.saturating_sub(radius)..=y.saturating_add(radius);
            rows.into_iter().find_map(|row| {
                let mut columns = x.saturating_sub(radius)..=x.saturating_add(radius);
                columns.find(|&column| self.walkable(column, row)).map(|column| (column, row))
            })
        })
    }

    /// Yields every exit with the tile it is on, row by row.
    pub fn exits(&self) -> impl Iterator<Item = (u8, u8, Position)> {
        self.exits.iter().map(|&(index, destination)| {
            let (x, y) = coordinates(index);
            (x, y, destination)
        })
    }

    /// Returns the NPCs that stand here at start.
    #[must_use]
    pub fn npc_placements(&self) -> &[NpcPlacement] {
        &self.npcs
    }

    /// Returns the objects that lie here at start.
    #[must_use]
    pub fn floor_objects(&self) -> &[FloorObject] {
        &self.objects
    }
}

/// Returns place of a tile in the row-by-row order of the files, `None` outside 1..=100.
fn tile_index(x: u8, y: u8) -> Option<usize> {
    let inside = (1..=MAP_SIZE).contains(&x) && (1..=MAP_SIZE).contains(&y);
    inside.then(|| usize::from(y - 1) * usize::from(MAP_SIZE) + usize::from(x - 1))
}

/// Column and row of a tile index below 10,000.
pub(super) fn coordinates(index: u16) -> (u8, u8) {
    let side = u16::from(MAP_SIZE);
    let coordinate = |value: u16| u8::try_from(value + 1).unwrap_or(MAP_SIZE);
    (coordinate(index % side), coordinate(index / side))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map() -> Map {
        Map::new(MapId::new(7), 1, MapInfo::default())
    }

    #[test]
    fn any_coordinate_is_safe_to_ask_for() {
        let map = map();
        for (x, y) in [(0, 0), (0, 50), (50, 0), (101, 50), (50, 101), (255, 255)] {
            assert!(map.blocked(x, y) && !map.walkable(x, y) && !map.water(x, y) && !map.lava(x, y));
            assert_eq!((map.exit(x, y), map.trigger(x, y)), (None, Trigger::None));
        }
    }

    #[test]
    fn characters_stand_only_in_the_playable_rectangle() {
        let map = map();
        let playable = (0..=255u8).flat_map(|y| (0..=255u8).map(move |x| (x, y)));
        assert_eq!(playable.filter(|&(x, y)| map.walkable(x, y)).count(), 84 * 88);
        assert!(map.walkable(9, 7) && map.walkable(92, 94));
        assert!(
            !map.in_bounds(8, 7) && !map.in_bounds(93, 7) && !map.in_bounds(9, 6) && !map.in_bounds(9, 95)
        );
    }

    #[test]
    fn the_parts_of_a_tile_do_not_disturb_each_other() {
        let mut map = map();
        let tile = map.tile_mut(50, 60).unwrap();
        tile.flood();
        tile.set_trigger(Trigger::Arena);
        tile.set_trigger(Trigger::NoLoitering);
        map.add_exit(50, 60, Position::new(MapId::new(2), 3, 4));
        assert!(map.water(50, 60) && !map.blocked(50, 60) && !map.lava(50, 60));
        assert!(map.sailable(50, 60) && !map.walkable(50, 60));
        assert_eq!(map.trigger(50, 60), Trigger::NoLoitering);
        assert_eq!(map.exit(50, 60), Some(Position::new(MapId::new(2), 3, 4)));
        assert_eq!(map.exit(51, 60), None);
        let tile = map.tile_mut(50, 60).unwrap();
        tile.block();
        tile.set_lava();
        assert!(map.blocked(50, 60) && map.lava(50, 60) && !map.sailable(50, 60));
        assert_eq!(map.trigger(50, 60), Trigger::NoLoitering);
    }

    #[test]
    fn exits_are_listed_row_by_row_and_the_first_of_two_counts() {
        let mut map = map();
        map.add_exit(20, 30, Position::new(MapId::new(1), 1, 1));
        map.add_exit(100, 1, Position::new(MapId::new(2), 2, 2));
        map.add_exit(20, 30, Position::new(MapId::new(3), 3, 3));
        let exits: Vec<_> = map.exits().collect();
        assert_eq!(
            exits,
            [(100, 1, Position::new(MapId::new(2), 2, 2)), (20, 30, Position::new(MapId::new(1), 1, 1))]
        );
    }

    #[test]
    fn the_nearest_walkable_tile_is_found_or_known_to_be_missing() {
        let mut map = map();
        assert_eq!(map.nearest_walkable(50, 50), Some((50, 50)));
        assert_eq!(map.nearest_walkable(1, 1), Some((9, 7)));
        map.tile_mut(50, 50).unwrap().block();
        assert_eq!(map.nearest_walkable(50, 50), Some((49, 49)));
        map.tiles_mut().iter_mut().for_each(Tile::block);
        assert_eq!(map.nearest_walkable(50, 50), None);
    }

    #[test]
    fn every_trigger_keeps_its_number() {
        for number in 0..=6 {
            assert_eq!(Trigger::from_number(number).map(|trigger| trigger as i16), Some(number));
        }
        assert_eq!((Trigger::from_number(-1), Trigger::from_number(7)), (None, None));
    }
}
