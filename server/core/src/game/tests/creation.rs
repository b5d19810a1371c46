//! Creating a character.

use super::*;
use crate::base::ids::MapId;

/// Changes one field of a good form.
fn form_with(change: impl Fn(&mut CreationFields)) -> ClientPacket {
    let mut fields = CreationFields::default();
    change(&mut fields);
    ClientPacket::LoginNewChar {
        username: fields.name.into(),
        password: fields.password.into(),
        ver_major: 0,
        ver_minor: 13,
        ver_rev: fields.revision,
        race: fields.race,
        gender: fields.gender,
        class: fields.class,
        head: fields.head,
        email: fields.email.into(),
        home: fields.home,
    }
}

struct CreationFields {
    name: &'static str,
    password: &'static str,
    revision: u8,
    race: u8,
    gender: u8,
    class: u8,
    head: i16,
    email: &'static str,
    home: u8,
}

impl Default for CreationFields {
    fn default() -> Self {
        Self {
            name: "Ana",
            password: "secret1",
            revision: 0,
            race: 1,
            gender: 1,
            class: 3,
            head: 10,
            email: "ana@example.org",
            home: 1,
        }
    }
}

#[test]
fn every_wrong_field_is_refused_with_its_text_and_the_form_stays_open() {
    let cases: [(ClientPacket, &str); 13] = [
        (form_with(|form| form.revision = 1), texts::WRONG_VERSION),
        (form_with(|form| form.name = "A"), texts::INVALID_NAME),
        (form_with(|form| form.name = "ana\u{7}"), texts::INVALID_NAME),
        (form_with(|form| form.password = "short"), texts::INVALID_PASSWORD),
        (form_with(|form| form.password = "1234567890123456"), texts::INVALID_PASSWORD),
        (form_with(|form| form.password = "clave:12"), texts::INVALID_PASSWORD),
        (form_with(|form| form.email = "nowhere"), texts::INVALID_EMAIL),
        (form_with(|form| form.race = 6), texts::INVALID_RACE),
        (form_with(|form| form.gender = 0), texts::INVALID_GENDER),
        (form_with(|form| form.class = 13), texts::INVALID_CLASS),
        (form_with(|form| form.home = 7), texts::INVALID_HOME),
        (form_with(|form| form.head = 41), texts::INVALID_HEAD),
        (form_with(|form| form.head = -1), texts::INVALID_HEAD),
    ];
    let mut table = Table::with(Settings { logins_per_minute_per_ip: 0, ..Settings::default() });
    let connection = table.connect();
    table.send(connection, ClientPacket::ThrowDices);
    for (packet, text) in cases {
        let answer = table.ask(connection, packet);
        assert_eq!(errors(&answer), [text]);
        assert_eq!(answer.len(), 1, "nothing but the error");
    }
    let answer = table.ask(connection, form_with(|_| ()));
    assert!(names(&answer).contains(&"Logged"), "the corrected form is taken on the same connection");
    assert!(table.closed.is_empty());
}

#[test]
fn forbidden_names_and_missing_dice_are_refused() {
    let mut table = Table::new();
    let connection = table.connect();
    assert_eq!(errors(&table.ask(connection, form("Ana"))), [texts::DICE_NOT_THROWN]);
    let word = table.game.play.world.content().forbidden_names()[0].clone();
    let name: String = format!("El{word}").chars().take(15).collect();
    table.send(connection, ClientPacket::ThrowDices);
    assert_eq!(errors(&table.ask(connection, form(&name))), [texts::FORBIDDEN_NAME]);
}

#[test]
fn a_name_is_taken_whatever_its_case_and_whether_its_owner_is_there() {
    let mut table = Table::new();
    let ana = table.player("Ana");
    let other = table.connect();
    table.send(other, ClientPacket::ThrowDices);
    assert_eq!(errors(&table.ask(other, form("ANA"))), [texts::NAME_TAKEN]);
    table.send(ana, ClientPacket::Quit);
    assert_eq!(errors(&table.ask(other, form("aNa"))), [texts::NAME_TAKEN]);
    assert_eq!(table.closed_as(other), None);
}

#[test]
fn a_roll_is_shown_60_ms_after_its_throw_and_one_waits_at_a_time() {
    let mut table = Table::new();
    let connection = table.connect();
    table.send(connection, ClientPacket::ThrowDices);
    table.pass(30);
    (0..50).for_each(|_| table.send(connection, ClientPacket::ThrowDices));
    table.pass(29);
    assert!(table.read(connection).is_empty(), "59 ms");
    table.pass(1);
    assert_eq!(names(&table.read(connection)), ["DiceRoll"]);
    table.pass(1_000);
    assert!(table.read(connection).is_empty(), "the other throws were answered by that roll");
    table.send(connection, ClientPacket::ThrowDices);
    table.pass(60);
    assert_eq!(names(&table.read(connection)), ["DiceRoll"]);
}

#[test]
fn the_dice_that_were_shown_are_the_ones_that_count() {
    let mut table = Table::new();
    let connection = table.connect();
    table.send(connection, ClientPacket::ThrowDices);
    table.pass(60);
    table.read(connection);
    table.send(connection, ClientPacket::ThrowDices);
    table.pass(60);
    let shown = table.read(connection);
    let ServerPacket::DiceRoll { strength, agility, intelligence, charisma, constitution } = shown[0] else {
        panic!("{shown:?}")
    };
    table.pass(60);
    // This roll is not seen in time.
    table.send(connection, ClientPacket::ThrowDices);
    table.send(connection, form("Ana"));
    let answer = table.ask(connection, ClientPacket::RequestAtributes);
    let expected = ServerPacket::Atributes {
        strength: strength + 1,
        agility: agility + 1,
        intelligence,
        charisma,
        constitution: constitution + 2,
    };
    assert_eq!(answer, [expected], "human: +1 +1 0 0 +2");
}

#[test]
fn a_creation_holds_a_waiting_roll_back_and_a_refusal_lets_it_go() {
    let mut table = Table::with(Settings { logins_per_minute_per_ip: 0, ..Settings::default() });
    let connection = table.connect();
    table.send(connection, ClientPacket::ThrowDices);
    table.store_answers = false;
    table.send(connection, form("Ana"));
    table.pass(1_000);
    assert!(table.read(connection).is_empty(), "the burst may come at any time");
    table.refuse_waiting();
    assert_eq!(names(&table.read(connection)), ["ErrorMsg"]);
    table.pass(60);
    assert_eq!(names(&table.read(connection)), ["DiceRoll"]);
    table.store_answers = true;
    table.pass(60);
    table.send(connection, ClientPacket::ThrowDices);
    table.send(connection, form("Ana"));
    let burst = table.read(connection);
    assert_eq!(burst[0].name(), "Logged");
    table.pass(1_000);
    assert!(!names(&table.read(connection)).contains(&"DiceRoll"), "the game screen cannot read a roll");
}

#[test]
fn no_character_enters_within_60_ms_after_a_roll() {
    let mut table = Table::new();
    let connection = table.connect();
    table.send(connection, ClientPacket::ThrowDices);
    table.pass(60);
    table.send(connection, form("Ana"));
    table.pass(59);
    assert_eq!(names(&table.read(connection)), ["DiceRoll"]);
    table.pass(1);
    assert_eq!(table.read(connection)[0].name(), "Logged");
}

#[test]
fn the_burst_comes_in_the_order_the_client_needs() {
    let mut table = Table::new();
    let connection = table.connect();
    table.send(connection, ClientPacket::ThrowDices);
    let burst = table.ask(connection, form("Ana"));
    let first = names(&burst);
    let fixed = [
        "Logged",
        "UserIndexInServer",
        "ChangeMap",
        "CharacterCreate",
        "UserCharIndexInServer",
        "UpdateUserStats",
        "UpdateHungerAndThirst",
        "UpdateStrenghtAndDexterity",
        "LevelUp",
        "ChangeInventorySlot",
    ];
    assert_eq!(first[..fixed.len()], fixed);
    let place =
        |name: &str| first.iter().position(|packet| *packet == name).unwrap_or_else(|| panic!("no {name}"));
    let last = |name: &str| first.iter().rposition(|packet| *packet == name).unwrap();
    assert!(last("ChangeInventorySlot") < place("ChangeSpellSlot"));
    assert!(place("ChangeSpellSlot") < last("CharacterCreate"));
    assert!(last("CharacterCreate") < place("MultiMessage"));
    assert!(place("MultiMessage") < place("ConsoleMsg"));
    assert_eq!(first.iter().filter(|packet| **packet == "ChangeInventorySlot").count(), 6);
    assert_eq!(table.position("Ana"), table.game.play.world.content().city(1));
}

#[test]
fn start_positions_are_used_in_turn() {
    let starts =
        vec![Position { map: MapId::new(2), x: 50, y: 50 }, Position { map: MapId::new(5), x: 50, y: 50 }];
    let mut table = Table::with(Settings { start_positions: starts, ..Settings::default() });
    for (name, map) in [("Ana", 2), ("Bea", 5), ("Cora", 2)] {
        table.player(name);
        assert_eq!(table.position(name).map.get(), map);
    }
}

#[test]
fn while_the_store_is_away_nobody_is_told_of_a_character() {
    let mut table = Table::new();
    let connection = table.connect();
    table.send(connection, ClientPacket::ThrowDices);
    table.read(connection);
    table.store_answers = false;
    assert!(table.ask(connection, form("Ana")).is_empty());
    let Some(Request::CreateAccount { ticket, .. }) = table.waiting.pop() else {
        panic!("no creation was asked for")
    };
    let away = records::StoreError::Unavailable("test".into());
    let reply = Reply::Created { ticket, result: Err(away.into()) };
    table.game.handle(table.now, Input::Store(reply));
    assert_eq!(errors(&table.read(connection)), [texts::STORE_AWAY]);
}

#[test]
fn an_address_creates_twenty_characters_a_day() {
    let mut table = Table::with(Settings { logins_per_minute_per_ip: 0, ..Settings::default() });
    let name = |number: u8| format!("Bot{}", char::from(b'a' + number));
    for number in 0..20 {
        let bot = table.player(&name(number));
        table.send(bot, ClientPacket::Quit);
    }
    let connection = table.connect();
    table.send(connection, ClientPacket::ThrowDices);
    assert_eq!(errors(&table.ask(connection, form("Tarde"))), [texts::TOO_MANY_CREATIONS]);
    assert_eq!(table.closed_as(connection), None, "the form stays open");
    let raised = Settings { creations_per_day_per_ip: 21, ..table.game.play.settings.clone() };
    table.game.handle(table.now, Input::Settings(Box::new(raised)));
    assert_eq!(errors(&table.ask(connection, form(&name(3)))), [texts::NAME_TAKEN]);
    assert!(names(&table.ask(connection, form("Tarde"))).contains(&"Logged"), "a refused name did not count");
    let other = table.connect();
    table.send(other, ClientPacket::ThrowDices);
    assert_eq!(errors(&table.ask(other, form("Mas"))), [texts::TOO_MANY_CREATIONS]);
    let idle_ms = Settings { idle_ms: 0, ..table.game.play.settings.clone() };
    table.game.handle(table.now, Input::Settings(Box::new(idle_ms)));
    table.pass(86_400_000);
    assert!(names(&table.ask(other, form("Mas"))).contains(&"Logged"), "the next day");
}
