//! Live settings that one server has of its own, to rows and back.

use rusqlite::{Connection, OptionalExtension};

use crate::server::ServerId;
use crate::{OwnChanges, Settings, StoreError, keyspace};

/// The settings that `server` has of its own.
pub(super) fn read(connection: &Connection, server: &ServerId) -> rusqlite::Result<Settings> {
    connection
        .prepare_cached("SELECT name, value FROM own_settings WHERE server = ?")?
        .query_map([server.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

/// Sets and removes settings.
pub(super) fn change(
    connection: &Connection,
    server: &ServerId,
    changes: &OwnChanges,
) -> rusqlite::Result<()> {
    changes.iter().try_for_each(|(name, value)| write(connection, server, name, value.as_deref()))
}

/// Changes a setting from `old` to `new`; whether it was `old`.
pub(super) fn replace(
    connection: &Connection,
    server: &ServerId,
    name: &str,
    old: Option<&str>,
    new: Option<&str>,
) -> rusqlite::Result<bool> {
    let now: Option<String> = connection
        .query_row(
            "SELECT value FROM own_settings WHERE server = ? AND name = ?",
            [server.as_str(), name],
            |row| row.get(0),
        )
        .optional()?;
    if now.as_deref() != old {
        return Ok(false);
    }
    write(connection, server, name, new)?;
    Ok(true)
}

fn write(
    connection: &Connection,
    server: &ServerId,
    name: &str,
    value: Option<&str>,
) -> rusqlite::Result<()> {
    let server = server.as_str();
    match value {
        Some(value) => connection.execute(
            "REPLACE INTO own_settings (server, name, value) VALUES (?, ?, ?)",
            [server, name, value],
        )?,
        None => {
            connection.execute("DELETE FROM own_settings WHERE server = ? AND name = ?", [server, name])?
        }
    };
    Ok(())
}

/// Refuses a setting that no server has of its own.
pub(super) fn check_name(name: &str) -> Result<(), StoreError> {
    match keyspace::own_setting_key(name) {
        Some(_) => Ok(()),
        None => Err(StoreError::UnknownSetting(name.to_owned())),
    }
}
