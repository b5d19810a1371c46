//! Connections between clients and the game: bytes take their time, are cut and joined, and wait for clients that do
//! not read. The effects of TCP are in `tcp.rs`.

use super::Simulation;
use super::events::Event;
use super::hearing::Hearing;
use super::socket::{SimulatedSocket, WINDOWS};
use super::tcp::{Segment, Tcp, Way};
use crate::shadow::{Screen, ShadowClient};
use core::net::IpAddr;
use pyao_core::game::{CloseReason, Input};
use pyao_core::protocol::client::ClientPacket;
use pyao_core::protocol::flush::{Flushed, flush};
use pyao_core::protocol::outbox::ConnectionId;
use pyao_core::protocol::window::Window;
use pyao_core::protocol::wire::TextEncoding;
use std::collections::{BTreeMap, VecDeque};

/// The rest of a cut packet arrives at most so many milliseconds later.
const CUT_MS: u64 = 8;
/// A client looks at what has arrived once in so many milliseconds.
const FRAME_MS: usize = 17;

/// Systems of clients: the hop limit of what they send as it arrives, and the encoding of texts that they read.
const PLATFORMS: [(Option<u8>, TextEncoding); 3] =
    [(Some(115), TextEncoding::Latin1), (Some(64), TextEncoding::Utf8), (Some(51), TextEncoding::Utf8)];

/// A client and its connection.
pub struct Client {
    /// Index of its player.
    pub player: usize,
    /// Its picture.
    pub shadow: ShadowClient,
    /// The hop limit of its first packet as it arrived.
    hop_limit: Option<u8>,
    /// Encoding of the texts that it writes, as far as the server knows.
    writes: Option<TextEncoding>,
    /// True if it reads the bytes that arrive.
    pub reads: bool,
    /// True if it logs in with a password that is wrong.
    pub is_impostor: bool,
    /// True if it has sent anything.
    pub has_spoken: bool,
    /// True if it has seen the game.
    pub has_entered: bool,
    /// The password it logs in with, and whether it alone could be right then.
    pub password: (String, bool),
    /// True if the store was emptied and not filled again when it logged in: its account may have been unknown.
    pub met_emptied: bool,
    /// The password it asked for and has no answer about.
    pub new_password: Option<String>,
    /// Lines and answers that it should receive and has received.
    pub hearing: Hearing,
    /// Reason for which the server ended it, once it has.
    ended: Option<CloseReason>,
    /// True if bytes that arrive at one time are one read.
    /// Bytes that its system keeps for it to read.
    window_size: usize,
    /// The server's knowledge of that.
    window: Window,
    /// True if the last flush left something behind.
    pub is_blocked: bool,
    /// Time at which a full socket can be written to again.
    writable_at: Option<u64>,
    merges: bool,
    /// Its connection.
    tcp: Tcp,
    /// Bytes that have arrived and are not read, and the time of the next read.
    inbox: VecDeque<Vec<u8>>,
    reads_at: Option<u64>,
    /// Bytes that the server has and cannot decode yet.
    undecoded: Vec<u8>,
}

impl Client {
    /// Returns true if it shows the game and nothing is on its way.
    #[must_use]
    pub fn is_up_to_date(&self) -> bool {
        self.shadow.screen == Screen::Game
            && self.ended.is_none()
            && self.reads
            && !self.is_blocked
            && self.tcp.is_quiet()
            && self.inbox.is_empty()
    }

    /// Returns true if it plays: it shows the game, and the server has not ended it.
    #[must_use]
    pub fn plays(&self) -> bool {
        self.shadow.screen == Screen::Game && self.ended.is_none()
    }

    /// Returns true if the server has not ended it.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.ended.is_none()
    }

    /// Returns the least round trip that the kernel would report.
    #[must_use]
    pub fn round_trip(&self) -> u32 {
        let Way { up, down, jitter, has_proxy } = self.tcp.way;
        if has_proxy {
            return 1;
        }
        u32::try_from(up + down + u64::from(2 * jitter) + CUT_MS + 1).unwrap_or(u32::MAX)
    }

    /// Bytes that were sent to it and that it has not read, and those of them that are on their way.
    fn unread(&self) -> (usize, usize) {
        let on_the_way: usize = self.tcp.down.iter().map(|segment| segment.bytes.len()).sum();
        (on_the_way + self.inbox.iter().map(Vec::len).sum::<usize>(), on_the_way)
    }

    fn has_nothing_to_read(&self) -> bool {
        self.inbox.is_empty() && self.tcp.down.iter().all(|segment| segment.bytes.is_empty())
    }
}

/// All connections.
#[derive(Default)]
pub struct Network {
    /// By id.
    pub clients: BTreeMap<ConnectionId, Client>,
    /// Ids of closed connections; their slots are used again.
    free: Vec<ConnectionId>,
    /// Ids of connections that the server gave up with bytes that still waited: a write was taken in part, or too much
    /// waited.
    pub broken: Vec<ConnectionId>,
}

impl Network {
    fn fresh_id(&mut self) -> ConnectionId {
        let next = u32::try_from(self.clients.len()).unwrap_or(u32::MAX);
        match self.free.pop() {
            Some(old) => ConnectionId { generation: old.generation + 1, ..old },
            None => ConnectionId { slot: next, generation: 1 },
        }
    }

    /// Returns the time at which the next bytes arrive somewhere.
    #[must_use]
    pub fn next_due(&self) -> Option<u64> {
        let due = |client: &Client| [client.tcp.next_due(), client.reads_at, client.writable_at];
        self.clients.values().flat_map(due).flatten().min()
    }

    fn first(&self, is_due: impl Fn(&Client) -> bool) -> Option<ConnectionId> {
        self.clients.iter().find(|(_, client)| is_due(client)).map(|(id, _)| *id)
    }

    /// Returns every closed connection whose slot is not used again.
    pub fn closed(&self) -> impl Iterator<Item = ConnectionId> + '_ {
        self.free.iter().copied()
    }

    /// Drops all connections; the next game knows none of the slots.
    pub fn reset(&mut self) {
        *self = Self::default();
    }
}

impl Simulation {
    /// Connects a client of a player on the screen it logs in from or creates a character on.
    pub(super) fn connect(&mut self, player: usize, screen: Screen) -> ConnectionId {
        let id = self.network.fresh_id();
        let segment_limit = [200, 536, 1_300][self.draw(3)];
        let way = self.draw_way();
        // A proxy keeps the bytes that it acknowledges in a window of its own, which is never small.
        let least_window = if way.has_proxy { WINDOWS[2] } else { 0 };
        let (hop_limit, reads) = PLATFORMS[self.draw(PLATFORMS.len())];
        let client = Client {
            player,
            shadow: ShadowClient::new(screen, reads),
            hop_limit,
            writes: None,
            reads: true,
            is_impostor: false,
            has_spoken: false,
            has_entered: false,
            password: (String::new(), false),
            met_emptied: false,
            new_password: None,
            hearing: Hearing::default(),
            ended: None,
            window_size: WINDOWS[self.draw(WINDOWS.len())].max(least_window),
            window: Window::default(),
            is_blocked: false,
            writable_at: None,
            merges: self.faults.merges && self.draw(3) == 0,
            tcp: Tcp::new(way),
            inbox: VecDeque::new(),
            reads_at: None,
            undecoded: Vec::new(),
        };
        let milliseconds = client.round_trip();
        self.network.clients.insert(id, client);
        let address: IpAddr = self.players[player].address;
        self.input(Input::Opened { connection: id, address, segment_limit });
        self.input(Input::TextClues { connection: id, hop_limit, writes: None });
        self.input(Input::RoundTrip { connection: id, milliseconds });
        id
    }

    fn draw_way(&mut self) -> Way {
        if !self.faults.latency || self.draw(2) == 0 {
            return Way::default();
        }
        self.report.note(Event::Latency);
        let has_proxy = self.draw(4) == 0;
        if has_proxy {
            self.report.note(Event::Proxy);
        }
        let jitter = if self.draw(2) == 0 { 0 } else { 20 };
        Way { up: self.draw(220) as u64, down: self.draw(220) as u64, jitter, has_proxy }
    }

    /// A client writes a packet.
    pub(super) fn send(&mut self, id: ConnectionId, packet: &ClientPacket) {
        let mut bytes = Vec::new();
        packet.encode(&mut bytes);
        if *packet == ClientPacket::ThrowDices
            && let Some(client) = self.network.clients.get_mut(&id)
        {
            client.shadow.now = self.now;
            client.shadow.throws_dice();
        }
        self.send_bytes(id, &bytes);
    }

    /// A client writes bytes.
    pub(super) fn send_bytes(&mut self, id: ConnectionId, bytes: &[u8]) {
        let now = self.now;
        let Some(client) = self.network.clients.get_mut(&id) else { return };
        client.has_spoken = true;
        if client.tcp.write(now, bytes, &mut self.random) {
            self.report.note(Event::WriteHeld);
        }
    }

    /// Lets everything arrive that is due.
    pub(super) fn carry_bytes(&mut self) {
        let now = self.now;
        let is_due = |queue: &VecDeque<Segment>| queue.front().is_some_and(|segment| segment.due <= now);
        let is_time = |time: Option<u64>| time.is_some_and(|due| due <= now);
        loop {
            if let Some(id) = self.network.first(|client| is_due(&client.tcp.up)) {
                self.arrive(id);
            } else if let Some(id) = self.network.first(|client| is_due(&client.tcp.down)) {
                self.arrive_at_client(id);
            } else if let Some(id) = self.network.first(|client| is_time(client.reads_at)) {
                self.read(id);
            } else if let Some(id) = self.network.first(|client| is_time(client.tcp.acknowledges_at)) {
                self.acknowledge(id);
            } else if let Some(id) = self.network.first(|client| is_time(client.writable_at)) {
                self.flush_one(id);
            } else {
                return;
            }
        }
    }

    /// Acknowledges to a client what the server's system has received, if anything new.
    fn acknowledge(&mut self, id: ConnectionId) {
        let now = self.now;
        if let Some(client) = self.network.clients.get_mut(&id) {
            client.tcp.acknowledge(now, &mut self.random);
        }
    }

    /// Reads from a connection as the server does, perhaps not all that is there.
    fn arrive(&mut self, id: ConnectionId) {
        let cut = self.faults.splits && self.draw(4) == 0;
        let (now, random) = (self.now, &mut self.random);
        let Some(client) = self.network.clients.get_mut(&id) else { return };
        if let Some(segment) = client.tcp.up.front_mut().filter(|segment| cut && segment.bytes.len() > 1) {
            let middle = random.between(1, u32::try_from(segment.bytes.len()).unwrap_or(2) - 1) as usize;
            let bytes = segment.bytes.split_off(middle);
            let due = segment.due + u64::from(random.between(1, u32::try_from(CUT_MS).unwrap_or(1)));
            let rest = Segment { due, bytes, acknowledged: segment.acknowledged };
            client.tcp.up.insert(1, rest);
        }
        let Some((bytes, acknowledged)) = client.tcp.arrive_up(now) else { return };
        client.undecoded.extend_from_slice(&bytes);
        if self.game.outbox().marked(id).is_some() {
            self.input(Input::Acknowledged { connection: id, bytes: acknowledged, is_late: false });
            self.acknowledge(id);
        }
        self.decode(id);
    }

    fn decode(&mut self, id: ConnectionId) {
        let mut packets = 0;
        while let Some(client) = self.network.clients.get_mut(&id) {
            if client.ended.is_some() {
                client.undecoded.clear();
                client.tcp.close_up();
                return self.drop_if_over(id);
            }
            let known = client.writes;
            match ClientPacket::decode_learning(&client.undecoded, &mut client.writes) {
                Ok(Some((packet, length))) => {
                    client.undecoded.drain(..length);
                    packets += 1;
                    if packets == 2 {
                        self.report.note(Event::BytesMerged);
                    }
                    let (hop_limit, writes) = (client.hop_limit, client.writes);
                    if writes != known {
                        self.input(Input::TextClues { connection: id, hop_limit, writes });
                    }
                    self.expect_answers(id, &packet);
                    self.input(Input::Packet { connection: id, packet });
                }
                Ok(None) => {
                    if !client.undecoded.is_empty() {
                        self.report.note(Event::BytesSplit);
                    }
                    return;
                }
                Err(_) => {
                    self.report.note(Event::MalformedClose);
                    return self.lose(id, CloseReason::MalformedPacket);
                }
            }
        }
    }

    /// Passes a segment to the client's system; the client reads it in its next frame.
    fn arrive_at_client(&mut self, id: ConnectionId) {
        let frame = if self.faults.latency { self.draw(FRAME_MS) as u64 } else { 0 };
        let now = self.now;
        let Some(client) = self.network.clients.get_mut(&id) else { return };
        let bytes = client.tcp.arrive_down(now, &mut self.random).unwrap_or_default();
        if !bytes.is_empty() {
            client.inbox.push_back(bytes);
            if client.reads {
                client.reads_at.get_or_insert(now + frame);
            }
        }
        self.drop_if_over(id);
    }

    /// The client reads all that has arrived.
    pub(super) fn read(&mut self, id: ConnectionId) {
        let now = self.now;
        if let Some(client) = self.network.clients.get_mut(&id) {
            client.reads_at = None;
        }
        while let Some(client) = self.network.clients.get_mut(&id).filter(|client| client.reads) {
            client.reads_at = None;
            let Some(mut block) = client.inbox.pop_front() else { break };
            while client.merges {
                let Some(more) = client.inbox.pop_front() else { break };
                block.extend_from_slice(&more);
                self.report.note(Event::ReadsMerged);
            }
            client.shadow.now = now;
            let hearing = &mut client.hearing;
            // Broken rules are kept in the shadow's faults, and reported by the check.
            let _ = client.shadow.read_with(&block, |packet| hearing.hear(packet));
            self.report.note(Event::BlockRead);
            self.react(id);
        }
        // Its system tells of the room that this has made.
        if self
            .network
            .clients
            .get(&id)
            .is_some_and(|client| client.is_blocked && client.writable_at.is_none())
        {
            self.flush_one(id);
        }
        self.drop_if_over(id);
    }

    /// Sends what waits for the connections that have something new.
    pub(super) fn flush(&mut self) {
        let mut dirty = std::mem::take(&mut self.dirty);
        self.game.outbox().take_dirty(&mut dirty);
        for id in dirty.drain(..) {
            self.flush_one(id);
        }
        self.dirty = dirty;
    }

    fn flush_one(&mut self, id: ConnectionId) {
        let Some(client) = self.network.clients.get_mut(&id) else { return };
        client.writable_at = None;
        let mark = self.game.outbox().marked(id);
        if mark.is_some_and(|mark| mark > client.tcp.sent_down()) {
            client.tcp.acknowledge(self.now, &mut self.random);
        }
        let has_faults = self.faults.sockets && client.ended.is_none();
        let socket = SimulatedSocket::new(client.window_size, client.unread(), has_faults, &mut self.random);
        let (flushed, _) = flush(&socket, id, self.game.outbox(), &mut client.window);
        for block in socket.into_blocks() {
            self.report.sent(id.slot, &block);
            client.tcp.send(self.now, block, &mut self.random);
        }
        client.is_blocked = matches!(flushed, Flushed::Blocked | Flushed::NoRoom);
        match flushed {
            Flushed::All => {}
            Flushed::NoRoom => self.report.note(Event::WindowClosed),
            Flushed::Blocked => {
                client.writable_at = Some(self.now + 1 + u64::from(self.random.between(0, 30)));
                self.report.note(Event::SocketFull);
            }
            Flushed::Broken(reason) => {
                self.report.note(Event::PartialWrite);
                self.lose(id, reason);
            }
        }
    }

    /// The client reads again.
    pub(super) fn read_again(&mut self, id: ConnectionId) {
        if let Some(client) = self.network.clients.get_mut(&id) {
            client.reads = true;
            self.read(id);
        }
    }

    /// Ends what the game ended: what waits is still sent, nothing that comes is heard.
    pub(super) fn carry_closings(&mut self) {
        let mut closings = std::mem::take(&mut self.closings);
        self.game.take_closings(&mut closings);
        for (id, reason) in closings.drain(..) {
            if let Some(client) = self.network.clients.get_mut(&id) {
                client.ended = Some(reason);
            }
            self.flush_one(id);
            let outcome = match reason {
                CloseReason::Idle => Some(Event::IdleClose),
                CloseReason::HandshakeTimeout => Some(Event::HandshakeClose),
                CloseReason::Replaced => Some(Event::Replaced),
                CloseReason::TakenOver => Some(Event::TakenOver),
                CloseReason::LoginRefused => Some(Event::LoginRefused),
                _ => None,
            };
            outcome.into_iter().for_each(|event| self.report.note(event));
            if let Some(client) = self.network.clients.get_mut(&id) {
                client.tcp.close_up();
                self.drop_if_over(id);
            }
        }
        self.closings = closings;
    }

    /// Drops a connection that the server has ended once its client has read everything, or reads nothing.
    fn drop_if_over(&mut self, id: ConnectionId) {
        let is_over = |client: &Client| {
            client.ended.is_some() && ((client.has_nothing_to_read() && !client.is_blocked) || !client.reads)
        };
        if self.network.clients.get(&id).is_some_and(is_over) {
            self.forget(id);
        }
    }

    /// Those for whom too much waits are given up.
    pub(super) fn carry_overflows(&mut self) {
        let mut overflowed = Vec::new();
        self.game.outbox().take_overflowed(&mut overflowed);
        for id in overflowed {
            self.report.note(Event::Overflow);
            self.lose(id, CloseReason::OutputOverflow);
        }
    }

    /// The server finds that a connection is gone, or gives it up.
    pub(super) fn lose(&mut self, id: ConnectionId, reason: CloseReason) {
        let Some(client) = self.network.clients.get(&id) else { return };
        let is_news = client.ended.is_none();
        if matches!(reason, CloseReason::PartialWrite | CloseReason::OutputOverflow) {
            self.network.broken.push(id);
        }
        self.forget(id);
        if is_news {
            self.input(Input::Lost { connection: id, reason });
        }
    }

    /// Closes the socket: nothing goes either way any more.
    fn forget(&mut self, id: ConnectionId) {
        self.game.outbox().close(id);
        let Some(client) = self.network.clients.remove(&id) else { return };
        let player = &mut self.players[client.player];
        if player.client == Some(id) {
            player.client = None;
        }
        self.network.free.push(id);
    }
}
