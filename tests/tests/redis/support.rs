//! Helpers shared by these suites.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use pyao_simulator::shadow::Screen;
use pyao_store::prelude::*;
use pyao_tests::bot::Bot;
use pyao_tests::process::{Server, ServerSetup};
use pyao_tests::redis_server::RedisServer;
use pyao_tests::suite::{self, PASSWORD, wait_until};

/// Tiles side by side outside any safe place, where a lost connection leaves its character standing.
pub const DANGEROUS: [&str; 2] = ["2:80:60", "2:80:62"];

/// Starts a Redis of the test's own; `None` if none is installed.
pub fn redis(settings: &[&str]) -> Option<RedisServer> {
    RedisServer::start(settings).unwrap()
}

/// Returns the usual set-up, on that Redis.
pub fn on(redis: &RedisServer) -> ServerSetup {
    suite::setup().redis(&redis.url())
}

/// Returns the output of `redis-cli` for that line.
pub fn cli(redis: &RedisServer, line: &str) -> String {
    redis.cli(line).unwrap()
}

/// Returns the number of a player's account.
pub fn user_id(redis: &RedisServer, name: &str) -> i64 {
    redis.number(&format!("GET account:username:{}", name.to_lowercase())).unwrap()
}

/// Returns the session that Redis has of a player; empty if there is none.
pub fn session(redis: &RedisServer, name: &str) -> BTreeMap<String, String> {
    redis.hash(&format!("session:{}:active", user_id(redis, name))).unwrap()
}

/// Waits until `redis-cli` prints `answer` for that line.
pub fn wait_for_answer(redis: &RedisServer, line: &str, answer: &str) {
    wait_until(&format!("{answer:?} as the answer to {line}"), || cli(redis, line) == answer);
}

/// Returns map and tile of that character in Redis, if it has it.
pub fn stored_place(redis: &RedisServer, name: &str) -> Option<(i16, u8, u8)> {
    // The caller that waits for it asks again: a signal may have cut the answer short.
    let stored = redis.store().ok()?.load_account(name).ok().flatten()?;
    let position = stored.character.position;
    Some((i16::try_from(position.map.get()).unwrap(), position.x, position.y))
}

/// Waits until Redis has the character of `bot` where it stands.
pub fn wait_until_saved(redis: &RedisServer, name: &str, bot: &mut Bot) {
    let place = suite::place(bot);
    wait_until(&format!("{name} saved at {place:?}"), || stored_place(redis, name) == Some(place));
}

/// Tries to log in and gives the server's refusal, or the player in the world.
pub fn try_to_log_in(address: SocketAddr, name: &str) -> Result<Bot, String> {
    let mut bot = Bot::connect(address, Screen::Login).unwrap();
    bot.send(&pyao_simulator::forms::login_packet(name, PASSWORD)).unwrap();
    bot.enter_game()
        .map_err(|error| bot.shadow.errors.last().cloned().unwrap_or_else(|| error.to_string()))?;
    Ok(bot)
}

/// Turns of the server's loop that took longer than a second.
pub fn long_turns(server: &Server) -> u64 {
    let metrics = server.request("GET", "/metrics").unwrap();
    let bucket = |bound: &str| -> u64 {
        let start = format!("pyao_turn_seconds_bucket{{le=\"{bound}\"}} ");
        metrics.lines().find_map(|line| line.strip_prefix(&start)).unwrap().parse().unwrap()
    };
    bucket("+Inf") - bucket("1")
}
