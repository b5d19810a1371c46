//! Settings of a run of the load program.

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::{Parser, ValueEnum};
use serde::Serialize;

use crate::hostile::Attack;
use crate::relay::FlushRule;

/// The server's default cost of a password hash: memory in KiB and passes.
const DEFAULT_PASSWORD_COST: (u32, u32) = (19_456, 2);
/// Cost of a password hash in runs that do not measure logins.
const CHEAP_PASSWORD_COST: (u32, u32) = (8, 1);
/// Bots on one map unless told otherwise.
const BOTS_PER_MAP: usize = 1000;

/// Behaviour of the bots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scenario {
    /// They walk, four steps a second each, spread over whole maps.
    Walk,
    /// They walk, all within one square of 27 × 27 tiles.
    Crowd,
    /// They stand still and send no packet.
    Idle,
    /// They stand still and talk, a line every three seconds each.
    Chat,
    /// They walk, turn, click, ask, talk, change maps, and now and then one connects anew.
    Mixed,
    /// Characters that exist log in, all at the same time, as fast as the server takes them; then they stand.
    LoginStorm,
}

/// Puts many bots on real sockets on a server, lets them walk, and compares what each one's client shows with what is
/// true. Without --port it starts the server itself, with a store of its own.
#[derive(Debug, Clone, Parser)]
pub struct Options {
    /// Number of bots.
    #[arg(long, default_value_t = 100)]
    pub bots: usize,
    /// For how long they walk or stand.
    #[arg(long, default_value_t = 10)]
    pub seconds: u64,
    /// Behaviour of the bots.
    #[arg(long, value_enum, default_value_t = Scenario::Walk)]
    pub scenario: Scenario,
    /// Directory of the world's data, which must be the server's too; without it, the starter world.
    #[arg(long)]
    pub data: Option<PathBuf>,
    /// Maps to spread the bots over [default: one for 1000 bots]; a crowd has one.
    #[arg(long)]
    pub maps: Option<usize>,
    /// Tiles that bots keep around where they come to a map.
    #[arg(long, default_value_t = 10)]
    pub radius: u8,
    /// So many bots more, on other maps, that come in when the others have been measured, and stand idle while those are
    /// measured once more.
    #[arg(long, default_value_t = 0)]
    pub idle: usize,
    /// Attackers that begin when the bots have been measured, and go on while those are measured once more.
    #[arg(long, value_enum, value_name = "ATTACK", conflicts_with = "idle")]
    pub hostile: Option<Attack>,
    /// Number of attackers.
    #[arg(long, default_value_t = 10, requires = "hostile")]
    pub attackers: usize,
    /// Memory that hashing one password takes, in KiB; two passes over it [default: 8 with one pass; for a login storm,
    /// the server's default].
    #[arg(long, value_name = "KIB")]
    pub password_kib: Option<u32>,
    /// Seed from which the bots' ways follow.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// The server binary to start [default: the one of this workspace, built first].
    #[arg(long)]
    pub server: Option<PathBuf>,
    /// Host of a server that runs already.
    #[arg(long, default_value = "127.0.0.1", requires = "port")]
    pub host: String,
    /// The port of a server that runs already. New characters then start where that server puts them.
    #[arg(long, conflicts_with = "server")]
    pub port: Option<u16>,
    /// Number of that server's process, to measure what it uses.
    #[arg(long, requires = "port")]
    pub pid: Option<u32>,
    /// Address of that server's metrics, as address:port.
    #[arg(long, requires = "port")]
    pub ops: Option<SocketAddr>,
    /// Afterwards, the same load on a relay that only copies bytes, to compare.
    #[arg(long)]
    pub baseline: bool,
    /// Flush rule of the relay: at-once, server (the game server's rule) or a number of milliseconds.
    #[arg(long, default_value_t = FlushRule::Server, requires = "baseline")]
    pub baseline_cadence: FlushRule,
    /// Keeps everything in Redis: one of its own, or the empty one at that address.
    #[arg(long, value_name = "URL", num_args = 0..=1, conflicts_with = "port")]
    pub redis: Option<Option<String>>,
    /// Runs the same walk without and with Redis, in turn, and compares what it costs the server.
    #[arg(long, conflicts_with_all = ["port", "baseline"])]
    pub compare_redis: bool,
    /// Number of runs of each, for --compare-redis.
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
        self.maps.unwrap_or(self.bots.div_ceil(BOTS_PER_MAP)).max(1)
    }

    /// Memory in KiB and passes that hashing a password takes.
    #[must_use]
    pub fn password_cost(&self) -> (u32, u32) {
        match (self.password_kib, self.scenario) {
            (Some(memory), _) => (memory, DEFAULT_PASSWORD_COST.1),
            (None, Scenario::LoginStorm) => DEFAULT_PASSWORD_COST,
            (None, _) => CHEAP_PASSWORD_COST,
        }
    }

    /// The address of the server that runs already, if there is one.
    ///
    /// # Errors
    /// Fails if the host has no address.
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
    fn bots_share_maps_unless_told_how_many() {
        assert_eq!(options(&["--bots", "1000"]).map_count(), 1);
        assert_eq!(options(&["--bots", "1001"]).map_count(), 2);
        assert_eq!(options(&["--bots", "1000", "--maps", "7"]).map_count(), 7);
    }

    #[test]
    fn the_relays_cadence_is_a_word_or_milliseconds() {
        assert_eq!(options(&[]).baseline_cadence, FlushRule::Server);
        let given = |text| options(&["--baseline", "--baseline-cadence", text]).baseline_cadence;
        assert_eq!((given("at-once"), given("25")), (FlushRule::AtOnce, FlushRule::Every(25)));
    }

    #[test]
    fn passwords_are_cheap_except_where_logins_are_measured() {
        assert_eq!(options(&[]).password_cost(), CHEAP_PASSWORD_COST);
        assert_eq!(options(&["--scenario", "login-storm"]).password_cost(), DEFAULT_PASSWORD_COST);
        assert_eq!(options(&["--password-kib", "1024"]).password_cost(), (1024, 2));
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
