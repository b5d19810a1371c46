//! The lobby: connections before play and on their way into it, and the limits of their addresses.
//!
//! The lobby knows every connection, also those that play: which player each of them plays, and nothing more of it.

use crate::base::ids::ConnectionId;
use crate::base::ids::PlayerKey;
use crate::game::account::creation_limit::CreationLimit;
use crate::game::account::login_limit::LoginLimit;
use crate::game::account::names::{is_valid_name, name_key};
use crate::game::account::password_queue::{PasswordQueue, Waiting};
use crate::game::account::refusal::Refusal;
use crate::game::account::wrong_passwords::WrongPasswords;
use crate::game::durable::pending::PendingTable;
use crate::game::session::connections::{Connection, Connections, Stage};
use crate::game::session::event_log::Subject;
use crate::game::{CloseReason, Millis, Settings};
use crate::passwords::Job;
use crate::records::{Ticket, UserId};

/// See the module.
#[derive(Debug)]
pub struct Lobby {
    /// All connections.
    pub connections: Connections,
    /// Attempts by address.
    pub login_limit: LoginLimit,
    /// Creations by address.
    pub creation_limit: CreationLimit,
    /// Creations so far, to use `start_positions` in turn.
    pub creations: usize,
    /// True while only those are let in whose characters are in the world.
    pub refuses_logins: bool,
    /// Jobs for the password threads.
    pub passwords: PasswordQueue,
    /// Wrong passwords by account.
    pub wrong_passwords: WrongPasswords,
    /// Connections that the game ended, for the network.
    pub closings: Vec<(ConnectionId, CloseReason)>,
}

impl Lobby {
    /// Creates a lobby without connections.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        Self {
            connections: Connections::default(),
            login_limit: LoginLimit::new(settings.logins_per_minute_per_ip),
            creation_limit: CreationLimit::default(),
            creations: 0,
            refuses_logins: false,
            passwords: PasswordQueue::new(settings.password_threads),
            wrong_passwords: WrongPasswords::default(),
            closings: Vec::new(),
        }
    }

    /// Returns the subject of a log line about a connection, which may have gone.
    #[must_use]
    pub fn subject<'a>(&self, name: &'a str, user: Option<UserId>, connection: ConnectionId) -> Subject<'a> {
        let address = self.connections.get(connection).map(|connection| connection.address);
        Subject { name, user, address, connection }
    }

    /// Returns the player that `connection` plays, if it plays.
    #[must_use]
    pub fn player_of(&self, connection: ConnectionId) -> Option<PlayerKey> {
        match self.connections.get(connection)?.stage {
            Stage::Playing(key) => Some(key),
            Stage::Lobby | Stage::Waiting(_) => None,
        }
    }

    /// Counts an attempt of that connection's address. Returns a refusal if it may not be made.
    pub fn refusal_to_try(
        &mut self,
        connection: ConnectionId,
        pending: &PendingTable,
        now: Millis,
    ) -> Option<Refusal> {
        let address = self.connections.get(connection)?.address;
        if !self.login_limit.allows(address, now) {
            return Some(Refusal::TooManyAttempts);
        }
        (pending.is_full() || self.passwords.is_full_for(address)).then_some(Refusal::Busy)
    }

    /// Counts a creation of that connection's address on `day` and returns true, unless it has had `per_day` already.
    pub fn counts_as_creation(&mut self, id: ConnectionId, per_day: u32, day: u64) -> bool {
        let address = self.connections.get(id).map(|connection| connection.address);
        address.is_some_and(|address| self.creation_limit.allows(address, per_day, day))
    }

    /// Takes a counted creation back that came to nothing. One whose client hung up counts: the store may have it.
    pub fn take_back_creation(&mut self, id: ConnectionId) {
        if let Some(connection) = self.connections.get(id) {
            self.creation_limit.take_back(connection.address);
        }
    }

    /// Returns a job as it waits in the queue; `None` once its connection has gone.
    #[must_use]
    pub fn waiting_for(&self, connection: ConnectionId, job: Job) -> Option<Waiting> {
        let address = self.connections.get(connection)?.address;
        Some(Waiting { ticket: job.ticket(), connection: Some(connection), address, job })
    }

    /// Counts a checked password of the account `name`.
    pub fn password_checked(&mut self, name: &str, matches: bool, now: Millis) {
        if matches {
            self.wrong_passwords.right(&name_key(name));
        } else if is_valid_name(name) {
            self.wrong_passwords.wrong(&name_key(name), now);
        }
    }

    /// Drops the password jobs of a connection that has gone, and returns their tickets.
    #[must_use = "their tickets are never answered"]
    pub fn drop_attempts(&mut self, gone: &Connection) -> Vec<Ticket> {
        let mut dropped = self.passwords.drop_of(gone.address, gone.id);
        if let Stage::Waiting(ticket) = gone.stage
            && self.passwords.take_delayed(ticket).is_some()
        {
            dropped.push(ticket);
        }
        dropped
    }
}
