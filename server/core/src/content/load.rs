//! Reads a data directory: finds the files, reads each, collects the faults of all of them.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::base::ids::MapId;
use crate::base::table::Table;

use super::fault::{Fault, LoadError};
use super::ini::Ini;
use super::map::{Map, MapInfo};
use super::record::Record;
use super::{Content, MAP_NUMBER_MAX, map_file, motd, npc, object, references, small_files, spell, text};

/// Reads everything; see [`Content::load`].
pub(super) fn load(path: &Path) -> Result<(Content, Vec<Fault>), LoadError> {
    let mut loader = Loader { content: Content::empty(), faults: Vec::new(), warnings: Vec::new() };
    match list(path) {
        Ok((entries, _)) => {
            let (dat, maps) = (loader.open(&entries, "Dat"), loader.open(&entries, "Maps"));
            if let Some(dat) = dat {
                loader.read_all(&dat, maps.as_ref());
            }
        }
        Err(error) => loader.faults.push(unreadable(path.display().to_string(), &error)),
    }
    if !loader.faults.is_empty() {
        return Err(LoadError { faults: loader.faults });
    }
    loader.warnings.extend(references::check(&loader.content));
    Ok((loader.content, loader.warnings))
}

/// Returns the entries of a directory by lower-case name, and the entries that are hidden behind another one since
/// their names differ in case only.
fn list(path: &Path) -> io::Result<(BTreeMap<String, PathBuf>, Vec<PathBuf>)> {
    let mut paths = fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    let mut entries = BTreeMap::new();
    let mut hidden = Vec::new();
    for path in paths {
        if let Some(name) = path.file_name() {
            hidden.extend(entries.insert(name.to_string_lossy().to_lowercase(), path));
        }
    }
    Ok((entries, hidden))
}

fn unreadable(file: String, error: &io::Error) -> Fault {
    Fault::in_file(file, format!("cannot be read: {error}"))
}

/// `Dat` or `Maps`.
struct Directory {
    name: &'static str,
    entries: BTreeMap<String, PathBuf>,
}

impl Directory {
    /// Returns the name of a file in faults: as it is spelled on disk, or the expected spelling if it is missing.
    fn label(&self, file: &str) -> String {
        let found = self.entries.get(&file.to_lowercase()).and_then(|path| path.file_name());
        format!("{}/{}", self.name, found.map_or(file.into(), |name| name.to_string_lossy()))
    }

    /// Reads the bytes of a file, `None` if there is no such file.
    fn bytes(&self, file: &str) -> Option<io::Result<Vec<u8>>> {
        self.entries.get(&file.to_lowercase()).map(fs::read)
    }
}

/// A file found in a [`Directory`].
struct File<T> {
    label: String,
    data: T,
}

struct Loader {
    content: Content,
    faults: Vec<Fault>,
    warnings: Vec<Fault>,
}

impl Loader {
    fn read_all(&mut self, dat: &Directory, maps: Option<&Directory>) {
        let map_count = self.read_map_count(dat);
        self.read_records(dat);
        self.read_small_files(dat);
        if let Some(maps) = maps {
            for number in (1..=map_count).map(MapId::new) {
                self.read_map(maps, number);
            }
        }
    }

    /// Opens a folder of the data directory; missing is a fault.
    fn open(&mut self, entries: &BTreeMap<String, PathBuf>, name: &'static str) -> Option<Directory> {
        let Some(path) = entries.get(&name.to_lowercase()) else {
            self.faults.push(Fault::in_file(name, "the directory is missing"));
            return None;
        };
        match list(path) {
            Ok((entries, hidden)) => {
                let directory = Directory { name, entries };
                for file in hidden.iter().filter_map(|path| path.file_name()?.to_str()) {
                    let message =
                        format!("not read, but {}: the names differ in case only", directory.label(file));
                    self.warnings.push(Fault::in_file(format!("{name}/{file}"), message));
                }
                Some(directory)
            }
            Err(error) => {
                self.faults.push(unreadable(name.to_owned(), &error));
                None
            }
        }
    }

    /// Reads a file that there must be; missing or unreadable is a fault.
    fn required(&mut self, directory: &Directory, name: &str) -> Option<File<Vec<u8>>> {
        let label = directory.label(name);
        match directory.bytes(name) {
            Some(Ok(data)) => return Some(File { label, data }),
            Some(Err(error)) => self.faults.push(unreadable(label, &error)),
            None => self.faults.push(Fault::in_file(label, "the file is missing")),
        }
        None
    }

    fn required_text(&mut self, directory: &Directory, name: &str) -> Option<File<String>> {
        self.required(directory, name).map(|file| File { label: file.label, data: text::decode(file.data) })
    }

    /// Reads a text file that may be missing: then `effect` says what follows from that.
    fn optional_text(&mut self, directory: &Directory, name: &str, effect: &str) -> Option<File<String>> {
        if directory.bytes(name).is_none() {
            let message = format!("the file is missing: {effect}");
            self.warnings.push(Fault::in_file(directory.label(name), message));
            return None;
        }
        self.required_text(directory, name)
    }

    /// Reads `[INIT] NumMaps` of `Map.dat`; 0 after a fault.
    fn read_map_count(&mut self, dat: &Directory) -> u16 {
        let Some(file) = self.required_text(dat, "Map.dat") else {
            return 0;
        };
        let ini = Ini::parse(&file.data);
        let Some((section, entry)) =
            ini.section("INIT").and_then(|init| Some((init, init.entry("NumMaps")?)))
        else {
            self.faults.push(Fault::in_file(file.label, "[INIT] NumMaps is missing: the number of maps"));
            return 0;
        };
        let faults_before = self.faults.len();
        let count = Record::new(&file.label, section, &mut self.faults).number("NumMaps");
        if !(1..=MAP_NUMBER_MAX).contains(&count) && self.faults.len() == faults_before {
            let message =
                format!("NumMaps={} is not a number from 1 to {MAP_NUMBER_MAX}", entry.value.trim());
            self.faults.push(Fault::on_line(file.label, entry.line, message));
            return 0;
        }
        count
    }

    fn read_records(&mut self, dat: &Directory) {
        let mut objects = Table::new();
        let mut npcs = Table::new();
        let mut spells = Table::new();
        if let Some(file) = self.required_text(dat, "obj.dat") {
            self.read_numbered(&file, "OBJ", &mut objects, object::read);
            self.check_count(&file, "NumOBJs", &objects);
        }
        if let Some(file) = self.required_text(dat, "NPCs.dat") {
            self.read_numbered(&file, "NPC", &mut npcs, npc::read);
        }
        // Older sets keep the creatures, from 500 on, in a file of their own.
        if dat.bytes("NPCs-HOSTILES.dat").is_some()
            && let Some(file) = self.required_text(dat, "NPCs-HOSTILES.dat")
        {
            self.read_numbered(&file, "NPC", &mut npcs, npc::read);
        }
        if let Some(file) = self.required_text(dat, "Hechizos.dat") {
            self.read_numbered(&file, "HECHIZO", &mut spells, spell::read);
            self.check_count(&file, "NumeroHechizos", &spells);
        }
        self.content.objects = objects;
        self.content.npcs = npcs;
        self.content.spells = spells;
    }

    /// Reads every section `[prefixN]` into `table`.
    fn read_numbered<Id: Copy + From<u16> + Into<u16>, T>(
        &mut self,
        file: &File<String>,
        prefix: &str,
        table: &mut Table<Id, T>,
        read: fn(Id, &mut Record<'_, '_>) -> T,
    ) {
        let ini = Ini::parse(&file.data);
        let (records_before, faults_before) = (table.len(), self.faults.len());
        for (digits, section) in ini.numbered(prefix) {
            match digits.parse().ok().filter(|number| (1..=i16::MAX.unsigned_abs()).contains(number)) {
                Some(number) => {
                    let mut record = Record::new(&file.label, section, &mut self.faults);
                    let id = Id::from(number);
                    table.insert(id, read(id, &mut record));
                }
                None => {
                    let message = format!("[{}]: the number is not from 1 to {}", section.name, i16::MAX);
                    self.faults.push(Fault::on_line(&file.label, section.line, message));
                }
            }
        }
        if let Some(new) = self.faults.get_mut(faults_before..) {
            new.sort_by_key(|fault| fault.line);
        }
        if table.len() == records_before {
            self.faults
                .push(Fault::in_file(&file.label, format!("there is no section [{prefix}1] or other")));
        }
    }

    /// Warns when the file promises records beyond its last: its end may be missing.
    fn check_count<Id, T>(&mut self, file: &File<String>, key: &str, table: &Table<Id, T>) {
        let ini = Ini::parse(&file.data);
        let Some(entry) = ini.section("INIT").and_then(|init| init.entry(key)) else {
            return;
        };
        let (promised, last) = (super::ini::number(entry.value), table.last_number());
        if promised > f64::from(u32::try_from(last).unwrap_or(u32::MAX)) {
            let message = format!("{key} is {promised}, but the last record is {last}");
            self.warnings.push(Fault::on_line(&file.label, entry.line, message));
        }
    }

    fn read_small_files(&mut self, dat: &Directory) {
        if let Some(file) = self.optional_text(dat, "Ciudades.Dat", "every home is Ullathorpe") {
            let cities = small_files::read_cities(&file.label, &Ini::parse(&file.data), &mut self.faults);
            self.content.cities = cities;
        }
        if let Some(file) = self.optional_text(dat, "Balance.dat", "races get AO 0.13's modifiers") {
            let ini = Ini::parse(&file.data);
            self.content.race_modifiers =
                small_files::read_race_modifiers(&file.label, &ini, &mut self.faults);
        }
        if let Some(file) = self.optional_text(dat, "NombresInvalidos.txt", "no name is forbidden") {
            self.content.forbidden_names = small_files::read_forbidden_names(&file.data);
        }
        if let Some(file) = self.optional_text(dat, "Motd.ini", "there is no message of the day") {
            let ini = Ini::parse(&file.data);
            self.content.motd = small_files::read_lines(&file.label, &ini, "MOTD", &mut self.faults);
            if motd::shorten(&mut self.content.motd) {
                let message = format!("its last lines are not shown: expected {}", motd::EXPECTED);
                self.warnings.push(Fault::in_file(file.label, message));
            }
        }
        if let Some(file) = self.optional_text(dat, "Help.dat", "there is no help text") {
            let ini = Ini::parse(&file.data);
            self.content.help = small_files::read_lines(&file.label, &ini, "Help", &mut self.faults);
        }
    }

    fn read_map(&mut self, maps: &Directory, number: MapId) {
        let mut map = Map::new(number, 0, MapInfo::default());
        if let Some(file) = self.required(maps, &format!("Mapa{number}.map")) {
            map_file::read_map(&file.label, &file.data, &mut map, &mut self.faults);
        }
        if let Some(file) = self.required(maps, &format!("Mapa{number}.inf")) {
            map_file::read_inf(&file.label, &file.data, &mut map, &mut self.faults);
        }
        if let Some(file) = self.required_text(maps, &format!("Mapa{number}.dat")) {
            let name = format!("Mapa{number}");
            let ini = Ini::parse(&file.data);
            match ini.section(&name) {
                Some(section) => {
                    map.info = map_file::read_info(&mut Record::new(&file.label, section, &mut self.faults));
                    map.info.sounds = map_file::read_sounds(&file.label, &ini, &mut self.faults);
                }
                None => {
                    let message = format!("there is no section [{name}]: nameless, and players may fight");
                    self.warnings.push(Fault::in_file(file.label, message));
                }
            }
        }
        self.content.maps.insert(number, map);
    }
}
