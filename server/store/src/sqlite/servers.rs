//! Servers to rows and back.
//!
//! One server writes a file, so most of this is for tools that look on. It keeps the same rules as a store that several
//! servers share, so that the game needs to know one set of rules only.

use std::time::Duration;

use rusqlite::{Transaction, params};

use super::error::{ReadError, unavailable};
use super::runs::{milliseconds, now_ms, read_run, signed};
use super::watch::Rescue;
use super::{SqliteStore, sessions};
use crate::server::{Heartbeat, LiveServer, Registration, ServerRun, ServerStart, ServerStatus};
use crate::{Servers, StoreError, fresh_store_id};

/// Draws the next epoch.
pub(super) fn next_epoch(transaction: &Transaction<'_>) -> rusqlite::Result<u64> {
    let epoch: i64 = transaction.query_row(
        "INSERT INTO store_facts (name, value) VALUES ('epoch', 1)
         ON CONFLICT (name) DO UPDATE SET value = value + 1
         RETURNING value",
        [],
        |row| row.get(0),
    )?;
    Ok(epoch.unsigned_abs())
}

/// Name of the store, drawn now if it has none.
pub(super) fn store_id(transaction: &Transaction<'_>, fresh: &str) -> rusqlite::Result<String> {
    transaction.execute("INSERT OR IGNORE INTO store_facts (name, value) VALUES ('store_id', ?)", [fresh])?;
    transaction.query_row("SELECT value FROM store_facts WHERE name = 'store_id'", [], |row| row.get(0))
}

/// Writes a server that has just started.
pub(super) fn insert_server(
    transaction: &Transaction<'_>,
    start: &ServerStart,
    run: &ServerRun,
) -> rusqlite::Result<()> {
    let status = ServerStatus { started_at: start.started_at, ..ServerStatus::default() };
    transaction.execute(
        "REPLACE INTO servers (server, epoch, lease_ends_ms, connections, status) VALUES (?, ?, ?, 0, ?)",
        params![
            run.server.as_str(),
            signed(run.epoch),
            now_ms().saturating_add(milliseconds(start.lease)),
            to_json(&status),
        ],
    )?;
    Ok(())
}

/// Takes out the servers whose lease has ended, or all but `run` when nobody else can be alive.
pub(super) fn remove_dead_servers(
    transaction: &Transaction<'_>,
    only: Option<&ServerRun>,
) -> rusqlite::Result<()> {
    match only {
        Some(run) => transaction.execute("DELETE FROM servers WHERE server <> ?", [run.server.as_str()])?,
        None => transaction.execute("DELETE FROM servers WHERE lease_ends_ms <= ?", [now_ms()])?,
    };
    Ok(())
}

/// Renews the lease of `run`; whether it still is the newest of its server.
pub(super) fn renew(
    transaction: &Transaction<'_>,
    run: &ServerRun,
    lease: Duration,
    status: &ServerStatus,
) -> rusqlite::Result<bool> {
    let changed = transaction.execute(
        "INSERT INTO servers (server, epoch, lease_ends_ms, connections, status) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (server) DO UPDATE SET
             epoch = excluded.epoch, lease_ends_ms = excluded.lease_ends_ms,
             connections = excluded.connections, status = excluded.status
         WHERE epoch <= excluded.epoch",
        params![
            run.server.as_str(),
            signed(run.epoch),
            now_ms().saturating_add(milliseconds(lease)),
            status.connections,
            to_json(status),
        ],
    )?;
    Ok(changed == 1)
}

/// Takes `run` out.
pub(super) fn remove_server(transaction: &Transaction<'_>, run: &ServerRun) -> rusqlite::Result<()> {
    transaction.execute(
        "DELETE FROM servers WHERE server = ? AND epoch = ?",
        params![run.server.as_str(), signed(run.epoch)],
    )?;
    Ok(())
}

/// Open connections of the live servers.
pub(super) fn connections(transaction: &Transaction<'_>) -> rusqlite::Result<u64> {
    let sum: i64 = transaction.query_row(
        "SELECT coalesce(sum(connections), 0) FROM servers WHERE lease_ends_ms > ?",
        [now_ms()],
        |row| row.get(0),
    )?;
    Ok(sum.unsigned_abs())
}

/// Returns the servers whose lease holds, by id.
pub(super) fn live_servers(transaction: &Transaction<'_>) -> Result<Vec<LiveServer>, ReadError> {
    let mut statement = transaction.prepare_cached(
        "SELECT server, epoch, status FROM servers WHERE lease_ends_ms > ? ORDER BY server",
    )?;
    let mut rows = statement.query([now_ms()])?;
    let mut servers = Vec::new();
    while let Some(row) = rows.next()? {
        let status: String = row.get("status")?;
        let status = serde_json::from_str(&status)
            .map_err(|error| ReadError::Damaged(format!("server status: {error}")))?;
        servers.push(LiveServer { run: read_run(row)?, status });
    }
    Ok(servers)
}

/// Numbers and text always have a JSON form.
fn to_json(status: &ServerStatus) -> String {
    serde_json::to_string(status).unwrap_or_default()
}

impl Servers for SqliteStore {
    fn register_server(&mut self, start: &ServerStart) -> Result<Registration, StoreError> {
        let fresh_id = fresh_store_id()?;
        // The holder of the lock file is the only server.
        let alone = self.lock.is_some();
        let register = |transaction: &Transaction<'_>| {
            let store_id = store_id(transaction, &fresh_id)?;
            let run = ServerRun { server: start.server.clone(), epoch: next_epoch(transaction)? };
            insert_server(transaction, start, &run)?;
            remove_dead_servers(transaction, alone.then_some(&run))?;
            let sessions_disconnected = sessions::disconnect_orphans(transaction)?;
            Ok(Registration { run, store_id, sessions_disconnected })
        };
        let registration = self.write(|transaction| register(transaction).map_err(unavailable))?;
        self.registered = Some((registration.run.clone(), start.lease));
        self.watch_files()?;
        Ok(registration)
    }

    fn heartbeat(&mut self, status: &ServerStatus) -> Result<Heartbeat, StoreError> {
        let (run, lease) = self.registered()?;
        let fresh_id = fresh_store_id()?;
        let beat = |transaction: &Transaction<'_>| {
            if !renew(transaction, &run, lease, status)? {
                return Ok(None);
            }
            remove_dead_servers(transaction, None)?;
            Ok(Some(Heartbeat {
                connections: connections(transaction)?,
                store_id: store_id(transaction, &fresh_id)?,
                taken: sessions::taken_from(transaction, &run)?,
            }))
        };
        let heartbeat = self
            .write(|transaction| beat(transaction).map_err(unavailable))?
            .ok_or(StoreError::ServerReplaced(run.server))?;
        self.check_files(Rescue::FromTimeToTime)?;
        Ok(heartbeat)
    }

    fn deregister_server(&mut self) -> Result<(), StoreError> {
        let Some((run, _)) = self.registered.clone() else { return Ok(()) };
        self.write(|transaction| remove_server(transaction, &run).map_err(unavailable))?;
        self.registered = None;
        Ok(())
    }

    fn servers(&mut self) -> Result<Vec<LiveServer>, StoreError> {
        self.read("servers", live_servers)
    }

    fn connections_count(&mut self) -> Result<u64, StoreError> {
        self.read("servers", |transaction| Ok(connections(transaction)?))
    }
}
