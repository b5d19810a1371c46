//! Actions of operators and other servers: settings are changed, the server is stopped, the store emptied, characters
//! taken over. And the server's death.

use super::Simulation;
use super::events::Event;
use super::link;
use super::player::Existence;
use pyao_core::base::random::Random;
use pyao_core::content::{Content, Position};
use pyao_core::game::{Game, Input, Settings};
use pyao_core::protocol::outbox::ConnectionId;
use pyao_core::testing::MemoryStore;
use pyao_store::records::UserId;
use std::sync::Arc;

/// Unix seconds at the start of a run.
const UNIX_START: u64 = 1_700_000_000;
/// Time in which a server that is told to stop saves all players.
const SHUTDOWN_MS: u64 = 10_000;
/// A client whose system keeps little reads a full outbox within this time, however far away it is.
const LAST_READ_MS: u64 = 60_000;
/// After trouble of the store everything is written again within this time.
const RECOVERY_MS: u64 = 15_000;

/// Draws a few places to start from, near exits, so that players meet and cross from map to map.
pub fn starts(content: &Content, random: &mut Random) -> Vec<Position> {
    let exits: Vec<_> = content
        .maps()
        .take(8)
        .flat_map(|map| map.exits().map(|(x, y, _)| Position { map: map.number, x, y }))
        .collect();
    let draw = |_| exits[random.between(0, u32::try_from(exits.len()).unwrap_or(1) - 1) as usize];
    if exits.is_empty() { Vec::new() } else { (0..2).map(draw).collect() }
}

/// Values that an operator gives to live settings, valid ones and others; the first is the one that leaves players alone.
const VALUES: [(&str, [&str; 5]); 12] = [
    ("limits.handshake_seconds", ["0", "1", "5", "30", "many"]),
    ("limits.idle_minutes", ["0", "1", "5", "5", "-1"]),
    ("limits.logins_per_minute_per_ip", ["0", "0", "0", "6", "100001"]),
    ("limits.creations_per_day_per_ip", ["0", "0", "0", "2", ""]),
    ("limits.absent_characters", ["5000", "0", "2", "4", "4294967296"]),
    ("limits.absent_characters_per_ip", ["10", "0", "1", "2", "1.5"]),
    ("limits.packets_per_second", ["100", "0", "100000", "100", "none"]),
    ("game.disconnect_stay_seconds", ["3600", "0", "5", "40", "soon"]),
    ("game.dice_min", ["6", "6", "16", "12", "19"]),
    ("game.dice_max", ["18", "18", "14", "9", "0"]),
    (
        "game.motd",
        [
            "",
            "aviso 0",
            "aviso 0\naviso 1\naviso 2",
            "aviso",
            "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n",
        ],
    ),
    ("server.port", ["7666", "7667", "7668", "0", "65536"]),
];

/// Changes `count` settings in a store as an operator may, some to values that no server follows.
pub fn draw_settings(store: &mut MemoryStore, count: u32, random: &mut Random) {
    for _ in 0..count {
        let mut draw = |bound: usize| random.between(0, u32::try_from(bound).unwrap_or(1) - 1) as usize;
        let (name, values) = VALUES[draw(VALUES.len())];
        let (value, is_removed) = (values[draw(values.len())], draw(12) == 0);
        // Every name is that of a live setting.
        let _ = store.change_setting(name, (!is_removed).then_some(value));
    }
}

/// Creates a game of this run.
pub fn new_game(content: &Arc<Content>, settings: &Settings, seed: u64) -> Game {
    Game::new(Arc::clone(content), settings.clone(), seed, UNIX_START)
}

impl Simulation {
    pub(super) fn change_settings(&mut self) {
        let count = self.random.between(1, 4);
        draw_settings(&mut self.store.contents, count, &mut self.random);
        self.settings_changed_at = self.now;
    }

    /// Sets every setting so that it leaves players alone.
    pub(super) fn calm_settings(&mut self) {
        for (name, values) in VALUES {
            let changed = self.store.contents.change_setting(name, Some(values[0]));
            changed.map_or_else(|error| self.blame(error.to_string()), |_| ());
        }
        self.settings_changed_at = self.now;
    }

    /// Terminates the server: all players are notified and saved; then it starts again on the same store.
    pub(super) fn terminate(&mut self) {
        let reads = |(id, client): (&ConnectionId, &super::network::Client)| {
            (client.plays() && client.reads).then_some(*id)
        };
        let to_be_told: Vec<ConnectionId> = self.network.clients.iter().filter_map(reads).collect();
        self.goodbyes.clear();
        let was_well = self.is_store_well();
        self.input(Input::Shutdown);
        if self.network.clients.values().any(|client| client.plays()) {
            self.blame("somebody still plays while the server stops".into());
        }
        self.knock_while_stopping();
        let deadline = self.now + SHUTDOWN_MS;
        while self.now < deadline && !self.game.is_drained() {
            self.pass(50);
        }
        let is_drained = self.game.is_drained();
        self.wait_for_readers(&to_be_told);
        let is_excused = |id: &ConnectionId| self.goodbyes.contains(id) || self.network.broken.contains(id);
        if let Some(id) = to_be_told.iter().find(|id| !is_excused(id)) {
            self.blame(format!("connection {id} was not told that the server stops"));
        }
        if is_drained {
            self.report.note(if was_well { Event::DrainedAtOnce } else { Event::DrainedLate });
            self.finish_requests();
            let check = self.check_everything_is_stored();
            check.unwrap_or_else(|what| self.blame(format!("after a shutdown {what}")));
            self.start_anew();
        } else if was_well {
            self.blame("the server does not come to its end".into());
        } else {
            self.crash();
        }
    }

    /// Lets time pass until those clients have read everything. Bytes that waited before the goodbye come first, and travel
    /// one window at a time.
    fn wait_for_readers(&mut self, ids: &[ConnectionId]) {
        self.pass(400);
        let deadline = self.now + LAST_READ_MS;
        while self.now < deadline && ids.iter().any(|id| self.network.clients.contains_key(id)) {
            self.pass(50);
        }
    }

    fn knock_while_stopping(&mut self) {
        let id = self.connect(0, crate::shadow::Screen::Login);
        if self.network.clients.get(&id).is_some_and(super::network::Client::is_open) {
            self.blame("a server that stops lets somebody in".into());
        }
    }

    /// Lets the worker carry out all its requests before it ends.
    fn finish_requests(&mut self) {
        self.store.finish(self.now);
        self.hear_of_writes();
    }

    /// The server dies without a word; it starts again on the same store.
    pub(super) fn crash(&mut self) {
        let was_well = self.is_store_well();
        self.store.lose_server(&mut self.random);
        self.hear_of_writes();
        if self.emptied_at.is_some() {
            self.forget_lost();
        }
        let users: Vec<UserId> = self.ledger.users().collect();
        for user_id in users {
            let Some(stored) = self.store.contents.by_user(user_id) else {
                self.blame(format!("user {user_id} was created and is gone"));
                continue;
            };
            let crashed = self.ledger.crashed(&stored, was_well, self.now, &mut self.report);
            crashed.unwrap_or_else(|what| self.blame(what));
        }
        let lost = self.players.iter().find(|player| {
            player.existence == Existence::Yes && self.store.contents.by_name(&player.name).is_none()
        });
        if let Some(name) = lost.map(|player| player.name.clone()) {
            self.blame(format!("{name} had come in and is not stored"));
        }
        self.start_anew();
    }

    fn start_anew(&mut self) {
        self.store.start_worker(self.seed ^ self.starts);
        match link::start(&mut self.store.contents, &self.config) {
            Ok(link) => self.link = link,
            Err(error) => self.blame(error.to_string()),
        }
        self.settings = Settings::of(self.link.config());
        self.port = self.link.config().server.port;
        self.started_at = self.now;
        self.emptied_at = None;
        for user_id in std::mem::take(&mut self.untold) {
            self.release_later(user_id);
        }
        self.network.reset();
        self.players.iter_mut().for_each(|player| player.client = None);
        self.passwords = super::passwords::Passwords::default();
        self.ledger.forget_requests();
        self.starts += 1;
        self.game = new_game(&self.content, &self.settings, self.seed ^ (self.starts << 32));
    }

    /// Returns true if the store is well and has been for so long that everything is written.
    pub(super) fn is_store_well(&self) -> bool {
        let is_known = self.emptied_at.is_none() && self.untold.is_empty();
        is_known && self.store.is_well() && self.now >= self.troubled_until + RECOVERY_MS
    }

    /// Returns true if no player is on the way in.
    fn is_lobby_empty(&self) -> bool {
        self.network.clients.values().all(|client| client.plays() || !client.has_spoken)
    }

    /// Another server believes that ours is gone, and claims a character.
    pub(super) fn take_character(&mut self) -> bool {
        if !self.store.is_idle() || !self.is_lobby_empty() || self.emptied_at.is_some() {
            return false;
        }
        let free = |user_id: &UserId| !self.ledger.is_elsewhere(*user_id);
        let users: Vec<UserId> = self.ledger.users().filter(free).collect();
        if users.is_empty() {
            return false;
        }
        let user_id = users[self.draw(users.len())];
        self.store.contents.play_elsewhere(user_id);
        self.ledger.taken(user_id);
        self.untold.push(user_id);
        true
    }

    /// Ends what the other server is done with by now.
    pub(super) fn carry_releases(&mut self) {
        while let Some(place) = self.releases.iter().position(|(due, _)| *due <= self.now) {
            let (_, user_id) = self.releases.remove(place);
            self.store.contents.release(user_id);
            if let Some(stored) = self.store.contents.by_user(user_id) {
                self.ledger.believe(&stored, self.now);
            }
        }
    }

    /// Empties the store: characters held in memory are written back once the server has noticed, the others are gone.
    pub(super) fn empty_store(&mut self) -> bool {
        let elsewhere = self.ledger.users().any(|user_id| self.ledger.is_elsewhere(user_id));
        let is_quiet = self.emptied_at.is_none()
            && self.store.is_idle()
            && self.is_lobby_empty()
            && self.passwords.next_due().is_none();
        if elsewhere || !is_quiet {
            return false;
        }
        let users: Vec<UserId> = self.ledger.users().collect();
        for user_id in users.into_iter().filter(|user_id| !self.ledger.is_held(*user_id)).collect::<Vec<_>>()
        {
            self.forget_character(user_id);
        }
        self.store.contents.empty();
        self.emptied_at = Some(self.now);
        true
    }

    /// Forgets a character that is gone for good.
    pub(super) fn forget_character(&mut self, user_id: UserId) {
        let Some(name) = self.ledger.forget(user_id) else { return };
        for player in self.players.iter_mut().filter(|player| player.name == name) {
            player.existence = Existence::No;
        }
    }
}
