//! Servers and sessions to rows and back. Called inside a transaction; nothing here commits.
//!
//! One server writes a file, so most of this is for tools that look on. It keeps the same rules as a store that several
//! servers share, so that the game needs to know one set of rules only.

use std::collections::BTreeSet;
use std::time::Duration;

use rusqlite::{OptionalExtension, Row, Transaction, params};

use super::rows::ReadError;
use crate::clock;
use crate::fields::{BYTE, LONG, WORD, number};
use crate::records::UserId;
use crate::server::{LiveServer, ServerId, ServerRun, ServerStart, ServerStatus};
use crate::session::{Claim, DISCONNECTED_SESSION_SECONDS, Session, SessionWrite, StoredSession};

fn now_ms() -> i64 {
    signed(clock::unix_milliseconds())
}

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// A number that only a broken clock makes too large.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

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

/// The servers whose lease holds, by id.
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

/// Whether another run took that character since `run` had it.
pub(super) fn is_taken(
    transaction: &Transaction<'_>,
    run: &ServerRun,
    user_id: UserId,
) -> rusqlite::Result<bool> {
    transaction
        .prepare_cached("SELECT 1 FROM taken WHERE server = ? AND epoch = ? AND user_id = ?")?
        .exists(params![run.server.as_str(), signed(run.epoch), user_id.0])
}

/// The characters that other runs took from `run`.
pub(super) fn taken_from(transaction: &Transaction<'_>, run: &ServerRun) -> rusqlite::Result<Vec<UserId>> {
    transaction
        .prepare_cached("SELECT user_id FROM taken WHERE server = ? AND epoch = ? ORDER BY user_id")?
        .query_map(params![run.server.as_str(), signed(run.epoch)], |row| row.get(0).map(UserId))?
        .collect()
}

/// Claims the character of `session` for `run` and writes its session, unless a live server has it.
pub(super) fn open_session(
    transaction: &Transaction<'_>,
    run: &ServerRun,
    session: &Session,
) -> Result<Claim, ReadError> {
    let user_id = session.user_id;
    let holder = transaction
        .prepare_cached(
            "SELECT sessions.server FROM sessions JOIN servers USING (server, epoch)
             WHERE user_id = ?1 AND (server, epoch) <> (?2, ?3) AND lease_ends_ms > ?4",
        )?
        .query_row(params![user_id.0, run.server.as_str(), signed(run.epoch), now_ms()], |row| {
            row.get::<_, String>(0)
        })
        .optional()?;
    if let Some(holder) = holder {
        return Ok(Claim::Held { server: server_id(&holder)? });
    }
    let run_and_user = params![run.server.as_str(), signed(run.epoch), user_id.0];
    transaction
        .prepare_cached(
            "INSERT OR IGNORE INTO taken (server, epoch, user_id)
             SELECT server, epoch, user_id FROM owners WHERE (server, epoch) <> (?1, ?2) AND user_id = ?3",
        )?
        .execute(run_and_user)?;
    transaction
        .prepare_cached("DELETE FROM taken WHERE server = ? AND epoch = ? AND user_id = ?")?
        .execute(run_and_user)?;
    transaction
        .prepare_cached("REPLACE INTO owners (server, epoch, user_id) VALUES (?, ?, ?)")?
        .execute(run_and_user)?;
    transaction.prepare_cached("DELETE FROM sessions WHERE user_id = ?")?.execute([user_id.0])?;
    put_session(transaction, run, session)?;
    Ok(Claim::Granted)
}

/// Carries out a change of a session of `run`, unless its character was taken.
pub(super) fn write_session(
    transaction: &Transaction<'_>,
    run: &ServerRun,
    write: &SessionWrite,
) -> rusqlite::Result<()> {
    if is_taken(transaction, run, write.user_id())? {
        return Ok(());
    }
    match write {
        SessionWrite::Put(session) => put_session(transaction, run, session),
        SessionWrite::Close { user_id, at: _ } => {
            transaction
                .prepare_cached("DELETE FROM sessions WHERE user_id = ? AND server = ? AND epoch = ?")?
                .execute(params![user_id.0, run.server.as_str(), signed(run.epoch)])?;
            Ok(())
        }
    }
}

fn put_session(transaction: &Transaction<'_>, run: &ServerRun, session: &Session) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "REPLACE INTO sessions (user_id, username, level, class, location_id, hp, last_seen, disconnected_at,
                                    expires_at, server, epoch)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            session.user_id.0,
            session.username,
            session.level,
            session.class,
            session.location_id,
            session.hp,
            signed(session.last_seen),
            session.disconnected_at.map(signed),
            session.expires_at(clock::unix_seconds()).map(signed),
            run.server.as_str(),
            signed(run.epoch),
        ])?;
    Ok(())
}

/// Marks the sessions of servers that are gone as disconnected, and drops those of them whose time is over; how many
/// were marked. A live server's stays: nobody sees it any more, but it holds the character.
pub(super) fn disconnect_orphans(transaction: &Transaction<'_>) -> rusqlite::Result<usize> {
    let now = now_ms();
    transaction.execute(
        "DELETE FROM sessions
         WHERE expires_at <= ?1 / 1000
           AND (server, epoch) NOT IN (SELECT server, epoch FROM servers WHERE lease_ends_ms > ?1)",
        [now],
    )?;
    transaction.execute(
        "UPDATE sessions SET disconnected_at = ?1, expires_at = ?1 + ?2
         WHERE disconnected_at IS NULL
           AND (server, epoch) NOT IN (SELECT server, epoch FROM servers WHERE lease_ends_ms > ?3)",
        params![now / 1000, signed(DISCONNECTED_SESSION_SECONDS), now],
    )
}

/// Sessions by user: all, or that of one.
pub(super) fn sessions(
    transaction: &Transaction<'_>,
    only: Option<UserId>,
) -> Result<Vec<Result<StoredSession, ReadError>>, ReadError> {
    let mut statement = transaction.prepare_cached(
        "SELECT * FROM sessions
         WHERE (?1 IS NULL OR user_id = ?1) AND (expires_at IS NULL OR expires_at > ?2) ORDER BY user_id",
    )?;
    let mut rows = statement.query(params![only.map(|user_id| user_id.0), now_ms() / 1000])?;
    let mut sessions = Vec::new();
    while let Some(row) = rows.next()? {
        sessions.push(read_session(row));
    }
    Ok(sessions)
}

fn read_session(row: &Row<'_>) -> Result<StoredSession, ReadError> {
    let disconnected_at: Option<i64> = row.get("disconnected_at")?;
    Ok(StoredSession {
        session: Session {
            user_id: UserId(number("user_id", row.get("user_id")?, LONG)?),
            username: row.get("username")?,
            level: number("level", row.get("level")?, BYTE)?,
            class: row.get("class")?,
            location_id: number("location_id", row.get("location_id")?, WORD)?,
            hp: number("hp", row.get("hp")?, WORD)?,
            last_seen: number("last_seen", row.get("last_seen")?, 0..=i64::MAX)?,
            disconnected_at: disconnected_at
                .map(|at| number("disconnected_at", at, 0..=i64::MAX))
                .transpose()?,
        },
        run: Some(read_run(row)?),
        missing: BTreeSet::new(),
    })
}

fn read_run(row: &Row<'_>) -> Result<ServerRun, ReadError> {
    Ok(ServerRun {
        server: server_id(&row.get::<_, String>("server")?)?,
        epoch: number("epoch", row.get("epoch")?, 0..=i64::MAX)?,
    })
}

fn server_id(name: &str) -> Result<ServerId, ReadError> {
    ServerId::new(name).map_err(|error| ReadError::Damaged(error.to_string()))
}

/// Numbers and text always have a JSON form.
fn to_json(status: &ServerStatus) -> String {
    serde_json::to_string(status).unwrap_or_default()
}
