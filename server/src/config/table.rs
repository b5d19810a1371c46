//! Every setting, once: its key, its short variable, what it means and where its value lives.

use super::Config;
use super::field::Field;

/// One setting.
pub struct Setting {
    /// `section.key`, as in the configuration file.
    pub key: &'static str,
    /// The variable of the flag of the same meaning, beside `PYAO_SECTION__KEY`.
    pub short_variable: Option<&'static str>,
    /// What it does, with its unit.
    pub about: &'static str,
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
        about: "Address to listen on for players; 0.0.0.0 is every IPv4 address of this machine.",
        field: |config| Field::Text(&mut config.server.host),
    },
    Setting {
        key: "server.port",
        short_variable: Some("PYAO_PORT"),
        about: "TCP port for players; 0 takes any free one.",
        field: |config| Field::Port(&mut config.server.port),
    },
    Setting {
        key: "server.max_connections",
        short_variable: None,
        about: "Most connections at once; further ones are told that the server is full.",
        field: |config| Field::Integer(&mut config.server.max_connections, 1..=30_000),
    },
    Setting {
        key: "server.text_encoding",
        short_variable: None,
        about: "How accented letters are sent: latin1 (clients on Windows), utf8 (Linux, macOS) or ascii (no accents).",
        field: |config| Field::Encoding(&mut config.server.text_encoding),
    },
    Setting {
        key: "limits.connections_per_ip",
        short_variable: None,
        about: "Most connections at once from one address.",
        field: |config| Field::Integer(&mut config.limits.connections_per_ip, 1..=30_000),
    },
    Setting {
        key: "limits.logins_per_minute_per_ip",
        short_variable: None,
        about: "Login attempts a minute from one address.",
        field: |config| Field::Integer(&mut config.limits.logins_per_minute_per_ip, 1..=100_000),
    },
    Setting {
        key: "limits.packets_per_second",
        short_variable: None,
        about: "Packets a second of one connection, on average; bursts of 2.5 times that pass, the rest waits.",
        field: |config| Field::Integer(&mut config.limits.packets_per_second, 10..=100_000),
    },
    Setting {
        key: "limits.handshake_seconds",
        short_variable: None,
        about: "Seconds a connection may take to log in; 0 is for ever.",
        field: |config| Field::Integer(&mut config.limits.handshake_seconds, 0..=86_400),
    },
    Setting {
        key: "limits.idle_minutes",
        short_variable: None,
        about: "Minutes a player may do nothing; 0 is for ever.",
        field: |config| Field::Integer(&mut config.limits.idle_minutes, 0..=10_080),
    },
    Setting {
        key: "security.password_memory_kib",
        short_variable: None,
        about: "Memory to hash one password with argon2id, in KiB.",
        field: |config| Field::Integer(&mut config.security.password_memory_kib, 1_024..=1_048_576),
    },
    Setting {
        key: "security.password_passes",
        short_variable: None,
        about: "Passes over that memory.",
        field: |config| Field::Integer(&mut config.security.password_passes, 1..=100),
    },
    Setting {
        key: "security.password_threads",
        short_variable: None,
        about: "Threads that hash passwords.",
        field: |config| Field::Integer(&mut config.security.password_threads, 1..=64),
    },
    Setting {
        key: "redis.enabled",
        short_variable: None,
        about: "Whether Redis may be used; false keeps everything in the embedded store.",
        field: |config| Field::Boolean(&mut config.redis.enabled),
    },
    Setting {
        key: "redis.url",
        short_variable: Some("PYAO_REDIS"),
        about: "Address of Redis, such as redis://127.0.0.1:6379/0; empty when none is given.",
        field: |config| Field::Url(&mut config.redis.url),
    },
    Setting {
        key: "redis.required",
        short_variable: None,
        about: "Whether a Redis that cannot be reached stops the start; unset: only when an address is given.",
        field: |config| Field::OptionalBoolean(&mut config.redis.required),
    },
    Setting {
        key: "store.path",
        short_variable: Some("PYAO_STORE"),
        about: "File of the embedded store, from the working directory.",
        field: |config| Field::Text(&mut config.store.path),
    },
    Setting {
        key: "world.data",
        short_variable: Some("PYAO_DATA"),
        about: "Directory of AO data (Dat, Maps), from the working directory; empty for the built-in starter world.",
        field: |config| Field::Text(&mut config.world.data),
    },
    Setting {
        key: "world.start_positions",
        short_variable: None,
        about: "Where new characters begin, as \"map:x:y\"; empty for the world's own choice.",
        field: |config| Field::Positions(&mut config.world.start_positions),
    },
    Setting {
        key: "game.disconnect_stay_seconds",
        short_variable: None,
        about: "Seconds a character stays in the world when its connection is lost outside a safe zone.",
        field: |config| Field::Integer(&mut config.game.disconnect_stay_seconds, 0..=86_400),
    },
    Setting {
        key: "ops.listen",
        short_variable: Some("PYAO_OPS"),
        about: "Address and port of /health and /metrics; empty for none.",
        field: |config| Field::Listen(&mut config.ops.listen),
    },
];

/// A configuration file with every setting at its default, explained.
#[must_use]
pub fn commented_file() -> String {
    let mut text = String::from(
        "# PyAO server. Every setting with its default.\n\
         # Flags win over environment variables, those over this file, this file over the defaults.\n\
         # `pyao-server --check` shows the effective values and where each came from.\n",
    );
    let mut config = Config::default();
    let mut current_section = "";
    for setting in SETTINGS {
        let (section, name) = setting.key.split_once('.').unwrap_or(("", setting.key));
        if section != current_section {
            text.push_str(&format!("\n[{section}]\n"));
            current_section = section;
        }
        let variables = match setting.short_variable {
            Some(short) => format!("{short} or {}", setting.variable()),
            None => setting.variable(),
        };
        let value = match (setting.field)(&mut config) {
            Field::OptionalBoolean(None) => format!("# {name} = true"),
            field => format!("{name} = {}", field.show()),
        };
        text.push_str(&format!(
            "# {}\n# Variable: {variables}\n{value}\n",
            setting.about
        ));
    }
    text
}
