//! Small data directories, sound and damaged.

use std::fs;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;

/// A tile of a `.map`: not blocked, grass.
const GRASS: &[u8] = &[0, 0x75, 0x17];
/// A tile of an `.inf`: nothing.
const NOTHING: &[u8] = &[0];

/// A data directory of one map in a temporary place.
struct TestData {
    directory: TempDir,
}

impl TestData {
    /// Creates a sound one: no faults, no warnings.
    fn new() -> Self {
        let data = Self { directory: tempfile::tempdir().unwrap() };
        for name in ["Dat", "Maps"] {
            fs::create_dir(data.directory.path().join(name)).unwrap();
        }
        data.write("Dat/Map.dat", "[INIT]\nNumMaps=1\n");
        data.write("Dat/obj.dat", "[INIT]\nNumOBJs=1\n[OBJ1]\nName=Manzana\nObjType=1\n");
        data.write("Dat/NPCs.dat", "[NPC1]\nName=Aldeano\nBody=18\n");
        data.write("Dat/Hechizos.dat", "[INIT]\nNumeroHechizos=1\n[HECHIZO1]\nNombre=Luz\n");
        data.write("Dat/Ciudades.Dat", "[Ullathorpe]\nMapa=1\nX=50\nY=50\n");
        data.write("Dat/Balance.dat", "");
        data.write("Dat/NombresInvalidos.txt", "");
        data.write("Dat/Motd.ini", "");
        data.write("Dat/Help.dat", "");
        data.write("Maps/Mapa1.map", map_file(&[]));
        data.write("Maps/Mapa1.inf", inf_file(&[]));
        data.write("Maps/Mapa1.dat", "[Mapa1]\nName=Prado\nPk=1\n");
        data
    }

    fn write(&self, file: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.directory.path().join(file), bytes).unwrap();
    }

    fn remove(&self, file: &str) {
        fs::remove_file(self.directory.path().join(file)).unwrap();
    }

    fn rename(&self, from: &str, to: &str) {
        let path = self.directory.path();
        fs::rename(path.join(from), path.join(to)).unwrap();
    }

    /// Returns the content and the warnings in words.
    fn load(&self) -> (Content, Vec<String>) {
        let (content, warnings) = Content::load(self.directory.path()).unwrap();
        (content, warnings.iter().map(Fault::to_string).collect())
    }

    /// Returns the fatal faults in words.
    fn faults(&self) -> Vec<String> {
        let error = Content::load(self.directory.path()).unwrap_err();
        error.faults.iter().map(Fault::to_string).collect()
    }
}

/// Builds a `.map` of grass but for some tiles.
fn map_file(tiles: &[(u8, u8, &[u8])]) -> Vec<u8> {
    let mut header = vec![0; 273];
    header[0] = 25;
    binary_file(header, GRASS, tiles)
}

/// Builds an `.inf` of nothing but for some tiles.
fn inf_file(tiles: &[(u8, u8, &[u8])]) -> Vec<u8> {
    binary_file(vec![0; 10], NOTHING, tiles)
}

fn binary_file(mut bytes: Vec<u8>, usual: &[u8], tiles: &[(u8, u8, &[u8])]) -> Vec<u8> {
    for (x, y) in (1..=MAP_SIZE).flat_map(|y| (1..=MAP_SIZE).map(move |x| (x, y))) {
        let special = tiles.iter().find(|tile| (tile.0, tile.1) == (x, y));
        bytes.extend_from_slice(special.map_or(usual, |tile| tile.2));
    }
    bytes
}

/// Flags and numbers of a tile as they stand in a file.
fn tile(flags: u8, numbers: &[i16]) -> Vec<u8> {
    let numbers = numbers.iter().flat_map(|number| number.to_le_bytes());
    std::iter::once(flags).chain(numbers).collect()
}

#[test]
fn a_small_world_loads_without_a_word() {
    let (content, warnings) = TestData::new().load();
    assert_eq!(warnings, [""; 0]);
    let map = content.map(MapId::new(1)).unwrap();
    assert_eq!(
        (map.number.get(), map.version, map.info.name.as_str(), map.info.safe),
        (1, 25, "Prado", true)
    );
    assert!(map.walkable(50, 50));
    assert_eq!(content.object(ObjectId::new(1)).unwrap().object_type, ObjectType::FOOD);
    assert_eq!(
        (
            content.npc(NpcTemplateId::new(1)).unwrap().body,
            content.npc(NpcTemplateId::new(1)).unwrap().heading
        ),
        (18, 3)
    );
    assert_eq!(content.spell(SpellId::new(1)).unwrap().name, "Luz");
    assert!(
        content.map(MapId::new(2)).is_none()
            && content.object(ObjectId::new(0)).is_none()
            && content.npc(NpcTemplateId::new(65535)).is_none()
    );
}

#[test]
fn every_part_of_a_tile_is_found_behind_its_flag() {
    let data = TestData::new();
    let map = map_file(&[
        (10, 10, &tile(0b0_0001, &[6005])),
        (11, 10, &tile(0b0_0000, &[1505])),
        (12, 10, &tile(0b0_0010, &[1520, 77])),
        (13, 10, &tile(0b1_1111, &[13562, 0, 1, 2, 6])),
        (14, 10, &tile(0b1_0000, &[5852, 3])),
    ]);
    data.write("Maps/Mapa1.map", map);
    data.write(
        "Maps/Mapa1.inf",
        inf_file(&[(10, 10, &tile(0b111, &[1, 20, 30, 1, 1, 500])), (11, 10, &tile(0b100, &[1, 1]))]),
    );
    let (content, warnings) = data.load();
    assert_eq!(warnings, [""; 0]);
    let map = content.map(MapId::new(1)).unwrap();
    let seen = |x| (map.blocked(x, 10), map.water(x, 10), map.lava(x, 10), map.trigger(x, 10));
    assert_eq!(seen(10), (true, false, false, Trigger::None));
    assert_eq!(seen(11), (false, true, false, Trigger::None));
    assert_eq!(seen(12), (false, false, false, Trigger::None), "layer 2 hides the water");
    assert_eq!(seen(13), (true, true, false, Trigger::Arena));
    assert_eq!(seen(14), (false, false, true, Trigger::NoNpcs));
    assert_eq!(map.exit(10, 10), Some(Position::new(MapId::new(1), 20, 30)));
    assert_eq!(map.npc_placements(), [NpcPlacement { x: 10, y: 10, npc: NpcTemplateId::new(1) }]);
    let floor = |x, amount| FloorObject { x, y: 10, object: ObjectId::new(1), amount };
    assert_eq!(map.floor_objects(), [floor(10, 500), floor(11, 1)]);
}

#[test]
fn file_names_in_any_case_and_crlf_are_accepted() {
    let data = TestData::new();
    data.rename("Dat/obj.dat", "Dat/OBJ.DAT");
    data.rename("Maps/Mapa1.map", "Maps/mapa1.MAP");
    data.rename("Dat", "dat");
    data.rename("Maps", "MAPS");
    data.write("dat/Map.dat", "[init]\r\nNUMMAPS = 1 'uno\r\n");
    data.write("dat/NPCs.dat", "[npc1] 'x\r\nNAME=Aldeano\r\nheading=9\r\n");
    let (content, warnings) = data.load();
    assert_eq!(warnings, [""; 0]);
    assert_eq!(content.npc(NpcTemplateId::new(1)).unwrap().name, "Aldeano");
    assert_eq!(content.npc(NpcTemplateId::new(1)).unwrap().heading, 3);
}

#[test]
fn of_two_files_whose_names_differ_in_case_the_operator_hears() {
    let data = TestData::new();
    data.write("Dat/OBJ.DAT", "[OBJ1]\nName=Otro\n");
    let twins = fs::read_dir(data.directory.path().join("Dat")).unwrap().count();
    if twins == 9 {
        return println!("skipped: this file system does not tell upper from lower case");
    }
    let (content, warnings) = data.load();
    assert_eq!(content.object(ObjectId::new(1)).unwrap().name, "Manzana");
    assert_eq!(warnings, ["Dat/OBJ.DAT: not read, but Dat/obj.dat: the names differ in case only"]);
}

#[test]
fn numbers_with_remarks_and_repeated_keys_are_read_as_the_game_always_did() {
    let data = TestData::new();
    data.write(
        "Dat/obj.dat",
        "free text\n[OBJ1] 'Poción\nName= Daga \nObjType=2 \nValor= 200\nvalor=7\nMinHit=+1\nMaxHit=2.5\n\
         Apu\u{f1}ala=1\nCP1=mago\nCP2=Nadie\nCP3= PIRATA \n####\n[OBJ1]\nValor=9\nMujer=1\n",
    );
    data.write(
        "Dat/NPCs.dat",
        b"[NPC1]\nNROITEMS=3\nObj1=1-1000 'Manzana - roja\nObj2= 1 - 5\nDrop1=1-100 \xd2ro\nDrop3=1- 'Nada\nDesc=\xa1Hola! \n",
    );
    let (content, _) = data.load();
    let dagger = content.object(ObjectId::new(1)).unwrap();
    assert_eq!((dagger.name.as_str(), dagger.value, dagger.women_only), (" Daga ", 200, false));
    assert_eq!((dagger.min_hit, dagger.max_hit, dagger.stabs), (1, 2, true));
    assert_eq!(dagger.forbidden_classes, [1, 12]);
    let npc = content.npc(NpcTemplateId::new(1)).unwrap();
    let item = |amount| ItemAmount { object: ObjectId::new(1), amount };
    assert_eq!(npc.stock, [item(1000), item(5)]);
    assert_eq!((npc.drop(1), npc.drop(2), npc.drop(3)), (Some(item(100)), None, None));
    assert_eq!(npc.description, "¡Hola! ");
}

#[test]
fn hostile_npcs_in_their_own_file_are_read_too() {
    let data = TestData::new();
    data.write("Dat/npcs-hostiles.dat", "[NPC500]\nName=Lobo\n[NPC1]\nName=Otro\n");
    let (content, _) = data.load();
    assert_eq!(
        (
            content.npc(NpcTemplateId::new(500)).unwrap().name.as_str(),
            content.npc(NpcTemplateId::new(1)).unwrap().name.as_str()
        ),
        ("Lobo", "Aldeano")
    );
}

#[test]
fn missing_directories_are_named() {
    let data = TestData::new();
    let nowhere = data.directory.path().join("nowhere");
    let error = Content::load(&nowhere).unwrap_err().to_string();
    assert!(error.contains("nowhere: cannot be read"), "{error}");
    fs::remove_dir_all(data.directory.path().join("Maps")).unwrap();
    assert_eq!(data.faults(), ["Maps: the directory is missing"]);
    fs::remove_dir_all(data.directory.path().join("Dat")).unwrap();
    assert_eq!(data.faults(), ["Dat: the directory is missing", "Maps: the directory is missing"]);
}

#[test]
fn all_missing_files_are_named_at_once() {
    let data = TestData::new();
    let files = [
        "Dat/obj.dat",
        "Dat/NPCs.dat",
        "Dat/Hechizos.dat",
        "Maps/Mapa1.map",
        "Maps/Mapa1.inf",
        "Maps/Mapa1.dat",
    ];
    for file in files {
        data.remove(file);
    }
    assert_eq!(data.faults(), files.map(|file| format!("{file}: the file is missing")));
}

#[test]
fn a_missing_list_of_maps_is_named() {
    let data = TestData::new();
    data.remove("Dat/Map.dat");
    assert_eq!(data.faults(), ["Dat/Map.dat: the file is missing"]);
}

#[test]
fn an_unreadable_number_of_maps_is_named_with_its_line() {
    let data = TestData::new();
    for (text, expected) in [
        ("[INIT]\nNumMaps=many\n", "Dat/Map.dat:2: NumMaps=many is not a number from 1 to 32767"),
        ("\n[INIT]\nNumMaps=0", "Dat/Map.dat:3: NumMaps=0 is not a number from 1 to 32767"),
        ("[INIT]\nNumMaps=32768", "Dat/Map.dat:2: NumMaps=32768 is not a number from 1 to 32767"),
        ("[INIT]\nNumMaps=-1", "Dat/Map.dat:2: [INIT] NumMaps=-1 is out of range"),
        ("[INIT]\n", "Dat/Map.dat: [INIT] NumMaps is missing: the number of maps"),
        ("", "Dat/Map.dat: [INIT] NumMaps is missing: the number of maps"),
    ] {
        data.write("Dat/Map.dat", text);
        assert_eq!(data.faults(), [expected]);
    }
}

#[test]
fn a_map_file_of_a_wrong_size_is_refused() {
    let data = TestData::new();
    let whole = map_file(&[]);
    for (bytes, expected) in [
        (&whole[..0], "the file is cut short: 0 bytes, less than its header"),
        (&whole[..272], "the file is cut short: 272 bytes, less than its header"),
        (&whole[..273], "the file is cut short: 273 bytes end at tile (1,1)"),
        (&whole[..whole.len() - 1], "the file is cut short: 30272 bytes end at tile (100,100)"),
        (&[&whole[..], &[0, 0]].concat()[..], "the file is too long: 2 bytes after the last tile"),
    ] {
        data.write("Maps/Mapa1.map", bytes);
        assert_eq!(data.faults(), [format!("Maps/Mapa1.map: {expected}")]);
    }
}

#[test]
fn an_inf_file_of_a_wrong_size_is_refused() {
    let data = TestData::new();
    let whole = inf_file(&[(100, 100, &tile(0b001, &[1, 50, 50]))]);
    for (bytes, expected) in [
        (&whole[..9], "the file is cut short: 9 bytes, less than its header"),
        (&whole[..whole.len() - 1], "the file is cut short: 10015 bytes end at tile (100,100)"),
        (&[&whole[..], &[0]].concat()[..], "the file is too long: 1 bytes after the last tile"),
    ] {
        data.write("Maps/Mapa1.inf", bytes);
        assert_eq!(data.faults(), [format!("Maps/Mapa1.inf: {expected}")]);
    }
}

#[test]
fn flags_without_a_meaning_are_refused() {
    let data = TestData::new();
    data.write("Maps/Mapa1.map", map_file(&[(3, 2, &tile(0x20, &[1]))]));
    data.write("Maps/Mapa1.inf", inf_file(&[(4, 2, &[0x88])]));
    assert_eq!(
        data.faults(),
        [
            "Maps/Mapa1.map: tile (3,2) has flags 0x20, with bits that have no meaning",
            "Maps/Mapa1.inf: tile (4,2) has flags 0x88, with bits that have no meaning",
        ]
    );
}

#[test]
fn every_wrong_value_of_a_map_is_named() {
    let data = TestData::new();
    data.write("Maps/Mapa1.map", map_file(&[(9, 9, &tile(0x10, &[1, 7])), (10, 9, &tile(0x10, &[1, -1]))]));
    let inf = inf_file(&[
        (1, 1, &tile(0b001, &[0, 5, 5])),
        (2, 1, &tile(0b001, &[1, 101, 5])),
        (3, 1, &tile(0b001, &[1, 5, -7])),
        (4, 1, &tile(0b010, &[-2])),
        (5, 1, &tile(0b100, &[0, 1])),
        (6, 1, &tile(0b111, &[1, 0, 1, 0, 1, 0])),
    ]);
    data.write("Maps/Mapa1.inf", inf);
    assert_eq!(
        data.faults(),
        [
            "Maps/Mapa1.map: tile (9,9) has trigger 7, which is not 0 to 6",
            "Maps/Mapa1.map: tile (10,9) has trigger -1, which is not 0 to 6",
            "Maps/Mapa1.inf: tile (1,1): its exit leads to map 0, tile (5,5)",
            "Maps/Mapa1.inf: tile (2,1): its exit leads to map 1, tile (101,5)",
            "Maps/Mapa1.inf: tile (3,1): its exit leads to map 1, tile (5,-7)",
            "Maps/Mapa1.inf: tile (4,1): it has NPC number -2",
            "Maps/Mapa1.inf: tile (5,1): it has 1 of object number 0",
            "Maps/Mapa1.inf: tile (6,1): its exit leads to map 1, tile (0,1)",
            "Maps/Mapa1.inf: tile (6,1): it has NPC number 0",
            "Maps/Mapa1.inf: tile (6,1): it has 0 of object number 1",
        ]
    );
}

#[test]
fn faults_of_several_files_are_found_in_one_go() {
    let data = TestData::new();
    data.write("Dat/obj.dat", "[OBJ1]\nName=x\nValor=-5\nGrhIndex=70000\n[OBJ40000]\n");
    data.write("Dat/NPCs.dat", "[NPC1]\n\nDrop2=-1-5\nHeading=3\nMovement=999\n");
    data.write("Dat/Hechizos.dat", "nothing here");
    data.write("Dat/Ciudades.Dat", "[Nix]\nMapa=1\nX=0\nY=5\n");
    data.write("Maps/Mapa1.map", [1, 2, 3]);
    data.write("Maps/Mapa1.dat", "[Mapa1]\nMusicNum=-4\nStartPos=1-200-3\n");
    assert_eq!(
        data.faults(),
        [
            "Dat/obj.dat:3: [OBJ1] Valor=-5 is out of range",
            "Dat/obj.dat:4: [OBJ1] GrhIndex=70000 is out of range",
            "Dat/obj.dat:5: [OBJ40000]: the number is not from 1 to 32767",
            "Dat/NPCs.dat:5: [NPC1] Movement=999 is out of range",
            "Dat/Hechizos.dat: there is no section [HECHIZO1] or other",
            "Dat/Ciudades.Dat:1: Nix: \"1:0:5\" is not a position: x is not a number from 1 to 100 \
             (expected map:x:y, such as 1:58:45)",
            "Maps/Mapa1.map: the file is cut short: 3 bytes, less than its header",
            "Maps/Mapa1.dat:2: [Mapa1] MusicNum=-4 is out of range",
            "Maps/Mapa1.dat:3: StartPos: \"1:200:3\" is not a position: x is not a number from 1 to 100 \
             (expected map:x:y, such as 1:58:45)",
        ]
    );
}

#[test]
fn references_to_nothing_are_warnings() {
    let data = TestData::new();
    data.write("Dat/Map.dat", "[INIT]\nNumMaps=1");
    data.write("Dat/obj.dat", "[INIT]\nNumOBJs=3\n[OBJ2]\nHechizoIndex=9\nUpgrade=1\n");
    data.write("Dat/NPCs.dat", "[NPC1]\nNROITEMS=1\nObj1=7-1\nDrop1=8-1\nLanzaSpells=1\nSp1=5\n");
    data.write("Dat/Hechizos.dat", "[HECHIZO1]\nInvoca=1\nNumNpc=30\n");
    data.write("Dat/Ciudades.Dat", "[Nix]\nMapa=34\nX=5\nY=5\n");
    data.write("Maps/Mapa1.dat", "[Mapa2]\n");
    let exit = tile(0b001, &[2, 5, 5]);
    let inf = inf_file(&[(1, 1, &exit), (2, 1, &exit), (3, 1, &tile(0b110, &[6, 3, 1]))]);
    data.write("Maps/Mapa1.inf", inf);
    let (content, warnings) = data.load();
    assert_eq!(
        warnings,
        [
            "Dat/obj.dat:2: NumOBJs is 3, but the last record is 2",
            "Maps/Mapa1.dat: there is no section [Mapa1]: nameless, and players may fight",
            "Dat/obj.dat: [OBJ2] HechizoIndex=9, which has no record",
            "Dat/obj.dat: [OBJ2] Upgrade=1, which has no record",
            "Dat/NPCs.dat: [NPC1] sells object 7, which has no record",
            "Dat/NPCs.dat: [NPC1] drops object 8, which has no record",
            "Dat/NPCs.dat: [NPC1] casts spell 5, which has no record",
            "Dat/Hechizos.dat: [HECHIZO1] summons NPC 30, which has no record",
            "Dat/Ciudades.Dat: a city is at 34:5:5, but there is no such map: its citizens get another home",
            "Maps/Mapa1.inf: there is no map 2, to which 2 tiles, the first (1,1) lead",
            "Maps/Mapa1.inf: NPC 6 has no record, and stands on tile (3,1)",
            "Maps/Mapa1.inf: object 3 has no record, and lies on tile (3,1)",
        ]
    );
    assert_eq!(content.city(2), Position::new(MapId::new(1), 58, 45), "Ullathorpe, where AO has it");
}

#[test]
fn missing_small_files_are_warnings_that_say_what_follows() {
    let data = TestData::new();
    for file in ["Ciudades.Dat", "Balance.dat", "NombresInvalidos.txt", "Motd.ini", "Help.dat"] {
        data.remove(&format!("Dat/{file}"));
    }
    let (content, warnings) = data.load();
    assert_eq!(warnings.len(), 5);
    assert_eq!(warnings[0], "Dat/Ciudades.Dat: the file is missing: every home is Ullathorpe");
    assert_eq!(content.race_modifiers(3), [2, 3, 2, -3, 0]);
    assert!(content.motd().is_empty() && content.help().is_empty() && content.forbidden_names().is_empty());
}

#[test]
fn a_world_without_ullathorpe_has_a_home_on_its_first_map() {
    let mut content = Content::empty();
    assert_eq!(content.city(1), ULLATHORPE, "nowhere to go");
    let mut map = Map::new(MapId::new(5), 1, MapInfo::default());
    map.tile_mut(50, 50).unwrap().flood();
    content.maps.insert(MapId::new(5), map);
    assert_eq!(content.city(1), Position::new(MapId::new(5), 49, 49));
    content.cities[2] = Some(Position::new(MapId::new(5), 20, 21));
    assert_eq!(
        (content.city(3), content.city(2)),
        (Position::new(MapId::new(5), 20, 21), Position::new(MapId::new(5), 49, 49))
    );
}

proptest! {
    #[test]
    fn no_bytes_make_a_map_file_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2000), cut in 0..400_usize) {
        for read in [super::map_file::read_map, super::map_file::read_inf] {
            let mut map = Map::new(MapId::new(1), 0, MapInfo::default());
            let mut faults = Vec::new();
            let bytes = [vec![0; cut], bytes.clone()].concat();
            read("Maps/Mapa1.map", &bytes, &mut map, &mut faults);
            prop_assert!(!faults.is_empty(), "too short for any map");
        }
    }

    #[test]
    fn no_text_makes_a_record_panic(
        lines in proptest::collection::vec("(Drop1|Sp1|CP1|Obj1|LanzaSpells|NROITEMS|StartPos|MaxHP)?=?[-0-9.eE ]{0,30}\\PC{0,3}", 0..20),
    ) {
        let text = format!("[NPC1]\n{}", lines.join("\n"));
        let ini = super::ini::Ini::parse(&text);
        let mut faults = Vec::new();
        let section = ini.section("npc1").expect("there is one");
        let mut record = super::record::Record::new("Dat/NPCs.dat", section, &mut faults);
        prop_assert!(super::npc::read(NpcTemplateId::new(1), &mut record).stock.len() <= 1, "there is no other key than Obj1");
        super::object::read(ObjectId::new(1), &mut record);
        super::spell::read(SpellId::new(1), &mut record);
        super::map_file::read_info(&mut record);
        prop_assert!(faults.iter().all(|fault| fault.line.is_some()));
    }

    #[test]
    fn any_text_has_a_number(text in "[-+0-9.eEdD \t]{0,12}") {
        prop_assert!(!super::ini::number(&text).is_nan());
    }
}
