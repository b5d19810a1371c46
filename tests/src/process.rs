//! The real server binary, started for a suite: a free port, a store and a configuration of its own, its log kept.
//!
//! A [`ServerSetup`] owns the directory, so two starts of one set-up are a restart: same store, same configuration.
//! The system picks the ports and the server's log names them, so servers never race for one. Dropping a [`Server`]
//! kills it. [`command`] is the bare binary, for suites about flags and files.

mod setup;

pub use setup::{ServerSetup, USE_REDIS, command};

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{self as unix, UnixDatagram};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail, ensure};
use tempfile::TempDir;

/// Timeout for a server's start, the full world's data included.
const START_PATIENCE: Duration = Duration::from_secs(120);
/// Text before the addresses in the line that a started server logs.
const LISTENS_ON: &str = "listens on ";
const OPS_ON: &str = "ops=";
/// Timeout for an answer of the ops port.
const ANSWER_PATIENCE: Duration = Duration::from_secs(60);
/// Pause between two looks of a waiting suite.
const LOOK: Duration = Duration::from_millis(10);

/// A running server. See the module.
#[derive(Debug)]
pub struct Server {
    child: Child,
    log: Log,
    readers: Vec<JoinHandle<()>>,
    address: SocketAddr,
    ops_address: SocketAddr,
    /// Kept for as long as the server may write there.
    directory: Option<Arc<TempDir>>,
}

impl Server {
    /// Runs a prepared command and keeps its output.
    ///
    /// # Errors
    /// Fails if it cannot be run.
    pub fn spawn(command: &mut Command) -> Result<Self> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().context("starting the server")?;
        let log = Log::default();
        let readers =
            [child.stdout.take().map(|out| log.follow(out)), child.stderr.take().map(|err| log.follow(err))];
        let readers = readers.into_iter().flatten().collect();
        let (address, ops_address) = (local(0), local(0));
        Ok(Self { child, log, readers, address, ops_address, directory: None })
    }

    /// Returns the address for clients; port 0 until the server listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the address for operators; port 0 if the server has no such port.
    #[must_use]
    pub fn ops_address(&self) -> SocketAddr {
        self.ops_address
    }

    /// Returns the process's number.
    #[must_use]
    pub fn process_id(&self) -> u32 {
        self.child.id()
    }

    /// Returns its log so far.
    #[must_use]
    pub fn log(&self) -> String {
        self.log.text()
    }

    /// Waits until the log holds `part`.
    ///
    /// # Errors
    /// Fails if the time is over.
    pub fn wait_for_log(&self, part: &str, timeout: Duration) -> Result<()> {
        let end = Instant::now() + timeout;
        while !self.log().contains(part) {
            ensure!(Instant::now() < end, "no {part:?} in the log:\n{}", self.log());
            thread::sleep(LOOK);
        }
        Ok(())
    }

    /// Returns the answer of the ops port to one request, head and body.
    ///
    /// # Errors
    /// Fails if there is no answer.
    pub fn request(&self, method: &str, path: &str) -> Result<String> {
        ask_ops(self.ops_address, method, path)
    }

    /// Returns the value of a metric without labels.
    ///
    /// # Errors
    /// Fails if the ops port does not give it.
    pub fn metric(&self, name: &str) -> Result<u64> {
        let answer = self.request("GET", "/metrics")?;
        let value = answer.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.with_context(|| format!("no metric {name}"))?.parse().context("a number")
    }

    /// Returns true if the process runs.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Sends a signal.
    ///
    /// # Errors
    /// Fails if the process has gone.
    pub fn signal(&self, signal: libc::c_int) -> Result<()> {
        let process = libc::pid_t::try_from(self.child.id()).context("a process number")?;
        // SAFETY: kill has no memory to misuse, and the number is that of a child not yet waited for.
        let outcome = unsafe { libc::kill(process, signal) };
        ensure!(outcome == 0, "signal {signal}: {}", std::io::Error::last_os_error());
        Ok(())
    }

    /// Asks the server to shut down, as an operator does, and waits for its end.
    ///
    /// # Errors
    /// Fails if it does not end in time.
    pub fn terminate(&mut self, timeout: Duration) -> Result<ExitStatus> {
        self.signal(libc::SIGTERM)?;
        self.wait(timeout)
    }

    /// Kills the server on the spot, as a power cut does.
    ///
    /// # Errors
    /// Fails if the process cannot be waited for.
    pub fn kill(&mut self) -> Result<()> {
        // A process that has ended already is as dead as wanted.
        let _ = self.child.kill();
        self.child.wait()?;
        self.join_readers();
        Ok(())
    }

    /// Waits for the server's end.
    ///
    /// # Errors
    /// Fails if it does not end in time.
    pub fn wait(&mut self, timeout: Duration) -> Result<ExitStatus> {
        let end = Instant::now() + timeout;
        loop {
            if let Some(status) = self.child.try_wait()? {
                self.join_readers();
                return Ok(status);
            }
            ensure!(Instant::now() < end, "the server runs on:\n{}", self.log());
            thread::sleep(LOOK);
        }
    }

    /// Waits until the server listens, and learns where.
    ///
    /// # Errors
    /// Fails if it exits instead, with its log, or does not listen in time.
    pub fn wait_until_it_listens(&mut self) -> Result<()> {
        let end = Instant::now() + START_PATIENCE;
        while !self.learn_addresses() {
            if let Some(status) = self.child.try_wait()? {
                self.join_readers();
                bail!("the server ended with {status}:\n{}", self.log());
            }
            ensure!(Instant::now() < end, "the server does not listen:\n{}", self.log());
            thread::sleep(LOOK);
        }
        Ok(())
    }

    fn learn_addresses(&mut self) -> bool {
        let log = self.log();
        let Some(line) = log.lines().find(|line| line.contains(LISTENS_ON)) else { return false };
        let Some(address) = address_after(line, LISTENS_ON) else { return false };
        self.address = address;
        if let Some(ops_address) = address_after(line, OPS_ON) {
            self.ops_address = ops_address;
        }
        true
    }

    fn join_readers(&mut self) {
        for reader in self.readers.drain(..) {
            // No more lines come from a reader that panicked.
            let _ = reader.join();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.kill();
        if thread::panicking() {
            eprintln!("--- log of the server at {} ---\n{}", self.address, self.log());
        }
    }
}

/// Returns the answer of the ops port at `address` to one request, head and body.
///
/// # Errors
/// Fails if there is no answer.
pub fn ask_ops(address: SocketAddr, method: &str, path: &str) -> Result<String> {
    let mut stream = TcpStream::connect(address).context("connecting to the ops port")?;
    stream.set_read_timeout(Some(ANSWER_PATIENCE))?;
    stream.write_all(format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).context("reading the ops port's answer")?;
    Ok(answer)
}

/// Output of a process, gathered by threads.
#[derive(Debug, Clone, Default)]
struct Log(Arc<Mutex<String>>);

impl Log {
    fn follow(&self, source: impl Read + Send + 'static) -> JoinHandle<()> {
        let log = self.clone();
        thread::spawn(move || {
            let mut source = BufReader::new(source);
            let mut line = Vec::new();
            while matches!(source.read_until(b'\n', &mut line), Ok(count) if count > 0) {
                log.0
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push_str(&String::from_utf8_lossy(&line));
                line.clear();
            }
        })
    }

    fn text(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn local(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

/// Returns the address that follows `mark`; a server on every address is reached on this machine's own.
fn address_after(line: &str, mark: &str) -> Option<SocketAddr> {
    let rest = &line[line.find(mark)? + mark.len()..];
    let address: SocketAddr = rest.split_whitespace().next()?.trim_end_matches(':').parse().ok()?;
    Some(if address.ip().is_unspecified() { local(address.port()) } else { address })
}

/// Returns a port on which no program listened a moment ago, and that no other suite is given while this process runs.
/// The system hands out ports from 32,768 up by itself; this one is below, so that no connection takes it meanwhile.
///
/// # Errors
/// Fails if there is none.
pub fn free_port() -> Result<u16> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 10_000 + std::process::id() % 10_000;
    for _ in 0..10_000 {
        let port = u16::try_from(first)? + NEXT.fetch_add(1, Ordering::Relaxed) % 10_000;
        if is_mine(port)? && TcpListener::bind(local(port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("no free port")
}

/// Returns true if this process has a port for itself now: it holds a name that only one process at a time can have.
fn is_mine(port: u16) -> Result<bool> {
    static NAMES: Mutex<Vec<UnixDatagram>> = Mutex::new(Vec::new());
    let name = unix::SocketAddr::from_abstract_name(format!("pyao-test-port-{port}"))?;
    let Ok(holder) = UnixDatagram::bind_addr(&name) else { return Ok(false) };
    NAMES.lock().unwrap_or_else(PoisonError::into_inner).push(holder);
    Ok(true)
}

/// Returns the server binary: `PYAO_SERVER_BIN`, or the one beside the test executable, built first when cargo runs the
/// tests (so that it is never stale) or when it is missing.
///
/// # Errors
/// Fails if it cannot be built.
pub fn server_binary() -> Result<PathBuf> {
    static BINARY: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let binary = BINARY.get_or_init(|| match std::env::var_os("PYAO_SERVER_BIN") {
        Some(path) => Ok(path.into()),
        None => find_binary("pyao-server", "pyao-server").map_err(|error| format!("{error:#}")),
    });
    binary.clone().map_err(|error| anyhow!(error))
}

/// Returns the binary `name` of `package`, beside the running executable: built first as told at [`server_binary`]. A
/// caller that names a server binary has built the others too.
///
/// # Errors
/// Fails if it cannot be built.
pub fn find_binary(package: &str, name: &str) -> Result<PathBuf> {
    let executable = std::env::current_exe()?;
    let mut directory = executable.parent().context("the test executable's directory")?;
    if directory.ends_with("deps") {
        directory = directory.parent().context("the profile's directory")?;
    }
    let binary = directory.join(name);
    let has_cargo = std::env::var_os("CARGO").is_some() && std::env::var_os("PYAO_SERVER_BIN").is_none();
    if has_cargo || !binary.exists() {
        let profile = directory.file_name().and_then(|name| name.to_str()).unwrap_or("debug");
        build(package, name, if profile == "debug" { "dev" } else { profile })?;
    }
    ensure!(binary.exists(), "no {}", binary.display());
    Ok(binary)
}

fn build(package: &str, name: &str, profile: &str) -> Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["build", "--quiet", "--package", package, "--bin", name, "--profile", profile])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .output()
        .context("running cargo")?;
    ensure!(output.status.success(), "building {package}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_keeps_what_a_process_wrote() {
        let log = Log::default();
        let mut child = Command::new("echo").arg("hola").stdout(Stdio::piped()).spawn().unwrap();
        log.follow(child.stdout.take().unwrap()).join().unwrap();
        child.wait().unwrap();
        assert_eq!(log.text(), "hola\n");
    }

    #[test]
    fn a_server_that_ends_at_once_is_reported_with_its_status() {
        // Not the server itself: the library's tests alone would have to build it.
        let setup = ServerSetup::new().unwrap().binary("false");
        let error = setup.start().unwrap_err().to_string();
        assert!(error.starts_with("the server ended with "), "{error}");
    }
}
