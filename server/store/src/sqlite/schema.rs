//! The tables of the embedded store, and how an older file becomes a newer one.
//!
//! Everything is readable in the `sqlite3` shell: a column a number, slots counted from 1 as players see them.
//! `PRAGMA user_version` is the [schema](crate::schema) of a file. [`STEPS`] make the first tables; the parts of
//! characters and the fields that were added to them follow from their declarations.

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior};

use crate::fields::{Field, FieldKind};
use crate::parts::{self, Part};
use crate::schema::{Noted, PROGRAM, current};
use crate::tables::STEPS;

/// Marks a file as ours (`PRAGMA application_id`): "PyAO" in ASCII.
const APPLICATION_ID: i64 = 0x5079_414F;

/// Kinds of files.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// A store, with data of this schema.
    Ours(Noted),
    /// No tables yet.
    Empty,
    /// A database of something else.
    Foreign,
}

/// Looks what `connection` opened.
pub(super) fn inspect(connection: &Connection) -> rusqlite::Result<Found> {
    let application: i64 = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if application != APPLICATION_ID {
        return Ok(if application == 0 && tables == 0 { Found::Empty } else { Found::Foreign });
    }
    let schema = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let writer = if has_table(connection, "store_facts")? { writer(connection)? } else { None };
    Ok(Found::Ours(Noted { schema, writer: writer.unwrap_or_default() }))
}

/// Returns version of the program that wrote data of this schema first.
fn writer(connection: &Connection) -> rusqlite::Result<Option<String>> {
    let sql = "SELECT value FROM store_facts WHERE name = 'program'";
    connection.query_row(sql, [], |row| row.get(0)).optional()
}

/// Brings the tables of a file with data of schema `found` up to date, all or nothing. Data are not rewritten: a row
/// from before has the default of each field that was added.
pub(super) fn migrate(connection: &mut Connection, found: u32) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    apply_steps(&transaction, found)?;
    parts::declared().iter().try_for_each(|part| complete(&transaction, part))?;
    if found < current() {
        transaction.execute("REPLACE INTO store_facts (name, value) VALUES ('program', ?)", [PROGRAM])?;
        note(&transaction, current())?;
    }
    transaction.commit()
}

/// Makes the tables that a file of schema `found` does not have.
fn apply_steps(transaction: &Transaction<'_>, found: u32) -> rusqlite::Result<()> {
    let missing = STEPS.iter().filter(|(schema, _)| *schema > found);
    missing.into_iter().try_for_each(|(_, sql)| transaction.execute_batch(sql))
}

fn note(connection: &Connection, schema: u32) -> rusqlite::Result<()> {
    connection
        .execute_batch(&format!("PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {schema};"))
}

/// Makes the table of a part that was added, or the columns of the fields that were added to a table.
pub(super) fn complete(transaction: &Transaction<'_>, part: &Part) -> rusqlite::Result<()> {
    if !has_table(transaction, part.table)? {
        return transaction.execute_batch(&create_table(part));
    }
    let mut statement = transaction.prepare("SELECT name FROM pragma_table_info(?)")?;
    let columns: Vec<String> =
        statement.query_map([part.table], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    for field in part.fields.iter().filter(|field| !columns.iter().any(|column| column == field.name)) {
        transaction.execute_batch(&format!("ALTER TABLE {} ADD COLUMN {}", part.table, column(field)))?;
    }
    Ok(())
}

fn has_table(connection: &Connection, table: &str) -> rusqlite::Result<bool> {
    connection.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?")?.exists([table])
}

/// Returns the SQL that makes the table of a part.
fn create_table(part: &Part) -> String {
    let owner = "REFERENCES accounts (user_id) ON DELETE CASCADE";
    let columns: Vec<String> = part.fields.iter().map(column).collect();
    let (table, columns) = (part.table, columns.join(",\n    "));
    match part.slot_column {
        None => format!(
            "CREATE TABLE {table} (\n    user_id INTEGER PRIMARY KEY {owner},\n    {columns}\n) STRICT;"
        ),
        Some(slot) => format!(
            "CREATE TABLE {table} (\n    user_id INTEGER NOT NULL {owner},\n    {slot} INTEGER NOT NULL,\n    \
             {columns},\n    PRIMARY KEY (user_id, {slot})\n) STRICT, WITHOUT ROWID;"
        ),
    }
}

/// Returns the SQL that declares the column of a field.
fn column(field: &Field) -> String {
    let name = field.name;
    match field.kind {
        FieldKind::Number { default: None, .. } => format!("{name} INTEGER NOT NULL"),
        FieldKind::Number { default: Some(default), .. } => {
            format!("{name} INTEGER NOT NULL DEFAULT {default}")
        }
        FieldKind::Text { default } => {
            format!("{name} TEXT NOT NULL DEFAULT '{}'", default.replace('\'', "''"))
        }
    }
}

#[cfg(test)]
pub(super) fn make_older(connection: &mut Connection, schema: u32) -> rusqlite::Result<()> {
    let steps = STEPS.iter().filter(|(each, _)| *each <= schema);
    steps.into_iter().try_for_each(|(_, sql)| connection.execute_batch(sql))?;
    note(connection, schema)
}
