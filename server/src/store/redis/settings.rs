//! Live settings to keys and back.

use super::commands::Commands;
use super::values::{Replies, list, text};
use crate::store::keyspace::SETTINGS;
use crate::store::{Settings, StoreError};

/// Asks for all live settings.
pub(super) fn ask(commands: &mut Commands) {
    commands.add("MGET").args(SETTINGS.iter().map(|(_, key)| key));
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
