//! Live settings to keys and back.

use super::commands::Commands;
use super::scripts;
use super::values::{Replies, list, text};
use crate::store::keyspace::SETTINGS;
use crate::store::{Settings, StoreError};

/// Asks for all live settings.
pub(super) fn ask(commands: &mut Commands) {
    commands.add("MGET").args(SETTINGS.iter().map(|(_, key)| key));
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
    for (_, key) in SETTINGS {
        commands.add("TYPE").arg(key);
    }
}

/// Reads what [`ask_types`] asked: the first key that holds something else than text.
pub(super) fn no_text(replies: &mut Replies) -> Result<Option<&'static str>, StoreError> {
    let mut found = None;
    for (_, key) in SETTINGS {
        let kind = text(key, replies.next()?)?.unwrap_or_default();
        if kind != "none" && kind != "string" {
            found = found.or(Some(*key));
        }
    }
    Ok(found)
}

/// Reads what [`ask`] asked.
pub(super) fn read(replies: &mut Replies) -> Result<Settings, StoreError> {
    let mut settings = Settings::new();
    for ((name, key), value) in SETTINGS.iter().zip(list(replies.next()?)) {
        if let Some(value) = text(key, value)? {
            settings.insert((*name).to_owned(), value);
        }
    }
    Ok(settings)
}
