//! The three files of a map: `MapaN.map` (tiles), `MapaN.inf` (exits, NPCs, objects) and `MapaN.dat` (text).
//!
//! The first two are binary, little-endian, with a header and then 10,000 tiles row by row. A tile starts with a
//! byte of flags that say what follows, so one wrong byte shifts everything after it: reading such a file stops
//! there. Wrong values in a sound structure are all reported.

use super::fault::Fault;
use super::ini::Ini;
use super::map::{
    AmbientSound, FloorObject, Map, MapInfo, NpcPlacement, Restriction, TILE_COUNT, Terrain, Tile, Trigger,
    Zone, coordinates,
};
use super::record::Record;
use super::{MAP_SIZE, Position};
use crate::base::ids::{MapId, NpcTemplateId, ObjectId};

/// Most ambient sounds of a map that are read.
const AMBIENT_SOUNDS_MAX: u16 = 100;

/// Version, description, checksum and unused numbers.
const MAP_HEADER: usize = 273;
/// Five unused numbers.
const INF_HEADER: usize = 10;

/// Layer 1 graphics that are water, when layer 2 is empty; the client has the same rule.
const WATER: [std::ops::RangeInclusive<i16>; 3] = [1505..=1520, 5665..=5680, 13547..=13562];
/// Layer 1 graphics that are lava.
const LAVA: std::ops::RangeInclusive<i16> = 5837..=5852;

const MAP_BLOCKED: u8 = 1;
const MAP_LAYER_2: u8 = 1 << 1;
const MAP_LAYER_3: u8 = 1 << 2;
const MAP_LAYER_4: u8 = 1 << 3;
const MAP_TRIGGER: u8 = 1 << 4;
const MAP_UNKNOWN: u8 = 0b1110_0000;

const INF_EXIT: u8 = 1;
const INF_NPC: u8 = 1 << 1;
const INF_OBJECT: u8 = 1 << 2;
const INF_UNKNOWN: u8 = 0b1111_1000;

/// Reason for which a tile cannot be read.
enum TileError {
    /// The file is over.
    End,
    /// Bits that have no meaning: this is not where a tile begins, or not such a file.
    Flags(u8),
}

/// Reads the rest of a file from the front.
struct Reader<'a> {
    rest: &'a [u8],
}

impl Reader<'_> {
    fn byte(&mut self) -> Result<u8, TileError> {
        let (&byte, rest) = self.rest.split_first().ok_or(TileError::End)?;
        self.rest = rest;
        Ok(byte)
    }

    fn number(&mut self) -> Result<i16, TileError> {
        let (&bytes, rest) = self.rest.split_first_chunk().ok_or(TileError::End)?;
        self.rest = rest;
        Ok(i16::from_le_bytes(bytes))
    }

    /// Reads a number that is present only when the flags say so, else 0.
    fn number_if(&mut self, present: bool) -> Result<i16, TileError> {
        if present { self.number() } else { Ok(0) }
    }
}

/// Walks over all tiles of a file after its header and reports what stops it.
fn for_each_tile(
    file: &str,
    bytes: &[u8],
    header: usize,
    faults: &mut Vec<Fault>,
    mut read: impl FnMut(&mut Reader<'_>, u16, &mut Vec<Fault>) -> Result<(), TileError>,
) {
    let Some(rest) = bytes.get(header..) else {
        let message = format!("the file is cut short: {} bytes, less than its header", bytes.len());
        return faults.push(Fault::in_file(file, message));
    };
    let mut reader = Reader { rest };
    for index in (0u16..).take(TILE_COUNT) {
        let (x, y) = coordinates(index);
        match read(&mut reader, index, faults) {
            Ok(()) => {}
            Err(TileError::End) => {
                let message = format!("the file is cut short: {} bytes end at tile ({x},{y})", bytes.len());
                return faults.push(Fault::in_file(file, message));
            }
            Err(TileError::Flags(flags)) => {
                let message =
                    format!("tile ({x},{y}) has flags {flags:#04x}, with bits that have no meaning");
                return faults.push(Fault::in_file(file, message));
            }
        }
    }
    if !reader.rest.is_empty() {
        let message = format!("the file is too long: {} bytes after the last tile", reader.rest.len());
        faults.push(Fault::in_file(file, message));
    }
}

/// Reads `MapaN.map` into the tiles and the version of `map`.
pub(super) fn read_map(file: &str, bytes: &[u8], map: &mut Map, faults: &mut Vec<Fault>) {
    map.version = bytes.first_chunk().map_or(0, |&version| i16::from_le_bytes(version));
    let tiles = map.tiles_mut();
    for_each_tile(file, bytes, MAP_HEADER, faults, |reader, index, faults| {
        let (tile, trigger) = read_tile(reader)?;
        if let Some(slot) = tiles.get_mut(usize::from(index)) {
            *slot = tile;
            match Trigger::from_number(trigger) {
                Some(trigger) => slot.set_trigger(trigger),
                None => {
                    let (x, y) = coordinates(index);
                    let message = format!("tile ({x},{y}) has trigger {trigger}, which is not 0 to 6");
                    faults.push(Fault::in_file(file, message));
                }
            }
        }
        Ok(())
    });
}

/// Reads one tile of a `.map` and its trigger's number.
fn read_tile(reader: &mut Reader<'_>) -> Result<(Tile, i16), TileError> {
    let flags = reader.byte()?;
    if flags & MAP_UNKNOWN != 0 {
        return Err(TileError::Flags(flags));
    }
    let layer_1 = reader.number()?;
    let layer_2 = reader.number_if(flags & MAP_LAYER_2 != 0)?;
    // Layers 3 and 4 are for drawing only.
    reader.number_if(flags & MAP_LAYER_3 != 0)?;
    reader.number_if(flags & MAP_LAYER_4 != 0)?;
    let trigger = reader.number_if(flags & MAP_TRIGGER != 0)?;

    let mut tile = Tile::default();
    if flags & MAP_BLOCKED != 0 {
        tile.block();
    }
    if layer_2 == 0 && WATER.iter().any(|graphics| graphics.contains(&layer_1)) {
        tile.flood();
    }
    if LAVA.contains(&layer_1) {
        tile.set_lava();
    }
    Ok((tile, trigger))
}

/// Reads `MapaN.inf` into the exits, NPCs and objects of `map`.
pub(super) fn read_inf(file: &str, bytes: &[u8], map: &mut Map, faults: &mut Vec<Fault>) {
    for_each_tile(file, bytes, INF_HEADER, faults, |reader, index, faults| {
        let flags = reader.byte()?;
        if flags & INF_UNKNOWN != 0 {
            return Err(TileError::Flags(flags));
        }
        let (x, y) = coordinates(index);
        let mut fault = |message| faults.push(Fault::in_file(file, format!("tile ({x},{y}): {message}")));
        if flags & INF_EXIT != 0 {
            let (to_map, to_x, to_y) = (reader.number()?, reader.number()?, reader.number()?);
            match destination(to_map, to_x, to_y) {
                Some(destination) => map.add_exit(x, y, destination),
                None => fault(format!("its exit leads to map {to_map}, tile ({to_x},{to_y})")),
            }
        }
        if flags & INF_NPC != 0 {
            let number = reader.number()?;
            match positive(number) {
                Some(npc) => map.add_npc(NpcPlacement { x, y, npc: NpcTemplateId::new(npc) }),
                None => fault(format!("it has NPC number {number}")),
            }
        }
        if flags & INF_OBJECT != 0 {
            let (number, count) = (reader.number()?, reader.number()?);
            match (positive(number), positive(count)) {
                (Some(object), Some(amount)) => {
                    map.add_object(FloorObject { x, y, object: ObjectId::new(object), amount });
                }
                _ => fault(format!("it has {count} of object number {number}")),
            }
        }
        Ok(())
    });
    map.shrink();
}

fn positive(number: i16) -> Option<u16> {
    u16::try_from(number).ok().filter(|&number| number > 0)
}

/// Returns an exit's destination, `None` if it is on no map or no tile.
fn destination(map: i16, x: i16, y: i16) -> Option<Position> {
    let coordinate = |value| u8::try_from(value).ok().filter(|value| (1..=MAP_SIZE).contains(value));
    Some(Position::new(MapId::new(positive(map)?), coordinate(x)?, coordinate(y)?))
}

/// Reads the section `[MapaN]` of `MapaN.dat`.
pub(super) fn read_info(record: &mut Record<'_, '_>) -> MapInfo {
    MapInfo {
        name: record.trimmed("Name").to_owned(),
        music: record.number("MusicNum"),
        safe: record.flag("Pk"),
        terrain: match record.trimmed("Terreno").to_uppercase().as_str() {
            "NIEVE" => Terrain::Snow,
            "DESIERTO" => Terrain::Desert,
            "CIUDAD" => Terrain::City,
            _ => Terrain::Forest,
        },
        zone: match record.trimmed("Zona").to_uppercase().as_str() {
            "CIUDAD" => Zone::City,
            "DUNGEON" => Zone::Dungeon,
            _ => Zone::Country,
        },
        restriction: match record.trimmed("Restringir").to_uppercase().as_str() {
            "NEWBIE" => Restriction::Newbie,
            "ARMADA" => Restriction::RoyalArmy,
            "CAOS" => Restriction::ChaosLegion,
            "FACCION" => Restriction::Faction,
            "GM" => Restriction::Staff,
            _ => Restriction::None,
        },
        backup: record.flag("BackUp"),
        no_magic: record.flag("MagiaSinEfecto"),
        no_invisibility: record.flag("InviSinEfecto"),
        no_resurrection: record.flag("ResuSinEfecto"),
        no_hiding: record.flag("OcultarSinEfecto"),
        no_summoning: record.flag("InvocarSinEfecto"),
        npc_theft: record.flag("RoboNpcsPermitido"),
        start: record.position("StartPos"),
        on_death: record.position("OnDeathGoTo"),
        ..MapInfo::default()
    }
}

/// Reads the sections `[SONIDO1]` to `[SONIDOn]` of `MapaN.dat`, where n is `Cantidad` of `[SONIDOS]`.
pub(super) fn read_sounds(file: &str, ini: &Ini<'_>, faults: &mut Vec<Fault>) -> Vec<AmbientSound> {
    let count: u16 =
        ini.section("SONIDOS").map_or(0, |section| Record::new(file, section, faults).number("Cantidad"));
    let mut read = |number: u16| {
        let mut record = Record::new(file, ini.section(&format!("SONIDO{number}"))?, faults);
        let percent = record.number("Probabilidad");
        Some(AmbientSound { sound: record.number("Sonido"), percent, flags: record.number("Flags") })
    };
    (1..=count.min(AMBIENT_SOUNDS_MAX)).filter_map(&mut read).filter(|sound| sound.sound > 0).collect()
}
