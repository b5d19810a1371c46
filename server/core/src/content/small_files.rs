//! The small text files of `Dat/`: cities, race modifiers, forbidden names, message of the day, help.

use super::fault::Fault;
use super::ini::Ini;
use super::record::Record;
use super::{CITY_COUNT, Position, RACE_MODIFIERS};

/// Sections of `Ciudades.Dat` in the order of the client's list of homes.
const CITIES: [&str; CITY_COUNT] = ["Ullathorpe", "Nix", "Banderbill", "Lindos", "Arghal", "Arkhein"];
/// Prefixes of the keys of `[MODRAZA]` in the order of the races' numbers.
const RACES: [&str; 5] = ["Humano", "Elfo", "Drow", "Gnomo", "Enano"];
/// Ends of those keys.
const ATTRIBUTES: [&str; 5] = ["Fuerza", "Agilidad", "Inteligencia", "Carisma", "Constitucion"];

/// `Ciudades.Dat`: where each city is, `None` for one that is not in the file.
pub(super) fn read_cities(
    file: &str,
    ini: &Ini<'_>,
    faults: &mut Vec<Fault>,
) -> [Option<Position>; CITY_COUNT] {
    CITIES.map(|name| {
        let section = ini.section(name)?;
        let mut record = Record::new(file, section, faults);
        let [map, x, y] = ["Mapa", "X", "Y"].map(|key| record.number::<u16>(key));
        let position = format!("{map}:{x}:{y}").parse();
        position
            .map_err(|error| faults.push(Fault::on_line(file, section.line, format!("{name}: {error}"))))
            .ok()
    })
}

/// `Balance.dat`, section `[MODRAZA]`; a missing key keeps AO 0.13's number.
pub(super) fn read_race_modifiers(file: &str, ini: &Ini<'_>, faults: &mut Vec<Fault>) -> [[i8; 5]; 5] {
    let mut modifiers = RACE_MODIFIERS;
    let Some(section) = ini.section("MODRAZA") else {
        return modifiers;
    };
    let mut record = Record::new(file, section, faults);
    for (race, row) in RACES.iter().zip(&mut modifiers) {
        for (attribute, modifier) in ATTRIBUTES.iter().zip(row) {
            let key = format!("{race}{attribute}");
            if record.has(&key) {
                *modifier = record.number(&key);
            }
        }
    }
    modifiers
}

/// `NombresInvalidos.txt`: a word a line. An empty one would forbid every name.
pub(super) fn read_forbidden_names(text: &str) -> Vec<String> {
    text.lines().map(|line| line.trim().to_lowercase()).filter(|word| !word.is_empty()).collect()
}

/// `Line1`… of a section, as many as `[INIT] NumLines` says, without the `~R~G~B~bold~italic` at the end of each.
pub(super) fn read_lines(file: &str, ini: &Ini<'_>, section: &str, faults: &mut Vec<Fault>) -> Vec<String> {
    let count = ini.section("INIT").map_or(0, |init| Record::new(file, init, faults).number("NumLines"));
    let Some(section) = ini.section(section) else {
        return Vec::new();
    };
    Record::new(file, section, faults).list("Line", count, |record, key| {
        let text = record.has(key).then(|| record.trimmed(key))?;
        Some(text.split('~').next().unwrap_or_default().trim_end().to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::ids::MapId;

    #[test]
    fn cities_are_read_in_the_order_of_the_homes() {
        let text = "[NIX]\nX=44\nY=88\nMAPA=34\n[Ullathorpe]\nX=58\nY=45\nMAPA=1 'centro\n[Lindos]\nX=200\nY=1\nMapa=62\n";
        let mut faults = Vec::new();
        let cities = read_cities("Dat/Ciudades.Dat", &Ini::parse(text), &mut faults);
        let known = [Some(Position::new(MapId::new(1), 58, 45)), Some(Position::new(MapId::new(34), 44, 88))];
        assert_eq!(cities[..2], known);
        assert_eq!(cities[2..], [None; 4]);
        assert_eq!((faults.len(), faults[0].line), (1, Some(9)));
    }

    #[test]
    fn race_modifiers_in_the_file_replace_the_usual_ones() {
        let mut faults = Vec::new();
        let ini = Ini::parse("[modraza]\nHumanoFuerza=+5\nENANOCarisma=-9\nGnomoFuerza=300\n");
        let modifiers = read_race_modifiers("Dat/Balance.dat", &ini, &mut faults);
        assert_eq!(modifiers[0], [5, 1, 0, 0, 2]);
        assert_eq!(modifiers[4], [3, 0, -2, -9, 3]);
        assert_eq!((faults.len(), faults[0].line), (1, Some(4)));
    }

    #[test]
    fn empty_lines_forbid_no_name() {
        assert_eq!(read_forbidden_names("Tibia\r\n\r\n  \nAdMin\n"), ["tibia", "admin"]);
    }

    #[test]
    fn lines_lose_their_colours() {
        let ini = Ini::parse("[INIT]\nNumLines=3\n[MOTD]\nLine1=> Hola ~0~255~0~1~0\nLine3=\nLine4=no\n");
        assert_eq!(read_lines("Dat/Motd.ini", &ini, "motd", &mut Vec::new()), ["> Hola", ""]);
    }
}
