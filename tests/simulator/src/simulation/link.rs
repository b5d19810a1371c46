//! The server's own dealings with the store, by the server's own follower: heartbeats, live settings, and a store that
//! was emptied or has characters for another server.

use super::Simulation;
use super::check::same;
use super::events::Event;
use pyao_config::store_link::{Order, StoreLink};
use pyao_config::{Config, Loaded, live};
use pyao_core::game::{Input, Settings};
use pyao_core::settings::Consumer;
use pyao_core::testing::MemoryStore;
use pyao_store::records::UserId;
use pyao_store::server::{Heartbeat, ServerStatus};
use pyao_store::{ServerSettings, StoreError, Ticket};

/// Address that the server listens on.
const HOST: &str = "0.0.0.0";
/// Players' sockets that the system has room for.
const ROOM: u32 = 1_000;
/// A healthy store's settings are followed within this time, in milliseconds: a period of looking, and its answer.
const FOLLOWED_WITHIN: u64 = 2_000;

/// Starts a server on a store, with `config` as its file says: what the store says of live settings wins, and it is
/// given what it lacks.
///
/// # Errors
/// The store's.
pub fn start(store: &mut MemoryStore, config: &Config) -> Result<StoreLink, StoreError> {
    let registration = store.start_run();
    let server = registration.run.server.clone();
    let mut loaded = Loaded::with_defaults(config.clone());
    let overlaid = loaded.lay_store_over(&store.settings_of(&server).effective());
    store.seed_settings(&loaded.live_settings())?;
    let seen = store.settings_of(&server);
    Ok(StoreLink::new(loaded.config, seen, overlaid.refused, registration))
}

impl Simulation {
    /// Asks the store what is due.
    pub(super) fn tell_store(&mut self) {
        let open = self.network.clients.values().filter(|client| client.is_open()).count();
        let connections = u32::try_from(open).unwrap_or(u32::MAX);
        self.link.connections_are(connections);
        if self.link.is_heartbeat_due(self.now) {
            let status = ServerStatus {
                connections,
                players: u32::try_from(self.game.online()).unwrap_or(u32::MAX),
                settings: self.link.in_force(HOST, self.port, ROOM),
                refused: self.link.told_refusals(ROOM),
                ..ServerStatus::default()
            };
            let heartbeat = self.link.heartbeat(self.now, status);
            self.store.ask(heartbeat);
        }
        if let Some(look) = self.link.look_at_settings(self.now) {
            self.store.ask(look);
        }
    }

    /// Takes the store's answer to a heartbeat, of the server or of its worker.
    pub(super) fn heartbeat_answered(&mut self, result: Result<Heartbeat, StoreError>) {
        for order in self.link.heartbeat_answered(result) {
            self.follow(order);
        }
    }

    /// Takes the store's answer to a request for the settings.
    pub(super) fn settings_answered(&mut self, result: Result<ServerSettings, StoreError>) {
        if let Some(order) = self.link.settings_answered(result) {
            self.follow(order);
        }
        for _ in 0..self.link.take_refusals() {
            self.report.note(Event::SettingRefused);
        }
    }

    /// Does what the follower asks, as the loop does.
    fn follow(&mut self, order: Order) {
        match order {
            Order::Follow { changed, config } => self.follow_settings(&changed, &config),
            Order::Tell(Input::CharactersTaken(users)) => self.hear_of_taken(users),
            Order::Tell(input) => self.input(input),
            Order::StoreEmptied => {
                match self.emptied_at {
                    Some(at) if at < self.now => self.report.note(Event::EmptiedNoticedLate),
                    Some(_) => {}
                    None => self.blame("the server believes that the store was emptied".into()),
                }
                let seeds = self.link.seed_settings();
                self.store.ask(seeds);
            }
            Order::Replaced(error) => self.blame(error.to_string()),
        }
    }

    fn follow_settings(&mut self, changed: &[&str], config: &Config) {
        self.trace(|| format!("follows {changed:?}"));
        self.report.note(Event::SettingFollowed);
        let consumers = live::consumers(changed);
        if consumers.contains(&Consumer::Listener) && config.server.port != self.port {
            if self.draw(2) == 0 {
                self.port = config.server.port;
                self.link.has_rebound();
            } else {
                self.report.note(Event::AddressKept);
                self.link.keeps_address(HOST.to_owned(), self.port, "simulated");
            }
        }
        if consumers.contains(&Consumer::Game) {
            self.settings = Settings::of(config);
            self.input(Input::Settings(Box::new(self.settings.clone())));
        }
    }

    /// Tells the game of characters that another server has. Each heartbeat tells so until the server has them back.
    fn hear_of_taken(&mut self, users: Vec<UserId>) {
        self.input(Input::CharactersTaken(users.clone()));
        for user_id in users {
            let Some(place) = self.untold.iter().position(|untold| *untold == user_id) else { continue };
            self.untold.remove(place);
            // Until now a save that held it was refused, and with it all the others.
            self.troubled_until = self.troubled_until.max(self.now);
            self.release_later(user_id);
            if self.game.players().by_user(user_id).is_some() {
                self.blame(format!("user {user_id} plays here and on another server"));
            }
        }
    }

    /// The other server will be done with the character in a while.
    pub(super) fn release_later(&mut self, user_id: UserId) {
        let released = self.now + 1 + self.draw(20_000) as u64;
        self.releases.push((released, user_id));
    }

    /// Takes note of the answer to the server's settings for an emptied store.
    pub(super) fn seeded(&mut self, ticket: Ticket, result: &Result<(), StoreError>) {
        if ticket == Ticket(0) {
            self.settings_changed_at = self.now;
            if result.is_ok() {
                self.report.note(Event::SettingsSeeded);
            }
        }
    }

    /// Checks that each live setting of the store is in force, or refused for a reason, once there was time to follow.
    pub(super) fn check_settings(&self) -> Result<(), String> {
        let is_time = self.now > self.settings_changed_at.max(self.started_at) + FOLLOWED_WITHIN;
        if !is_time || !self.is_store_well() {
            return Ok(());
        }
        let stored = self.store.contents.settings_of(self.link.server());
        let config = self.link.config();
        for key in live::keys() {
            let Some(value) = stored.get(key) else { continue };
            let is_refused = self.link.not_followed().any(|name| name == key);
            let mut followed = config.clone();
            let is_valid = live::set(&mut followed, key, value).is_ok();
            let is_in_force = is_valid && followed == *config;
            let may_be_refused = !is_valid || key == "server.port";
            if is_refused == is_in_force || (is_refused && !may_be_refused) {
                let in_force = live::text(config, key).unwrap_or_default();
                return Err(format!(
                    "{key}: {value:?} in the store, {in_force:?} in force, refused: {is_refused}"
                ));
            }
        }
        Ok(())
    }

    /// Checks that the last heartbeat told what is in force.
    pub(super) fn check_told(&self) -> Result<(), String> {
        let servers = self.store.contents.servers();
        let own = servers.into_iter().find(|live| live.run.server == *self.link.server());
        let told = own.map(|live| (live.status.settings, live.status.refused)).unwrap_or_default();
        let now = (self.link.in_force(HOST, self.port, ROOM), self.link.told_refusals(ROOM));
        same("the settings that a heartbeat told", told, now)
    }

    /// Forgets the characters that went with an emptied store when the server died before it had written them back.
    pub(super) fn forget_lost(&mut self) {
        let is_lost = |user_id: &UserId| self.store.contents.by_user(*user_id).is_none();
        let users: Vec<UserId> = self.ledger.users().filter(is_lost).collect();
        for user_id in users {
            self.forget_character(user_id);
        }
    }
}
