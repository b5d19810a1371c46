//! Two real servers on one Redis and one machine: each keeps its own port.

use std::net::{SocketAddr, TcpListener, TcpStream};

use pyao_tests::process::{Server, ServerSetup, free_port};
use pyao_tests::redis_server::RedisServer;
use pyao_tests::suite::{LONG, wait_until};

use crate::support::{Run, command, finish};

/// A Redis with what runs on it.
struct Place {
    redis: RedisServer,
    folder: tempfile::TempDir,
}

impl Place {
    /// Makes a place; `None` where no Redis is installed.
    fn new() -> Option<Self> {
        Some(Self { redis: RedisServer::start(&[]).unwrap()?, folder: tempfile::tempdir().unwrap() })
    }

    /// Prepares a server of that name; on that port, or where the store says.
    fn setup(&self, id: &str, port: Option<u16>) -> ServerSetup {
        let setup = ServerSetup::new().unwrap().redis(&self.redis.url()).set("server.id", id);
        match port {
            Some(port) => setup.arg("--port").arg(&port.to_string()),
            None => setup.finds_own_address().set("server.host", "127.0.0.1"),
        }
    }

    fn start(&self, id: &str, port: u16) -> Server {
        self.setup(id, Some(port)).start().unwrap()
    }

    fn run(&self, arguments: &[&str]) -> Run {
        finish(command(self.folder.path()).args(["--redis", &self.redis.url()]).args(arguments))
    }

    /// Changes the port of a server, and gives its line. A machine may have so little time for the server that it does
    /// not answer in time; then it is asked again.
    fn set_port(&self, id: &str, port: u16) -> (i32, String) {
        let mut answer = (124, String::new());
        wait_until("an answer of the server", || {
            let run = self.run(&["set-port", &port.to_string(), "--server", id]);
            let line = run.stderr.lines().find(|line| line.starts_with(id));
            answer = (run.code, line.unwrap_or_default().to_owned());
            run.code != 124
        });
        answer
    }

    fn cli(&self, line: &str) -> String {
        self.redis.cli(line).unwrap()
    }
}

fn ports<const N: usize>() -> [u16; N] {
    [(); N].map(|()| free_port().unwrap())
}

fn listens(port: u16) -> bool {
    TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], port))).is_ok()
}

#[test]
fn a_port_is_changed_for_the_server_that_is_named_and_its_answer_is_told() {
    let Some(place) = Place::new() else { return };
    let [norte_port, sur_port, free] = ports();
    let (_norte, sur) = (place.start("norte", norte_port), place.start("sur", sur_port));

    let error = place.run(&["set-port", &free.to_string()]).fails(2);
    assert!(error.contains("2 servers are live (norte, sur)") && error.contains("--server norte"), "{error}");
    let error = place.run(&["config", "set", "server.port", &free.to_string()]).fails(2);
    assert!(error.contains("2 servers are live"), "{error}");

    let (code, line) = place.set_port("norte", free);
    assert!(code == 0 && (line.is_empty() || line == format!("norte: listens on {free}")), "{code} {line}");
    assert!(listens(free) && listens(sur_port) && !listens(norte_port));

    assert_eq!(place.set_port("sur", free), (9, "sur: refused: port in use".to_owned()));
    assert!(listens(free) && listens(sur_port), "nobody has moved");
    let run = place.run(&["get-port", "--server", "sur"]);
    assert_eq!(run.stdout, format!("{free}\n"));
    let told = format!("sur: {sur_port} is in force; {free} was refused: port in use");
    assert!(run.stderr.contains(&told), "{}", run.stderr);
    assert!(sur.request("GET", "/health").unwrap().contains("\"server.port\""));

    assert_eq!(place.set_port("sur", sur_port).0, 0);
    assert_eq!(place.run(&["get-port", "--server", "sur"]).stdout, format!("{sur_port}\n"));
}

#[test]
fn a_port_in_the_place_of_all_servers_moves_none_that_has_its_own() {
    let Some(place) = Place::new() else { return };
    let [norte_port, sur_port, free] = ports();
    let (norte, sur) = (place.start("norte", norte_port), place.start("sur", sur_port));
    assert_eq!(place.cli("GET config:server:norte:port"), norte_port.to_string());
    assert_eq!(place.cli("GET config:server:sur:port"), sur_port.to_string());
    assert_eq!(place.cli("GET config:server:sur:host"), "127.0.0.1");
    assert_eq!(place.cli("EXISTS config:server:sur:max_connections"), "0", "nobody said anything");

    // The port of the other, and one that is free.
    for port in [sur_port, norte_port, free] {
        place.cli(&format!("SET config:server:port {port}"));
        for server in [&norte, &sur] {
            server
                .wait_for_log(&format!("\"{port}\" for all servers; this one keeps its own"), LONG)
                .unwrap();
        }
    }
    assert!(listens(norte_port) && listens(sur_port) && !listens(free));
    let run = place.run(&["get-port"]);
    assert_eq!(run.stdout, format!("{free}\n"));
    for told in
        [format!("norte: {norte_port} is in force, its own"), format!("sur: {sur_port} is in force, its own")]
    {
        assert!(run.stderr.contains(&told), "{}", run.stderr);
    }

    // Without its own it has that of all.
    place.run(&["config", "unset", "server.port", "--server", "norte", "--no-wait"]).ok();
    norte.wait_for_log(&format!("now listening on 127.0.0.1:{free}"), LONG).unwrap();
    assert!(listens(free) && listens(sur_port));
}

#[test]
fn a_server_that_starts_again_has_its_own_port_again() {
    let Some(place) = Place::new() else { return };
    let [norte_port, sur_port, moved] = ports();
    let (mut norte, _sur) = (place.start("norte", norte_port), place.start("sur", sur_port));
    assert_eq!(place.set_port("norte", moved).0, 0);
    assert!(norte.terminate(LONG).unwrap().success());
    // Nothing but its name, and what the store says.
    let mut norte = place.setup("norte", None).start().unwrap();
    assert_eq!(norte.address().port(), moved);
    assert!(norte.log().contains("is this server's own"), "{}", norte.log());
    assert!(norte.terminate(LONG).unwrap().success());
    // A flag says where it starts, and is its own from then on.
    let _norte = place.start("norte", norte_port);
    assert_eq!(place.cli("GET config:server:norte:port"), norte_port.to_string());
    assert!(listens(norte_port) && listens(sur_port));
}

#[test]
fn the_most_connections_are_those_of_the_server() {
    let Some(place) = Place::new() else { return };
    let [norte_port, sur_port] = ports();
    let by_variable = place.setup("norte", Some(norte_port)).env("PYAO_SERVER__MAX_CONNECTIONS", "9");
    let (norte, sur) = (by_variable.start().unwrap(), place.start("sur", sur_port));
    assert_eq!(place.cli("GET config:server:norte:max_connections"), "9");
    place.run(&["set-max-connections", "7", "--server", "norte", "--no-wait"]).ok();
    norte.wait_for_log("server.max_connections is now \"7\"", LONG).unwrap();
    place.run(&["set-max-connections", "70", "--no-wait"]).ok();
    sur.wait_for_log("server.max_connections is now \"70\"", LONG).unwrap();
    norte.wait_for_log("\"70\" for all servers; this one keeps its own, \"7\"", LONG).unwrap();
    let settings = place.redis.hash("server:norte:settings");
    assert!(settings.is_ok_and(|settings| settings["server.max_connections"] == "7"));
}

#[test]
fn a_redis_that_was_emptied_gets_each_servers_own_settings_back() {
    let Some(place) = Place::new() else { return };
    let [norte_port, sur_port] = ports();
    let (_norte, _sur) = (place.start("norte", norte_port), place.start("sur", sur_port));
    let shared = place.cli("GET config:server:port");
    place.cli("FLUSHDB");
    for (id, port) in [("norte", norte_port), ("sur", sur_port)] {
        let key = format!("GET config:server:{id}:port");
        wait_until("the server's own port", || place.cli(&key) == port.to_string());
    }
    assert_eq!(place.cli("GET config:server:port"), shared);
    assert!(listens(norte_port) && listens(sur_port));
}

#[test]
fn a_server_without_a_name_of_its_own_follows_the_port_of_all() {
    let Some(place) = Place::new() else { return };
    let [port, free, taken] = ports();
    let setup = ServerSetup::new().unwrap().redis(&place.redis.url());
    let server = setup.arg("--port").arg(&port.to_string()).start().unwrap();
    assert_eq!(place.cli("KEYS config:server:*:port"), "");
    place.cli(&format!("SET config:server:port {free}"));
    server.wait_for_log(&format!("now listening on 127.0.0.1:{free}"), LONG).unwrap();
    // It tells why it cannot.
    let _other = TcpListener::bind(("127.0.0.1", taken)).unwrap();
    place.cli(&format!("SET config:server:port {taken}"));
    let id = place.cli("SMEMBERS active_workers");
    let refused = || place.redis.hash(&format!("server:{id}:refused")).unwrap().remove("server.port");
    wait_until("a reason", || refused().is_some());
    let expected = format!("{{\"value\":\"{taken}\",\"reason\":\"port in use\"}}");
    assert_eq!(refused().as_deref(), Some(expected.as_str()));
    let in_force = place.redis.hash(&format!("server:{id}:settings")).unwrap();
    assert_eq!(in_force["server.port"], free.to_string());
}
