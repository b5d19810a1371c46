//! The server's own dealings with the store: it tells that it lives and how it is, and follows the live settings.
//!
//! Every five seconds a heartbeat (every second while connections come and go), every second a look at the settings,
//! each only when the one before was answered: a store that hangs is asked nothing twice. A setting that is not valid,
//! or that cannot be followed, is logged and counted once and named by `/health`, and the old value stays in force; so
//! is one that was not valid at the start already.
//!
//! Each heartbeat carries the value in force of every live setting, and the reason of each refusal. A change of them
//! sends the next one at once: a tool that has changed a setting waits for it.
//!
//! No I/O: requests and answers pass through the caller, who also brings the time.

use std::collections::{BTreeMap, BTreeSet};

use crate::Config;
use crate::live::{self, Refused};
use pyao_core::game::{Input, Millis};
use pyao_core::settings::excerpt;
use pyao_store::server::{Heartbeat, Refusal, Registration, ServerId, ServerStatus};
use pyao_store::{Request, ServerSettings, Settings, StoreError, Ticket};

const HEARTBEAT_EVERY_MS: Millis = 5_000;
/// Between two heartbeats when the number of connections changes.
const COUNT_EVERY_MS: Millis = 1_000;
const SETTINGS_EVERY_MS: Millis = 1_000;
/// The game never draws this ticket.
const TICKET: Ticket = Ticket(0);
const MAX_CONNECTIONS: &str = "server.max_connections";

/// Work for the rest of the loop that follows from an answer of the store.
#[derive(Debug)]
pub enum Order {
    /// These settings are other ones now; this is the whole configuration.
    Follow {
        /// Their names.
        changed: Vec<&'static str>,
        /// The configuration with them.
        config: Box<Config>,
    },
    /// The game hears this, before it hears what the store answered later.
    Tell(Input),
    /// The store was emptied or swapped: it lacks the live settings.
    StoreEmptied,
    /// Another server runs under our name: this one must end.
    Replaced(StoreError),
}

/// See the module.
pub struct StoreLink {
    /// Settings in force.
    config: Config,
    /// This server, as the store knows it.
    server: ServerId,
    /// Last stored value of each live setting, valid or not.
    seen: ServerSettings,
    /// Settings whose value in the store is not valid.
    refused: Refused,
    /// Settings whose value in the store could not be followed.
    not_followed: Refused,
    store_id: String,
    heartbeat_at: Millis,
    /// Connections that the last heartbeat told, and when it was sent.
    told: Option<(u32, Millis)>,
    /// The store's refusal of the last heartbeat: logged once.
    refusal: Option<StoreError>,
    settings_at: Millis,
    awaits_heartbeat: bool,
    awaits_settings: bool,
    /// True if the settings that are awaited were asked for before the store was emptied.
    awaits_stale_settings: bool,
    /// Stored values refused since the last look.
    new_refusals: u64,
}

impl StoreLink {
    /// Returns the link of the server that `registration` names, which runs under `config`, `seen` being what the store said of
    /// live settings at the start, and `refused` those of them that were not valid and have been logged.
    pub fn new(config: Config, seen: ServerSettings, refused: Refused, registration: Registration) -> Self {
        let new_refusals = refused.len() as u64;
        Self {
            config,
            server: registration.run.server,
            seen,
            refused,
            not_followed: Refused::new(),
            store_id: registration.store_id,
            heartbeat_at: 0,
            told: None,
            refusal: None,
            settings_at: SETTINGS_EVERY_MS,
            awaits_heartbeat: false,
            awaits_settings: false,
            awaits_stale_settings: false,
            new_refusals,
        }
    }

    /// Returns how many stored values were refused since the last call.
    pub fn take_refusals(&mut self) -> u64 {
        std::mem::take(&mut self.new_refusals)
    }

    /// Returns this server's name in the store.
    #[must_use]
    pub fn server(&self) -> &ServerId {
        &self.server
    }

    /// Returns the configuration in force, as far as settings say.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Returns the time at which a request is due without an event.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Millis> {
        let heartbeat = (!self.awaits_heartbeat).then_some(self.heartbeat_at);
        let settings = (!self.awaits_settings).then_some(self.settings_at);
        [heartbeat, settings].into_iter().flatten().min()
    }

    /// Records the connection count; a change brings the next heartbeat forward.
    pub fn connections_are(&mut self, connections: u32) {
        if let Some((_, at)) = self.told.filter(|(told, _)| *told != connections) {
            self.heartbeat_at = self.heartbeat_at.min(at + COUNT_EVERY_MS);
        }
    }

    /// Returns true if a heartbeat is due.
    #[must_use]
    pub fn is_heartbeat_due(&self, now: Millis) -> bool {
        !self.awaits_heartbeat && now >= self.heartbeat_at
    }

    /// Returns the heartbeat to send.
    pub fn heartbeat(&mut self, now: Millis, status: ServerStatus) -> Request {
        self.awaits_heartbeat = true;
        self.heartbeat_at = now + HEARTBEAT_EVERY_MS;
        self.told = Some((status.connections, now));
        Request::Heartbeat { ticket: TICKET, status: Box::new(status) }
    }

    /// Returns the request for the settings, when it is due.
    pub fn look_at_settings(&mut self, now: Millis) -> Option<Request> {
        if self.awaits_settings || now < self.settings_at {
            return None;
        }
        self.awaits_settings = true;
        self.settings_at = now + SETTINGS_EVERY_MS;
        Some(Request::ReadSettings { ticket: TICKET, server: self.server.clone() })
    }

    /// Takes the store's answer to a heartbeat.
    pub fn heartbeat_answered(&mut self, result: Result<Heartbeat, StoreError>) -> Vec<Order> {
        self.awaits_heartbeat = false;
        let mut orders = Vec::new();
        match result {
            Ok(heartbeat) => {
                if self.is_file_replaced() {
                    log::info!("the store's files are back in their place");
                }
                self.refusal = None;
                if heartbeat.store_id == self.store_id {
                    orders.push(Order::Tell(Input::StoreConfirmed));
                } else {
                    self.store_id = heartbeat.store_id;
                    // Another server may have filled the store already, while our own settings are not back.
                    self.awaits_stale_settings = self.awaits_settings;
                    orders.extend([Order::Tell(Input::StoreEmptied), Order::StoreEmptied]);
                }
                if !heartbeat.taken.is_empty() {
                    orders.push(Order::Tell(Input::CharactersTaken(heartbeat.taken)));
                }
            }
            Err(error @ (StoreError::ServerReplaced(_) | StoreError::Newer(_))) => {
                orders.push(Order::Replaced(error))
            }
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

    /// Returns true if the store's files were removed or replaced: saved data is gone when the server ends.
    #[must_use]
    pub fn is_file_replaced(&self) -> bool {
        matches!(self.refusal, Some(StoreError::FileReplaced { .. }))
    }

    /// Takes the store's answer to a request for the settings.
    pub fn settings_answered(&mut self, result: Result<ServerSettings, StoreError>) -> Option<Order> {
        self.awaits_settings = false;
        if std::mem::take(&mut self.awaits_stale_settings) {
            return None;
        }
        let stored = result.ok()?;
        // A key that is missing in an emptied store was not removed: the heartbeat reports the emptying.
        if stored == self.seen || stored.store_id.as_ref() != Some(&self.store_id) {
            return None;
        }
        self.tell_of_own(&stored);
        let changed = self.take_in(&stored);
        self.seen = stored;
        (!changed.is_empty()).then(|| Order::Follow { changed, config: Box::new(self.config.clone()) })
    }

    /// Logs the changes of all servers' settings that this server does not follow, as it has its own.
    fn tell_of_own(&self, stored: &ServerSettings) {
        for (name, own) in &stored.own {
            let shared = stored.shared.get(name);
            if let Some(value) = shared.filter(|value| self.seen.shared.get(name) != Some(*value)) {
                log::info!("{name}: {value:?} for all servers; this one keeps its own, {own:?}");
            }
        }
    }

    /// Follows what the store says anew, and gives the names of what changed.
    fn take_in(&mut self, stored: &ServerSettings) -> Vec<&'static str> {
        let news: Vec<_> = live::keys().filter(|key| stored.get(key) != self.seen.get(key)).collect();
        if news.is_empty() {
            return Vec::new();
        }
        self.tell_soon();
        for key in &news {
            self.not_followed.remove(key);
        }
        // A value that was refused for the sake of another setting may be valid now.
        let asked = live::keys().filter(|key| news.contains(key) || self.refused.contains_key(key));
        let changes: Vec<(&str, &str)> = asked.filter_map(|key| Some((key, stored.get(key)?))).collect();
        self.refused.retain(|key, _| !news.contains(key));
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
                    let value = excerpt(value).into_owned();
                    let refusal = Refusal { value: value.clone(), reason: format!("expected {expected}") };
                    if self.refused.insert(key, refusal).is_none() {
                        self.new_refusals += 1;
                        log::warn!(
                            "{key}: the store says {value:?}, expected {expected}; {before:?} stays in force"
                        );
                    }
                }
            }
        }
        changed
    }

    /// Takes note that the server listens where the settings say.
    pub fn has_rebound(&mut self) {
        self.tell_soon();
    }

    /// Takes note that the server goes on listening where it did, at `host` and `port`: it could not follow, for that
    /// reason.
    pub fn keeps_address(&mut self, host: String, port: u16, reason: &str) {
        self.new_refusals += 1;
        self.tell_soon();
        let server = &mut self.config.server;
        let kept = [("server.host", server.host != host), ("server.port", server.port != port)];
        (server.host, server.port) = (host, port);
        for (key, _) in kept.into_iter().filter(|(_, is_kept)| *is_kept) {
            let value = self.seen.get(key).unwrap_or_default().to_owned();
            self.not_followed.insert(key, Refusal { value, reason: reason.to_owned() });
        }
    }

    /// Makes the next heartbeat due at once.
    fn tell_soon(&mut self) {
        self.heartbeat_at = 0;
    }

    /// Returns the value in force of every live setting, where the server listens at `host` and `port` and has room for so many
    /// connections.
    #[must_use]
    pub fn in_force(&self, host: &str, port: u16, connections: u32) -> Settings {
        let mut settings = self.effective();
        settings.insert(MAX_CONNECTIONS.to_owned(), connections.to_string());
        settings.insert("server.host".to_owned(), host.to_owned());
        settings.insert("server.port".to_owned(), port.to_string());
        settings
    }

    /// Returns the reasons for which stored values are not in force, for a heartbeat of a server with room for
    /// `connections`.
    #[must_use]
    pub fn told_refusals(&self, connections: u32) -> BTreeMap<String, Refusal> {
        let wanted = self.config.server.max_connections;
        let lowered = (connections < wanted).then(|| Refusal {
            value: wanted.to_string(),
            reason: format!("lowered to {connections}: the system allows too few open files"),
        });
        let refusals = self.refusals().map(|(key, refusal)| (key.to_owned(), refusal.clone()));
        refusals.chain(lowered.map(|refusal| (MAX_CONNECTIONS.to_owned(), refusal))).collect()
    }

    /// Yields the reasons for which stored values are not in force.
    pub fn refusals(&self) -> impl Iterator<Item = (&'static str, &Refusal)> + '_ {
        self.refused.iter().chain(&self.not_followed).map(|(key, refusal)| (*key, refusal))
    }

    /// Yields the names of the live settings whose value in the store is not in force.
    pub fn not_followed(&self) -> impl Iterator<Item = &'static str> + '_ {
        let both: BTreeSet<_> = self.refusals().map(|(key, _)| key).collect();
        both.into_iter()
    }

    /// Returns the request that gives a store the live settings that it lacks.
    #[must_use]
    pub fn seed_settings(&self) -> Request {
        let mut shared = self.effective();
        // Values of this server alone, its own settings or any free port, are not for the others.
        live::own_keys().for_each(|key| drop(shared.remove(key)));
        let is_in_force = |name: &str| self.refusals().all(|(refused, _)| refused != name);
        let stored = self.seen.shared.iter().filter(|(name, _)| is_in_force(name));
        shared.extend(stored.map(|(name, value)| (name.clone(), value.clone())));
        let settings = ServerSettings { shared, own: self.seen.own.clone(), store_id: None };
        Request::SeedSettings { ticket: TICKET, server: self.server.clone(), settings }
    }

    fn effective(&self) -> Settings {
        live::keys().filter_map(|key| Some((key.to_owned(), live::text(&self.config, key)?))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pyao_store::records::UserId;
    use pyao_store::server::ServerRun;

    fn link() -> StoreLink {
        let (seen, refused) = (ServerSettings::default(), Refused::new());
        StoreLink::new(Config::default(), seen, refused, registration())
    }

    fn registration() -> Registration {
        let run = ServerRun { server: ServerId::new("norte").unwrap(), epoch: 1 };
        Registration { run, store_id: "a".to_owned(), sessions_disconnected: 0 }
    }

    fn settings(pairs: &[(&str, &str)]) -> Settings {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    fn stored(pairs: &[(&str, &str)]) -> ServerSettings {
        ServerSettings { shared: settings(pairs), ..nothing() }
    }

    fn nothing() -> ServerSettings {
        ServerSettings { store_id: Some("a".to_owned()), ..ServerSettings::default() }
    }

    fn refusal(value: &str, reason: &str) -> Refusal {
        Refusal { value: value.to_owned(), reason: reason.to_owned() }
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
        let mut link = link();
        let values =
            stored(&[("server.port", "8080"), ("limits.idle_minutes", "many"), ("game.motd", "hola")]);
        let Some(Order::Follow { changed, config }) = link.settings_answered(Ok(values.clone())) else {
            panic!("nothing to follow")
        };
        assert_eq!(changed, ["server.port", "game.motd"]);
        assert_eq!((config.server.port, config.limits.idle_minutes), (8_080, 5));
        assert!(link.settings_answered(Ok(values)).is_none());
        assert_eq!(link.take_refusals(), 1);
        assert!(link.not_followed().eq(["limits.idle_minutes"]));
        link.settings_answered(Ok(stored(&[("limits.idle_minutes", "7")])));
        assert_eq!(link.not_followed().count(), 0);
    }

    #[test]
    fn what_was_refused_at_the_start_is_counted_once_and_named_until_the_store_says_another() {
        let key = "limits.idle_minutes";
        let (seen, refused) = (stored(&[(key, "many")]), Refused::from([(key, refusal("many", "wrong"))]));
        let mut link = StoreLink::new(Config::default(), seen.clone(), refused, registration());
        assert!(link.settings_answered(Ok(seen)).is_none());
        assert!(link.not_followed().eq([key]));
        assert_eq!(link.take_refusals(), 1);
        link.settings_answered(Ok(stored(&[(key, "7")])));
        assert_eq!(link.not_followed().count(), 0);
    }

    #[test]
    fn what_was_refused_for_the_sake_of_another_setting_is_followed_once_that_has_changed() {
        let mut link = link();
        let (min, max) = (("game.dice_min", "12"), ("game.dice_max", "9"));
        link.settings_answered(Ok(stored(&[max])));
        assert!(link.settings_answered(Ok(stored(&[min, max]))).is_none());
        assert!(link.not_followed().eq(["game.dice_min"]));
        let order = link.settings_answered(Ok(stored(&[min, ("game.dice_max", "14")])));
        let Some(Order::Follow { changed, config }) = order else { panic!("nothing is followed") };
        assert_eq!((changed.len(), config.game.dice_min, config.game.dice_max), (2, 12, 14));
        assert_eq!(link.not_followed().count(), 0);
        assert_eq!(link.take_refusals(), 1);
    }

    #[test]
    fn a_port_that_could_not_be_taken_is_named_until_the_store_says_another() {
        let mut link = link();
        link.settings_answered(Ok(stored(&[("server.port", "8080")])));
        link.keeps_address("0.0.0.0".to_owned(), 7666, "port in use");
        assert!(link.not_followed().eq(["server.port"]));
        assert!(link.refusals().eq([("server.port", &refusal("8080", "port in use"))]));
        assert!(link.settings_answered(Ok(stored(&[("server.port", "7666")]))).is_none());
        assert_eq!(link.not_followed().count(), 0);
    }

    #[test]
    fn a_setting_that_vanishes_changes_nothing_and_one_that_comes_back_counts() {
        let mut link = link();
        link.settings_answered(Ok(stored(&[("server.port", "8080")])));
        assert!(link.settings_answered(Ok(stored(&[]))).is_none());
        let back = link.settings_answered(Ok(stored(&[("server.port", "8081")])));
        assert!(matches!(back, Some(Order::Follow { .. })));
    }

    #[test]
    fn a_change_of_a_setting_is_told_at_once_and_a_refused_one_with_its_reason() {
        let mut link = link();
        let tell = |link: &mut StoreLink, now| {
            assert!(link.is_heartbeat_due(now));
            link.heartbeat(now, ServerStatus::default());
            link.heartbeat_answered(Ok(beat("a", Vec::new())));
            assert!(!link.is_heartbeat_due(now + 1));
        };
        tell(&mut link, 10_000);
        let news = [("limits.idle_minutes", "7"), ("server.max_connections", "no")];
        link.settings_answered(Ok(stored(&news)));
        tell(&mut link, 10_100);
        let in_force = link.in_force("::1", 7_777, 1_000);
        assert_eq!(in_force.len(), live::keys().count());
        let value = |key: &str| in_force[key].as_str();
        assert_eq!((value("limits.idle_minutes"), value("server.max_connections")), ("7", "1000"));
        assert_eq!((value("server.host"), value("server.port")), ("::1", "7777"));
        let wrong = refusal("no", "expected a whole number from 1 to 30000");
        assert!(link.refusals().eq([("server.max_connections", &wrong)]));
        assert_eq!(link.told_refusals(1_000), [("server.max_connections".to_owned(), wrong)].into());
        link.has_rebound();
        tell(&mut link, 10_200);
        link.keeps_address("0.0.0.0".to_owned(), 7666, "port in use");
        tell(&mut link, 10_300);
    }

    #[test]
    fn a_limit_that_the_system_lowers_is_told_as_it_is_in_force() {
        let mut link = link();
        let wanted = stored(&[("server.max_connections", "20000")]);
        link.settings_answered(Ok(wanted));
        assert_eq!(link.in_force("::1", 7_777, 900)["server.max_connections"], "900");
        let lowered = refusal("20000", "lowered to 900: the system allows too few open files");
        assert_eq!(link.told_refusals(900), [("server.max_connections".to_owned(), lowered)].into());
        assert_eq!(link.told_refusals(20_000), BTreeMap::new());
        assert_eq!(link.not_followed().count(), 0);
    }

    #[test]
    fn a_servers_own_setting_wins_and_the_one_of_all_counts_again_when_it_is_gone() {
        let mut link = link();
        let mut port = |shared: &[(&str, &str)], own: &[(&str, &str)]| {
            let stored = ServerSettings { shared: settings(shared), own: settings(own), ..nothing() };
            match link.settings_answered(Ok(stored)) {
                Some(Order::Follow { config, .. }) => Some(config.server.port),
                _ => None,
            }
        };
        let own = [("server.port", "8081")];
        assert_eq!(port(&[("server.port", "8080")], &own), Some(8_081));
        assert_eq!(port(&[("server.port", "8082")], &own), None);
        assert_eq!(port(&[("server.port", "8082")], &[]), Some(8_082));
    }

    #[test]
    fn a_store_that_was_emptied_gets_each_setting_where_it_was() {
        let mut link = link();
        let own = settings(&[("server.port", "8081")]);
        let shared = settings(&[("server.port", "8080"), ("limits.idle_minutes", "7")]);
        link.settings_answered(Ok(ServerSettings { shared, own: own.clone(), ..nothing() }));
        let emptied = ServerSettings { store_id: Some("b".to_owned()), ..ServerSettings::default() };
        assert!(link.settings_answered(Ok(emptied)).is_none());
        let missing = ServerSettings::default();
        assert!(link.settings_answered(Ok(missing)).is_none());
        let Request::SeedSettings { server, settings, .. } = link.seed_settings() else { panic!("no seeds") };
        assert_eq!((server.as_str(), settings.own), ("norte", own));
        assert_eq!(
            (&*settings.shared["server.port"], &*settings.shared["limits.idle_minutes"]),
            ("8080", "7")
        );
    }

    #[test]
    fn settings_that_were_asked_for_before_the_store_was_emptied_are_not_followed() {
        let mut link = link();
        let own = settings(&[("server.port", "8081")]);
        let shared = settings(&[("server.port", "8080")]);
        let both = ServerSettings { shared: shared.clone(), own, ..nothing() };
        link.settings_answered(Ok(both.clone()));
        assert!(link.look_at_settings(10_000).is_some());
        link.heartbeat_answered(Ok(beat("b", Vec::new())));
        // Another server has written the settings of all into the new store.
        let id = || Some("b".to_owned());
        let without_own = ServerSettings { shared, own: Settings::new(), store_id: id() };
        assert!(link.settings_answered(Ok(without_own)).is_none());
        assert!(link.look_at_settings(11_000).is_some());
        assert!(link.settings_answered(Ok(ServerSettings { store_id: id(), ..both })).is_none());
        assert_eq!(link.config.server.port, 8_081);
    }

    #[test]
    fn another_store_id_means_that_the_store_was_emptied() {
        let mut link = link();
        let heard = |link: &mut StoreLink, store_id, taken| {
            let orders = link.heartbeat_answered(Ok(beat(store_id, taken)));
            orders.iter().map(|order| format!("{order:?}")).collect::<Vec<_>>()
        };
        assert_eq!(heard(&mut link, "a", Vec::new()), ["Tell(StoreConfirmed)"]);
        assert_eq!(
            heard(&mut link, "b", vec![UserId(3)]),
            ["Tell(StoreEmptied)", "StoreEmptied", "Tell(CharactersTaken([UserId(3)]))"]
        );
        assert_eq!(heard(&mut link, "b", Vec::new()), ["Tell(StoreConfirmed)"]);
    }
}
