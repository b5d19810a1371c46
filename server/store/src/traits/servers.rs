//! Servers: the one that uses this connection, and the others on the same store.

use crate::StoreError;
use crate::server::{Heartbeat, LiveServer, Registration, ServerStart, ServerStatus};

/// The servers on a store. See the module [`server`](crate::server).
pub trait Servers {
    /// Registers the server that uses this store from now on, with no connections yet. Marks the sessions of servers
    /// that are gone as disconnected.
    ///
    /// # Errors
    /// It is not registered; [`StoreError::Newer`] on a store with data of a later schema.
    fn register_server(&mut self, start: &ServerStart) -> Result<Registration, StoreError>;

    /// Renews the lease of the registered server and replaces the status that it told last.
    ///
    /// # Errors
    /// [`StoreError::NotRegistered`]; or [`StoreError::ServerReplaced`] or [`StoreError::Newer`]: then this server must
    /// end.
    fn heartbeat(&mut self, status: &ServerStatus) -> Result<Heartbeat, StoreError>;

    /// Takes the registered server and its connections out at once; does nothing when none is registered.
    ///
    /// # Errors
    /// The store is away; the lease then runs out by itself.
    fn deregister_server(&mut self) -> Result<(), StoreError>;

    /// Lists the servers whose lease holds, by id.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when a status cannot be read.
    fn servers(&mut self) -> Result<Vec<LiveServer>, StoreError>;

    /// Counts the open connections of all live servers, as of their last heartbeats.
    ///
    /// # Errors
    /// The store is away.
    fn connections_count(&mut self) -> Result<u64, StoreError>;
}
