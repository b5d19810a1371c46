//! Starts: with a Redis, without one, and with one that cannot be used.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;

use pyao_tests::process::{Server, USE_REDIS, command, free_port};
use pyao_tests::redis_server::RedisServer;
use pyao_tests::suite::{LONG, check, create, wait_until};

use crate::support::{cli, on, redis};

/// Address on which no server listens: the port is reserved.
const NOBODY: &str = "127.0.0.1:1";

/// Returns true if the tester's own Redis answers at the address that servers try by themselves.
fn default_redis_is_there() -> bool {
    let is_there = TcpStream::connect("127.0.0.1:6379").is_ok();
    if is_there {
        println!("skipped: somebody's Redis runs on port 6379, which is not to be touched");
    }
    is_there
}

/// Runs the server in `directory` with these variables and arguments until it ends by itself, which it must do with
/// code 1: its one line about the fault.
fn fault(directory: &Path, variables: &[(&str, &str)], arguments: &[&str]) -> String {
    let mut command = command(directory).unwrap();
    command.env(USE_REDIS, "true").env("PYAO_PORT", "0").env("PYAO_HOST", "127.0.0.1").env("PYAO_OPS", "");
    let mut server = Server::spawn(command.envs(variables.iter().copied()).args(arguments)).unwrap();
    let code = server.wait(LONG).unwrap().code();
    let log = server.log();
    let faults: Vec<&str> = log.lines().filter(|line| line.starts_with("pyao-server:")).collect();
    assert_eq!((code, faults.len()), (Some(1), 1), "{log}");
    assert!(!log.contains("secreta"), "{log}");
    assert!(!directory.join("pyao.db").exists(), "a second world was made");
    faults[0].to_owned()
}

/// Starts a server with these variables alone, and waits until it listens.
fn bare(directory: &Path, variables: &[(&str, &str)]) -> Server {
    let mut command = command(directory).unwrap();
    command.env(USE_REDIS, "true").env("PYAO_PORT", "0").env("PYAO_HOST", "127.0.0.1").env("PYAO_OPS", "");
    let mut server = Server::spawn(command.envs(variables.iter().copied())).unwrap();
    server.wait_until_it_listens().unwrap();
    server
}

#[test]
fn without_any_redis_everything_is_kept_in_the_embedded_store_without_a_warning() {
    if default_redis_is_there() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let server = bare(directory.path(), &[]);
    let log = server.log();
    assert!(!log.contains("WARN"), "{log}");
    let line = log.lines().find(|line| line.contains("127.0.0.1:6379")).unwrap_or_default();
    assert!(line.contains("INFO") && line.contains("pyao.db"), "{log}");
    check([&mut create(&server, "Ana")]);
    assert!(directory.path().join("pyao.db").exists());
}

#[test]
fn a_redis_that_is_required_and_down_stops_the_start() {
    let directory = tempfile::tempdir().unwrap();
    let url = format!("redis://ana:secreta@{NOBODY}/0");
    let by_flag = fault(directory.path(), &[], &["--redis", &url]);
    let by_variable = fault(directory.path(), &[("PYAO_REDIS", &url)], &[]);
    let parts = [("REDIS_HOST", "127.0.0.1"), ("REDIS_PORT", "1"), ("REDIS_PASSWORD", "secreta")];
    let by_parts = fault(directory.path(), &parts, &[]);
    let by_common_variable = fault(directory.path(), &[("REDIS_URL", &url)], &[]);
    // One part alone is an address that was given.
    let by_port = fault(directory.path(), &[("REDIS_PORT", "1")], &[]);
    std::fs::write(directory.path().join("config.toml"), format!("[redis]\nurl = \"{url}\"\n")).unwrap();
    let by_file = fault(directory.path(), &[], &[]);
    for fault in [by_flag, by_variable, by_parts, by_common_variable, by_port, by_file] {
        assert!(fault.contains(NOBODY) && fault.contains("redis-cli -h 127.0.0.1 -p 1"), "{fault}");
    }
    if default_redis_is_there() {
        return;
    }
    std::fs::write(directory.path().join("config.toml"), "[redis]\nrequired = true\n").unwrap();
    assert!(fault(directory.path(), &[], &[]).contains("127.0.0.1:6379"));
}

#[test]
fn a_redis_that_is_down_and_not_required_is_stood_in_for_by_the_embedded_store() {
    let directory = tempfile::tempdir().unwrap();
    let url = format!("redis://ana:secreta@{NOBODY}/0");
    let server = bare(directory.path(), &[("PYAO_REDIS", &url), ("PYAO_REDIS__REQUIRED", "false")]);
    let log = server.log();
    assert!(log.contains("WARN") && log.contains(NOBODY) && !log.contains("secreta"), "{log}");
    check([&mut create(&server, "Ana")]);
    assert!(directory.path().join("pyao.db").exists());
}

#[test]
fn the_password_of_redis_must_be_right() {
    let Some(redis) = RedisServer::start_with_port(&["--requirepass", "clave"]).unwrap() else { return };
    let directory = tempfile::tempdir().unwrap();
    let (port, place) = (redis.port().to_string(), format!("127.0.0.1:{}", redis.port()));
    let at = [("REDIS_PORT", port.as_str())];
    for password in ["", "secreta"] {
        let fault = fault(directory.path(), &[&at[..], &[("REDIS_PASSWORD", password)]].concat(), &[]);
        assert!(fault.contains(&place) && fault.contains("refuses the password"), "{fault}");
    }
    let variables = [&at[..], &[("REDIS_PASSWORD", "clave"), ("REDIS_DB", "3")]].concat();
    let server = bare(directory.path(), &variables);
    check([&mut create(&server, "Ana")]);
    let keys = |db: u8| cli(&redis, &format!("--no-auth-warning -a clave -n {db} DBSIZE"));
    assert_eq!(keys(0), "0");
    assert_ne!(keys(3), "0");
    assert!(!server.log().contains("clave"), "{}", server.log());
}

#[test]
fn what_is_no_address_of_a_redis_says_how_one_looks() {
    let directory = tempfile::tempdir().unwrap();
    for url in ["localhost:6379", "http://ana:secreta@localhost", "redis://ana:secreta@localhost/x"] {
        let fault = fault(directory.path(), &[], &["--redis", url]);
        assert!(fault.contains("redis://user:password@host:port/db"), "{fault}");
    }
}

#[test]
fn an_address_that_asks_for_tls_stops_the_start_and_says_what_to_do() {
    let directory = tempfile::tempdir().unwrap();
    let fault = fault(directory.path(), &[("REDIS_URL", "rediss://:secreta@localhost:6380/0")], &[]);
    assert!(fault.contains("TLS is not supported") && fault.contains("stunnel"), "{fault}");
}

#[test]
fn what_listens_and_is_no_redis_is_recognised() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut question = [0; 1_000];
        let _ = stream.read(&mut question);
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        // With something unread the kernel would reset the connection.
        while stream.read(&mut question).is_ok_and(|count| count > 0) {}
    });
    let directory = tempfile::tempdir().unwrap();
    let fault = fault(directory.path(), &[], &["--redis", &format!("redis://{place}")]);
    assert!(fault.contains(&place) && fault.contains("not Redis"), "{fault}");
}

/// Redis holds what a server that listens there writes into an empty one.
fn assert_has_defaults(redis: &RedisServer, host: &str, port: u16) {
    for (line, answer) in [
        ("GET config:server:host", host),
        ("GET config:server:port", &port.to_string()),
        ("GET config:server:max_connections", "1000"),
        ("GET server:connections:count", "0"),
        ("GET server:dice:min_value", "6"),
        ("GET server:dice:max_value", "18"),
        // The starter world's message is that world's.
        ("GET server:motd", ""),
    ] {
        assert_eq!(cli(redis, line), answer, "{line}");
    }
}

#[test]
fn a_start_on_an_empty_redis_writes_where_it_listens_and_the_other_defaults_there() {
    let Some(redis) = redis(&[]) else { return };
    let port = free_port().unwrap();
    let setup = on(&redis).finds_own_address().set("server.host", "127.0.0.1");
    let _server = setup.set("server.port", i64::from(port)).start().unwrap();
    assert_has_defaults(&redis, "127.0.0.1", port);
}

#[test]
fn a_start_on_an_empty_redis_writes_the_defaults_there_and_goes_for_port_7666() {
    let Some(redis) = redis(&[]) else { return };
    let mut server = on(&redis).finds_own_address().spawn().unwrap();
    let cannot = "cannot listen on 0.0.0.0:7666";
    wait_until("a server that listens on port 7666, or cannot", || {
        let log = server.log();
        log.contains("listens on 0.0.0.0:7666") || log.contains(cannot)
    });
    if server.log().contains(cannot) {
        println!("skipped: somebody listens on port 7666");
        assert_eq!(cli(&redis, "DBSIZE"), "0", "a start that fails leaves nothing behind");
        return;
    }
    assert_has_defaults(&redis, "0.0.0.0", 7666);
    let log = server.log();
    let (store, listening) = (log.find("store: Redis 7").or(log.find("store: Redis 8")), log.find("listen"));
    assert!(store.is_some() && store < listening, "{log}");
    server.kill().unwrap();
}

#[test]
fn a_start_listens_where_redis_says() {
    let Some(redis) = redis(&[]) else { return };
    let port = free_port().unwrap();
    cli(&redis, "SET config:server:host \"127.0.0.1\"");
    cli(&redis, &format!("SET config:server:port \"{port}\""));
    let server = on(&redis).finds_own_address().start().unwrap();
    assert_eq!(server.address(), ([127, 0, 0, 1], port).into());
    check([&mut create(&server, "Ana")]);
}

#[test]
fn flags_win_over_the_environment_that_over_redis_and_that_over_the_file() {
    let Some(redis) = redis(&[]) else { return };
    let [flag, variable, stored, file] = [(); 4].map(|()| free_port().unwrap());
    cli(&redis, &format!("SET config:server:port {stored}"));
    let by_file =
        on(&redis).finds_own_address().set("server.port", i64::from(file)).set("server.host", "127.0.0.1");
    let by_variable = by_file.clone().env("PYAO_PORT", &variable.to_string());
    let by_flag = by_variable.clone().arg("--port").arg(&flag.to_string());
    let port = |setup: &pyao_tests::process::ServerSetup| {
        let mut server = setup.start().unwrap();
        assert!(server.terminate(LONG).unwrap().success());
        (server.address().port(), server.log())
    };
    assert_eq!((port(&by_flag).0, port(&by_variable).0), (flag, variable));
    let (listened_on, log) = port(&by_file);
    assert_eq!(listened_on, stored);
    let remark = log.lines().find(|line| line.contains("WARN") && line.contains("server.port"));
    let command = format!("pyao-admin config set server.port {file}");
    assert!(remark.is_some_and(|line| line.ends_with(&command)), "the difference is told: {log}");
    cli(&redis, "DEL config:server:port");
    assert_eq!(port(&by_file).0, file);
    assert_eq!(cli(&redis, "GET config:server:port"), file.to_string());
}

#[test]
fn a_setting_whose_key_is_no_text_stops_the_start_and_is_named() {
    let Some(redis) = redis(&[]) else { return };
    cli(&redis, "HSET server:motd line hola");
    let mut server = on(&redis).spawn().unwrap();
    assert_eq!(server.wait(LONG).unwrap().code(), Some(1), "{}", server.log());
    let log = server.log();
    let fault = log.lines().find(|line| line.starts_with("pyao-server: ")).unwrap_or_default();
    assert!(fault.contains("key server:motd in Redis") && fault.contains("has the wrong type"), "{log}");
    assert_eq!(cli(&redis, "KEYS *"), "server:motd", "a start that fails leaves nothing behind");
}

#[test]
fn garbage_in_redis_before_a_start_is_told_counted_ignored_and_left_there() {
    let Some(redis) = redis(&[]) else { return };
    let port = free_port().unwrap();
    let garbage = [
        ("config:server:port", "ochenta"),
        ("config:server:max_connections", "0"),
        ("config:limits:idle_minutes", "-3"),
        ("server:dice:min_value", "99"),
    ];
    for (key, value) in garbage {
        cli(&redis, &format!("SET {key} {value}"));
    }
    let setup = on(&redis).finds_own_address();
    let server = setup.set("server.port", i64::from(port)).set("server.host", "127.0.0.1").start().unwrap();
    assert_eq!(server.address().port(), port);
    for (key, value) in garbage {
        let log = server.log();
        let told = log.lines().any(|line| line.contains("WARN") && line.contains(&format!("{value:?}")));
        assert!(told, "nothing about {key} in {log}");
        assert_eq!(cli(&redis, &format!("GET {key}")), value);
    }
    assert_eq!(server.metric("pyao_settings_refused_total").unwrap(), 4);
    let health = || server.request("GET", "/health").unwrap();
    for name in ["server.port", "server.max_connections", "limits.idle_minutes", "game.dice_min"] {
        assert!(health().contains("\"status\":\"degraded\""), "{}", health());
        assert!(health().contains(&format!("\"{name}\"")), "{}", health());
    }
    for (key, _) in garbage {
        cli(&redis, &format!("DEL {key}"));
    }
    wait_until("a healthy server", || health().contains("\"status\":\"healthy\""));
    check([&mut create(&server, "Ana")]);
}
