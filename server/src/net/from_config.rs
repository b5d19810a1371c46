//! From the configuration to what the loop, the game and the password threads are given.

use super::{ClientLimits, Room};
use pyao_config::Config;
use pyao_core::game;
use pyao_store::hashing::PasswordCost;

/// The game's settings, in its units.
pub fn game_settings(config: &Config) -> game::Settings {
    let die = |value: u32| u8::try_from(value).unwrap_or(u8::MAX);
    game::Settings {
        text_encoding: config.server.text_encoding,
        handshake_ms: u64::from(config.limits.handshake_seconds) * 1000,
        idle_ms: u64::from(config.limits.idle_minutes) * 60_000,
        logins_per_minute_per_ip: config.limits.logins_per_minute_per_ip,
        password_threads: config.security.password_threads as usize,
        creations_per_day_per_ip: config.limits.creations_per_day_per_ip,
        chat_per_second: config.limits.chat_per_second,
        disconnect_stay_ms: u64::from(config.game.disconnect_stay_seconds) * 1000,
        absent_characters: config.limits.absent_characters,
        absent_characters_per_ip: config.limits.absent_characters_per_ip,
        start_positions: config.world.start_positions.clone(),
        dice_range: (die(config.game.dice_min), die(config.game.dice_max)),
        motd: config.game.motd.lines().map(str::to_owned).collect(),
    }
}

/// What a password hash costs.
pub fn password_cost(config: &Config) -> PasswordCost {
    PasswordCost {
        memory_kib: config.security.password_memory_kib,
        passes: config.security.password_passes,
        threads: config.security.password_threads,
    }
}

/// How many may come where there is so much room, and how much they may say.
pub fn client_limits(config: &Config, room: Room) -> ClientLimits {
    let no_limit_if_zero = |limit: u32| if limit == 0 { u32::MAX } else { limit };
    ClientLimits {
        connections: room.connections as usize,
        refusals: room.refusals,
        connections_per_address: no_limit_if_zero(config.limits.connections_per_ip) as usize,
        packets_per_second: no_limit_if_zero(config.limits.packets_per_second),
    }
}
