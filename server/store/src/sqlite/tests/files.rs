//! Files that are moved beside the running server, and the files that its end leaves.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::{Fixture, start};
use crate::prelude::*;
use crate::records::UserId;
use crate::server::ServerStatus;
use crate::sqlite::{OpenError, SqliteStore};
use crate::testing::{position_save, sample_account, sample_character};
use crate::{CreateError, StoreError};

/// Registers a server on a new store with one account, `Ana`.
fn server(fixture: &Fixture) -> SqliteStore {
    let mut store = fixture.open();
    store.register_server(&start("norte")).unwrap();
    store.create_account(&sample_account("Ana"), &sample_character()).unwrap();
    store
}

fn beat(store: &mut SqliteStore) -> Result<(), StoreError> {
    store.heartbeat(&ServerStatus::default()).map(drop)
}

/// Returns the copy that a refusal names.
#[track_caller]
fn rescued(refusal: Result<(), StoreError>) -> PathBuf {
    match refusal {
        Err(StoreError::FileReplaced { rescued, .. }) => rescued.unwrap(),
        other => panic!("{other:?}"),
    }
}

/// Saves a step of the first account to column `x`.
fn save(store: &mut SqliteStore, x: u8) {
    let mut position = sample_character().position;
    position.x = x;
    store.save_characters(&[position_save(UserId(1), position)]).unwrap();
}

/// Returns column of the first account in the store `path`.
fn stored_x(path: &Path) -> u8 {
    SqliteStore::open_shared(path).unwrap().load_account("ana").unwrap().unwrap().character.position.x
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    PathBuf::from(format!("{}{suffix}", path.display()))
}

#[test]
fn neither_a_hard_link_nor_a_deleted_lock_file_admits_a_second_server() {
    let fixture = Fixture::new();
    let _first = server(&fixture);
    let link = fixture.folder.path().join("link.db");
    fs::hard_link(fixture.path(), &link).unwrap();
    let error = SqliteStore::open(&link).unwrap_err();
    assert!(matches!(&error, OpenError::Locked { held, .. } if *held == link), "{error}");
    fs::remove_file(with_suffix(&fixture.path(), ".lock")).unwrap();
    let error = SqliteStore::open(&fixture.path()).unwrap_err();
    assert!(matches!(&error, OpenError::Locked { held, .. } if *held == fixture.path()), "{error}");
}

#[test]
fn a_removed_database_is_noticed_with_the_next_heartbeat_and_rescued_with_all_that_follows() {
    let fixture = Fixture::new();
    let mut store = server(&fixture);
    beat(&mut store).unwrap();
    fs::remove_file(fixture.path()).unwrap();
    let copy = rescued(beat(&mut store));
    assert!(copy.display().to_string().contains("/pyao.db.rescued-20"), "{}", copy.display());
    assert_eq!(fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(stored_x(&copy), 50);

    let refused = store.create_account(&sample_account("Beto"), &sample_character());
    assert!(matches!(refused, Err(CreateError::Store(StoreError::FileReplaced { .. }))), "{refused:?}");
    save(&mut store, 77);
    // A save meanwhile is in the copy at the end, which is the same file.
    assert_eq!(rescued(store.close()), copy);
    drop(store);
    assert_eq!(stored_x(&copy), 77);
}

#[test]
fn a_replaced_database_is_rescued_and_the_other_file_left_alone() {
    let fixture = Fixture::new();
    let mut store = server(&fixture);
    fs::rename(fixture.path(), with_suffix(&fixture.path(), ".mine")).unwrap();
    fs::write(fixture.path(), "another file").unwrap();
    let copy = rescued(beat(&mut store));
    save(&mut store, 78);
    assert_eq!(rescued(store.close()), copy);
    drop(store);
    assert_eq!(stored_x(&copy), 78);
    assert_eq!(fs::read(fixture.path()).unwrap(), b"another file");
}

#[test]
fn a_removed_write_ahead_log_is_noticed_too() {
    let fixture = Fixture::new();
    let mut store = server(&fixture);
    beat(&mut store).unwrap();
    fs::remove_file(with_suffix(&fixture.path(), "-wal")).unwrap();
    assert_eq!(stored_x(&rescued(beat(&mut store))), 50);
}

#[test]
fn a_store_whose_folder_is_gone_too_is_rescued_into_the_working_directory() {
    let fixture = Fixture::new();
    let mut store = server(&fixture);
    fs::remove_dir_all(fixture.folder.path()).unwrap();
    let copy = rescued(beat(&mut store));
    assert_eq!(copy.parent(), Some(Path::new("")), "{}", copy.display());
    assert_eq!(stored_x(&copy), 50);
    fs::remove_file(copy).unwrap();
}

#[test]
fn files_that_are_put_back_make_everything_as_it_was() {
    let fixture = Fixture::new();
    let mut store = server(&fixture);
    let away = with_suffix(&fixture.path(), ".away");
    fs::rename(fixture.path(), &away).unwrap();
    rescued(beat(&mut store));
    fs::rename(&away, fixture.path()).unwrap();
    beat(&mut store).unwrap();
    store.create_account(&sample_account("Beto"), &sample_character()).unwrap();
    store.close().unwrap();
}

#[test]
fn a_clean_stop_leaves_everything_in_the_one_file_also_while_a_tool_looks_on() {
    let fixture = Fixture::new();
    let mut store = server(&fixture);
    save(&mut store, 66);
    let tool = SqliteStore::open_shared(&fixture.path()).unwrap();
    store.close().unwrap();
    drop(store);
    let copy = fixture.folder.path().join("copy.db");
    fs::copy(fixture.path(), &copy).unwrap();
    assert_eq!(stored_x(&copy), 66);
    drop(tool);
}

#[test]
fn a_tool_that_reads_in_a_transaction_does_not_keep_a_server_from_stopping() {
    let fixture = Fixture::new();
    let mut store = server(&fixture);
    let reader = Connection::open(fixture.path()).unwrap();
    reader.execute_batch("BEGIN; SELECT * FROM accounts").unwrap();
    save(&mut store, 67);
    store.close().unwrap();
    drop(store);
    drop(reader);
    assert_eq!(stored_x(&fixture.path()), 67);
}

#[test]
fn a_database_copied_without_its_log_in_its_first_run_is_no_empty_world() {
    let folder = tempfile::tempdir().unwrap();
    let (path, copy) = (folder.path().join("pyao.db"), folder.path().join("copy.db"));
    let mut store = SqliteStore::open(&path).unwrap();
    store.create_account(&sample_account("Ana"), &sample_character()).unwrap();
    fs::copy(&path, &copy).unwrap();
    let error = SqliteStore::open(&copy).unwrap_err();
    assert!(matches!(error, OpenError::LogMissing { .. }), "{error}");
    fs::copy(with_suffix(&path, "-wal"), with_suffix(&copy, "-wal")).unwrap();
    assert!(SqliteStore::open(&copy).unwrap().find_account("ana").unwrap().is_some());
}
