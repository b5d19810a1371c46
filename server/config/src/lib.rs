//! Configuration: what an operator may set, where each value came from, and what is wrong with it.
//!
//! A value comes from the strongest layer that gives it: a flag, else the environment, else the configuration file,
//! else the default. For [`live`] settings the store comes before the file. [`table`] lists every setting once; the file, the environment, the flags and the report of
//! `--check` all follow that table. A wrong value is never ignored: [`load`] reports every fault of every layer, each
//! with its file, line and column, its variable or its flag.

pub mod describe;
mod environment;
mod field;
mod file;
pub mod flags;
pub mod live;
pub(crate) mod redis_environment;
pub mod store_choice;
pub mod suggest;
pub mod table;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use field::Given;
use flags::Flags;
use pyao_core::content::Position;
use pyao_core::protocol::encoding_choice::EncodingChoice;
use table::SETTINGS;

/// The file that is read when no other is named and it exists in the working directory.
pub const DEFAULT_FILE: &str = "config.toml";

/// Every setting. Ranges are in [`table`], meanings and units in its reference file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Config {
    /// Where players connect.
    pub server: Server,
    /// What one client may do.
    pub limits: Limits,
    /// How passwords are hashed.
    pub security: Security,
    /// The shared store.
    pub redis: Redis,
    /// The embedded store.
    pub store: Store,
    /// What is loaded as the world.
    pub world: World,
    /// Rules of play that operators choose.
    pub game: Game,
    /// What operators look at.
    pub ops: Ops,
}

/// `[server]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Server {
    /// Address or name to listen on.
    pub host: String,
    /// TCP port; 0 takes any free one.
    pub port: u16,
    /// Most connections at once.
    pub max_connections: u32,
    /// Name among the servers on one store; empty for the host's with a random ending.
    pub id: String,
    /// How accented letters are sent.
    pub text_encoding: EncodingChoice,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            host: "0.0.0.0".to_owned(),
            port: 7666,
            max_connections: 1000,
            id: String::new(),
            text_encoding: EncodingChoice::Auto,
        }
    }
}

/// `[limits]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Limits {
    /// Connections from one address; 0 is no limit.
    pub connections_per_ip: u32,
    /// Logins and creations a minute from one address; 0 is no limit.
    pub logins_per_minute_per_ip: u32,
    /// Characters a day created from one address; 0 is no limit.
    pub creations_per_day_per_ip: u32,
    /// Packets a second of one connection, on average; 0 is no limit.
    pub packets_per_second: u32,
    /// Lines of chat a second of one player, on average; 0 is no limit.
    pub chat_per_second: u32,
    /// Seconds to say something first; 0 is for ever.
    pub handshake_seconds: u32,
    /// Minutes of silence after that; 0 is for ever.
    pub idle_minutes: u32,
    /// Characters without a player in the world; 0 is no limit.
    pub absent_characters: u32,
    /// Such characters of one address; 0 is no limit.
    pub absent_characters_per_ip: u32,
    /// Percent of its time that the loop may be at work before the server sheds load; 0 is never.
    pub overload_percent: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_per_ip: 10,
            logins_per_minute_per_ip: 20,
            creations_per_day_per_ip: 20,
            packets_per_second: 100,
            chat_per_second: 1,
            handshake_seconds: 30,
            idle_minutes: 5,
            absent_characters: 5_000,
            absent_characters_per_ip: 10,
            overload_percent: 75,
        }
    }
}

/// `[security]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Security {
    /// argon2id memory, KiB.
    pub password_memory_kib: u32,
    /// argon2id passes.
    pub password_passes: u32,
    /// Threads that hash.
    pub password_threads: u32,
}

impl Default for Security {
    fn default() -> Self {
        Self { password_memory_kib: 19_456, password_passes: 2, password_threads: 1 }
    }
}

/// `[redis]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Redis {
    /// Whether Redis may be used at all.
    pub enabled: bool,
    /// Its address; empty when none was given.
    pub url: String,
    /// Whether a Redis that is away stops the start; unset: yes when an address was given.
    pub required: Option<bool>,
}

impl Default for Redis {
    fn default() -> Self {
        Self { enabled: true, url: String::new(), required: None }
    }
}

impl Redis {
    /// Whether the operator asked for Redis and would not be served by the embedded store.
    #[must_use]
    pub fn is_asked_for(&self) -> bool {
        self.enabled && self.required.unwrap_or(!self.url.is_empty())
    }
}

/// `[store]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Store {
    /// The file of the embedded store.
    pub path: String,
}

impl Default for Store {
    fn default() -> Self {
        Self { path: "pyao.db".to_owned() }
    }
}

/// `[world]`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct World {
    /// Directory of AO data; empty for the built-in starter world.
    pub data: String,
    /// Where new characters may begin; empty for the world's own choice.
    pub start_positions: Vec<Position>,
}

/// `[game]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Game {
    /// Seconds a character stays in the world when its connection is lost in an unsafe place.
    pub disconnect_stay_seconds: u32,
    /// Message of the day, lines separated by `\n`; empty for the world's own.
    pub motd: String,
    /// Smallest value of a thrown attribute.
    pub dice_min: u32,
    /// Largest value of a thrown attribute.
    pub dice_max: u32,
}

impl Default for Game {
    fn default() -> Self {
        Self { disconnect_stay_seconds: 3600, motd: String::new(), dice_min: 6, dice_max: 18 }
    }
}

/// `[ops]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Ops {
    /// Address and port of `/health` and `/metrics`; empty for none.
    pub listen: String,
}

impl Default for Ops {
    fn default() -> Self {
        Self { listen: "127.0.0.1:7667".to_owned() }
    }
}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Source {
    /// Nobody set it.
    #[default]
    Default,
    /// A configuration file.
    File {
        /// The file as it was named.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Column in characters, from 1.
        column: usize,
    },
    /// The store, as a live setting.
    Store,
    /// An environment variable.
    Environment(String),
    /// A flag on the command line.
    Flag(&'static str),
}

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => formatter.write_str("default"),
            Self::File { path, line, column } => write!(formatter, "{}:{line}:{column}", path.display()),
            Self::Store => formatter.write_str("store"),
            Self::Environment(variable) => formatter.write_str(variable),
            Self::Flag(flag) => formatter.write_str(flag),
        }
    }
}

/// Which layer won, for each setting of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sources {
    by_setting: Vec<Source>,
}

impl Sources {
    fn replace(&mut self, key: &str, source: Source) {
        let index = SETTINGS.iter().position(|setting| setting.key == key);
        if let Some(place) = index.and_then(|index| self.by_setting.get_mut(index)) {
            *place = source;
        }
    }

    /// The layer that gave `key` its value; the default for a key that does not exist.
    #[must_use]
    pub fn of(&self, key: &str) -> Source {
        SETTINGS
            .iter()
            .position(|setting| setting.key == key)
            .and_then(|index| self.by_setting.get(index).cloned())
            .unwrap_or_default()
    }
}

/// One thing wrong with the configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{source_text}: {message}", source_text = .at)]
pub struct Fault {
    /// Where.
    pub at: Source,
    /// What, and what would be right.
    pub message: String,
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A configuration file was named, or found, that cannot be read.
    #[error("cannot read configuration file {}: {reason}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's words.
        reason: std::io::Error,
    },
    /// Every fault found, a line each.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Faults(Vec<Fault>),
}

/// The effective configuration, and where it came from.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// The values.
    pub config: Config,
    /// The winning layers.
    pub sources: Sources,
    /// The configuration file that was read, if any.
    pub file: Option<PathBuf>,
}

impl Loaded {
    /// Every setting as a line `key = value  (source)`, in the order of the table, passwords hidden.
    #[must_use]
    pub fn report(&self) -> String {
        let mut config = self.config.clone();
        let mut lines = String::new();
        for (setting, source) in SETTINGS.iter().zip(&self.sources.by_setting) {
            let value = (setting.field)(&mut config).show();
            lines.push_str(&format!("{} = {value}  ({source})\n", setting.key));
        }
        lines
    }
}

/// Reads all layers. `environment` holds the process' variables; only those that begin with `PYAO_` or
/// `REDIS_` count.
///
/// The file is `--config`, else `PYAO_CONFIG`, else `default_file` when it exists.
///
/// # Errors
/// When the file cannot be read, or with every fault of every layer.
pub fn load(
    flags: &Flags,
    environment: &BTreeMap<String, String>,
    default_file: &Path,
) -> Result<Loaded, ConfigError> {
    let mut layers = Layers::new();
    let file = flags
        .config
        .clone()
        .or_else(|| environment.get(environment::CONFIG_FILE).map(PathBuf::from))
        .or_else(|| default_file.exists().then(|| default_file.to_owned()));
    if let Some(path) = &file {
        let text = std::fs::read_to_string(path)
            .map_err(|reason| ConfigError::Unreadable { path: path.clone(), reason })?;
        file::apply(path, &text, &mut layers);
    }
    environment::apply(environment, &mut layers);
    flags.apply(&mut layers);
    layers.finish(file)
}

/// The configuration while layers are laid over each other, weakest first.
struct Layers {
    config: Config,
    sources: Vec<Source>,
    faults: Vec<Fault>,
}

impl Layers {
    fn new() -> Self {
        Self { config: Config::default(), sources: vec![Source::Default; SETTINGS.len()], faults: Vec::new() }
    }

    /// Sets the setting `key`, which a table or a flag names, or notes why not.
    fn set(&mut self, key: &str, given: &Given, at: Source) {
        let Some(index) = SETTINGS.iter().position(|setting| setting.key == key) else {
            let hint = suggest::hint(key, SETTINGS.iter().map(|setting| setting.key));
            return self.fault(at, format!("{key}: no such setting{hint}"));
        };
        let assigned = (SETTINGS[index].field)(&mut self.config).assign(given);
        match assigned {
            Ok(()) => self.sources[index] = at,
            Err(expected) => self.fault(at, format!("{key}: expected {expected}, found {given}")),
        }
    }

    fn fault(&mut self, at: Source, message: String) {
        self.faults.push(Fault { at, message });
    }

    fn finish(mut self, file: Option<PathBuf>) -> Result<Loaded, ConfigError> {
        if let Err(expected) = self.config.check_together() {
            let index =
                SETTINGS.iter().position(|setting| setting.key == "game.dice_min").unwrap_or_default();
            let at = self.sources[index].clone();
            self.fault(at, format!("game.dice_min: expected {expected}"));
        }
        if self.faults.is_empty() {
            Ok(Loaded { config: self.config, sources: Sources { by_setting: self.sources }, file })
        } else {
            Err(ConfigError::Faults(self.faults))
        }
    }
}

#[cfg(test)]
mod tests;
