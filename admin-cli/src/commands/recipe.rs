//! The `redis-cli` command that does the same as a command of ours.

use pyao_store::keyspace;

/// The way with `redis-cli`.
pub enum Recipe {
    /// The commands, a line each.
    Command(String),
    /// The reason why there is none.
    None(&'static str),
}

impl Recipe {
    /// Writes the recipe for the help of its command.
    pub fn help(&self) -> String {
        match self {
            Self::Command(command) => format!("With redis-cli:\n  {command}{}", placeholders(command)),
            Self::None(why) => format!("With redis-cli: {why}"),
        }
    }
}

/// Explains the placeholders of a recipe, a line each.
fn placeholders(command: &str) -> String {
    const MEANINGS: [(&str, &str); 3] = [
        ("{id}", "number of the account"),
        ("{name}", "name of the character in lower case"),
        ("{server}", "id of a server, one of SMEMBERS active_workers"),
    ];
    let used = MEANINGS.iter().filter(|(placeholder, _)| command.contains(placeholder));
    used.map(|(placeholder, meaning)| format!("\n{placeholder} is the {meaning}")).collect()
}

/// Makes a recipe of a command of `redis-cli`.
pub fn redis_cli(text: &str) -> Recipe {
    Recipe::Command(format!("redis-cli {text}"))
}

/// Reads a live setting.
pub fn get(setting: &str) -> Recipe {
    redis_cli(&format!("GET {}", key(setting)))
}

/// Sets a live setting of all servers.
pub fn set(setting: &str, value: &str) -> Recipe {
    redis_cli(&format!("SET {} {value:?}", key(setting)))
}

/// Sets a live setting of all servers, or of one.
pub fn set_own(setting: &str, value: &str) -> Recipe {
    let own = keyspace::own_setting_key(setting).unwrap_or_default();
    redis_cli(&format!("SET {} {value:?}\n  redis-cli SET {own} {value:?}", key(setting)))
}

/// Takes a live setting out.
pub fn del(setting: &str) -> Recipe {
    redis_cli(&format!("DEL {}", key(setting)))
}

/// Makes the recipe of a command that reads no store.
pub fn not_needed() -> Recipe {
    Recipe::None("not needed, reads no store")
}

fn key(setting: &str) -> &'static str {
    keyspace::setting_key(setting).unwrap_or_default()
}
