//! Live settings to keys and back.

use redis::Pipeline;

use super::values::{Replies, list, text};
use crate::store::keyspace::SETTINGS;
use crate::store::{Settings, StoreError};

/// Asks for all live settings.
pub(super) fn ask(commands: &mut Pipeline) {
    let keys: Vec<&str> = SETTINGS.iter().map(|(_, key)| *key).collect();
    commands.cmd("MGET").arg(keys);
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
