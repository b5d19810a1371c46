//! Files that earlier versions of the program wrote, and how tables grow.

use std::fmt::Write;
use std::fs;

use pyao_core::base::ids::ObjectId;
use rusqlite::Connection;

use super::Fixture;
use crate::contract::previous::{check, fill, folders, write_fixture};
use crate::fields::Fields;
use crate::parts::{ListPlace, Part, PartReader, PartWriter};
use crate::prelude::*;
use crate::records::{ItemRecord, UserId};
use crate::schema::current;
use crate::sqlite::characters::{Rows, read_record};
use crate::sqlite::error::ReadError;
use crate::sqlite::{OpenError, SqliteStore, schema};
use crate::testing::{sample_account, sample_character};

const FILE: &str = "store.sql";

#[test]
fn a_file_of_each_earlier_schema_is_brought_up_to_date_and_read_whole() {
    for folder in folders() {
        let files = tempfile::tempdir().unwrap();
        let path = files.path().join("pyao.db");
        let sql = fs::read_to_string(folder.join(FILE)).unwrap();
        Connection::open(&path).unwrap().execute_batch(&sql).unwrap();
        check(&folder, &mut SqliteStore::open(&path).unwrap());
        let noted = Connection::open(&path).unwrap().query_row("PRAGMA user_version", [], |row| row.get(0));
        assert_eq!(noted, Ok(current()));
        SqliteStore::open_shared(&path).unwrap();
    }
}

#[test]
fn a_migration_that_breaks_off_leaves_the_file_as_it_was() {
    let files = tempfile::tempdir().unwrap();
    let path = files.path().join("pyao.db");
    let mut connection = Connection::open(&path).unwrap();
    schema::make_older(&mut connection, 1).unwrap();
    // The last step finds a table of its name.
    connection.execute_batch("CREATE TABLE own_settings (theirs INTEGER)").unwrap();
    let tables = |connection: &Connection| -> i64 {
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).unwrap()
    };
    let before = tables(&connection);
    drop(connection);
    assert!(matches!(SqliteStore::open(&path), Err(OpenError::Database { .. })));
    let connection = Connection::open(&path).unwrap();
    assert_eq!(tables(&connection), before);
    let version: u32 = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
    assert_eq!(version, 1);
    connection.execute_batch("DROP TABLE own_settings").unwrap();
    drop(connection);
    SqliteStore::open(&path).unwrap();
}

pyao_core::fields! {
    /// A position with fields that were added.
    #[derive(Debug, PartialEq)]
    pub struct GrownPosition {
        /// Always there.
        map: u16,
        /// Always there.
        x: u8 in 1..=100,
        /// Added.
        steps: u32 in 0..=1_000 = 7,
        /// Added.
        motto: String = "it's new",
    }
}

/// Brings the table of positions up to a program with [`GrownPosition`], as a start does.
fn grow(store: &mut SqliteStore) {
    let fields = GrownPosition::FIELDS;
    let part = Part { table: "positions", key: "", is_hash: true, slot_column: None, fields };
    store.write(|transaction| schema::complete(transaction, &part).map_err(super::unavailable)).unwrap();
}

fn read_grown(store: &mut SqliteStore) -> Result<GrownPosition, ReadError> {
    read_record(&store.connection.transaction().unwrap(), "positions", UserId(1))
}

#[test]
fn a_row_from_before_a_field_was_added_has_its_default_and_damage_stays_damage() {
    let fixture = Fixture::new();
    let mut store = fixture.open();
    store.create_account(&sample_account("Ana"), &sample_character()).unwrap();
    for _ in 0..2 {
        grow(&mut store);
        let expected = GrownPosition { map: 1, x: 50, steps: 7, motto: "it's new".into() };
        assert_eq!(read_grown(&mut store).unwrap(), expected);
    }
    fixture.shell("UPDATE positions SET steps = 9, motto = 'mío'");
    let expected = GrownPosition { map: 1, x: 50, steps: 9, motto: "mío".into() };
    assert_eq!(read_grown(&mut store).unwrap(), expected);
    // A program that does not know the fields goes on writing the others.
    assert_eq!(store.load_account("ana").unwrap().unwrap().character, sample_character());
    for (damage, reason) in [
        ("UPDATE positions SET steps = 1001", "steps is 1001, outside 0..=1000"),
        ("DELETE FROM positions", "no row in positions"),
    ] {
        fixture.shell(damage);
        let error = read_grown(&mut store).unwrap_err();
        assert!(matches!(&error, ReadError::Damaged(found) if found == reason), "{error:?}");
    }
}

#[test]
fn a_list_that_was_added_is_empty_in_a_character_from_before_and_keeps_what_is_put_there() {
    let fixture = Fixture::new();
    let mut store = fixture.open();
    store.create_account(&sample_account("Ana"), &sample_character()).unwrap();
    let part = Part {
        table: "locker",
        key: "",
        is_hash: true,
        slot_column: Some("slot"),
        fields: ItemRecord::FIELDS,
    };
    let place = ListPlace {
        table: "locker",
        slot_column: "slot",
        slot_name: "locker slot",
        key: "",
        slot_prefix: "",
    };
    let mut locker: [Option<ItemRecord>; 40] = [None; 40];
    let transaction = store.connection.transaction().unwrap();
    schema::complete(&transaction, &part).unwrap();
    schema::complete(&transaction, &part).unwrap();
    let mut rows = Rows { transaction: &transaction, user_id: UserId(1) };
    assert_eq!(PartReader::list::<Option<ItemRecord>, 40>(&mut rows, &place).unwrap(), locker);
    locker[39] = Some(ItemRecord { object: ObjectId::new(38), amount: 5, equipped: false });
    PartWriter::list(&mut rows, &place, &locker).unwrap();
    assert_eq!(PartReader::list::<Option<ItemRecord>, 40>(&mut rows, &place).unwrap(), locker);
    transaction.commit().unwrap();
    fixture.shell("PRAGMA foreign_keys = ON; DELETE FROM accounts");
    let left: i64 = store.connection.query_row("SELECT count(*) FROM locker", [], |row| row.get(0)).unwrap();
    assert_eq!(left, 0);
}

/// Returns everything in a database, as the SQL that makes it.
fn dump(connection: &Connection) -> String {
    let mut sql = String::new();
    for pragma in ["application_id", "user_version"] {
        let value: i64 = connection.query_row(&format!("PRAGMA {pragma}"), [], |row| row.get(0)).unwrap();
        writeln!(sql, "PRAGMA {pragma} = {value};").unwrap();
    }
    let mut tables = connection
        .prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'table' ORDER BY name = 'sqlite_sequence', rowid")
        .unwrap();
    let tables: Vec<(String, String)> =
        tables.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect();
    for (table, create) in tables {
        if table == "sqlite_sequence" {
            sql.push_str("DELETE FROM sqlite_sequence;\n");
        } else {
            writeln!(sql, "{create};").unwrap();
        }
        let rows = connection.prepare(&format!("SELECT * FROM {table}")).unwrap();
        let columns: Vec<String> = rows.column_names().iter().map(|name| format!("quote({name})")).collect();
        let select = format!("SELECT concat_ws(', ', {}) FROM {table}", columns.join(", "));
        let mut rows = connection.prepare(&select).unwrap();
        for values in rows.query_map([], |row| row.get::<_, String>(0)).unwrap() {
            writeln!(sql, "INSERT INTO {table} VALUES ({});", values.unwrap()).unwrap();
        }
    }
    sql
}

#[test]
#[ignore = "writes the fixture of this schema"]
fn the_fixture_of_this_schema_is_written_for_sqlite() {
    let fixture = Fixture::new();
    let mut store = fixture.open();
    fill(&mut store);
    let text = dump(&store.connection);
    write_fixture(FILE, &text, &mut store);
}
