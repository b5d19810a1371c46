//! The settings of the connections and the password threads, from the configuration.

use super::{ClientLimits, Room};
use pyao_config::Config;
use pyao_store::hashing::PasswordCost;

/// Returns the cost of a password hash.
pub fn password_cost(config: &Config) -> PasswordCost {
    PasswordCost {
        memory_kib: config.security.password_memory_kib,
        passes: config.security.password_passes,
        threads: config.security.password_threads,
    }
}

/// Returns the limits of connections and packets on a system with so much `room`.
pub fn client_limits(config: &Config, room: Room) -> ClientLimits {
    let no_limit_if_zero = |limit: u32| if limit == 0 { u32::MAX } else { limit };
    ClientLimits {
        connections: room.connections as usize,
        refusals: room.refusals,
        connections_per_address: no_limit_if_zero(config.limits.connections_per_ip) as usize,
        packets_per_second: no_limit_if_zero(config.limits.packets_per_second),
    }
}
