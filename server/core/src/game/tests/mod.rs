//! The game through its inputs and outputs, in the starter world, with a store in memory and passwords that are not
//! hashed.

mod absent;
mod chat;
mod creation;
mod displaced;
mod invariants;
mod leaving;
mod login;
mod login_queue;
mod movement;
mod reconciliation;
mod saving;
mod sessions;

use super::*;
use crate::content::Position;
use crate::protocol::server::ServerPacket;
use crate::records::CharacterSave;
use crate::records::{Reply, Request};
use crate::testing::{MemoryStore, answer_password};
use core::net::Ipv4Addr;

/// A packet as a client decodes it.
type Packet = ServerPacket<'static>;

/// Start of a game in a test, Unix seconds.
const STARTED_AT: u64 = 1_700_000_000;

/// A game and what it needs: a store, password threads, a clock that the test moves.
struct Table {
    game: Game,
    /// Unix seconds at `now` = 0.
    started_at: u64,
    now: Millis,
    store: MemoryStore,
    /// True while the store answers.
    store_answers: bool,
    waiting: Vec<Request>,
    /// True while the password threads answer.
    threads_answer: bool,
    /// Jobs that they were asked meanwhile.
    waiting_jobs: Vec<passwords::Job>,
    /// Number of passwords that they have hashed or checked.
    hashed: usize,
    next_slot: u32,
    closed: Vec<(ConnectionId, CloseReason)>,
}

impl Table {
    fn new() -> Self {
        Self::with(Settings::default())
    }

    fn with(settings: Settings) -> Self {
        Self {
            game: Game::new(Arc::new(Content::starter()), settings, 1, STARTED_AT),
            started_at: STARTED_AT,
            now: 0,
            store: MemoryStore::default(),
            store_answers: true,
            waiting: Vec::new(),
            threads_answer: true,
            waiting_jobs: Vec::new(),
            hashed: 0,
            next_slot: 0,
            closed: Vec::new(),
        }
    }

    fn connect(&mut self) -> ConnectionId {
        self.connect_from(1)
    }

    /// Returns a connection from the loopback address of that number.
    fn connect_from(&mut self, host: u8) -> ConnectionId {
        self.connect_at(Ipv4Addr::new(127, 0, 0, host).into())
    }

    fn connect_at(&mut self, address: IpAddr) -> ConnectionId {
        let connection = ConnectionId { slot: self.next_slot, generation: 0 };
        self.next_slot += 1;
        self.game.handle(self.now, Input::Opened { connection, address, segment_limit: 1_300 });
        // A client on Windows.
        self.game.handle(self.now, Input::TextClues { connection, hop_limit: Some(128), writes: None });
        connection
    }

    /// Sends a packet of a client and carries out everything that follows from it.
    fn send(&mut self, connection: ConnectionId, packet: ClientPacket) {
        self.game.handle(self.now, Input::Packet { connection, packet });
        self.settle();
    }

    /// Returns the packets for `connection` since the last look; its client has acknowledged them.
    fn read(&mut self, connection: ConnectionId) -> Vec<Packet> {
        let packets = self.receive(connection);
        self.acknowledge(connection);
        packets
    }

    /// Acknowledges everything that was sent to `connection`.
    fn acknowledge(&mut self, connection: ConnectionId) {
        if let Some(bytes) = self.game.outbox().marked(connection) {
            self.game.handle(self.now, Input::Acknowledged { connection, bytes, is_late: false });
        }
    }

    /// Returns the packets for `connection` since the last look; nothing is heard of their arrival.
    fn receive(&mut self, connection: ConnectionId) -> Vec<Packet> {
        let mut packets = Vec::new();
        while let Some(segment) = self.game.outbox().segment(connection) {
            let mut rest = segment;
            while let Ok(Some((packet, length))) = ServerPacket::decode(rest, TextEncoding::Latin1) {
                packets.push(packet);
                rest = &rest[length..];
            }
            assert!(rest.is_empty(), "a segment ends inside a packet");
            self.game.outbox().segment_sent(connection);
        }
        packets
    }

    /// Sends a packet and reads what comes back to the sender.
    fn ask(&mut self, connection: ConnectionId, packet: ClientPacket) -> Vec<Packet> {
        self.read(connection);
        self.send(connection, packet);
        self.read(connection)
    }

    fn pass(&mut self, milliseconds: Millis) {
        let end = self.now + milliseconds;
        while let Some(deadline) = self.game.next_deadline().filter(|deadline| *deadline <= end) {
            self.now = self.now.max(deadline);
            self.game.advance(self.now);
            self.settle();
        }
        self.now = end;
        self.game.advance(end);
        self.settle();
    }

    fn lose(&mut self, connection: ConnectionId) {
        self.game.handle(self.now, Input::Lost { connection, reason: CloseReason::LostSocket });
        self.settle();
    }

    /// Carries requests and jobs until nothing waits.
    fn settle(&mut self) {
        loop {
            self.game.take_closings(&mut self.closed);
            self.game.take_store_requests(&mut self.waiting);
            self.game.take_password_jobs(&mut self.waiting_jobs);
            let jobs = if self.threads_answer { std::mem::take(&mut self.waiting_jobs) } else { Vec::new() };
            let requests = if self.store_answers { std::mem::take(&mut self.waiting) } else { Vec::new() };
            if jobs.is_empty() && requests.is_empty() {
                return;
            }
            for request in requests {
                let reply = self.store.carry_out(request);
                self.game.handle(self.now, Input::Store(reply));
            }
            for job in jobs {
                self.hashed += 1;
                self.game.handle(self.now, Input::Password(answer_password(job)));
            }
        }
    }

    /// Answers the first waiting password job and carries out what follows from it.
    fn answer_one_password(&mut self) {
        self.game.take_password_jobs(&mut self.waiting_jobs);
        self.hashed += 1;
        let reply = answer_password(self.waiting_jobs.remove(0));
        self.game.handle(self.now, Input::Password(reply));
        let answer = std::mem::replace(&mut self.threads_answer, false);
        self.settle();
        self.threads_answer = answer;
    }

    /// Returns a new character in the world and its connection, its login burst read.
    fn player(&mut self, name: &str) -> ConnectionId {
        self.player_from(1, name)
    }

    /// As [`Self::player`], from the loopback address of that number.
    fn player_from(&mut self, host: u8, name: &str) -> ConnectionId {
        let connection = self.connect_from(host);
        self.send(connection, ClientPacket::ThrowDices);
        self.send(connection, form(name));
        let burst = self.read(connection);
        assert!(
            burst.iter().any(|packet| matches!(packet, ServerPacket::Logged { .. })),
            "{name}: {burst:?}"
        );
        connection
    }

    /// Takes the only save that waits for the store.
    fn take_waiting_save(&mut self) -> (records::Ticket, Vec<CharacterSave>) {
        let is_save = |request: &Request| matches!(request, Request::SaveCharacters { .. });
        assert_eq!(self.waiting.iter().filter(|request| is_save(request)).count(), 1, "{:?}", self.waiting);
        let place = self.waiting.iter().position(is_save).unwrap();
        let Request::SaveCharacters { ticket, saves } = self.waiting.remove(place) else { unreachable!() };
        (ticket, saves)
    }

    /// Refuses a save in the name of the store.
    fn refuse_save(
        &mut self,
        (ticket, saves): (records::Ticket, Vec<CharacterSave>),
        error: records::StoreError,
    ) {
        let reply = Request::SaveCharacters { ticket, saves }.refuse(error);
        self.game.handle(self.now, Input::Store(reply));
    }

    /// Answers every waiting request with a store that is away.
    fn refuse_waiting(&mut self) {
        for request in std::mem::take(&mut self.waiting) {
            let away = records::StoreError::Unavailable("test".into());
            self.game.handle(self.now, Input::Store(request.refuse(away)));
        }
        self.settle();
    }

    /// Answers every waiting request and carries out nothing that follows from it.
    fn answer_waiting(&mut self) {
        for request in std::mem::take(&mut self.waiting) {
            let reply = self.store.carry_out(request);
            self.game.handle(self.now, Input::Store(reply));
        }
        self.settle();
    }

    fn position(&self, name: &str) -> Position {
        let player = self.game.play.players.by_name(name).and_then(|key| self.game.play.players.get(key));
        let player = player.unwrap_or_else(|| panic!("{name} is not in the world"));
        self.game.play.world.character(player.index).unwrap().position
    }

    fn closed_as(&self, connection: ConnectionId) -> Option<CloseReason> {
        self.closed.iter().find(|(id, _)| *id == connection).map(|(_, reason)| *reason)
    }

    /// Walks `steps` steps at the client's pace and returns what the walker was told.
    fn walk(&mut self, connection: ConnectionId, heading: u8, steps: usize) -> Vec<Packet> {
        self.read(connection);
        for _ in 0..steps {
            self.pass(267);
            self.send(connection, ClientPacket::Walk { heading });
        }
        self.read(connection)
    }
}

/// Returns the creation form of a human mage of Ullathorpe.
fn form(name: &str) -> ClientPacket {
    ClientPacket::LoginNewChar {
        username: name.into(),
        password: "secret1".into(),
        ver_major: 0,
        ver_minor: 13,
        ver_rev: 0,
        race: 1,
        gender: 1,
        class: 1,
        head: 10,
        email: "ana@example.org".into(),
        home: 1,
    }
}

fn login(name: &str, password: &str) -> ClientPacket {
    ClientPacket::LoginExistingChar {
        username: name.into(),
        password: password.into(),
        ver_major: 0,
        ver_minor: 13,
        ver_rev: 0,
    }
}

/// Returns the console lines among `packets`.
fn console(packets: &[Packet]) -> Vec<String> {
    let line = |packet: &Packet| match packet {
        ServerPacket::ConsoleMsg { text, .. } => Some(text.to_string()),
        _ => None,
    };
    packets.iter().filter_map(line).collect()
}

/// Returns the error dialogs among `packets`.
fn errors(packets: &[Packet]) -> Vec<String> {
    let text = |packet: &Packet| match packet {
        ServerPacket::ErrorMsg { text } => Some(text.to_string()),
        _ => None,
    };
    packets.iter().filter_map(text).collect()
}

fn names(packets: &[Packet]) -> Vec<&'static str> {
    packets.iter().map(ServerPacket::name).collect()
}
