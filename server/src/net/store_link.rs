//! The server's own dealings with the store: it tells that it lives and how it is, and follows the live settings.
//!
//! Every five seconds a heartbeat (every second while connections come and go), every second a look at the settings, each
//! only when the one before was answered: a store that hangs is asked nothing twice. A setting that is not valid, or that
//! cannot be followed, is logged and counted once and named by `/health`, and the old value stays in force; so is one that
//! was not valid at the start already.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::describe::excerpt;
use crate::config::{Config, live};
use crate::game::Millis;
use crate::ops::metrics::{Counter, Metrics};
use crate::store::records::UserId;
use crate::store::server::{Heartbeat, ServerStatus};
use crate::store::{Request, Settings, StoreError, Ticket};

const HEARTBEAT_EVERY_MS: Millis = 5_000;
/// Between two heartbeats when the number of connections changes.
const COUNT_EVERY_MS: Millis = 1_000;
const SETTINGS_EVERY_MS: Millis = 1_000;
/// The game never draws this ticket.
const TICKET: Ticket = 0;

/// What the rest of the loop has to do about an answer of the store.
#[derive(Debug)]
pub(super) enum Order {
    /// These settings are other ones now; this is the whole configuration.
    Follow {
        /// Their names.
        changed: Vec<&'static str>,
        /// The configuration with them.
        config: Box<Config>,
    },
    /// Other servers have taken these characters.
    CharactersTaken(Vec<UserId>),
    /// The store was emptied or swapped.
    StoreEmptied,
    /// Another server runs under our name: this one must end.
    Replaced(StoreError),
}

/// See the module.
pub(super) struct StoreLink {
    /// What is in force.
    config: Config,
    /// What the store said last of each live setting, valid or not.
    seen: Settings,
    /// Settings whose value in the store is not valid.
    refused: BTreeSet<&'static str>,
    /// Settings whose value in the store could not be followed.
    not_followed: BTreeSet<&'static str>,
    store_id: String,
    heartbeat_at: Millis,
    /// Connections that the last heartbeat told, and when it was sent.
    told: Option<(u32, Millis)>,
    /// What the store refused about the last heartbeat: logged once.
    refusal: Option<StoreError>,
    settings_at: Millis,
    awaits_heartbeat: bool,
    awaits_settings: bool,
}

impl StoreLink {
    /// A link for a server registered on the store `store_id`, which runs under `config`, `seen` being what the store
    /// said of live settings at the start, and `refused` those of them that were not valid and have been logged.
    pub(super) fn new(
        config: Config,
        seen: Settings,
        refused: BTreeSet<&'static str>,
        store_id: String,
        metrics: &mut Metrics,
    ) -> Self {
        metrics.add(Counter::SettingsRefused, refused.len() as u64);
        Self {
            config,
            seen,
            refused,
            not_followed: BTreeSet::new(),
            store_id,
            heartbeat_at: 0,
            told: None,
            refusal: None,
            settings_at: SETTINGS_EVERY_MS,
            awaits_heartbeat: false,
            awaits_settings: false,
        }
    }

    /// When there is something to ask without an event.
    pub(super) fn next_deadline(&self) -> Option<Millis> {
        let heartbeat = (!self.awaits_heartbeat).then_some(self.heartbeat_at);
        let settings = (!self.awaits_settings).then_some(self.settings_at);
        [heartbeat, settings].into_iter().flatten().min()
    }

    /// So many connections are open: when that is news, the next heartbeat comes soon.
    pub(super) fn connections_are(&mut self, connections: u32) {
        if let Some((_, at)) = self.told.filter(|(told, _)| *told != connections) {
            self.heartbeat_at = self.heartbeat_at.min(at + COUNT_EVERY_MS);
        }
    }

    /// Whether a heartbeat is due.
    pub(super) fn is_heartbeat_due(&self, now: Millis) -> bool {
        !self.awaits_heartbeat && now >= self.heartbeat_at
    }

    /// The heartbeat to send.
    pub(super) fn heartbeat(&mut self, now: Millis, status: ServerStatus) -> Request {
        self.awaits_heartbeat = true;
        self.heartbeat_at = now + HEARTBEAT_EVERY_MS;
        self.told = Some((status.connections, now));
        Request::Heartbeat { ticket: TICKET, status: Box::new(status) }
    }

    /// The look at the settings, when it is due.
    pub(super) fn look_at_settings(&mut self, now: Millis) -> Option<Request> {
        if self.awaits_settings || now < self.settings_at {
            return None;
        }
        self.awaits_settings = true;
        self.settings_at = now + SETTINGS_EVERY_MS;
        Some(Request::ReadSettings { ticket: TICKET })
    }

    /// The store answered a heartbeat.
    pub(super) fn heartbeat_answered(&mut self, result: Result<Heartbeat, StoreError>) -> Vec<Order> {
        self.awaits_heartbeat = false;
        let mut orders = Vec::new();
        match result {
            Ok(heartbeat) => {
                if self.is_file_replaced() {
                    log::info!("the store's files are back in their place");
                }
                self.refusal = None;
                if heartbeat.store_id != self.store_id {
                    self.store_id = heartbeat.store_id;
                    orders.push(Order::StoreEmptied);
                }
                if !heartbeat.taken.is_empty() {
                    orders.push(Order::CharactersTaken(heartbeat.taken));
                }
            }
            Err(error @ StoreError::ServerReplaced(_)) => orders.push(Order::Replaced(error)),
            // The worker has logged it, and says when the store is back.
            Err(error) if error.is_temporary() => {}
            Err(error) => {
                match &error {
                    same if self.refusal.as_ref() == Some(same) => {}
                    StoreError::FileReplaced { .. } => log::error!("{error}"),
                    _ => log::error!(
                        "the store takes no sign of life, others will think this server gone: {error}"
                    ),
                }
                self.refusal = Some(error);
            }
        }
        orders
    }

    /// Whether the store's files were removed or replaced: what is saved is gone when the server ends.
    pub(super) fn is_file_replaced(&self) -> bool {
        matches!(self.refusal, Some(StoreError::FileReplaced { .. }))
    }

    /// The store answered a look at the settings.
    pub(super) fn settings_answered(
        &mut self,
        result: Result<Settings, StoreError>,
        metrics: &mut Metrics,
    ) -> Option<Order> {
        self.awaits_settings = false;
        let stored = result.ok()?;
        let changed = self.take_in(&stored, metrics);
        self.seen = stored;
        (!changed.is_empty()).then(|| Order::Follow { changed, config: Box::new(self.config.clone()) })
    }

    /// Follows what the store says anew, and gives the names of what changed.
    fn take_in(&mut self, stored: &Settings, metrics: &mut Metrics) -> Vec<&'static str> {
        let news: Vec<_> = live::live_keys().filter(|key| stored.get(*key) != self.seen.get(*key)).collect();
        if news.is_empty() {
            return Vec::new();
        }
        for key in &news {
            self.not_followed.remove(key);
        }
        // What was refused for the sake of another setting may be valid now.
        let asked = live::live_keys().filter(|key| news.contains(key) || self.refused.contains(key));
        let changes: Vec<(&str, &str)> =
            asked.filter_map(|key| Some((key, stored.get(key)?.as_str()))).collect();
        self.refused.retain(|key| !news.contains(key));
        let before = self.config.clone();
        let outcomes = live::set_all(&mut self.config, &changes);
        let mut changed = Vec::new();
        for ((key, value), outcome) in changes.into_iter().zip(outcomes) {
            let before = live::text(&before, key).unwrap_or_default();
            match outcome {
                Ok(()) => {
                    self.refused.remove(key);
                    if value != before {
                        log::info!("{key} is now {value:?} (was {before:?})");
                        changed.push(key);
                    }
                }
                Err(expected) => {
                    if self.refused.insert(key) {
                        metrics.increment(Counter::SettingsRefused);
                        let value = excerpt(value);
                        log::warn!(
                            "{key}: the store says {value:?}, expected {expected}; {before:?} stays in force"
                        );
                    }
                }
            }
        }
        changed
    }

    /// The server goes on listening where it did: it could not follow.
    pub(super) fn keeps_address(&mut self, host: String, port: u16, metrics: &mut Metrics) {
        metrics.increment(Counter::SettingsRefused);
        let server = &mut self.config.server;
        self.not_followed.extend((server.host != host).then_some("server.host"));
        self.not_followed.extend((server.port != port).then_some("server.port"));
        (server.host, server.port) = (host, port);
    }

    /// Names of the live settings whose value in the store is not in force.
    pub(super) fn not_followed(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.refused.union(&self.not_followed).copied()
    }

    /// What a store that lacks live settings is to be given.
    pub(super) fn live_settings(&self) -> BTreeMap<String, String> {
        live::live_keys().filter_map(|key| Some((key.to_owned(), live::text(&self.config, key)?))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link() -> StoreLink {
        let (seen, refused) = (Settings::new(), BTreeSet::new());
        StoreLink::new(Config::default(), seen, refused, "a".to_owned(), &mut Metrics::default())
    }

    fn stored(pairs: &[(&str, &str)]) -> Settings {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    fn beat(store_id: &str, taken: Vec<UserId>) -> Heartbeat {
        Heartbeat { connections: 0, store_id: store_id.to_owned(), taken }
    }

    #[test]
    fn a_store_that_does_not_answer_is_asked_once() {
        let mut link = link();
        assert!(link.is_heartbeat_due(0));
        link.heartbeat(0, ServerStatus::default());
        assert!(link.look_at_settings(1_000).is_some());
        assert_eq!(link.next_deadline(), None);
        assert!(!link.is_heartbeat_due(60_000) && link.look_at_settings(60_000).is_none());
        link.heartbeat_answered(Err(StoreError::Unavailable("test".into())));
        assert!(link.is_heartbeat_due(60_000));
    }

    #[test]
    fn a_new_number_of_connections_is_told_within_a_second() {
        let mut link = link();
        link.connections_are(3);
        link.heartbeat(10_000, ServerStatus { connections: 3, ..ServerStatus::default() });
        link.heartbeat_answered(Ok(beat("a", Vec::new())));
        link.connections_are(3);
        assert!(!link.is_heartbeat_due(14_999) && link.is_heartbeat_due(15_000));
        link.connections_are(4);
        assert!(!link.is_heartbeat_due(10_999) && link.is_heartbeat_due(11_000));
        assert_eq!(link.next_deadline(), Some(1_000), "the settings are due anyway");
    }

    #[test]
    fn a_changed_setting_is_followed_once_and_garbage_is_counted_once() {
        let (mut link, mut metrics) = (link(), Metrics::default());
        let values =
            stored(&[("server.port", "8080"), ("limits.idle_minutes", "many"), ("game.motd", "hola")]);
        let Some(Order::Follow { changed, config }) =
            link.settings_answered(Ok(values.clone()), &mut metrics)
        else {
            panic!("nothing to follow")
        };
        assert_eq!(changed, ["server.port", "game.motd"]);
        assert_eq!((config.server.port, config.limits.idle_minutes), (8_080, 5));
        assert!(link.settings_answered(Ok(values), &mut metrics).is_none());
        assert_eq!(metrics.count(Counter::SettingsRefused), 1);
        assert!(link.not_followed().eq(["limits.idle_minutes"]));
        link.settings_answered(Ok(stored(&[("limits.idle_minutes", "7")])), &mut metrics);
        assert_eq!(link.not_followed().count(), 0);
    }

    #[test]
    fn what_was_refused_at_the_start_is_counted_once_and_named_until_the_store_says_another() {
        let (key, mut metrics) = ("limits.idle_minutes", Metrics::default());
        let (seen, refused) = (stored(&[(key, "many")]), BTreeSet::from([key]));
        let mut link = StoreLink::new(Config::default(), seen.clone(), refused, "a".to_owned(), &mut metrics);
        assert!(link.settings_answered(Ok(seen), &mut metrics).is_none());
        assert!(link.not_followed().eq([key]));
        assert_eq!(metrics.count(Counter::SettingsRefused), 1);
        link.settings_answered(Ok(stored(&[(key, "7")])), &mut metrics);
        assert_eq!(link.not_followed().count(), 0);
    }

    #[test]
    fn what_was_refused_for_the_sake_of_another_setting_is_followed_once_that_has_changed() {
        let (mut link, mut metrics) = (link(), Metrics::default());
        let (min, max) = (("game.dice_min", "12"), ("game.dice_max", "9"));
        link.settings_answered(Ok(stored(&[max])), &mut metrics);
        assert!(link.settings_answered(Ok(stored(&[min, max])), &mut metrics).is_none());
        assert!(link.not_followed().eq(["game.dice_min"]));
        let order = link.settings_answered(Ok(stored(&[min, ("game.dice_max", "14")])), &mut metrics);
        let Some(Order::Follow { changed, config }) = order else { panic!("nothing is followed") };
        assert_eq!((changed.len(), config.game.dice_min, config.game.dice_max), (2, 12, 14));
        assert_eq!(link.not_followed().count(), 0);
        assert_eq!(metrics.count(Counter::SettingsRefused), 1);
    }

    #[test]
    fn a_port_that_could_not_be_taken_is_named_until_the_store_says_another() {
        let (mut link, mut metrics) = (link(), Metrics::default());
        link.settings_answered(Ok(stored(&[("server.port", "8080")])), &mut metrics);
        link.keeps_address("0.0.0.0".to_owned(), 7666, &mut metrics);
        assert!(link.not_followed().eq(["server.port"]));
        assert!(link.settings_answered(Ok(stored(&[("server.port", "7666")])), &mut metrics).is_none());
        assert_eq!(link.not_followed().count(), 0);
    }

    #[test]
    fn a_setting_that_vanishes_changes_nothing_and_one_that_comes_back_counts() {
        let (mut link, mut metrics) = (link(), Metrics::default());
        link.settings_answered(Ok(stored(&[("server.port", "8080")])), &mut metrics);
        assert!(link.settings_answered(Ok(stored(&[])), &mut metrics).is_none());
        let back = link.settings_answered(Ok(stored(&[("server.port", "8081")])), &mut metrics);
        assert!(matches!(back, Some(Order::Follow { .. })));
    }

    #[test]
    fn another_store_id_means_that_the_store_was_emptied() {
        let mut link = link();
        assert!(link.heartbeat_answered(Ok(beat("a", Vec::new()))).is_empty());
        let orders = link.heartbeat_answered(Ok(beat("b", vec![UserId(3)])));
        assert!(
            matches!(&orders[..], [Order::StoreEmptied, Order::CharactersTaken(taken)] if *taken == [UserId(3)])
        );
        assert!(link.heartbeat_answered(Ok(beat("b", Vec::new()))).is_empty());
    }
}
