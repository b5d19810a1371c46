//! Clients that mean harm: whatever they do is bounded, counted, and logged now and then rather than each time, and
//! a player meanwhile notices nothing.

use std::io::{ErrorKind, Write};
use std::net::{IpAddr, Ipv4Addr};
use std::process::Command;
use std::time::Instant;

use pyao_core::game::texts;
use pyao_core::protocol::client::ClientPacket;
use pyao_server::net::raise_limit;
use pyao_simulator::forms::{NewCharacter, login_packet};
use pyao_simulator::shadow::Screen;
use pyao_tests::bot::Bot;
use pyao_tests::process::{Server, ServerSetup};
use socket2::{Domain, Socket, Type};

use crate::FILES;
use crate::support::{
    LONG, PASSWORD, at_creation, check, create, login, lose_sight, place, see, setup, wait_until,
};

/// Address of the attacker; the others come from the usual address.
const ATTACKER: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 66));
/// Log lines that an attack may cause in a second: some for each kind of end, and a count of the rest.
const LINES_PER_SECOND: u64 = 40;
/// And besides: the traffic of the others, and packets sent once.
const OTHER_LINES: u64 = 100;
/// Limit of the growth of the server's memory, in KiB.
const GROWTH_MAX: u64 = 16 * 1024;

/// A server under attack, and a player on it.
struct Siege {
    server: Server,
    ana: Bot,
    stands_at: (i16, u8, u8),
    began: Instant,
    lines: usize,
    resident: u64,
}

impl Siege {
    fn begin(setup: &ServerSetup) -> Self {
        let server = setup.start().unwrap();
        let mut ana = create(&server, "Ana");
        let stands_at = place(&mut ana);
        let (lines, resident) = (server.log().lines().count(), resident_kib(&server));
        Self { server, ana, stands_at, began: Instant::now(), lines, resident }
    }

    fn attacker(&self, screen: Screen) -> Bot {
        Bot::connect_from(ATTACKER, self.server.address(), screen).unwrap()
    }

    /// Returns the value of the metric `name`, labels and all; 0 if it was not counted yet.
    fn count(&self, name: &str) -> u64 {
        let metrics = self.server.request("GET", "/metrics").unwrap();
        let value = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.map_or(0, |value| value.parse().unwrap())
    }

    fn closes(&self, reason: &str) -> u64 {
        self.count(&format!("pyao_closes_total{{reason=\"{reason}\"}}"))
    }

    fn wait_for_closes(&mut self, reason: &str, count: u64) {
        wait_until(&format!("{count} connections closed as {reason}"), || {
            self.ana.sync().unwrap();
            self.closes(reason) >= count
        });
    }

    /// Ends the attack and checks that nothing of it is left, and that Ana has not been disturbed.
    fn end(mut self) {
        wait_until("the end of all other connections", || self.count("pyao_connections") == 1);
        assert_eq!(place(&mut self.ana), self.stands_at);
        check([&mut self.ana]);
        let mut beto = create(&self.server, "Beto");
        see(&mut self.ana, "Beto");
        check([&mut beto]);
        let lines = (self.server.log().lines().count() - self.lines) as u64;
        let seconds = self.began.elapsed().as_secs();
        let lines_max = OTHER_LINES + LINES_PER_SECOND * (seconds + 1);
        assert!(lines <= lines_max, "{lines} log lines in {seconds} s");
        let grown = resident_kib(&self.server).saturating_sub(self.resident);
        assert!(grown <= GROWTH_MAX, "{grown} KiB more");
    }
}

/// Returns the memory that the server has in use.
fn resident_kib(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.process_id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[test]
fn thousands_of_connections_from_one_address_leave_room_for_the_others() {
    const CROWD: u64 = 3_000;
    const ALLOWED: u64 = 20;
    if raise_limit(FILES) < FILES {
        println!("skipped: the system allows too few open files");
        return;
    }
    let mut siege = Siege::begin(&setup().set("limits.connections_per_ip", 20));
    let crowd: Vec<Bot> = (0..CROWD).map(|_| siege.attacker(Screen::Login)).collect();
    wait_until("the refusals", || {
        siege.ana.sync().unwrap();
        siege.count("pyao_refusals_total{reason=\"too_many_from_address\"}") == CROWD - ALLOWED
    });
    // There is room for another player while they are all there.
    check([&mut create(&siege.server, "Caro")]);
    drop(crowd);
    siege.end();
}

#[test]
fn a_flood_of_logins_from_one_address_costs_few_password_checks() {
    const TRIES: usize = 600;
    const ALLOWED: usize = 20;
    let mut siege = Siege::begin(&setup().set("limits.logins_per_minute_per_ip", ALLOWED as i64));
    for _ in 0..TRIES / 50 {
        let mut bots: Vec<Bot> = (0..50).map(|_| siege.attacker(Screen::Login)).collect();
        for bot in &mut bots {
            bot.send(&login_packet("Ana", "adivinada")).unwrap();
        }
        siege.ana.sync().unwrap();
        for bot in &mut bots {
            bot.expect_closed(LONG).unwrap();
        }
    }
    wait_until("the end of all tries", || {
        siege.ana.sync().unwrap();
        siege.closes("login_refused") + siege.closes("too_many_logins") == TRIES as u64
    });
    assert!(siege.closes("too_many_logins") > TRIES as u64 / 2);
    let checked = siege.count("pyao_password_jobs_total");
    assert!((ALLOWED as u64..TRIES as u64 / 2).contains(&checked), "{checked} passwords checked");
    siege.end();
}

#[test]
fn a_flood_of_chat_is_heard_at_a_pace_and_its_author_told_once() {
    const LINES: usize = 200;
    let mut siege = Siege::begin(&setup().set("limits.chat_per_second", 1));
    let mut flooder = create(&siege.server, "Beto");
    let index = see(&mut siege.ana, "Beto");
    flooder.send_all(&vec![ClientPacket::Talk { text: "¡compro!".into() }; LINES]).unwrap();
    flooder.sync().unwrap();
    siege.ana.sync().unwrap();
    let heard = siege.ana.shadow.chat.iter().filter(|line| line.char_index == index).count();
    assert!((5..LINES / 2).contains(&heard), "{heard} lines heard");
    assert_eq!(siege.count("pyao_chat_dropped_total"), (LINES - heard) as u64);
    let told = flooder.shadow.console.iter().filter(|line| line.text == texts::TOO_MUCH_CHAT).count();
    assert_eq!(told, 1);
    check([&mut flooder]);
    flooder.quit(LONG).unwrap();
    lose_sight(&mut siege.ana, "Beto");
    // Ana may still speak.
    siege.ana.talk("por fin").unwrap();
    siege
        .ana
        .wait_for("her own words", LONG, |shadow| shadow.chat.iter().any(|line| line.text == "por fin"))
        .unwrap();
    check([&mut login(&siege.server, "Beto")]);
}

#[test]
fn a_crowd_that_trickles_its_logins_is_closed_like_a_silent_one() {
    const CROWD: usize = 200;
    let mut siege = Siege::begin(&setup().set("limits.handshake_seconds", 3));
    let mut bytes = Vec::new();
    login_packet("Ana", &"x".repeat(1_000)).encode(&mut bytes);
    let mut crowd: Vec<Bot> = (0..CROWD).map(|_| siege.attacker(Screen::Login)).collect();
    let mut bytes = bytes.iter();
    wait_until("the end of the crowd", || {
        siege.ana.sync().unwrap();
        let byte = *bytes.next().unwrap();
        // A bot that is closed already cannot send.
        crowd.retain_mut(|bot| bot.send_raw(&[byte]).is_ok());
        siege.closes("handshake_timeout") == CROWD as u64
    });
    siege.end();
}

#[test]
fn megabytes_of_the_longest_texts_are_neither_kept_nor_passed_on() {
    const ATTACKERS: usize = 8;
    const EACH: usize = 4 * 1024 * 1024;
    let mut siege = Siege::begin(&setup());
    let line = ClientPacket::Talk { text: "ñ".repeat(1_000) };
    let mut noise = Vec::new();
    while noise.len() < 64 * 1024 {
        line.encode(&mut noise);
    }
    for number in 0..ATTACKERS {
        let name = format!("Malo {}", char::from(b'a' + u8::try_from(number).unwrap()));
        drop(create(&siege.server, &name));
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.connect(&siege.server.address().into()).unwrap();
        let mut bytes = Vec::new();
        login_packet(&name, PASSWORD).encode(&mut bytes);
        (&socket).write_all(&bytes).unwrap();
        socket.set_nonblocking(true).unwrap();
        let mut sent = 0;
        // As much as the system takes while the server takes its time.
        while sent < EACH {
            match (&socket).write(&noise) {
                Ok(count) => sent += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                // Closed already: the machine is slow.
                Err(_) => break,
            }
        }
        assert!(sent > noise.len(), "only {sent} bytes were taken");
        siege.ana.sync().unwrap();
        let grown = resident_kib(&siege.server).saturating_sub(siege.resident);
        assert!(grown <= GROWTH_MAX, "{grown} KiB more");
    }
    let longest = siege.ana.shadow.chat.iter().map(|line| line.text.len()).max();
    assert!(longest.is_none_or(|longest| longest <= 2 * 255), "{longest:?}");
    siege.end();
}

#[test]
fn a_reset_at_any_byte_of_a_creation_takes_no_name_and_leaves_nothing_behind() {
    let siege = Siege::begin(&setup());
    let form = NewCharacter::named("Caro", PASSWORD);
    let mut bytes = Vec::new();
    form.packet().encode(&mut bytes);
    for sent in 0..bytes.len() {
        let mut bot = at_creation(&siege.server);
        bot.send_raw(&bytes[..sent]).unwrap();
        bot.reset().unwrap();
    }
    let mut caro = create(&siege.server, "Caro");
    check([&mut caro]);
    // Right after the first bytes of the world have come.
    caro.reset().unwrap();
    let mut dani = at_creation(&siege.server);
    dani.send(&NewCharacter::named("Dani", PASSWORD).packet()).unwrap();
    dani.wait_for("the first packet", LONG, |shadow| shadow.received.count("Logged") > 0).unwrap();
    dani.reset().unwrap();
    wait_until("nobody but Ana", || siege.count("pyao_players") == 1);
    check([&mut login(&siege.server, "Caro"), &mut login(&siege.server, "Dani")]);
    siege.end();
}

#[test]
fn a_socket_that_took_half_a_packet_is_closed_and_its_player_may_come_back() {
    let setup = setup();
    let library = setup.directory().join("half_send.so");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/e2e/half_send.c");
    let compiler =
        Command::new("cc").args(["-shared", "-fPIC", source, "-o"]).arg(&library).arg("-ldl").output();
    if !compiler.is_ok_and(|output| output.status.success()) {
        println!("skipped: no C compiler");
        return;
    }
    let mut siege = Siege::begin(&setup.env("LD_PRELOAD", library.to_str().unwrap()));
    let mut beto = create(&siege.server, "Beto");
    let target_name = "Nadie".to_owned();
    beto.send(&ClientPacket::Whisper { target_name, text: "psst".into() }).unwrap();
    let error = beto.expect_closed(LONG).unwrap_err().to_string();
    assert!(error.contains("a read ends inside packet"), "{error}");
    siege.wait_for_closes("partial_write", 1);
    siege.server.wait_for_log("reason=partial_write", LONG).unwrap();
    lose_sight(&mut siege.ana, "Beto");
    let mut back = login(&siege.server, "Beto");
    check([&mut back]);
    back.quit(LONG).unwrap();
    wait_until("nobody but Ana", || siege.count("pyao_connections") == 1);
    assert_eq!(siege.closes("partial_write"), 1);
}
