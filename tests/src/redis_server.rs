//! A real `redis-server` of a suite's own, with its files in a directory that goes with it.
//!
//! It listens on a socket file, which no other program can take while it is down; on a port too if a suite asks for
//! one. [`RedisServer::cli`] is `redis-cli` as an operator types it. Without an installed Redis there is none to start,
//! and the suite is skipped.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use pyao_store::redis::{RedisAddress, RedisOptions, RedisStore};
use tempfile::TempDir;

use crate::process::free_port;

/// Settings of a Redis that loses no acknowledged write.
pub const DURABLE: &[&str] = &["--appendonly", "yes", "--appendfsync", "always"];
/// Settings of a Redis that keeps nothing when it ends.
pub const FORGETFUL: &[&str] = &["--appendonly", "no"];

/// Timeout for its start, the reading of its log included.
const START_PATIENCE: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(2);

/// See the module. Dropping it kills the process.
#[derive(Debug)]
pub struct RedisServer {
    directory: TempDir,
    /// 0: none.
    port: u16,
    settings: Vec<String>,
    process: Option<Child>,
}

impl RedisServer {
    /// Starts one on a socket file, with settings as on the command line of `redis-server`. `None`, and a line that
    /// says so, where none is installed.
    ///
    /// # Errors
    /// Fails if it does not start, with its log.
    pub fn start(settings: &[&str]) -> Result<Option<Self>> {
        Self::start_at(0, settings)
    }

    /// As [`Self::start`], on a port of this machine too.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_with_port(settings: &[&str]) -> Result<Option<Self>> {
        Self::start_at(free_port()?, settings)
    }

    fn start_at(port: u16, settings: &[&str]) -> Result<Option<Self>> {
        if !is_installed()? {
            println!("skipped: there is no redis-server on the path; scripts/test.sh installs it");
            return Ok(None);
        }
        let settings = settings.iter().map(|setting| (*setting).to_owned()).collect();
        let mut server = Self { directory: tempfile::tempdir()?, port, settings, process: None };
        server.restart()?;
        Ok(Some(server))
    }

    /// Kills the process if it runs, and starts it again on the same files.
    ///
    /// # Errors
    /// Fails if it does not start, with its log.
    pub fn restart(&mut self) -> Result<()> {
        self.kill()?;
        let process = Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--port", &self.port.to_string(), "--save", ""])
            .args(["--unixsocket".as_ref(), self.socket().as_os_str()])
            .args(["--dir".as_ref(), self.directory.path().as_os_str()])
            .args(&self.settings)
            .stdin(Stdio::null())
            .stdout(File::create(self.log_file())?)
            .spawn()
            .context("starting redis-server")?;
        self.process = Some(process);
        let end = Instant::now() + START_PATIENCE;
        // A Redis that reads its log again says so at first.
        while self.cli("PING").ok().as_deref() != Some("PONG") && !self.asks_for_password() {
            let ended = self.process.as_mut().context("no process")?.try_wait()?;
            ensure!(ended.is_none() && Instant::now() < end, "redis-server does not start:\n{}", self.log());
            thread::sleep(LOOK);
        }
        Ok(())
    }

    fn asks_for_password(&self) -> bool {
        self.cli("PING").is_ok_and(|answer| answer.starts_with("NOAUTH"))
    }

    /// Ends the process as a power cut would.
    ///
    /// # Errors
    /// Fails if it cannot be waited for.
    pub fn kill(&mut self) -> Result<()> {
        if let Some(mut process) = self.process.take() {
            // One that has ended already is as dead as wanted.
            let _ = process.kill();
            process.wait()?;
        }
        Ok(())
    }

    /// Stops the process where it is: it holds its connections and answers nothing.
    ///
    /// # Errors
    /// Fails if it does not run.
    pub fn hang(&self) -> Result<()> {
        self.signal(libc::SIGSTOP)
    }

    /// Lets a stopped process go on.
    ///
    /// # Errors
    /// Fails if it does not run.
    pub fn go_on(&self) -> Result<()> {
        self.signal(libc::SIGCONT)
    }

    fn signal(&self, signal: libc::c_int) -> Result<()> {
        let process = self.process.as_ref().context("redis-server does not run")?;
        let process = libc::pid_t::try_from(process.id()).context("a process number")?;
        // SAFETY: kill has no memory to misuse, and the number is that of a child not yet waited for.
        let outcome = unsafe { libc::kill(process, signal) };
        ensure!(outcome == 0, "signal {signal}: {}", std::io::Error::last_os_error());
        Ok(())
    }

    fn socket(&self) -> PathBuf {
        self.directory.path().join("socket")
    }

    fn log_file(&self) -> PathBuf {
        self.directory.path().join("log")
    }

    /// Returns its output since its last start.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    /// Its address for `--redis`, by its socket file.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis+unix://{}", self.socket().display())
    }

    /// Returns the port that it was started with; 0 = none.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Opens the server's own store on it, for looking at characters.
    ///
    /// # Errors
    /// Fails if it cannot be reached.
    pub fn store(&self) -> Result<RedisStore> {
        Ok(RedisStore::open(RedisAddress::parse(&self.url())?, RedisOptions::default())?)
    }

    /// Returns the output of `redis-cli` for a command line: words, with quotes around some. An error that Redis
    /// answers is part of it.
    ///
    /// # Errors
    /// Fails if `redis-cli` fails: Redis cannot be reached.
    pub fn cli(&self, line: &str) -> Result<String> {
        redis_cli(&["-s".to_owned(), self.socket().display().to_string()], line)
    }

    /// Fields and values of a hash.
    ///
    /// # Errors
    /// As [`Self::cli`].
    pub fn hash(&self, key: &str) -> Result<BTreeMap<String, String>> {
        let printed = self.cli(&format!("HGETALL {key}"))?;
        let lines: Vec<&str> = printed.lines().collect();
        Ok(lines.chunks_exact(2).map(|pair| (pair[0].to_owned(), pair[1].to_owned())).collect())
    }

    /// Returns the number that a command answers.
    ///
    /// # Errors
    /// Fails if the answer is not a number.
    pub fn number(&self, line: &str) -> Result<i64> {
        let answer = self.cli(line)?;
        answer.parse().with_context(|| format!("{line} answers {answer:?}"))
    }

    /// Returns its connections, as `CLIENT LIST` has them, but for the one that asks.
    ///
    /// # Errors
    /// As [`Self::cli`].
    pub fn clients(&self) -> Result<Vec<String>> {
        let list = self.cli("CLIENT LIST")?;
        Ok(list.lines().filter(|line| !line.contains("cmd=client|list")).map(str::to_owned).collect())
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        let _ = self.kill();
    }
}

/// Returns the output of `redis-cli` for a command line, on the Redis that `place` names with its flags.
///
/// # Errors
/// Fails if `redis-cli` fails.
pub fn redis_cli(place: &[String], line: &str) -> Result<String> {
    let output =
        Command::new("redis-cli").args(place).args(words(line)).output().context("running redis-cli")?;
    if !output.status.success() {
        bail!("redis-cli {line}: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8(output.stdout)?.trim_end().to_owned())
}

/// Returns the number of commands that a Redis has carried out, by name, in small letters.
///
/// # Errors
/// Fails if the Redis that `place` names with the flags of `redis-cli` cannot be reached.
pub fn command_counts(place: &[String]) -> Result<BTreeMap<String, u64>> {
    let printed = redis_cli(place, "INFO commandstats")?;
    let count = |line: &str| {
        let (name, figures) = line.trim().strip_prefix("cmdstat_")?.split_once(":calls=")?;
        Some((name.to_owned(), figures.split(',').next()?.parse().ok()?))
    };
    Ok(printed.lines().filter_map(count).collect())
}

impl RedisServer {
    /// Reads the counts of this Redis; see [`command_counts`].
    ///
    /// # Errors
    /// Fails if it cannot be reached.
    pub fn command_counts(&self) -> Result<BTreeMap<String, u64>> {
        command_counts(&["-s".to_owned(), self.socket().display().to_string()])
    }
}

fn is_installed() -> Result<bool> {
    for program in ["redis-server", "redis-cli"] {
        match Command::new(program).arg("--version").stdout(Stdio::null()).status() {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
            other => ensure!(other?.success(), "{program} --version failed"),
        }
    }
    Ok(true)
}

/// Splits at spaces outside double quotes.
fn words(line: &str) -> Vec<String> {
    let part = |(number, part): (usize, &str)| match number % 2 {
        0 => part.split_whitespace().map(str::to_owned).collect(),
        _ => vec![part.to_owned()],
    };
    line.split('"').enumerate().flat_map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_keep_words_together() {
        assert_eq!(
            words("SET server:motd \"hola a todos\" NX"),
            ["SET", "server:motd", "hola a todos", "NX"]
        );
    }

    #[test]
    fn a_redis_keeps_its_data_over_a_power_cut_and_tells_what_it_did() {
        let Some(mut redis) = RedisServer::start(DURABLE).unwrap() else { return };
        redis.cli("HSET a x 1 y \"2 3\"").unwrap();
        redis.restart().unwrap();
        assert_eq!(
            redis.hash("a").unwrap(),
            [("x", "1"), ("y", "2 3")].map(|(a, b)| (a.into(), b.into())).into()
        );
        assert_eq!(redis.number("HLEN a").unwrap(), 2);
        assert_eq!(redis.command_counts().unwrap()["hlen"], 1);
        assert_eq!(redis.clients().unwrap(), [""; 0]);
        redis.kill().unwrap();
        assert!(redis.cli("PING").is_err());
    }
}
