//! Settings told to people: what may stand in each, and every effective value with its source.

use super::field::Field;
use super::table::SETTINGS;
use super::{Config, Loaded, Source};

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

impl Loaded {
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
}
