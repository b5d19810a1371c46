//! Players who walk about together while something happens to Redis.

use std::time::Instant;

use pyao_tests::bot::{Bot, STEP};
use pyao_tests::process::Server;
use pyao_tests::redis_server::RedisServer;
use pyao_tests::suite::{LONG, check, create, place, wait_until};

use crate::support::stored_place;

/// See the module.
pub struct Crowd {
    names: Vec<String>,
    pub bots: Vec<Bot>,
    steps: usize,
}

impl Crowd {
    /// New players, each under a name of its own.
    pub fn create(server: &Server, size: usize) -> Self {
        let names: Vec<String> = (0..size).map(|number| format!("Bot{number}")).collect();
        let bots = names.iter().map(|name| create(server, name)).collect();
        Self { names, bots, steps: 0 }
    }

    /// Everybody takes a step, at the pace of the real client; each answers a ping now and then.
    pub fn step(&mut self) {
        let end = Instant::now() + STEP;
        let size = self.bots.len();
        self.steps += 1;
        for (number, bot) in self.bots.iter_mut().enumerate() {
            let heading = u8::try_from((self.steps / 3 + number) % 4).unwrap() + 1;
            bot.walk(heading).unwrap();
            bot.pump(std::time::Duration::ZERO).unwrap();
            if self.steps % size == number {
                bot.sync().unwrap();
            }
        }
        self.bots[0].pump_for(end.saturating_duration_since(Instant::now())).unwrap();
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

    /// That nobody was dropped or told anything wrong.
    pub fn check(&mut self) {
        assert!(self.bots.iter().all(|bot| !bot.is_closed()));
        check(&mut self.bots);
    }

    /// Waits until Redis has everybody where he stands.
    pub fn wait_until_saved(&mut self, redis: &RedisServer) {
        for (name, bot) in self.names.iter().zip(&mut self.bots) {
            let place = place(bot);
            wait_until(&format!("{name} saved at {place:?}"), || stored_place(redis, name) == Some(place));
        }
    }
}
