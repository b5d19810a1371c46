//! Log lines about players: a line each for a login, a refused login, a creation, a lost connection and a leaving.
//!
//! Clients cause them, so their number is limited: more than ten a second of one kind are summed up.

use crate::base::ids::{ConnectionId, PlayerKey};
use crate::base::line_limit::LineLimit;
use crate::game::account::refusal::Refusal;
use crate::game::player::table::Player;
use crate::game::timers::Timer;
use crate::game::{CloseReason, Game, Millis};
use crate::records::StoreError;
use crate::records::UserId;
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

/// The limit of the lines, and whether the summaries are due at some time.
#[derive(Debug, Default)]
pub struct EventLog {
    limit: LineLimit,
    /// Deadline of [`Timer::LogSummaries`], while it is set.
    summaries_at: Option<Millis>,
}

/// A value, or a dash.
fn or_dash(value: Option<impl fmt::Display>) -> String {
    value.map_or_else(|| UNKNOWN.to_owned(), |value| value.to_string())
}

impl Game {
    fn log_event(&mut self, kind: &'static str, details: impl FnOnce() -> String) {
        if self.event_log.limit.admit(kind, self.play.now) {
            log::info!("{kind}: {}", details());
        }
        if self.event_log.summaries_at.is_none()
            && let Some(deadline) = self.event_log.limit.next_deadline()
        {
            self.event_log.summaries_at = Some(deadline);
            self.play.timers.set(deadline, Timer::LogSummaries);
        }
    }

    /// Logs how many lines of each kind were left out in the seconds that are over at `now`.
    pub fn log_summaries(&mut self, now: Millis) {
        self.event_log.summaries_at = None;
        for (kind, count) in self.event_log.limit.summaries(now) {
            log::info!("{kind}: {count} more");
        }
        if let Some(deadline) = self.event_log.limit.next_deadline() {
            self.event_log.summaries_at = Some(deadline);
            self.play.timers.set(deadline, Timer::LogSummaries);
        }
    }

    fn address_of(&self, connection: ConnectionId) -> Option<IpAddr> {
        self.lobby.connections.get(connection).map(|connection| connection.address)
    }

    /// Names the player of a line about a connection.
    fn who(&self, name: &str, user: Option<UserId>, connection: ConnectionId) -> String {
        let (user, address) = (or_dash(user.map(|user| user.0)), or_dash(self.address_of(connection)));
        format!("name={name:?} user={user} address={address} connection={connection}")
    }

    /// A character is in the world, played by that connection.
    pub(in crate::game) fn log_login(&mut self, name: &str, user: UserId, connection: ConnectionId) {
        let who = self.who(name, Some(user), connection);
        self.log_event(kind::LOGIN, || who);
    }

    /// A login was refused.
    pub(in crate::game) fn log_refused_login(
        &mut self,
        name: &str,
        user: Option<UserId>,
        connection: ConnectionId,
        refusal: &Refusal,
    ) {
        let who = self.who(name, user, connection);
        self.log_event(kind::REFUSED, || format!("{who} cause={refusal}"));
    }

    /// The store could not do what a login needs.
    pub(in crate::game) fn log_store_failure(&mut self, name: &str, error: &StoreError) {
        self.log_event(kind::FAILED, || format!("name={name:?} error={error}"));
    }

    /// An account and its character were made.
    pub(in crate::game) fn log_creation(&mut self, name: &str, user: UserId, connection: ConnectionId) {
        let who = self.who(name, Some(user), connection);
        self.log_event(kind::CREATED, || who);
    }

    /// The connection of a player has gone.
    pub(in crate::game) fn log_lost_connection(
        &mut self,
        key: PlayerKey,
        connection: ConnectionId,
        reason: CloseReason,
    ) {
        let Some(player) = self.play.players.get(key).map(player_and_address) else { return };
        self.log_event(kind::LOST, || format!("{player} connection={connection} cause={reason}"));
    }

    /// A character has left the world.
    pub(in crate::game) fn log_leaving(&mut self, player: &Player) {
        let reason = or_dash(player.close_reason);
        self.log_event(kind::LEFT, || format!("{} cause={reason}", player_and_address(player)));
    }
}

/// A player as the lines about it name it.
fn player_and_address(player: &Player) -> String {
    format!("name={:?} user={} address={}", player.name(), player.account.user_id.0, player.address)
}
