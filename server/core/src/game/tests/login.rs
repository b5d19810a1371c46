//! Logging in, and being replaced.

use super::*;

#[test]
fn attempts_that_wait_for_an_answer_are_bounded_even_when_their_connections_have_gone() {
    let mut table = Table::with(Settings { logins_per_minute_per_ip: 0, ..Settings::default() });
    table.store_answers = false;
    for _ in 0..durable::pending::ATTEMPTS_MAX {
        let connection = table.connect();
        assert!(table.ask(connection, login("Ana", "secret1")).is_empty());
        table.lose(connection);
    }
    let connection = table.connect();
    assert_eq!(errors(&table.ask(connection, login("Ana", "secret1"))), [texts::BUSY]);
    table.store_answers = true;
    table.settle();
    table.player("Ana");
}

#[test]
fn what_the_game_writes_by_itself_keeps_nobody_out() {
    let mut table = Table::with(Settings { logins_per_minute_per_ip: 0, ..Settings::default() });
    table.player("Ana");
    table.pass(5_000);
    for _ in 0..durable::pending::ATTEMPTS_MAX {
        table.game.durable.pending.add(durable::pending::Pending::Sessions);
        table.game.durable.saving.asked();
    }
    let connection = table.connect();
    table.send(connection, login("Ana", "secret1"));
    assert_eq!(table.closed_as(connection), None);
    assert_eq!(table.game.online(), 1);
}

#[test]
fn unknown_names_and_wrong_passwords_answer_alike_and_close() {
    let mut table = Table::new();
    table.player("Ana");
    for packet in [login("Ana", "wrong"), login("Nobody", "secret1"), login("\u{1}", "x"), login("", "")] {
        let connection = table.connect();
        let answer = table.ask(connection, packet);
        assert_eq!(errors(&answer), [texts::WRONG_CREDENTIALS]);
        assert_eq!(answer.len(), 1, "nothing but the error may be sent before the verdict");
        assert_eq!(table.closed_as(connection), Some(CloseReason::LoginRefused));
    }
}

#[test]
fn another_version_is_refused() {
    let mut table = Table::new();
    let connection = table.connect();
    let packet = ClientPacket::LoginExistingChar {
        username: "Ana".into(),
        password: "secret1".into(),
        ver_major: 0,
        ver_minor: 12,
        ver_rev: 0,
    };
    assert_eq!(errors(&table.ask(connection, packet)), [texts::WRONG_VERSION]);
}

#[test]
fn an_address_that_tries_too_often_waits_a_minute() {
    let mut table = Table::new();
    let answers: Vec<String> = (0..25)
        .map(|number| {
            let connection = table.connect();
            errors(&table.ask(connection, login(&format!("Ana{number}"), "guess")))[0].clone()
        })
        .collect();
    assert!(answers[..20].iter().all(|text| text == texts::WRONG_CREDENTIALS));
    assert!(answers[20..].iter().all(|text| text == texts::TOO_MANY_ATTEMPTS));
    table.pass(60_000);
    let connection = table.connect();
    assert_eq!(errors(&table.ask(connection, login("Ana", "guess"))), [texts::WRONG_CREDENTIALS]);
}

#[test]
fn a_login_comes_back_to_where_the_character_stood() {
    let mut table = Table::new();
    let ana = table.player("Ana");
    table.walk(ana, 4, 2);
    let left_at = table.position("Ana");
    table.send(ana, ClientPacket::Quit);
    assert_eq!(table.closed_as(ana), Some(CloseReason::Quit));
    assert_eq!(table.game.online(), 0);
    let again = table.connect();
    table.send(again, login("ana", "secret1"));
    assert_eq!(table.position("Ana"), left_at);
}

#[test]
fn a_second_login_takes_the_character_over_in_place() {
    let mut table = Table::new();
    let first = table.player("Ana");
    let witness = table.player("Bea");
    let place = table.position("Ana");
    table.read(witness);
    let second = table.connect();
    let burst = table.ask(second, login("ANA", "secret1"));
    assert!(names(&burst).starts_with(&["Logged"]));
    assert_eq!(errors(&table.read(first)), [texts::of_close(CloseReason::Replaced).unwrap()]);
    assert_eq!(table.closed_as(first), Some(CloseReason::Replaced));
    assert_eq!(table.position("Ana"), place);
    assert!(table.read(witness).is_empty(), "bystanders see nothing of it");
    assert_eq!(table.game.online(), 2);
    table.lose(first);
    assert_eq!(table.game.online(), 2, "the old connection's end is nobody's business any more");
}

#[test]
fn a_login_while_the_last_save_is_on_its_way_finds_the_newest_state() {
    let mut table = Table::new();
    let ana = table.player("Ana");
    table.pass(6_000);
    table.walk(ana, 4, 3);
    let left_at = table.position("Ana");
    table.store_answers = false;
    table.send(ana, ClientPacket::Quit);
    let again = table.connect();
    table.send(again, login("Ana", "secret1"));
    assert_eq!(table.game.online(), 0, "the store has not answered");
    // The loads come back as if they had overtaken the save: older than what has just left.
    let old = table.store.by_name("Ana").unwrap();
    for _ in 0..3 {
        let asked =
            |request: &Request| matches!(request, Request::LoadAccount { .. } | Request::OpenSession { .. });
        let place = table.waiting.iter().position(asked).unwrap();
        let reply = match table.waiting.remove(place) {
            Request::LoadAccount { ticket, .. } => {
                Reply::Account { ticket, result: Ok(Some(Box::new(old.clone()))) }
            }
            claim => table.store.carry_out(claim),
        };
        table.game.handle(table.now, Input::Store(reply));
        table.settle();
    }
    assert_ne!(old.character.position.x, left_at.x);
    assert_eq!(table.position("Ana"), left_at);
}

#[test]
fn packets_before_login_other_than_its_own_close_the_connection() {
    let mut table = Table::new();
    let connection = table.connect();
    table.send(connection, ClientPacket::Walk { heading: 1 });
    assert_eq!(table.closed_as(connection), Some(CloseReason::OutOfOrder));
    assert!(table.read(connection).is_empty());
}

#[test]
fn silence_before_the_first_packet_and_long_silence_after_it_end_a_connection() {
    let mut table = Table::new();
    let silent = table.connect();
    let dicing = table.connect();
    table.send(dicing, ClientPacket::ThrowDices);
    table.pass(30_000);
    assert_eq!(table.closed_as(silent), Some(CloseReason::HandshakeTimeout));
    assert_eq!(table.closed_as(dicing), None, "the creation screen may stay open for minutes");
    table.pass(5 * 60_000);
    assert_eq!(table.closed_as(dicing), Some(CloseReason::Idle));
}

#[test]
fn an_idle_player_is_told_saved_and_taken_out() {
    let mut table = Table::new();
    let ana = table.player("Ana");
    table.pass(4 * 60_000);
    table.send(ana, ClientPacket::Ping);
    table.pass(4 * 60_000);
    assert_eq!(table.game.online(), 1, "a packet starts the time anew");
    table.read(ana);
    table.pass(60_001);
    assert_eq!(errors(&table.read(ana)), [texts::of_close(CloseReason::Idle).unwrap()]);
    assert_eq!(table.game.players().len(), 0);
}

#[test]
fn a_password_changes_only_with_the_old_one_and_counts_from_then_on() {
    let mut table = Table::new();
    let ana = table.player("Ana");
    let change = |current: &str, new: &str| ClientPacket::ChangePassword {
        current_password: current.into(),
        new_password: new.into(),
    };
    assert_eq!(console(&table.ask(ana, change("wrong", "another1"))), [texts::WRONG_PASSWORD]);
    assert_eq!(console(&table.ask(ana, change("secret1", "x"))), [texts::INVALID_PASSWORD]);
    for untypeable in ["clave/12", "clave,12", "clave\\12", "clave ñ1", "clave12 "] {
        assert_eq!(console(&table.ask(ana, change("secret1", untypeable))), [texts::INVALID_PASSWORD]);
    }
    assert_eq!(console(&table.ask(ana, change("secret1", "another1"))), [texts::PASSWORD_CHANGED]);
    table.send(ana, ClientPacket::Quit);
    let old = table.connect();
    assert_eq!(errors(&table.ask(old, login("Ana", "secret1"))), [texts::WRONG_CREDENTIALS]);
    let new = table.connect();
    assert!(names(&table.ask(new, login("Ana", "another1"))).contains(&"Logged"));
}
