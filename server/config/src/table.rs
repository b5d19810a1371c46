//! Every setting, once: its key, its variables, what may stand there and where its value lives.
//!
//! What each means, with its unit, stands in [`REFERENCE_FILE`]; a test holds the two together.

use super::Config;
use super::field::Field;

/// One setting.
pub struct Setting {
    /// `section.key`, as in the configuration file.
    pub key: &'static str,
    /// The variable of the flag of the same meaning, beside `PYAO_SECTION__KEY`.
    pub short_variable: Option<&'static str>,
    /// Where its value lives, and what may stand there.
    pub(super) field: for<'a> fn(&'a mut Config) -> Field<'a>,
}

impl Setting {
    /// The variable that sets this setting: `PYAO_SECTION__KEY`.
    #[must_use]
    pub fn variable(&self) -> String {
        format!("PYAO_{}", self.key.replace('.', "__").to_ascii_uppercase())
    }
}

/// All settings, by section.
pub const SETTINGS: &[Setting] = &[
    Setting {
        key: "server.host",
        short_variable: Some("PYAO_HOST"),
        field: |config| Field::Text(&mut config.server.host),
    },
    Setting {
        key: "server.port",
        short_variable: Some("PYAO_PORT"),
        field: |config| Field::Port(&mut config.server.port),
    },
    Setting {
        key: "server.max_connections",
        short_variable: None,
        field: |config| Field::Integer(&mut config.server.max_connections, 1..=30_000),
    },
    Setting {
        key: "server.id",
        short_variable: None,
        field: |config| Field::ServerId(&mut config.server.id),
    },
    Setting {
        key: "server.text_encoding",
        short_variable: None,
        field: |config| Field::Encoding(&mut config.server.text_encoding),
    },
    Setting {
        key: "limits.connections_per_ip",
        short_variable: None,
        field: |config| Field::Integer(&mut config.limits.connections_per_ip, 0..=30_000),
    },
    Setting {
        key: "limits.logins_per_minute_per_ip",
        short_variable: None,
        field: |config| Field::Integer(&mut config.limits.logins_per_minute_per_ip, 0..=100_000),
    },
    Setting {
        key: "limits.creations_per_day_per_ip",
        short_variable: None,
        field: |config| Field::Integer(&mut config.limits.creations_per_day_per_ip, 0..=100_000),
    },
    Setting {
        key: "limits.packets_per_second",
        short_variable: None,
        field: |config| Field::Integer(&mut config.limits.packets_per_second, 0..=100_000),
    },
    Setting {
        key: "limits.chat_per_second",
        short_variable: None,
        field: |config| Field::Integer(&mut config.limits.chat_per_second, 0..=1_000),
    },
    Setting {
        key: "limits.handshake_seconds",
        short_variable: None,
        field: |config| Field::Integer(&mut config.limits.handshake_seconds, 0..=86_400),
    },
    Setting {
        key: "limits.idle_minutes",
        short_variable: None,
        field: |config| Field::Integer(&mut config.limits.idle_minutes, 0..=10_080),
    },
    Setting {
        key: "limits.absent_characters",
        short_variable: None,
        field: |config| Field::Integer(&mut config.limits.absent_characters, 0..=30_000),
    },
    Setting {
        key: "limits.absent_characters_per_ip",
        short_variable: None,
        field: |config| Field::Integer(&mut config.limits.absent_characters_per_ip, 0..=30_000),
    },
    Setting {
        key: "limits.overload_percent",
        short_variable: None,
        field: |config| Field::Integer(&mut config.limits.overload_percent, 0..=100),
    },
    Setting {
        key: "security.password_memory_kib",
        short_variable: None,
        field: |config| Field::Integer(&mut config.security.password_memory_kib, 8..=1_048_576),
    },
    Setting {
        key: "security.password_passes",
        short_variable: None,
        field: |config| Field::Integer(&mut config.security.password_passes, 1..=100),
    },
    Setting {
        key: "security.password_threads",
        short_variable: None,
        field: |config| Field::Integer(&mut config.security.password_threads, 1..=64),
    },
    Setting {
        key: "redis.enabled",
        short_variable: None,
        field: |config| Field::Boolean(&mut config.redis.enabled),
    },
    Setting {
        key: "redis.url",
        short_variable: Some("PYAO_REDIS"),
        field: |config| Field::Url(&mut config.redis.url),
    },
    Setting {
        key: "redis.required",
        short_variable: None,
        field: |config| Field::OptionalBoolean(&mut config.redis.required),
    },
    Setting {
        key: "store.path",
        short_variable: Some("PYAO_STORE"),
        field: |config| Field::Text(&mut config.store.path),
    },
    Setting {
        key: "world.data",
        short_variable: Some("PYAO_DATA"),
        field: |config| Field::Text(&mut config.world.data),
    },
    Setting {
        key: "world.start_positions",
        short_variable: None,
        field: |config| Field::Positions(&mut config.world.start_positions),
    },
    Setting {
        key: "game.disconnect_stay_seconds",
        short_variable: None,
        field: |config| Field::Integer(&mut config.game.disconnect_stay_seconds, 0..=86_400),
    },
    Setting { key: "game.motd", short_variable: None, field: |config| Field::Motd(&mut config.game.motd) },
    Setting {
        key: "game.dice_min",
        short_variable: None,
        field: |config| Field::Integer(&mut config.game.dice_min, 1..=18),
    },
    Setting {
        key: "game.dice_max",
        short_variable: None,
        field: |config| Field::Integer(&mut config.game.dice_max, 1..=40),
    },
    Setting {
        key: "ops.listen",
        short_variable: Some("PYAO_OPS"),
        field: |config| Field::Listen(&mut config.ops.listen),
    },
];

/// The configuration file of the repository: every setting explained, at its default.
pub const REFERENCE_FILE: &str = include_str!("../../../config.toml");
