//! Saves, and their time.

use super::*;
use crate::base::ids::{MapId, SpellId};

fn stored(table: &mut Table, name: &str) -> (u16, u8, u8) {
    let position = table.store.by_name(name).unwrap().character.position;
    (position.map.get(), position.x, position.y)
}

fn standing(table: &Table, name: &str) -> (u16, u8, u8) {
    let position = table.position(name);
    (position.map.get(), position.x, position.y)
}

#[test]
fn a_step_is_written_within_five_seconds_without_anybody_leaving() {
    let mut table = Table::new();
    let ana = table.player("Ana");
    table.pass(6_000);
    table.walk(ana, 4, 1);
    assert_ne!(stored(&mut table, "Ana"), standing(&table, "Ana"));
    table.pass(5_000);
    assert_eq!(stored(&mut table, "Ana"), standing(&table, "Ana"));
}

#[test]
fn a_lost_socket_saves_the_position_at_once() {
    for counting_down in [false, true] {
        let start_positions = vec![Position { map: MapId::new(2), x: 50, y: 50 }];
        let mut table = Table::with(Settings { start_positions, ..Settings::default() });
        let ana = table.player("Ana");
        table.pass(6_000);
        table.walk(ana, 4, 2);
        assert_ne!(stored(&mut table, "Ana"), standing(&table, "Ana"));
        if counting_down {
            table.send(ana, ClientPacket::Quit);
        }
        table.lose(ana);
        assert_eq!(table.game.players().len(), 1, "outside it stays in the world");
        assert_eq!(stored(&mut table, "Ana"), standing(&table, "Ana"));
    }
}

#[test]
fn nothing_is_written_while_nothing_changes() {
    let mut table = Table::new();
    table.player("Ana");
    table.pass(20_000);
    table.store_answers = false;
    table.pass(100_000);
    let saves =
        table.waiting.iter().filter(|request| matches!(request, Request::SaveCharacters { .. })).count();
    assert_eq!(saves, 0);
    assert_eq!(table.waiting.len(), 4, "the session is refreshed every half minute");
}

#[test]
fn everything_that_changed_is_one_transaction() {
    let mut table = Table::new();
    let (ana, bea) = (table.player("Ana"), table.player("Bea"));
    table.pass(6_000);
    table.store_answers = false;
    table.send(ana, ClientPacket::MoveItem { from_slot: 1, to_slot: 20, move_type: 0 });
    table.send(bea, ClientPacket::ChangeHeading { heading: 1 });
    table.pass(5_000);
    let (_, saves) = table.take_waiting_save();
    assert_eq!(saves.len(), 2);
    assert!(matches!(saves[..], [CharacterSave::Sheet { .. }, CharacterSave::Position { .. }]), "{saves:?}");
}

#[test]
fn what_the_store_refused_is_written_again() {
    let mut table = Table::new();
    let ana = table.player("Ana");
    table.pass(6_000);
    table.walk(ana, 4, 1);
    let place = standing(&table, "Ana");
    table.store_answers = false;
    table.send(ana, ClientPacket::Quit);
    let (ticket, _) = table.take_waiting_save();
    let refused = Err(records::StoreError::Unavailable("test".into()));
    table.game.handle(table.now, Input::Store(Reply::Saved { ticket, result: refused }));
    assert_ne!(stored(&mut table, "Ana"), place);
    table.store_answers = true;
    table.pass(5_000);
    assert_eq!(stored(&mut table, "Ana"), place);
}

#[test]
fn ordering_the_inventory_survives_a_logout() {
    let mut table = Table::new();
    let ana = table.player("Ana");
    let told = table.ask(ana, ClientPacket::MoveItem { from_slot: 1, to_slot: 25, move_type: 0 });
    assert_eq!(told.len(), 2);
    assert!(table.ask(ana, ClientPacket::MoveItem { from_slot: 0, to_slot: 26, move_type: 0 }).is_empty());
    let told = table.ask(ana, ClientPacket::MoveSpell { upwards: false, slot: 1 });
    assert_eq!(names(&told), ["ChangeSpellSlot", "ChangeSpellSlot"]);
    table.send(ana, ClientPacket::Quit);
    let character = table.store.by_name("Ana").unwrap().character;
    assert!(character.inventory[0].is_none());
    assert_eq!(character.inventory[24].map(|item| (item.object.get(), item.amount)), Some((857, 200)));
    assert_eq!(character.spells[..2], [0, 2].map(SpellId::new));
}

fn describe(table: &mut Table, connection: ConnectionId, text: &str) {
    table.send(connection, ClientPacket::ChangeDescription { text: text.into() });
}

fn stored_description(table: &mut Table, name: &str) -> String {
    table.store.by_name(name).unwrap().character.description
}

#[test]
fn a_save_that_fails_after_its_player_has_left_is_written_again() {
    let mut table = Table::new();
    let ana = table.player("Ana");
    table.pass(5_000);
    table.store_answers = false;
    describe(&mut table, ana, "maga");
    table.pass(5_000);
    let save = table.take_waiting_save();
    table.send(ana, ClientPacket::Quit);
    table.refuse_save(save, records::StoreError::Unavailable("test".into()));
    table.store_answers = true;
    table.pass(5_000);
    assert_eq!(stored_description(&mut table, "Ana"), "maga");
}

#[test]
fn what_is_unwritten_of_a_player_stays_so_when_it_leaves_and_comes_back() {
    let mut table = Table::new();
    let ana = table.player("Ana");
    table.pass(5_000);
    table.store_answers = false;
    describe(&mut table, ana, "maga");
    table.send(ana, ClientPacket::Quit);
    table.refuse_waiting();
    table.store_answers = true;
    let again = table.connect();
    table.send(again, login("Ana", "secret1"));
    assert_eq!(stored_description(&mut table, "Ana"), "", "not written yet");
    table.pass(5_000);
    assert_eq!(stored_description(&mut table, "Ana"), "maga");
}

#[test]
fn a_character_that_another_server_took_holds_nobody_up() {
    let mut table = Table::new();
    let (ana, bea) = (table.player("Ana"), table.player("Bea"));
    table.pass(5_000);
    table.store_answers = false;
    describe(&mut table, ana, "maga");
    describe(&mut table, bea, "bruja");
    table.pass(5_000);
    let save = table.take_waiting_save();
    let taken = table.store.by_name("Ana").unwrap().account.user_id;
    table.refuse_save(save, records::StoreError::CharacterTaken(taken));
    table.store_answers = true;
    table.settle();
    table.answer_waiting();
    assert_eq!(stored_description(&mut table, "Bea"), "bruja");
    assert_eq!(stored_description(&mut table, "Ana"), "", "hers is the other server's to write");
}

#[test]
fn a_character_whose_account_was_deleted_holds_nobody_up() {
    let mut table = Table::new();
    let (ana, bea) = (table.player("Ana"), table.player("Bea"));
    table.pass(5_000);
    table.store_answers = false;
    describe(&mut table, ana, "maga");
    describe(&mut table, bea, "bruja");
    table.pass(5_000);
    let unknown = |user_id| records::StoreError::UnknownUser(user_id);
    let deleted = table.store.by_name("Ana").unwrap().account.user_id;
    let save = table.take_waiting_save();
    table.refuse_save(save, unknown(deleted));
    table.settle();
    let mut groups = Vec::new();
    for request in &table.waiting {
        let Request::SaveCharacters { saves, .. } = request else { continue };
        groups.push(saves.iter().map(CharacterSave::user_id).collect::<Vec<_>>());
    }
    let other = table.store.by_name("Bea").unwrap().account.user_id;
    assert_eq!(groups, [vec![other], vec![deleted]]);
}

#[test]
fn an_account_that_is_known_again_is_saved_with_the_others_again() {
    let mut table = Table::new();
    let (ana, bea) = (table.player("Ana"), table.player("Bea"));
    table.pass(5_000);
    table.store_answers = false;
    describe(&mut table, ana, "maga");
    table.pass(5_000);
    let user_id = table.store.by_name("Ana").unwrap().account.user_id;
    let save = table.take_waiting_save();
    table.refuse_save(save, records::StoreError::UnknownUser(user_id));
    table.store_answers = true;
    table.settle();
    table.answer_waiting();
    assert_eq!(stored_description(&mut table, "Ana"), "maga");
    table.store_answers = false;
    describe(&mut table, ana, "hechicera");
    describe(&mut table, bea, "bruja");
    table.pass(5_000);
    assert_eq!(table.take_waiting_save().1.len(), 2);
}

#[test]
fn saves_that_fail_over_a_character_that_was_taken_are_not_all_made_again() {
    let mut table = Table::new();
    let (ana, bea) = (table.player("Ana"), table.player("Bea"));
    table.pass(5_000);
    table.store_answers = false;
    for _ in 0..10 {
        describe(&mut table, ana, "maga");
        describe(&mut table, bea, "bruja");
        table.pass(5_000);
    }
    let taken = table.store.by_name("Ana").unwrap().account.user_id;
    let waiting: Vec<_> = std::mem::take(&mut table.waiting);
    for save in waiting.into_iter().filter(|request| matches!(request, Request::SaveCharacters { .. })) {
        let reply = save.refuse(records::StoreError::CharacterTaken(taken));
        table.game.handle(table.now, Input::Store(reply));
    }
    table.settle();
    let (_, saves) = table.take_waiting_save();
    assert_eq!(saves.len(), 1, "Bea, once");
}

#[test]
fn while_the_store_is_away_what_waits_for_it_is_bounded_and_written_afterwards() {
    let mut table = Table::new();
    let ana = table.player("Ana");
    table.pass(5_000);
    table.store_answers = false;
    for hour in 0..10_u32 {
        for _ in 0..100 {
            describe(&mut table, ana, &hour.to_string());
            table.pass(36_000);
            table.send(ana, ClientPacket::Ping);
        }
    }
    assert!(table.waiting.len() < 100, "{} requests wait", table.waiting.len());
    table.store_answers = true;
    table.answer_waiting();
    table.pass(5_000);
    assert_eq!(stored_description(&mut table, "Ana"), "9");
}

#[test]
fn a_server_that_stops_asks_for_everything_however_much_waits() {
    let mut table = Table::new();
    let ana = table.player("Ana");
    table.pass(5_000);
    table.store_answers = false;
    for number in 0..500_u32 {
        describe(&mut table, ana, &number.to_string());
        table.pass(5_000);
        table.send(ana, ClientPacket::Ping);
    }
    table.game.handle(table.now, Input::Shutdown);
    table.settle();
    table.store_answers = true;
    table.answer_waiting();
    assert_eq!(stored_description(&mut table, "Ana"), "499");
}

#[test]
fn who_is_missed_while_the_store_waits_for_what_is_held_was_not_deleted() {
    let mut table = Table::new();
    let ana = table.player("Ana");
    table.pass(5_000);
    let user_id = table.store.by_name("Ana").unwrap().account.user_id;
    table.store_answers = false;
    let miss = |table: &mut Table| {
        describe(table, ana, "maga");
        table.pass(5_000);
        let save = table.take_waiting_save();
        table.refuse_save(save, records::StoreError::UnknownUser(user_id));
        table.settle();
    };
    miss(&mut table);
    table.game.handle(table.now, Input::StoreEmptied);
    // A restore fails; a store that has a name again takes heartbeats meanwhile.
    table.settle();
    table.refuse_waiting();
    for _ in 0..3 {
        table.game.handle(table.now, Input::StoreConfirmed);
        table.pass(5_000);
        let save = table.take_waiting_save();
        table.refuse_save(save, records::StoreError::UnknownUser(user_id));
        table.refuse_waiting();
    }
    assert_eq!(table.closed_as(ana), None);
    table.store_answers = true;
    table.pass(5_000);
    table.game.handle(table.now, Input::StoreConfirmed);
    table.pass(5_000);
    assert_eq!(table.closed_as(ana), None);
    assert_eq!(stored_description(&mut table, "Ana"), "maga");
}

#[test]
fn nobody_takes_the_name_of_who_has_left_and_is_not_yet_written() {
    let mut table = Table::new();
    let ana = table.player("Ana");
    table.pass(5_000);
    table.store_answers = false;
    table.send(ana, ClientPacket::Quit);
    let other = table.connect();
    table.send(other, ClientPacket::ThrowDices);
    table.send(other, form("ANA"));
    assert_eq!(errors(&table.read(other)), [texts::NAME_TAKEN]);
}
