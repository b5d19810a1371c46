//! Players who walk about together while Redis is stopped, emptied or hung.

use std::time::{Duration, Instant};

use pyao_tests::bot::{Bot, STEP};
use pyao_tests::process::Server;
use pyao_tests::redis_server::RedisServer;
use pyao_tests::suite::{LONG, check, create, place, wait_until};

use crate::support::stored_place;

/// Start of every character, and its stored position until it has walked, also if it had to be put beside.
const HOME: Place = (1, 58, 45);

/// Map and tile.
pub type Place = (i16, u8, u8);

/// See the module.
pub struct Crowd {
    names: Vec<String>,
    pub bots: Vec<Bot>,
    /// Tile on which each was put at first.
    pub put_at: Vec<Place>,
    steps: usize,
}

impl Crowd {
    /// Creates new players, each under a name of its own.
    pub fn create(server: &Server, size: usize) -> Self {
        let names: Vec<String> = (0..size).map(|number| format!("Bot{number}")).collect();
        let mut bots: Vec<Bot> = names.iter().map(|name| create(server, name)).collect();
        let put_at = bots.iter_mut().map(place).collect();
        Self { names, bots, put_at, steps: 0 }
    }

    /// Takes a step with every bot, at the pace of the real client; each answers a ping now and then.
    pub fn step(&mut self) {
        let end = Instant::now() + STEP;
        let size = self.bots.len();
        self.steps += 1;
        for (number, bot) in self.bots.iter_mut().enumerate() {
            let heading = u8::try_from((self.steps / 3 + number) % 4).unwrap() + 1;
            bot.walk(heading).unwrap();
            bot.pump(Duration::ZERO).unwrap();
            if self.steps % size == number {
                bot.sync().unwrap();
            }
        }
        self.bots[0].pump_for(end.saturating_duration_since(Instant::now())).unwrap();
    }

    /// Lets all bots stand still.
    pub fn rest(&mut self, time: Duration) {
        self.bots[0].pump_for(time).unwrap();
    }

    pub fn walk(&mut self, steps: usize) {
        (0..steps).for_each(|_| self.step());
    }

    /// Walks until the server's log holds `part`.
    pub fn walk_until_log(&mut self, server: &Server, part: &str) {
        let end = Instant::now() + LONG;
        while !server.log().contains(part) {
            assert!(Instant::now() < end, "no {part:?} in the log:\n{}", server.log());
            self.step();
        }
    }

    /// Checks that no bot was disconnected or told anything wrong.
    pub fn check(&mut self) {
        assert!(self.bots.iter().all(|bot| !bot.is_closed()));
        check(&mut self.bots);
    }

    /// Waits until Redis has the position of every character.
    pub fn wait_until_saved(&mut self, redis: &RedisServer) {
        for ((name, bot), put_at) in self.names.iter().zip(&mut self.bots).zip(&self.put_at) {
            let place = place(bot);
            wait_until(&format!("{name} saved at {place:?}"), || is_saved(redis, name, place, *put_at));
        }
    }
}

/// Returns true if Redis has the character at `place`, or at home if it may not have walked from the tile it was put
/// on.
pub fn is_saved(redis: &RedisServer, name: &str, place: Place, put_at: Place) -> bool {
    let stored = stored_place(redis, name);
    stored == Some(place) || (place == put_at && stored == Some(HOME))
}
