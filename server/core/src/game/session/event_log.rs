//! Log lines about players: a line each for a login, a refused login, a creation, a lost connection and a leaving.
//!
//! Clients cause them, so their number is limited: more than ten a second of one kind are summed up.

use crate::base::Millis;
use crate::base::close_reason::CloseReason;
use crate::base::ids::ConnectionId;
use crate::base::line_limit::LineLimit;
use crate::game::account::refusal::Refusal;
use crate::game::player::table::Player;
use crate::game::timers::{Timer, Timers};
use crate::records::{StoreError, UserId};
use core::net::IpAddr;
use std::fmt;

/// Stands for a connection that has gone, or an account that is not known.
const UNKNOWN: &str = "-";

/// The kinds of lines, as each begins.
mod kind {
    pub const LOGIN: &str = "login";
    pub const REFUSED: &str = "login refused";
    pub const FAILED: &str = "store failure at login";
    pub const CREATED: &str = "character created";
    pub const LOST: &str = "connection lost";
    pub const LEFT: &str = "left";
}

/// The limit of the lines, and the timer of their summaries.
#[derive(Debug, Default)]
pub struct EventLog {
    limit: LineLimit,
    /// True if lines were left out that no timer is set for.
    owes_summary: bool,
    /// True while [`Timer::LogSummaries`] is set.
    is_timer_set: bool,
}

/// Player and connection that a line is about.
#[derive(Debug)]
pub struct Subject<'a> {
    /// Name of the character.
    pub name: &'a str,
    /// Its account, if known.
    pub user: Option<UserId>,
    /// Address of the client, while it is there.
    pub address: Option<IpAddr>,
    /// The connection.
    pub connection: ConnectionId,
}

impl fmt::Display for Subject<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, user, address, connection } = self;
        let (user, address) = (or_dash(user.map(|user| user.0)), or_dash(*address));
        write!(formatter, "name={name:?} user={user} address={address} connection={connection}")
    }
}

/// Returns a value, or a dash.
fn or_dash(value: Option<impl fmt::Display>) -> String {
    value.map_or_else(|| UNKNOWN.to_owned(), |value| value.to_string())
}

impl EventLog {
    fn log(&mut self, kind: &'static str, now: Millis, details: impl FnOnce() -> String) {
        if self.limit.admit(kind, now) {
            log::info!("{kind}: {}", details());
        } else {
            self.owes_summary = true;
        }
    }

    /// Returns true if lines were left out and no timer is set.
    #[inline]
    #[must_use]
    pub fn owes_timer(&self) -> bool {
        self.owes_summary && !self.is_timer_set
    }

    /// Sets the timer of the summaries.
    pub fn set_timer(&mut self, timers: &mut Timers) {
        if let Some(deadline) = self.limit.next_deadline() {
            self.is_timer_set = true;
            timers.set(deadline, Timer::LogSummaries);
        }
    }

    /// Logs how many lines of each kind were left out in the seconds that are over at `now`.
    pub fn summaries(&mut self, now: Millis) {
        self.is_timer_set = false;
        for (kind, count) in self.limit.summaries(now) {
            log::info!("{kind}: {count} more");
        }
        self.owes_summary = self.limit.next_deadline().is_some();
    }

    /// Logs a character that is in the world.
    pub fn login(&mut self, now: Millis, subject: &Subject<'_>) {
        self.log(kind::LOGIN, now, || subject.to_string());
    }

    /// Logs a refused login.
    pub fn refused(&mut self, now: Millis, subject: &Subject<'_>, refusal: &Refusal) {
        self.log(kind::REFUSED, now, || format!("{subject} cause={refusal}"));
    }

    /// Logs that the store could not do what a login needs.
    pub fn store_failure(&mut self, now: Millis, name: &str, error: &StoreError) {
        self.log(kind::FAILED, now, || format!("name={name:?} error={error}"));
    }

    /// Logs a new account and its character.
    pub fn creation(&mut self, now: Millis, subject: &Subject<'_>) {
        self.log(kind::CREATED, now, || subject.to_string());
    }

    /// Logs a player whose connection has gone.
    pub fn lost_connection(
        &mut self,
        now: Millis,
        player: &Player,
        connection: ConnectionId,
        reason: CloseReason,
    ) {
        let details = || format!("{} connection={connection} cause={reason}", player_and_address(player));
        self.log(kind::LOST, now, details);
    }

    /// Logs a character that has left the world.
    pub fn leaving(&mut self, now: Millis, player: &Player) {
        let reason = or_dash(player.close_reason);
        self.log(kind::LEFT, now, || format!("{} cause={reason}", player_and_address(player)));
    }
}

/// Names a player as the lines about it do.
fn player_and_address(player: &Player) -> String {
    format!("name={:?} user={} address={}", player.name(), player.account.user_id.0, player.address)
}
