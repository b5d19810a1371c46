//! Configuration: the layers that give each setting its value, and every fault in them.
//!
//! A value comes from the strongest layer that gives it: a flag, else the environment, else the configuration file, else
//! the default. For [`live`] settings the store comes before the file. The rows of [`settings`](pyao_core::settings) say which
//! settings there are; the file, the environment, the flags and the report of `--check` all follow them. A wrong value is
//! never ignored: [`load`] reports every fault of every layer, each with its file, line and column, its variable or its
//! flag.

pub mod describe;
mod environment;
mod file;
pub mod flags;
pub mod live;
mod redis_environment;
pub mod store_choice;
pub mod store_link;
pub mod suggest;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use flags::Flags;
pub use pyao_core::settings::Config;
use pyao_core::settings::{Given, SETTINGS, Setting};

/// The configuration file of the repository: every setting explained, at its default.
pub const REFERENCE_FILE: &str = include_str!("../../../config.toml");
/// The file that is read when no other is named and it exists in the working directory.
pub const DEFAULT_FILE: &str = "config.toml";

/// The layer that a value came from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Source {
    /// No layer set it.
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

/// The winning layer of each setting of the table.
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

    /// Returns the layer that gave `key` its value; the default for a key that does not exist.
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
    /// Its place.
    pub at: Source,
    /// The fault, and the expected value.
    pub message: String,
}

/// The reason why there is no configuration.
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
    /// Returns `config` as if all its values were defaults: every other layer wins over them.
    #[must_use]
    pub fn with_defaults(config: Config) -> Self {
        let by_setting = vec![Source::Default; SETTINGS.len()];
        Self { config, sources: Sources { by_setting }, file: None }
    }
}

/// Reads all layers. `environment` holds the process' variables; only those that begin with `PYAO_` or
/// `REDIS_` count.
///
/// The file is `--config`, else `PYAO_CONFIG`, else `default_file` when it exists.
///
/// # Errors
/// A file that cannot be read, or every fault of every layer.
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
        match SETTINGS[index].assign(&mut self.config, given) {
            Ok(()) => self.sources[index] = at,
            Err(expected) => self.fault(at, format!("{key}: expected {expected}, found {given}")),
        }
    }

    fn fault(&mut self, at: Source, message: String) {
        self.faults.push(Fault { at, message });
    }

    fn finish(mut self, file: Option<PathBuf>) -> Result<Loaded, ConfigError> {
        if let Err((key, expected)) = self.config.check_together() {
            let index = SETTINGS.iter().position(|setting| setting.key == key).unwrap_or_default();
            let at = self.sources[index].clone();
            self.fault(at, format!("{key}: expected {expected}"));
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
