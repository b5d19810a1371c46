//! Runs of servers and times, as columns have them.

use std::time::Duration;

use rusqlite::Row;

use super::error::ReadError;
use crate::clock;
use crate::fields::number;
use crate::server::{ServerId, ServerRun};

pub(super) fn now_ms() -> i64 {
    signed(clock::unix_milliseconds())
}

pub(super) fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// Converts a number that only a broken clock makes too large.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(super) fn read_run(row: &Row<'_>) -> Result<ServerRun, ReadError> {
    Ok(ServerRun {
        server: server_id(&row.get::<_, String>("server")?)?,
        epoch: number("epoch", row.get("epoch")?, 0..=i64::MAX)?,
    })
}

pub(super) fn server_id(name: &str) -> Result<ServerId, ReadError> {
    ServerId::new(name).map_err(|error| ReadError::Damaged(error.to_string()))
}
