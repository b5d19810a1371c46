//! Every packet that the tables know, with values of every size, at the wrong time and at the right one.

use pyao_core::protocol::client::ClientPacket;
use pyao_core::protocol::gm::GmCommand;
use pyao_core::protocol::table::{PacketLayout, Wire};
use pyao_tests::bot::{Bot, PATIENCE};
use pyao_tests::process::Server;

use crate::support::{LONG, at_login, check, create, login, place, see, setup, start};

/// The packet that holds a game master's command.
const GM_COMMANDS: u8 = 122;
/// The packets that a client may send before it plays: the two logins and the dice.
const LOBBY: [u8; 3] = [0, 1, 2];
const QUIT: u8 = 71;
/// More than these suites send.
const PACKETS_PER_SECOND: i64 = 100_000;

/// Size of the values of a packet.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Values {
    Smallest,
    Plausible,
    Largest,
}

impl Values {
    const ALL: [Self; 3] = [Self::Smallest, Self::Plausible, Self::Largest];

    fn byte(self) -> u8 {
        [0, 1, u8::MAX][self as usize]
    }

    /// Encodes little endian; the smallest is the most negative.
    fn number(self, size: usize) -> Vec<u8> {
        let mut bytes = vec![[0, 0, 0xFF][self as usize]; size];
        let end = [(0, 0), (1, 0), (0xFF, 0x7F)][self as usize];
        (bytes[0], bytes[size - 1]) = end;
        if self == Self::Smallest {
            bytes[size - 1] = 0x80;
        }
        bytes
    }

    fn text(self) -> Vec<u8> {
        let text: Vec<u8> = match self {
            Self::Smallest => Vec::new(),
            Self::Plausible => b"Beto".to_vec(),
            Self::Largest => (0..=255).cycle().take(700).collect(),
        };
        let length = i16::try_from(text.len()).unwrap().to_le_bytes();
        [&length[..], &text].concat()
    }
}

/// Appends one field in its form on the wire.
fn append(wire: &Wire, values: Values, bytes: &mut Vec<u8>) {
    match wire {
        Wire::Plain("u8" | "bool") => bytes.push(values.byte()),
        Wire::Plain("i16") => bytes.extend(values.number(2)),
        Wire::Plain("i32" | "f32") => bytes.extend(values.number(4)),
        Wire::Plain("str" | "strz") => bytes.extend(values.text()),
        Wire::Plain("gm") => bytes.extend(packet(&GmCommand::LAYOUT[0], values)),
        Wire::Plain("ip_or_name") => bytes.extend([1, 127, 0, 0, 1]),
        Wire::Plain(other) => panic!("no value for a {other}"),
        Wire::Record(fields) => fields.iter().for_each(|field| append(&field.wire, values, bytes)),
        Wire::Repeated { count, entry } => (0..*count).for_each(|_| append(entry, values, bytes)),
        Wire::Counted { .. } => panic!("clients send no lists"),
    }
}

fn packet(layout: &PacketLayout, values: Values) -> Vec<u8> {
    let mut bytes = vec![layout.id];
    layout.fields.iter().for_each(|field| append(&field.wire, values, &mut bytes));
    bytes
}

/// Asserts that the bytes are one whole packet: the tests would show nothing otherwise.
fn assert_is_one_packet(bytes: &[u8], name: &str) {
    let decoded = ClientPacket::decode(bytes).unwrap().unwrap_or_else(|| panic!("{name} is cut"));
    assert_eq!((decoded.1, decoded.0.id()), (bytes.len(), bytes[0]), "{name}");
}

fn generous() -> Server {
    setup().set("limits.packets_per_second", PACKETS_PER_SECOND).start().unwrap()
}

/// Brings Ana back, after a packet that ended the game for the character.
fn back_in_the_game(server: &Server, mut ana: Bot) -> Bot {
    ana.expect_closed(LONG).unwrap();
    ana.check().unwrap();
    login(server, "Ana")
}

#[test]
fn every_packet_of_a_player_is_served_or_answered_and_breaks_nothing() {
    let server = generous();
    let (mut ana, mut beto) = (create(&server, "Ana"), create(&server, "Beto"));
    for values in Values::ALL {
        for layout in ClientPacket::LAYOUT {
            let bytes = packet(layout, values);
            assert_is_one_packet(&bytes, layout.name);
            ana.shadow.pings += u32::from(layout.name == "Ping");
            ana.send_raw(&bytes).unwrap();
            if layout.id == QUIT {
                ana = back_in_the_game(&server, ana);
            }
            ana.sync().unwrap_or_else(|error| panic!("after {} with {values:?}: {error}", layout.name));
        }
    }
    // After all of these packets Ana plays on, and Beto sees the character at the right tile.
    let (_, x, y) = place(&mut ana);
    let index = see(&mut beto, "Ana");
    beto.wait_for("Ana where she is", PATIENCE, |shadow| {
        shadow.characters.get(&index).is_some_and(|seen| (seen.x, seen.y) == (x, y))
    })
    .unwrap();
    check([&mut ana, &mut beto]);
}

#[test]
fn packets_of_the_game_end_a_connection_that_is_not_in_it() {
    let server = generous();
    let mut beto = create(&server, "Beto");
    let early = || ClientPacket::LAYOUT.iter().filter(|layout| !LOBBY.contains(&layout.id));
    for layout in early() {
        let mut bot = at_login(&server);
        bot.send_raw(&packet(layout, Values::Plausible)).unwrap();
        bot.expect_closed(LONG).unwrap_or_else(|error| panic!("{}: {error}", layout.name));
        bot.check().unwrap();
    }
    let expected = format!("pyao_closes_total{{reason=\"out_of_order\"}} {}\n", early().count());
    let metrics = server.request("GET", "/metrics").unwrap();
    assert!(metrics.contains(&expected), "no {expected:?} in\n{metrics}");
    check([&mut beto]);
}

/// Returns everything that a player can notice.
fn noticed(bot: &Bot) -> impl PartialEq + std::fmt::Debug + use<> {
    let shadow = &bot.shadow;
    let texts = (shadow.console.clone(), shadow.chat.clone(), shadow.boxes.clone(), shadow.errors.clone());
    (
        texts,
        shadow.map,
        shadow.characters.clone(),
        shadow.inventory.clone(),
        shadow.state.clone(),
        shadow.stats.clone(),
    )
}

#[test]
fn commands_of_game_masters_from_players_are_ignored_in_silence() {
    let server = generous();
    let (mut ana, mut beto) = (create(&server, "Ana"), create(&server, "Beto"));
    see(&mut ana, "Beto");
    check([&mut ana, &mut beto]);
    let before = (noticed(&ana), noticed(&beto));
    for values in Values::ALL {
        for command in GmCommand::LAYOUT {
            let bytes = [vec![GM_COMMANDS], packet(command, values)].concat();
            assert_is_one_packet(&bytes, command.name);
            ana.send_raw(&bytes).unwrap();
            ana.sync().unwrap_or_else(|error| panic!("after {} with {values:?}: {error}", command.name));
        }
    }
    check([&mut ana, &mut beto]);
    assert!(
        (noticed(&ana), noticed(&beto)) == before,
        "{before:?} became {:?}",
        (noticed(&ana), noticed(&beto))
    );
}

#[test]
fn typed_commands_of_game_masters_from_players_do_nothing() {
    let server = start();
    let (mut ana, mut beto) = (create(&server, "Ana"), create(&server, "Beto"));
    see(&mut ana, "Beto");
    check([&mut ana, &mut beto]);
    let before = (ana.shadow.characters.clone(), noticed(&beto));
    for command in ["/telep yo 1 50 50", "/ban Beto", "/dobackup", "/apagar", "/crearnpc 1", "/"] {
        ana.talk(command).unwrap();
    }
    check([&mut ana, &mut beto]);
    assert!((ana.shadow.characters.clone(), noticed(&beto)) == before, "something changed");
    assert!(ana.shadow.chat.is_empty(), "commands are never said: {:?}", ana.shadow.chat);
}
