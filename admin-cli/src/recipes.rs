//! Which `redis-cli` command does the same as each command of ours, and examples.

use pyao_store::keyspace::{
    self, ACCOUNT_DATA, ACCOUNTS_NAMES, ACTIVE_WORKERS, CONNECTIONS_COUNT, DICE_MAX, DICE_MIN, MOTD,
    SERVER_CONNECTIONS, SERVER_COUNTERS, SESSION, SESSIONS, UPTIME,
};

/// What stands under the help of the command with that path: its `redis-cli` command and an example.
pub fn help(path: &str) -> String {
    let (recipe, example) = recipe(path);
    let recipe = match recipe {
        Recipe::Command(command) => format!("With redis-cli:\n  {command}{}", placeholders(&command)),
        Recipe::None(why) => format!("With redis-cli: {why}"),
    };
    format!("{recipe}\n\nExample:\n  pyao-admin {example}")
}

/// What the placeholders of a recipe stand for, a line each.
fn placeholders(command: &str) -> String {
    const MEANINGS: [(&str, &str); 3] = [
        ("{id}", "number of the account"),
        ("{name}", "name of the character in lower case"),
        ("{server}", "id of a server, one of SMEMBERS active_workers"),
    ];
    let used = MEANINGS.iter().filter(|(placeholder, _)| command.contains(placeholder));
    used.map(|(placeholder, meaning)| format!("\n{placeholder} is the {meaning}")).collect()
}

enum Recipe {
    /// The commands, a line each.
    Command(String),
    /// Why there is none.
    None(&'static str),
}

fn recipe(path: &str) -> (Recipe, String) {
    let (recipe, example) = match path {
        "get-host" => (get("server.host"), "get-host"),
        "set-host" => (set_own("server.host", "127.0.0.1"), "set-host 127.0.0.1"),
        "get-port" => (get("server.port"), "get-port"),
        "set-port" => (set_own("server.port", "8080"), "set-port 8080 --server norte"),
        "get-max-connections" => (get("server.max_connections"), "get-max-connections"),
        "set-max-connections" => (set_own("server.max_connections", "500"), "set-max-connections 500"),
        "config list" => (
            command(&format!(
                "--scan --pattern 'config:*'\nthen GET each, and {MOTD}, {DICE_MIN}, {DICE_MAX}"
            )),
            "config list",
        ),
        "config get" => (get("limits.idle_minutes"), "config get limits.idle_minutes"),
        "config set" => (set("limits.idle_minutes", "10"), "config set limits.idle_minutes 10 --dry-run"),
        "config unset" => (del("limits.idle_minutes"), "config unset limits.idle_minutes"),
        "config sources" => (Recipe::None("it knows only the store's layer"), "config sources"),
        "sessions" => (command(&format!("SMEMBERS {SESSIONS}\nthen HGETALL {SESSION}")), "sessions"),
        "session" => (command(&format!("HGETALL {SESSION}")), "session Ana"),
        "online" => (
            command(&format!("SMEMBERS {SESSIONS}\nthen HMGET {SESSION} username websocket_connected")),
            "online",
        ),
        "connections" => (command(&format!("HGETALL {SERVER_CONNECTIONS}")), "connections"),
        "servers" => (command(&format!("SMEMBERS {ACTIVE_WORKERS}")), "servers"),
        "counters" => {
            (command(&format!("GET {CONNECTIONS_COUNT}\n  redis-cli HGETALL {SERVER_COUNTERS}")), "counters")
        }
        "uptime" => (command(&format!("GET {UPTIME}")), "uptime"),
        "accounts" => (command(&format!("HGETALL {ACCOUNTS_NAMES}")), "accounts --after 50 --limit 100"),
        "account show" => (command(&format!("HGETALL {ACCOUNT_DATA}")), "account show Ana"),
        "account create" => (
            Recipe::None("no command does that; an account is several keys, and its name must be taken once"),
            "account create Ana --email ana@example.org --race elf --gender female --class mage",
        ),
        "account set-password" => (
            command(&format!("HSET {ACCOUNT_DATA} password_hash '$argon2id$...'")),
            "account set-password Ana",
        ),
        "account set-gm" => (command(&format!("HSET {ACCOUNT_DATA} is_gm 1")), "account set-gm Ana on"),
        "backup" => (
            command("BGSAVE   then INFO persistence until it says rdb_bgsave_in_progress:0"),
            "backup pyao-backup.db",
        ),
        "restore" => (
            Recipe::None("no command does that; Redis reads its files when it starts"),
            "restore pyao-backup.db",
        ),
        "redis-check" => (command("ping"), "redis-check --redis redis://127.0.0.1:6379/0"),
        "completions" => (
            Recipe::None("not needed, reads no store"),
            "completions bash | sudo tee /etc/bash_completion.d/pyao-admin",
        ),
        _ => (Recipe::None("not needed, reads no store"), "man ~/.local/share/man/man1"),
    };
    (recipe, example.to_owned())
}

fn command(text: &str) -> Recipe {
    Recipe::Command(format!("redis-cli {text}"))
}

fn key(setting: &str) -> &'static str {
    keyspace::setting_key(setting).unwrap_or_default()
}

fn get(setting: &str) -> Recipe {
    command(&format!("GET {}", key(setting)))
}

fn set(setting: &str, value: &str) -> Recipe {
    command(&format!("SET {} {value:?}", key(setting)))
}

/// For all servers, or for one.
fn set_own(setting: &str, value: &str) -> Recipe {
    let own = keyspace::own_setting_key(setting).unwrap_or_default();
    command(&format!("SET {} {value:?}\n  redis-cli SET {own} {value:?}", key(setting)))
}

fn del(setting: &str) -> Recipe {
    command(&format!("DEL {}", key(setting)))
}
