//! Servers as the store knows them: their runs and their status.
//!
//! A server registers at start and then sends a heartbeat every few seconds. With each one it renews its *lease*: a
//! note that expires by itself, so that a server which was killed is known to be gone soon after. Each start is a new
//! *run* with a number of its own, larger than all before it on that store.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Settings;
use super::UserId;

/// Time that a server counts as alive after its last heartbeat, unless it asks for another.
pub const DEFAULT_LEASE: Duration = Duration::from_secs(15);

/// Name of a server: 1 to 40 letters, digits, `.`, `_` and `-`. Servers on one store have different ones.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct ServerId(String);

/// A text that is no [`ServerId`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a server id has 1 to 40 letters, digits, '.', '_' or '-', not {0:?}")]
pub struct BadServerId(String);

impl ServerId {
    const LONGEST: usize = 40;

    /// Takes a configured name.
    ///
    /// # Errors
    /// The name is empty, too long, or has other characters.
    pub fn new(name: &str) -> Result<Self, BadServerId> {
        let valid = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if name.is_empty() || name.len() > Self::LONGEST || !name.chars().all(valid) {
            return Err(BadServerId(name.to_owned()));
        }
        Ok(Self(name.to_owned()))
    }

    /// Returns a name for a server that was given none: `host` as far as it fits, and four random digits.
    #[must_use]
    pub fn from_host(host: &str, random: u16) -> Self {
        let valid = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        let host: String = host.chars().filter(valid).take(Self::LONGEST - 5).collect();
        let host = if host.is_empty() { "pyao" } else { &host };
        Self(format!("{host}-{random:04x}"))
    }

    /// Returns the name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for ServerId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// One run of a server, from its start to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ServerRun {
    /// The server.
    pub server: ServerId,
    /// Number of the run; a later run on the same store, of whichever server, has a larger one.
    pub epoch: u64,
}

impl std::fmt::Display for ServerRun {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}:{}", self.server, self.epoch)
    }
}

/// The message of a server at its start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerStart {
    /// Its name.
    pub server: ServerId,
    /// Unix seconds.
    pub started_at: u64,
    /// Time that it counts as alive after a heartbeat; at least three times their distance is right.
    pub lease: Duration,
}

/// The answer to a [`ServerStart`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// The run that now is.
    pub run: ServerRun,
    /// Name of this store, drawn when it was new. Another one later: the store was emptied or swapped.
    pub store_id: String,
    /// Sessions of servers that are gone, which this start marked as disconnected.
    pub sessions_disconnected: usize,
}

/// The message of a server with each heartbeat.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerStatus {
    /// Start of the server, Unix seconds.
    pub started_at: u64,
    /// Seconds since its start.
    pub uptime_seconds: u64,
    /// Open connections.
    pub connections: u32,
    /// Characters in the world that somebody plays.
    pub players: u32,
    /// Counters by name, as the server's metrics have them.
    pub counters: BTreeMap<String, u64>,
    /// Each open connection. May be left empty when there are too many to tell.
    pub connection_list: Vec<ConnectionInfo>,
    /// The value in force of every live setting, by name.
    #[serde(default)]
    pub settings: Settings,
    /// The live settings whose value in the store is not in force, by name.
    #[serde(default)]
    pub refused: BTreeMap<String, Refusal>,
}

/// Reason that a value of a live setting in the store is not in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The value in the store.
    pub value: String,
    /// The fault, in a few words.
    pub reason: String,
}

/// One connection, for people to look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionInfo {
    /// Number of the connection on its server.
    pub id: u64,
    /// Address and port of the other end.
    pub address: String,
    /// Name of the character, once one has entered.
    pub player: Option<String>,
    /// Its account.
    pub user_id: Option<UserId>,
    /// Bytes received.
    pub bytes_in: u64,
    /// Bytes sent.
    pub bytes_out: u64,
    /// Seconds since it was accepted.
    pub age_seconds: u64,
}

/// The answer to a heartbeat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heartbeat {
    /// Open connections of all live servers.
    pub connections: u64,
    /// See [`Registration::store_id`].
    pub store_id: String,
    /// Characters that another server took from this run, and that it has not taken back. Players who still play them
    /// here must go: nothing of them is saved any more.
    pub taken: Vec<UserId>,
}

/// A server whose lease holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LiveServer {
    /// The run.
    pub run: ServerRun,
    /// Its last heartbeat; all zero when it has only just started.
    pub status: ServerStatus,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_id_is_a_short_plain_word() {
        for good in ["a", "norte-1", "host.example.org", &"x".repeat(40)] {
            assert_eq!(ServerId::new(good).unwrap().as_str(), good);
        }
        for bad in ["", "a b", "a:b", "añil", "a\n", &"x".repeat(41)] {
            assert!(ServerId::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn any_host_name_makes_a_server_id() {
        assert_eq!(ServerId::from_host("norte", 0xAB).as_str(), "norte-00ab");
        for host in ["", "ñ:\n", &"x".repeat(100)] {
            let id = ServerId::from_host(host, u16::MAX);
            assert_eq!(ServerId::new(id.as_str()).as_ref(), Ok(&id));
        }
    }
}
