//! The real binary over real sockets: what an operator and a client see of the loop.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use pyao_core::protocol::client::ClientPacket;
use pyao_core::protocol::server::ServerPacket;
use pyao_core::protocol::wire::TextEncoding;
use socket2::{Domain, Socket, Type};

/// Timeout on a machine that is busy with other work.
const PATIENCE: Duration = Duration::from_secs(60);

/// Lines that closings for one reason may have in the log each second.
const LOG_LINES_PER_SECOND: u64 = 10;

/// Builds a command that sees nothing of the tester's own configuration.
fn command(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pyao-server"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("PYAO_") || name == "RUST_LOG" {
            command.env_remove(name);
        }
    }
    command
        .current_dir(directory)
        .args(arguments)
        // The tester's own Redis is not to be touched; `--redis` on the command line still counts.
        .env("PYAO_REDIS__ENABLED", "false")
        .env("PYAO_SECURITY__PASSWORD_MEMORY_KIB", "1024");
    command
}

/// Returns exit code, standard output and standard error of a run that ends by itself.
fn output(directory: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = command(directory, arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

struct Server {
    child: Child,
    address: SocketAddr,
    ops: SocketAddr,
    log: Arc<Mutex<String>>,
    _directory: tempfile::TempDir,
}

impl Server {
    fn start(variables: &[(&str, &str)]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut child =
            command(directory.path(), &["--host", "127.0.0.1", "--port", "0", "--ops", "127.0.0.1:0"])
                .envs(variables.iter().copied())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let started = lines.by_ref().map(Result::unwrap).find(|line| line.contains("listens on")).unwrap();
        let after = |mark: &str| {
            let rest = &started[started.find(mark).unwrap() + mark.len()..];
            rest.split_whitespace().next().unwrap().trim_end_matches(':').parse().unwrap()
        };
        let (address, ops) = (after("listens on "), after("ops="));
        let log = Arc::new(Mutex::new(String::new()));
        let copy = Arc::clone(&log);
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                copy.lock().unwrap().push_str(&(line + "\n"));
            }
        });
        Self { child, address, ops, log, _directory: directory }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        stream
    }

    fn signal(&self, name: &str) {
        let status =
            Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    fn wait(&mut self) -> ExitStatus {
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("the server does not end:\n{}", self.log.lock().unwrap());
    }

    fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(self.ops).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).unwrap();
        response
    }

    fn metric(&self, name: &str) -> u64 {
        let text = self.get("/metrics");
        let line = text.lines().find(|line| line.starts_with(&format!("{name} "))).unwrap_or_default();
        line.rsplit(' ').next().and_then(|value| value.parse().ok()).unwrap_or(0)
    }

    fn wait_for(&self, what: &str, mut condition: impl FnMut() -> bool) {
        let end = Instant::now() + PATIENCE;
        while !condition() {
            assert!(Instant::now() < end, "no {what}:\n{}", self.log.lock().unwrap());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn wait_for_log(&self, text: &str) {
        self.wait_for(text, || self.log.lock().unwrap().contains(text));
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn bytes_of(packet: &ClientPacket) -> Vec<u8> {
    let mut bytes = Vec::new();
    packet.encode(&mut bytes);
    bytes
}

/// Returns true if `bytes` are exactly one answer to a throw of the dice.
fn is_dice_roll(bytes: &[u8]) -> bool {
    matches!(
        ServerPacket::decode(bytes, TextEncoding::Latin1),
        Ok(Some((ServerPacket::DiceRoll { .. }, length))) if length == bytes.len()
    )
}

const DICE_ROLL_LENGTH: usize = 6;

/// Throws the dice and waits for them.
fn throw_dices(stream: &mut TcpStream) {
    stream.write_all(&bytes_of(&ClientPacket::ThrowDices)).unwrap();
    let mut answer = [0; DICE_ROLL_LENGTH];
    stream.read_exact(&mut answer).unwrap();
    assert!(is_dice_roll(&answer), "{answer:?}");
}

/// Creates a character on `stream`, enters the game and reads everything that it is told.
fn enter(stream: &mut TcpStream) {
    let form = ClientPacket::LoginNewChar {
        username: "Ana".to_owned(),
        password: "secreto".to_owned(),
        ver_major: 0,
        ver_minor: 13,
        ver_rev: 0,
        race: 1,
        gender: 1,
        class: 1,
        head: 1,
        email: "ana@example.org".to_owned(),
        home: 1,
    };
    let mut received = Vec::new();
    let mut read_until = |stream: &mut TcpStream, name| {
        loop {
            while let Some((packet, length)) = ServerPacket::decode(&received, TextEncoding::Utf8).unwrap() {
                received.drain(..length);
                if packet.name() == name {
                    return;
                }
            }
            let mut chunk = [0; 2048];
            let count = stream.read(&mut chunk).unwrap();
            assert!(count > 0, "closed while waiting for {name}");
            received.extend_from_slice(&chunk[..count]);
        }
    };
    stream.write_all(&[bytes_of(&ClientPacket::ThrowDices), bytes_of(&form)].concat()).unwrap();
    read_until(stream, "Logged");
    stream.write_all(&bytes_of(&ClientPacket::Ping)).unwrap();
    read_until(stream, "Pong");
}

/// Returns the text of the last packet that the server sends before it closes, an `ErrorMsg`.
fn last_words(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    // Packets of this machine look like those of a client that reads UTF-8.
    match ServerPacket::decode(&bytes, TextEncoding::Utf8) {
        Ok(Some((ServerPacket::ErrorMsg { text }, length))) if length == bytes.len() => text.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn many_packets_in_one_write_are_all_answered() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    enter(&mut client);
    client.write_all(&bytes_of(&ClientPacket::Ping).repeat(50)).unwrap();
    let mut answers = [0; 50];
    client.read_exact(&mut answers).unwrap();
    assert_eq!(answers, [ServerPacket::Pong.id(); 50]);
}

#[test]
fn many_throws_in_one_write_get_one_roll_that_comes_late() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    let thrown = Instant::now();
    client.write_all(&bytes_of(&ClientPacket::ThrowDices).repeat(50)).unwrap();
    let mut answer = [0; DICE_ROLL_LENGTH];
    client.read_exact(&mut answer).unwrap();
    assert!(thrown.elapsed() >= Duration::from_millis(59), "{:?}", thrown.elapsed());
    assert!(is_dice_roll(&answer));
    // The next roll is the next bytes.
    throw_dices(&mut client);
}

#[test]
fn an_unknown_packet_closes_that_connection_alone() {
    let server = Server::start(&[]);
    let (mut bad, mut good) = (server.connect(), server.connect());
    bad.write_all(&[255, 1, 2, 3]).unwrap();
    // The rest of what it said may turn the close into a reset.
    let _ = bad.read_to_end(&mut Vec::new());
    server.wait_for_log("reason=unknown_packet id=255");
    throw_dices(&mut good);
}

#[test]
fn the_one_too_many_is_told_why_and_a_place_becomes_free_again() {
    let server = Server::start(&[("PYAO_LIMITS__CONNECTIONS_PER_IP", "2")]);
    let (mut one, mut two) = (server.connect(), server.connect());
    throw_dices(&mut one);
    throw_dices(&mut two);
    assert_eq!(last_words(&mut server.connect()), "Demasiadas conexiones desde tu dirección.");
    drop(one);
    // The kernel resets a connection whose client goes with something unread.
    server.wait_for("the first one gone", || {
        let log = server.log.lock().unwrap();
        log.contains("reason=lost_socket") || log.contains("reason=connection_reset")
    });
    throw_dices(&mut server.connect());
    assert!(server.get("/metrics").contains("pyao_refusals_total{reason=\"too_many_from_address\"} 1\n"));
}

#[test]
fn a_full_server_says_so() {
    let server = Server::start(&[("PYAO_SERVER__MAX_CONNECTIONS", "1")]);
    let mut only = server.connect();
    throw_dices(&mut only);
    let mut refused = server.connect();
    assert_eq!(last_words(&mut refused), "Servidor completo, probá más tarde.");
    // It never closes its side; the server does not wait for it without limit.
    server.wait_for("end of the refused one", || server.metric("pyao_connections") == 1);
    throw_dices(&mut only);
}

#[test]
fn a_client_that_does_not_read_is_given_up() {
    let server = Server::start(&[("PYAO_LIMITS__PACKETS_PER_SECOND", "100000")]);
    let mut deaf = server.connect();
    enter(&mut deaf);
    socket2::SockRef::from(&deaf).set_recv_buffer_size(4096).unwrap();
    let packets = bytes_of(&ClientPacket::RequestAtributes).repeat(64 * 1024);
    while deaf.write_all(&packets).is_ok() {}
    // Too much waits for it; or, when its own kernel stops talking first, it acknowledges nothing for too long.
    server.wait_for("deaf client to be given up", || {
        let log = server.log.lock().unwrap();
        log.contains("reason=output_overflow") || log.contains("reason=connection_reset")
    });
    throw_dices(&mut server.connect());
}

#[test]
fn a_client_without_room_counts_as_blocked_once_however_often_it_is_asked_again() {
    const PACKETS: usize = 9_000;
    let server = Server::start(&[("PYAO_LIMITS__PACKETS_PER_SECOND", "100000")]);
    let deaf = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    // Only what is set before connecting bounds its room: for some of the answers, not for all.
    deaf.set_recv_buffer_size(8 * 1024).unwrap();
    deaf.connect(&server.address.into()).unwrap();
    let mut deaf: TcpStream = deaf.into();
    enter(&mut deaf);
    deaf.write_all(&bytes_of(&ClientPacket::RequestAtributes).repeat(PACKETS)).unwrap();
    let all_served = format!("packet=\"RequestAtributes\"}} {PACKETS}\n");
    server.wait_for("answer to everything", || server.get("/metrics").contains(&all_served));
    server.wait_for("client without room", || server.metric("pyao_sends_blocked_total") > 0);
    let before = server.metric("pyao_sends_blocked_total");
    // It is asked again every 25 ms.
    std::thread::sleep(Duration::from_secs(1));
    let blocked = server.metric("pyao_sends_blocked_total") - before;
    assert!(blocked <= 1, "one standstill counted {blocked} times more");
    assert_eq!(server.metric("pyao_connections"), 1, "it is waited for still");
}

#[test]
fn a_flood_of_refused_connections_neither_stays_nor_fills_the_log() {
    let server = Server::start(&[("PYAO_SERVER__MAX_CONNECTIONS", "1")]);
    let mut only = server.connect();
    throw_dices(&mut only);
    let started = Instant::now();
    for _ in 0..300 {
        drop(server.connect());
    }
    server.wait_for("empty server", || server.metric("pyao_connections") == 1);
    let seconds = started.elapsed().as_secs();
    let lines = server.log.lock().unwrap().matches("reason=server_full address").count() as u64;
    let lines_max = LOG_LINES_PER_SECOND * (seconds + 2);
    assert!(lines <= lines_max, "{lines} lines for 300 refusals in {seconds} s");
    throw_dices(&mut only);
}

#[test]
fn a_client_over_its_budget_is_slowed_down_and_the_others_are_not() {
    let server = Server::start(&[("PYAO_LIMITS__PACKETS_PER_SECOND", "100")]);
    // 250 may come at once; six seconds' worth is more than that.
    const PACKETS: usize = 850;
    let (mut hasty, mut calm) = (server.connect(), server.connect());
    enter(&mut hasty);
    let started = Instant::now();
    hasty.write_all(&bytes_of(&ClientPacket::Ping).repeat(PACKETS)).unwrap();
    for _ in 0..20 {
        throw_dices(&mut calm);
    }
    assert_eq!(server.metric("pyao_connections_throttled"), 1, "the hasty one waits still");
    let mut answers = vec![0; PACKETS];
    hasty.read_exact(&mut answers).unwrap();
    let took = started.elapsed();
    assert_eq!(answers, [ServerPacket::Pong.id(); PACKETS]);
    assert!(
        took >= Duration::from_millis(5_900),
        "600 packets over the burst took {took:?}, at 100 a second"
    );
}

#[test]
fn an_idle_server_does_not_wake_up() {
    let server = Server::start(&[("PYAO_LIMITS__HANDSHAKE_SECONDS", "0")]);
    let mut client = server.connect();
    throw_dices(&mut client);
    let (started, before) = (Instant::now(), server.metric("pyao_turns_total"));
    std::thread::sleep(Duration::from_secs(2));
    let turns = server.metric("pyao_turns_total") - before;
    let seconds = started.elapsed().as_secs();
    // A look at the settings each second and now and then a sign of life, each with its answer; two ops requests.
    assert!(turns <= 8 + 3 * seconds, "{turns} turns in {seconds} idle seconds");
}

#[test]
fn health_and_metrics_are_served_and_a_request_may_come_in_pieces() {
    let server = Server::start(&[]);
    let response = server.get("/health");
    assert!(response.starts_with("HTTP/1.1 200 OK\r\n"), "{response}");
    assert!(response.contains("{\"status\":\"healthy\",\"services\":{"), "{response}");
    let mut stream = TcpStream::connect(server.ops).unwrap();
    for byte in b"GET /nothing HTTP/1.1\r\n\r\n" {
        stream.write_all(&[*byte]).unwrap();
        stream.flush().unwrap();
    }
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    assert!(response.starts_with("HTTP/1.1 404"), "{response}");
}

#[test]
fn a_signal_tells_everybody_and_ends_well() {
    let mut server = Server::start(&[]);
    let mut client = server.connect();
    throw_dices(&mut client);
    server.signal("TERM");
    let words = last_words(&mut client);
    assert!(words.contains("cerrando"), "{words}");
    drop(client);
    assert_eq!(server.wait().code(), Some(0));
    server.wait_for_log("stopped: reason=SIGTERM");
    assert!(server.log.lock().unwrap().contains("saved=all"));
}

#[test]
fn a_second_signal_ends_at_once() {
    let mut server = Server::start(&[]);
    // This client never closes its side, so the server would wait for it.
    let mut client = server.connect();
    throw_dices(&mut client);
    server.signal("INT");
    server.signal("TERM");
    assert_eq!(server.wait().code(), Some(130));
}

/// Returns the lines of the program itself, beside its log.
fn faults(errors: &str) -> Vec<&str> {
    errors.lines().filter(|line| line.starts_with("pyao-server:")).collect()
}

#[test]
fn what_does_not_start_says_why_in_one_line() {
    let server = Server::start(&[]);
    let directory = tempfile::tempdir().unwrap();
    let port = server.address.port().to_string();
    let (code, _, errors) =
        output(directory.path(), &["--no-redis", "--host", "127.0.0.1", "--port", &port, "--ops", ""]);
    assert_eq!(code, Some(1), "{errors}");
    let said = faults(&errors);
    assert_eq!(said.len(), 1, "{errors}");
    assert!(
        said[0].contains(&format!("127.0.0.1:{port}")) && said[0].contains("choose another port"),
        "{errors}"
    );

    let (code, _, errors) = output(directory.path(), &["--redis", "redis://127.0.0.1:1"]);
    assert_eq!(code, Some(1), "{errors}");
    assert!(faults(&errors).len() == 1 && errors.contains("127.0.0.1:1"), "{errors}");

    let (code, _, errors) = output(directory.path(), &["--data", "nowhere"]);
    assert_eq!(code, Some(1), "{errors}");
    assert!(errors.contains("nowhere"), "{errors}");

    std::fs::write(directory.path().join("config.toml"), "[server]\nprot = 1\n[limits]\nidle_minutes = -1\n")
        .unwrap();
    let (code, _, errors) = output(directory.path(), &[]);
    assert_eq!(code, Some(2), "{errors}");
    assert!(errors.contains("config.toml:2:1: server.prot") && errors.lines().count() == 2, "{errors}");
}

#[test]
fn a_start_that_fails_on_its_port_leaves_the_next_one_to_the_corrected_file() {
    let directory = tempfile::tempdir().unwrap();
    // Both stay taken: a start on either ends by itself.
    let taken = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    for listener in &taken {
        let address = listener.local_addr().unwrap();
        let file = format!("[server]\nhost = \"127.0.0.1\"\nport = {}\n", address.port());
        std::fs::write(directory.path().join("config.toml"), file).unwrap();
        let (code, _, errors) = output(directory.path(), &["--ops", ""]);
        assert_eq!(code, Some(1), "{errors}");
        assert!(faults(&errors)[0].contains(&format!("cannot listen on {address}")), "{errors}");
        assert!(!errors.contains("wins over"), "{errors}");
    }
}

#[test]
fn two_servers_do_not_share_a_store() {
    let server = Server::start(&[]);
    let directory = server._directory.path();
    let (code, _, errors) = output(directory, &["--host", "127.0.0.1", "--port", "0", "--ops", ""]);
    assert_eq!(code, Some(1), "{errors}");
    assert!(errors.contains("pyao.db"), "{errors}");
}

#[test]
fn check_tells_what_would_run() {
    let directory = tempfile::tempdir().unwrap();
    let (code, text, errors) = output(directory.path(), &["--check", "--port", "7777"]);
    assert_eq!((code, errors.as_str()), (Some(0), ""), "{text}");
    assert!(text.contains("server.port = 7777  (--port)\n"), "{text}");
    assert!(text.contains("maps"), "{text}");
    assert!(!directory.path().join("pyao.db").exists(), "a check leaves no trace");
}

#[test]
fn the_printed_configuration_is_one_that_can_be_read() {
    let directory = tempfile::tempdir().unwrap();
    let (code, text, _) = output(directory.path(), &["--print-config"]);
    assert_eq!(code, Some(0));
    std::fs::write(directory.path().join("config.toml"), text).unwrap();
    let (code, text, errors) = output(directory.path(), &["--check"]);
    assert_eq!(code, Some(0), "{errors}");
    assert!(text.contains("config.toml"), "{text}");
}
