//! Terminal, pipe and JSON; colours; a reader that stops reading.

use std::io::{Read, Write};
use std::process::{Command, Stdio};

use crate::support::{Place, RedisServer, finish};

/// Runs `pyao-admin` on a terminal of that many columns, which `script` makes; `None` where it is not installed. Each of
/// `answers` is a prompt and what is typed once it is there.
fn on_terminal(place: &Place, columns: u32, arguments: &str, answers: &[(&str, &str)]) -> Option<String> {
    let program = env!("CARGO_BIN_EXE_pyao-admin");
    let line = format!("stty cols {columns}; {program} {} {arguments}", place.flags.join(" "));
    let mut command = Command::new("script");
    command.args(["--quiet", "--return", "--command", &line, "/dev/null"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).env_remove("COLUMNS").env_remove("NO_COLOR");
    let Ok(mut child) = command.spawn() else {
        println!("skipped: script is not installed");
        return None;
    };
    let (mut stdin, mut stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let mut output = Vec::new();
    for (prompt, line) in answers {
        read_up_to(&mut stdout, &mut output, prompt);
        stdin.write_all(format!("{line}\n").as_bytes()).unwrap();
    }
    stdout.read_to_end(&mut output).unwrap();
    let text = String::from_utf8(output).unwrap();
    drop(stdin);
    child.wait().unwrap();
    Some(text.replace('\r', ""))
}

/// Reads until `prompt` is the last that was said, or until nothing more comes.
fn read_up_to(stdout: &mut impl Read, output: &mut Vec<u8>, prompt: &str) {
    let mut byte = [0];
    while !output.ends_with(prompt.as_bytes()) && stdout.read(&mut byte).unwrap() > 0 {
        output.push(byte[0]);
    }
}

fn with_one_session() -> Place {
    let mut place = Place::sqlite();
    place.start_server();
    let ana = place.add_account("Ana");
    place.open_session(ana, "Ana", None);
    place
}

#[test]
fn a_terminal_gets_a_table_with_a_header_and_the_name_of_the_store() {
    let place = with_one_session();
    let Some(text) = on_terminal(&place, 120, "--color never online", &[]) else { return };
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with("store: SQLite "), "{text}");
    assert_eq!(lines[1..], ["ID  NAME  LEVEL  MAP  SERVER", " 1  Ana       4    1  norte-1"], "{text}");
}

#[test]
fn a_narrow_terminal_gets_fewer_columns_and_is_told_which() {
    let place = with_one_session();
    let Some(text) = on_terminal(&place, 70, "--color never config list", &[]) else { return };
    let table: Vec<&str> = text.lines().filter(|line| line.starts_with("limits.")).collect();
    assert!(table.len() >= 5 && table.iter().all(|line| line.chars().count() <= 70), "{text}");
    assert!(text.contains("left out, for want of room: ALLOWED, RUNNING SERVERS; a wider"), "{text}");
    let Some(text) = on_terminal(&place, 40, "--color never sessions", &[]) else { return };
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[1], "ID  NAME  LEVEL  CLASS  MAP  CONNECTED", "{text}");
    assert_eq!(lines[2], " 1  Ana       4  mage     1  yes", "{text}");
}

#[test]
fn the_password_of_redis_is_asked_for_once_and_not_shown() {
    let folder = tempfile::tempdir().unwrap();
    let Some(redis) = RedisServer::start(folder.path()) else { return };
    redis.cli(&["CONFIG", "SET", "requirepass", "cl@ve 1"]);
    let mut place = Place::sqlite();
    place.flags = vec!["--redis".to_owned(), redis.url.clone()];
    let socket = redis.url.trim_start_matches("redis+unix://");
    let prompt = format!("password of Redis at {socket}: ");
    let typed = |password| {
        on_terminal(&place, 120, "--color never --askpass redis-check", &[(prompt.as_str(), password)])
    };
    let Some(text) = typed("cl@ve 1") else { return };
    assert!(text.matches("password of Redis").count() == 1 && text.contains("ok      connection"), "{text}");
    assert!(!text.contains("cl@ve"), "{text}");
    let Some(text) = typed("otra") else { return };
    assert!(text.contains("refuses the password") && !text.contains("otra"), "{text}");
    let error = place.run(&["--askpass", "redis-check"]).fails(7);
    assert!(error.contains("needs a terminal"), "{error}");
    let embedded = Place::sqlite();
    embedded.run(&["--askpass", "get-port"]).fails(2);
}

#[test]
fn a_password_is_asked_for_twice_and_not_shown() {
    let mut place = with_one_session();
    let typed = |place: &Place, first, second| {
        let answers = [("new password of Ana: ", first), ("again: ", second)];
        on_terminal(place, 80, "account set-password Ana", &answers)
    };
    let Some(text) = typed(&place, "secreto", "secreto") else { return };
    assert!(text.contains("new password of Ana: ") && text.contains("again: "), "{text}");
    assert!(text.contains("password of Ana: *** -> *** (new)"), "{text}");
    assert!(!text.contains("secreto"), "{text}");
    let before = place.store.find_account("Ana").unwrap();
    let Some(text) = typed(&place, "secreto", "secrete") else { return };
    assert!(text.contains("the two passwords differ"), "{text}");
    assert_eq!(place.store.find_account("Ana").unwrap(), before);
}

#[test]
fn colours_come_on_request_and_not_into_a_pipe() {
    let mut place = with_one_session();
    assert!(!place.run(&["online"]).ok().contains('\u{1b}'));
    let Some(text) = on_terminal(&place, 80, "online", &[]) else { return };
    assert!(text.contains("\u{1b}[1mID"), "{text:?}");
    let Some(text) = on_terminal(&place, 80, "--no-headers online", &[]) else { return };
    assert!(!text.contains("NAME"), "{text}");
    place.store.deregister_server().unwrap();
}

#[test]
fn a_reader_that_stops_reading_is_no_error() {
    let mut place = Place::sqlite();
    for number in 0..3_000 {
        place.add_account(&format!("Player {number}"));
    }
    let mut child = place
        .command(&["accounts", "--limit", "10000"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = [0; 10];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(!String::from_utf8_lossy(&output.stderr).contains("pipe"), "{output:?}");
}

#[test]
fn the_store_is_named_on_request() {
    let place = with_one_session();
    assert!(!place.run(&["online"]).stderr.contains("store:"));
    let run = place.run(&["online", "-v"]);
    assert!(run.stderr.starts_with("store: SQLite ") && run.stderr.contains("world.db"), "{}", run.stderr);
}

#[test]
fn the_json_of_values_and_changes_keeps_its_shape() {
    let mut place = Place::sqlite();
    place.store.set_setting("server.port", "7777").unwrap();
    assert_eq!(
        place.run(&["--json", "get-port"]).ok(),
        "{\"schema\":1,\"setting\":\"server.port\",\"value\":\"7777\",\"source\":\"store\",\"valid\":true,\
         \"servers\":[]}\n"
    );
    place.start_server();
    let run = place.run(&["set-port", "8080", "--json", "--no-wait"]);
    assert_eq!(
        run.stdout,
        "{\"schema\":1,\"what\":\"server.port\",\"old\":\"7777\",\"new\":\"8080\",\"dry_run\":false,\
         \"effect\":\"1 live server applies it within 2 s: listens there, players stay\",\"servers\":[]}\n"
    );
    assert_eq!(run.stderr, "");
    let list = place.run(&["--json", "config", "list"]).ok();
    assert!(
        list.contains(
            "{\"setting\":\"server.max_connections\",\"value\":\"1000\",\"source\":\"default\",\
             \"allowed\":\"1..30000\",\"effect\":\"counts for new connections\"}"
        ),
        "{list}"
    );
}

#[test]
fn a_damaged_session_is_told_of_and_left_out() {
    let place = with_one_session();
    let path = &place.flags[1];
    let broken = Command::new("sqlite3").arg(path).arg("UPDATE sessions SET level = 7777").output();
    if broken.is_err() {
        return println!("skipped: sqlite3 is not installed");
    }
    let run = finish(&mut place.command(&["sessions"]));
    assert_eq!((run.code, run.stdout.as_str()), (0, ""));
    assert!(run.stderr.contains("warning: a session in the store cannot be read"), "{}", run.stderr);
}
