//! The store that a configuration means. The server and `pyao-admin` both take it from here, so both use the same one.

use std::path::PathBuf;

use super::Config;
use crate::store::choice::{DEFAULT_REDIS, StoreChoice};

impl Config {
    /// Returns the store that the sections `[redis]` and `[store]` mean: Redis where it is enabled, at its address or at
    /// the default one, else the embedded store.
    #[must_use]
    pub fn store_choice(&self) -> StoreChoice {
        let path = PathBuf::from(&self.store.path);
        if !self.redis.enabled {
            return StoreChoice::Embedded { path };
        }
        let url = if self.redis.url.is_empty() { DEFAULT_REDIS.to_owned() } else { self.redis.url.clone() };
        let otherwise = (!self.redis.is_asked_for()).then_some(path);
        StoreChoice::Redis { url, otherwise }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::table::{Redis, Store};

    const ADDRESS: &str = "redis://:secret@127.0.0.1:1/0";

    fn choice(enabled: bool, url: &str, required: Option<bool>) -> StoreChoice {
        let config = Config {
            redis: Redis { enabled, url: url.to_owned(), required },
            store: Store { path: "world.db".to_owned() },
            ..Config::default()
        };
        config.store_choice()
    }

    fn redis(url: &str, otherwise: Option<&str>) -> StoreChoice {
        StoreChoice::Redis { url: url.to_owned(), otherwise: otherwise.map(PathBuf::from) }
    }

    #[test]
    fn without_anything_given_redis_on_this_machine_is_tried_first() {
        assert_eq!(choice(true, "", None), redis(DEFAULT_REDIS, Some("world.db")));
        assert_eq!(choice(true, "", Some(true)), redis(DEFAULT_REDIS, None));
    }

    #[test]
    fn a_given_address_is_required_unless_the_operator_says_otherwise() {
        assert_eq!(choice(true, ADDRESS, None), redis(ADDRESS, None));
        assert_eq!(choice(true, ADDRESS, Some(true)), redis(ADDRESS, None));
        assert_eq!(choice(true, ADDRESS, Some(false)), redis(ADDRESS, Some("world.db")));
    }

    #[test]
    fn a_disabled_redis_is_never_tried() {
        for required in [None, Some(true), Some(false)] {
            assert_eq!(choice(false, ADDRESS, required), StoreChoice::Embedded { path: "world.db".into() });
        }
    }
}
