//! The command line of `pyao-server`.

use std::path::PathBuf;

use clap::Parser;

use super::{Given, Layers, Source};

/// Flags that give a setting, each with the environment variable of the same meaning and the setting.
pub(super) const SHORT: [(&str, &str, &str); 6] = [
    ("--host", "PYAO_HOST", "server.host"),
    ("--port", "PYAO_PORT", "server.port"),
    ("--redis", "PYAO_REDIS", "redis.url"),
    ("--store", "PYAO_STORE", "store.path"),
    ("--data", "PYAO_DATA", "world.data"),
    ("--ops", "PYAO_OPS", "ops.listen"),
];

const EXIT_CODES: &str = "\
Exit codes:
  0    done: stopped by a signal with everything saved, or --check found nothing wrong
  1    failed: broken data, other maps than those of the store, a port in use, a store that cannot be opened or was
       removed while the server ran, or --check found faults
  2    wrong usage: a flag, a variable or the configuration file
  130  stopped at once by a second signal

Environment:
  PYAO_CONFIG, PYAO_HOST, PYAO_PORT, PYAO_REDIS, PYAO_NO_REDIS, PYAO_STORE, PYAO_DATA and PYAO_OPS say the same as
  the flags; PYAO_SECTION__KEY sets any setting (PYAO_LIMITS__IDLE_MINUTES=10). RUST_LOG sets the log level
  (error, warn, info, debug, trace; default info). Flags win over the environment, that over the file.

Examples:
  pyao-server                                 the starter world on port 7666, saved in ./pyao.db
  pyao-server --data ../ao-data --port 7777   a world in AO's own format
  pyao-server --check                         what would run, where each setting came from, and what is wrong";

/// Flags of `pyao-server`. Values are text: the settings they name check them, as they do for every layer.
#[derive(Debug, Clone, Default, Parser)]
#[command(name = "pyao-server", version, about = "Argentum Online server for the Godot client")]
// The text above has its own line ends.
#[command(after_long_help = EXIT_CODES, term_width = 0)]
pub struct Flags {
    /// Configuration file [default: ./config.toml when it exists]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Address to listen on for players
    #[arg(long, value_name = "ADDRESS")]
    pub host: Option<String>,
    /// TCP port for players
    #[arg(long, value_name = "PORT")]
    pub port: Option<String>,
    /// Keep accounts and characters in this Redis; the list of processes shows its password, PYAO_REDIS does not
    #[arg(long, value_name = "URL", conflicts_with = "no_redis")]
    pub redis: Option<String>,
    /// Keep accounts and characters in the embedded store
    #[arg(long)]
    pub no_redis: bool,
    /// Keep accounts and characters in the embedded store in this file; beside --redis, the file that stands in for it
    #[arg(long, value_name = "FILE")]
    pub store: Option<String>,
    /// Directory of AO data instead of the built-in starter world
    #[arg(long, value_name = "DIR")]
    pub data: Option<String>,
    /// Address and port of /health and /metrics; "" for none
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub ops: Option<String>,
    /// Start once on maps other than those that characters were saved on, and move those that stand nowhere
    #[arg(long)]
    pub accept_data_change: bool,
    /// Read configuration and data, report what is effective and what is wrong, and exit
    #[arg(long)]
    pub check: bool,
    /// Print a configuration file that explains every setting, at its default, and exit
    #[arg(long)]
    pub print_config: bool,
}

impl Flags {
    /// Lays the flags over everything else.
    pub(super) fn apply(&self, layers: &mut Layers) {
        let texts = [&self.host, &self.port, &self.redis, &self.store, &self.data, &self.ops];
        for ((flag, _, key), text) in SHORT.into_iter().zip(texts) {
            if let Some(text) = text {
                layers.set(key, &Given::Text(text.clone()), Source::Flag(flag));
            }
        }
        if self.redis.is_some() {
            layers.set("redis.enabled", &Given::Boolean(true), Source::Flag("--redis"));
        }
        let without_redis = match self {
            Self { no_redis: true, .. } => Some("--no-redis"),
            Self { store: Some(_), redis: None, .. } => Some("--store"),
            _ => None,
        };
        if let Some(flag) = without_redis {
            layers.set("redis.enabled", &Given::Boolean(false), Source::Flag(flag));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Flags::command().debug_assert();
    }

    #[test]
    fn a_file_of_the_embedded_store_means_no_redis_unless_one_is_named() {
        let redis = |flags: &[&str]| {
            let flags = Flags::parse_from([&["pyao-server"], flags].concat());
            let environment = [("PYAO_REDIS".to_owned(), "redis://db".to_owned())].into();
            let loaded = crate::load(&flags, &environment, std::path::Path::new("/nonexistent"));
            loaded.unwrap().config.redis
        };
        assert!(redis(&[]).enabled);
        assert!(!redis(&["--store", "a.db"]).enabled);
        let named = redis(&["--store", "a.db", "--redis", "redis://other"]);
        assert_eq!((named.enabled, named.url.as_str()), (true, "redis://other"));
    }

    #[test]
    fn redis_and_no_redis_exclude_each_other() {
        assert!(Flags::try_parse_from(["pyao-server", "--redis", "redis://db", "--no-redis"]).is_err());
    }
}
