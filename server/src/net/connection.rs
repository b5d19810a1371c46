//! One connection: its socket, what it said that nobody has heard yet, and how far it has come.

use std::io::{ErrorKind, Read};
use std::net::{IpAddr, SocketAddr};

use mio::net::TcpStream;

use super::acknowledgement;
use super::limits::{Admission, PacketBudget};
use super::round_trip;
use pyao_core::game::{CloseReason, Input, Millis};
use pyao_core::protocol::client::ClientPacket;
use pyao_core::protocol::outbox::ConnectionId;
use pyao_core::protocol::window::Window;
use pyao_core::protocol::wire::{DecodeError, TextEncoding};

/// Most bytes received and not served. The longest packet that means anything has under 1.6 KiB.
pub(super) const INBOUND_LIMIT: usize = 8 * 1024;
/// Room that an empty buffer keeps: for what a client says in one turn, unless it talks much.
const INBOUND_KEPT: usize = 256;
/// Packets served of one connection in one turn, before the others have theirs.
const PACKETS_PER_TURN: usize = 64;
/// Reads of one connection in one turn.
const READS_PER_TURN: usize = 4;

/// Stage of a connection, from its first bytes to play.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// The game knows it.
    Open,
    /// Its last bytes are being sent.
    Ending(CloseReason),
    /// Nothing more is sent; what it still says is dropped until it closes its side too.
    Lingering(CloseReason),
}

/// Reason for which the serving of a connection stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Served {
    /// Nothing is left until the socket has more.
    All,
    /// Its share of this turn is used up.
    More,
    /// Its packet budget is used up until then.
    Throttled(Millis),
    /// It cannot go on.
    Gone(CloseReason),
}

/// Result of a read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Received {
    /// The client's system had so many of the bytes sent so far when it sent what follows, or fewer; and whether
    /// something was sent again since the mark.
    Acknowledged(u64, bool),
    /// A packet, and the encoding in which its client writes texts, as far as it is known.
    Packet(ClientPacket, Option<TextEncoding>),
}

/// See the module.
#[derive(Debug)]
pub(super) struct Connection {
    /// Its id.
    pub id: ConnectionId,
    /// Running number among all accepted connections, for tools; 0 for one that was refused.
    pub number: u64,
    /// Its socket.
    pub stream: TcpStream,
    /// Address of the client.
    pub address: SocketAddr,
    /// Time of its arrival.
    pub opened: Millis,
    /// Stage that it has reached.
    pub stage: Stage,
    /// True if it holds one of the places that the limits count.
    pub is_counted: bool,
    /// True if it is in the list of those to be served.
    pub is_queued: bool,
    /// Waits for its packet budget until then.
    pub throttled_until: Option<Millis>,
    /// True if the last flush left bytes behind, for want of room.
    pub is_blocked: bool,
    /// True if the poll also reports that the socket can be written to.
    pub wants_writable: bool,
    /// Window of its client.
    pub window: Window,
    /// True if it is in the list of those whose client has no room.
    pub awaits_room: bool,
    /// True if its client is often asked if it has room again.
    pub is_probed: bool,
    /// Time to live of its first packet as it arrived.
    pub hop_limit: Option<u8>,
    /// Encoding of the first text beyond ASCII that it sent.
    pub writes: Option<TextEncoding>,
    /// Time of the last measurement of its round trip.
    pub round_trip_measured: Option<Millis>,
    /// True if reads also report the bytes that the client's system has acknowledged.
    pub is_watched: bool,
    /// Segments that had been sent again when the last mark was sent.
    pub repeated_at_mark: u32,
    /// Bytes received.
    pub bytes_in: u64,
    /// Bytes sent.
    pub bytes_out: u64,
    inbound: Inbound,
    budget: PacketBudget,
    /// Acknowledgement that the last read reported and that was not passed on.
    acknowledged: Option<(u64, bool)>,
    may_have_more: bool,
    /// True if the poll has reported the end of the other side: then the end itself is still to be read.
    ends: bool,
    peer_closed: bool,
}

impl Connection {
    /// A connection that has said nothing.
    pub(super) fn new(
        id: ConnectionId,
        stream: TcpStream,
        address: SocketAddr,
        packets_per_second: u32,
        now: Millis,
    ) -> Self {
        Self {
            id,
            number: 0,
            stream,
            address,
            opened: now,
            stage: Stage::Open,
            is_counted: false,
            is_queued: false,
            throttled_until: None,
            is_blocked: false,
            wants_writable: false,
            window: Window::default(),
            awaits_room: false,
            is_probed: false,
            hop_limit: None,
            writes: None,
            round_trip_measured: None,
            is_watched: false,
            repeated_at_mark: 0,
            bytes_in: 0,
            bytes_out: 0,
            inbound: Inbound::default(),
            budget: PacketBudget::new(packets_per_second, now),
            acknowledged: None,
            may_have_more: true,
            ends: false,
            peer_closed: false,
        }
    }

    /// Panics in debug builds when the parts contradict each other.
    pub(super) fn check_invariants(&self) {
        debug_assert!(self.inbound.served <= self.inbound.bytes.len(), "more served than received");
        debug_assert!(self.inbound.unread().len() <= INBOUND_LIMIT, "the inbound buffer of {}", self.id);
        debug_assert!(!self.wants_writable || self.is_blocked, "{} waits for nothing", self.id);
        debug_assert!(
            !self.is_queued || self.throttled_until.is_none(),
            "{} is served and throttled",
            self.id
        );
    }

    /// Another packet rate counts from now on.
    pub(super) fn change_rate(&mut self, packets_per_second: u32, now: Millis) {
        self.budget = PacketBudget::new(packets_per_second, now);
    }

    /// Its address without the port.
    pub(super) fn ip(&self) -> IpAddr {
        self.address.ip().to_canonical()
    }

    /// Returns the clues to the encoding in which its client reads texts.
    pub(super) fn text_clues(&self) -> Input {
        Input::TextClues { connection: self.id, hop_limit: self.hop_limit, writes: self.writes }
    }

    /// The poll says that the socket can be read, and whether the other side ends.
    pub(super) fn readable(&mut self, ends: bool) {
        self.may_have_more = true;
        self.ends |= ends;
    }

    /// Reads, decodes and delivers packets until nothing is left or a bound stops it, each with the encoding in which
    /// its client writes texts. `scratch` is where reads land.
    pub(super) fn serve(
        &mut self,
        now: Millis,
        scratch: &mut [u8],
        mut deliver: impl FnMut(Received),
    ) -> Served {
        let (mut packets, mut reads) = (0, 0);
        loop {
            let mut writes = self.writes;
            match ClientPacket::decode_learning(self.inbound.unread(), &mut writes) {
                Ok(Some((packet, length))) => match self.budget.admit(&packet, now) {
                    Admission::Now => {
                        self.inbound.consume(length);
                        self.writes = writes;
                        if let Some((bytes, is_late)) = self.acknowledged.take() {
                            deliver(Received::Acknowledged(bytes, is_late));
                        }
                        deliver(Received::Packet(packet, writes));
                        packets += 1;
                        if packets == PACKETS_PER_TURN {
                            return Served::More;
                        }
                        continue;
                    }
                    Admission::At(later) => return Served::Throttled(later),
                    Admission::Flood => return Served::Gone(CloseReason::Flood),
                },
                Ok(None) if self.inbound.room() == 0 => return Served::Gone(CloseReason::MalformedPacket),
                Ok(None) => self.budget.all_served(),
                Err(DecodeError::UnknownId(id)) => return Served::Gone(CloseReason::UnknownPacket(id)),
                Err(_) => return Served::Gone(CloseReason::MalformedPacket),
            }
            if self.peer_closed {
                return Served::Gone(CloseReason::LostSocket);
            }
            if !self.may_have_more {
                return Served::All;
            }
            if reads == READS_PER_TURN {
                return Served::More;
            }
            reads += 1;
            if let Err(reason) = self.read(scratch) {
                return Served::Gone(reason);
            }
        }
    }

    /// Reads once into the inbound buffer.
    fn read(&mut self, scratch: &mut [u8]) -> Result<(), CloseReason> {
        let room = self.inbound.room().min(scratch.len());
        match self.stream.read(&mut scratch[..room]) {
            Ok(0) => self.peer_closed = true,
            Ok(count) => {
                self.bytes_in += count as u64;
                self.inbound.append(&scratch[..count]);
                if self.is_watched {
                    // Asked after reading: what comes in between is then counted too early, never too late.
                    let outstanding = acknowledgement::outstanding(&self.stream).unwrap_or(0);
                    let is_late = round_trip::segments_repeated(&self.stream) != self.repeated_at_mark;
                    self.acknowledged = Some((self.bytes_out.saturating_sub(outstanding as u64), is_late));
                }
                // A read that was not filled has emptied the socket: what comes later is an event of its own.
                self.may_have_more = count == room || self.ends;
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => self.may_have_more = false,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => return Err(CloseReason::ConnectionReset),
        }
        Ok(())
    }

    /// Reads and drops what a connection that is being closed still says. [`Served::Gone`] when it has closed too.
    pub(super) fn drop_input(&mut self, scratch: &mut [u8]) -> Served {
        for _ in 0..READS_PER_TURN {
            match self.stream.read(scratch) {
                Ok(0) => return Served::Gone(CloseReason::LostSocket),
                Ok(count) => self.bytes_in += count as u64,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.may_have_more = false;
                    return Served::All;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return Served::Gone(CloseReason::ConnectionReset),
            }
        }
        Served::More
    }
}

/// Bytes received and not yet served, at most [`INBOUND_LIMIT`].
#[derive(Debug, Default)]
struct Inbound {
    bytes: Vec<u8>,
    served: usize,
}

impl Inbound {
    fn unread(&self) -> &[u8] {
        self.bytes.get(self.served..).unwrap_or_default()
    }

    fn room(&self) -> usize {
        INBOUND_LIMIT - self.unread().len()
    }

    fn consume(&mut self, length: usize) {
        self.served += length;
        if self.served >= self.bytes.len() {
            self.bytes.clear();
            self.bytes.shrink_to(INBOUND_KEPT);
            self.served = 0;
        }
    }

    fn append(&mut self, more: &[u8]) {
        self.bytes.drain(..self.served);
        self.served = 0;
        self.bytes.extend_from_slice(more);
    }
}

#[cfg(test)]
mod tests {
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
}
