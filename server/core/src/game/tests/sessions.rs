//! Sessions in the store.

use super::*;
use crate::base::ids::MapId;
use crate::records::server::ServerId;
use crate::records::session::{Claim, Session};

fn session(table: &mut Table, name: &str) -> Option<Session> {
    let user_id = table.store.by_name(name).unwrap().account.user_id;
    table.store.session(user_id)
}

fn outside() -> Settings {
    Settings { start_positions: vec![Position { map: MapId::new(2), x: 50, y: 50 }], ..Settings::default() }
}

#[test]
fn a_session_begins_with_the_login_and_ends_with_the_character() {
    let mut table = Table::new();
    let ana = table.player("Ana");
    let open = session(&mut table, "Ana").unwrap();
    assert_eq!(
        (open.username.as_str(), open.level, open.class.as_str(), open.location_id.get()),
        ("Ana", 1, "mage", 1)
    );
    assert_eq!((open.disconnected_at, open.last_seen), (None, table.started_at));
    table.send(ana, ClientPacket::Quit);
    assert_eq!(session(&mut table, "Ana"), None);
}

#[test]
fn a_session_follows_its_character_to_another_map_within_seconds() {
    let starts = vec![Position { map: MapId::new(1), x: 50, y: 9 }];
    let mut table = Table::with(Settings { start_positions: starts, ..Settings::default() });
    let ana = table.player("Ana");
    table.walk(ana, 1, 2);
    table.pass(5_000);
    assert_eq!(session(&mut table, "Ana").unwrap().location_id, MapId::new(5));
}

#[test]
fn who_is_connected_was_last_seen_within_a_minute_however_silent() {
    let mut table = Table::new();
    table.player("Ana");
    table.pass(250_000);
    let seen = session(&mut table, "Ana").unwrap().last_seen;
    let seconds_ago = table.started_at + 250 - seen;
    assert!(seconds_ago <= 60, "seen {seconds_ago} s ago");
}

#[test]
fn a_lost_connection_is_told_at_once_and_a_return_too() {
    let mut table = Table::with(outside());
    let ana = table.player("Ana");
    table.pass(10_000);
    table.lose(ana);
    let lost_at = session(&mut table, "Ana").unwrap().disconnected_at;
    assert_eq!(lost_at, Some(table.started_at + 10));
    table.pass(10_000);
    let again = table.connect();
    table.send(again, login("Ana", "secret1"));
    assert_eq!(session(&mut table, "Ana").unwrap().disconnected_at, None);
}

#[test]
fn a_character_that_another_server_has_is_refused() {
    let mut table = Table::new();
    let ana = table.player("Ana");
    table.send(ana, ClientPacket::Quit);
    table.store_answers = false;
    let again = table.connect();
    table.send(again, login("Ana", "secret1"));
    let lookup = table.waiting.pop().unwrap();
    let reply = table.store.carry_out(lookup);
    table.game.handle(table.now, Input::Store(reply));
    table.settle();
    let Some(Request::OpenSession { ticket, .. }) = table.waiting.pop() else { panic!("no claim was made") };
    let held = Claim::Held { server: ServerId::new("other").unwrap() };
    table.game.handle(table.now, Input::Store(Reply::SessionOpened { ticket, result: Ok(held) }));
    assert_eq!(errors(&table.read(again)), [texts::ON_ANOTHER_SERVER]);
}

#[test]
fn a_login_that_goes_away_before_it_enters_leaves_no_session() {
    let mut table = Table::new();
    let ana = table.player("Ana");
    table.send(ana, ClientPacket::Quit);
    table.store_answers = false;
    let again = table.connect();
    table.send(again, login("Ana", "secret1"));
    for _ in 0..2 {
        let request = table.waiting.pop().unwrap();
        let reply = table.store.carry_out(request);
        table.game.handle(table.now, Input::Store(reply));
        table.settle();
    }
    table.lose(again);
    table.store_answers = true;
    table.settle();
    assert_eq!(table.game.players().len(), 0);
    assert_eq!(session(&mut table, "Ana"), None);
}

#[test]
fn a_character_taken_by_another_server_leaves_without_being_saved() {
    let mut table = Table::with(outside());
    let (ana, bea) = (table.player("Ana"), table.player("Bea"));
    table.walk(ana, 4, 3);
    table.read(bea);
    let user_id = table.store.by_name("Ana").unwrap().account.user_id;
    table.game.handle(table.now, Input::CharactersTaken(vec![user_id]));
    table.settle();
    assert_eq!(errors(&table.read(ana)), [texts::of_close(CloseReason::TakenOver).unwrap()]);
    assert!(matches!(table.read(bea)[..], [ServerPacket::CharacterRemove { .. }]));
    table.pass(10_000);
    let stored = table.store.by_name("Ana").unwrap().character.position;
    assert_eq!(stored.x, 50, "the steps walked here are the other server's to know");
}

#[test]
fn an_emptied_store_gets_back_what_is_held_in_memory() {
    let mut table = Table::with(outside());
    let ana = table.player("Ana");
    table.walk(ana, 4, 3);
    table.store = MemoryStore::default();
    table.game.handle(table.now, Input::StoreEmptied);
    table.settle();
    let stored = table.store.by_name("Ana").unwrap();
    assert_eq!(stored.character.position.x, table.position("Ana").x);
    assert!(session(&mut table, "Ana").is_some());
    table.send(ana, ClientPacket::Walk { heading: 4 });
    table.pass(5_000);
    let stored = table.store.by_name("Ana").unwrap();
    assert_eq!(stored.character.position.x, table.position("Ana").x, "and saving goes on");
}

#[test]
fn a_save_that_finds_the_store_emptied_costs_nobody_the_character() {
    let mut table = Table::with(outside());
    let ana = table.player("Ana");
    table.store = MemoryStore::default();
    for _ in 0..2 {
        table.walk(ana, 4, 1);
        table.pass(5_000);
    }
    table.game.handle(table.now, Input::StoreEmptied);
    table.settle();
    table.walk(ana, 4, 1);
    table.pass(5_000);
    let stored = table.store.by_name("Ana").unwrap();
    assert_eq!(stored.character.position.x, table.position("Ana").x);
}

#[test]
fn a_character_whose_account_was_deleted_goes_in_the_end() {
    let mut table = Table::with(outside());
    let ana = table.player("Ana");
    table.store = MemoryStore::default();
    table.walk(ana, 4, 1);
    let user_id = table.game.play.players.iter().map(|(_, player)| player.account.user_id).next().unwrap();
    table.game.handle(table.now, Input::StoreConfirmed);
    table.pass(60_000);
    assert!(
        table.game.play.players.by_name("Ana").is_some(),
        "what was confirmed before it was missed proves nothing"
    );
    table.game.handle(table.now, Input::StoreConfirmed);
    table.pass(10_000);
    assert!(table.game.play.players.by_name("Ana").is_none());
    assert_eq!(table.closed_as(ana), Some(CloseReason::AccountDeleted));
    assert!(table.store.session(user_id).is_none(), "nobody plays it any more");
}

#[test]
fn changed_settings_hold_for_those_who_are_already_there() {
    let mut table = Table::with(outside());
    let (ana, bea) = (table.player("Ana"), table.player("Bea"));
    table.lose(bea);
    let settings = Settings {
        idle_ms: 60_000,
        disconnect_stay_ms: 20_000,
        motd: vec!["Hoy hay torneo".into()],
        ..outside()
    };
    table.game.handle(table.now, Input::Settings(Box::new(settings)));
    assert!(console(&table.ask(ana, ClientPacket::RequestMOTD)).contains(&"Hoy hay torneo".to_string()));
    table.pass(20_000);
    assert!(table.game.play.players.by_name("Bea").is_none(), "the shorter stay counts");
    table.pass(40_000);
    assert_eq!(table.closed_as(ana), Some(CloseReason::Idle));
}

#[test]
fn an_emptied_store_that_fails_once_more_is_filled_with_the_next_save() {
    let mut table = Table::with(outside());
    let ana = table.player("Ana");
    table.store = MemoryStore::default();
    table.store_answers = false;
    table.game.handle(table.now, Input::StoreEmptied);
    table.settle();
    table.refuse_waiting();
    table.store_answers = true;
    let again = table.connect();
    table.send(again, login("Ana", "secret1"));
    assert_eq!(table.closed_as(ana), Some(CloseReason::Replaced), "who is held in memory may come back");
    table.pass(5_000);
    assert!(table.store.by_name("Ana").is_some());
}

#[test]
fn a_claim_whose_answer_was_lost_leaves_no_session() {
    let mut table = Table::with(outside());
    let ana = table.player("Ana");
    table.send(ana, ClientPacket::Quit);
    table.pass(20_000);
    table.store_answers = false;
    let again = table.connect();
    table.send(again, login("Ana", "secret1"));
    table.answer_waiting();
    let Some(Request::OpenSession { ticket, session: claimed }) = table.waiting.pop() else {
        panic!("no claim: {:?}", table.waiting)
    };
    table.store.open_session(&claimed).unwrap();
    let lost = Err(records::StoreError::Unavailable("test".into()));
    table.game.handle(table.now, Input::Store(Reply::SessionOpened { ticket, result: lost }));
    table.store_answers = true;
    table.settle();
    assert_eq!(table.closed_as(again), Some(CloseReason::LoginRefused));
    assert_eq!(session(&mut table, "Ana"), None);
}

#[test]
fn a_character_that_another_server_took_after_it_left_is_not_written() {
    let mut table = Table::new();
    let ana = table.player("Ana");
    let user_id = table.store.by_name("Ana").unwrap().account.user_id;
    table.store_answers = false;
    table.send(ana, ClientPacket::Quit);
    table.refuse_waiting();
    table.game.handle(table.now, Input::CharactersTaken(vec![user_id]));
    table.waiting.clear();
    table.pass(5_000);
    let saves = table.waiting.iter().filter(|request| matches!(request, Request::SaveCharacters { .. }));
    assert_eq!(saves.count(), 0, "{:?}", table.waiting);
}

#[test]
fn a_server_that_stops_while_somebody_logs_in_leaves_no_session() {
    let mut table = Table::new();
    let ana = table.player("Ana");
    table.send(ana, ClientPacket::Quit);
    table.store_answers = false;
    let again = table.connect();
    table.send(again, login("Ana", "secret1"));
    table.answer_waiting();
    assert!(matches!(table.waiting[..], [Request::OpenSession { .. }]), "{:?}", table.waiting);
    table.game.handle(table.now, Input::Shutdown);
    assert!(!table.game.is_drained(), "the claim is on its way");
    table.store_answers = true;
    table.settle();
    assert!(table.game.is_drained());
    assert_eq!(session(&mut table, "Ana"), None);
}
