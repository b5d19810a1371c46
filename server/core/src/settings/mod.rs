//! The settings of a server as plain values, a row each in [`table`].
//!
//! The layers that give a setting its value (flags, environment, store, file) are not known here, nor is the store: this
//! module says which settings there are, what each takes, and which part of a running server follows a change.

mod field;
mod given;
pub mod table;

use std::borrow::Cow;

use field::Field;
pub use given::Given;
pub use table::{Config, SETTINGS};

/// One setting.
pub struct Setting {
    /// `section.key`, as in the configuration file.
    pub key: &'static str,
    /// The way of a running server to follow a change; `None` = at the next start only.
    pub live: Option<Live>,
    /// Place of its value, with the kind and the range that may stand there.
    field: for<'a> fn(&'a mut Config) -> Field<'a>,
}

/// The way of a running server to follow a change of a live setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Live {
    /// The part of the server that follows.
    pub consumer: Consumer,
    /// The effect on a running server, in a few words for an admin.
    pub effect: &'static str,
    /// True if a server may have a value of its own in the store, which wins over the one of all servers.
    pub may_be_own: bool,
}

/// A part of the server that follows live settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consumer {
    /// The listener of the players' port.
    Listener,
    /// The connections of the players.
    Clients,
    /// The measurement of overload.
    Overload,
    /// The rules of the game.
    Game,
}

/// Marks a setting that counts from the next start on.
const AT_START: Option<Live> = None;

/// Marks a setting that all servers follow.
const fn live(consumer: Consumer, effect: &'static str) -> Option<Live> {
    Some(Live { consumer, effect, may_be_own: false })
}

/// Marks a setting that servers follow, and that each may have of its own.
const fn live_own(consumer: Consumer, effect: &'static str) -> Option<Live> {
    Some(Live { consumer, effect, may_be_own: true })
}

impl Setting {
    /// Finds the setting with that key.
    #[must_use]
    pub fn named(key: &str) -> Option<&'static Self> {
        SETTINGS.iter().find(|setting| setting.key == key)
    }

    /// Returns the part of the key before the dot.
    #[must_use]
    pub fn section(&self) -> &'static str {
        self.key.split_once('.').map_or(self.key, |(section, _)| section)
    }

    /// Returns the part of the key after the dot.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.key.split_once('.').map_or(self.key, |(_, name)| name)
    }

    /// Returns the environment variable of this setting, `PYAO_SECTION__KEY`.
    #[must_use]
    pub fn variable(&self) -> String {
        format!("PYAO_{}", self.key.replace('.', "__").to_ascii_uppercase())
    }

    /// Sets the value of this setting in `config`.
    ///
    /// # Errors
    /// The kind of value that was expected; then nothing has changed.
    pub fn assign(&self, config: &mut Config, given: &Given) -> Result<(), String> {
        (self.field)(config).assign(given)
    }

    /// Sets the value as [`Self::assign`] does, where a running server is to follow it.
    ///
    /// # Errors
    /// The kind of value that was expected; then nothing has changed.
    pub fn assign_live(&self, config: &mut Config, text: &str) -> Result<(), String> {
        (self.field)(config).assign_live(text)
    }

    /// Returns the value as the configuration file writes it; a password in a URL as `***`.
    #[must_use]
    pub fn show(&self, config: &Config) -> String {
        (self.field)(&mut config.clone()).show()
    }

    /// Returns the value as plain text, as a flag, a variable or the store has it.
    #[must_use]
    pub fn text(&self, config: &Config) -> String {
        (self.field)(&mut config.clone()).text()
    }

    /// Describes the values that the setting takes, as `1..30000`.
    #[must_use]
    pub fn allowed(&self) -> String {
        (self.field)(&mut Config::default()).allowed()
    }

    /// Returns `typed`, a value from a command line, as the store keeps it: in a text of lines `\n` begins another line.
    #[must_use]
    pub fn typed(&self, typed: &str) -> String {
        (self.field)(&mut Config::default()).typed(typed)
    }

    /// Checks a new value beyond what servers do with one that is in the store already.
    ///
    /// # Errors
    /// The kind of value that was expected.
    pub fn check_new(&self, text: &str) -> Result<(), String> {
        (self.field)(&mut Config::default()).check_new(text)
    }

    /// Returns true if the store may keep the value in `config` for other starts; it may not keep "any free port".
    #[must_use]
    pub fn is_storable(&self, config: &Config) -> bool {
        (self.field)(&mut config.clone()).is_storable()
    }
}

/// Characters of a value that a message shows.
const EXCERPT: usize = 200;

/// Cuts a value to what messages show of it.
#[must_use]
pub fn excerpt(value: &str) -> Cow<'_, str> {
    match value.char_indices().nth(EXCERPT) {
        Some((end, _)) => Cow::Owned(format!("{}…", value.get(..end).unwrap_or_default())),
        None => Cow::Borrowed(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_describes_its_values_and_every_live_one_its_effect() {
        for setting in SETTINGS {
            assert!(!setting.allowed().is_empty(), "{}", setting.key);
            assert!(setting.live.is_none_or(|live| !live.effect.is_empty()), "{}", setting.key);
        }
        let allowed = |key| Setting::named(key).map(Setting::allowed);
        assert_eq!(allowed("server.max_connections").as_deref(), Some("1..30000"));
        assert_eq!(allowed("server.prot"), None);
    }

    #[test]
    fn no_two_settings_share_a_key() {
        for (number, setting) in SETTINGS.iter().enumerate() {
            assert!(SETTINGS[number + 1..].iter().all(|other| other.key != setting.key), "{}", setting.key);
        }
    }

    #[test]
    fn every_setting_takes_its_own_default() {
        let default = Config::default();
        assert_eq!(default.check_together(), Ok(()));
        for setting in SETTINGS.iter().filter(|setting| setting.live.is_some()) {
            let mut config = default.clone();
            assert_eq!(setting.assign_live(&mut config, &setting.text(&default)), Ok(()), "{}", setting.key);
            assert_eq!(config, default);
        }
    }

    #[test]
    fn a_long_value_is_shown_by_its_beginning() {
        assert_eq!(excerpt("corto"), "corto");
        assert_eq!(excerpt(&"ñ".repeat(200)), "ñ".repeat(200));
        assert_eq!(excerpt(&"ñ".repeat(201)), format!("{}…", "ñ".repeat(200)));
    }
}
