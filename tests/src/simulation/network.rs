//! Connections between clients and the game: bytes take their time, are cut and joined, and wait for who does not read.

use super::Simulation;
use super::events::Event;
use super::hearing::Hearing;
use crate::shadow::{Screen, ShadowClient};
use core::net::IpAddr;
use pyao_server::game::{CloseReason, Input};
use pyao_server::protocol::client::ClientPacket;
use pyao_server::protocol::outbox::ConnectionId;
use pyao_server::protocol::wire::TextEncoding;
use std::collections::{BTreeMap, VecDeque};

/// The rest of a cut packet arrives at most so many milliseconds later.
const CUT_MS: u64 = 8;

/// Systems of clients: the hop limit of what they send as it arrives, and the encoding of texts that they read.
const PLATFORMS: [(Option<u8>, TextEncoding); 3] =
    [(Some(115), TextEncoding::Latin1), (Some(64), TextEncoding::Utf8), (Some(51), TextEncoding::Utf8)];

/// A client and its connection.
pub struct Client {
    /// Whose.
    pub player: usize,
    /// What it believes.
    pub shadow: ShadowClient,
    /// The hop limit of its first packet as it arrived.
    hop_limit: Option<u8>,
    /// How it writes texts, as far as the server knows.
    writes: Option<TextEncoding>,
    /// Whether it reads what it is sent.
    pub reads: bool,
    /// Whether it logs in with a password that is wrong.
    pub is_impostor: bool,
    /// Whether it has sent anything.
    pub has_spoken: bool,
    /// Whether it has seen the game.
    pub has_entered: bool,
    /// The password it logs in with, and whether it alone could be right then.
    pub password: (String, bool),
    /// The password it asked for and has no answer about.
    pub new_password: Option<String>,
    /// What it should hear and has heard.
    pub hearing: Hearing,
    /// Why the server ended it, once it has.
    ended: Option<CloseReason>,
    /// Milliseconds to the server and back.
    way: (u64, u64),
    /// Whether what comes at one time is one read.
    merges: bool,
    up: VecDeque<(u64, Vec<u8>)>,
    down: VecDeque<(u64, Vec<u8>)>,
    /// What the server has and cannot decode yet.
    undecoded: Vec<u8>,
}

impl Client {
    /// Whether it shows the game and nothing is on its way.
    #[must_use]
    pub fn is_up_to_date(&self) -> bool {
        self.shadow.screen == Screen::Game
            && self.ended.is_none()
            && self.reads
            && self.up.is_empty()
            && self.down.is_empty()
    }

    /// Whether it plays: it shows the game, and the server has not ended it.
    #[must_use]
    pub fn plays(&self) -> bool {
        self.shadow.screen == Screen::Game && self.ended.is_none()
    }

    /// Whether the server has not ended it.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.ended.is_none()
    }

    /// The round trip that the kernel would tell, at least.
    #[must_use]
    pub fn round_trip(&self) -> u32 {
        u32::try_from(self.way.0 + self.way.1 + CUT_MS + 1).unwrap_or(u32::MAX)
    }
}

/// All connections.
#[derive(Default)]
pub struct Network {
    /// By id.
    pub clients: BTreeMap<ConnectionId, Client>,
    /// Ids of closed connections; their slots are used again.
    free: Vec<ConnectionId>,
}

impl Network {
    fn fresh_id(&mut self) -> ConnectionId {
        let next = u32::try_from(self.clients.len()).unwrap_or(u32::MAX);
        match self.free.pop() {
            Some(old) => ConnectionId { generation: old.generation + 1, ..old },
            None => ConnectionId { slot: next, generation: 1 },
        }
    }

    /// When the next bytes arrive somewhere.
    #[must_use]
    pub fn next_due(&self) -> Option<u64> {
        let due = |queue: &VecDeque<(u64, Vec<u8>)>| queue.front().map(|(due, _)| *due);
        self.clients.values().flat_map(|client| [due(&client.up), due(&client.down)]).flatten().min()
    }

    fn first(&self, is_due: impl Fn(&Client) -> bool) -> Option<ConnectionId> {
        self.clients.iter().find(|(_, client)| is_due(client)).map(|(id, _)| *id)
    }

    /// Every closed connection whose slot is not used again.
    pub fn closed(&self) -> impl Iterator<Item = ConnectionId> + '_ {
        self.free.iter().copied()
    }

    /// Nobody is connected; the next game knows none of the slots.
    pub fn reset(&mut self) {
        *self = Self::default();
    }
}

impl Simulation {
    /// Connects a client of a player on the screen it logs in from or creates a character on.
    pub(super) fn connect(&mut self, player: usize, screen: Screen) -> ConnectionId {
        let id = self.network.fresh_id();
        let segment_limit = [200, 536, 1_300][self.draw(3)];
        let way = if self.faults.latency && self.draw(2) == 0 {
            self.report.note(Event::Latency);
            (self.draw(150) as u64, self.draw(150) as u64)
        } else {
            (0, 0)
        };
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
            new_password: None,
            hearing: Hearing::default(),
            ended: None,
            way,
            merges: self.faults.merges && self.draw(3) == 0,
            up: VecDeque::new(),
            down: VecDeque::new(),
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

    /// A client writes a packet. What is still on its way may arrive together with it.
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
        let joins = self.faults.splits && self.draw(2) == 0;
        let now = self.now;
        let Some(client) = self.network.clients.get_mut(&id) else { return };
        client.has_spoken = true;
        match client.up.back_mut() {
            Some((_, waiting)) if joins => waiting.extend_from_slice(bytes),
            last => {
                let due = (now + client.way.0).max(last.map_or(0, |(due, _)| *due));
                client.up.push_back((due, bytes.to_vec()));
            }
        }
    }

    /// Lets everything arrive that is due.
    pub(super) fn carry_bytes(&mut self) {
        let now = self.now;
        let is_due = |queue: &VecDeque<(u64, Vec<u8>)>| queue.front().is_some_and(|(due, _)| *due <= now);
        loop {
            if let Some(id) = self.network.first(|client| is_due(&client.up)) {
                self.arrive(id);
            } else if let Some(id) = self.network.first(|client| is_due(&client.down)) {
                self.read(id);
            } else {
                return;
            }
        }
    }

    /// The server reads from a connection, perhaps not all that is there.
    fn arrive(&mut self, id: ConnectionId) {
        let cut = self.faults.splits && self.draw(4) == 0;
        let random = &mut self.random;
        let Some(client) = self.network.clients.get_mut(&id) else { return };
        let Some((due, mut bytes)) = client.up.pop_front() else { return };
        if cut && bytes.len() > 1 {
            let middle = random.between(1, u32::try_from(bytes.len()).unwrap_or(2) - 1) as usize;
            let later = due + u64::from(random.between(1, u32::try_from(CUT_MS).unwrap_or(1)));
            client.up.push_front((later, bytes.split_off(middle)));
        }
        client.undecoded.extend_from_slice(&bytes);
        self.decode(id);
    }

    fn decode(&mut self, id: ConnectionId) {
        let mut packets = 0;
        while let Some(client) = self.network.clients.get_mut(&id) {
            if client.ended.is_some() {
                client.undecoded.clear();
                client.up.clear();
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

    /// The client's turn to read.
    fn read(&mut self, id: ConnectionId) {
        let now = self.now;
        let Some(client) = self.network.clients.get_mut(&id) else { return };
        let Some((_, mut block)) = client.down.pop_front() else { return };
        while client.merges && client.down.front().is_some_and(|(due, _)| *due <= now) {
            let Some((_, more)) = client.down.pop_front() else { break };
            block.extend_from_slice(&more);
            self.report.note(Event::ReadsMerged);
        }
        client.shadow.now = now;
        let hearing = &mut client.hearing;
        // Broken rules are kept in the shadow's faults, and reported by the check.
        let _ = client.shadow.read_with(&block, |packet| hearing.hear(packet));
        self.report.note(Event::BlockRead);
        self.react(id);
        self.drop_if_over(id);
    }

    /// Sends what waits for the connections that have something new, as long as their clients read.
    pub(super) fn flush(&mut self) {
        let mut dirty = std::mem::take(&mut self.dirty);
        self.game.outbox().take_dirty(&mut dirty);
        for id in dirty.drain(..) {
            self.flush_one(id);
        }
        self.dirty = dirty;
        self.game.handle(self.now, Input::Sent);
    }

    fn flush_one(&mut self, id: ConnectionId) {
        let Some(client) = self.network.clients.get_mut(&id) else { return };
        if !client.reads {
            return;
        }
        let due = self.now + client.way.1;
        while let Some(segment) = self.game.outbox().segment(id) {
            self.report.sent(id.slot, segment);
            client.down.push_back((due, segment.to_vec()));
            self.game.outbox().segment_sent(id);
        }
    }

    /// The client reads again.
    pub(super) fn read_again(&mut self, id: ConnectionId) {
        if let Some(client) = self.network.clients.get_mut(&id) {
            client.reads = true;
            self.flush_one(id);
        }
    }

    /// Ends what the game ended: what waits is still sent, nothing that comes is heard.
    pub(super) fn carry_closings(&mut self) {
        let mut closings = std::mem::take(&mut self.closings);
        self.game.take_closings(&mut closings);
        for (id, reason) in closings.drain(..) {
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
                client.ended = Some(reason);
                client.up.clear();
                self.drop_if_over(id);
            }
        }
        self.closings = closings;
    }

    /// A connection that the server has ended is over when its client has read everything, or reads nothing.
    fn drop_if_over(&mut self, id: ConnectionId) {
        let is_over = |client: &Client| client.ended.is_some() && (client.down.is_empty() || !client.reads);
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
        self.forget(id);
        if is_news {
            self.input(Input::Lost { connection: id, reason });
        }
    }

    /// The socket is closed: nothing goes either way any more.
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
