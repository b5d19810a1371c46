//! Creations and logins that are refused: names, passwords, forms, and too many tries.

use pyao_core::game::texts;
use pyao_core::protocol::client::ClientPacket;
use pyao_simulator::forms::{NewCharacter, login_packet};
use pyao_tests::bot::Bot;

use crate::support::{
    LONG, PASSWORD, answer_to_creation, at_creation, at_login, check, create, last_words, login, setup,
    start, try_to_create,
};

fn named(name: &str) -> NewCharacter {
    NewCharacter::named(name, PASSWORD)
}

#[test]
fn names_that_nobody_may_have_are_refused_and_the_form_stays_open() {
    let server = start();
    let mut ana = create(&server, "Ana");
    let long = "a".repeat(200);
    let invalid = [
        "",
        "a",
        "ab",
        &long,
        "abcdefghijklmnop",
        "ana\u{1}",
        "\u{0}\u{0}\u{0}",
        "ana\n",
        "ana\u{7f}",
        "9ana",
        " ana",
        "ana ",
        "ana  maría",
        "maría",
        "ana_x",
        "[b]ana",
        "ana+x",
        "../ana",
    ];
    let forbidden = ["Servidor", "xHITLERx", "gamemaster1"];
    let taken = ["Ana", "ana", "ANA", "aNA"];
    let refusals = invalid.map(|name| (name, texts::INVALID_NAME)).into_iter();
    let refusals = refusals.chain(forbidden.map(|name| (name, texts::FORBIDDEN_NAME)));
    let mut bot = at_creation(&server);
    for (name, text) in refusals.chain(taken.map(|name| (name, texts::NAME_TAKEN))) {
        assert_eq!(try_to_create(&mut bot, &named(name)).as_deref(), Some(text), "{name:?}");
    }
    assert_eq!(try_to_create(&mut bot, &named("Ana Maria")), None, "the form still serves");
    check([&mut ana, &mut bot]);
}

#[test]
fn a_name_is_taken_while_its_owner_is_away() {
    let server = start();
    create(&server, "Ana").quit(LONG).unwrap();
    let mut bot = at_creation(&server);
    assert_eq!(try_to_create(&mut bot, &named("aNa")).as_deref(), Some(texts::NAME_TAKEN));
    bot.check().unwrap();
}

#[test]
fn forms_that_no_screen_makes_are_refused_with_their_reason() {
    let server = start();
    let good = named("Ana");
    let cases = [
        (NewCharacter { password: "corta".into(), ..good.clone() }, texts::INVALID_PASSWORD),
        (NewCharacter { password: "demasiado-larga-es".into(), ..good.clone() }, texts::INVALID_PASSWORD),
        (NewCharacter { race: 0, ..good.clone() }, texts::INVALID_RACE),
        (NewCharacter { race: 6, ..good.clone() }, texts::INVALID_RACE),
        (NewCharacter { gender: 3, ..good.clone() }, texts::INVALID_GENDER),
        (NewCharacter { class: 0, ..good.clone() }, texts::INVALID_CLASS),
        (NewCharacter { class: 255, ..good.clone() }, texts::INVALID_CLASS),
        (NewCharacter { head: -1, ..good.clone() }, texts::INVALID_HEAD),
        (NewCharacter { head: 32_767, ..good.clone() }, texts::INVALID_HEAD),
        (NewCharacter { home: 0, ..good.clone() }, texts::INVALID_HOME),
        (NewCharacter { home: 200, ..good.clone() }, texts::INVALID_HOME),
        (NewCharacter { email: "nadie".into(), ..good.clone() }, texts::INVALID_EMAIL),
    ];
    let mut bot = at_creation(&server);
    for (form, text) in cases {
        assert_eq!(try_to_create(&mut bot, &form).as_deref(), Some(text), "{form:?}");
    }
    assert_eq!(try_to_create(&mut bot, &good), None);
    check([&mut bot]);
}

#[test]
fn a_creation_without_dice_is_refused() {
    let server = start();
    let mut bot = Bot::connect(server.address(), pyao_simulator::shadow::Screen::Creation).unwrap();
    assert_eq!(try_to_create(&mut bot, &named("Ana")).as_deref(), Some(texts::DICE_NOT_THROWN));
    bot.check().unwrap();
}

#[test]
fn of_a_hundred_creations_of_one_name_at_once_exactly_one_wins() {
    let server = start();
    let mut bots: Vec<Bot> = (0..100).map(|_| at_creation(&server)).collect();
    for (number, bot) in bots.iter_mut().enumerate() {
        let name = if number % 2 == 0 { "Unica" } else { "UNICA" };
        bot.send(&named(name).packet()).unwrap();
    }
    let answers: Vec<_> = bots.iter_mut().map(answer_to_creation).collect();
    assert_eq!(answers.iter().filter(|answer| answer.is_none()).count(), 1);
    assert!(answers.iter().flatten().all(|text| text == texts::NAME_TAKEN), "{answers:?}");
    let (mut winners, mut losers): (Vec<_>, Vec<_>) =
        bots.into_iter().zip(answers).partition(|(_, answer)| answer.is_none());
    for (loser, _) in &mut losers {
        loser.throw_dice().unwrap();
        loser.check().unwrap();
    }
    check(winners.iter_mut().map(|(winner, _)| winner));
}

#[test]
fn unknown_names_and_wrong_passwords_read_the_same_answer() {
    let server = start();
    create(&server, "Ana").quit(LONG).unwrap();
    let long = "x".repeat(4_000);
    for (name, password) in [
        ("Ana", "otra-cosa"),
        ("Nadie", PASSWORD),
        ("", ""),
        ("\u{0}", "\u{0}"),
        (&long, PASSWORD),
        ("Ana", &long),
    ] {
        let mut bot = at_login(&server);
        bot.send(&login_packet(name, password)).unwrap();
        assert_eq!(last_words(&mut bot), texts::WRONG_CREDENTIALS, "{:.10}", name);
        bot.check().unwrap();
    }
    check([&mut login(&server, "aNA")]);
}

#[test]
fn whoever_guesses_passwords_is_told_to_wait() {
    let server = setup().set("limits.logins_per_minute_per_ip", 20).start().unwrap();
    let mut ana = create(&server, "Ana");
    let mut answers = Vec::new();
    // A slow machine gives tries back while it runs: it takes a few more there. Each guess is at another name: after
    // five at one the answers come so late that the limit gives as many tries back.
    while answers.last().is_none_or(|last| last != texts::TOO_MANY_ATTEMPTS) {
        let mut bot = at_login(&server);
        bot.send(&login_packet(&format!("Ana{}", answers.len()), "adivinada")).unwrap();
        answers.push(last_words(&mut bot));
        bot.check().unwrap();
        assert!(answers.len() < 1_000, "no limit");
    }
    // The creation was the first of the twenty.
    assert!(answers.len() >= 20, "{answers:?}");
    assert!(answers[..answers.len() - 1].iter().all(|text| text == texts::WRONG_CREDENTIALS), "{answers:?}");
    check([&mut ana]);
}

#[test]
fn a_changed_password_is_the_only_one_that_opens() {
    let server = start();
    let mut ana = create(&server, "Ana");
    let change = |current: &str, new: &str| ClientPacket::ChangePassword {
        current_password: current.into(),
        new_password: new.into(),
    };
    ana.send(&change("equivocada", "nueva-clave")).unwrap();
    crate::support::read(&mut ana, texts::WRONG_PASSWORD);
    ana.send(&change(PASSWORD, "nueva-clave")).unwrap();
    crate::support::read(&mut ana, texts::PASSWORD_CHANGED);
    check([&mut ana]);
    ana.quit(LONG).unwrap();
    let mut old = at_login(&server);
    old.send(&login_packet("Ana", PASSWORD)).unwrap();
    assert_eq!(last_words(&mut old), texts::WRONG_CREDENTIALS);
    let mut ana = Bot::login(server.address(), "Ana", "nueva-clave").unwrap();
    check([&mut ana]);
}
