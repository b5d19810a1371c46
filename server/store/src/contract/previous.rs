//! Stores that earlier versions of the program wrote: this one reads them whole.
//!
//! `tests/fixtures/schema-N/` has a store of each schema: its SQLite file as SQL, its Redis as commands, and its
//! characters field by field. An ignored test of each store writes those of the present schema; run both before the
//! release of a version whose schema is new: `cargo test -p pyao-store fixture_of_this_schema -- --ignored`.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::{fmt::Write, fs};

use pyao_core::base::ids::{MapId, SpellId};

use super::{create, limits, load};
use crate::fields::{Fields, Slot};
use crate::parts::{self, ListPlace, PartWriter, QueuePlace, RecordPlace};
use crate::records::{CharacterRecord, INVENTORY_SLOTS, MapsRecord, SPELL_SLOTS, UserId};
use crate::schema;
use crate::server::{ServerId, ServerStart};
use crate::session::Session;
use crate::testing::{sample_account, sample_character, sheet_save};
use crate::{Settings, Store};

const NAMES: [&str; 3] = ["Gandalf", "Ñandú Ágil", "Pelado"];
const CHARACTERS: &str = "characters.txt";

/// Returns the folder of the fixture of `schema`.
fn folder_of(schema: u32) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(format!("schema-{schema}"))
}

/// The fixtures of all schemas.
pub(crate) fn folders() -> Vec<PathBuf> {
    let folders: Vec<_> = (1..=schema::current()).map(folder_of).filter(|folder| folder.exists()).collect();
    assert!(!folders.is_empty());
    folders
}

/// Writes a file of the fixture of this schema, with the characters of the store that was filled.
pub(crate) fn write_fixture(file: &str, text: &str, store: &mut dyn Store) {
    let folder = folder_of(schema::current());
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(file), text).unwrap();
    let mut lines = String::new();
    for (field, value) in fields_of_all(store) {
        writeln!(lines, "{field} = {value}").unwrap();
    }
    fs::write(folder.join(CHARACTERS), lines).unwrap();
}

/// Fills an empty store with a little of everything.
pub(crate) fn fill(store: &mut dyn Store) {
    let server = ServerId::new("norte").unwrap();
    let lease = std::time::Duration::from_secs(1);
    store.register_server(&ServerStart { server: server.clone(), started_at: 1_700_000_000, lease }).unwrap();
    let [gandalf, limit] = [NAMES[0], NAMES[1]].map(|name| create(store, name));
    store.set_gm(gandalf, true).unwrap();
    store.save_characters(&[sheet_save(limit, limits())]).unwrap();
    let bare = CharacterRecord {
        inventory: [None; INVENTORY_SLOTS],
        spells: [SpellId::NONE; SPELL_SLOTS],
        description: String::new(),
        ..sample_character()
    };
    store.create_account(&sample_account(NAMES[2]), &bare).unwrap();
    store.open_session(&session(gandalf)).unwrap();
    for (name, value) in settings() {
        store.set_setting(&name, &value).unwrap();
    }
    let own = [("server.port".to_owned(), Some("8081".to_owned()))];
    store.change_own_settings(&server, &own.into()).unwrap();
    store.set_maps(&maps()).unwrap();
}

fn settings() -> Settings {
    [("server.port", "8080"), ("game.motd", "¡Bienvenidos!\\n\"Ñandú\"")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

fn maps() -> MapsRecord {
    MapsRecord { count: 290, fingerprint: 77 }
}

fn session(user_id: UserId) -> Session {
    Session {
        user_id,
        username: "Gandalf".into(),
        level: 4,
        class: "mage".into(),
        location_id: MapId::new(1),
        hp: 20,
        last_seen: 1_700_000_100,
        disconnected_at: None,
    }
}

/// Checks that `store`, loaded from the fixture in `folder`, is read whole and goes on working.
#[track_caller]
pub(crate) fn check(folder: &Path, store: &mut dyn Store) {
    assert_eq!(fields_of_all(store), expected_fields(folder), "{}", folder.display());
    for (name, number) in NAMES.into_iter().zip(1..) {
        let found = load(store, name).account;
        assert_eq!((found.user_id, found.account), (UserId(number), sample_account(name)));
        assert_eq!(found.is_gm, number == 1);
    }
    let found = store.session(UserId(1)).unwrap().unwrap();
    assert_eq!((found.session, found.missing.len()), (session(UserId(1)), 0));
    assert_eq!(store.settings().unwrap(), settings());
    let own = store.settings_of(&ServerId::new("norte").unwrap()).unwrap().own;
    assert_eq!(own["server.port"], "8081");
    assert_eq!(store.maps().unwrap(), Some(maps()));
    assert!(store.store_id().unwrap().is_some());
    goes_on(store);
}

fn goes_on(store: &mut dyn Store) {
    store.save_characters(&[sheet_save(UserId(1), limits())]).unwrap();
    assert_eq!(load(store, NAMES[0]).character, limits());
    assert_eq!(create(store, "Nuevo"), UserId(4));
    assert_eq!(load(store, "Nuevo").character, sample_character());
}

/// Returns the fields of the fixture; those that were added since have their defaults.
fn expected_fields(folder: &Path) -> BTreeMap<String, String> {
    let mut expected = BTreeMap::new();
    for name in NAMES {
        expected.append(&mut fields_of(name, &CharacterRecord::blank()));
    }
    let stored = fs::read_to_string(folder.join(CHARACTERS)).unwrap();
    let stored = stored.lines().filter_map(|line| line.split_once(" = "));
    expected.extend(stored.map(|(field, value)| (field.to_owned(), value.to_owned())));
    expected
}

fn fields_of_all(store: &mut dyn Store) -> BTreeMap<String, String> {
    NAMES.into_iter().flat_map(|name| fields_of(name, &load(store, name).character)).collect()
}

/// Returns every stored field of a character with its value.
fn fields_of(name: &str, character: &CharacterRecord) -> BTreeMap<String, String> {
    let mut listing = Listing { name, fields: BTreeMap::new() };
    let Ok(()) = parts::write(character, &mut listing);
    listing.fields
}

struct Listing<'a> {
    name: &'a str,
    fields: BTreeMap<String, String>,
}

impl Listing<'_> {
    fn add<F: Fields>(&mut self, place: &str, record: &F) {
        for (field, value) in F::FIELDS.iter().zip(record.values()) {
            self.fields.insert(format!("{} {place}.{}", self.name, field.name), value.to_string());
        }
    }
}

impl PartWriter for Listing<'_> {
    type Error = Infallible;

    fn record<F: Fields>(&mut self, place: &RecordPlace, record: &F) -> Result<(), Infallible> {
        self.add(place.table, record);
        Ok(())
    }

    fn list<S: Slot>(&mut self, place: &ListPlace, slots: &[S]) -> Result<(), Infallible> {
        for (number, record) in (1..).zip(slots).filter_map(|(number, slot)| Some((number, slot.used()?))) {
            self.add(&format!("{}.{number}", place.table), &record);
        }
        Ok(())
    }

    fn queue<F: Fields>(&mut self, place: &QueuePlace, entries: &[F]) -> Result<(), Infallible> {
        for (number, entry) in (1..).zip(entries) {
            self.add(&format!("{}.{number}", place.table), entry);
        }
        Ok(())
    }

    fn description(&mut self, description: &str) -> Result<(), Infallible> {
        self.fields.insert(format!("{} description", self.name), description.to_owned());
        Ok(())
    }
}
