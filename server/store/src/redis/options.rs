//! Options of a connection to Redis.

use std::time::Duration;

/// Timeouts of a connection to Redis, and its keepalive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedisOptions {
    /// Timeout of a connection attempt.
    pub connect_timeout: Duration,
    /// Timeout of the answer to one request, and of room to send it.
    pub answer_timeout: Duration,
    /// TCP keepalive on the socket; `None` leaves it off.
    pub keepalive: Option<Keepalive>,
}

/// TCP keepalive: probes on a quiet connection, so that a peer that has gone is noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keepalive {
    /// Quiet time before the first probe.
    pub idle: Duration,
    /// Time between probes.
    pub interval: Duration,
    /// Unanswered probes after which the connection is given up.
    pub retries: u32,
}

impl Default for RedisOptions {
    /// Returns two seconds to connect, five to answer, probes after a minute.
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(2),
            answer_timeout: Duration::from_secs(5),
            keepalive: Some(Keepalive {
                idle: Duration::from_secs(60),
                interval: Duration::from_secs(10),
                retries: 3,
            }),
        }
    }
}
