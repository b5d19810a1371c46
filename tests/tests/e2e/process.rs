//! The process as its operator knows it: signals, ports, the store's file, the log.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use pyao_core::protocol::client::ClientPacket;
use pyao_simulator::forms::{NewCharacter, login_packet};
use pyao_simulator::shadow::Screen;
use pyao_tests::bot::Bot;
use pyao_tests::process::{Server, ServerSetup, command, free_port};
use pyao_tests::usage::Usage;

use crate::support::{
    LONG, PASSWORD, at_login, check, create, last_words, login, place, setup, start, wait_until,
};

/// Exit code when a signal came twice.
const STOPPED_AT_ONCE: i32 = 130;

/// Runs a server that cannot start. Returns its exit code and its output.
pub fn fail(setup: &ServerSetup) -> (Option<i32>, String) {
    let mut server = setup.spawn().unwrap();
    let code = server.wait(LONG).unwrap().code();
    let log = server.log();
    assert!(!log.contains("listens on"), "{log}");
    (code, log)
}

#[test]
fn fifty_players_are_told_and_saved_when_the_server_stops() {
    let setup = setup();
    let mut server = setup.start().unwrap();
    let mut bots: Vec<Bot> = (0..50).map(|number| create(&server, &format!("Bot{number}"))).collect();
    let places: Vec<_> = bots.iter_mut().map(place).collect();
    server.signal(libc::SIGTERM).unwrap();
    assert!(last_words(&mut bots[0]).contains("cerrando"));
    assert!(Bot::connect(server.address(), Screen::Login).is_err(), "the door is closed");
    for bot in &mut bots {
        assert!(last_words(bot).contains("cerrando"), "{:?}", bot.shadow.errors);
    }
    check(&mut bots);
    drop(bots);
    assert_eq!(server.wait(LONG).unwrap().code(), Some(0), "{}", server.log());
    assert!(server.log().contains("saved=all"), "{}", server.log());

    let server = setup.start().unwrap();
    let mut bots: Vec<Bot> = (0..50).map(|number| login(&server, &format!("Bot{number}"))).collect();
    assert_eq!(bots.iter_mut().map(place).collect::<Vec<_>>(), places);
    check(&mut bots);
}

#[test]
fn a_second_signal_stops_at_once() {
    let mut server = start();
    // A client that does not close its side keeps a server waiting that was asked once.
    let mut ana = create(&server, "Ana");
    // Two kinds, which wait beside each other: it has no time to end by itself.
    server.signal(libc::SIGTERM).unwrap();
    server.signal(libc::SIGINT).unwrap();
    assert_eq!(server.wait(LONG).unwrap().code(), Some(STOPPED_AT_ONCE), "{}", server.log());
    ana.expect_closed(LONG).unwrap();
    check([&mut ana]);
}

#[test]
fn a_second_server_on_a_port_says_so_in_one_line() {
    let server = start();
    let port = server.address().port().to_string();
    let (code, log) = fail(&setup().arg("--port").arg(&port));
    let faults = log.lines().filter(|line| line.starts_with("pyao-server: ")).count();
    assert_eq!((code, faults), (Some(1), 1), "{log}");
    assert!(log.contains(&format!("cannot listen on 127.0.0.1:{port}")), "{log}");
    check([&mut create(&server, "Ana")]);
}

#[test]
fn a_start_whose_port_is_taken_makes_no_file() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let setup = setup().arg("--port").arg(&taken.local_addr().unwrap().port().to_string());
    assert_eq!(fail(&setup).0, Some(1));
    let files = std::fs::read_dir(setup.directory()).unwrap();
    let names: Vec<_> = files.map(|file| file.unwrap().file_name()).collect();
    assert_eq!(names, ["config.toml"]);
}

#[test]
fn a_terminal_shows_where_the_world_is_kept_where_players_connect_and_how_to_stop() {
    let directory = tempfile::tempdir().unwrap();
    let server = command(directory.path()).unwrap();
    // With `exec` no shell stands between: some shells answer an interrupt with a status of their own.
    let line =
        format!("exec {} --no-redis --host 127.0.0.1 --port 0 --ops ''", server.get_program().display());
    // It gives the command a terminal, and passes its input on.
    let mut script = Command::new("script");
    script.args(["-qefc", &line, "/dev/null"]).current_dir(directory.path());
    let Ok(mut script) = script.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()
    else {
        println!("skipped: there is no `script`");
        return;
    };
    let mut lines = BufReader::new(script.stdout.take().unwrap()).lines();
    let mut screen = String::new();
    while !screen.contains("Ctrl-C stops") {
        let Some(line) = lines.next() else { break };
        screen.push_str(line.unwrap().trim_end());
        screen.push('\n');
    }
    let mut keyboard = script.stdin.take().unwrap();
    keyboard.write_all(b"\x03").unwrap();
    let rest: Vec<String> = lines.map(Result::unwrap).collect();
    assert!(script.wait().unwrap().success(), "{screen}{rest:?}");
    assert!(rest.iter().any(|line| line.contains("saved=all")), "{rest:?}");
    let store = directory.path().join("pyao.db");
    assert!(
        screen.contains("the world is kept by SQLite") && screen.contains(store.to_str().unwrap()),
        "{screen}"
    );
    let port = screen.lines().find_map(|line| line.split_once("listens on 127.0.0.1:")?.1.split(':').next());
    let connect = format!("players connect to 127.0.0.1:{} (client 0.13.3)", port.unwrap());
    assert!(screen.contains(&connect), "{screen}");
}

#[test]
fn a_second_server_on_a_store_says_so_in_one_line_that_names_the_file() {
    let setup = setup();
    let server = setup.start().unwrap();
    let (code, log) = fail(&setup);
    assert_eq!((code, log.lines().count()), (Some(1), 1), "{log}");
    assert!(log.contains(&setup.store().display().to_string()), "{log}");
    check([&mut create(&server, "Ana")]);
}

#[test]
fn a_file_that_is_no_store_is_refused_and_left_as_it_is() {
    let setup = setup();
    let text = "this is somebody's shopping list\n".repeat(100);
    std::fs::write(setup.store(), &text).unwrap();
    let (code, log) = fail(&setup);
    assert_eq!(code, Some(1), "{log}");
    assert!(log.contains(&setup.store().display().to_string()), "{log}");
    assert_eq!(std::fs::read_to_string(setup.store()).unwrap(), text);
}

#[test]
fn without_any_file_or_flag_the_starter_world_runs() {
    let directory = tempfile::tempdir().unwrap();
    let mut command = command(directory.path()).unwrap();
    // The usual ports may be taken on the machine of the tests.
    command.env("PYAO_PORT", "0").env("PYAO_OPS", "");
    let mut server = Server::spawn(&mut command).unwrap();
    server.wait_until_it_listens().unwrap();
    assert!(server.log().contains("maps=5") && server.log().contains("ops=off"), "{}", server.log());
    let mut ana = create(&server, "Ana");
    assert_eq!(place(&mut ana).0, 1);
    check([&mut ana]);
    drop(ana);
    assert_eq!(server.terminate(LONG).unwrap().code(), Some(0), "{}", server.log());
    assert!(directory.path().join("pyao.db").exists());
}

#[test]
fn a_server_with_nothing_to_do_logs_nothing() {
    let server = start();
    let mut ana = create(&server, "Ana");
    // Its last line may be on its way.
    wait_for_quiet(&server);
    let before = said(&server);
    ana.pump_for(Duration::from_secs(3)).unwrap();
    assert_eq!(said(&server), before);
    check([&mut ana]);
}

/// Returns the log without the lines that a busy machine adds.
fn said(server: &Server) -> Vec<String> {
    let log = server.log();
    log.lines().filter(|line| !line.contains("a slow turn of the loop")).map(str::to_owned).collect()
}

/// Waits until no new line has come to the log for a moment.
fn wait_for_quiet(server: &Server) {
    let mut log = said(server);
    wait_until("a quiet log", || {
        std::thread::sleep(Duration::from_millis(300));
        let before = std::mem::replace(&mut log, said(server));
        before == log
    });
}

#[test]
fn the_ops_port_answers_health_and_metrics_and_nothing_else() {
    let server = start();
    let mut ana = create(&server, "Ana");
    let status = |method, path| {
        let answer = server.request(method, path).unwrap();
        answer.split(' ').nth(1).unwrap().to_owned()
    };
    for (method, path, code) in [
        ("GET", "/health", "200"),
        ("GET", "/metrics", "200"),
        ("GET", "/metrics?all", "200"),
        ("GET", "/", "404"),
        ("GET", "/health/", "404"),
        ("GET", "/../../etc/passwd", "404"),
        ("POST", "/health", "405"),
        ("DELETE", "/metrics", "405"),
    ] {
        assert_eq!(status(method, path), code, "{method} {path}");
    }
    let health = server.request("GET", "/health").unwrap();
    let literal = r#"{"status":"healthy","services":{"api":"ok","database":"ok","redis":"off"}"#;
    assert!(health.contains(&format!("\r\n\r\n{literal}")), "{health}");
    assert_eq!(server.metric("pyao_players").unwrap(), 1);
    check([&mut ana]);
}

#[test]
fn a_request_that_is_no_http_harms_nobody() {
    use std::io::Read;
    let server = start();
    let mut ana = create(&server, "Ana");
    for request in [&b"\x00\x01\x02\r\n\r\n"[..], &b"GET /".repeat(2_000), b"GET /health HTTP/1.1\r\n"] {
        let mut stream = std::net::TcpStream::connect(server.ops_address()).unwrap();
        // The server may have answered and closed before it was all sent.
        let _ = stream.write_all(request);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let _ = stream.read_to_end(&mut Vec::new());
    }
    assert!(server.request("GET", "/health").unwrap().starts_with("HTTP/1.1 200"));
    check([&mut ana]);
}

#[test]
fn clients_that_say_nothing_keep_nobody_from_the_ops_port() {
    use std::io::Read;
    let server = start();
    let connect = || TcpStream::connect(server.ops_address()).unwrap();
    for _ in 0..3 {
        let mut silent: Vec<_> = (0..16).map(|_| connect()).collect();
        assert!(server.request("GET", "/health").unwrap().starts_with("HTTP/1.1 200"));
        // The oldest of them went for it.
        assert_eq!(silent[0].read(&mut [0]).unwrap(), 0);
    }
    check([&mut create(&server, "Ana")]);
}

#[test]
fn an_ops_port_that_others_can_reach_is_a_warning() {
    let server = setup().arg("--ops").arg("0.0.0.0:0").start().unwrap();
    let log = server.log();
    let warning = log.lines().find(|line| line.contains("WARN")).unwrap_or_default();
    assert!(warning.contains("ops.listen=\"0.0.0.0:0\": other machines may read"), "{log}");
    for address in ["127.0.0.1:0", "[::1]:0", "localhost:0"] {
        let server = setup().arg("--ops").arg(address).start().unwrap();
        assert!(!server.log().contains("other machines"), "{}", server.log());
    }
}

#[test]
fn a_taken_ops_port_is_only_a_warning() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let server = setup().arg("--ops").arg(&address).start().unwrap();
    let log = server.log();
    let warning = log.lines().find(|line| line.contains("WARN")).unwrap_or_default();
    assert!(warning.contains(&address) && log.contains("ops=off"), "{log}");
    check([&mut create(&server, "Ana")]);
}

#[test]
fn a_hangup_of_the_terminal_stops_nothing() {
    let mut server = start();
    let mut ana = create(&server, "Ana");
    server.signal(libc::SIGHUP).unwrap();
    server.wait_for_log("SIGHUP ignored", LONG).unwrap();
    check([&mut ana]);
    assert!(server.is_running());
}

#[test]
fn a_report_that_is_asked_for_by_signal_is_one_line_and_stops_nothing() {
    let mut server = start();
    let mut ana = create(&server, "Ana");
    server.signal(libc::SIGUSR1).unwrap();
    server.wait_for_log("status: healthy uptime_s=", LONG).unwrap();
    let log = server.log();
    let report = log.lines().find(|line| line.contains("status: healthy")).unwrap();
    assert!(report.contains(" players=1 connections=1 overload=calm store=answers "), "{report}");
    check([&mut ana]);
    assert!(server.is_running());
}

#[test]
fn a_creation_a_login_a_refused_login_and_a_leaving_are_a_line_each() {
    let server = start();
    create(&server, "Ana").quit(LONG).unwrap();
    let mut stranger = at_login(&server);
    stranger.send(&login_packet("Ana", "adivinada")).unwrap();
    stranger.expect_closed(LONG).unwrap();
    login(&server, "Ana").quit(LONG).unwrap();
    let who = "name=\"Ana\" user=1 address=127.0.0.1";
    wait_until("the second leaving", || {
        server.log().matches(&format!("left: {who} cause=quit")).count() == 2
    });
    for (line, count) in [
        (format!("character created: {who} connection="), 1),
        (format!("login: {who} connection="), 2),
        (format!("login refused: {who} connection="), 1),
        ("cause=wrong_name_or_password".to_owned(), 1),
    ] {
        let log = server.log();
        assert_eq!(log.matches(&line).count(), count, "{line}: {log}");
    }
}

#[test]
fn a_client_that_never_reads_does_not_keep_the_server_from_stopping() {
    let mut server = setup().set("limits.packets_per_second", 100_000).start().unwrap();
    let mut deaf = Bot::connect_narrow(server.address(), Screen::Creation, 4_096).unwrap();
    deaf.throw_dice().unwrap();
    deaf.send(&NewCharacter::named("Sorda", PASSWORD).packet()).unwrap();
    deaf.enter_game().unwrap();
    let mut ana = create(&server, "Ana");
    let noise = vec![ClientPacket::Talk { text: "ruido ".repeat(40) }; 20];
    wait_until("a full socket", || {
        ana.send_all(&noise).unwrap();
        ana.sync().unwrap();
        server.metric("pyao_sends_blocked_total").unwrap() > 0
    });
    server.signal(libc::SIGTERM).unwrap();
    assert!(last_words(&mut ana).contains("cerrando"));
    check([&mut ana]);
    assert_eq!(server.wait(LONG).unwrap().code(), Some(0), "{}", server.log());
    assert!(server.log().contains("saved=all"), "{}", server.log());
}

#[test]
fn logins_under_way_when_the_server_stops_are_told_so() {
    let setup = setup();
    let mut server = setup.start().unwrap();
    let names: Vec<_> = (0..20).map(|number| format!("Bot{number}")).collect();
    for name in &names {
        create(&server, name).quit(LONG).unwrap();
    }
    let mut bots: Vec<_> = names.iter().map(|_| at_login(&server)).collect();
    // Connections that still wait to be accepted when the listener is closed receive nothing.
    wait_until("everybody inside", || server.metric("pyao_accepts_total").unwrap() == 40);
    for (bot, name) in bots.iter_mut().zip(&names) {
        bot.send(&login_packet(name, PASSWORD)).unwrap();
    }
    server.signal(libc::SIGTERM).unwrap();
    for bot in &mut bots {
        assert!(last_words(bot).contains("cerrando"), "{:?}", bot.shadow.errors);
    }
    check(&mut bots);
    drop(bots);
    assert_eq!(server.wait(LONG).unwrap().code(), Some(0), "{}", server.log());
    let server = setup.start().unwrap();
    for name in &names {
        check([&mut login(&server, name)]);
    }
}

/// A server whose log is not read.
struct Unread(Child);

impl Drop for Unread {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_log_that_nobody_reads_stops_nobody() {
    let directory = tempfile::tempdir().unwrap();
    let port = free_port().unwrap();
    let mut command = command(directory.path()).unwrap();
    command.args(["--host", "127.0.0.1", "--port", &port.to_string(), "--ops", ""]);
    command.env("PYAO_LIMITS__CONNECTIONS_PER_IP", "1000").env("RUST_LOG", "trace");
    let mut server = Unread(command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap());
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    wait_until("a server that listens", || TcpStream::connect(address).is_ok());
    // Every connection is several lines; a pipe takes some hundred.
    for _ in 0..2_500 {
        drop(TcpStream::connect(address).unwrap());
    }
    let mut ana = Bot::create(address, "Ana", PASSWORD).unwrap();
    // And when its reader goes away.
    drop(server.0.stderr.take());
    let mut beto = Bot::create(address, "Beto", PASSWORD).unwrap();
    check([&mut ana, &mut beto]);
}

#[test]
fn a_store_that_cannot_be_made_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let mut command = command(directory.path()).unwrap();
    command.args(["--port", "0", "--ops", "", "--store", "nowhere/world.db"]);
    let output = command.output().unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), errors.lines().count()), (Some(1), 1), "{errors}");
    assert!(errors.contains("nowhere/world.db"), "{errors}");
}

#[test]
fn hashing_passwords_leaves_no_memory_behind() {
    let server = setup().set("security.password_memory_kib", 19_456).start().unwrap();
    let resident_mib = || Usage::of(server.process_id()).unwrap().resident / (1024 * 1024);
    let before = resident_mib();
    let mut players: Vec<_> = (0..8).map(|number| create(&server, &format!("Bot{number}"))).collect();
    // The memory of one hash may just be on its way back.
    wait_until("the memory of eight hashes given back", || resident_mib() < before + 19);
    check(&mut players);
}
