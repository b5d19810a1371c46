//! Settings told to people: what may stand in each, and every effective value with its source.

use std::borrow::Cow;

use super::field::Field;
use super::table::SETTINGS;
use super::{Config, Loaded, Source};
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

/// What may stand in the setting `key`, as `1..30000`; `None` when there is no such setting.
#[must_use]
pub fn allowed(key: &str) -> Option<String> {
    let setting = SETTINGS.iter().find(|setting| setting.key == key)?;
    Some(match (setting.field)(&mut Config::default()) {
        Field::Text(_) => "text".to_owned(),
        Field::Motd(_) => "text: 20 lines, 2 KiB".to_owned(),
        Field::Url(_) => "URL".to_owned(),
        Field::Listen(_) => "address:port or empty".to_owned(),
        Field::Port(_) => "0..65535".to_owned(),
        Field::Integer(_, range) => format!("{}..{}", range.start(), range.end()),
        Field::Boolean(_) | Field::OptionalBoolean(_) => "true or false".to_owned(),
        Field::Encoding(_) => "auto, latin1, utf8 or ascii".to_owned(),
        Field::Positions(_) => "map:x:y, separated by commas".to_owned(),
        Field::ServerId(_) => "1 to 40 letters, digits, . _ -".to_owned(),
    })
}

/// Characters of a value that a message shows.
const EXCERPT: usize = 200;

/// A value as messages show it: its beginning, when it is long.
#[must_use]
pub fn excerpt(value: &str) -> Cow<'_, str> {
    match value.char_indices().nth(EXCERPT) {
        Some((end, _)) => Cow::Owned(format!("{}…", value.get(..end).unwrap_or_default())),
        None => Cow::Borrowed(value),
    }
}

fn has_password(url: &str) -> bool {
    RedisAddress::parse(url).is_ok_and(|address| address.password.is_some())
}

impl Loaded {
    /// That other users of this machine can read the password of Redis, if they can.
    #[must_use]
    pub fn exposed_password(&self) -> Option<String> {
        let is_exposed = self.sources.of("redis.url") == Source::Flag("--redis");
        (is_exposed && has_password(&self.config.redis.url)).then(|| {
            "--redis: the list of processes shows the password to every user of this machine; give the address in \
             PYAO_REDIS or in the configuration file"
                .to_owned()
        })
    }

    /// Every setting in the order of the table.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        let mut config = self.config.clone();
        SETTINGS
            .iter()
            .map(|setting| Entry {
                key: setting.key,
                value: (setting.field)(&mut config).show(),
                source: self.sources.of(setting.key),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_says_what_it_takes() {
        assert!(SETTINGS.iter().all(|setting| allowed(setting.key).is_some()));
        assert_eq!(allowed("server.max_connections").as_deref(), Some("1..30000"));
        assert_eq!(allowed("server.prot"), None);
    }

    #[test]
    fn a_password_in_a_url_is_noticed() {
        let with = ["redis://ana:s3cret@db:6379/0", "redis://:p%40ss@db", "redis+unix:///a.sock?pass=s3cret"];
        assert!(with.into_iter().all(has_password));
        let without = ["redis://db:6379", "redis://ana@db", "redis+unix:///a.sock?db=1", ""];
        assert!(!without.into_iter().any(has_password));
    }

    #[test]
    fn a_long_value_is_shown_by_its_beginning() {
        assert_eq!(excerpt("corto"), "corto");
        assert_eq!(excerpt(&"ñ".repeat(200)), "ñ".repeat(200));
        assert_eq!(excerpt(&"ñ".repeat(201)), format!("{}…", "ñ".repeat(200)));
    }
}
