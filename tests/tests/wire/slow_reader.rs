//! A client with little room that seldom reads: every read must be whole packets.
//!
//! The Godot client keeps nothing between two reads. So a packet whose bytes arrive in two reads is lost, and what
//! follows is taken for something else.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use pyao_core::protocol::client::ClientPacket;
use pyao_core::protocol::server::ServerPacket;
use pyao_core::protocol::wire::TextEncoding;
use pyao_simulator::forms::NewCharacter;
use pyao_simulator::shadow::{Screen, ShadowClient};
use pyao_tests::bot::Bot;
use pyao_tests::process::Server;
use pyao_tests::suite::{LONG, PASSWORD, setup};
use socket2::{Domain, Socket, Type};

use crate::network::{Network, SERVER_HOST, with_network};

/// Bytes the slow reader has room for, as far as the system allows so little.
const RECEIVE_BUFFER: usize = 8_192;
/// Pause between two reads: a client at 15 frames a second.
const PAUSE: Duration = Duration::from_millis(20);
/// A buffer that is full at each standstill, which lasts until the kernel probes whether there is room again.
const SMALL_RECEIVE_BUFFER: usize = 4_096;
const STANDSTILL: Duration = Duration::from_millis(700);
/// Lines of the greatest length of which a small buffer holds only some.
const LINES_TOO_MANY: usize = 200;
/// Without data for a minute, the server asks every client whether it is there, and receives its window too.
const LESS_THAN_KEEPALIVE: Duration = Duration::from_secs(40);
/// Names of the players who talk near by.
const TALKERS: [&str; 4] = ["Ana", "Beto", "Caro", "Dani"];
/// Rounds in which each of them says lines of every length up to this.
const ROUNDS: usize = 10;
const LONGEST_LINE: usize = 120;

/// A client that reads seldom and counts the reads that end inside a packet.
struct SlowReader {
    stream: TcpStream,
    shadow: ShadowClient,
    buffer: Vec<u8>,
    /// Bytes of the packet that the last read ended in.
    rest: Vec<u8>,
    /// Pause before a read.
    pause: Duration,
    reads: usize,
    cut_reads: usize,
}

impl SlowReader {
    fn connect(address: SocketAddr, receive_buffer: usize) -> Self {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, None).unwrap();
        // Only a buffer set before connecting bounds the window from the start.
        socket.set_recv_buffer_size(receive_buffer).unwrap();
        socket.connect(&address.into()).unwrap();
        let stream: TcpStream = socket.into();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(PAUSE)).unwrap();
        let shadow = ShadowClient::new(Screen::Creation, TextEncoding::Utf8);
        let buffer = vec![0; 65_536];
        Self { stream, shadow, buffer, rest: Vec::new(), pause: PAUSE, reads: 0, cut_reads: 0 }
    }

    fn send(&mut self, packet: &ClientPacket) {
        let mut bytes = Vec::new();
        packet.encode(&mut bytes);
        self.stream.write_all(&bytes).unwrap();
    }

    /// Reads until nothing more is there.
    fn read_all(&mut self) {
        let mut reads_before = usize::MAX;
        while self.reads != reads_before {
            reads_before = self.reads;
            self.read();
        }
    }

    /// Reads once, after a pause.
    fn read(&mut self) {
        std::thread::sleep(self.pause);
        match self.stream.read(&mut self.buffer) {
            Ok(0) => panic!("the server closed the connection"),
            Ok(count) => {
                self.reads += 1;
                self.rest.extend_from_slice(&self.buffer[..count]);
                let whole = whole_packets(&self.rest);
                self.shadow.read(&self.rest[..whole]).unwrap();
                self.rest.drain(..whole);
                self.cut_reads += usize::from(!self.rest.is_empty());
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(error) => panic!("{error}"),
        }
    }

    fn read_until(&mut self, what: &str, condition: impl Fn(&ShadowClient) -> bool) {
        self.read_for(2 * LONG, what, condition);
    }

    fn read_for(&mut self, patience: Duration, what: &str, condition: impl Fn(&ShadowClient) -> bool) {
        let end = Instant::now() + patience;
        while !condition(&self.shadow) {
            assert!(Instant::now() < end, "waited in vain for {what}: {} reads", self.reads);
            self.read();
        }
    }

    fn create_character(&mut self, name: &str) {
        self.send(&ClientPacket::ThrowDices);
        self.read_until("the dice", |shadow| shadow.dice.is_some());
        self.send(&NewCharacter::named(name, PASSWORD).packet());
        self.read_until("the game", |shadow| shadow.position().is_some());
    }
}

/// Returns the length of the whole packets that `bytes` begin with.
fn whole_packets(bytes: &[u8]) -> usize {
    let mut length = 0;
    while let Some((_, consumed)) = ServerPacket::decode(&bytes[length..], TextEncoding::Utf8).unwrap() {
        length += consumed;
    }
    length
}

fn start(network: &Network) -> Server {
    let setup = setup().finds_own_address().set("server.host", SERVER_HOST).set("server.port", 0);
    let setup = setup.set("limits.packets_per_second", 100_000);
    network.server.run(|| setup.start()).unwrap().unwrap()
}

/// Lets talkers say everything that a slow reader must hear, `rounds` times, and gives its reads.
fn hear(network: &Network, receive_buffer: usize, pause: Duration, rounds: usize) {
    let server = start(network);
    let address = server.address();
    let mut slow = network.clients.run(|| SlowReader::connect(address, receive_buffer)).unwrap();
    slow.create_character("Lenta");
    let mut talkers =
        TALKERS.map(|name| network.clients.run(|| Bot::create(address, name, PASSWORD)).unwrap().unwrap());
    for name in TALKERS {
        slow.read_until(name, |shadow| shadow.find(name).is_some());
    }
    (slow.reads, slow.cut_reads, slow.pause) = (0, 0, pause);
    let lines: Vec<_> =
        (1..=LONGEST_LINE).map(|length| ClientPacket::Talk { text: "x".repeat(length) }).collect();
    for round in 1..=rounds {
        for talker in &mut talkers {
            talker.send_all(&lines).unwrap();
        }
        let heard = round * lines.len() * TALKERS.len();
        slow.read_until("every line", |shadow| shadow.chat.len() == heard);
        for talker in &mut talkers {
            talker.sync().unwrap();
        }
    }
    println!("{} of {} reads end inside a packet; {}", slow.cut_reads, slow.reads, network.link);
    assert!(slow.reads > 2 * rounds, "{} reads: nothing was slow", slow.reads);
    assert_eq!(slow.cut_reads, 0, "of {} reads these end inside a packet", slow.reads);
    assert_eq!(slow.shadow.faults, Vec::<String>::new());
    for talker in &mut talkers {
        talker.check().unwrap();
    }
}

#[test]
fn over_a_narrow_link_no_read_ends_inside_a_packet() {
    with_network("slow_reader::over_a_narrow_link_no_read_ends_inside_a_packet", |network| {
        hear(network, RECEIVE_BUFFER, PAUSE, ROUNDS);
    });
}

#[test]
fn after_a_standstill_no_read_ends_inside_a_packet() {
    with_network("slow_reader::after_a_standstill_no_read_ends_inside_a_packet", |network| {
        hear(network, SMALL_RECEIVE_BUFFER, STANDSTILL, 1);
    });
}

#[test]
fn a_client_whose_word_of_new_room_is_lost_gets_the_rest_without_speaking() {
    let name = "slow_reader::a_client_whose_word_of_new_room_is_lost_gets_the_rest_without_speaking";
    with_network(name, |network| {
        let server = start(network);
        let address = server.address();
        let mut slow = network.clients.run(|| SlowReader::connect(address, SMALL_RECEIVE_BUFFER)).unwrap();
        slow.create_character("Lenta");
        let mut talker = network.clients.run(|| Bot::create(address, "Ana", PASSWORD)).unwrap().unwrap();
        slow.read_until("Ana", |shadow| shadow.find("Ana").is_some());
        let lines = vec![ClientPacket::Talk { text: "x".repeat(LONGEST_LINE) }; LINES_TOO_MANY];
        talker.send_all(&lines).unwrap();
        talker.sync().unwrap();
        std::thread::sleep(STANDSTILL);
        let mut heard = 0;
        network.cut(|| {
            slow.read_all();
            heard = slow.shadow.chat.len();
        });
        assert!(heard > 0 && heard < lines.len(), "{heard} lines had room");
        slow.read_for(LESS_THAN_KEEPALIVE, "the rest", |shadow| shadow.chat.len() == lines.len());
        assert_eq!(slow.cut_reads, 0, "of {} reads these end inside a packet", slow.reads);
        talker.check().unwrap();
    });
}
