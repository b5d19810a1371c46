//! Servers and their leases.

use std::time::Duration;

use super::{Contents, LiveRun, MemoryStore, Registered};
use crate::records::StoreError;
use crate::records::server::{Heartbeat, LiveServer, Registration, ServerRun, ServerStart, ServerStatus};

impl Contents {
    pub(super) fn lives(&self, run: &ServerRun) -> bool {
        let live = self.servers.get(&run.server);
        live.is_some_and(|live| live.epoch == run.epoch && live.lease_ends_ms > self.now_ms())
    }

    fn renew(&mut self, run: &ServerRun, lease: Duration, status: ServerStatus) {
        let lease = u64::try_from(lease.as_millis()).unwrap_or(u64::MAX);
        let lease_ends_ms = self.now_ms().saturating_add(lease);
        let live = LiveRun { epoch: run.epoch, lease_ends_ms, status };
        self.servers.insert(run.server.clone(), live);
        let now = self.now_ms();
        self.servers.retain(|_, live| live.lease_ends_ms > now);
    }

    fn connections(&self) -> u64 {
        let now = self.now_ms();
        let live = self.servers.values().filter(|live| live.lease_ends_ms > now);
        live.map(|live| u64::from(live.status.connections)).sum()
    }
}

impl MemoryStore {
    /// Registers the server that uses this connection from now on.
    pub fn register_server(&mut self, start: &ServerStart) -> Registration {
        let mut contents = self.contents();
        let store_id = contents.named();
        contents.epoch += 1;
        let run = ServerRun { server: start.server.clone(), epoch: contents.epoch };
        let status = ServerStatus { started_at: start.started_at, ..ServerStatus::default() };
        contents.renew(&run, start.lease, status);
        let sessions_disconnected = contents.disconnect_orphans();
        drop(contents);
        self.registered = Some(Registered {
            run: run.clone(),
            lease: start.lease,
            saves_to: store_id.clone(),
            heard: store_id.clone(),
        });
        Registration { run, store_id, sessions_disconnected }
    }

    /// Renews the lease of the registered server and replaces the status that it told last.
    ///
    /// # Errors
    /// [`StoreError::NotRegistered`] or [`StoreError::ServerReplaced`].
    pub fn heartbeat(&mut self, status: &ServerStatus) -> Result<Heartbeat, StoreError> {
        let Registered { run, lease, .. } = self.registered()?.clone();
        let mut contents = self.contents();
        if contents.servers.get(&run.server).is_some_and(|live| live.epoch > run.epoch) {
            return Err(StoreError::ServerReplaced(run.server));
        }
        contents.renew(&run, lease, status.clone());
        let heartbeat = Heartbeat {
            connections: contents.connections(),
            store_id: contents.named(),
            taken: contents.taken_from(&run),
        };
        drop(contents);
        if let Some(registered) = &mut self.registered {
            registered.heard.clone_from(&heartbeat.store_id);
        }
        Ok(heartbeat)
    }

    /// Takes the registered server out at once.
    pub fn deregister_server(&mut self) {
        let Some(Registered { run, .. }) = self.registered.take() else { return };
        let mut contents = self.contents();
        if contents.servers.get(&run.server).is_some_and(|live| live.epoch == run.epoch) {
            contents.servers.remove(&run.server);
        }
    }

    /// Lists the servers whose lease holds, by id.
    #[must_use]
    pub fn servers(&self) -> Vec<LiveServer> {
        let contents = self.contents();
        let now = contents.now_ms();
        let live = contents.servers.iter().filter(|(_, live)| live.lease_ends_ms > now);
        live.map(|(server, live)| {
            let run = ServerRun { server: server.clone(), epoch: live.epoch };
            LiveServer { run, status: live.status.clone() }
        })
        .collect()
    }

    /// Counts the open connections of all live servers, as of their last heartbeats.
    #[must_use]
    pub fn connections_count(&self) -> u64 {
        self.contents().connections()
    }

    /// Returns true if the registered server saves to this store: it was not emptied since, or is filled again.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        self.check_store().is_ok()
    }

    /// Refuses a write of a server whose records the store does not have.
    pub(super) fn check_store(&self) -> Result<(), StoreError> {
        let Some(registered) = &self.registered else { return Ok(()) };
        let is_same = self.store_id().as_ref() == Some(&registered.saves_to);
        if is_same { Ok(()) } else { Err(StoreError::OtherStore) }
    }
}
