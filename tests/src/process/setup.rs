//! The set-up of a server: its directory, configuration, flags and environment.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use anyhow::Result;
use tempfile::TempDir;
use toml::{Table, Value};

use super::{Server, server_binary};

/// The variable that lets a server use Redis, or not.
pub const USE_REDIS: &str = "PYAO_REDIS__ENABLED";

/// Options for the start of a server.
#[derive(Debug, Clone)]
pub struct ServerSetup {
    directory: Arc<TempDir>,
    binary: Option<PathBuf>,
    config: Table,
    data: Option<PathBuf>,
    redis: Option<String>,
    environment: Vec<(String, String)>,
    arguments: Vec<String>,
    open_files: Option<u32>,
    finds_own_address: bool,
}

impl ServerSetup {
    /// Sets up an embedded store in a directory of its own, the starter world, cheap password hashing and none of the
    /// limits that many bots on one address would meet, or a server on a machine that has little time for it.
    ///
    /// # Errors
    /// Fails if a directory cannot be made.
    pub fn new() -> Result<Self> {
        let setup = Self {
            directory: Arc::new(tempfile::tempdir()?),
            binary: None,
            config: Table::new(),
            data: None,
            redis: None,
            environment: Vec::new(),
            arguments: Vec::new(),
            open_files: None,
            finds_own_address: false,
        };
        Ok(setup
            .set("limits.connections_per_ip", 0)
            .set("limits.logins_per_minute_per_ip", 0)
            .set("limits.creations_per_day_per_ip", 0)
            .set("limits.absent_characters_per_ip", 0)
            .set("limits.chat_per_second", 0)
            .set("limits.overload_percent", 0)
            .set("limits.handshake_seconds", 0)
            .set("security.password_memory_kib", 64)
            .set("security.password_passes", 1))
    }

    /// Sets a key of the configuration file, `section.key`.
    #[must_use]
    pub fn set(mut self, key: &str, value: impl Into<Value>) -> Self {
        let (section, key) = key.split_once('.').unwrap_or(("server", key));
        let section = self.config.entry(section).or_insert_with(|| Value::Table(Table::new()));
        if let Value::Table(section) = section {
            section.insert(key.to_owned(), value.into());
        }
        self
    }

    /// Starts the server binary at `path` instead of this workspace's own.
    #[must_use]
    pub fn binary(mut self, path: impl Into<PathBuf>) -> Self {
        self.binary = Some(path.into());
        self
    }

    /// Loads the world's data from `directory`.
    #[must_use]
    pub fn data(mut self, directory: impl Into<PathBuf>) -> Self {
        self.data = Some(directory.into());
        self
    }

    /// Uses the Redis at `url` instead of the embedded store.
    #[must_use]
    pub fn redis(mut self, url: &str) -> Self {
        self.redis = Some(url.to_owned());
        self
    }

    /// Sets a variable of the server's environment.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds an argument to the command line.
    #[must_use]
    pub fn arg(mut self, argument: &str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }

    /// Allows the server no more than `limit` open files, as `ulimit -n` does.
    #[must_use]
    pub fn open_files(mut self, limit: u32) -> Self {
        self.open_files = Some(limit);
        self
    }

    /// Lets configuration and store say where players connect, rather than flags that ask for any free port.
    #[must_use]
    pub fn finds_own_address(mut self) -> Self {
        self.finds_own_address = true;
        self
    }

    /// Returns the directory of the set-up: configuration and store.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Returns the embedded store's file.
    #[must_use]
    pub fn store(&self) -> PathBuf {
        self.directory().join("store.sqlite")
    }

    /// Returns the configuration file, as the server reads it.
    #[must_use]
    pub fn config_file(&self) -> PathBuf {
        self.directory().join("config.toml")
    }

    /// Starts the server and waits until it listens.
    ///
    /// # Errors
    /// Fails if it exits instead, with its log, or does not listen in time.
    pub fn start(&self) -> Result<Server> {
        let mut server = self.spawn()?;
        server.wait_until_it_listens()?;
        Ok(server)
    }

    /// Starts the server and does not wait: for starts that must fail.
    ///
    /// # Errors
    /// Fails if there is no binary to start.
    pub fn spawn(&self) -> Result<Server> {
        let binary = self.binary.clone().map_or_else(server_binary, Ok)?;
        let mut command = command_of(&binary, self.directory());
        self.prepare(&mut command)?;
        if let Some(limit) = self.open_files {
            command = limited(&command, limit);
        }
        let mut server = Server::spawn(&mut command)?;
        server.directory = Some(Arc::clone(&self.directory));
        Ok(server)
    }

    fn prepare(&self, command: &mut Command) -> Result<()> {
        std::fs::write(self.config_file(), toml::to_string(&self.config)?)?;
        command.arg("--config").arg(self.config_file());
        if !self.finds_own_address {
            command.args(["--host", "127.0.0.1"]);
            if !self.arguments.iter().any(|argument| argument == "--port") {
                command.args(["--port", "0"]);
            }
        }
        if !self.arguments.iter().any(|argument| argument == "--ops") {
            command.args(["--ops", "127.0.0.1:0"]);
        }
        match &self.redis {
            Some(url) => command.args(["--redis", url]),
            None => command.arg("--no-redis").arg("--store").arg(self.store()),
        };
        if let Some(data) = &self.data {
            command.arg("--data").arg(data);
        }
        command.args(&self.arguments);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        Ok(())
    }
}

/// Builds the command of the server binary in `directory`, without the variables that the tester's own environment has
/// for servers. It uses Redis only if a flag says so, or if the suite sets [`USE_REDIS`]: the tester's own one is not
/// to be touched.
///
/// # Errors
/// Fails if there is no binary.
pub fn command(directory: &Path) -> Result<Command> {
    let mut command = command_of(&server_binary()?, directory);
    command.env(USE_REDIS, "false");
    Ok(command)
}

fn command_of(binary: &Path, directory: &Path) -> Command {
    let mut command = Command::new(binary);
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("PYAO_") || text.starts_with("REDIS_") || text == "RUST_LOG" {
            command.env_remove(name);
        }
    }
    command.current_dir(directory);
    command
}

/// Returns the same command, run by a shell that first lowers the limit of open files.
fn limited(command: &Command, limit: u32) -> Command {
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(format!("ulimit -n {limit} && exec \"$0\" \"$@\""));
    shell.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    if let Some(directory) = command.get_current_dir() {
        shell.current_dir(directory);
    }
    shell
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_go_to_their_sections_and_later_ones_win() {
        let setup = ServerSetup::new().unwrap().set("limits.idle_minutes", 1).set("limits.idle_minutes", 2);
        assert_eq!(setup.config["limits"]["idle_minutes"], Value::from(2));
        assert_eq!(setup.config["limits"]["connections_per_ip"], Value::from(0));
    }
}
