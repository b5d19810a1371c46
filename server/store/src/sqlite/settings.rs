//! Live settings, those of all servers and those that one server has of its own, to rows and back.

use rusqlite::{Connection, OptionalExtension};

use super::SqliteStore;
use super::error::unavailable;
use crate::server::ServerId;
use crate::{LiveSettings, OwnChanges, ServerSettings, Settings, Store, StoreError, keyspace};

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

impl LiveSettings for SqliteStore {
    fn settings(&mut self) -> Result<Settings, StoreError> {
        let select = |connection: &Connection| -> rusqlite::Result<Settings> {
            connection
                .prepare_cached("SELECT name, value FROM settings")?
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect()
        };
        select(&self.connection).map_err(unavailable)
    }

    fn set_setting(&mut self, name: &str, value: &str) -> Result<(), StoreError> {
        known_setting(name)?;
        self.connection
            .execute("REPLACE INTO settings (name, value) VALUES (?, ?)", [name, value])
            .map_err(unavailable)?;
        Ok(())
    }

    fn unset_setting(&mut self, name: &str) -> Result<bool, StoreError> {
        known_setting(name)?;
        let removed =
            self.connection.execute("DELETE FROM settings WHERE name = ?", [name]).map_err(unavailable)?;
        Ok(removed == 1)
    }

    fn replace_setting(
        &mut self,
        name: &str,
        old: Option<&str>,
        new: Option<&str>,
    ) -> Result<bool, StoreError> {
        known_setting(name)?;
        self.write(|transaction| replace_setting(transaction, name, old, new).map_err(unavailable))
    }

    fn seed_settings(&mut self, defaults: &Settings) -> Result<(), StoreError> {
        self.write(|transaction| {
            for (name, value) in defaults {
                known_setting(name)?;
                transaction
                    .execute("INSERT OR IGNORE INTO settings (name, value) VALUES (?, ?)", [name, value])
                    .map_err(unavailable)?;
            }
            Ok(())
        })
    }

    fn settings_of(&mut self, server: &ServerId) -> Result<ServerSettings, StoreError> {
        let (shared, store_id) = (self.settings()?, self.store_id()?);
        let own = read(&self.connection, server).map_err(unavailable)?;
        Ok(ServerSettings { shared, own, store_id })
    }

    fn change_own_settings(&mut self, server: &ServerId, changes: &OwnChanges) -> Result<(), StoreError> {
        changes.keys().try_for_each(|name| check_name(name))?;
        self.write(|transaction| change(transaction, server, changes).map_err(unavailable))
    }

    fn replace_own_setting(
        &mut self,
        server: &ServerId,
        name: &str,
        old: Option<&str>,
        new: Option<&str>,
    ) -> Result<bool, StoreError> {
        check_name(name)?;
        self.write(|transaction| replace(transaction, server, name, old, new).map_err(unavailable))
    }
}

/// Changes a setting from `old` to `new`; whether it was `old`.
fn replace_setting(
    connection: &Connection,
    name: &str,
    old: Option<&str>,
    new: Option<&str>,
) -> rusqlite::Result<bool> {
    let select = "SELECT value FROM settings WHERE name = ?";
    let now: Option<String> = connection.query_row(select, [name], |row| row.get(0)).optional()?;
    if now.as_deref() != old {
        return Ok(false);
    }
    match new {
        Some(value) => {
            connection.execute("REPLACE INTO settings (name, value) VALUES (?, ?)", [name, value])?
        }
        None => connection.execute("DELETE FROM settings WHERE name = ?", [name])?,
    };
    Ok(true)
}

fn known_setting(name: &str) -> Result<(), StoreError> {
    match keyspace::setting_key(name) {
        Some(_) => Ok(()),
        None => Err(StoreError::UnknownSetting(name.to_owned())),
    }
}
