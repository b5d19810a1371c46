//! Actions of operators and other servers: settings are changed, the server is stopped, the store emptied, characters
//! taken over. And the server's death.

use super::Simulation;
use super::events::Event;
use super::player::Existence;
use pyao_core::base::random::Random;
use pyao_core::content::{Content, Position};
use pyao_core::game::{Game, Input, Settings};
use pyao_core::protocol::outbox::ConnectionId;
use pyao_store::records::UserId;
use pyao_store::server::ServerStatus;
use std::sync::Arc;

/// Unix seconds at the start of a run.
const UNIX_START: u64 = 1_700_000_000;
/// Time in which a server that is told to stop saves all players.
const SHUTDOWN_MS: u64 = 10_000;
/// After trouble of the store everything is written again within this time.
const RECOVERY_MS: u64 = 15_000;

/// Something that happens by itself, later.
#[derive(Debug, Clone, Copy)]
pub enum Later {
    /// Notifies our server that another has taken the character.
    TellTaken(UserId),
    /// The other server is done with it.
    Release(UserId),
}

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

/// Settings as an operator may choose them.
pub fn draw_settings(start_positions: Vec<Position>, random: &mut Random) -> Settings {
    let mut pick = |values: [u64; 4]| values[random.between(0, 3) as usize];
    let motd_lines = pick([0, 0, 1, 5]);
    Settings {
        start_positions,
        handshake_ms: pick([0, 200, 5_000, 30_000]),
        idle_ms: pick([0, 60_000, 300_000, 300_000]),
        logins_per_minute_per_ip: u32::try_from(pick([0, 0, 0, 6])).unwrap_or(0),
        creations_per_day_per_ip: u32::try_from(pick([0, 0, 0, 2])).unwrap_or(0),
        absent_characters: u32::try_from(pick([0, 2, 4, 5_000])).unwrap_or(0),
        absent_characters_per_ip: u32::try_from(pick([0, 1, 2, 10])).unwrap_or(0),
        // Every line of chat must be received.
        chat_per_second: 0,
        disconnect_stay_ms: pick([0, 5_000, 40_000, 3_600_000]),
        dice_range: if pick([0, 0, 0, 1]) == 0 { (6, 18) } else { (16, 18) },
        motd: (0..motd_lines).map(|line| format!("aviso {line}")).collect(),
        ..Settings::default()
    }
}

/// Creates a game of this run.
pub fn new_game(content: &Arc<Content>, settings: &Settings, seed: u64) -> Game {
    Game::new(Arc::clone(content), settings.clone(), seed, UNIX_START)
}

impl Simulation {
    pub(super) fn change_settings(&mut self) {
        let start_positions = self.settings.start_positions.clone();
        self.settings = draw_settings(start_positions, &mut self.random);
        self.input(Input::Settings(Box::new(self.settings.clone())));
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
        self.pass(400);
        if let Some(id) = to_be_told.iter().find(|id| !self.goodbyes.contains(id)) {
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
        self.store.start_server(self.seed ^ self.starts);
        self.network.reset();
        self.players.iter_mut().for_each(|player| player.client = None);
        self.passwords = super::passwords::Passwords::default();
        self.ledger.forget_requests();
        self.later.retain(|(_, later)| matches!(later, Later::Release(_)));
        self.starts += 1;
        self.game = new_game(&self.content, &self.settings, self.seed ^ (self.starts << 32));
    }

    /// Returns true if the store is well and has been for so long that everything is written.
    fn is_store_well(&self) -> bool {
        self.store.is_well() && self.now >= self.troubled_until + RECOVERY_MS
    }

    /// Returns true if no player is on the way in.
    fn is_lobby_empty(&self) -> bool {
        self.network.clients.values().all(|client| client.plays() || !client.has_spoken)
    }

    /// Another server believes that ours is gone, and claims a character.
    pub(super) fn take_character(&mut self) -> bool {
        if !self.store.is_idle() || !self.is_lobby_empty() {
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
        let told = self.now + self.draw(4_000) as u64;
        let released = told + 1 + self.draw(20_000) as u64;
        // Until then a save that holds it is refused, and with it all the others.
        self.troubled_until = self.troubled_until.max(told);
        self.later.push((told, Later::TellTaken(user_id)));
        self.later.push((released, Later::Release(user_id)));
        true
    }

    /// Serves the operator's due events.
    pub(super) fn carry_later(&mut self) {
        while let Some(place) = self.later.iter().position(|(due, _)| *due <= self.now) {
            match self.later.remove(place).1 {
                Later::TellTaken(user_id) => {
                    self.input(Input::CharactersTaken(vec![user_id]));
                    if self.game.players().by_user(user_id).is_some() {
                        self.blame(format!("user {user_id} plays here and on another server"));
                    }
                }
                Later::Release(user_id) => {
                    self.store.contents.release(user_id);
                    if let Some(stored) = self.store.contents.by_user(user_id) {
                        self.ledger.believe(&stored, self.now);
                    }
                }
            }
        }
    }

    /// Empties the store: characters held in memory are written back, the others are gone.
    pub(super) fn empty_store(&mut self) -> bool {
        let elsewhere = self.ledger.users().any(|user_id| self.ledger.is_elsewhere(user_id));
        let is_quiet = self.store.is_idle() && self.is_lobby_empty() && self.passwords.next_due().is_none();
        if elsewhere || !is_quiet {
            return false;
        }
        let users: Vec<UserId> = self.ledger.users().collect();
        for user_id in users.into_iter().filter(|user_id| !self.ledger.is_held(*user_id)).collect::<Vec<_>>()
        {
            self.ledger.forget(user_id);
            let stored = self.store.contents.by_user(user_id);
            let name = stored.map(|stored| stored.account.account.username).unwrap_or_default();
            for player in self.players.iter_mut().filter(|player| player.name == name) {
                player.existence = Existence::No;
                player.passwords.truncate(1);
            }
        }
        self.store.contents.empty();
        // The server's heartbeat finds it.
        let heartbeat = self.store.contents.heartbeat(&ServerStatus::default());
        heartbeat.map_or_else(|error| self.blame(error.to_string()), |_| ());
        self.input(Input::StoreEmptied);
        true
    }
}
