//! Tests of the serving of one connection, over a real socket.

use super::*;
use std::io::Write;

struct Wire {
    client: std::net::TcpStream,
    connection: Connection,
    scratch: Vec<u8>,
    /// Acknowledgements reported so far.
    acknowledged: Vec<u64>,
}

impl Wire {
    fn new(packets_per_second: u32) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        client.set_nodelay(true).unwrap();
        let (server, address) = listener.accept().unwrap();
        server.set_nonblocking(true).unwrap();
        let id = ConnectionId { slot: 0, generation: 1 };
        let connection = Connection::new(id, TcpStream::from_std(server), address, packets_per_second, 0);
        Self { client, connection, scratch: vec![0; INBOUND_LIMIT], acknowledged: Vec::new() }
    }

    /// Sends `bytes` as the client; returns once the kernel has them on the server's side.
    fn say(&mut self, bytes: &[u8]) {
        self.client.write_all(bytes).unwrap();
        let mut peek = vec![0; bytes.len()];
        for _ in 0..60_000 {
            match self.connection.stream.peek(&mut peek) {
                Ok(count) if count == bytes.len() => break,
                _ => std::thread::sleep(std::time::Duration::from_millis(1)),
            }
        }
        self.connection.readable(false);
    }

    fn serve(&mut self, now: Millis) -> (Vec<ClientPacket>, Served) {
        let mut packets = Vec::new();
        let served = self.connection.serve(now, &mut self.scratch, |received| match received {
            Received::Packet(packet, _) => packets.push(packet),
            Received::Acknowledged(bytes, _) => self.acknowledged.push(bytes),
        });
        (packets, served)
    }
}

fn walk(heading: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    ClientPacket::Walk { heading }.encode(&mut bytes);
    bytes
}

#[test]
fn fifty_packets_in_one_read_are_all_served() {
    let mut wire = Wire::new(100);
    wire.say(&walk(2).repeat(50));
    let (packets, served) = wire.serve(0);
    assert_eq!(packets, vec![ClientPacket::Walk { heading: 2 }; 50]);
    assert_eq!(served, Served::All);
}

#[test]
fn a_watched_connection_tells_what_its_client_has_before_what_it_says() {
    let mut wire = Wire::new(100);
    wire.connection.stream.write_all(b"seven b").unwrap();
    wire.connection.bytes_out = 7;
    wire.say(&walk(1));
    wire.serve(0);
    assert!(wire.acknowledged.is_empty(), "nobody asked");
    wire.connection.is_watched = true;
    for _ in 0..60_000 {
        if acknowledgement::outstanding(&wire.connection.stream) == Some(0) {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    wire.say(&walk(1).repeat(3));
    assert_eq!(wire.serve(0).0.len(), 3);
    assert_eq!(wire.acknowledged, [7], "once for each read");
}

#[test]
fn a_split_packet_waits_for_its_rest() {
    let mut wire = Wire::new(100);
    let mut bytes = Vec::new();
    ClientPacket::Talk { text: "hola a todos".to_owned() }.encode(&mut bytes);
    for byte in &bytes[..bytes.len() - 1] {
        wire.say(&[*byte]);
        assert_eq!(wire.serve(0), (Vec::new(), Served::All));
    }
    wire.say(&bytes[bytes.len() - 1..]);
    assert_eq!(wire.serve(0).0, [ClientPacket::Talk { text: "hola a todos".to_owned() }]);
}

#[test]
fn the_first_text_beyond_ascii_tells_how_the_client_writes_once_it_is_served() {
    let mut wire = Wire::new(10);
    let bytes = [walk(2).repeat(25), b"\x03\x02\0\xC3\xB1".to_vec()].concat();
    wire.say(&bytes);
    let mut delivered = Vec::new();
    let mut serve = |now| {
        wire.connection.serve(now, &mut wire.scratch, |received| {
            if let Received::Packet(_, writes) = received {
                delivered.push(writes);
            }
        })
    };
    let mut served = serve(0);
    assert!(matches!(served, Served::Throttled(_)), "25 at once");
    while let Served::Throttled(later) = served {
        served = serve(later + 1);
    }
    assert_eq!(delivered.len(), 26);
    assert_eq!(delivered[24..], [None, Some(TextEncoding::Utf8)]);
    assert_eq!(wire.connection.writes, Some(TextEncoding::Utf8));
}

#[test]
fn a_stream_split_at_any_byte_gives_the_same_packets() {
    let login = |number| ClientPacket::LoginExistingChar {
        username: "Ñandú".repeat(number),
        password: String::new(),
        ver_major: 0,
        ver_minor: 13,
        ver_rev: 0,
    };
    let packets = [
        login(1),
        ClientPacket::Ping,
        ClientPacket::Walk { heading: 1 },
        login(0),
        ClientPacket::ModifySkills { points_by_skill: [7; 20] },
        ClientPacket::Whisper { target_name: "Ana".into(), text: "¡hola!".into() },
        ClientPacket::ThrowDices,
        login(9),
    ];
    let mut stream = Vec::new();
    packets.iter().for_each(|packet| packet.encode(&mut stream));
    let mut wire = Wire::new(u32::MAX);
    for split in 1..stream.len() {
        let mut seen = Vec::new();
        for part in [&stream[..split], &stream[split..]] {
            wire.say(part);
            let (more, served) = wire.serve(0);
            assert_eq!(served, Served::All, "split at {split}");
            seen.extend(more);
        }
        assert_eq!(seen, packets, "split at {split}");
    }
}

#[test]
fn one_connection_has_its_share_of_a_turn_and_no_more() {
    let mut wire = Wire::new(1000);
    wire.say(&walk(2).repeat(PACKETS_PER_TURN + 1));
    let (packets, served) = wire.serve(0);
    assert_eq!((packets.len(), served), (PACKETS_PER_TURN, Served::More));
    let (packets, served) = wire.serve(0);
    assert_eq!((packets.len(), served), (1, Served::All));
}

#[test]
fn packets_over_the_budget_wait_and_none_is_lost() {
    let mut wire = Wire::new(10);
    wire.say(&walk(2).repeat(40));
    let (mut total, mut now) = (0, 0);
    loop {
        let (packets, served) = wire.serve(now);
        total += packets.len();
        match served {
            Served::Throttled(later) => now = later,
            Served::All => break,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(total, 40);
    assert!((1400..=1600).contains(&now), "25 at once and 15 at 10 a second took {now} ms");
}

#[test]
fn an_unknown_packet_ends_the_connection_after_those_before_it() {
    let mut wire = Wire::new(100);
    let mut bytes = walk(3);
    bytes.push(255);
    wire.say(&bytes);
    let (packets, served) = wire.serve(0);
    assert_eq!(packets.len(), 1);
    assert_eq!(served, Served::Gone(CloseReason::UnknownPacket(255)));
}

#[test]
fn what_was_said_before_closing_is_still_heard() {
    let mut wire = Wire::new(100);
    wire.say(&walk(1).repeat(3));
    wire.client.shutdown(std::net::Shutdown::Write).unwrap();
    let (mut total, mut served) = (0, Served::All);
    for _ in 0..60_000 {
        wire.connection.readable(true);
        let (packets, outcome) = wire.serve(0);
        total += packets.len();
        served = outcome;
        if outcome != Served::All {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    assert_eq!((total, served), (3, Served::Gone(CloseReason::LostSocket)));
}

#[test]
fn a_full_buffer_without_a_packet_ends_the_connection() {
    let mut inbound = Inbound::default();
    inbound.append(&[0; INBOUND_LIMIT]);
    assert_eq!(inbound.room(), 0);
    inbound.consume(100);
    assert_eq!(inbound.room(), 100);
    inbound.append(&[1; 100]);
    assert_eq!(inbound.unread().len(), INBOUND_LIMIT);
    inbound.consume(INBOUND_LIMIT);
    assert_eq!((inbound.room(), inbound.bytes.len()), (INBOUND_LIMIT, 0));
}
