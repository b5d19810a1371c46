//! Bytes and packets that no honest client sends: one connection is closed at most, and no other notices.

use std::time::Instant;

use pyao_core::protocol::client::ClientPacket;
use pyao_core::protocol::gm::GmCommand;
use pyao_simulator::forms::login_packet;
use pyao_tests::bot::{Bot, PATIENCE};
use pyao_tests::process::Server;

use crate::support::{
    LONG, PASSWORD, at_creation, at_login, check, create, hear, last_words, place, read, see, setup,
    shown_place, start,
};

/// Milliseconds that the server asks for a step, and the steps it lets come at once.
const STEP_MS: u128 = 230;
const STEP_BURST: u128 = 4;

/// Sends `bytes` from the game and waits for the close that the log explains with `reason`.
fn expect_close_for(server: &Server, bot: &mut Bot, bytes: &[u8], reason: &str) {
    bot.send_raw(bytes).unwrap();
    bot.expect_closed(LONG).unwrap();
    server.wait_for_log(&format!("reason={reason}"), LONG).unwrap();
}

#[test]
fn an_unknown_packet_closes_that_connection_alone() {
    let server = start();
    let (mut ana, mut beto) = (create(&server, "Ana"), create(&server, "Beto"));
    expect_close_for(&server, &mut ana, &[200, 1, 2, 3], "unknown_packet id=200");
    expect_close_for(&server, &mut at_login(&server), &[130], "unknown_packet id=130");
    check([&mut ana, &mut beto]);
}

#[test]
fn packets_before_an_unknown_one_are_served() {
    let server = start();
    let (mut ana, mut beto) = (create(&server, "Ana"), create(&server, "Beto"));
    let index = see(&mut beto, "Ana");
    let mut bytes = Vec::new();
    ClientPacket::Talk { text: "adiós".into() }.encode(&mut bytes);
    bytes.push(255);
    expect_close_for(&server, &mut ana, &bytes, "unknown_packet id=255");
    hear(&mut beto, index, "adiós");
    check([&mut ana, &mut beto]);
}

#[test]
fn a_text_that_claims_to_be_huge_closes_that_connection_alone() {
    let server = start();
    let (mut ana, mut beto) = (create(&server, "Ana"), create(&server, "Beto"));
    expect_close_for(&server, &mut ana, &[3, 0xFF, 0x7F], "malformed_packet");
    check([&mut ana, &mut beto]);
}

#[test]
fn a_text_of_negative_length_is_empty() {
    let server = start();
    let mut ana = create(&server, "Ana");
    ana.send_raw(&[3, 0xFF, 0xFF]).unwrap();
    ana.sync().unwrap();
    assert!(ana.shadow.chat.is_empty(), "{:?}", ana.shadow.chat);
    check([&mut ana]);
}

#[test]
fn an_unknown_command_of_a_game_master_closes_that_connection_alone() {
    let server = start();
    let known = |number: u8| GmCommand::LAYOUT.iter().any(|command| command.id == number);
    let unknown = (0..=255).find(|&number| !known(number)).unwrap();
    let (mut ana, mut beto) = (create(&server, "Ana"), create(&server, "Beto"));
    expect_close_for(&server, &mut ana, &[122, unknown], "malformed_packet");
    check([&mut ana, &mut beto]);
}

#[test]
fn half_a_login_and_then_silence_is_closed_by_the_handshake_limit() {
    let server = setup().set("limits.handshake_seconds", 3).start().unwrap();
    let mut beto = create(&server, "Beto");
    let mut bytes = Vec::new();
    login_packet("Beto", PASSWORD).encode(&mut bytes);
    let mut ana = at_login(&server);
    expect_close_for(&server, &mut ana, &bytes[..bytes.len() / 2], "handshake_timeout");
    check([&mut ana, &mut beto]);
}

#[test]
fn a_login_sent_one_byte_at_a_time_succeeds() {
    let server = start();
    create(&server, "Ana").quit(LONG).unwrap();
    let mut bytes = Vec::new();
    login_packet("Ana", PASSWORD).encode(&mut bytes);
    let mut ana = at_login(&server);
    for byte in bytes {
        ana.send_raw(&[byte]).unwrap();
    }
    ana.enter_game().unwrap();
    check([&mut ana]);
}

#[test]
fn two_hundred_packets_in_one_write_are_all_served() {
    let server = start();
    let mut ana = create(&server, "Ana");
    ana.shadow.pings = 200;
    ana.send_all(&vec![ClientPacket::Ping; 200]).unwrap();
    ana.wait_for("200 answers", LONG, |shadow| shadow.pings == 0).unwrap();
    check([&mut ana]);
}

#[test]
fn headings_that_do_not_exist_move_and_turn_nobody() {
    let server = start();
    let (mut ana, mut beto) = (create(&server, "Ana"), create(&server, "Beto"));
    let index = see(&mut beto, "Ana");
    let (before, looked) = (place(&mut ana), ana.shadow.own().unwrap().heading);
    for heading in [0, 5, 9, 255] {
        ana.send_all(&[ClientPacket::Walk { heading }, ClientPacket::ChangeHeading { heading }]).unwrap();
    }
    assert_eq!(place(&mut ana), before);
    check([&mut ana, &mut beto]);
    assert_eq!(ana.shadow.own().unwrap().heading, looked);
    let seen = &beto.shadow.characters[&index];
    assert_eq!((before.0, seen.x, seen.y, seen.heading), (before.0, before.1, before.2, looked));
}

#[test]
fn a_runner_is_corrected_and_gets_no_farther_than_a_walker() {
    let setup = setup().set("world.start_positions", vec!["2:80:60", "2:80:62"]);
    let server = setup.start().unwrap();
    let (mut ana, mut beto) = (create(&server, "Ana"), create(&server, "Beto"));
    let index = see(&mut beto, "Ana");
    let (_, start_x, y) = place(&mut ana);
    let packets: Vec<_> = (0..20).filter_map(|_| ana.shadow.predict_walk(4)).collect();
    let started = Instant::now();
    // In one write: nothing can come between.
    ana.send_all(&packets).unwrap();
    let (_, x, _) = place(&mut ana);
    let steps = u128::from(start_x - x);
    let allowed = STEP_BURST + started.elapsed().as_millis() / STEP_MS + 1;
    assert!((1..=allowed).contains(&steps), "{steps} steps, {allowed} allowed");
    assert!(steps < 20, "somebody was this slow: the test shows nothing");
    beto.wait_for("the runner where it truly is", PATIENCE, |shadow| {
        shadow.characters.get(&index).is_some_and(|seen| (seen.x, seen.y) == (x, y))
    })
    .unwrap();
    check([&mut ana, &mut beto]);
}

#[test]
fn a_step_into_a_wall_is_corrected() {
    // The town wall stands in row 23.
    let server = setup().set("world.start_positions", vec!["1:40:24"]).start().unwrap();
    let mut ana = create(&server, "Ana");
    let before = place(&mut ana);
    assert_eq!(before, (1, 40, 24));
    ana.walk(1).unwrap();
    assert_eq!(shown_place(&ana), (1, 40, 23), "the client has no map here and steps ahead");
    ana.sync().unwrap();
    assert_eq!(shown_place(&ana), before);
    check([&mut ana]);
}

#[test]
fn markup_never_reaches_another_players_console() {
    let setup = setup().set("world.start_positions", vec!["1:60:60", "2:80:60"]);
    let server = setup.start().unwrap();
    let (mut ana, mut beto) = (create(&server, "Ana"), create(&server, "Beto"));
    let text = "[url=file:///etc/passwd]oro[/url]\u{1}\n[b]".to_string();
    ana.send(&ClientPacket::Whisper { target_name: "BETO".into(), text: text.clone() }).unwrap();
    read(&mut beto, "Ana te susurra: (url=file:///etc/passwd]oro(/url](b]");
    ana.send(&ClientPacket::ChangeDescription { text }).unwrap();
    let (_, x, y) = place(&mut ana);
    ana.send(&ClientPacket::LeftClick { x, y }).unwrap();
    read(&mut ana, "Ana - (url=file");
    for bot in [&ana, &beto] {
        let marked = |text: &str| text.contains('[') || text.contains(char::is_control);
        assert!(!bot.shadow.console.iter().any(|line| marked(&line.text)), "{:?}", bot.shadow.console);
    }
    check([&mut ana, &mut beto]);
}

#[test]
fn a_wrong_version_of_the_client_is_told_so() {
    let server = start();
    let mut ana = at_login(&server);
    let (username, password) = ("Ana".to_string(), PASSWORD.to_string());
    let login =
        ClientPacket::LoginExistingChar { username, password, ver_major: 0, ver_minor: 12, ver_rev: 9 };
    ana.send(&login).unwrap();
    assert!(last_words(&mut ana).contains("0.13.0"));
    let mut beto = at_creation(&server);
    check([&mut ana]);
    beto.throw_dice().unwrap();
}
