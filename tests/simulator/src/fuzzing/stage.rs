//! The whole game without its sockets, two connections of an attacker, and a bystander who stands near and looks.
//!
//! Each client is a [`ShadowClient`]. After every packet, the picture of each must be the view of its player.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, OnceLock};

use pyao_core::base::ids::MapId;
use pyao_core::content::{Content, Position};
use pyao_core::game::player::table::Player;
use pyao_core::game::{CloseReason, Game, Input, Settings};
use pyao_core::passwords;
use pyao_core::protocol::client::ClientPacket;
use pyao_core::protocol::outbox::{BUFFER_LIMIT, ConnectionId};
use pyao_core::protocol::wire::TextEncoding;
use pyao_core::testing::{MemoryStore, answer_password};
use pyao_store::Request;
use pyao_store::records::{PositionRecord, UserId};

use crate::forms::NewCharacter;
use crate::shadow::{Screen, ShadowClient};

/// Outside the safe zone, two steps from the way to another map: a lost socket leaves the character standing.
const START: Position = Position { map: MapId::new(2), x: 50, y: 9 };
/// Password of every player.
pub(super) const PASSWORD: &str = "secreto";
/// Bytes of one send; small, so that many sends are made.
const SEGMENT_LIMIT: usize = 200;
/// Turns after which the effects of a packet must have come to rest.
const TURNS_MAX: usize = 100;
/// Longer than anything that a game waits for.
const FOREVER_MS: u64 = 4_000_000;
const UNIX_START: u64 = 1_700_000_000;

/// The clients: an index into [`Stage::clients`].
pub(super) const BYSTANDER: usize = 2;
/// Number of clients; those before the bystander are the attacker's.
const CLIENTS: usize = 3;

/// One client and its connection.
struct Client {
    address: IpAddr,
    connection: Option<ConnectionId>,
    shadow: ShadowClient,
    /// Bytes sent of which the server has not yet a whole packet.
    unserved: Vec<u8>,
    /// True if it reads the bytes that arrive.
    reads: bool,
    /// True if it has read everything before it sent the next packet: only then its picture must be right, since it
    /// moves its own character by itself.
    keeps_up: bool,
}

/// See the module.
pub(super) struct Stage {
    game: Game,
    now: u64,
    store: MemoryStore,
    /// True if the store and the password threads answer.
    answers: bool,
    requests: Vec<Request>,
    jobs: Vec<passwords::Job>,
    clients: [Client; CLIENTS],
    /// Connections so far; each has a slot of a few, so that slots are used again.
    opened: u32,
    stopped: bool,
}

impl Stage {
    /// A fresh game in which the bystander plays.
    pub(super) fn new() -> Self {
        static CONTENT: OnceLock<Arc<Content>> = OnceLock::new();
        let content = Arc::clone(CONTENT.get_or_init(|| Arc::new(Content::starter())));
        let settings = Settings { start_positions: vec![START], ..Settings::default() };
        let client = |number: u8| Client {
            address: Ipv4Addr::new(10, 0, 0, number / 2).into(),
            connection: None,
            shadow: ShadowClient::new(Screen::Login, TextEncoding::Latin1),
            unserved: Vec::new(),
            reads: true,
            keeps_up: true,
        };
        let mut stage = Self {
            game: Game::new(content, settings, 1, UNIX_START),
            now: 0,
            store: MemoryStore::default(),
            answers: true,
            requests: Vec::new(),
            jobs: Vec::new(),
            clients: [client(0), client(1), client(2)],
            opened: 0,
            stopped: false,
        };
        stage.enter_as(BYSTANDER, "Ana");
        stage
    }

    /// A new character of that name enters.
    pub(super) fn enter_as(&mut self, who: usize, name: &str) {
        self.connect(who);
        self.send_packet(who, &ClientPacket::ThrowDices);
        self.send_packet(who, &NewCharacter::named(name, PASSWORD).packet());
    }

    /// A client connects, unless it is connected.
    pub(super) fn connect(&mut self, who: usize) {
        if self.clients[who].connection.is_some() {
            return;
        }
        let used = |slot: &u32| {
            let mut open = self.clients.iter().filter_map(|client| client.connection);
            open.any(|connection| connection.slot == *slot)
        };
        // One slot more than there are clients: one of them is free.
        let slot = (0..=CLIENTS as u32).find(|slot| !used(slot)).unwrap_or_default();
        self.opened += 1;
        let connection = ConnectionId { slot, generation: self.opened };
        let client = &mut self.clients[who];
        client.connection = Some(connection);
        // The creation screen takes everything that the login screen takes.
        client.shadow = ShadowClient::new(Screen::Creation, TextEncoding::Latin1);
        (client.reads, client.keeps_up) = (true, true);
        let address = client.address;
        self.input(Input::Opened { connection, address, segment_limit: SEGMENT_LIMIT });
        // A client on Windows.
        self.input(Input::TextClues { connection, hop_limit: Some(128), writes: None });
    }

    /// A client sends bytes, whole packets or not.
    pub(super) fn send(&mut self, who: usize, bytes: &[u8]) {
        let Some(connection) = self.clients[who].connection else { return };
        self.clients[who].unserved.extend_from_slice(bytes);
        while self.clients[who].connection == Some(connection) {
            let client = &mut self.clients[who];
            match ClientPacket::decode(&client.unserved) {
                Ok(Some((packet, length))) => {
                    client.unserved.drain(..length);
                    client.expect_answer(&packet);
                    self.input(Input::Packet { connection, packet });
                }
                Ok(None) => return,
                Err(_) => self.lose(who, CloseReason::MalformedPacket),
            }
        }
    }

    /// A client sends one packet.
    pub(super) fn send_packet(&mut self, who: usize, packet: &ClientPacket) {
        let mut bytes = Vec::new();
        packet.encode(&mut bytes);
        self.send(who, &bytes);
    }

    /// Presses a movement key of the bystander, an honest client.
    pub(super) fn bystander_walks(&mut self, heading: u8) {
        self.send_packet(BYSTANDER, &ClientPacket::Walk { heading });
    }

    /// The connection breaks.
    pub(super) fn lose(&mut self, who: usize, reason: CloseReason) {
        let Some(connection) = self.clients[who].connection else { return };
        self.forget(connection);
        self.input(Input::Lost { connection, reason });
    }

    /// The kernel has measured a client's round trip.
    pub(super) fn measure(&mut self, who: usize, milliseconds: u32) {
        let Some(connection) = self.clients[who].connection else { return };
        self.input(Input::RoundTrip { connection, milliseconds });
    }

    /// A client stops reading, or reads on.
    pub(super) fn set_reads(&mut self, who: usize, reads: bool) {
        self.clients[who].reads = reads;
        self.clients[who].keeps_up &= reads;
        self.settle();
    }

    /// Store and password threads stop answering, or answer all that waits.
    pub(super) fn set_answers(&mut self, answers: bool) {
        self.answers = answers;
        self.settle();
    }

    /// The operator stops the server.
    pub(super) fn shut_down(&mut self) {
        self.stopped = true;
        self.input(Input::Shutdown);
    }

    /// Moves the clock and serves the timers. The bystander sends a packet first, so as not to be idle.
    pub(super) fn pass(&mut self, milliseconds: u64) {
        self.send_packet(BYSTANDER, &ClientPacket::Ping);
        let end = self.now + milliseconds;
        while let Some(deadline) = self.game.next_deadline().filter(|deadline| *deadline <= end) {
            self.now = self.now.max(deadline);
            self.game.advance(self.now);
            self.settle();
        }
        self.now = end;
    }

    /// Disconnects all and lets time pass; nothing of them may be left.
    pub(super) fn finish(mut self) {
        let stood_at = self.places();
        for who in 0..CLIENTS {
            self.lose(who, CloseReason::LostSocket);
        }
        self.set_answers(true);
        self.pass(FOREVER_MS);
        let npcs: usize = self.game.world().content().maps().map(|map| map.npc_placements().len()).sum();
        assert_eq!(self.game.connection_count(), 0, "connections left");
        assert!(self.game.players().is_empty(), "players left: {:?}", self.game.players());
        assert_eq!(self.game.world().population(), npcs, "characters left");
        assert_eq!(self.store.sessions().len(), 0, "sessions left");
        for (user_id, place) in stood_at {
            let stored = self.store.by_user(user_id).map(|stored| stored.character.position);
            assert_eq!(stored, Some(place), "stored place of {user_id}");
        }
        assert_eq!(self.game.outbox().refused(), 0, "packets that no client can read");
        assert_eq!(self.game.is_drained(), self.stopped, "a stopped game comes to its end");
    }

    /// Returns the tile of each player's character, or the stored tile of a character that was put elsewhere and has
    /// not walked.
    fn places(&self) -> Vec<(UserId, PositionRecord)> {
        let world = self.game.world();
        let place = |player: &Player| {
            let character = world.character(player.index)?;
            let Position { map, x, y } = character.position;
            let heading = character.heading.wire();
            let standing = PositionRecord { map, x, y, heading };
            let stored = if player.is_displaced { player.character.position } else { standing };
            Some((player.account.user_id, stored))
        };
        self.game.players().iter().filter_map(|(_, player)| place(player)).collect()
    }

    fn input(&mut self, input: Input) {
        self.game.handle(self.now, input);
        self.settle();
        self.check();
    }

    /// Lets everything that was set off come to rest.
    fn settle(&mut self) {
        for _ in 0..TURNS_MAX {
            self.game.take_store_requests(&mut self.requests);
            self.game.take_password_jobs(&mut self.jobs);
            self.deliver();
            let closed = self.carry_closings();
            let asked = self.answers && !(self.requests.is_empty() && self.jobs.is_empty());
            if !asked && !closed {
                return;
            }
            if asked {
                self.answer();
            }
        }
        panic!("the game does not come to rest");
    }

    fn answer(&mut self) {
        for request in std::mem::take(&mut self.requests) {
            let reply = self.store.carry_out(request);
            self.game.handle(self.now, Input::Store(reply));
        }
        for job in std::mem::take(&mut self.jobs) {
            self.game.handle(self.now, Input::Password(answer_password(job)));
        }
    }

    fn deliver(&mut self) {
        // The bytes are taken from the clients below, one after the other.
        self.game.outbox().take_dirty(&mut Vec::new());
        let mut overflowed = Vec::new();
        self.game.outbox().take_overflowed(&mut overflowed);
        for connection in overflowed {
            self.forget(connection);
            self.game.handle(self.now, Input::Lost { connection, reason: CloseReason::OutputOverflow });
        }
        for client in self.clients.iter_mut().filter(|client| client.reads) {
            client.read(&mut self.game);
        }
    }

    fn carry_closings(&mut self) -> bool {
        let mut closings = Vec::new();
        self.game.take_closings(&mut closings);
        for (connection, _) in &closings {
            self.forget(*connection);
        }
        !closings.is_empty()
    }

    /// Closes the socket: nothing more goes either way.
    fn forget(&mut self, connection: ConnectionId) {
        self.game.outbox().close(connection);
        for client in self.clients.iter_mut().filter(|client| client.connection == Some(connection)) {
            client.connection = None;
            client.unserved.clear();
        }
    }

    fn check(&mut self) {
        let open = self.clients.iter().filter(|client| client.connection.is_some()).count();
        assert_eq!(self.game.connection_count(), open, "connections that the game knows");
        assert!(self.game.players().len() <= self.store.account_count(), "more players than accounts");
        for client in &self.clients {
            let Some(connection) = client.connection else { continue };
            assert!(self.game.outbox().waiting(connection) <= BUFFER_LIMIT);
            assert!(client.shadow.faults.is_empty(), "{:?}", client.shadow.faults);
            if client.shadow.screen == Screen::Game && client.reads && client.keeps_up {
                client.check_picture(&self.game);
            }
        }
        assert_eq!(self.clients[BYSTANDER].shadow.pings, 0, "pings of the bystander without an answer");
    }
}

impl Client {
    /// Does what the client itself does as it sends `packet`.
    fn expect_answer(&mut self, packet: &ClientPacket) {
        if self.shadow.screen != Screen::Game {
            return;
        }
        match packet {
            ClientPacket::Ping => self.shadow.pings += 1,
            ClientPacket::Walk { heading: heading @ 1..=4 } => {
                // A step that an honest client would not take is refused, and changes nothing here.
                let _ = self.shadow.predict_walk(*heading);
            }
            _ => {}
        }
    }

    fn read(&mut self, game: &mut Game) {
        let Some(connection) = self.connection else { return };
        while let Some(segment) = game.outbox().segment(connection) {
            // Bytes that cannot be read are kept in the shadow's faults.
            let _ = self.shadow.read(segment);
            game.outbox().segment_sent(connection);
        }
        if let Some(bytes) = game.outbox().marked(connection) {
            game.outbox().acknowledged(connection, bytes);
        }
        // The lines of the console are not checked, but take room.
        self.shadow.console.clear();
        self.shadow.chat.clear();
    }

    fn check_picture(&self, game: &Game) {
        let name = self.connection.and_then(|connection| game.player_on(connection)).map(|(name, _)| name);
        let player = name.and_then(|name| game.players().by_name(name));
        let Some(player) = player.and_then(|key| game.players().get(key)) else {
            panic!("a client shows the game, and nobody plays on its connection");
        };
        if let Err(difference) = self.shadow.check_against(game, player) {
            panic!("the client of {}: {difference}", player.name());
        }
    }
}
