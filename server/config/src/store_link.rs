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
mod tests;
