//! The rules, a file a system.
//!
//! [`Game`] is the whole server without its sockets: connections come in as [`Input`]s with the time they came at, and
//! out come bytes in the [`Outbox`], requests to the store and to the password threads, and connections to close. It
//! never waits, never looks at a clock and never draws from a random generator but its own: the same seed and the same
//! inputs give the same outputs.
//!
//! It has three parts, none of which holds another:
//!
//! * `Play` (`play.rs`) is the world being played. Rules are its methods. A rule pushes an `Effect` (`effect.rs`) for
//!   everything beyond the world: a connection's end, a save, an event.
//! * `Lobby` (`session/lobby.rs`) has the connections, before play and on their way into it, and the limits of their
//!   addresses.
//! * `Durable` (`durable/`) saves characters and sessions, and knows the requests that wait for an answer; `replies.rs`
//!   hands each answer to its flow.
//!
//! Flows through more than one part (a login, a creation, a takeover) are methods of [`Game`], in files of their own.
//! `dispatch/` maps each packet to its system.

mod account;
pub mod accounts;
mod carry_out;
mod chat;
mod dispatch;
mod durable;
mod effect;
mod invariants;
mod items;
mod movement;
pub mod npc;
mod play;
pub mod player;
mod replies;
pub mod rules;
pub mod session;
pub mod settings;
pub mod sight;
pub mod texts;
mod timers;

pub use crate::base::Millis;
pub use crate::base::close_reason::CloseReason;
use crate::base::ids::ConnectionId;
use crate::content::Content;
use crate::passwords;
use crate::protocol::client::ClientPacket;
use crate::protocol::outbox::Outbox;
use crate::protocol::wire::TextEncoding;
use crate::records;
use crate::records::UserId;
use crate::world::World;
use account::login_limit::LoginLimit;
use core::net::IpAddr;
use durable::Durable;
#[cfg(debug_assertions)]
use invariants::Verbs;
use play::Play;
use player::table::Players;
use session::connections::Stage;
use session::event_log::EventLog;
use session::lobby::Lobby;
pub use settings::Settings;
use std::sync::Arc;
use std::time::Duration;
use timers::Timer;

/// Something that happened outside.
#[derive(Debug)]
pub enum Input {
    /// A connection was accepted.
    Opened {
        /// Its id.
        connection: ConnectionId,
        /// Address of its client.
        address: IpAddr,
        /// Most bytes of one send to it.
        segment_limit: usize,
    },
    /// A connection sent a packet.
    Packet {
        /// Its id.
        connection: ConnectionId,
        /// The packet.
        packet: ClientPacket,
    },
    /// A connection has gone, or the network gave it up.
    Lost {
        /// Its id.
        connection: ConnectionId,
        /// Reason of its end.
        reason: CloseReason,
    },
    /// Clues to the encoding in which a client reads texts; for a connection that the outbox knows.
    TextClues {
        /// Its id.
        connection: ConnectionId,
        /// Time to live, or hop limit, of the client's first packet as it arrived.
        hop_limit: Option<u8>,
        /// Encoding of the first text beyond ASCII that the client sent.
        writes: Option<TextEncoding>,
    },
    /// The kernel's estimate of a round trip to a client.
    RoundTrip {
        /// Its id.
        connection: ConnectionId,
        /// The estimate.
        milliseconds: u32,
    },
    /// The store answered.
    Store(records::Reply),
    /// A password was hashed or checked.
    Password(passwords::Reply),
    /// Time that a thread needs for a password hash, as measured.
    PasswordCost(Duration),
    /// The operator changed settings.
    Settings(Box<Settings>),
    /// Other servers have taken over these characters.
    CharactersTaken(Vec<UserId>),
    /// The store was emptied or swapped: all characters in memory are written back.
    StoreEmptied,
    /// A heartbeat succeeded on our own store: accounts that it lacks were deleted there.
    StoreConfirmed,
    /// The server is overloaded, or no longer: while it is, only players are let in whose characters are in the world.
    RefuseLogins(bool),
    /// A client's system has acknowledged so many of the bytes that were sent to the client. Told before the packets
    /// that were read together with it, of connections with a mark (see [`Outbox::mark`]).
    Acknowledged {
        /// Its id.
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
    play: Play,
    lobby: Lobby,
    durable: Durable,
    event_log: EventLog,
    #[cfg(debug_assertions)]
    verbs: Verbs,
}

impl Game {
    /// Creates a game in the world of `content` that nobody plays yet; `unix_start` is the time now, in Unix seconds.
    #[must_use]
    pub fn new(content: Arc<Content>, settings: Settings, seed: u64, unix_start: u64) -> Self {
        Self {
            lobby: Lobby::new(&settings),
            play: Play::new(content, settings, seed),
            durable: Durable::new(unix_start),
            event_log: EventLog::default(),
            #[cfg(debug_assertions)]
            verbs: Verbs::default(),
        }
    }

    /// Takes one input that came at `now`.
    pub fn handle(&mut self, now: Millis, input: Input) {
        self.play.now = self.play.now.max(now);
        match input {
            Input::Opened { connection, address, segment_limit } => {
                self.opened(connection, address, segment_limit)
            }
            Input::Packet { connection, packet } => self.dispatch(connection, packet),
            Input::Lost { connection, reason } => self.lost(connection, reason),
            Input::TextClues { connection, hop_limit, writes } => {
                let encoding = self.play.settings.text_encoding.for_client(hop_limit, writes);
                self.play.outbox.set_encoding(connection, encoding);
            }
            Input::RoundTrip { connection, milliseconds } => {
                if self.lobby.connections.get(connection).is_some() {
                    self.play.round_trips.set(connection, Millis::from(milliseconds));
                }
            }
            Input::Store(reply) => self.store_replied(reply),
            Input::Password(reply) => self.password_replied(reply),
            Input::PasswordCost(cost) => self.lobby.passwords.measured(cost),
            Input::Settings(settings) => self.change_settings(*settings),
            Input::CharactersTaken(users) => {
                self.give_up_characters(&users, CloseReason::TakenOver);
            }
            Input::StoreEmptied => self.durable.restore_store(&mut self.play.state()),
            Input::StoreConfirmed => self.durable.saving.store_confirmed(),
            Input::RefuseLogins(refuses) => self.lobby.refuses_logins = refuses,
            Input::Acknowledged { connection, bytes, is_late } => {
                let player = self.lobby.player_of(connection);
                self.play.acknowledged(connection, player, bytes, is_late);
            }
            Input::Shutdown => self.shut_down(),
        }
        self.end_verb();
    }

    /// Does what is due at `now`.
    pub fn advance(&mut self, now: Millis) {
        self.play.now = self.play.now.max(now);
        while let Some(timer) = self.play.timers.pop_due(self.play.now) {
            match timer {
                Timer::Handshake(connection) => self.handshake_timer(connection),
                Timer::Idle(connection) => self.idle_timer(connection),
                Timer::Roll(connection) => self.roll_timer(connection),
                Timer::Creation(connection) => self.creation_timer(connection),
                Timer::Leave(key) => self.play.leave_timer(key),
                Timer::Absent(key) => self.play.absent_timer(key),
                Timer::Reconcile(key) => self.play.reconcile_timer(key),
                Timer::Save => self.durable.save_timer(self.play.state()),
                Timer::RefreshSessions => self.durable.refresh_sessions(self.play.state()),
                Timer::PasswordDelay(ticket) => self.password_delay_over(ticket),
                Timer::LogSummaries => self.event_log.summaries(self.play.now),
            }
            self.carry_out_effects();
        }
        self.end_verb();
    }

    fn end_verb(&mut self) {
        if !self.play.effects.is_empty() {
            self.carry_out_effects();
        }
        if self.event_log.owes_timer() {
            self.event_log.set_timer(&mut self.play.timers);
        }
        self.verb_done();
    }

    /// Logs how many log lines of each kind were left out in the seconds that are over at `now`.
    pub fn log_summaries(&mut self, now: Millis) {
        self.event_log.summaries(now);
    }

    /// Returns the time at which [`Self::advance`] has something to do next.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Millis> {
        self.play.timers.next_deadline()
    }

    /// Returns the bytes to send.
    pub fn outbox(&mut self) -> &mut Outbox {
        &mut self.play.outbox
    }

    /// Moves the requests to the store into `into`.
    pub fn take_store_requests(&mut self, into: &mut Vec<records::Request>) {
        self.durable.take_requests(into);
    }

    /// Moves jobs for the password threads into `into`: as many as keep them busy. The rest waits here.
    pub fn take_password_jobs(&mut self, into: &mut Vec<passwords::Job>) {
        into.extend(std::iter::from_fn(|| self.lobby.passwords.take_next()));
    }

    /// Returns the number of password jobs that wait to be taken.
    #[must_use]
    pub fn passwords_waiting(&self) -> usize {
        self.lobby.passwords.waiting()
    }

    /// Moves the connections that the game ended into `into`. Their bytes in the outbox are still to be sent.
    pub fn take_closings(&mut self, into: &mut Vec<(ConnectionId, CloseReason)>) {
        into.append(&mut self.lobby.closings);
    }

    /// Returns the number of lines of chat dropped since the last call, for being over their player's limit.
    pub fn take_dropped_chat(&mut self) -> u64 {
        std::mem::take(&mut self.play.dropped_chat)
    }

    /// Returns the number of faults of the server's own since it started: things that cannot be, each logged. 0 in a
    /// server without a bug.
    #[must_use]
    pub fn faults(&self) -> u64 {
        self.play.faults
    }

    /// Returns true if nothing is left to do after [`Input::Shutdown`]: everybody told, and everything saved and
    /// acknowledged.
    #[must_use]
    pub fn is_drained(&self) -> bool {
        self.durable.is_drained()
    }

    /// Returns the number of players who are connected and in the world.
    #[must_use]
    pub fn online(&self) -> usize {
        self.play.players.connected()
    }

    /// Returns the world, to look at.
    #[must_use]
    pub fn world(&self) -> &World {
        &self.play.world
    }

    /// Returns the players, to look at.
    #[must_use]
    pub fn players(&self) -> &Players {
        &self.play.players
    }

    /// Returns the number of connections that the game knows.
    #[must_use]
    pub fn connection_count(&self) -> usize {
        self.lobby.connections.count()
    }

    /// Returns the number of answers of the store and of the password threads that the game waits for.
    #[must_use]
    pub fn pending_answers(&self) -> usize {
        self.durable.pending.len()
    }

    /// Returns the player on a connection: its name and its account.
    #[must_use]
    pub fn player_on(&self, connection: ConnectionId) -> Option<(&str, UserId)> {
        let player = self.play.players.get(self.lobby.player_of(connection)?)?;
        Some((player.name(), player.account.user_id))
    }

    fn unix_now(&self) -> u64 {
        self.durable.unix_at(self.play.now)
    }

    fn opened(&mut self, connection: ConnectionId, address: IpAddr, segment_limit: usize) {
        self.lobby.connections.open(connection, address);
        self.play.outbox.open(connection, segment_limit);
        self.play.round_trips.set(connection, 0);
        if self.durable.is_stopping() {
            self.close(connection, CloseReason::Shutdown);
        } else if self.play.settings.handshake_ms > 0 {
            let deadline = self.play.now + self.play.settings.handshake_ms;
            self.play.timers.set(deadline, Timer::Handshake(connection));
        } else {
            self.watch_for_idleness(connection, self.play.now);
        }
    }

    /// Ends a connection: the reason's text, if any, is the last thing its client reads. A player keeps standing in the
    /// world: whether it leaves is the caller's business.
    fn close(&mut self, connection: ConnectionId, reason: CloseReason) {
        self.play.tell_close(connection, reason);
        self.end_connection(connection, reason);
    }

    fn end_connection(&mut self, connection: ConnectionId, reason: CloseReason) {
        let Some(gone) = self.lobby.connections.remove(connection) else { return };
        self.drop_attempts(&gone);
        if let Stage::Playing(key) = gone.stage
            && let Some(player) = self.play.players.get_mut(key)
        {
            player.close_reason = Some(reason);
        }
        self.lobby.closings.push((connection, reason));
    }

    fn handshake_timer(&mut self, id: ConnectionId) {
        let Some(connection) = self.lobby.connections.get(id) else { return };
        match connection.last_packet {
            None => self.close(id, CloseReason::HandshakeTimeout),
            Some(last_packet) => self.watch_for_idleness(id, last_packet),
        }
    }

    fn watch_for_idleness(&mut self, id: ConnectionId, last_packet: Millis) {
        let Some(connection) = self.lobby.connections.get_mut(id) else { return };
        if self.play.settings.idle_ms > 0 {
            connection.silence_watch = last_packet + self.play.settings.idle_ms;
            self.play.timers.set(connection.silence_watch, Timer::Idle(id));
        }
    }

    fn idle_timer(&mut self, id: ConnectionId) {
        let (now, idle_ms) = (self.play.now, self.play.settings.idle_ms);
        let Some(connection) = self.lobby.connections.get(id) else { return };
        if connection.silence_watch > now || idle_ms == 0 {
            return;
        }
        let last_packet = connection.last_packet.unwrap_or(0);
        if now < last_packet + idle_ms {
            self.watch_for_idleness(id, last_packet);
            return;
        }
        let stage = connection.stage;
        self.close(id, CloseReason::Idle);
        if let Stage::Playing(key) = stage {
            self.play.remove_player(key);
        }
    }

    /// Follows changed settings. Those of text encoding and data need a restart.
    fn change_settings(&mut self, settings: Settings) {
        let old = std::mem::replace(&mut self.play.settings, settings);
        let settings = &self.play.settings;
        if old.logins_per_minute_per_ip != settings.logins_per_minute_per_ip {
            self.lobby.login_limit = LoginLimit::new(settings.logins_per_minute_per_ip);
        }
        let idle_changed = old.idle_ms != settings.idle_ms;
        self.play.follow_settings(&old);
        if idle_changed {
            for id in self.lobby.connections.ids().collect::<Vec<_>>() {
                let last_packet =
                    self.lobby.connections.get(id).and_then(|connection| connection.last_packet);
                self.watch_for_idleness(id, last_packet.unwrap_or(self.play.now));
            }
        }
    }
}

#[cfg(test)]
mod tests;
