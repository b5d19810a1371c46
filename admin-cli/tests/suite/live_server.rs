//! Beside a real server on an embedded store: what is changed here happens there.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use pyao_tests::bot::Bot;
use pyao_tests::process::{ServerSetup, free_port};

use crate::support::{PATIENCE, Run, command, finish};

struct Beside {
    setup: ServerSetup,
}

impl Beside {
    fn run(&self, arguments: &[&str]) -> Run {
        let mut command = command(self.setup.directory());
        command.arg("--config").arg(self.setup.config_file()).arg("--store").arg(self.setup.store());
        finish(command.args(arguments).env("PYAO_NEW_PASSWORD", "secreto"))
    }
}

/// Looks until it holds.
#[track_caller]
fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let patience = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < patience, "{what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn an_account_made_beside_a_running_server_plays_and_is_seen() {
    let beside = Beside { setup: ServerSetup::new().unwrap() };
    let server = beside.setup.start().unwrap();
    beside.run(&["account", "create", "Ana", "--email", "ana@example.org"]).ok();
    let mut bot = Bot::login(server.address(), "Ana", "secreto").unwrap();
    bot.sync().unwrap();
    wait_until("the session is not told", || beside.run(&["online"]).ok().starts_with("1\tAna\t1\t1\t"));
    wait_until("the connection is not told", || beside.run(&["connections"]).ok().contains("\tAna\t1\t"));
    assert!(beside.run(&["session", "Ana"]).ok().contains("class\twarrior\n"));
    let connections = beside.run(&["counters"]).ok();
    assert!(connections.contains("connections\t1\n"), "{connections}");

    let error = beside.run(&["account", "set-gm", "Ann", "on"]).fails(3);
    assert!(error.contains("did you mean Ana?"), "{error}");
}

#[test]
fn a_running_server_moves_to_another_port_and_back() {
    // Not a port that the system hands out: somebody else might have it when the server comes back.
    let [old_port, port] = [(); 2].map(|()| free_port().unwrap());
    let beside = Beside { setup: ServerSetup::new().unwrap().arg("--port").arg(&old_port.to_string()) };
    let server = beside.setup.start().unwrap();
    let to = |port: u16, more: &[&str]| {
        let run = beside.run(&[&["set-port", &port.to_string()], more].concat());
        let mut address = server.address();
        address.set_port(port);
        if run.code == 124 {
            // A machine with little time for it.
            return wait_until("the port does not answer", || TcpStream::connect(address).is_ok());
        }
        assert!(run.code == 0 && run.stderr.ends_with(&format!(": listens on {port}\n")), "{run:?}");
        TcpStream::connect(address).unwrap();
    };
    to(port, &[]);
    to(old_port, &["--if-value", &port.to_string()]);
}
