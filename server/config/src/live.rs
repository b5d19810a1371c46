//! Live settings: those that the store holds too, and that a running server follows.
//!
//! At start a live setting takes the value of the strongest layer: a flag, else the environment, else the store, else
//! the file, else the default. From then on a value that changes in the store is followed, whatever set the start.
//!
//! A few of them a server may have of its own in the store, and that value wins there over the one of all servers. A
//! server with a configured id writes what its flags and variables say as its own, so that a later change of the value of
//! all servers does not move it.

use std::collections::BTreeMap;

use super::{Config, Loaded, SETTINGS, Setting, Source};
use pyao_core::settings::{Consumer, Live, excerpt};
use pyao_store::OwnChanges;
use pyao_store::server::Refusal;

/// Returns the live settings in the order of their table.
pub fn settings() -> impl Iterator<Item = (&'static Setting, Live)> {
    SETTINGS.iter().filter_map(|setting| Some((setting, setting.live?)))
}

/// Returns the keys of the live settings.
pub fn keys() -> impl Iterator<Item = &'static str> {
    settings().map(|(setting, _)| setting.key)
}

/// Returns the keys of the live settings that a server may have of its own.
pub fn own_keys() -> impl Iterator<Item = &'static str> {
    settings().filter(|(_, live)| live.may_be_own).map(|(setting, _)| setting.key)
}

/// Returns the parts of a server that follow changes of the settings `keys`.
pub fn consumers(keys: &[&str]) -> Vec<Consumer> {
    let of_key = |key: &&str| Setting::named(key)?.live.map(|live| live.consumer);
    keys.iter().filter_map(of_key).collect()
}

/// Sets a setting to `text`, if that is valid together with the others.
///
/// # Errors
/// The kind of value that was expected; then nothing has changed.
pub fn set(config: &mut Config, key: &str, text: &str) -> Result<(), String> {
    let setting = Setting::named(key).ok_or("an existing setting")?;
    let mut changed = config.clone();
    setting.assign_live(&mut changed, text)?;
    changed.check_together().map_err(|(_, expected)| expected)?;
    *config = changed;
    Ok(())
}

/// Sets a setting as [`set`] does, to a value that is about to be written to the store: a host that no server could listen
/// on is refused, too.
///
/// # Errors
/// The kind of value that was expected; then nothing has changed.
pub fn set_new(config: &mut Config, key: &str, text: &str) -> Result<(), String> {
    let before = config.clone();
    set(config, key, text)?;
    let is_new = Setting::named(key).map_or(Ok(()), |setting| setting.check_new(text));
    is_new.inspect_err(|_| *config = before)
}

/// Sets several settings, each as [`set`] does, and gives what came of each. Two that keep a rule together may come in
/// either order.
pub fn set_all(config: &mut Config, changes: &[(&str, &str)]) -> Vec<Result<(), String>> {
    let mut outcomes: Vec<_> = changes.iter().map(|(key, text)| set(config, key, text)).collect();
    for (outcome, (key, text)) in outcomes.iter_mut().zip(changes).filter(|(outcome, _)| outcome.is_err()) {
        *outcome = set(config, key, text);
    }
    outcomes
}

/// Returns the value of a setting as plain text, as [`set`] takes it; `None` when there is no such setting.
#[must_use]
pub fn text(config: &Config, key: &str) -> Option<String> {
    Setting::named(key).map(|setting| setting.text(config))
}

/// Live settings whose value in the store is not in force, by name.
pub type Refused = BTreeMap<&'static str, Refusal>;

/// The outcome of laying the store's live settings over the others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overlaid {
    /// Remarks for the operator, a line each: values that are not valid, and those that differ from another layer's.
    pub remarks: Vec<String>,
    /// The settings whose value in the store is not valid, and so not in force.
    pub refused: Refused,
}

impl Loaded {
    /// Lays the live settings of the store over those of the file and the defaults.
    pub fn lay_store_over(&mut self, stored: &BTreeMap<String, String>) -> Overlaid {
        let Overlaid { mut remarks, mut refused } = Overlaid::default();
        let mut changes = Vec::new();
        for key in keys() {
            let Some(value) = stored.get(key) else { continue };
            let (before, source) = (text(&self.config, key).unwrap_or_default(), self.sources.of(key));
            let is_stronger = matches!(source, Source::Flag(_) | Source::Environment(_));
            if *value == before {
                if !is_stronger {
                    self.sources.replace(key, Source::Store);
                }
                continue;
            }
            if is_stronger {
                let value = excerpt(value);
                remarks.push(format!("{key}: the store says {value:?}, {source} wins with {before:?}"));
            } else {
                changes.push((key, value.as_str()));
            }
        }
        let before = self.config.clone();
        for ((key, value), outcome) in changes.iter().zip(set_all(&mut self.config, &changes)) {
            let (before, source) = (text(&before, key).unwrap_or_default(), self.sources.of(key));
            if let Err(expected) = outcome {
                let reason = format!("expected {expected}");
                let value = excerpt(value);
                refused.insert(*key, Refusal { value: value.clone().into_owned(), reason });
                remarks.push(format!(
                    "{key}: the store says {value:?}, expected {expected}; {before:?} stays in force"
                ));
                continue;
            }
            if matches!(source, Source::File { .. }) {
                remarks.push(format!(
                    "{key}: the store's {value:?} wins over {before:?} of {source}; to change it: pyao-admin config set \
                     {key} {}",
                    quoted(&before)
                ));
            }
            self.sources.replace(key, Source::Store);
        }
        Overlaid { remarks, refused }
    }

    /// Returns the settings that flags and variables make this server's own in the store. A port that is any free one is left out.
    #[must_use]
    pub fn own_settings(&self) -> OwnChanges {
        let is_given = |key: &str| matches!(self.sources.of(key), Source::Flag(_) | Source::Environment(_));
        let own = settings().filter(|(setting, live)| live.may_be_own && is_given(setting.key));
        own.filter(|(setting, _)| setting.is_storable(&self.config))
            .map(|(setting, _)| (setting.key.to_owned(), Some(setting.text(&self.config))))
            .collect()
    }

    /// Returns every live setting as plain text, for a store that lacks some. A port that is any free one is left out.
    #[must_use]
    pub fn live_settings(&self) -> BTreeMap<String, String> {
        settings()
            .filter(|(setting, _)| setting.is_storable(&self.config))
            .map(|(setting, _)| (setting.key.to_owned(), setting.text(&self.config)))
            .collect()
    }
}

/// Quotes `value` as one word for a shell.
fn quoted(value: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || ".:_-".contains(c);
    if !value.is_empty() && value.chars().all(is_plain) {
        value.to_owned()
    } else {
        format!("'{}'", value.replace('\'', "'\\''").replace('\n', "\\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::flags::Flags;
    use super::super::load;
    use super::*;
    use clap::Parser;

    fn loaded(flags: &[&str], file: &str) -> Loaded {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("config.toml");
        std::fs::write(&path, file).unwrap();
        let flags = Flags::parse_from([&["pyao-server"], flags].concat());
        load(&flags, &BTreeMap::new(), &path).unwrap()
    }

    fn stored(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn the_store_wins_over_the_file_and_loses_against_a_flag() {
        let mut loaded = loaded(&["--port", "7700"], "[server]\nport = 7701\nmax_connections = 5\n");
        let Overlaid { remarks, refused } =
            loaded.lay_store_over(&stored(&[("server.port", "8080"), ("server.max_connections", "77")]));
        assert_eq!((loaded.config.server.port, loaded.config.server.max_connections), (7_700, 77));
        assert_eq!(loaded.sources.of("server.max_connections"), Source::Store);
        assert_eq!((remarks.len(), refused.len()), (2, 0), "{remarks:?} {refused:?}");
        let command = "pyao-admin config set server.max_connections 5";
        assert!(remarks.iter().any(|remark| remark.ends_with(command)), "{remarks:?}");
    }

    #[test]
    fn a_value_in_a_command_is_one_word_for_a_shell() {
        assert_eq!(quoted("127.0.0.1"), "127.0.0.1");
        assert_eq!(quoted("hoy hay\nferia d'otoño"), "'hoy hay\\nferia d'\\''otoño'");
        assert_eq!(quoted(""), "''");
    }

    #[test]
    fn a_value_that_the_store_and_the_file_agree_on_is_the_stores() {
        let mut loaded = loaded(&["--port", "7700"], "[server]\nport = 7700\nmax_connections = 77\n");
        let stored = stored(&[("server.port", "7700"), ("server.max_connections", "77")]);
        assert_eq!(loaded.lay_store_over(&stored), Overlaid::default());
        assert_eq!(loaded.sources.of("server.max_connections"), Source::Store);
        assert_eq!(loaded.sources.of("server.port"), Source::Flag("--port"));
    }

    #[test]
    fn a_port_that_a_running_server_may_not_have_is_told_its_range() {
        for wrong in ["0", "80800", "eighty"] {
            let expected = set(&mut Config::default(), "server.port", wrong);
            assert_eq!(expected, Err("a whole number from 1 to 65535".to_owned()), "{wrong}");
        }
    }

    #[test]
    fn garbage_in_the_store_is_remarked_named_and_ignored() {
        let mut loaded = loaded(&[], "");
        let bad = [("server.port", "eighty"), ("server.max_connections", "0"), ("game.dice_min", "19")];
        assert!(set(&mut Config::default(), "server.port", "0").is_err());
        let Overlaid { remarks, refused } = loaded.lay_store_over(&stored(&bad));
        assert_eq!(loaded.config, Config::default());
        assert_eq!(remarks.len(), 3, "{remarks:?}");
        assert!(remarks[0].contains("eighty"), "{remarks:?}");
        assert!(refused.keys().eq(&["game.dice_min", "server.max_connections", "server.port"]));
        let port = Refusal {
            value: "eighty".to_owned(),
            reason: "expected a whole number from 1 to 65535".to_owned(),
        };
        assert_eq!(refused["server.port"], port);
    }

    #[test]
    fn settings_that_keep_a_rule_together_come_in_either_order() {
        for (min, max) in [("3", "5"), ("12", "14")] {
            let mut loaded = loaded(&[], "[game]\ndice_min = 7\ndice_max = 9\n");
            let stored = stored(&[("game.dice_min", min), ("game.dice_max", max)]);
            assert_eq!(loaded.lay_store_over(&stored).refused, Refused::new());
            let dice = ["game.dice_min", "game.dice_max"].map(|key| text(&loaded.config, key).unwrap());
            assert_eq!(dice, [min, max]);
        }
    }

    #[test]
    fn flags_and_variables_alone_are_a_servers_own() {
        let own =
            |flags: &[&str]| loaded(flags, "[server]\nmax_connections = 5\nhost = \"::1\"\n").own_settings();
        assert_eq!(own(&[]), OwnChanges::new());
        assert_eq!(own(&["--port", "0"]), OwnChanges::new());
        let given = OwnChanges::from([
            ("server.host".to_owned(), Some("127.0.0.1".to_owned())),
            ("server.port".to_owned(), Some("7700".to_owned())),
        ]);
        assert_eq!(own(&["--port", "7700", "--host", "127.0.0.1", "--ops", ""]), given);
    }

    #[test]
    fn a_store_that_has_nothing_is_given_everything() {
        let loaded = loaded(&[], "");
        let seeds = loaded.live_settings();
        assert_eq!(seeds.get("server.host").map(String::as_str), Some("0.0.0.0"));
        assert_eq!(seeds.get("server.port").map(String::as_str), Some("7666"));
        assert_eq!(seeds.get("server.max_connections").map(String::as_str), Some("1000"));
        assert_eq!(seeds.len(), keys().count());
    }
}
