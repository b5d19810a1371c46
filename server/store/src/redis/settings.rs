//! Live settings to keys and back.

use redis::Value;

use super::commands::Commands;
use super::values::{Replies, integer, list, text};
use super::{RedisError, RedisStore, scripts};
use crate::keyspace::{self, OWN_SETTINGS, SETTINGS, STORE_ID, of_server};
use crate::server::ServerId;
use crate::{LiveSettings, OwnChanges, ServerSettings, Settings, StoreError};

/// Asks for all live settings.
pub(super) fn ask(commands: &mut Commands) {
    commands.add("MGET").args(SETTINGS.iter().map(|(_, key)| key));
}

/// Asks for the live settings as `server` finds them.
pub(super) fn ask_of(commands: &mut Commands, server: &ServerId) {
    let own = OWN_SETTINGS.iter().map(|(_, template)| of_server(template, server));
    let keys = SETTINGS.iter().map(|(_, key)| key.clone()).chain(own);
    commands.add("MGET").arg(STORE_ID).args(keys);
}

/// Sets and removes settings by their keys.
pub(super) fn change(commands: &mut Commands, changes: &OwnChanges) {
    for (key, value) in changes {
        match value {
            Some(value) => commands.add("SET").arg(key).arg(value),
            None => commands.add("DEL").arg(key),
        };
    }
}

/// Changes the setting `key` from `old` to `new`, `None` being unset, unless it is something else meanwhile. The answer
/// is 1 or 0.
pub(super) fn replace(commands: &mut Commands, key: &str, old: Option<&str>, new: Option<&str>) {
    let call = scripts::call(commands, scripts::REPLACE_SETTING, &[key]);
    for value in [old, new] {
        call.arg(u8::from(value.is_some())).arg(value.unwrap_or_default());
    }
}

/// Reads the types of `keys`: the first that holds something else than text.
fn no_text<'a>(keys: &'a [String], replies: &mut Replies) -> Result<Option<&'a String>, StoreError> {
    let mut found = None;
    for key in keys {
        let kind = text(key, replies.next()?)?.unwrap_or_default();
        if kind != "none" && kind != "string" {
            found = found.or(Some(key));
        }
    }
    Ok(found)
}

impl RedisStore {
    /// Checks that each of `keys` that is there holds text.
    fn check_text(&mut self, keys: &[String]) -> Result<(), StoreError> {
        let ask = |commands: &mut Commands| {
            for key in keys {
                commands.add("TYPE").arg(key);
            }
        };
        let Some(key) = self.ask(ask, |replies| no_text(keys, replies))? else { return Ok(()) };
        let address = &self.link.address;
        let (place, redis_cli) = (address.place(), address.redis_cli());
        Err(RedisError::WrongType { place, key: key.clone(), redis_cli }.into())
    }
}

/// Reads what [`ask`] asked.
pub(super) fn read(replies: &mut Replies) -> Result<Settings, StoreError> {
    named(&SETTINGS, list(replies.next()?).into_iter())
}

/// Reads what [`ask_of`] asked.
pub(super) fn read_of(replies: &mut Replies) -> Result<ServerSettings, StoreError> {
    let mut values = list(replies.next()?).into_iter();
    let store_id = text(STORE_ID, values.next().unwrap_or(Value::Nil))?;
    let shared = named(&SETTINGS, values.by_ref().take(SETTINGS.len()))?;
    Ok(ServerSettings { shared, own: named(&OWN_SETTINGS, values)?, store_id })
}

/// Yields the values by the names of their settings, without those that are not set.
fn named(settings: &[(&str, String)], values: impl Iterator<Item = Value>) -> Result<Settings, StoreError> {
    let mut found = Settings::new();
    for ((name, key), value) in settings.iter().zip(values) {
        if let Some(value) = text(key, value)? {
            found.insert((*name).to_owned(), value);
        }
    }
    Ok(found)
}

impl LiveSettings for RedisStore {
    fn settings(&mut self) -> Result<Settings, StoreError> {
        self.ask(ask, read)
    }

    fn check_settings(&mut self) -> Result<(), StoreError> {
        let keys: Vec<String> = SETTINGS.iter().map(|(_, key)| key.clone()).collect();
        self.check_text(&keys)
    }

    fn check_own_settings(&mut self, server: &ServerId) -> Result<(), StoreError> {
        let keys: Vec<String> = OWN_SETTINGS.iter().map(|(_, key)| of_server(key, server)).collect();
        self.check_text(&keys)
    }

    fn set_setting(&mut self, name: &str, value: &str) -> Result<(), StoreError> {
        let key = setting_key(name)?;
        self.command("SET", &[key, value]).map(drop)
    }

    fn unset_setting(&mut self, name: &str) -> Result<bool, StoreError> {
        let key = setting_key(name)?;
        Ok(integer(key, self.command("DEL", &[key])?)? == 1)
    }

    fn replace_setting(
        &mut self,
        name: &str,
        old: Option<&str>,
        new: Option<&str>,
    ) -> Result<bool, StoreError> {
        let key = setting_key(name)?;
        self.ask(
            |commands| replace(commands, key, old, new),
            |replies| Ok(integer(key, replies.next()?)? == 1),
        )
    }

    fn seed_settings(&mut self, defaults: &Settings) -> Result<(), StoreError> {
        if defaults.is_empty() {
            return Ok(());
        }
        // A key of another type would look like a setting that is there.
        self.check_settings()?;
        let mut commands = Commands::transaction();
        for (name, value) in defaults {
            commands.add("SET").arg(setting_key(name)?).arg(value).arg("NX").arg("GET");
        }
        self.link.transaction(commands)?;
        Ok(())
    }

    fn settings_of(&mut self, server: &ServerId) -> Result<ServerSettings, StoreError> {
        self.ask(|commands| ask_of(commands, server), read_of)
    }

    fn change_own_settings(&mut self, server: &ServerId, changes: &OwnChanges) -> Result<(), StoreError> {
        if changes.is_empty() {
            return Ok(());
        }
        let mut by_key = OwnChanges::new();
        for (name, value) in changes {
            by_key.insert(own_setting_key(name, server)?, value.clone());
        }
        let mut commands = Commands::transaction();
        change(&mut commands, &by_key);
        self.link.transaction(commands)?;
        Ok(())
    }

    fn replace_own_setting(
        &mut self,
        server: &ServerId,
        name: &str,
        old: Option<&str>,
        new: Option<&str>,
    ) -> Result<bool, StoreError> {
        let key = own_setting_key(name, server)?;
        self.ask(
            |commands| replace(commands, &key, old, new),
            |replies| Ok(integer(&key, replies.next()?)? == 1),
        )
    }
}

fn setting_key(name: &str) -> Result<&'static str, StoreError> {
    keyspace::setting_key(name).ok_or_else(|| StoreError::UnknownSetting(name.to_owned()))
}

fn own_setting_key(name: &str, server: &ServerId) -> Result<String, StoreError> {
    keyspace::own_setting_key(name)
        .map(|template| keyspace::of_server(template, server))
        .ok_or_else(|| StoreError::UnknownSetting(name.to_owned()))
}
