//! Failures before any request to a store.

use crate::support::{Place, command, finish};

#[test]
fn a_mistyped_command_or_setting_gets_a_suggestion() {
    let place = Place::sqlite();
    let error = place.run(&["sesions"]).fails(2);
    assert!(error.contains("'sessions'"), "{error}");
    let error = place.run(&["config", "get", "server.prot"]).fails(2);
    assert!(error.contains("a similar value exists: 'server.port'"), "{error}");
    let error = place.run(&["account", "shw", "Ana"]).fails(2);
    assert!(error.contains("'show'"), "{error}");
    assert_eq!(error.lines().count(), 2, "what and what to do: {error}");
    let error = place.run(&["acount"]).fails(2);
    assert!(error.contains("'account', 'accounts'"), "the nearest first: {error}");
}

#[test]
fn usage_errors_are_objects_on_request() {
    let place = Place::sqlite();
    assert_eq!(
        place.run(&["--json", "sesions"]).fails(2),
        "{\"schema\":1,\"code\":2,\"message\":\"unrecognized subcommand 'sesions'\",\
         \"hint\":\"some similar subcommands exist: 'sessions', 'session'\"}\n"
    );
    assert_eq!(
        place.run(&["--json", "account", "show", "Nobody"]).fails(3),
        "{\"schema\":1,\"code\":3,\"message\":\"there is no account \\\"Nobody\\\"\",\
         \"hint\":\"`pyao-admin accounts` lists them\"}\n"
    );
}

#[test]
fn two_stores_at_once_are_wrong_usage() {
    let place = Place::sqlite();
    place.run(&["get-port", "--redis", "redis://127.0.0.1:1"]).fails(2);
}

#[test]
fn a_store_that_is_not_there_is_unreachable_and_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let error = finish(command(folder.path()).args(["--store", "none.db", "sessions"])).fails(5);
    assert!(error.contains("cannot open the store none.db"), "{error}");
    assert!(error.contains("--store FILE"), "what to do: {error}");
    assert!(!folder.path().join("none.db").exists());
}

#[test]
fn a_redis_that_is_asked_for_and_away_is_unreachable() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["--redis", "redis://:secret@127.0.0.1:1", "get-port"];
    let error = finish(command(folder.path()).args(arguments)).fails(5);
    assert!(error.contains("127.0.0.1:1"), "{error}");
    assert!(!error.contains("secret"), "{error}");
    let run = finish(
        command(folder.path()).arg("get-port").envs([("REDIS_HOST", "127.0.0.1"), ("REDIS_PORT", "1")]),
    );
    assert!(run.fails(5).contains("127.0.0.1:1"));
}

#[test]
fn some_other_file_is_no_store() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("notes.txt"), "not a database at all, but long enough\n".repeat(50))
        .unwrap();
    let error = finish(command(folder.path()).args(["--store", "notes.txt", "sessions"])).fails(5);
    assert!(error.contains("notes.txt is not a PyAO store"), "{error}");
    std::fs::write(folder.path().join("empty.db"), "").unwrap();
    finish(command(folder.path()).args(["--store", "empty.db", "sessions"])).fails(5);
}

#[test]
fn a_fault_in_the_configuration_is_wrong_usage() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("config.toml"), "[server]\nprot = 1\n").unwrap();
    let error = finish(command(folder.path()).arg("sessions")).fails(2);
    assert!(error.contains("config.toml:2:1: server.prot: no such setting"), "{error}");
    let error = finish(command(folder.path()).args(["--config", "none.toml", "sessions"])).fails(2);
    assert!(error.contains("none.toml"), "{error}");
}

#[test]
fn nothing_to_do_shows_the_help() {
    let folder = tempfile::tempdir().unwrap();
    let run = finish(&mut command(folder.path()));
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("Usage: pyao-admin"), "{run:?}");
}
