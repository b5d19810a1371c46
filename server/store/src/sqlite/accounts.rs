//! Accounts to rows and back.

use rusqlite::{Connection, Row, Transaction, ffi, params};

use super::error::{ReadError, is_violation, readable, unavailable};
use super::watch::Rescue;
use super::{SqliteStore, characters};
use crate::fields::{LONG, WORD, number};
use crate::records::{AccountRecord, CharacterRecord, NewAccount, UserId, name_key};
use crate::{Accounts, CreateError, StoreError, StoredAccount};

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

impl Accounts for SqliteStore {
    fn load_account(&mut self, name: &str) -> Result<Option<StoredAccount>, StoreError> {
        self.read(name, |transaction| read_stored_account(transaction, name))
    }

    fn create_account(
        &mut self,
        account: &NewAccount,
        character: &CharacterRecord,
    ) -> Result<UserId, CreateError> {
        let created_at = created_at(account)?;
        self.check_files(Rescue::FromTimeToTime)?;
        self.write(|transaction| {
            let inserted = insert_account(transaction, account, created_at).map_err(|error| {
                if is_violation(&error, ffi::SQLITE_CONSTRAINT_UNIQUE) {
                    CreateError::NameTaken
                } else {
                    unavailable(error).into()
                }
            })?;
            let user_id = u32::try_from(inserted).map_err(|_| damaged(account, "user ids are used up"))?;
            characters::write(transaction, UserId(user_id), character).map_err(unavailable)?;
            Ok(UserId(user_id))
        })
    }

    fn restore_accounts(&mut self, accounts: &[StoredAccount]) -> Result<(), StoreError> {
        self.write(|transaction| {
            for stored in accounts {
                let created_at = created_at(&stored.account.account)?;
                restore_account(transaction, stored, created_at).map_err(unavailable)?;
            }
            Ok(())
        })
    }

    fn find_account(&mut self, name: &str) -> Result<Option<AccountRecord>, StoreError> {
        self.read(name, |transaction| find_account(transaction, name))
    }

    fn list_accounts(
        &mut self,
        after: Option<UserId>,
        limit: usize,
    ) -> Result<Vec<AccountRecord>, StoreError> {
        let after = after.map_or(0, |user_id| user_id.0);
        let accounts = self.read("accounts", |transaction| list_accounts(transaction, after, limit))?;
        Ok(readable("an account", accounts))
    }

    fn set_password_hash(&mut self, user_id: UserId, password_hash: &str) -> Result<(), StoreError> {
        let sql = "UPDATE accounts SET password_hash = ? WHERE user_id = ?";
        change_account(&self.connection, sql, user_id, params![password_hash, user_id.0])
    }

    fn set_gm(&mut self, user_id: UserId, is_gm: bool) -> Result<(), StoreError> {
        let sql = "UPDATE accounts SET is_gm = ? WHERE user_id = ?";
        change_account(&self.connection, sql, user_id, params![is_gm, user_id.0])
    }
}

/// Carries out an update of one account.
fn change_account(
    connection: &Connection,
    sql: &str,
    user_id: UserId,
    params: impl rusqlite::Params,
) -> Result<(), StoreError> {
    let changed = connection
        .prepare_cached(sql)
        .and_then(|mut statement| statement.execute(params))
        .map_err(unavailable)?;
    if changed == 0 { Err(StoreError::UnknownUser(user_id)) } else { Ok(()) }
}

fn created_at(account: &NewAccount) -> Result<i64, StoreError> {
    i64::try_from(account.created_at).map_err(|_| damaged(account, "created_at is too far in the future"))
}

fn damaged(account: &NewAccount, reason: &str) -> StoreError {
    StoreError::Damaged { key: account.username.clone(), reason: reason.into() }
}
