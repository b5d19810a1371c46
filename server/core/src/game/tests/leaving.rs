//! Leaving: at once, after a countdown, by a lost socket, and with the server.

use super::*;
use crate::base::ids::MapId;

/// Returns settings with a start outside the safe town.
fn outside() -> Settings {
    Settings { start_positions: vec![Position { map: MapId::new(2), x: 50, y: 50 }], ..Settings::default() }
}

#[test]
fn in_a_safe_place_leaving_is_immediate() {
    let mut table = Table::new();
    let ana = table.player("Ana");
    let told = table.ask(ana, ClientPacket::Quit);
    assert_eq!(console(&told), [texts::FAREWELL]);
    assert_eq!(table.closed_as(ana), Some(CloseReason::Quit));
    assert_eq!(table.game.players().len(), 0);
}

#[test]
fn elsewhere_leaving_takes_ten_seconds_and_a_step_cancels_it() {
    let mut table = Table::with(outside());
    let ana = table.player("Ana");
    assert_eq!(console(&table.ask(ana, ClientPacket::Quit)), [texts::leaving_in(10)]);
    assert!(console(&table.ask(ana, ClientPacket::Quit)).is_empty(), "one countdown is enough");
    table.pass(9_000);
    assert_eq!(console(&table.walk(ana, 4, 1)), [texts::LEAVE_CANCELLED]);
    table.pass(60_000);
    assert_eq!(table.game.online(), 1);
    table.send(ana, ClientPacket::Quit);
    table.pass(10_000);
    assert_eq!(table.closed_as(ana), Some(CloseReason::Quit));
    assert_eq!(table.game.players().len(), 0);
}

#[test]
fn a_lost_socket_leaves_the_character_standing_outside_safe_places() {
    let mut table = Table::with(outside());
    let (ana, bea) = (table.player("Ana"), table.player("Bea"));
    table.lose(ana);
    table.read(bea);
    assert_eq!((table.game.online(), table.game.players().len()), (1, 2));
    for _ in 0..3_599 {
        table.pass(1_000);
        table.send(bea, ClientPacket::Ping);
    }
    assert_eq!(table.game.players().len(), 2);
    table.pass(1_000);
    assert!(table.game.play.players.by_name("Ana").is_none(), "after an hour it is gone");
    assert_eq!(table.game.online(), 1);
}

#[test]
fn coming_back_in_time_finds_the_character_in_place() {
    let mut table = Table::with(outside());
    let ana = table.player("Ana");
    table.walk(ana, 4, 3);
    let place = table.position("Ana");
    table.lose(ana);
    table.pass(600_000);
    let again = table.connect();
    let burst = table.ask(again, login("Ana", "secret1"));
    assert!(names(&burst).starts_with(&["Logged"]));
    assert_eq!(table.position("Ana"), place);
    for _ in 0..20 {
        table.pass(200_000);
        table.send(again, ClientPacket::Ping);
    }
    assert_eq!(table.game.online(), 1, "the old countdown of absence means nothing now");
}

#[test]
fn in_a_safe_place_a_lost_socket_takes_the_character_with_it() {
    let mut table = Table::new();
    let (ana, bea) = (table.player("Ana"), table.player("Bea"));
    let index = table.game.play.players.iter().next().unwrap().1.index.wire();
    table.read(bea);
    table.lose(ana);
    assert_eq!(table.read(bea), [ServerPacket::CharacterRemove { char_index: index }]);
    assert_eq!(table.game.players().len(), 1);
}

#[test]
fn pulling_the_plug_during_the_countdown_does_not_lengthen_it() {
    let mut table = Table::with(outside());
    let ana = table.player("Ana");
    table.send(ana, ClientPacket::Quit);
    table.lose(ana);
    table.pass(9_999);
    assert_eq!(table.game.players().len(), 1);
    table.pass(1);
    assert_eq!(table.game.players().len(), 0);
}

#[test]
fn shutdown_tells_and_saves_everybody_and_is_done_when_the_store_has_said_so() {
    let mut table = Table::with(outside());
    let (ana, bea) = (table.player("Ana"), table.player("Bea"));
    let waiting = table.connect();
    table.walk(ana, 4, 2);
    let place = table.position("Ana");
    table.lose(bea);
    table.store_answers = false;
    table.read(ana);
    table.game.handle(table.now, Input::Shutdown);
    table.settle();
    assert_eq!(errors(&table.read(ana)), [texts::of_close(CloseReason::Shutdown).unwrap()]);
    assert_eq!(table.closed_as(waiting), Some(CloseReason::Shutdown));
    assert!(!table.game.is_drained(), "nothing is written yet");
    let (ticket, saves) = table.take_waiting_save();
    assert_eq!(saves.len(), 2, "all of them in one transaction");
    table.waiting.insert(0, Request::SaveCharacters { ticket, saves });
    table.store_answers = true;
    table.settle();
    assert!(table.game.is_drained());
    let stored = table.store.by_name("Ana").unwrap().character.position;
    assert_eq!((stored.map, stored.x, stored.y), (place.map, place.x, place.y));
    let late = table.connect();
    table.settle();
    assert_eq!(table.closed_as(late), Some(CloseReason::Shutdown));
}
