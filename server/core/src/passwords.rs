//! Passwords as plain values: the work that the game asks of the threads that hash, and their answers.
//!
//! Hashing is meant to be slow, so the game never does it. It emits a [`Job`] and goes on; a [`Reply`] with the job's
//! ticket comes back.

use std::fmt;

pub use crate::base::ids::Ticket;

/// Work that the game asks for. Its debug output shows neither passwords nor hashes.
#[derive(Clone, PartialEq, Eq)]
pub enum Job {
    /// Hash the password of a new account.
    Hash {
        /// Comes back with the reply.
        ticket: Ticket,
        /// As typed.
        password: String,
    },
    /// Compare a password with the stored hash.
    Verify {
        /// Comes back with the reply.
        ticket: Ticket,
        /// As typed.
        password: String,
        /// The stored hash in PHC form; `None` when there is no such account, which takes as long and never matches.
        hash: Option<String>,
    },
}

impl Job {
    /// Returns the ticket of the job.
    #[must_use]
    pub fn ticket(&self) -> Ticket {
        match self {
            Self::Hash { ticket, .. } | Self::Verify { ticket, .. } => *ticket,
        }
    }
}

impl fmt::Debug for Job {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hash { ticket, .. } => write!(formatter, "Hash {{ ticket: {ticket}, … }}"),
            Self::Verify { ticket, .. } => write!(formatter, "Verify {{ ticket: {ticket}, … }}"),
        }
    }
}

/// Result of a job. Its debug output shows no hash.
#[derive(Clone, PartialEq, Eq)]
pub enum Reply {
    /// To [`Job::Hash`].
    Hashed {
        /// From the job.
        ticket: Ticket,
        /// argon2id in PHC form, with a salt of its own.
        hash: Result<String, HashError>,
    },
    /// To [`Job::Verify`].
    Verified {
        /// From the job.
        ticket: Ticket,
        /// True if the password is right. A stored hash that cannot be read matches nothing.
        matches: bool,
        /// True if the right password should be hashed anew: the stored hash has another cost than today's.
        rehash: bool,
    },
}

impl fmt::Debug for Reply {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hashed { ticket, hash: Ok(_) } => write!(formatter, "Hashed {{ ticket: {ticket}, … }}"),
            Self::Hashed { ticket, hash: Err(error) } => {
                write!(formatter, "Hashed {{ ticket: {ticket}, error: {error:?} }}")
            }
            Self::Verified { ticket, matches, rehash } => {
                write!(formatter, "Verified {{ ticket: {ticket}, matches: {matches}, rehash: {rehash} }}")
            }
        }
    }
}

/// A password could not be hashed, and why: no randomness for its salt.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("password not hashed: {0}")]
pub struct HashError(pub String);
