//! `redis-check`: whether Redis does what a server needs.

use pyao_config::Loaded;
use pyao_config::store_choice::StoreChoice;
use pyao_store::redis::{self, RedisAddress, RedisCheck, RedisOptions};

use super::arguments::NoArguments;
use crate::failure::{Code, Failure};
use crate::output::{Check, Reply};

/// Runs the checks one after the other.
pub fn run(loaded: &Loaded, _: NoArguments) -> Result<Reply, Failure> {
    let no_redis = |why: String| {
        Failure::new(Code::NotFound, format!("there is no Redis: {why}")).hint("name one with --redis URL")
    };
    let (url, is_asked_for) = match StoreChoice::of(&loaded.config) {
        StoreChoice::Redis { url, otherwise } => (url, otherwise.is_none()),
        StoreChoice::Embedded { path } => {
            return Err(no_redis(format!("the configuration means the embedded store {}", path.display())));
        }
    };
    let address = RedisAddress::parse(&url)?;
    match redis::check(&address, &RedisOptions::default()) {
        Ok(checks) => Ok(Reply::Checks(checks.into_iter().map(shown).collect())),
        Err(error) if is_asked_for => Err(error.into()),
        Err(error) => Err(no_redis(error.to_string())),
    }
}

fn shown(check: RedisCheck) -> Check {
    Check {
        name: check.name,
        outcome: check.outcome,
        microseconds: u64::try_from(check.took.as_micros()).unwrap_or(u64::MAX),
    }
}
