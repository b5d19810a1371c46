//! Names of accounts by their numbers.

use super::commands::Commands;
use super::values::{Replies, list, text};
use crate::StoreError;
use crate::keyspace::ACCOUNTS_NAMES;

/// Asks for the names of accounts by number.
pub(super) fn ask(commands: &mut Commands, user_ids: &[u32]) {
    commands.add("HMGET").arg(ACCOUNTS_NAMES).args(user_ids);
}

/// Reads what [`ask`] asked; `None` where no account has the number.
pub(super) fn read(replies: &mut Replies) -> Result<Vec<Option<String>>, StoreError> {
    list(replies.next()?).into_iter().map(|name| text(ACCOUNTS_NAMES, name)).collect()
}
