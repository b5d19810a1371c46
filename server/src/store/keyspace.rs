//! Every name in the store that people type: Redis keys and live settings, spelled here and nowhere else.

/// Live settings: each with the Redis key that holds it.
///
/// A live setting may be changed while servers run; they follow within seconds. Its value is raw text: what it means,
/// and whether it is valid, is for the server to say.
pub const SETTINGS: &[(&str, &str)] = &[
    ("server.host", "config:server:host"),
    ("server.port", "config:server:port"),
    ("server.max_connections", "config:server:max_connections"),
    ("limits.connections_per_ip", "config:limits:connections_per_ip"),
    ("limits.logins_per_minute_per_ip", "config:limits:logins_per_minute_per_ip"),
    ("limits.packets_per_second", "config:limits:packets_per_second"),
    ("limits.handshake_seconds", "config:limits:handshake_seconds"),
    ("limits.idle_minutes", "config:limits:idle_minutes"),
    ("game.disconnect_stay_seconds", "config:game:disconnect_stay_seconds"),
    ("game.motd", "server:motd"),
    ("game.dice_min", "server:dice:min_value"),
    ("game.dice_max", "server:dice:max_value"),
];

/// The Redis key of a live setting, or `None` when there is no such setting.
#[must_use]
pub fn setting_key(name: &str) -> Option<&'static str> {
    SETTINGS.iter().find(|(each, _)| *each == name).map(|(_, key)| *key)
}
