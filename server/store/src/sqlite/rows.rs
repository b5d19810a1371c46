//! Records to rows and back. Called inside a transaction; nothing here commits.

use rusqlite::{OptionalExtension, Row, Transaction, params, params_from_iter};

use crate::StoredAccount;
use crate::fields::{Fields, LONG, OutOfRange, WORD, number};
use crate::records::{
    AccountRecord, CharacterRecord, CharacterSave, INVENTORY_SLOTS, ItemRecord, NewAccount, PositionRecord,
    SKILLS, SPELL_SLOTS, SkillRecord, UserId, name_key,
};

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

impl From<OutOfRange> for ReadError {
    fn from(error: OutOfRange) -> Self {
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

/// Writes the parts that `save` has.
pub(super) fn write_save(transaction: &Transaction<'_>, save: &CharacterSave) -> rusqlite::Result<()> {
    if let Some(sheet) = &save.sheet {
        write_character(transaction, save.user_id, sheet)?;
    }
    if let Some(position) = &save.position {
        write_fields(transaction, "positions", save.user_id, position)?;
    }
    Ok(())
}

/// Writes a whole character, new or not. The account must be there.
pub(super) fn write_character(
    transaction: &Transaction<'_>,
    user_id: UserId,
    character: &CharacterRecord,
) -> rusqlite::Result<()> {
    write_fields(transaction, "positions", user_id, &character.position)?;
    write_fields(transaction, "attributes", user_id, &character.attributes)?;
    write_fields(transaction, "stats", user_id, &character.stats)?;
    write_fields(transaction, "reputation", user_id, &character.reputation)?;
    transaction
        .prepare_cached("REPLACE INTO descriptions (user_id, description) VALUES (?, ?)")?
        .execute(params![user_id.0, character.description])?;
    write_skills(transaction, user_id, &character.skills)?;
    write_inventory(transaction, user_id, &character.inventory)?;
    write_spells(transaction, user_id, &character.spells)
}

/// Writes the one row that `user_id` has in `table`.
fn write_fields<F: Fields>(
    transaction: &Transaction<'_>,
    table: &str,
    user_id: UserId,
    record: &F,
) -> rusqlite::Result<()> {
    let columns = F::NAMES.join(", ");
    let placeholders = ", ?".repeat(F::NAMES.len());
    let sql = format!("REPLACE INTO {table} (user_id, {columns}) VALUES (?{placeholders})");
    let values = std::iter::once(i64::from(user_id.0)).chain(record.values());
    transaction.prepare_cached(&sql)?.execute(params_from_iter(values))?;
    Ok(())
}

fn write_skills(
    transaction: &Transaction<'_>,
    user_id: UserId,
    skills: &[SkillRecord; SKILLS],
) -> rusqlite::Result<()> {
    let mut statement = transaction
        .prepare_cached("REPLACE INTO skills (user_id, skill, level, experience) VALUES (?, ?, ?, ?)")?;
    for (slot, skill) in (1u32..).zip(skills) {
        statement.execute(params![user_id.0, slot, skill.level, skill.experience])?;
    }
    Ok(())
}

fn write_inventory(
    transaction: &Transaction<'_>,
    user_id: UserId,
    inventory: &[Option<ItemRecord>; INVENTORY_SLOTS],
) -> rusqlite::Result<()> {
    transaction.prepare_cached("DELETE FROM inventory WHERE user_id = ?")?.execute([user_id.0])?;
    let mut statement = transaction.prepare_cached(
        "INSERT INTO inventory (user_id, slot, object, amount, equipped) VALUES (?, ?, ?, ?, ?)",
    )?;
    for (slot, item) in (1u32..).zip(inventory) {
        if let Some(item) = item {
            statement.execute(params![user_id.0, slot, item.object, item.amount, item.equipped])?;
        }
    }
    Ok(())
}

fn write_spells(
    transaction: &Transaction<'_>,
    user_id: UserId,
    spells: &[u16; SPELL_SLOTS],
) -> rusqlite::Result<()> {
    transaction.prepare_cached("DELETE FROM spells WHERE user_id = ?")?.execute([user_id.0])?;
    let mut statement =
        transaction.prepare_cached("INSERT INTO spells (user_id, slot, spell) VALUES (?, ?, ?)")?;
    for (slot, spell) in (1u32..).zip(spells).filter(|(_, spell)| **spell != 0) {
        statement.execute(params![user_id.0, slot, spell])?;
    }
    Ok(())
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
    if inserted == 1 { write_character(transaction, *user_id, &stored.character) } else { Ok(()) }
}

/// Reads the account of that name, in any case, and its character.
pub(super) fn read_stored_account(
    transaction: &Transaction<'_>,
    name: &str,
) -> Result<Option<StoredAccount>, ReadError> {
    let Some(account) = find_account(transaction, name)? else { return Ok(None) };
    let character = read_character(transaction, account.user_id)?;
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

fn read_character(transaction: &Transaction<'_>, user_id: UserId) -> Result<CharacterRecord, ReadError> {
    Ok(CharacterRecord {
        position: read_fields(transaction, "positions", user_id)?,
        attributes: read_fields(transaction, "attributes", user_id)?,
        stats: read_fields(transaction, "stats", user_id)?,
        reputation: read_fields(transaction, "reputation", user_id)?,
        skills: read_skills(transaction, user_id)?,
        inventory: read_inventory(transaction, user_id)?,
        spells: read_spells(transaction, user_id)?,
        description: transaction
            .prepare_cached("SELECT description FROM descriptions WHERE user_id = ?")?
            .query_row([user_id.0], |row| row.get(0))
            .optional()?
            .ok_or_else(|| missing("descriptions"))?,
    })
}

/// Shows `visit` the position of every character; those that cannot be read are left out.
pub(super) fn visit_positions(
    transaction: &Transaction<'_>,
    visit: &mut dyn FnMut(PositionRecord),
) -> Result<(), ReadError> {
    let columns = PositionRecord::NAMES.join(", ");
    let mut statement = transaction.prepare(&format!("SELECT {columns} FROM positions"))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        if let Ok(position) = PositionRecord::read(|name| Ok::<_, ReadError>(row.get(name)?)) {
            visit(position);
        }
    }
    Ok(())
}

/// Reads the one row that `user_id` has in `table`.
fn read_fields<F: Fields>(
    transaction: &Transaction<'_>,
    table: &str,
    user_id: UserId,
) -> Result<F, ReadError> {
    let columns = F::NAMES.join(", ");
    let sql = format!("SELECT {columns} FROM {table} WHERE user_id = ?");
    let mut statement = transaction.prepare_cached(&sql)?;
    let mut rows = statement.query([user_id.0])?;
    let row = rows.next()?.ok_or_else(|| missing(table))?;
    F::read(|name| Ok(row.get(name)?))
}

/// Skills without a row are at zero, so that one added later needs no migration.
fn read_skills(transaction: &Transaction<'_>, user_id: UserId) -> Result<[SkillRecord; SKILLS], ReadError> {
    let mut skills = [SkillRecord::default(); SKILLS];
    let mut statement = transaction
        .prepare_cached("SELECT skill AS slot, level, experience FROM skills WHERE user_id = ?")?;
    let mut rows = statement.query([user_id.0])?;
    while let Some(row) = rows.next()? {
        *slot("skill", row, &mut skills)? = SkillRecord::read(|name| Ok::<_, ReadError>(row.get(name)?))?;
    }
    Ok(skills)
}

fn read_inventory(
    transaction: &Transaction<'_>,
    user_id: UserId,
) -> Result<[Option<ItemRecord>; INVENTORY_SLOTS], ReadError> {
    let mut inventory = [None; INVENTORY_SLOTS];
    let mut statement = transaction
        .prepare_cached("SELECT slot, object, amount, equipped FROM inventory WHERE user_id = ?")?;
    let mut rows = statement.query([user_id.0])?;
    while let Some(row) = rows.next()? {
        *slot("inventory slot", row, &mut inventory)? = Some(ItemRecord {
            object: number("object", row.get("object")?, 1..=65_535)?,
            amount: number("amount", row.get("amount")?, 1..=10_000)?,
            equipped: flag("equipped", row)?,
        });
    }
    Ok(inventory)
}

fn read_spells(transaction: &Transaction<'_>, user_id: UserId) -> Result<[u16; SPELL_SLOTS], ReadError> {
    let mut spells = [0; SPELL_SLOTS];
    let mut statement = transaction.prepare_cached("SELECT slot, spell FROM spells WHERE user_id = ?")?;
    let mut rows = statement.query([user_id.0])?;
    while let Some(row) = rows.next()? {
        *slot("spell slot", row, &mut spells)? = number("spell", row.get("spell")?, WORD)?;
    }
    Ok(spells)
}

/// The place in `slots` that the row's `slot` column, counted from 1, names.
fn slot<'a, T>(what: &'static str, row: &Row<'_>, slots: &'a mut [T]) -> Result<&'a mut T, ReadError> {
    let stored: i64 = row.get("slot")?;
    stored
        .checked_sub(1)
        .and_then(|index| usize::try_from(index).ok())
        .and_then(|index| slots.get_mut(index))
        .ok_or_else(|| ReadError::Damaged(format!("there is no {what} {stored}")))
}

fn flag(name: &'static str, row: &Row<'_>) -> Result<bool, ReadError> {
    let value: u8 = number(name, row.get(name)?, 0..=1)?;
    Ok(value == 1)
}

fn missing(table: &str) -> ReadError {
    ReadError::Damaged(format!("no row in {table}"))
}
