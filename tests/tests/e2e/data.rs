//! Data directories that are damaged: every fault is named, and nothing runs on half a world.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use pyao_tests::process::{ServerSetup, command};
use tempfile::TempDir;

use crate::process::fail;
use crate::support::{check, create, place, setup};

/// Tiles of a map.
const TILES: usize = 100 * 100;

/// Writes a data directory of one map of grass.
fn small_world() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    for name in ["Dat", "Maps"] {
        fs::create_dir(path.join(name)).unwrap();
    }
    let grass = [0, 0x75, 0x17];
    let map = [&[25][..], &[0; 272], &grass.repeat(TILES)].concat();
    let files: [(&str, &[u8]); 12] = [
        ("Dat/Map.dat", b"[INIT]\nNumMaps=1\n"),
        ("Dat/obj.dat", b"[INIT]\nNumOBJs=1\n[OBJ1]\nName=Manzana\nObjType=1\n"),
        ("Dat/NPCs.dat", b"[NPC1]\nName=Aldeano\nBody=18\n"),
        ("Dat/Hechizos.dat", b"[INIT]\nNumeroHechizos=1\n[HECHIZO1]\nNombre=Luz\n"),
        ("Dat/Ciudades.Dat", b"[Ullathorpe]\nMapa=1\nX=50\nY=50\n"),
        ("Dat/Balance.dat", b""),
        ("Dat/NombresInvalidos.txt", b"zoquete\n"),
        ("Dat/Motd.ini", b""),
        ("Dat/Help.dat", b""),
        ("Maps/Mapa1.map", &map),
        ("Maps/Mapa1.inf", &[0; 10 + TILES]),
        ("Maps/Mapa1.dat", b"[Mapa1]\nName=Prado\nPk=1\n"),
    ];
    for (file, bytes) in files {
        fs::write(path.join(file), bytes).unwrap();
    }
    directory
}

/// Makes a directory that shows the files of another one; those that are replaced in it are its own.
fn mirror(data: &Path) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for name in ["Dat", "Maps"] {
        fs::create_dir(directory.path().join(name)).unwrap();
        for entry in fs::read_dir(data.join(name)).unwrap() {
            let entry = entry.unwrap();
            symlink(entry.path(), directory.path().join(name).join(entry.file_name())).unwrap();
        }
    }
    directory
}

fn replace(directory: &TempDir, file: &str, bytes: &[u8]) {
    let path = directory.path().join(file);
    fs::remove_file(&path).unwrap();
    fs::write(path, bytes).unwrap();
}

/// Asserts that neither a start nor a check goes on, and that both name each of `places`.
fn assert_refused(directory: &TempDir, places: &[&str]) {
    let setup: ServerSetup = setup().data(directory.path());
    let (code, log) = fail(&setup);
    let output = command(directory.path()).unwrap().args(["--check", "--data", "."]).output().unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!((code, output.status.code()), (Some(1), Some(1)), "{log}\n{errors}");
    for place in places {
        for said in [&log, &errors] {
            assert!(said.lines().any(|line| line.contains(place)), "no {place} in\n{said}");
        }
    }
    assert!(!setup.store().exists(), "a server without a world makes no store");
}

#[test]
fn a_small_world_of_ones_own_can_be_played() {
    let directory = small_world();
    let server = setup().data(directory.path()).start().unwrap();
    let mut ana = create(&server, "Ana");
    assert_eq!(place(&mut ana), (1, 50, 50));
    check([&mut ana]);
}

#[test]
fn pictures_that_the_client_lacks_are_warnings_and_the_nearest_is_shown() {
    let directory = small_world();
    replace(&directory, "Dat/NPCs.dat", b"[NPC1]\nName=Aldeano\nBody=641\nHead=63\nSnd1=174\n");
    let mut inf = vec![0; 10 + TILES];
    // An NPC stands on tile (52,50): the tile's bits, and its number.
    let tile = 10 + 49 * 100 + 51;
    inf.splice(tile..=tile, [2, 1, 0]);
    replace(&directory, "Maps/Mapa1.inf", &inf);
    let output = command(directory.path()).unwrap().args(["--check", "--data", "."]).output().unwrap();
    let report = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{report}");
    let lacks = |line: &&str| line.contains("the client has none");
    let warnings: Vec<_> =
        report.lines().filter(lacks).filter_map(|line| line.strip_prefix("warning: ")).collect();
    let expected =
        ["Body=641: the client has none, 548 is shown", "Head=63: the client has none, 70 is shown"];
    for (warning, expected) in warnings.iter().zip(expected) {
        assert_eq!(*warning, format!("Dat/NPCs.dat: [NPC1] {expected}"));
    }
    assert_eq!(warnings.len(), 3, "{report}");
    let server = setup().data(directory.path()).start().unwrap();
    assert!(server.log().contains("data: 3 pictures and sounds that the client does not have"));
    let mut ana = create(&server, "Ana");
    let villager = ana.shadow.characters.values().find(|seen| seen.name.is_empty()).unwrap();
    assert_eq!((villager.body, villager.head), (548, 70));
    check([&mut ana]);
}

#[test]
fn a_long_message_of_the_day_loses_its_last_lines_and_check_says_so() {
    let directory = small_world();
    let lines: String = (1..=1_200).map(|number| format!("Line{number}=aviso {number}.\n")).collect();
    let text = format!("[INIT]\nNumLines=1200\n[MOTD]\n{lines}");
    replace(&directory, "Dat/Motd.ini", text.as_bytes());
    let output = command(directory.path()).unwrap().args(["--check", "--data", "."]).output().unwrap();
    let report = String::from_utf8(output.stdout).unwrap();
    assert!(report.contains("fault: Dat/Motd.ini: its last lines are not shown"), "{report}");
    let server = setup().data(directory.path()).start().unwrap();
    let mut ana = create(&server, "Ana");
    assert!(ana.shadow.console_has("aviso 20.") && !ana.shadow.console_has("aviso 21."));
    check([&mut ana]);
}

#[test]
fn every_fault_of_a_damaged_world_is_named_and_nothing_runs() {
    let directory = small_world();
    replace(&directory, "Dat/Map.dat", b"[INIT]\nNumMaps=3\n");
    replace(&directory, "Maps/Mapa1.map", b"too short");
    replace(&directory, "Dat/obj.dat", b"[INIT]\nNumOBJs=1\n[OBJ1]\nName=Manzana\n[OBJ99999]\n");
    fs::remove_file(directory.path().join("Dat/NPCs.dat")).unwrap();
    let faults = [
        "Maps/Mapa1.map",
        "Maps/Mapa2.map",
        "Maps/Mapa3.inf",
        "Maps/Mapa3.dat",
        "Dat/obj.dat:5",
        "Dat/NPCs.dat",
    ];
    assert_refused(&directory, &faults);
}

#[test]
fn a_directory_that_is_not_there_is_named() {
    let missing = tempfile::tempdir().unwrap().path().join("nowhere");
    let (code, log) = fail(&setup().data(&missing));
    assert_eq!(code, Some(1), "{log}");
    assert!(log.contains(&missing.display().to_string()), "{log}");
}

#[test]
fn every_damaged_file_of_the_full_world_is_named_and_nothing_runs() {
    let Some(data) = pyao_tests::ao_data() else {
        println!("skipped: ../shared/ao-data is not there");
        return;
    };
    let data = fs::canonicalize(data).unwrap();
    let directory = mirror(&data);
    let map = fs::read(data.join("Maps/Mapa5.map")).unwrap();
    replace(&directory, "Maps/Mapa5.map", &map[..map.len() / 2]);
    let inf = fs::read(data.join("Maps/Mapa9.inf")).unwrap();
    replace(&directory, "Maps/Mapa9.inf", &inf[..12]);
    fs::remove_file(directory.path().join("Maps/Mapa7.inf")).unwrap();
    fs::remove_file(directory.path().join("Dat/Hechizos.dat")).unwrap();
    assert_refused(&directory, &["Maps/Mapa5.map", "Maps/Mapa9.inf", "Maps/Mapa7.inf", "Dat/Hechizos.dat"]);
}
