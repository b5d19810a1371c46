//! Connections that come, stay silent, go away or do not read, and are not noticed by the others.

use std::io::{ErrorKind, Read};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use pyao_core::game::texts;
use pyao_core::protocol::client::ClientPacket;
use pyao_server::net::raise_limit;
use pyao_simulator::forms::{NewCharacter, login_packet};
use pyao_simulator::shadow::Screen;
use pyao_tests::bot::Bot;
use pyao_tests::process::Server;

use crate::FILES;
use crate::support::{
    LONG, PASSWORD, at_creation, at_login, check, create, last_words, login, lose_sight, place, read, see,
    setup, start, wait_until,
};

/// Sockets of the crowd that never speaks.
const CROWD: usize = 2_000;
const MOMENT: Duration = Duration::from_millis(1);
const LITTLE_WHILE: Duration = Duration::from_millis(200);

fn drop_closed(crowd: &mut Vec<TcpStream>) {
    crowd.retain_mut(|socket| match socket.read(&mut [0; 64]) {
        Ok(0) => false,
        Ok(_) => panic!("a client that never spoke was told something"),
        Err(error) if error.kind() == ErrorKind::WouldBlock => true,
        Err(_) => false,
    });
}

#[test]
fn a_crowd_that_never_speaks_is_closed_while_a_player_plays_on() {
    if raise_limit(FILES) < FILES {
        println!("skipped: the system allows too few open files");
        return;
    }
    let setup = setup().set("server.max_connections", 3_000).set("limits.handshake_seconds", 3);
    let server = setup.start().unwrap();
    let mut ana = create(&server, "Ana");
    let started = Instant::now();
    let mut crowd = Vec::new();
    for _ in 0..CROWD {
        let socket = TcpStream::connect(server.address()).unwrap();
        socket.set_nonblocking(true).unwrap();
        crowd.push(socket);
    }
    wait_until("the end of the crowd", || {
        ana.sync().unwrap();
        drop_closed(&mut crowd);
        crowd.is_empty()
    });
    let expected = format!("pyao_closes_total{{reason=\"handshake_timeout\"}} {CROWD}\n");
    wait_until("2,000 time-outs in the metrics", || {
        server.request("GET", "/metrics").unwrap().contains(&expected)
    });
    let seconds = started.elapsed().as_secs();
    let lines = server.log().matches("reason=handshake_timeout").count();
    // Ten in a second that have a line of their own, and one for all others.
    let lines_max = usize::try_from(11 * (seconds + 2)).unwrap();
    assert!(lines <= lines_max, "{lines} lines for a crowd of {CROWD} in {seconds} s");
    check([&mut ana]);
}

#[test]
fn a_client_that_never_reads_is_closed_and_the_others_are_not() {
    let server = setup().set("limits.packets_per_second", 100_000).start().unwrap();
    // Little room, so that it is soon full.
    let mut deaf = Bot::connect_narrow(server.address(), Screen::Creation, 4_096).unwrap();
    deaf.throw_dice().unwrap();
    deaf.send(&NewCharacter::named("Sorda", PASSWORD).packet()).unwrap();
    deaf.enter_game().unwrap();
    let mut noisy = [create(&server, "Ana"), create(&server, "Beto")];
    for bot in &mut noisy {
        see(bot, "Sorda");
    }
    let noise = vec![ClientPacket::Talk { text: "ruido ".repeat(40) }; 100];
    wait_until("the end of the deaf one", || {
        for bot in &mut noisy {
            bot.send_all(&noise).unwrap();
            bot.sync().unwrap();
            bot.shadow.chat.clear();
        }
        server.log().contains("reason=output_overflow")
    });
    for bot in &mut noisy {
        lose_sight(bot, "Sorda");
    }
    check(&mut noisy);
    drop(deaf);
}

#[test]
fn the_one_too_many_is_told_so_and_a_place_becomes_free_again() {
    let server = setup().set("server.max_connections", 2).start().unwrap();
    let (mut ana, mut beto) = (create(&server, "Ana"), create(&server, "Beto"));
    let mut caro = at_login(&server);
    assert!(last_words(&mut caro).contains("completo"));
    ana.quit(LONG).unwrap();
    server.wait_for_log("reason=quit", LONG).unwrap();
    let mut caro = create(&server, "Caro");
    check([&mut ana, &mut beto, &mut caro]);
}

#[test]
fn an_address_has_no_more_connections_than_it_may() {
    let server = setup().set("limits.connections_per_ip", 3).start().unwrap();
    let (mut ana, mut beto, mut dani) =
        (create(&server, "Ana"), create(&server, "Beto"), at_creation(&server));
    let mut caro = at_login(&server);
    assert!(last_words(&mut caro).contains("desde tu dirección"));
    dani.throw_dice().unwrap();
    dani.hang_up().unwrap();
    server.wait_for_log("reason=lost_socket", LONG).unwrap();
    let mut caro = create(&server, "Caro");
    check([&mut ana, &mut beto, &mut caro]);
}

#[test]
fn a_player_who_does_nothing_for_a_minute_is_told_and_leaves_the_world() {
    let server = setup().set("limits.idle_minutes", 1).start().unwrap();
    let (mut ana, mut beto, mut caro) =
        (create(&server, "Ana"), create(&server, "Beto"), create(&server, "Caro"));
    // Half a packet is nothing done.
    beto.send_raw(&[3, 100, 0, b'h']).unwrap();
    for name in ["Ana", "Beto"] {
        see(&mut caro, name);
    }
    let end = Instant::now() + 2 * LONG;
    while !(ana.is_closed() && beto.is_closed()) {
        assert!(Instant::now() < end, "nobody is idle");
        place(&mut caro);
        for bot in [&mut ana, &mut beto, &mut caro] {
            bot.pump(LITTLE_WHILE).unwrap();
        }
    }
    for bot in [&mut ana, &mut beto] {
        assert!(last_words(bot).contains("inactividad"), "{:?}", bot.shadow.errors);
    }
    for name in ["Ana", "Beto"] {
        lose_sight(&mut caro, name);
    }
    check([&mut ana, &mut beto, &mut caro]);
}

#[test]
fn outside_a_safe_place_a_lost_socket_leaves_the_character_to_be_taken_over() {
    let setup = setup().set("world.start_positions", vec!["2:80:60", "2:80:62"]);
    let server = setup.start().unwrap();
    let (mut ana, mut beto) = (create(&server, "Ana"), create(&server, "Beto"));
    let (index, left_at) = (see(&mut beto, "Ana"), place(&mut ana));
    check([&mut ana]);
    drop(ana);
    server.wait_for_log("connection lost: name=\"Ana\"", LONG).unwrap();
    let click = ClientPacket::LeftClick { x: left_at.1, y: left_at.2 };
    beto.send(&click).unwrap();
    read(&mut beto, "(desconectado)");

    let mut ana = login(&server, "Ana");
    assert_eq!(place(&mut ana), left_at);
    beto.sync().unwrap();
    assert_eq!(beto.shadow.find("Ana"), Some(index), "the same character");
    assert_eq!(beto.shadow.received.count("CharacterRemove"), 0, "she never left");
    check([&mut ana, &mut beto]);
}

#[test]
fn a_character_whose_socket_was_lost_is_found_in_place_after_a_crash() {
    let setup = setup().set("world.start_positions", vec!["2:80:60"]);
    let mut server = setup.start().unwrap();
    let mut ana = create(&server, "Ana");
    let started_at = place(&mut ana);
    for heading in [2, 3] {
        ana.walk(heading).unwrap();
        ana.sync().unwrap();
    }
    let left_at = place(&mut ana);
    assert_ne!(left_at, started_at);
    let requests = || server.metric("pyao_store_requests_total").unwrap();
    let before = requests();
    check([&mut ana]);
    drop(ana);
    server.wait_for_log("connection lost: name=\"Ana\"", LONG).unwrap();
    // The save and the session; the ops port tells of them once the store has been asked.
    wait_until("a save", || requests() >= before + 2);
    wait_until("an answer", || server.metric("pyao_store_requests_waiting").unwrap() == 0);
    server.kill().unwrap();
    let server = setup.start().unwrap();
    let mut ana = login(&server, "Ana");
    assert_eq!(place(&mut ana), left_at);
    check([&mut ana]);
}

#[test]
fn of_one_address_so_many_absent_characters_stay_and_the_ops_port_counts_them() {
    let setup = setup().set("world.start_positions", vec!["2:80:60"]);
    let server = setup.set("limits.absent_characters_per_ip", 2).start().unwrap();
    let gauge = |name: &str| server.metric(name).unwrap();
    let free = gauge("pyao_character_numbers_free");
    let names = ["Ana", "Beto", "Caro"];
    for name in names {
        drop(create(&server, name));
        server.wait_for_log(&format!("connection lost: name={name:?}"), LONG).unwrap();
    }
    assert_eq!((gauge("pyao_players"), gauge("pyao_absent_characters")), (0, 2));
    assert_eq!(gauge("pyao_character_numbers_free"), free - 2);
    let mut bots = names.map(|name| login(&server, name));
    assert_eq!((gauge("pyao_players"), gauge("pyao_absent_characters")), (3, 0));
    check(&mut bots);
}

#[test]
fn a_character_without_a_player_leaves_when_its_time_is_over() {
    let setup = setup().set("world.start_positions", vec!["2:80:60", "2:80:62"]);
    let server = setup.set("game.disconnect_stay_seconds", 1).start().unwrap();
    let (ana, mut beto) = (create(&server, "Ana"), create(&server, "Beto"));
    see(&mut beto, "Ana");
    drop(ana);
    lose_sight(&mut beto, "Ana");
    check([&mut beto, &mut login(&server, "Ana")]);
}

#[test]
fn in_a_safe_place_a_lost_socket_takes_the_character_along() {
    let server = start();
    let (mut ana, mut beto) = (create(&server, "Ana"), create(&server, "Beto"));
    see(&mut beto, "Ana");
    let left_at = place(&mut ana);
    drop(ana);
    lose_sight(&mut beto, "Ana");
    let mut ana = login(&server, "Ana");
    assert_eq!(place(&mut ana), left_at);
    check([&mut ana, &mut beto]);
}

#[test]
fn a_second_login_takes_the_character_over_and_tells_the_first() {
    let server = start();
    let (mut first, mut beto) = (create(&server, "Ana"), create(&server, "Beto"));
    let (index, stood_at) = (see(&mut beto, "Ana"), place(&mut first));
    let mut second = login(&server, "ANA");
    assert!(last_words(&mut first).contains("otro lugar"));
    assert_eq!(place(&mut second), stood_at);
    beto.sync().unwrap();
    assert_eq!(beto.shadow.characters.values().filter(|seen| seen.name == "Ana").count(), 1);
    assert_eq!(beto.shadow.find("Ana"), Some(index));
    check([&mut first, &mut second, &mut beto]);
}

#[test]
fn of_twenty_logins_of_one_character_at_once_one_plays() {
    let server = start();
    let mut beto = create(&server, "Beto");
    create(&server, "Ana").quit(LONG).unwrap();
    let mut bots: Vec<Bot> = (0..20).map(|_| at_login(&server)).collect();
    for bot in &mut bots {
        bot.send(&login_packet("Ana", PASSWORD)).unwrap();
    }
    wait_until("one that plays and nineteen that were replaced", || {
        for bot in &mut bots {
            bot.pump(MOMENT).unwrap();
        }
        bots.iter().filter(|bot| bot.is_closed()).count() == 19
    });
    see(&mut beto, "Ana");
    assert_eq!(beto.shadow.characters.values().filter(|seen| seen.name == "Ana").count(), 1);
    for bot in bots.iter().filter(|bot| bot.is_closed()) {
        assert!(bot.shadow.errors.iter().all(|text| text.contains("otro lugar")), "{:?}", bot.shadow.errors);
    }
    check(bots.iter_mut().chain([&mut beto]));
}

/// Returns the server's number of connections.
fn connections(server: &Server) -> u64 {
    server.metric("pyao_connections").unwrap()
}

#[test]
fn a_reset_at_any_point_of_a_login_leaves_nothing_behind() {
    let server = start();
    let mut beto = create(&server, "Beto");
    create(&server, "Ana").quit(LONG).unwrap();
    let mut bytes = Vec::new();
    login_packet("Ana", PASSWORD).encode(&mut bytes);
    for sent in 0..=bytes.len() {
        let mut bot = at_login(&server);
        bot.send_raw(&bytes[..sent]).unwrap();
        bot.reset().unwrap();
    }
    // And after the answer: at once, and in the game.
    for plays in [false, true] {
        let mut bot = at_login(&server);
        bot.send_raw(&bytes).unwrap();
        bot.wait_for("the answer", LONG, |shadow| shadow.received.count("Logged") > 0).unwrap();
        if plays {
            bot.enter_game().unwrap();
            bot.sync().unwrap();
        }
        bot.check().unwrap();
        bot.reset().unwrap();
    }
    wait_until("the end of all but Beto", || connections(&server) == 1);
    lose_sight(&mut beto, "Ana");
    check([&mut beto, &mut login(&server, "Ana")]);
}

#[test]
fn a_reset_during_a_creation_leaves_a_whole_character_or_none() {
    let server = start();
    let form = NewCharacter::named("Ana", PASSWORD);
    for _ in 0..10 {
        let mut bot = at_creation(&server);
        bot.send(&form.packet()).unwrap();
        bot.reset().unwrap();
    }
    wait_until("the end of all", || connections(&server) == 0);
    let mut bot = at_creation(&server);
    match crate::support::try_to_create(&mut bot, &form).as_deref() {
        None => check([&mut bot]),
        Some(text) => {
            assert_eq!(text, texts::NAME_TAKEN);
            check([&mut login(&server, "Ana")]);
        }
    }
}

#[test]
fn a_slow_reader_never_reads_half_a_packet() {
    let server = setup().set("limits.packets_per_second", 100_000).start().unwrap();
    let mut slow = Bot::connect_narrow(server.address(), Screen::Creation, 4_096).unwrap();
    slow.throw_dice().unwrap();
    slow.send(&NewCharacter::named("Lenta", PASSWORD).packet()).unwrap();
    slow.enter_game().unwrap();
    let mut ana = create(&server, "Ana");
    see(&mut slow, "Ana");
    // Some 30 KB of lines of every length: more than the socket takes, less than the server keeps.
    let noise = (0..240).map(|length| ClientPacket::Talk { text: "x".repeat(length) }).collect::<Vec<_>>();
    let heard_before = slow.shadow.chat.len();
    for round in 1..=20 {
        ana.send_all(&noise).unwrap();
        ana.sync().unwrap();
        let all = heard_before + round * (noise.len() - 1);
        slow.wait_for("every line", LONG, |shadow| shadow.chat.len() == all).unwrap();
    }
    check([&mut slow, &mut ana]);
}

#[test]
fn a_flood_of_packets_is_slowed_down_and_then_ended_with_a_text() {
    let server = start();
    let (mut ana, mut beto) = (create(&server, "Ana"), create(&server, "Beto"));
    see(&mut beto, "Ana");
    ana.shadow.pings = 20_000;
    ana.send_all(&vec![ClientPacket::Ping; 20_000]).unwrap();
    beto.sync().unwrap();
    assert!(last_words(&mut ana).contains("demasiados paquetes"), "{:?}", ana.shadow.errors);
    assert!(ana.shadow.received.count("Pong") < 20_000);
    lose_sight(&mut beto, "Ana");
    check([&mut ana, &mut beto]);
}

#[test]
fn a_server_with_few_files_says_that_it_is_full_and_tells_operators_how_it_is() {
    let server = setup().open_files(80).start().unwrap();
    assert!(server.log().contains("max_connections=1000 is lowered to 24: the system allows 80 open files"));
    let mut ana = create(&server, "Ana");
    let crowd: Vec<_> = (1..24).map(|_| TcpStream::connect(server.address()).unwrap()).collect();
    wait_until("a full server", || connections(&server) == 24);
    assert!(last_words(&mut at_login(&server)).contains("completo"));
    // Connections that are not told so are closed too, and hold no files.
    let more: Vec<_> = (0..60).map(|_| TcpStream::connect(server.address()).unwrap()).collect();
    wait_until("everybody refused", || {
        let metrics = server.request("GET", "/metrics").unwrap();
        metrics.contains("pyao_refusals_total{reason=\"server_full\"} 61\n")
    });
    assert!(server.request("GET", "/health").unwrap().starts_with("HTTP/1.1 200"));
    assert_eq!(server.metric("pyao_accept_errors_total").unwrap(), 0);
    assert!(!server.log().contains("cannot accept connections"), "{}", server.log());
    drop((crowd, more));
    wait_until("room", || connections(&server) == 1);
    check([&mut ana, &mut create(&server, "Beto")]);
}
