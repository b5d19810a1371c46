//! The effective settings as an operator reads them: every value with its source, and a warning of a visible password.

use super::{Loaded, SETTINGS, Setting, Source};
use pyao_store::redis::RedisAddress;

/// A setting with its effective value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// `section.key`.
    pub key: &'static str,
    /// Its value as the configuration file writes it, passwords hidden.
    pub value: String,
    /// The layer that gave it.
    pub source: Source,
}

fn has_password(url: &str) -> bool {
    RedisAddress::parse(url).is_ok_and(|address| address.password.is_some())
}

impl Loaded {
    /// Returns a warning if other users of this machine can read the password of Redis.
    #[must_use]
    pub fn exposed_password(&self) -> Option<String> {
        let is_exposed = self.sources.of("redis.url") == Source::Flag("--redis");
        (is_exposed && has_password(&self.config.redis.url)).then(|| {
            "--redis: the list of processes shows the password to every user of this machine; give the address in \
             PYAO_REDIS or in the configuration file"
                .to_owned()
        })
    }

    /// Returns every setting in the order of the table.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        let entry = |setting: &Setting| Entry {
            key: setting.key,
            value: setting.show(&self.config),
            source: self.sources.of(setting.key),
        };
        SETTINGS.iter().map(entry).collect()
    }

    /// Returns every setting as a line `key = value  (source)`, in the order of the table, passwords hidden.
    #[must_use]
    pub fn report(&self) -> String {
        let line = |entry: Entry| format!("{} = {}  ({})\n", entry.key, entry.value, entry.source);
        self.entries().into_iter().map(line).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_in_a_url_is_noticed() {
        let with = ["redis://ana:s3cret@db:6379/0", "redis://:p%40ss@db", "redis+unix:///a.sock?pass=s3cret"];
        assert!(with.into_iter().all(has_password));
        let without = ["redis://db:6379", "redis://ana@db", "redis+unix:///a.sock?db=1", ""];
        assert!(!without.into_iter().any(has_password));
    }
}
