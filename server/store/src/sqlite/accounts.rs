//! Accounts to rows and back.

use rusqlite::types::ToSqlOutput;
use rusqlite::{Connection, Row, ToSql, Transaction, ffi, params, params_from_iter};

use super::characters::{columns, read_row, to_sql};
use super::error::{ReadError, is_violation, readable, unavailable};
use super::watch::Rescue;
use super::{SqliteStore, characters};
use crate::fields::{Fields, LONG, WORD, number};
use crate::parts::ACCOUNTS;
use crate::records::{AccountRecord, AccountState, CharacterRecord, NewAccount, UserId, name_key};
use crate::{Accounts, CreateError, StoreError, StoredAccount};

/// Inserts an account, under a new number if `user_id` is `None`. Returns the number of rows, 0 where `verb` leaves an
/// account out.
fn insert(
    transaction: &Transaction<'_>,
    verb: &str,
    user_id: Option<UserId>,
    account: &NewAccount,
    created_at: i64,
    state: &AccountState,
) -> rusqlite::Result<usize> {
    let (columns, placeholders) = (columns(AccountState::FIELDS), ", ?".repeat(AccountState::FIELDS.len()));
    let sql = format!(
        "{verb} INTO {ACCOUNTS} (user_id, username, name_key, password_hash, email, created_at, race, gender, class, \
                                 head, home, {columns})
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?{placeholders})"
    );
    let (user_id, name_key) = (user_id.map(|user_id| user_id.0), name_key(&account.username));
    let given: [&dyn ToSql; 11] = [
        &user_id,
        &account.username,
        &name_key,
        &account.password_hash,
        &account.email,
        &created_at,
        &account.race,
        &account.gender,
        &account.class,
        &account.head,
        &account.home,
    ];
    let state = state.values();
    let state: Vec<_> = state.iter().map(to_sql).collect();
    let values = given.into_iter().chain(state.iter().map(|value| value as &dyn ToSql));
    transaction.prepare_cached(&sql)?.execute(params_from_iter(values))
}

/// Adds an account and gives its number; a taken name is a violated uniqueness.
pub(super) fn insert_account(
    transaction: &Transaction<'_>,
    account: &NewAccount,
    created_at: i64,
) -> rusqlite::Result<i64> {
    insert(transaction, "INSERT", None, account, created_at, &AccountState::blank())?;
    Ok(transaction.last_insert_rowid())
}

/// Writes an account with its character under the number it had, unless number or name are there already.
pub(super) fn restore_account(
    transaction: &Transaction<'_>,
    stored: &StoredAccount,
    created_at: i64,
) -> rusqlite::Result<()> {
    let AccountRecord { user_id, account, state } = &stored.account;
    let inserted = insert(transaction, "INSERT OR IGNORE", Some(*user_id), account, created_at, state)?;
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
        state: read_row(row)?,
    })
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

    fn change_account(
        &mut self,
        user_id: UserId,
        from: &AccountState,
        to: &AccountState,
    ) -> Result<(), StoreError> {
        let changed = to.changed_since(from);
        // It is looked for even where nothing is to be set.
        let settings: String = changed.iter().map(|(field, _)| format!(", {} = ?", field.name)).collect();
        let sql = format!("UPDATE {ACCOUNTS} SET user_id = user_id{settings} WHERE user_id = ?");
        let values = changed.iter().map(|(_, value)| to_sql(value));
        let user = ToSqlOutput::from(user_id.0);
        change_account(&self.connection, &sql, user_id, params_from_iter(values.chain([user])))
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
