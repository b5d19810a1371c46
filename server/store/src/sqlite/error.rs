//! Failures of SQLite, and rows that are no records.

use crate::StoreError;
use crate::fields::BadField;

/// Reason that a read failed: the database, or its contents.
#[derive(Debug)]
pub(super) enum ReadError {
    /// The database did not answer.
    Database(rusqlite::Error),
    /// The rows are no record, for this reason.
    Damaged(String),
}

impl From<rusqlite::Error> for ReadError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::Error::{
            FromSqlConversionFailure, IntegralValueOutOfRange, InvalidColumnType, Utf8Error,
        };
        match error {
            FromSqlConversionFailure(..)
            | IntegralValueOutOfRange(..)
            | InvalidColumnType(..)
            | Utf8Error(..) => Self::Damaged(error.to_string()),
            _ => Self::Database(error),
        }
    }
}

impl From<BadField> for ReadError {
    fn from(error: BadField) -> Self {
        Self::Damaged(error.to_string())
    }
}

pub(super) fn unreadable(key: &str, error: ReadError) -> StoreError {
    match error {
        ReadError::Database(error) => unavailable(error),
        ReadError::Damaged(reason) => StoreError::Damaged { key: key.to_owned(), reason },
    }
}

/// Returns those of a list that can be read; the others are logged.
pub(super) fn readable<T>(what: &str, list: Vec<Result<T, ReadError>>) -> Vec<T> {
    let log_damage = |error: &ReadError| log::warn!("{what} in the store cannot be read: {error:?}");
    list.into_iter().filter_map(|each| each.inspect_err(log_damage).ok()).collect()
}

pub(super) fn unavailable(error: rusqlite::Error) -> StoreError {
    StoreError::Unavailable(error.to_string())
}

/// Returns true if `error` is a violated constraint of that extended code.
pub(super) fn is_violation(error: &rusqlite::Error, code: std::ffi::c_int) -> bool {
    error.sqlite_extended_error_code() == Some(code)
}
