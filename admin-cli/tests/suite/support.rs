//! A store for a test, and running `pyao-admin` on it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use pyao_config::store_choice::StoreChoice;
use pyao_core::base::ids::MapId;
use pyao_store::Store;
use pyao_store::records::UserId;
use pyao_store::server::{ConnectionInfo, Refusal, ServerId, ServerStart, ServerStatus};
use pyao_store::session::{Claim, Session};
use pyao_store::testing::{sample_account, sample_character};
use tempfile::TempDir;

/// Lease of the server of a test: longer than any test takes.
const LEASE: Duration = Duration::from_secs(3_600);
/// Timeout on a machine that is busy with other work.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Outcome of a run of `pyao-admin`.
#[derive(Debug)]
pub struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    /// Returns the standard output of a run that must have succeeded.
    #[track_caller]
    pub fn ok(self) -> String {
        assert_eq!(self.code, 0, "{self:#?}");
        self.stdout
    }

    /// Returns the standard error of a run that must have ended with `code` and printed nothing else.
    #[track_caller]
    pub fn fails(self, code: i32) -> String {
        assert_eq!(self.code, code, "{self:#?}");
        assert_eq!(self.stdout, "", "data of a failed command");
        self.stderr
    }
}

/// Builds a call of `pyao-admin` in `folder`, in an environment without variables about stores.
pub fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pyao-admin"));
    command.current_dir(folder).stdin(Stdio::null());
    let ours = |name: &str| name.starts_with("PYAO_") || name.starts_with("REDIS_");
    for (name, _) in
        std::env::vars().filter(|(name, _)| ours(name) || name == "NO_COLOR" || name == "COLUMNS")
    {
        command.env_remove(name);
    }
    command
}

/// Runs `command` to its end.
pub fn finish(command: &mut Command) -> Run {
    let output = command.output().unwrap();
    Run {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A store, as a server has it open.
pub struct Place {
    /// Folder with nothing else in it.
    pub folder: TempDir,
    /// The flags that name the store.
    pub flags: Vec<String>,
    /// The server's end of it.
    pub store: Box<dyn Store>,
    redis: Option<RedisServer>,
}

impl Place {
    /// Makes an embedded store.
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("world.db");
        let flags = vec!["--store".to_owned(), path.display().to_string()];
        let store = StoreChoice::Embedded { path }.open_for_server().unwrap().store;
        Self { folder, flags, store, redis: None }
    }

    /// Makes a store on a Redis of its own; `None`, with the reason printed, where there is none.
    pub fn redis() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let redis = RedisServer::start(folder.path())?;
        let choice = StoreChoice::Redis { url: redis.url.clone(), otherwise: None };
        let store = match choice.open_for_server() {
            Ok(opened) => opened.store,
            Err(error) => {
                println!("skipped on Redis: {error}");
                return None;
            }
        };
        let flags = vec!["--redis".to_owned(), redis.url.clone()];
        Some(Self { folder, flags, store, redis: Some(redis) })
    }

    /// Prepares `pyao-admin` on this store.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = command(self.folder.path());
        command.args(&self.flags).args(arguments);
        command
    }

    /// Runs `pyao-admin` on this store.
    pub fn run(&self, arguments: &[&str]) -> Run {
        finish(&mut self.command(arguments))
    }

    /// Runs `pyao-admin` with something on its standard input.
    pub fn run_with_input(&self, arguments: &[&str], input: &str) -> Run {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A command that needs no input may have ended before it is written.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        Run {
            code: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Returns the lines of standard output, each split at its tabs.
    #[track_caller]
    pub fn rows(&self, arguments: &[&str]) -> Vec<Vec<String>> {
        let split = |line: &str| line.split('\t').map(str::to_owned).collect();
        self.run(arguments).ok().lines().map(split).collect()
    }

    /// Returns the answer of `redis-cli` on this store, which must be on Redis.
    pub fn redis_cli(&self, arguments: &[&str]) -> String {
        self.redis.as_ref().unwrap().cli(arguments)
    }

    /// Adds an account and its character.
    pub fn add_account(&mut self, name: &str) -> UserId {
        self.store.create_account(&sample_account(name), &sample_character()).unwrap()
    }

    /// Lets the server `norte-1` run, with two connections of which one plays.
    pub fn start_server(&mut self) {
        let start = ServerStart {
            server: ServerId::new("norte-1").unwrap(),
            started_at: 1_700_000_000,
            lease: LEASE,
        };
        self.store.register_server(&start).unwrap();
        self.store.heartbeat(&status()).unwrap();
    }

    /// Lets the running server tell that these settings are in force, and that those were refused, each with its value
    /// and the reason.
    pub fn tell(&mut self, settings: &[(&str, &str)], refused: &[(&str, &str, &str)]) {
        let in_force = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let refusal =
            |value: &str, reason: &str| Refusal { value: value.to_owned(), reason: reason.to_owned() };
        let refused =
            refused.iter().map(|(name, value, reason)| ((*name).to_owned(), refusal(value, reason)));
        let (settings, refused) = (in_force.collect(), refused.collect());
        self.store.heartbeat(&ServerStatus { settings, refused, ..status() }).unwrap();
    }

    /// Lets the character play on the running server.
    pub fn open_session(&mut self, user_id: UserId, name: &str, disconnected_at: Option<u64>) {
        let session = session(user_id, name, disconnected_at);
        assert_eq!(self.store.open_session(&session).unwrap(), Claim::Granted);
    }
}

/// Returns the status that `norte-1` reports.
pub fn status() -> ServerStatus {
    let connection = |id, player: Option<&str>| ConnectionInfo {
        id,
        address: format!("192.0.2.{id}:5000"),
        player: player.map(str::to_owned),
        user_id: player.map(|_| UserId(1)),
        bytes_in: 100 * id,
        bytes_out: 2048 * id,
        age_seconds: 60 * id,
    };
    ServerStatus {
        started_at: 1_700_000_000,
        uptime_seconds: 11_520,
        connections: 2,
        players: 1,
        counters: [("accepts".to_owned(), 7), ("bytes_in".to_owned(), 300)].into(),
        connection_list: vec![connection(1, Some("Ana")), connection(2, None)],
        ..ServerStatus::default()
    }
}

/// Makes a session of that character.
pub fn session(user_id: UserId, name: &str, disconnected_at: Option<u64>) -> Session {
    Session {
        user_id,
        username: name.to_owned(),
        level: 4,
        class: "mage".to_owned(),
        location_id: MapId::new(1),
        hp: 20,
        last_seen: 1_700_000_100,
        disconnected_at,
    }
}

/// Runs `test` on an embedded store, and on a Redis where there is one.
pub fn on_both(test: impl Fn(&mut Place)) {
    test(&mut Place::sqlite());
    if let Some(mut place) = Place::redis() {
        test(&mut place);
    }
}

/// A `redis-server` of a test; ends with it.
pub struct RedisServer {
    child: Child,
    socket: PathBuf,
    pub url: String,
}

impl RedisServer {
    /// Starts one in `folder` on a socket file; `None`, with the reason printed, where it is not installed.
    pub fn start(folder: &Path) -> Option<Self> {
        let socket: PathBuf = folder.join("redis.sock");
        let spawned = Command::new("redis-server")
            .args(["--port", "0", "--save", "", "--appendonly", "no", "--unixsocket"])
            .arg(&socket)
            .current_dir(folder)
            .stdout(Stdio::null())
            .spawn();
        let child = match spawned {
            Ok(child) => child,
            Err(error) => {
                println!("skipped on Redis: redis-server does not start: {error}");
                return None;
            }
        };
        let url = format!("redis+unix://{}", socket.display());
        let server = Self { child, url, socket: socket.clone() };
        let patience = Instant::now() + PATIENCE;
        while std::os::unix::net::UnixStream::connect(&socket).is_err() {
            assert!(Instant::now() < patience, "redis-server does not listen");
            std::thread::sleep(Duration::from_millis(10));
        }
        Some(server)
    }

    /// Returns the answer of `redis-cli`.
    pub fn cli(&self, arguments: &[&str]) -> String {
        let output = Command::new("redis-cli").arg("-s").arg(&self.socket).args(arguments).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
