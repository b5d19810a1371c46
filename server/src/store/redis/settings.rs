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
