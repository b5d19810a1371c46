//! Characters to rows and back.

use std::borrow::{Borrow, Cow};

use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use rusqlite::{OptionalExtension, Row, Transaction, ffi, params, params_from_iter};

use super::error::{ReadError, is_violation, unavailable};
use super::{SqliteStore, sessions};
use crate::fields::{BadField, Field, FieldKind, Fields, Slot, StoredValue};
use crate::parts::{self, ListPlace, PartReader, PartWriter, QueuePlace, RecordPlace};
use crate::records::{CharacterRecord, CharacterSave, PositionRecord, UserId};
use crate::{Characters, StoreError};

const POSITIONS: &str = "positions";

/// Writes the part that `save` has.
pub(super) fn write_save(transaction: &Transaction<'_>, save: &CharacterSave) -> rusqlite::Result<()> {
    match save {
        CharacterSave::Position { user_id, position } => {
            write_record(transaction, POSITIONS, *user_id, position)
        }
        CharacterSave::Sheet { user_id, sheet } => write(transaction, *user_id, sheet),
    }
}

/// Writes a whole character, new or not. The account must be there.
pub(super) fn write(
    transaction: &Transaction<'_>,
    user_id: UserId,
    character: &CharacterRecord,
) -> rusqlite::Result<()> {
    parts::write(character, &mut Rows { transaction, user_id })
}

/// Reads a whole character.
///
/// # Errors
/// Its rows are no character.
pub(super) fn read(transaction: &Transaction<'_>, user_id: UserId) -> Result<CharacterRecord, ReadError> {
    parts::read(&mut Rows { transaction, user_id })
}

/// Shows `visit` the position of every character; those that cannot be read are left out.
pub(super) fn visit_positions(
    transaction: &Transaction<'_>,
    visit: &mut dyn FnMut(PositionRecord),
) -> Result<(), ReadError> {
    let columns = columns(PositionRecord::FIELDS);
    let mut statement = transaction.prepare(&format!("SELECT {columns} FROM {POSITIONS}"))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        if let Ok(position) = read_row(row) {
            visit(position);
        }
    }
    Ok(())
}

/// The rows of one character.
pub(super) struct Rows<'a> {
    pub(super) transaction: &'a Transaction<'a>,
    pub(super) user_id: UserId,
}

impl Rows<'_> {
    /// Replaces the numbered rows of the character in `table`.
    fn replace_rows<F: Fields>(
        &self,
        table: &str,
        number_column: &str,
        records: impl Iterator<Item = (i64, impl Borrow<F>)>,
    ) -> rusqlite::Result<()> {
        let delete = format!("DELETE FROM {table} WHERE user_id = ?");
        self.transaction.prepare_cached(&delete)?.execute([self.user_id.0])?;
        let (columns, placeholders) = (columns(F::FIELDS), ", ?".repeat(F::FIELDS.len()));
        let insert =
            format!("INSERT INTO {table} (user_id, {number_column}, {columns}) VALUES (?, ?{placeholders})");
        let mut statement = self.transaction.prepare_cached(&insert)?;
        for (number, record) in records {
            let values = record.borrow().values();
            let place = [self.user_id.0.into(), number].map(ValueRef::Integer).map(ToSqlOutput::Borrowed);
            statement.execute(params_from_iter(place.into_iter().chain(values.iter().map(to_sql))))?;
        }
        Ok(())
    }
}

impl PartWriter for Rows<'_> {
    type Error = rusqlite::Error;

    fn record<F: Fields>(&mut self, place: &RecordPlace, record: &F) -> rusqlite::Result<()> {
        write_record(self.transaction, place.table, self.user_id, record)
    }

    fn list<S: Slot>(&mut self, place: &ListPlace, slots: &[S]) -> rusqlite::Result<()> {
        let used = (1i64..).zip(slots).filter_map(|(number, slot)| Some((number, slot.used()?)));
        self.replace_rows::<S::Record>(place.table, place.slot_column, used)
    }

    fn queue<F: Fields>(&mut self, place: &QueuePlace, entries: &[F]) -> rusqlite::Result<()> {
        self.replace_rows::<F>(place.table, place.number_column, (1i64..).zip(entries))
    }

    fn description(&mut self, description: &str) -> rusqlite::Result<()> {
        self.transaction
            .prepare_cached("REPLACE INTO descriptions (user_id, description) VALUES (?, ?)")?
            .execute(params![self.user_id.0, description])?;
        Ok(())
    }
}

impl PartReader for Rows<'_> {
    type Error = ReadError;

    fn record<F: Fields>(&mut self, place: &RecordPlace) -> Result<F, ReadError> {
        read_record(self.transaction, place.table, self.user_id)
    }

    fn list<S: Slot, const N: usize>(&mut self, place: &ListPlace) -> Result<[S; N], ReadError> {
        let ListPlace { table, slot_column, slot_name, .. } = place;
        let mut slots = std::array::from_fn(|_| S::free());
        let columns = columns(S::Record::FIELDS);
        let select = format!("SELECT {slot_column}, {columns} FROM {table} WHERE user_id = ?");
        let mut statement = self.transaction.prepare_cached(&select)?;
        let mut rows = statement.query([self.user_id.0])?;
        while let Some(row) = rows.next()? {
            let number: i64 = row.get(*slot_column)?;
            let slot = parts::slot_mut(&mut slots, number)
                .ok_or_else(|| ReadError::Damaged(format!("there is no {slot_name} {number}")))?;
            *slot = S::holding(read_row(row)?);
        }
        Ok(slots)
    }

    fn queue<F: Fields>(&mut self, place: &QueuePlace) -> Result<Vec<F>, ReadError> {
        let QueuePlace { table, number_column, .. } = place;
        let columns = columns(F::FIELDS);
        let select = format!("SELECT {columns} FROM {table} WHERE user_id = ? ORDER BY {number_column}");
        let mut statement = self.transaction.prepare_cached(&select)?;
        let mut rows = statement.query([self.user_id.0])?;
        let mut entries = Vec::new();
        while let Some(row) = rows.next()? {
            entries.push(read_row(row)?);
        }
        Ok(entries)
    }

    fn description(&mut self) -> Result<String, ReadError> {
        self.transaction
            .prepare_cached("SELECT description FROM descriptions WHERE user_id = ?")?
            .query_row([self.user_id.0], |row| row.get(0))
            .optional()?
            .ok_or_else(|| missing("descriptions"))
    }
}

/// Writes the one row that `user_id` has in `table`; a record of defaults has none.
pub(super) fn write_record<F: Fields>(
    transaction: &Transaction<'_>,
    table: &str,
    user_id: UserId,
    record: &F,
) -> rusqlite::Result<()> {
    if record.is_default() {
        let sql = format!("DELETE FROM {table} WHERE user_id = ?");
        transaction.prepare_cached(&sql)?.execute([user_id.0])?;
        return Ok(());
    }
    let (columns, placeholders) = (columns(F::FIELDS), ", ?".repeat(F::FIELDS.len()));
    let sql = format!("REPLACE INTO {table} (user_id, {columns}) VALUES (?{placeholders})");
    let values = record.values();
    let user_id = ToSqlOutput::Owned(Value::Integer(user_id.0.into()));
    let values = std::iter::once(user_id).chain(values.iter().map(to_sql));
    transaction.prepare_cached(&sql)?.execute(params_from_iter(values))?;
    Ok(())
}

/// Reads the one row that `user_id` has in `table`.
pub(super) fn read_record<F: Fields>(
    transaction: &Transaction<'_>,
    table: &str,
    user_id: UserId,
) -> Result<F, ReadError> {
    let sql = format!("SELECT {} FROM {table} WHERE user_id = ?", columns(F::FIELDS));
    let mut statement = transaction.prepare_cached(&sql)?;
    let mut rows = statement.query([user_id.0])?;
    match rows.next()? {
        Some(row) => read_row(row),
        None => F::read(|_| Ok::<_, BadField>(None)).map_err(|_| missing(table)),
    }
}

fn read_row<F: Fields>(row: &Row<'_>) -> Result<F, ReadError> {
    F::read(|field| {
        Ok::<_, ReadError>(Some(match field.kind {
            FieldKind::Number { .. } => StoredValue::Number(row.get(field.name)?),
            FieldKind::Text { .. } => StoredValue::Text(Cow::Owned(row.get(field.name)?)),
        }))
    })
}

fn columns(fields: &[Field]) -> String {
    fields.iter().map(|field| field.name).collect::<Vec<_>>().join(", ")
}

fn to_sql<'a>(value: &'a StoredValue<'_>) -> ToSqlOutput<'a> {
    ToSqlOutput::Borrowed(match value {
        StoredValue::Number(number) => ValueRef::Integer(*number),
        StoredValue::Text(text) => ValueRef::Text(text.as_bytes()),
    })
}

fn missing(table: &str) -> ReadError {
    ReadError::Damaged(format!("no row in {table}"))
}

impl Characters for SqliteStore {
    fn save_characters(&mut self, saves: &[CharacterSave]) -> Result<(), StoreError> {
        let registered = self.registered.clone();
        self.write(|transaction| {
            for save in saves {
                if let Some((run, _)) = &registered
                    && sessions::is_taken(transaction, run, save.user_id()).map_err(unavailable)?
                {
                    return Err(StoreError::CharacterTaken(save.user_id()));
                }
                write_save(transaction, save).map_err(|error| {
                    if is_violation(&error, ffi::SQLITE_CONSTRAINT_FOREIGNKEY) {
                        StoreError::UnknownUser(save.user_id())
                    } else {
                        unavailable(error)
                    }
                })?;
            }
            Ok(())
        })
    }

    fn visit_positions(&mut self, visit: &mut dyn FnMut(PositionRecord)) -> Result<(), StoreError> {
        self.read("positions", |transaction| visit_positions(transaction, visit))
    }
}
