//! The game on one thread without sockets, for measurements: benches, instruction counts, allocations.
//!
//! A [`Driver`] stands for everything around the game: it accepts connections, answers what the game asks of the store
//! and of the password threads at once and from memory, and takes out what the game writes as the event loop does. Its
//! clock moves only when it is told to. Nothing here is random, so the same calls do the same work every time.

use std::net::Ipv4Addr;
use std::sync::Arc;

use pyao_core::content::{Content, Position};
use pyao_core::game::{CloseReason, Game, Input, Millis, Settings};
use pyao_core::passwords;
use pyao_core::protocol::client::ClientPacket;
use pyao_core::protocol::outbox::ConnectionId;
use pyao_core::testing::{MemoryStore, answer_password};
use pyao_store::Request;

use crate::forms::{NewCharacter, login_packet};

/// Milliseconds of one step of the real client.
pub const STEP_MS: Millis = 267;

/// Most bytes of one send: the segment size of an Ethernet path.
const SEGMENT_LIMIT: usize = 1_300;
const PASSWORD: &str = "secreto";

/// See the module.
pub struct Driver {
    game: Game,
    now: Millis,
    next_slot: u32,
    /// Connections that have gone: their slots are used again.
    gone: Vec<ConnectionId>,
    store: MemoryStore,
    requests: Vec<Request>,
    jobs: Vec<passwords::Job>,
    dirty: Vec<ConnectionId>,
}

impl Driver {
    /// Creates a game in the world of `content` without players. They start at `places` in turn, and leave the world at
    /// once when they lose their connection.
    #[must_use]
    pub fn new(content: Arc<Content>, places: Vec<Position>) -> Self {
        let settings = Settings {
            start_positions: places,
            logins_per_minute_per_ip: 0,
            creations_per_day_per_ip: 0,
            disconnect_stay_ms: 0,
            ..Settings::default()
        };
        Self {
            game: Game::new(content, settings, 1, 1_700_000_000),
            now: 0,
            next_slot: 0,
            gone: Vec::new(),
            store: MemoryStore::default(),
            requests: Vec::new(),
            jobs: Vec::new(),
            dirty: Vec::new(),
        }
    }

    /// Returns the game, to look at.
    #[must_use]
    pub fn game(&self) -> &Game {
        &self.game
    }

    /// Checks no more invariants, whose checks allocate.
    pub fn stop_checking(&mut self) {
        self.game.stop_checking();
    }

    /// Opens a connection, on which no packet was sent yet.
    pub fn open(&mut self) -> ConnectionId {
        let connection = match self.gone.pop() {
            Some(gone) => ConnectionId { slot: gone.slot, generation: gone.generation + 1 },
            None => {
                self.next_slot += 1;
                ConnectionId { slot: self.next_slot - 1, generation: 1 }
            }
        };
        let address = Ipv4Addr::LOCALHOST.into();
        self.input(Input::Opened { connection, address, segment_limit: SEGMENT_LIMIT });
        // A client on Windows.
        self.input(Input::TextClues { connection, hop_limit: Some(128), writes: None });
        connection
    }

    /// Brings a new character into the world. Packets sent to others about it are taken out.
    ///
    /// # Panics
    /// Panics if the server refuses it.
    pub fn create(&mut self, name: &str) -> ConnectionId {
        let connection = self.open();
        self.send(connection, ClientPacket::ThrowDices);
        self.send(connection, NewCharacter::named(name, PASSWORD).packet());
        self.settle();
        self.deliver();
        assert!(self.game.player_on(connection).is_some(), "{name} was not let in");
        connection
    }

    /// Logs in a character that was created before.
    ///
    /// # Panics
    /// Panics if the server refuses it.
    pub fn log_in(&mut self, name: &str) -> ConnectionId {
        let connection = self.open();
        self.send(connection, login_packet(name, PASSWORD));
        self.settle();
        self.deliver();
        assert!(self.game.player_on(connection).is_some(), "{name} was not let in");
        connection
    }

    /// Breaks the connection; its player leaves the world.
    pub fn lose(&mut self, connection: ConnectionId) {
        self.input(Input::Lost { connection, reason: CloseReason::LostSocket });
        self.game.outbox().close(connection);
        self.gone.push(connection);
        self.settle();
        self.deliver();
    }

    /// Sends a packet of a client.
    pub fn send(&mut self, connection: ConnectionId, packet: ClientPacket) {
        self.input(Input::Packet { connection, packet });
    }

    /// Takes a step with a client, one step's time after the input before. Timers that are due meanwhile do not run: a
    /// save every five seconds is no part of a step.
    pub fn walk(&mut self, connection: ConnectionId, heading: u8) {
        self.now += STEP_MS;
        self.send(connection, ClientPacket::Walk { heading });
    }

    /// Lets time pass; the game serves the timers that are due.
    pub fn pass(&mut self, milliseconds: Millis) {
        self.now += milliseconds;
        self.game.advance(self.now);
    }

    /// Answers the game's requests until there are none.
    pub fn settle(&mut self) {
        loop {
            self.game.take_store_requests(&mut self.requests);
            self.game.take_password_jobs(&mut self.jobs);
            if self.requests.is_empty() && self.jobs.is_empty() {
                return;
            }
            for request in std::mem::take(&mut self.requests) {
                let reply = self.store.carry_out(request);
                self.input(Input::Store(reply));
            }
            for job in std::mem::take(&mut self.jobs) {
                self.input(Input::Password(answer_password(job)));
            }
        }
    }

    /// Takes out what waits for everybody, as the event loop does at the end of a turn; clients have it at
    /// once. Returns how many bytes.
    pub fn deliver(&mut self) -> usize {
        let outbox = self.game.outbox();
        outbox.take_dirty(&mut self.dirty);
        let mut bytes = 0;
        for id in self.dirty.drain(..) {
            while let Some(segment) = outbox.segment(id) {
                bytes += segment.len();
                outbox.segment_sent(id);
            }
            if let Some(bytes) = outbox.marked(id) {
                outbox.acknowledged(id, bytes);
            }
        }
        bytes
    }

    /// Returns the position of the player of that connection.
    #[must_use]
    pub fn position(&self, connection: ConnectionId) -> Option<Position> {
        let (_, user_id) = self.game.player_on(connection)?;
        let key = self.game.players().by_user(user_id)?;
        let index = self.game.players().get(key)?.index;
        self.game.world().character(index).map(|character| character.position)
    }

    fn input(&mut self, input: Input) {
        self.game.handle(self.now, input);
    }
}

/// Returns the `number`-th of many names that the server accepts.
#[must_use]
pub fn player_name(number: usize) -> String {
    let letter = |place: u32| char::from(b'a' + (number / 26_usize.pow(place) % 26) as u8);
    ["Bot", &letter(2).to_string(), &letter(1).to_string(), &letter(0).to_string()].concat()
}
