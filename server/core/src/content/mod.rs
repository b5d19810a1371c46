//! Static data, immutable once loaded: maps, objects, NPCs, spells and a few texts.
//!
//! It comes from one of two places. [`Content::load`] reads a directory in Argentum Online's own formats
//! (`Maps/` and `Dat/`), complete or not at all: every fault of every file is found before anything is refused.
//! [`Content::starter`] is a small world compiled into the binary, so that a bare server can be played on. Either
//! way the rest of the server sees a [`Content`] and asks it by number.
//!
//! Read in this order: [`position`], [`map`], [`object`], [`npc`], [`spell`] are what there is; `map_file`, `text`,
//! `ini`, `record` and `load` read AO's files; `starter` reads ours; [`fault`] and [`summary`] tell the operator;
//! [`client_assets`] is what the client can show and play of it all.

#[cfg(test)]
mod ao_data_tests;
pub mod client_assets;
#[cfg(any(test, feature = "testing"))]
mod doors;
pub mod fault;
mod fingerprint;
mod ini;
mod load;
#[cfg(test)]
mod load_tests;
pub mod map;
mod map_file;
pub mod motd;
pub mod npc;
pub mod object;
pub mod position;
pub mod record;
mod references;
mod small_files;
pub mod spell;
mod starter;
pub mod summary;
mod text;

use std::path::Path;

pub use fault::{Fault, LoadError};
pub use map::{
    AmbientSound, FloorObject, MAP_SIZE, Map, MapInfo, NpcPlacement, Restriction, Terrain, Trigger, Zone,
};
pub use npc::{Movement, NpcTemplate, NpcType};
pub use object::{ObjectTemplate, ObjectType};
pub use position::{ParsePositionError, Position};
pub use record::ItemAmount;
pub use spell::{SpellTemplate, StatChange};
pub use summary::Summary;

use crate::base::ids::{MapId, NpcTemplateId, ObjectId, SpellId};
use crate::base::table::Table;

/// Highest number of a map: the wire has 15 bits for it.
pub const MAP_NUMBER_MAX: u16 = 32767;

/// Cities a character can call home.
const CITY_COUNT: usize = 6;
/// Home of every character without another one.
const ULLATHORPE: Position = Position::new(MapId::new(1), 58, 45);

/// Modifiers that a race adds to the dice, in AO 0.13: strength, agility, intelligence, charisma, constitution.
const RACE_MODIFIERS: [[i8; 5]; 5] = [
    [1, 1, 0, 0, 2],   // human
    [-1, 3, 2, 2, 1],  // elf
    [2, 3, 2, -3, 0],  // drow
    [-2, 3, 4, 1, 0],  // gnome
    [3, 0, -2, -2, 3], // dwarf
];

/// Everything that does not change in play.
#[derive(Debug, Clone)]
pub struct Content {
    maps: Table<MapId, Map>,
    objects: Table<ObjectId, ObjectTemplate>,
    npcs: Table<NpcTemplateId, NpcTemplate>,
    spells: Table<SpellId, SpellTemplate>,
    cities: [Option<Position>; CITY_COUNT],
    race_modifiers: [[i8; 5]; 5],
    forbidden_names: Vec<String>,
    motd: Vec<String>,
    help: Vec<String>,
}

impl Content {
    /// Creates an empty world, to be filled.
    const fn empty() -> Self {
        Self {
            maps: Table::new(),
            objects: Table::new(),
            npcs: Table::new(),
            spells: Table::new(),
            cities: [None; CITY_COUNT],
            race_modifiers: RACE_MODIFIERS,
            forbidden_names: Vec::new(),
            motd: Vec::new(),
            help: Vec::new(),
        }
    }

    /// Reads AO's files in `directory`, which has `Dat` and `Maps` (names in any case).
    ///
    /// The faults that come with the content are warnings: references to missing records or maps. The world works
    /// without them, but somebody should know.
    ///
    /// # Errors
    /// Returns all such faults, and no content, if a required file is missing, cannot be read or is damaged.
    pub fn load(directory: &Path) -> Result<(Self, Vec<Fault>), LoadError> {
        load::load(directory)
    }

    /// Returns the small world that is compiled in.
    #[must_use]
    pub fn starter() -> Self {
        starter::starter()
    }

    /// Returns the map of that number.
    #[must_use]
    pub fn map(&self, number: MapId) -> Option<&Map> {
        self.maps.get(number)
    }

    /// Yields all maps in the order of their numbers.
    pub fn maps(&self) -> impl Iterator<Item = &Map> {
        self.maps.iter()
    }

    /// Returns the object record of that number.
    #[must_use]
    pub fn object(&self, number: ObjectId) -> Option<&ObjectTemplate> {
        self.objects.get(number)
    }

    /// Returns the NPC record of that number.
    #[must_use]
    pub fn npc(&self, number: NpcTemplateId) -> Option<&NpcTemplate> {
        self.npcs.get(number)
    }

    /// Returns the spell record of that number.
    #[must_use]
    pub fn spell(&self, number: SpellId) -> Option<&SpellTemplate> {
        self.spells.get(number)
    }

    /// Yields all object records in the order of their numbers.
    pub fn objects(&self) -> impl Iterator<Item = &ObjectTemplate> {
        self.objects.iter()
    }

    /// Yields all NPC records in the order of their numbers.
    pub fn npcs(&self) -> impl Iterator<Item = &NpcTemplate> {
        self.npcs.iter()
    }

    /// Yields all spell records in the order of their numbers.
    pub fn spells(&self) -> impl Iterator<Item = &SpellTemplate> {
        self.spells.iter()
    }

    /// Returns the arrival position of a city's citizens: 1 Ullathorpe, 2 Nix, 3 Banderbill, 4 Lindos, 5 Arghal, 6
    /// Arkhein.
    ///
    /// A city that is not in the data, or whose map is not, is Ullathorpe. If that map is missing too, it is the
    /// walkable tile nearest to the middle of the first map.
    #[must_use]
    pub fn city(&self, home: u8) -> Position {
        let known = |index: usize| self.cities.get(index).copied().flatten();
        let has_map = |position: &Position| self.map(position.map).is_some();
        let home = usize::from(home).checked_sub(1).and_then(known).filter(has_map);
        let ullathorpe = || Some(known(0).unwrap_or(ULLATHORPE)).filter(has_map);
        home.or_else(ullathorpe).or_else(|| self.middle_of_first_map()).unwrap_or(ULLATHORPE)
    }

    fn middle_of_first_map(&self) -> Option<Position> {
        let map = self.maps().next()?;
        let (x, y) = map.nearest_walkable(MAP_SIZE / 2, MAP_SIZE / 2).unwrap_or((MAP_SIZE / 2, MAP_SIZE / 2));
        Some(Position::new(map.number, x, y))
    }

    /// Words that no character's name may contain, in lower case; compare with the name in lower case.
    #[must_use]
    pub fn forbidden_names(&self) -> &[String] {
        &self.forbidden_names
    }

    /// Returns the message of the day, line by line.
    #[must_use]
    pub fn motd(&self) -> &[String] {
        &self.motd
    }

    /// Returns the answer to `/AYUDA`, line by line.
    #[must_use]
    pub fn help(&self) -> &[String] {
        &self.help
    }

    /// Returns the modifiers that a race (1 human, 2 elf, 3 drow, 4 gnome, 5 dwarf) adds to the dice: strength,
    /// agility, intelligence, charisma, constitution. All 0 for another number.
    #[must_use]
    pub fn race_modifiers(&self, race: u8) -> [i8; 5] {
        let index = usize::from(race).checked_sub(1);
        index.and_then(|index| self.race_modifiers.get(index)).copied().unwrap_or_default()
    }

    /// Counts everything; walks over all tiles.
    #[must_use]
    pub fn summary(&self) -> Summary {
        Summary::of(self)
    }
}
