//! Sessions: the characters in the world, for tools and for other servers.
//!
//! A session begins when a character is about to enter the world and ends when it has left it. A character whose
//! connection was lost stays for a while; its session then says since when.
//!
//! **One server a character.** To open a session is to claim the character: the claim is refused while another live
//! server has it, and from then on the store refuses saves by the server that had it before. So a load *after*
//! the claim gets the last state of the character, and nobody can overwrite it with an older one.
//!
//! **An absent character may outlast its session.** The session of a lost connection is shown for an hour; the character
//! may stand longer. Its server has the claim until it ends the session, or is gone.

use std::collections::BTreeSet;

use crate::base::ids::MapId;
use serde::Serialize;

use super::UserId;
use super::server::{ServerId, ServerRun};

/// Seconds that the session of a lost connection is shown, unless its server ends it before.
pub const DISCONNECTED_SESSION_SECONDS: u64 = 3600;

/// A character in the world, as its server sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Session {
    /// Number of the account.
    pub user_id: UserId,
    /// Name of the character.
    pub username: String,
    /// Its level.
    pub level: u8,
    /// Name of its class.
    pub class: String,
    /// Number of the map it is on.
    pub location_id: MapId,
    /// Its hit points.
    pub hp: u16,
    /// Time of the last packet of its player, Unix seconds.
    pub last_seen: u64,
    /// Since when nobody is connected to it, Unix seconds; `None` while somebody is.
    pub disconnected_at: Option<u64>,
}

impl Session {
    /// Returns the time at which the store forgets it, Unix seconds: an hour after the connection was lost, at most an
    /// hour from `now`, whatever the clock of the game says; `None` while somebody is connected.
    #[must_use]
    pub fn expires_at(&self, now: u64) -> Option<u64> {
        let since = self.disconnected_at?.min(now);
        Some(since + DISCONNECTED_SESSION_SECONDS)
    }
}

/// A session as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StoredSession {
    /// The session as its server wrote it last.
    pub session: Session,
    /// The run that wrote it; `None` when somebody did by hand.
    pub run: Option<ServerRun>,
    /// Names of the fields that the store does not have; their values in `session` mean nothing. A server writes all.
    pub missing: BTreeSet<&'static str>,
}

/// Outcome of a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// The character is ours: load it now.
    Granted,
    /// That server has it, and lives.
    Held {
        /// The other server.
        server: ServerId,
    },
}

/// A change of a session. Each tells the whole session, so of several that wait only the newest counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionWrite {
    /// The session is now this.
    Put(Session),
    /// It is over. Only a session of the run that says so ends: a run that does not know the outcome of its claim may
    /// close, and takes nothing from the server that has the character.
    Close {
        /// Number of the account.
        user_id: UserId,
        /// Time of the end, Unix seconds.
        at: u64,
    },
}

impl SessionWrite {
    /// Returns the number of the session's account.
    #[must_use]
    pub fn user_id(&self) -> UserId {
        match self {
            Self::Put(session) => session.user_id,
            Self::Close { user_id, .. } => *user_id,
        }
    }
}
