//! Stores that a later version of the programs has written to: neither the tool nor the server touches them.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use pyao_tests::process;

use crate::support::{Place, command, finish};

/// Place of the schema in the header of an SQLite file, a number of four bytes.
const SCHEMA: std::ops::Range<usize> = 60..64;

/// Runs the server with `arguments`, which must not begin, and returns its output.
fn refused_server(folder: &Path, arguments: &[&str]) -> String {
    let mut command = process::command(folder).unwrap();
    command.args(["--host", "127.0.0.1", "--port", "0", "--ops", ""]).args(arguments);
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(!output.status.success());
    String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
}

#[test]
fn a_file_of_a_later_version_is_refused_in_one_line_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pyao.db");
    drop(pyao_store::sqlite::SqliteStore::open(&path).unwrap());
    let mut bytes = fs::read(&path).unwrap();
    bytes[SCHEMA].copy_from_slice(&77_u32.to_be_bytes());
    fs::write(&path, &bytes).unwrap();
    let expected = "pyao.db holds data of schema 77, written by version ";
    let run = finish(command(folder.path()).args(["sessions"]).env("PYAO_NO_REDIS", "true"));
    let line = run.fails(5);
    assert!(line.contains(expected) && line.contains("or a later one, or a backup"), "{line}");
    let log = refused_server(folder.path(), &["--no-redis"]);
    assert!(log.lines().any(|line| line.contains(expected) && line.contains("or a later one")), "{log}");
    assert_eq!(fs::read(&path).unwrap(), bytes);
}

#[test]
fn a_redis_of_a_later_version_is_refused_and_no_file_takes_its_place() {
    let Some(place) = Place::redis() else { return };
    place.redis_cli(&["SET", "server:schema", "77:9.8.7"]);
    let expected = "holds data of schema 77, written by version 9.8.7";
    let said = place.run(&["sessions"]).fails(1);
    assert!(said.contains(expected) && said.contains("use version 9.8.7 or a later one"), "{said}");
    let flags: Vec<&str> = place.flags.iter().map(String::as_str).collect();
    // A Redis that may be missing is not one that may be passed over.
    fs::write(place.folder.path().join("config.toml"), "[redis]\nrequired = false\n").unwrap();
    let log = refused_server(place.folder.path(), &flags);
    assert!(log.contains(expected), "{log}");
    assert!(!place.folder.path().join("pyao.db").exists());
}
