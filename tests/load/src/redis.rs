//! The Redis that a run's server keeps everything in: one of the run's own, or one that runs already.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use pyao_store::redis::{Endpoint, RedisAddress};
use pyao_tests::redis_server::{RedisServer, command_counts};
use serde::Serialize;

use crate::options::Options;

/// Settings of the run's own Redis: those that the documentation advises.
const SETTINGS: &[&str] = &["--appendonly", "yes", "--appendfsync", "everysec"];

/// See the module.
#[derive(Debug)]
pub struct RunRedis {
    url: String,
    /// Flags that lead `redis-cli` there.
    place: Vec<String>,
    /// Kept for as long as the run.
    _own: Option<RedisServer>,
}

impl RunRedis {
    /// Starts or finds the Redis that the options ask for, if any.
    ///
    /// # Errors
    /// Fails if there is no `redis-server` to start, or the address is not valid.
    pub fn of(options: &Options) -> Result<Option<Self>> {
        let Some(given) = &options.redis else { return Ok(None) };
        let own = match given {
            Some(_) => None,
            None => Some(RedisServer::start(SETTINGS)?.context("no redis-server to start")?),
        };
        let url = own.as_ref().map(RedisServer::url).or_else(|| given.clone()).unwrap_or_default();
        let place = flags(&RedisAddress::parse(&url)?, &url);
        Ok(Some(Self { url, place, _own: own }))
    }

    /// Its address, as servers take it.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Reads the commands that Redis has carried out so far.
    ///
    /// # Errors
    /// Fails if Redis cannot be reached.
    pub fn look(&self) -> Result<BTreeMap<String, u64>> {
        command_counts(&self.place)
    }
}

fn flags(address: &RedisAddress, url: &str) -> Vec<String> {
    match &address.endpoint {
        Endpoint::Tcp(..) => ["--no-auth-warning", "-u", url].map(str::to_owned).into(),
        Endpoint::Unix(path) => vec!["-s".to_owned(), path.display().to_string()],
    }
}

/// Commands that a server sent to its Redis while the bots walked or stood.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct RedisFigures {
    /// Commands a second, those of scripts included.
    pub commands_per_second: f64,
    /// Number of commands of each name.
    pub commands: BTreeMap<String, u64>,
}

impl RedisFigures {
    /// Computes the figures between two readings, `seconds` apart. The commands of the reading itself do not count.
    #[must_use]
    pub fn between(before: &BTreeMap<String, u64>, after: &BTreeMap<String, u64>, seconds: f64) -> Self {
        let count = |name: &String, total: &u64| total - before.get(name).copied().unwrap_or(0);
        let commands: BTreeMap<String, u64> = after
            .iter()
            .filter(|(name, _)| *name != "info")
            .map(|(name, total)| (name.clone(), count(name, total)))
            .filter(|(_, count)| *count > 0)
            .collect();
        let total: u64 = commands.values().sum();
        Self { commands_per_second: total as f64 / seconds, commands }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_between_two_looks_are_counted_without_the_looks() {
        let counts = |pairs: &[(&str, u64)]| -> BTreeMap<String, u64> {
            pairs.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
        };
        let before = counts(&[("hset", 10), ("info", 1), ("ping", 3)]);
        let after = counts(&[("hset", 30), ("info", 2), ("ping", 3), ("mget", 10)]);
        let figures = RedisFigures::between(&before, &after, 10.0);
        assert_eq!(figures.commands, counts(&[("hset", 20), ("mget", 10)]));
        assert_eq!(figures.commands_per_second, 3.0);
    }
}
