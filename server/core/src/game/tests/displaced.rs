//! Characters that cannot be put where they were stored: that place stays stored until their first step.

use super::*;
use crate::base::ids::MapId;
use crate::records::PositionRecord;

/// A place on a map that the starter world lacks.
const ELSEWHERE: PositionRecord = PositionRecord { map: MapId::new(150), x: 50, y: 60, heading: 2 };

fn stored(table: &mut Table, name: &str) -> PositionRecord {
    table.store.by_name(name).unwrap().character.position
}

/// Enters Ana, stored on a map that is not there, into the world.
fn displaced_ana(table: &mut Table) -> ConnectionId {
    let ana = table.player("Ana");
    table.send(ana, ClientPacket::Quit);
    let user_id = table.store.by_name("Ana").unwrap().account.user_id;
    table.store.save_characters(&[CharacterSave::Position { user_id, position: ELSEWHERE }]).unwrap();
    enter(table, "Ana")
}

fn enter(table: &mut Table, name: &str) -> ConnectionId {
    let connection = table.connect();
    table.send(connection, login(name, "secret1"));
    assert!(names(&table.read(connection)).contains(&"Logged"));
    connection
}

#[test]
fn a_character_from_a_map_that_is_not_there_keeps_its_place_in_the_store_until_its_first_step() {
    let mut table = Table::new();
    let ana = displaced_ana(&mut table);
    assert_eq!(table.position("Ana").map.get(), 1);
    // Neither a turn nor a change of the inventory is a step.
    table.send(ana, ClientPacket::ChangeHeading { heading: 1 });
    table.send(ana, ClientPacket::MoveItem { from_slot: 1, to_slot: 20, move_type: 0 });
    table.pass(20_000);
    assert_eq!(stored(&mut table, "Ana"), ELSEWHERE);
    table.send(ana, ClientPacket::Quit);
    assert_eq!(table.closed_as(ana), Some(CloseReason::Quit));
    assert_eq!(stored(&mut table, "Ana"), ELSEWHERE);

    let ana = enter(&mut table, "Ana");
    let before = table.position("Ana");
    table.walk(ana, 3, 1);
    let after = table.position("Ana");
    assert_ne!(before, after);
    table.pass(6_000);
    let position = stored(&mut table, "Ana");
    assert_eq!((position.map, position.x, position.y), (after.map, after.x, after.y));
}

#[test]
fn a_refused_step_is_none() {
    let mut table = Table::new();
    let ana = displaced_ana(&mut table);
    // No time passes between them: all but the first are too fast, and that one is no heading.
    for heading in [9, 9, 9] {
        table.send(ana, ClientPacket::Walk { heading });
    }
    table.pass(20_000);
    assert_eq!(stored(&mut table, "Ana"), ELSEWHERE);
}

#[test]
fn a_character_whose_tile_is_taken_comes_back_to_it_once_it_is_free() {
    let mut table = Table::new();
    let bea = table.player("Bea");
    let home = table.position("Bea");
    table.send(bea, ClientPacket::Quit);
    let ana = table.player("Ana");
    assert_eq!(table.position("Ana"), home);
    let bea = enter(&mut table, "Bea");
    assert_ne!(table.position("Bea"), home);
    table.send(bea, ClientPacket::Quit);
    table.send(ana, ClientPacket::Quit);
    enter(&mut table, "Bea");
    assert_eq!(table.position("Bea"), home);
}
