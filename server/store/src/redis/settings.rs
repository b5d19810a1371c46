//! Live settings to keys and back.

use redis::Value;

use super::commands::Commands;
use super::scripts;
use super::values::{Replies, list, text};
use crate::keyspace::{OWN_SETTINGS, SETTINGS, STORE_ID, of_server};
use crate::server::ServerId;
use crate::{OwnChanges, ServerSettings, Settings, StoreError};

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

/// Asks of which type the key of each live setting is.
pub(super) fn ask_types(commands: &mut Commands) {
    for (_, key) in SETTINGS.iter() {
        commands.add("TYPE").arg(key);
    }
}

/// Reads what [`ask_types`] asked: the first key that holds something else than text.
pub(super) fn no_text(replies: &mut Replies) -> Result<Option<&'static str>, StoreError> {
    let mut found = None;
    for (_, key) in SETTINGS.iter() {
        let kind = text(key, replies.next()?)?.unwrap_or_default();
        if kind != "none" && kind != "string" {
            found = found.or(Some(key.as_str()));
        }
    }
    Ok(found)
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

/// The values by the names of their settings, without those that are not set.
fn named(settings: &[(&str, String)], values: impl Iterator<Item = Value>) -> Result<Settings, StoreError> {
    let mut found = Settings::new();
    for ((name, key), value) in settings.iter().zip(values) {
        if let Some(value) = text(key, value)? {
            found.insert((*name).to_owned(), value);
        }
    }
    Ok(found)
}
