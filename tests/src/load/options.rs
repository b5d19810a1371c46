//! What a run of the load program is told.

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::{Parser, ValueEnum};

/// Bots that start on one map unless told otherwise: enough for the crowd of a town square.
const BOTS_PER_MAP: usize = 64;

/// What the bots do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Scenario {
    /// They walk, four steps a second each.
    Walk,
    /// They stand still and say nothing.
    Idle,
}

/// Puts many bots on real sockets on a server, lets them walk, and compares what each one's client shows with what is
/// true. Without --port it starts the server itself, with a store of its own.
#[derive(Debug, Clone, Parser)]
pub struct Options {
    /// How many bots.
    #[arg(long, default_value_t = 100)]
    pub bots: usize,
    /// For how long they walk or stand.
    #[arg(long, default_value_t = 10)]
    pub seconds: u64,
    /// What they do.
    #[arg(long, value_enum, default_value_t = Scenario::Walk)]
    pub scenario: Scenario,
    /// Directory of the world's data, which must be the server's too; without it, the starter world.
    #[arg(long)]
    pub data: Option<PathBuf>,
    /// Maps to spread the bots over [default: one for 64 bots].
    #[arg(long)]
    pub maps: Option<usize>,
    /// Everybody on one map.
    #[arg(long, conflicts_with = "maps")]
    pub crowd: bool,
    /// Tiles that bots keep around where they come to a map, except those that travel.
    #[arg(long, default_value_t = 10)]
    pub radius: u8,
    /// What the bots' ways follow from.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// The server binary to start [default: the one of this workspace, built first].
    #[arg(long)]
    pub server: Option<PathBuf>,
    /// Where a server runs already.
    #[arg(long, default_value = "127.0.0.1", requires = "port")]
    pub host: String,
    /// The port of a server that runs already. New characters then start where that server puts them.
    #[arg(long, conflicts_with = "server")]
    pub port: Option<u16>,
    /// Number of that server's process, to measure what it uses.
    #[arg(long, requires = "port")]
    pub pid: Option<u32>,
    /// Afterwards, the same load on a relay that only copies bytes, to compare.
    #[arg(long)]
    pub baseline: bool,
    /// Keeps everything in Redis: one of its own, or the empty one at that address.
    #[arg(long, value_name = "URL", num_args = 0..=1, conflicts_with = "port")]
    pub redis: Option<Option<String>>,
    /// Runs the same walk without and with Redis, in turn, and compares what it costs the server.
    #[arg(long, conflicts_with_all = ["port", "baseline"])]
    pub compare_redis: bool,
    /// How often each, for --compare-redis.
    #[arg(long, default_value_t = 3, requires = "compare_redis")]
    pub rounds: usize,
    /// Prints the figures as JSON instead of a table.
    #[arg(long)]
    pub json: bool,
}

impl Options {
    /// For how long the bots walk.
    #[must_use]
    pub fn duration(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }

    /// Maps to spread the bots over, from 1.
    #[must_use]
    pub fn map_count(&self) -> usize {
        if self.crowd {
            return 1;
        }
        self.maps.unwrap_or(self.bots.div_ceil(BOTS_PER_MAP)).max(1)
    }

    /// The address of the server that runs already, if there is one.
    ///
    /// # Errors
    /// When the host has no address.
    pub fn address(&self) -> Result<Option<SocketAddr>> {
        let Some(port) = self.port else { return Ok(None) };
        let found = (self.host.as_str(), port)
            .to_socket_addrs()
            .with_context(|| format!("looking up {}", self.host))?;
        let address = found.into_iter().next().with_context(|| format!("{} has no address", self.host))?;
        Ok(Some(address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(arguments: &[&str]) -> Options {
        Options::try_parse_from([&["load"], arguments].concat()).unwrap()
    }

    #[test]
    fn bots_are_spread_over_maps_unless_they_are_a_crowd() {
        assert_eq!(options(&["--bots", "1000"]).map_count(), 16);
        assert_eq!(options(&["--bots", "1000", "--crowd"]).map_count(), 1);
        assert_eq!(options(&["--bots", "1000", "--maps", "7"]).map_count(), 7);
        assert_eq!(options(&["--bots", "5"]).map_count(), 1);
    }

    #[test]
    fn redis_is_one_of_its_own_or_the_one_that_is_named() {
        assert_eq!(options(&[]).redis, None);
        assert_eq!(options(&["--redis"]).redis, Some(None));
        assert_eq!(options(&["--redis", "redis://host"]).redis, Some(Some("redis://host".to_owned())));
        assert!(options(&["--compare-redis", "--rounds", "5"]).compare_redis);
    }

    #[test]
    fn a_server_that_runs_already_is_named_by_its_port() {
        assert_eq!(options(&[]).address().unwrap(), None);
        let address = options(&["--port", "7666"]).address().unwrap();
        assert_eq!(address, Some("127.0.0.1:7666".parse().unwrap()));
    }
}
