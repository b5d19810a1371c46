//! Helpers shared by the end-to-end suites: players who come and go, and waiting for events that must happen.
//!
//! A helper that cannot go on panics, as an assertion does: the test has failed.

#![expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a test that cannot go on has failed")]

use std::time::{Duration, Instant};

use crate::bot::{Bot, PATIENCE};
use crate::process::{Server, ServerSetup};
use pyao_core::protocol::client::ClientPacket;
use pyao_simulator::forms::NewCharacter;
use pyao_simulator::shadow::Screen;

/// Password of every player.
pub const PASSWORD: &str = "secreto";
/// Timeout on a machine that is busy with other suites.
pub const LONG: Duration = Duration::from_secs(120);

/// Returns the usual set-up: starter world, embedded store, hardly any limits.
pub fn setup() -> ServerSetup {
    ServerSetup::new().unwrap()
}

/// Starts a server of the usual set-up.
pub fn start() -> Server {
    setup().start().unwrap()
}

/// Brings a new player into the world.
pub fn create(server: &Server, name: &str) -> Bot {
    Bot::create(server.address(), name, PASSWORD).unwrap()
}

/// Logs in a player who was here before.
pub fn login(server: &Server, name: &str) -> Bot {
    Bot::login(server.address(), name, PASSWORD).unwrap()
}

/// Opens a client on its creation screen, with the dice thrown.
pub fn at_creation(server: &Server) -> Bot {
    let mut bot = Bot::connect(server.address(), Screen::Creation).unwrap();
    bot.throw_dice().unwrap();
    bot
}

/// Opens a client that is about to log in.
pub fn at_login(server: &Server) -> Bot {
    Bot::connect(server.address(), Screen::Login).unwrap()
}

/// Sends a creation form and gives the server's refusal, or nothing when the player is in the world.
pub fn try_to_create(bot: &mut Bot, character: &NewCharacter) -> Option<String> {
    bot.send(&character.packet()).unwrap();
    answer_to_creation(bot)
}

/// Waits for the answer to a creation form that was sent; see [`try_to_create`].
pub fn answer_to_creation(bot: &mut Bot) -> Option<String> {
    let seen = bot.shadow.errors.len();
    bot.wait_for("the answer to a creation", LONG, |shadow| {
        shadow.position().is_some() || shadow.errors.len() > seen
    })
    .unwrap();
    bot.shadow.errors.get(seen).cloned()
}

/// Waits until `bot` sees the player `name`, and gives the character's index.
pub fn see(bot: &mut Bot, name: &str) -> i16 {
    bot.wait_for(&format!("{name} in sight"), PATIENCE, |shadow| shadow.find(name).is_some()).unwrap();
    bot.shadow.find(name).unwrap()
}

/// Waits until `bot` no longer sees the player `name`.
pub fn lose_sight(bot: &mut Bot, name: &str) {
    bot.wait_for(&format!("{name} out of sight"), PATIENCE, |shadow| shadow.find(name).is_none()).unwrap();
}

/// Waits until a console line, old or new, holds `part`.
pub fn read(bot: &mut Bot, part: &str) {
    bot.wait_for(&format!("{part:?} on the console"), PATIENCE, |shadow| shadow.console_has(part)).unwrap();
}

/// Waits until `bot` receives the chat `text` of the character `index`.
pub fn hear(bot: &mut Bot, index: i16, text: &str) {
    let said = |line: &pyao_simulator::shadow::ChatLine| line.char_index == index && line.text == text;
    bot.wait_for(&format!("{text:?} over {index}"), PATIENCE, |shadow| shadow.chat.iter().any(said)).unwrap();
}

/// Waits for the last words of a server that closes, and gives them.
pub fn last_words(bot: &mut Bot) -> String {
    bot.expect_closed(LONG).unwrap();
    bot.shadow.errors.last().cloned().unwrap_or_default()
}

/// Returns map and tile, as the server says.
pub fn place(bot: &mut Bot) -> (i16, u8, u8) {
    let answers = bot.shadow.received.count("PosUpdate");
    bot.send(&ClientPacket::RequestPositionUpdate).unwrap();
    bot.wait_for("the position", PATIENCE, |shadow| shadow.received.count("PosUpdate") > answers).unwrap();
    shown_place(bot)
}

/// Returns map and tile, as the client believes.
pub fn shown_place(bot: &Bot) -> (i16, u8, u8) {
    let (x, y) = bot.shadow.position().unwrap();
    (bot.shadow.map.unwrap(), x, y)
}

/// Checks that the server serves all bots here and has broken no rule of the client.
pub fn check<'a>(bots: impl IntoIterator<Item = &'a mut Bot>) {
    for bot in bots {
        if !bot.is_closed() {
            bot.sync().unwrap();
        }
        bot.check().unwrap();
    }
}

/// Waits for a condition that neither a client nor the log shows.
pub fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let end = Instant::now() + LONG;
    while !condition() {
        assert!(Instant::now() < end, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
