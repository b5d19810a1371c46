//! The settings of the game.

use crate::content::Position;
use crate::protocol::encoding_choice::EncodingChoice;
use crate::settings::Config;

/// The game's settings, in the units it uses.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Encoding of text for clients.
    pub text_encoding: EncodingChoice,
    /// Milliseconds until the first packet of a new connection; 0 = no limit.
    pub handshake_ms: u64,
    /// Milliseconds without a packet after which a connection is closed; 0 = no limit.
    pub idle_ms: u64,
    /// Logins and creations an address may try a minute; 0 = no limit.
    pub logins_per_minute_per_ip: u32,
    /// Threads that compute password hashes.
    pub password_threads: usize,
    /// Characters that an address may create a day; 0 = no limit.
    pub creations_per_day_per_ip: u32,
    /// Lines a player may say a second, and five times as many at once; 0 = no limit.
    pub chat_per_second: u32,
    /// Milliseconds a character stays in the world after its socket was lost outside a safe zone.
    pub disconnect_stay_ms: u64,
    /// Characters without a player that may be in the world at once; 0 = no limit.
    pub absent_characters: u32,
    /// Such characters of one address; 0 = no limit.
    pub absent_characters_per_ip: u32,
    /// Places of new characters, used in turn; empty = in their home city.
    pub start_positions: Vec<Position>,
    /// Smallest and largest value of a thrown attribute.
    pub dice_range: (u8, u8),
    /// Message of the day, a line each; empty = the world's own.
    pub motd: Vec<String>,
}

impl Settings {
    /// Takes the game's part of all settings, in its units.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        let Config { server, limits, security, world, game, .. } = config;
        Self {
            text_encoding: server.text_encoding,
            handshake_ms: u64::from(limits.handshake_seconds) * 1000,
            idle_ms: u64::from(limits.idle_minutes) * 60_000,
            logins_per_minute_per_ip: limits.logins_per_minute_per_ip,
            password_threads: security.password_threads as usize,
            creations_per_day_per_ip: limits.creations_per_day_per_ip,
            chat_per_second: limits.chat_per_second,
            disconnect_stay_ms: u64::from(game.disconnect_stay_seconds) * 1000,
            absent_characters: limits.absent_characters,
            absent_characters_per_ip: limits.absent_characters_per_ip,
            start_positions: world.start_positions.clone(),
            dice_range: dice_range(config),
            motd: game.motd.lines().map(str::to_owned).collect(),
        }
    }
}

/// Returns the smallest and the largest value of a thrown attribute.
pub(super) fn dice_range(config: &Config) -> (u8, u8) {
    let die = |value: u32| u8::try_from(value).unwrap_or(u8::MAX);
    (die(config.game.dice_min), die(config.game.dice_max))
}

impl Default for Settings {
    fn default() -> Self {
        Self::of(&Config::default())
    }
}
