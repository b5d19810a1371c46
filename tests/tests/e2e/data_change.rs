//! A start on other data than that which the characters were saved on.

use std::path::Path;

use pyao_core::base::ids::MapId;
use pyao_store::prelude::*;
use pyao_store::records::{MapsRecord, PositionRecord};
use pyao_store::sqlite::SqliteStore;
use pyao_store::testing::position_save;

use super::process::fail;
use crate::support::{LONG, check, create, login, place, setup};

/// A place on a map that the starter world lacks.
const ELSEWHERE: PositionRecord = PositionRecord { map: MapId::new(150), x: 50, y: 60, heading: 2 };

/// Changes the store to the state after a server with 290 maps, on one of which Ana stands.
fn move_away(store: &Path) {
    let mut store = SqliteStore::open(store).unwrap();
    let ana = store.find_account("ana").unwrap().unwrap().user_id;
    store.save_characters(&[position_save(ana, ELSEWHERE)]).unwrap();
    store.set_maps(&MapsRecord { count: 290, fingerprint: 1 }).unwrap();
}

fn stored(store: &Path) -> PositionRecord {
    SqliteStore::open_shared(store).unwrap().load_account("ana").unwrap().unwrap().character.position
}

#[test]
fn a_start_that_would_move_characters_is_refused_and_an_accepted_one_overwrites_nothing() {
    let setup = setup();
    let mut server = setup.start().unwrap();
    create(&server, "Ana").quit(LONG).unwrap();
    create(&server, "Bea").quit(LONG).unwrap();
    assert_eq!(server.terminate(LONG).unwrap().code(), Some(0), "{}", server.log());
    move_away(&setup.store());

    let (code, log) = fail(&setup);
    assert_eq!(code, Some(1), "{log}");
    let faults: Vec<&str> = log.lines().filter(|line| line.starts_with("pyao-server: ")).collect();
    let expected = "these 5 maps are not the 290 that characters were saved on: 1 of 2 characters would be moved, 1 \
                    because their map is not there";
    assert!(faults.len() == 1 && faults[0].contains(expected), "{log}");

    let mut server = setup.clone().arg("--accept-data-change").start().unwrap();
    assert!(server.log().contains("1 of 2 characters are put elsewhere"), "{}", server.log());
    let mut ana = login(&server, "Ana");
    assert_eq!(place(&mut ana).0, 1);
    check([&mut ana]);
    ana.quit(LONG).unwrap();
    assert_eq!(server.terminate(LONG).unwrap().code(), Some(0), "{}", server.log());
    assert_eq!(stored(&setup.store()), ELSEWHERE);

    // The change is accepted once, and for good; Ana's own step moves the character for good too.
    let mut server = setup.start().unwrap();
    let mut ana = login(&server, "Ana");
    ana.walk_path(&[3]).unwrap();
    let there = place(&mut ana);
    check([&mut ana]);
    ana.quit(LONG).unwrap();
    assert_eq!(server.terminate(LONG).unwrap().code(), Some(0), "{}", server.log());
    let position = stored(&setup.store());
    assert_eq!((i16::try_from(position.map.get()).unwrap(), position.x, position.y), there);
}
