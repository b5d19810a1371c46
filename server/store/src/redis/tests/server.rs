//! A real `redis-server` of a test's own, with its files in a folder that goes with it.

use std::fs::File;
use std::io::ErrorKind;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::redis::{Endpoint, RedisAddress, RedisOptions, RedisStore};

/// Longer than any test waits for something that happens.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// Waits as long as a machine may take that is busy with other things.
pub(super) fn patient() -> RedisOptions {
    RedisOptions { connect_timeout: PATIENCE, answer_timeout: PATIENCE, ..RedisOptions::default() }
}

/// Returns true if a `redis-server` is installed; prints that it is skipped where it is not.
pub(super) fn is_installed() -> bool {
    match Command::new("redis-server").arg("--version").stdout(Stdio::null()).status() {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            println!("skipped: there is no redis-server on the path; scripts/test.sh installs it");
            false
        }
        other => other.unwrap().success(),
    }
}

/// The server; killed when dropped.
pub(super) struct TestRedis {
    folder: TempDir,
    port: u16,
    settings: Vec<String>,
    process: Option<Child>,
}

impl TestRedis {
    /// Starts one on a socket file, with settings as on the command line of `redis-server`.
    pub(super) fn start(settings: &[&str]) -> Self {
        let mut server = Self::new(0, settings);
        assert!(server.run(), "redis-server does not start: {}", server.log());
        server
    }

    /// Starts one on a free port.
    pub(super) fn start_on_port(settings: &[&str]) -> Self {
        // The port is free when it is drawn; something else may take it before Redis does.
        let draw_port = || TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut servers = (0..20).map(|_| Self::new(draw_port(), settings));
        servers.find_map(|mut server| server.run().then_some(server)).expect("redis-server does not start")
    }

    fn new(port: u16, settings: &[&str]) -> Self {
        let settings = settings.iter().map(|setting| (*setting).to_owned()).collect();
        Self { folder: tempfile::tempdir().unwrap(), port, settings, process: None }
    }

    /// Starts the process, again if need be, on the same files; whether it is ready.
    pub(super) fn run(&mut self) -> bool {
        self.kill();
        let process = Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--port", &self.port.to_string(), "--save", ""])
            .args(["--unixsocket".as_ref(), self.socket().as_os_str()])
            .args(["--dir".as_ref(), self.folder.path().as_os_str()])
            .args(&self.settings)
            .stdin(Stdio::null())
            .stdout(File::create(self.folder.path().join("log")).unwrap())
            .spawn()
            .unwrap();
        self.process = Some(process);
        let start = Instant::now();
        // It says "Ready to accept connections", or "now ready to accept connections at" a socket.
        while !self.log().contains("eady to accept connections") {
            if self.process.as_mut().is_some_and(|process| process.try_wait().unwrap().is_some()) {
                return false;
            }
            assert!(start.elapsed() < PATIENCE, "{}", self.log());
            thread::sleep(Duration::from_millis(2));
        }
        true
    }

    /// Ends the process as a power cut would.
    pub(super) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// Stops the process where it is, or lets it go on.
    pub(super) fn signal(&self, signal: &str) {
        let id = self.process.as_ref().unwrap().id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
    }

    /// Lets every snapshot fail from now on, as a full disk does: something has the name of the file.
    pub(super) fn break_snapshots(&self) {
        std::fs::create_dir(self.snapshot_file()).unwrap();
        self.make_snapshot("err");
    }

    /// Lets snapshots succeed again.
    pub(super) fn mend_snapshots(&self) {
        std::fs::remove_dir(self.snapshot_file()).unwrap();
        self.make_snapshot("ok");
    }

    fn snapshot_file(&self) -> PathBuf {
        self.folder.path().join("dump.rdb")
    }

    /// Makes a snapshot, which must end like that.
    fn make_snapshot(&self, status: &str) {
        self.cli("BGSAVE");
        let start = Instant::now();
        let ended = format!("rdb_last_bgsave_status:{status}");
        loop {
            let info = self.cli("INFO persistence");
            if info.contains("rdb_bgsave_in_progress:0") && info.contains(&ended) {
                return;
            }
            assert!(start.elapsed() < PATIENCE, "{info}");
            thread::sleep(Duration::from_millis(2));
        }
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    pub(super) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    pub(super) fn address(&self) -> RedisAddress {
        let mut address = RedisAddress::new("127.0.0.1", self.port);
        if self.port == 0 {
            address.endpoint = Endpoint::Unix(self.socket());
        }
        address
    }

    pub(super) fn store(&self) -> RedisStore {
        RedisStore::open(self.address(), patient()).unwrap()
    }

    /// Returns the output of `redis-cli` for a command line as an operator types it: words, with quotes around some.
    pub(super) fn cli(&self, line: &str) -> String {
        let output = self.cli_command(line).output().unwrap();
        assert!(output.status.success(), "{line}: {output:?}");
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }

    /// `redis-cli` about to run a command line.
    pub(super) fn cli_command(&self, line: &str) -> Command {
        let mut command = Command::new("redis-cli");
        command.arg("-s").arg(self.socket()).args(words(line));
        command
    }

    /// Fields and values that `redis-cli HGETALL` prints.
    pub(super) fn hash(&self, key: &str) -> std::collections::BTreeMap<String, String> {
        let printed = self.cli(&format!("HGETALL {key}"));
        let lines: Vec<&str> = printed.lines().collect();
        lines.chunks_exact(2).map(|pair| (pair[0].to_owned(), pair[1].to_owned())).collect()
    }
}

impl Drop for TestRedis {
    fn drop(&mut self) {
        self.kill();
    }
}

fn words(line: &str) -> Vec<String> {
    let outside = |(number, part): (usize, &str)| match number % 2 {
        0 => part.split_whitespace().map(str::to_owned).collect(),
        _ => vec![part.to_owned()],
    };
    line.split('"').enumerate().flat_map(outside).collect()
}
