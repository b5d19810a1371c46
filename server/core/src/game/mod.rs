//! The rules, a file a system.
//!
//! [`Game`] is the whole server without its sockets: connections come in as [`Input`]s with the time they came at, and
//! out come bytes in the [`Outbox`], requests to the store and to the password threads, and connections to close. It
//! never waits, never looks at a clock and never draws from a random generator but its own: the same seed and the same
//! inputs give the same outputs.
//!
//! To find where a packet is handled, start at `dispatch.rs`.

pub mod absent;
pub mod accounts;
mod agreement;
pub mod appearance;
mod attempts;
mod character_form;
mod chat;
mod chat_limit;
pub mod close_reason;
mod connections;
mod creation;
pub mod creation_limit;
mod dice;
mod dispatch;
mod enter;
mod event_log;
mod information;
mod inventory;
mod kinds;
mod leave;
pub mod line_limit;
mod login;
pub mod login_limit;
mod look;
mod movement;
pub mod names;
mod pace;
mod password;
pub mod password_queue;
mod pending;
pub mod players;
pub mod refusal;
mod saving;
mod sessions;
pub mod settings;
mod sight;
mod skills;
mod starting_character;
pub mod texts;
mod timers;
mod told;
pub mod wrong_passwords;

use crate::base::random::Random;
use crate::content::Content;
use crate::passwords;
use crate::protocol::client::ClientPacket;
use crate::protocol::font::Font;
use crate::protocol::outbox::{ConnectionId, Outbox};
use crate::protocol::server::ServerPacket;
use crate::protocol::wire::TextEncoding;
use crate::records;
use crate::records::UserId;
use crate::world::World;
pub use close_reason::CloseReason;
use connections::{Connections, Stage};
use core::net::IpAddr;
use creation_limit::CreationLimit;
use event_log::EventLog;
use login_limit::LoginLimit;
use password_queue::PasswordQueue;
use pending::PendingTable;
use players::{PlayerKey, Players};
use saving::Saving;
use sessions::Sessions;
pub use settings::Settings;
use std::sync::Arc;
use std::time::Duration;
use timers::{Timer, Timers};
use wrong_passwords::WrongPasswords;

/// Milliseconds since the server started; never goes back.
pub type Millis = u64;

/// Something that happened outside.
#[derive(Debug)]
pub enum Input {
    /// A connection was accepted.
    Opened {
        /// Its id.
        connection: ConnectionId,
        /// Where it comes from.
        address: IpAddr,
        /// Most bytes of one send to it.
        segment_limit: usize,
    },
    /// A connection sent a packet.
    Packet {
        /// Which connection.
        connection: ConnectionId,
        /// What it sent.
        packet: ClientPacket,
    },
    /// A connection has gone, or the network gave it up.
    Lost {
        /// Which connection.
        connection: ConnectionId,
        /// Why.
        reason: CloseReason,
    },
    /// What is known of how a client reads texts; for a connection that the outbox knows.
    TextClues {
        /// Which connection.
        connection: ConnectionId,
        /// Time to live, or hop limit, of the client's first packet as it arrived.
        hop_limit: Option<u8>,
        /// Encoding of the first text beyond ASCII that the client sent.
        writes: Option<TextEncoding>,
    },
    /// The kernel's estimate of a round trip to a client.
    RoundTrip {
        /// Which connection.
        connection: ConnectionId,
        /// The estimate.
        milliseconds: u32,
    },
    /// The store answered.
    Store(records::Reply),
    /// A password was hashed or checked.
    Password(passwords::Reply),
    /// What computing a password hash costs a thread, as measured.
    PasswordCost(Duration),
    /// The operator changed settings.
    Settings(Box<Settings>),
    /// Other servers have taken over these characters.
    CharactersTaken(Vec<UserId>),
    /// The store was emptied or swapped: write back what we hold.
    StoreEmptied,
    /// A heartbeat succeeded on our own store: what it lacks was deleted there.
    StoreConfirmed,
    /// The server has more work than time, or no longer: let only those in whose characters are in the world.
    RefuseLogins(bool),
    /// A client's system has acknowledged so many of the bytes that were sent to the client. Told before the packets
    /// that were read together with it, of connections with a mark (see [`Outbox::mark`]).
    Acknowledged {
        /// Which connection.
        connection: ConnectionId,
        /// Bytes, from the connection's beginning.
        bytes: u64,
        /// True if something was sent twice since the mark was set: then the client may have heard late.
        is_late: bool,
    },
    /// The server stops: tell and save everybody.
    Shutdown,
}

/// The game. See the module.
#[derive(Debug)]
pub struct Game {
    settings: Settings,
    world: World,
    players: Players,
    connections: Connections,
    outbox: Outbox,
    timers: Timers,
    random: Random,
    now: Millis,
    /// Unix seconds at `now` = 0.
    unix_start: u64,
    pending: PendingTable,
    saving: Saving,
    sessions: Sessions,
    login_limit: LoginLimit,
    creation_limit: CreationLimit,
    /// Creations so far, to use `start_positions` in turn.
    creations: usize,
    refuses_logins: bool,
    /// Lines of chat over a player's limit that were not counted yet.
    dropped_chat: u64,
    stopping: bool,
    store_requests: Vec<records::Request>,
    passwords: PasswordQueue,
    wrong_passwords: WrongPasswords,
    event_log: EventLog,
    closings: Vec<(ConnectionId, CloseReason)>,
}

impl Game {
    /// A game in the world of `content` that nobody plays yet; `unix_start` is the time now, in Unix seconds.
    #[must_use]
    pub fn new(content: Arc<Content>, settings: Settings, seed: u64, unix_start: u64) -> Self {
        Self {
            world: World::new(content),
            players: Players::default(),
            connections: Connections::default(),
            outbox: Outbox::new(settings.text_encoding.for_client(None, None)),
            timers: Timers::default(),
            random: Random::new(seed),
            now: 0,
            unix_start,
            pending: PendingTable::default(),
            saving: Saving::default(),
            sessions: Sessions::default(),
            login_limit: LoginLimit::new(settings.logins_per_minute_per_ip),
            creation_limit: CreationLimit::default(),
            creations: 0,
            refuses_logins: false,
            dropped_chat: 0,
            stopping: false,
            store_requests: Vec::new(),
            passwords: PasswordQueue::new(settings.password_threads),
            wrong_passwords: WrongPasswords::default(),
            event_log: EventLog::default(),
            closings: Vec::new(),
            settings,
        }
    }

    /// Takes one input that came at `now`.
    pub fn handle(&mut self, now: Millis, input: Input) {
        self.now = self.now.max(now);
        match input {
            Input::Opened { connection, address, segment_limit } => {
                self.opened(connection, address, segment_limit)
            }
            Input::Packet { connection, packet } => self.dispatch(connection, packet),
            Input::Lost { connection, reason } => self.lost(connection, reason),
            Input::TextClues { connection, hop_limit, writes } => {
                let encoding = self.settings.text_encoding.for_client(hop_limit, writes);
                self.outbox.set_encoding(connection, encoding);
            }
            Input::RoundTrip { connection, milliseconds } => {
                if let Some(connection) = self.connections.get_mut(connection) {
                    connection.round_trip = Millis::from(milliseconds);
                }
            }
            Input::Store(reply) => self.store_replied(reply),
            Input::Password(reply) => self.password_replied(reply),
            Input::PasswordCost(cost) => self.passwords.measured(cost),
            Input::Settings(settings) => self.change_settings(*settings),
            Input::CharactersTaken(users) => {
                self.give_up_characters(&users, CloseReason::TakenOver);
            }
            Input::StoreEmptied => self.restore_store(),
            Input::StoreConfirmed => self.saving.store_confirmed(),
            Input::RefuseLogins(refuses) => self.refuses_logins = refuses,
            Input::Acknowledged { connection, bytes, is_late } => {
                self.acknowledged(connection, bytes, is_late);
            }
            Input::Shutdown => self.shut_down(),
        }
    }

    /// Does what is due at `now`.
    pub fn advance(&mut self, now: Millis) {
        self.now = self.now.max(now);
        while let Some(timer) = self.timers.pop_due(self.now) {
            match timer {
                Timer::Handshake(connection) => self.handshake_timer(connection),
                Timer::Idle(connection) => self.idle_timer(connection),
                Timer::Roll(connection) => self.roll_timer(connection),
                Timer::Creation(connection) => self.creation_timer(connection),
                Timer::Leave(key) => self.leave_timer(key),
                Timer::Absent(key) => self.absent_timer(key),
                Timer::Agree(key) => self.agree_timer(key),
                Timer::Save => self.save_timer(),
                Timer::RefreshSessions => self.refresh_sessions(),
                Timer::PasswordDelay(ticket) => self.password_delay_over(ticket),
                Timer::LogSummaries => self.log_summaries(self.now),
            }
        }
    }

    /// When [`Self::advance`] has something to do next.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Millis> {
        self.timers.next_deadline()
    }

    /// The bytes to send.
    pub fn outbox(&mut self) -> &mut Outbox {
        &mut self.outbox
    }

    /// Moves what the store is asked into `into`.
    pub fn take_store_requests(&mut self, into: &mut Vec<records::Request>) {
        into.append(&mut self.store_requests);
    }

    /// Moves what the password threads are asked into `into`: as much as keeps them busy. The rest waits here.
    pub fn take_password_jobs(&mut self, into: &mut Vec<passwords::Job>) {
        into.extend(std::iter::from_fn(|| self.passwords.take_next()));
    }

    /// How many password jobs wait to be taken.
    #[must_use]
    pub fn passwords_waiting(&self) -> usize {
        self.passwords.waiting()
    }

    /// Moves the connections that the game ended into `into`. What waits in the outbox for them is still to be sent.
    pub fn take_closings(&mut self, into: &mut Vec<(ConnectionId, CloseReason)>) {
        into.append(&mut self.closings);
    }

    /// How many lines of chat were dropped since the last call, for being over their player's limit.
    pub fn take_dropped_chat(&mut self) -> u64 {
        std::mem::take(&mut self.dropped_chat)
    }

    /// Whether nothing is left to do after [`Input::Shutdown`]: everybody told, and everything saved and acknowledged.
    #[must_use]
    pub fn is_drained(&self) -> bool {
        let is_answered = self.pending.len() == 0 && self.store_requests.is_empty();
        self.stopping && self.saving.is_idle() && is_answered
    }

    /// How many players are connected and in the world.
    #[must_use]
    pub fn online(&self) -> usize {
        self.players.connected()
    }

    /// The world, to look at.
    #[must_use]
    pub fn world(&self) -> &World {
        &self.world
    }

    /// The players, to look at.
    #[must_use]
    pub fn players(&self) -> &Players {
        &self.players
    }

    /// How many connections the game knows.
    #[must_use]
    pub fn connection_count(&self) -> usize {
        self.connections.count()
    }

    /// How many answers of the store and of the password threads the game waits for.
    #[must_use]
    pub fn pending_answers(&self) -> usize {
        self.pending.len()
    }

    fn opened(&mut self, connection: ConnectionId, address: IpAddr, segment_limit: usize) {
        self.connections.open(connection, address);
        self.outbox.open(connection, segment_limit);
        if self.stopping {
            self.close(connection, CloseReason::Shutdown);
        } else if self.settings.handshake_ms > 0 {
            self.timers.set(self.now + self.settings.handshake_ms, Timer::Handshake(connection));
        } else {
            self.watch_for_idleness(connection, self.now);
        }
    }

    /// Ends a connection: the reason's text, if any, is the last thing its client reads. A player keeps standing where
    /// it is: whether it leaves the world is the caller's business.
    fn close(&mut self, connection: ConnectionId, reason: CloseReason) {
        if let Some(text) = reason.player_text() {
            self.send(connection, &ServerPacket::ErrorMsg { text: text.into() });
        }
        let Some(gone) = self.connections.remove(connection) else { return };
        self.drop_attempts(&gone);
        if let Stage::Playing(key) = gone.stage
            && let Some(player) = self.players.get_mut(key)
        {
            player.close_reason = Some(reason);
        }
        self.closings.push((connection, reason));
    }

    fn handshake_timer(&mut self, id: ConnectionId) {
        let Some(connection) = self.connections.get(id) else { return };
        match connection.last_packet {
            None => self.close(id, CloseReason::HandshakeTimeout),
            Some(last_packet) => self.watch_for_idleness(id, last_packet),
        }
    }

    fn watch_for_idleness(&mut self, id: ConnectionId, last_packet: Millis) {
        let Some(connection) = self.connections.get_mut(id) else { return };
        if self.settings.idle_ms > 0 {
            connection.silence_watch = last_packet + self.settings.idle_ms;
            self.timers.set(connection.silence_watch, Timer::Idle(id));
        }
    }

    fn idle_timer(&mut self, id: ConnectionId) {
        let Some(connection) = self.connections.get(id) else { return };
        if connection.silence_watch > self.now || self.settings.idle_ms == 0 {
            return;
        }
        let last_packet = connection.last_packet.unwrap_or(0);
        if self.now < last_packet + self.settings.idle_ms {
            self.watch_for_idleness(id, last_packet);
            return;
        }
        let stage = connection.stage;
        self.close(id, CloseReason::Idle);
        if let Stage::Playing(key) = stage {
            self.remove_player(key);
        }
    }

    /// Follows changed settings. Those of text encoding and data need a restart.
    fn change_settings(&mut self, settings: Settings) {
        let old = std::mem::replace(&mut self.settings, settings);
        if old.logins_per_minute_per_ip != self.settings.logins_per_minute_per_ip {
            self.login_limit = LoginLimit::new(self.settings.logins_per_minute_per_ip);
        }
        if old.chat_per_second != self.settings.chat_per_second {
            self.renew_chat_limits();
        }
        if old.disconnect_stay_ms != self.settings.disconnect_stay_ms {
            self.watch_absent_players();
        }
        let absent = |settings: &Settings| (settings.absent_characters, settings.absent_characters_per_ip);
        if absent(&old) != absent(&self.settings) {
            self.limit_all_absent();
        }
        if old.idle_ms != self.settings.idle_ms {
            for id in self.connections.ids().collect::<Vec<_>>() {
                let last_packet = self.connections.get(id).and_then(|connection| connection.last_packet);
                self.watch_for_idleness(id, last_packet.unwrap_or(self.now));
            }
        }
    }

    /// The player on a connection: its name and its account.
    #[must_use]
    pub fn player_on(&self, connection: ConnectionId) -> Option<(&str, UserId)> {
        let player = self.players.get(self.player_of(connection)?)?;
        Some((player.name(), player.account.user_id))
    }

    fn send(&mut self, to: ConnectionId, packet: &ServerPacket<'_>) {
        self.outbox.send(to, packet);
    }

    /// A console line for one client.
    fn tell(&mut self, to: ConnectionId, text: &str, font: Font) {
        self.send(to, &ServerPacket::ConsoleMsg { text: text.into(), font: font.into() });
    }

    /// The player that `connection` plays and its key, if it plays.
    fn player_of(&self, connection: ConnectionId) -> Option<PlayerKey> {
        match self.connections.get(connection)?.stage {
            Stage::Playing(key) => Some(key),
            Stage::Lobby | Stage::Waiting(_) => None,
        }
    }
}

#[cfg(test)]
mod tests;
