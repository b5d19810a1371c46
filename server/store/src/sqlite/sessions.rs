//! Sessions and claims to rows and back.

use std::collections::BTreeSet;

use pyao_core::base::ids::MapId;
use rusqlite::{OptionalExtension, Row, Transaction, params};

use super::SqliteStore;
use super::error::{ReadError, readable, unavailable, unreadable};
use super::runs::{now_ms, read_run, server_id, signed};
use crate::fields::{BYTE, LONG, WORD, number};
use crate::records::UserId;
use crate::server::ServerRun;
use crate::session::{Claim, DISCONNECTED_SESSION_SECONDS, Session, SessionWrite, StoredSession};
use crate::{Sessions, StoreError, clock};

/// Returns true if another run took that character since `run` had it.
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
            session.location_id.get(),
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
            location_id: MapId::new(number("location_id", row.get("location_id")?, WORD)?),
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

impl Sessions for SqliteStore {
    fn open_session(&mut self, session: &Session) -> Result<Claim, StoreError> {
        let (run, _) = self.registered()?;
        self.write(|transaction| {
            open_session(transaction, &run, session).map_err(|error| unreadable(&session.username, error))
        })
    }

    fn write_sessions(&mut self, writes: &[SessionWrite]) -> Result<(), StoreError> {
        let (run, _) = self.registered()?;
        self.write(|transaction| {
            for write in writes {
                write_session(transaction, &run, write).map_err(unavailable)?;
            }
            Ok(())
        })
    }

    fn session(&mut self, user_id: UserId) -> Result<Option<StoredSession>, StoreError> {
        self.read(&format!("session {user_id}"), |transaction| {
            sessions(transaction, Some(user_id))?.pop().transpose()
        })
    }

    fn sessions(&mut self) -> Result<Vec<StoredSession>, StoreError> {
        let sessions = self.read("sessions", |transaction| sessions(transaction, None))?;
        Ok(readable("a session", sessions))
    }
}
