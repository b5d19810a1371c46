//! Accounts to rows and back. Called inside a transaction; nothing here commits.

use rusqlite::{Row, Transaction, params};

use super::characters;
use crate::StoredAccount;
use crate::fields::{BadField, LONG, WORD, number};
use crate::records::{AccountRecord, NewAccount, UserId, name_key};

/// Why a read failed: the database, or what it holds.
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

/// Adds an account and gives its number; a taken name is a violated uniqueness.
pub(super) fn insert_account(
    transaction: &Transaction<'_>,
    account: &NewAccount,
    created_at: i64,
) -> rusqlite::Result<i64> {
    transaction
        .prepare_cached(
            "INSERT INTO accounts (username, name_key, password_hash, email, created_at, race, gender, class, head, home)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .insert(params![
            account.username,
            name_key(&account.username),
            account.password_hash,
            account.email,
            created_at,
            account.race,
            account.gender,
            account.class,
            account.head,
            account.home,
        ])
}

/// Writes an account with its character under the number it had, unless number or name are there already.
pub(super) fn restore_account(
    transaction: &Transaction<'_>,
    stored: &StoredAccount,
    created_at: i64,
) -> rusqlite::Result<()> {
    let AccountRecord { user_id, account, is_gm } = &stored.account;
    let inserted = transaction
        .prepare_cached(
            "INSERT OR IGNORE INTO accounts (user_id, username, name_key, password_hash, email, created_at, race,
                                             gender, class, head, home, is_gm)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            user_id.0,
            account.username,
            name_key(&account.username),
            account.password_hash,
            account.email,
            created_at,
            account.race,
            account.gender,
            account.class,
            account.head,
            account.home,
            is_gm,
        ])?;
    if inserted == 1 { characters::write(transaction, *user_id, &stored.character) } else { Ok(()) }
}

/// Reads the account of that name, in any case, and its character.
pub(super) fn read_stored_account(
    transaction: &Transaction<'_>,
    name: &str,
) -> Result<Option<StoredAccount>, ReadError> {
    let Some(account) = find_account(transaction, name)? else { return Ok(None) };
    let character = characters::read(transaction, account.user_id)?;
    Ok(Some(StoredAccount { account, character }))
}

/// Reads the account of that name, in any case.
pub(super) fn find_account(
    transaction: &Transaction<'_>,
    name: &str,
) -> Result<Option<AccountRecord>, ReadError> {
    let mut statement = transaction.prepare_cached("SELECT * FROM accounts WHERE name_key = ?")?;
    let mut rows = statement.query([name_key(name)])?;
    rows.next()?.map(read_account).transpose()
}

/// Reads up to `limit` accounts with numbers above `after`.
pub(super) fn list_accounts(
    transaction: &Transaction<'_>,
    after: u32,
    limit: usize,
) -> Result<Vec<Result<AccountRecord, ReadError>>, ReadError> {
    let mut statement =
        transaction.prepare_cached("SELECT * FROM accounts WHERE user_id > ? ORDER BY user_id LIMIT ?")?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut rows = statement.query(params![after, limit])?;
    let mut accounts = Vec::new();
    while let Some(row) = rows.next()? {
        accounts.push(read_account(row));
    }
    Ok(accounts)
}

fn read_account(row: &Row<'_>) -> Result<AccountRecord, ReadError> {
    Ok(AccountRecord {
        user_id: UserId(number("user_id", row.get("user_id")?, LONG)?),
        account: NewAccount {
            username: row.get("username")?,
            password_hash: row.get("password_hash")?,
            email: row.get("email")?,
            created_at: number("created_at", row.get("created_at")?, 0..=i64::MAX)?,
            race: number("race", row.get("race")?, 1..=5)?,
            gender: number("gender", row.get("gender")?, 1..=2)?,
            class: number("class", row.get("class")?, 1..=12)?,
            head: number("head", row.get("head")?, WORD)?,
            home: number("home", row.get("home")?, 1..=6)?,
        },
        is_gm: flag("is_gm", row)?,
    })
}

fn flag(name: &'static str, row: &Row<'_>) -> Result<bool, ReadError> {
    let value: u8 = number(name, row.get(name)?, 0..=1)?;
    Ok(value == 1)
}
