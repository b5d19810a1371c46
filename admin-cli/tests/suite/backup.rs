//! `backup` and `restore`: beside a running server, after its end, and as the operators' page tells it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use pyao_simulator::forms::login_packet;
use pyao_simulator::shadow::Screen;
use pyao_store::prelude::*;
use pyao_store::sqlite::SqliteStore;
use pyao_store::testing::{sample_account, sample_character};
use pyao_tests::bot::Bot;
use pyao_tests::process::{self, Server};
use pyao_tests::suite::{PASSWORD, create, login, place, wait_until};

use crate::support::{PATIENCE, Place, Run, command, finish};

/// A folder with the embedded store `pyao.db`, as its operator has it.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// Makes one with a store that holds `Ana`, and no server.
    fn with_ana() -> Self {
        let folder = Self::new();
        folder.add("Ana");
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Adds an account, as a server does that stops at once.
    fn add(&self, name: &str) {
        let mut store = SqliteStore::open(&self.path("pyao.db")).unwrap();
        store.create_account(&sample_account(name), &sample_character()).unwrap();
    }

    fn has(&self, file: &str, account: &str) -> bool {
        SqliteStore::open_shared(&self.path(file)).unwrap().find_account(account).unwrap().is_some()
    }

    /// Returns map and tile of the character of that account, as the store has it.
    fn stored_place(&self, account: &str) -> (i16, u8, u8) {
        let mut store = SqliteStore::open_shared(&self.path("pyao.db")).unwrap();
        let position = store.load_account(account).unwrap().unwrap().character.position;
        (i16::try_from(position.map.get()).unwrap(), position.x, position.y)
    }

    fn start(&self) -> Server {
        let mut command = process::command(self.0.path()).unwrap();
        command.args(["--no-redis", "--host", "127.0.0.1", "--port", "0", "--ops", ""]);
        let mut server = Server::spawn(&mut command).unwrap();
        server.wait_until_it_listens().unwrap();
        server
    }

    fn run(&self, arguments: &[&str]) -> Run {
        finish(command(self.0.path()).args(arguments).env("PYAO_NO_REDIS", "true"))
    }

    /// Names of the files that hold `part`.
    fn files(&self, part: &str) -> Vec<String> {
        let entries = self.0.path().read_dir().unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.contains(part)).collect()
    }
}

/// Returns the commands of the documented drill, in order.
fn drill() -> Vec<String> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../server/docs/operating.md");
    let page = fs::read_to_string(page).unwrap();
    let begin = page.find("\n## Backup\n").unwrap() + 1;
    let section = &page[begin..begin + page[begin..].find("\n## ").unwrap()];
    section.lines().filter_map(|line| line.strip_prefix("$ ")).map(str::to_owned).collect()
}

/// Runs a line as it stands in the page.
#[track_caller]
fn in_shell(folder: &Folder, line: &str) -> String {
    let programs = Path::new(env!("CARGO_BIN_EXE_pyao-admin")).parent().unwrap().display().to_string();
    let path = format!("{programs}:{}", std::env::var("PATH").unwrap());
    let mut shell = Command::new("sh");
    shell.args(["-ec", line]).current_dir(folder.0.path()).env("PATH", path).env("PYAO_NO_REDIS", "true");
    finish(&mut shell).ok()
}

#[test]
fn the_documented_drill_brings_back_what_was_there() {
    let folder = Folder::new();
    let mut server = folder.start();
    let mut ana = create(&server, "Ana");
    ana.walk_path(&[3]).unwrap();
    let there = place(&mut ana);
    ana.quit(PATIENCE).unwrap();
    // A player who has left is saved a moment later.
    wait_until("Ana's last place in the store", || folder.stored_place("Ana") == there);
    let lines = drill();
    let is_restore = |line: &&String| line.starts_with("pyao-admin restore");
    let stop = lines.iter().position(|line| is_restore(&line)).unwrap();
    assert!(stop > 0, "{lines:?}");
    for line in &lines[..stop] {
        in_shell(&folder, line);
    }
    create(&server, "Beto").quit(PATIENCE).unwrap();
    assert_eq!(server.terminate(PATIENCE).unwrap().code(), Some(0), "{}", server.log());
    for line in &lines[stop..] {
        in_shell(&folder, line);
    }

    let server = folder.start();
    assert_eq!(place(&mut login(&server, "Ana")), there);
    let mut beto = Bot::connect(server.address(), Screen::Login).unwrap();
    beto.send(&login_packet("Beto", PASSWORD)).unwrap();
    beto.expect_closed(PATIENCE).unwrap();
    let aside = folder.files(".replaced-");
    assert!(aside.len() == 1 && folder.has(&aside[0], "beto"), "{aside:?}");
}

#[test]
fn a_backup_beside_a_running_server_is_whole_private_and_says_what_it_holds() {
    let folder = Folder::new();
    let server = folder.start();
    create(&server, "Ana").quit(PATIENCE).unwrap();
    let said = folder.run(&["backup", "copy.db"]).ok();
    let size = fs::metadata(folder.path("copy.db")).unwrap().len();
    assert_eq!(said, format!("backup\tcopy.db\naccounts\t1\nsize\t{size}\nchecked\ttrue\n"));
    assert_eq!(fs::metadata(folder.path("copy.db")).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(folder.has("copy.db", "ana"));
    assert!(folder.files(".part").is_empty());
    // It needs nothing beside it, unlike a copy of the file alone.
    fs::create_dir(folder.path("elsewhere")).unwrap();
    fs::copy(folder.path("copy.db"), folder.path("elsewhere/copy.db")).unwrap();
    assert!(folder.has("elsewhere/copy.db", "ana"));

    let before = fs::read(folder.path("copy.db")).unwrap();
    assert!(folder.run(&["backup", "copy.db"]).fails(2).contains("is there already"));
    assert_eq!(fs::read(folder.path("copy.db")).unwrap(), before);
    assert!(folder.run(&["backup"]).fails(2).contains("none is named"));
    assert!(folder.run(&["backup", "missing/copy.db"]).fails(3).contains("missing/copy.db"));
    // The tool has neither taken the server's write-ahead log nor its locks.
    assert!(folder.path("pyao.db-wal").exists());
    create(&server, "Beto").quit(PATIENCE).unwrap();
    assert!(folder.has("pyao.db", "beto"));
}

#[test]
fn a_running_server_refuses_a_restore_and_a_killed_one_until_its_lease_has_ended() {
    let folder = Folder::new();
    let mut server = folder.start();
    create(&server, "Ana").quit(PATIENCE).unwrap();
    folder.run(&["backup", "copy.db"]).ok();
    assert!(folder.run(&["restore", "copy.db"]).fails(7).contains("pyao.db.lock"));
    fs::remove_file(folder.path("pyao.db.lock")).unwrap();
    assert!(folder.run(&["restore", "copy.db"]).fails(7).contains("stop the server first"));
    create(&server, "Beto").quit(PATIENCE).unwrap();

    server.kill().unwrap();
    // The last writes are in the write-ahead log alone, which would change any database put beside it.
    assert!(folder.path("pyao.db-wal").exists());
    assert!(folder.run(&["restore", "copy.db"]).fails(7).contains("its lease ends in "));
    let end = std::time::Instant::now() + PATIENCE;
    let mut run = folder.run(&["restore", "copy.db"]);
    while run.code == 7 && std::time::Instant::now() < end {
        std::thread::sleep(Duration::from_millis(500));
        run = folder.run(&["restore", "copy.db"]);
    }
    let said = run.ok();
    let aside = said.lines().find_map(|line| line.strip_prefix("before\t")).unwrap().to_owned();
    assert!(folder.has("pyao.db", "ana") && !folder.has("pyao.db", "beto"));
    assert!(!folder.path("pyao.db-wal").exists());
    assert_eq!(fs::metadata(folder.path("pyao.db")).unwrap().permissions().mode() & 0o777, 0o600);
    // The old store is whole under its new name.
    let aside = Path::new(&aside).file_name().unwrap().to_str().unwrap().to_owned();
    assert!(folder.has(&aside, "beto"));
    assert!(folder.has("copy.db", "ana"));
}

#[test]
fn a_store_that_is_lost_is_restored() {
    let folder = Folder::with_ana();
    folder.run(&["backup", "copy.db"]).ok();
    fs::remove_file(folder.path("pyao.db")).unwrap();
    assert!(folder.run(&["restore", "copy.db"]).ok().contains("before\t\n"));
    assert!(folder.has("pyao.db", "ana"));
}

#[test]
fn what_is_no_whole_backup_is_refused_and_changes_nothing() {
    let folder = Folder::with_ana();
    folder.run(&["backup", "copy.db"]).ok();
    let whole = fs::read(folder.path("copy.db")).unwrap();
    fs::write(folder.path("half.db"), &whole[..whole.len() / 2]).unwrap();
    fs::write(folder.path("text.db"), "no database, and longer than the header of one would be".repeat(9))
        .unwrap();
    fs::write(folder.path("nothing.db"), "").unwrap();
    let before = fs::read(folder.path("pyao.db")).unwrap();
    for (file, code, reason) in [
        ("half.db", 1, "malformed"),
        ("text.db", 1, "no SQLite database"),
        ("nothing.db", 1, "without its -wal file"),
        ("missing.db", 3, "missing.db"),
        ("pyao.db", 1, "the store itself"),
    ] {
        let error = folder.run(&["restore", file]).fails(code);
        assert!(error.contains(reason), "{file}: {error}");
    }
    assert_eq!(fs::read(folder.path("pyao.db")).unwrap(), before);
    assert!(folder.files(".replaced-").is_empty() && folder.files(".restored").is_empty());
}

#[test]
fn a_copy_of_the_database_without_its_log_is_no_backup() {
    let folder = Folder::new();
    let server = folder.start();
    create(&server, "Ana").quit(PATIENCE).unwrap();
    fs::copy(folder.path("pyao.db"), folder.path("raw.db")).unwrap();
    drop(server);
    let other = Folder::new();
    fs::copy(folder.path("raw.db"), other.path("raw.db")).unwrap();
    let error = other.run(&["restore", "raw.db"]).fails(1);
    assert!(error.contains("without its -wal file"), "{error}");
}

#[test]
fn redis_writes_a_snapshot_that_is_named_and_copied() {
    let Some(mut redis) = Place::redis() else { return };
    redis.add_account("Ana");
    let file = redis.folder.path().join("dump.rdb").canonicalize();
    assert!(file.is_err(), "a snapshot before it was asked for");
    let said = redis.run(&["backup"]).ok();
    let file = redis.folder.path().canonicalize().unwrap().join("dump.rdb");
    assert_eq!(said, format!("redis_file\t{}\naccounts\t1\n", file.display()));
    assert!(fs::read(&file).unwrap().starts_with(b"REDIS"));

    let said = redis.run(&["backup", "copy.rdb"]).ok();
    assert!(said.starts_with("backup\tcopy.rdb\nredis_file\t"), "{said}");
    let copy = redis.folder.path().join("copy.rdb");
    assert_eq!(fs::read(&copy).unwrap(), fs::read(&file).unwrap());
    assert_eq!(fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(redis.run(&["backup", "copy.rdb"]).fails(2).contains("is there already"));
}

#[test]
fn a_restore_on_redis_is_refused_while_a_server_lives_and_else_says_how() {
    let Some(mut redis) = Place::redis() else { return };
    let error = redis.run(&["restore", "copy.rdb"]).fails(1);
    assert!(error.contains("dump.rdb") && error.contains("appendonlydir"), "{error}");
    redis.start_server();
    assert!(redis.run(&["restore", "copy.rdb"]).fails(7).contains("norte-1"));
}

#[test]
fn a_snapshot_that_redis_cannot_write_is_a_failure() {
    let Some(redis) = Place::redis() else { return };
    fs::create_dir(redis.folder.path().join("dump.rdb")).unwrap();
    let error = redis.run(&["backup"]).fails(1);
    assert!(error.contains("rdb_last_bgsave_status: err"), "{error}");
}
