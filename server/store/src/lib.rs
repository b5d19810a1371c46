//! Durable state: accounts, characters, servers, sessions and settings, each behind a trait, and [`Store`], which has
//! all.
//!
//! The game speaks to a store only through plain values: it emits a [`Request`], the worker thread batches what is
//! waiting, carries it out on whichever [`Store`] the operator chose, and a [`Reply`] comes back. The store knows no
//! rules: a record is what was saved.
//!
//! Tools call a store directly, every kind in the same way; for Redis, open a
//! [`RedisStore`](self::redis::RedisStore) at a [`RedisAddress`](self::redis::RedisAddress) instead:
//!
//! ```
//! use pyao_store::records::UserId;
//! use pyao_store::server::{DEFAULT_LEASE, ServerId, ServerStart};
//! use pyao_store::session::Session;
//! use pyao_core::base::ids::MapId;
//! use pyao_store::{prelude::*, sqlite::SqliteStore};
//!
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("pyao.db");
//! let mut store = SqliteStore::open(&path)?;
//! store.set_setting("server.port", "8080")?;
//! assert_eq!(store.settings()?["server.port"], "8080");
//!
//! let server = ServerId::new("norte")?;
//! store.register_server(&ServerStart { server, started_at: 1_700_000_000, lease: DEFAULT_LEASE })?;
//! assert_eq!(store.connections_count()?, 0);
//!
//! store.open_session(&Session {
//!     user_id: UserId(123),
//!     username: "Juan".into(),
//!     level: 12,
//!     class: "mage".into(),
//!     location_id: MapId::new(34),
//!     hp: 77,
//!     last_seen: 1_700_000_100,
//!     disconnected_at: None,
//! })?;
//! assert_eq!(store.session(UserId(123))?.unwrap().session.level, 12);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod clock;
#[cfg(test)]
mod contract;
mod fields;
pub mod hashing;
pub mod keyspace;
mod lock;
mod parts;
mod pending;
pub mod prelude;
pub mod redis;
mod schema;
pub mod sqlite;
mod tables;
pub mod testing;
mod traits;
pub mod worker;

pub use pyao_core::records::{
    self, CreateError, OwnChanges, Reply, Request, ServerSettings, Settings, StoreError, StoredAccount,
    Ticket, server, session,
};

use traits::carry_out_one;
pub use traits::{Accounts, Characters, LiveSettings, Servers, Sessions, Store, StoreDescription};

/// Draws a random name for a store that has none.
fn fresh_store_id() -> Result<String, StoreError> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes)
        .map_err(|error| StoreError::Unavailable(format!("no random numbers: {error}")))?;
    Ok(format!("{:016x}", u64::from_be_bytes(bytes)))
}
