//! The failures of a Redis, each kind with one line that names its place and the next thing to try.

use crate::StoreError;
use pyao_core::records::{BackendError, NewerStore};

/// A Redis that could not do as asked. Every text is one line and names the Redis, without its password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RedisError {
    /// The address cannot be read.
    #[error("wrong Redis address: {reason}; it looks like redis://user:password@host:port/db")]
    BadAddress {
        /// The fault, without repeating the address.
        reason: String,
    },
    /// The address asks for TLS.
    #[error(
        "TLS is not supported (the Redis address begins with rediss://); use redis:// to a Redis on this machine or on a \
         private network, or to the near end of a tunnel (stunnel, ssh -L, WireGuard)"
    )]
    Encrypted,
    /// Nobody answers there.
    #[error("cannot reach Redis at {place}: {reason}; is it running? try: {redis_cli} ping")]
    Unreachable {
        /// `host:port`, or the path of a socket.
        place: String,
        /// Message of the system.
        reason: String,
        /// Call of `redis-cli` for it.
        redis_cli: String,
    },
    /// It took the connection but did not answer in time.
    #[error("Redis at {place} did not answer within {milliseconds} ms; try: {redis_cli} --latency")]
    TimedOut {
        /// See [`RedisError::Unreachable`].
        place: String,
        /// Time waited.
        milliseconds: u128,
        /// See [`RedisError::Unreachable`].
        redis_cli: String,
    },
    /// The connection broke.
    #[error("lost the connection to Redis at {place}: {reason}; try: {redis_cli} ping")]
    Lost {
        /// See [`RedisError::Unreachable`].
        place: String,
        /// Message of the system.
        reason: String,
        /// See [`RedisError::Unreachable`].
        redis_cli: String,
    },
    /// It wants a password, or another one.
    #[error("Redis at {place} refuses the password: {reason}; try: {redis_cli} --askpass ping")]
    WrongPassword {
        /// See [`RedisError::Unreachable`].
        place: String,
        /// Its message.
        reason: String,
        /// See [`RedisError::Unreachable`].
        redis_cli: String,
    },
    /// The user may not do this.
    #[error("Redis at {place} does not allow it: {reason}; try: {redis_cli} ACL WHOAMI")]
    NotAllowed {
        /// See [`RedisError::Unreachable`].
        place: String,
        /// Its message.
        reason: String,
        /// See [`RedisError::Unreachable`].
        redis_cli: String,
    },
    /// Something else listens there.
    #[error("the server at {place} is not Redis ({reason}); check host and port")]
    NotRedis {
        /// See [`RedisError::Unreachable`].
        place: String,
        /// Sign of it.
        reason: String,
    },
    /// Older than what this program needs.
    #[error(
        "Redis at {place} is version {version}, this program needs {needed} or newer; see redis/README.md"
    )]
    TooOld {
        /// See [`RedisError::Unreachable`].
        place: String,
        /// Its version.
        version: String,
        /// The oldest that will do.
        needed: &'static str,
    },
    /// A later version of the program has written to it.
    #[error(transparent)]
    Newer(NewerStore),
    /// Servers of an earlier version run on it, which would drop what this one adds to characters.
    #[error(
        "server {server} on Redis at {place} is of an earlier version, whose data have schema {found} (this one writes \
         {known}); stop it first, or wait a moment if it was killed"
    )]
    OlderServer {
        /// See [`RedisError::Unreachable`].
        place: String,
        /// Its id.
        server: String,
        /// Schema of the data.
        found: u32,
        /// Schema of this program.
        known: u32,
    },
    /// A key holds another type than ours.
    #[error(
        "key {key} in Redis at {place} has the wrong type; look with: {redis_cli} TYPE \"{key}\", then DEL or RENAME it"
    )]
    WrongType {
        /// See [`RedisError::Unreachable`].
        place: String,
        /// The key.
        key: String,
        /// See [`RedisError::Unreachable`].
        redis_cli: String,
    },
    /// A key that counts holds something else than a whole number.
    #[error(
        "key {key} in Redis at {place} is no whole number; look with: {redis_cli} GET \"{key}\", then SET it right"
    )]
    NoNumber {
        /// See [`RedisError::Unreachable`].
        place: String,
        /// The key.
        key: String,
        /// See [`RedisError::Unreachable`].
        redis_cli: String,
    },
    /// It is a replica, or was made one.
    #[error("Redis at {place} is a read-only replica; find the primary with: {redis_cli} INFO replication")]
    ReadOnly {
        /// See [`RedisError::Unreachable`].
        place: String,
        /// See [`RedisError::Unreachable`].
        redis_cli: String,
    },
    /// Its memory is used up.
    #[error("Redis at {place} is out of memory; try: {redis_cli} INFO memory, then raise maxmemory")]
    OutOfMemory {
        /// See [`RedisError::Unreachable`].
        place: String,
        /// See [`RedisError::Unreachable`].
        redis_cli: String,
    },
    /// It cannot do it now, or not at all.
    #[error("Redis at {place} refused: {reason}; try: {redis_cli} INFO")]
    Refused {
        /// See [`RedisError::Unreachable`].
        place: String,
        /// Its message.
        reason: String,
        /// See [`RedisError::Unreachable`].
        redis_cli: String,
    },
}

impl From<RedisError> for StoreError {
    fn from(error: RedisError) -> Self {
        let is_temporary = error.is_temporary();
        Self::Backend(BackendError::new(error, is_temporary))
    }
}

impl RedisError {
    /// Returns the failure of a Redis behind a store's error, if there is one.
    #[must_use]
    pub fn of(error: &StoreError) -> Option<&Self> {
        match error {
            StoreError::Backend(error) => error.downcast_ref(),
            _ => None,
        }
    }

    /// Returns true if the same may succeed later, on a new connection.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        !matches!(
            self,
            Self::WrongType { .. }
                | Self::NoNumber { .. }
                | Self::BadAddress { .. }
                | Self::Encrypted
                | Self::TooOld { .. }
                | Self::Newer(_)
                | Self::OlderServer { .. }
        )
    }
}
