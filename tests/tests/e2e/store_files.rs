//! The embedded store's files, removed, replaced or linked under a running server.

use std::fs;
use std::path::{Path, PathBuf};

use pyao_simulator::forms::NewCharacter;
use pyao_store::prelude::*;
use pyao_store::sqlite::SqliteStore;
use pyao_tests::process::{Server, ServerSetup, command};

use super::process::fail;
use crate::support::{
    LONG, PASSWORD, at_creation, check, create, login, place, setup, try_to_create, wait_until,
};

/// A heading of the protocol.
const SOUTH: u8 = 3;
/// Exit code of a server that stopped without its store.
const FAILED: i32 = 1;

fn is_degraded(server: &Server) -> bool {
    server.request("GET", "/health").unwrap().contains("\"status\":\"degraded\"")
}

/// Returns the copies in `directory`.
fn rescued(directory: &Path) -> Vec<PathBuf> {
    let entries = directory.read_dir().unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.display().to_string().contains(".rescued-")).collect()
}

/// Stops a server whose store is gone, and gives the copy that it leaves.
fn stop_without_a_store(server: &mut Server, setup: &ServerSetup) -> PathBuf {
    assert_eq!(server.terminate(LONG).unwrap().code(), Some(FAILED), "{}", server.log());
    let copies = rescued(setup.directory());
    assert_eq!(copies.len(), 1, "{copies:?}");
    let faults: Vec<String> =
        server.log().lines().filter(|line| line.starts_with("pyao-server: ")).map(str::to_owned).collect();
    assert!(faults.len() == 1 && faults[0].contains(&copies[0].display().to_string()), "{faults:?}");
    copies[0].clone()
}

#[test]
fn a_removed_store_degrades_refuses_creations_and_is_rescued_whole() {
    let setup = setup();
    let mut server = setup.start().unwrap();
    let mut ana = create(&server, "Ana");
    for suffix in ["", "-wal", "-shm"] {
        fs::remove_file(format!("{}{suffix}", setup.store().display())).unwrap();
    }
    wait_until("a degraded server", || is_degraded(&server));
    server.wait_for_log("was removed or replaced under the running server", LONG).unwrap();
    let mut beto = at_creation(&server);
    let refusal = try_to_create(&mut beto, &NewCharacter::named("Beto", PASSWORD));
    assert!(refusal.is_some(), "a creation that would be lost");
    // Play goes on, and what happens until the end is in the copy.
    let before = place(&mut ana);
    ana.walk_path(&[SOUTH, SOUTH]).unwrap();
    let last = place(&mut ana);
    assert_ne!(last, before);
    check([&mut ana]);
    drop((ana, beto));
    let copy = stop_without_a_store(&mut server, &setup);

    fs::rename(copy, setup.store()).unwrap();
    let server = setup.start().unwrap();
    let mut ana = login(&server, "Ana");
    assert_eq!(place(&mut ana), last);
    check([&mut ana]);
}

#[test]
fn a_store_replaced_by_another_file_is_rescued_and_the_file_left_alone() {
    let setup = setup();
    let mut server = setup.start().unwrap();
    create(&server, "Ana").quit(LONG).unwrap();
    // As a careless restore does it: a new file over the old one.
    let other = setup.directory().join("other.db");
    drop(SqliteStore::open(&other).unwrap());
    fs::rename(&other, setup.store()).unwrap();
    wait_until("a degraded server", || is_degraded(&server));
    let copy = stop_without_a_store(&mut server, &setup);
    assert!(SqliteStore::open_shared(&copy).unwrap().find_account("ana").unwrap().is_some());
    // The write-ahead log of the old one would have been taken for its own.
    assert_eq!(SqliteStore::open_shared(&setup.store()).unwrap().find_account("ana").unwrap(), None);
}

#[test]
fn a_hard_link_to_the_store_admits_no_second_server() {
    let setup = setup();
    let server = setup.start().unwrap();
    let link = setup.directory().join("link.db");
    fs::hard_link(setup.store(), &link).unwrap();
    let mut second = command(setup.directory()).unwrap();
    let output = second.args(["--port", "0", "--ops", "", "--store", "link.db"]).output().unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), errors.lines().count()), (Some(FAILED), 1), "{errors}");
    assert!(errors.contains("link.db is in use by another server"), "{errors}");
    fs::remove_file(format!("{}.lock", setup.store().display())).unwrap();
    let (code, log) = fail(&setup);
    assert_eq!(code, Some(FAILED), "{log}");
    check([&mut create(&server, "Ana")]);
}
