//! Every command, a row each: its words, its help, its `redis-cli` recipe, an example, and its function with the arguments
//! that it takes.
//!
//! The parser, the help, the man pages and the completions come from the rows, in their order; tests hold every row to its
//! example. A command of two words belongs to one of [`FAMILIES`].

use clap::Command;
use pyao_store::keyspace::{
    ACCOUNT_DATA, ACCOUNTS_NAMES, ACTIVE_WORKERS, CONNECTIONS_COUNT, DICE_MAX, DICE_MIN, MOTD,
    SERVER_CONNECTIONS, SERVER_COUNTERS, SESSION, SESSIONS, UPTIME,
};

use super::action::{Action, OnCommandLine, OnConfiguration, OnPlace, OnStore};
use super::recipe::{Recipe, del, get, not_needed, redis_cli, set, set_own};
use super::settings::{GetOne, SetOne};
use super::{accounts, backup, completions, create_account, man, redis_check, servers, sessions, settings};

/// One command.
pub struct Row {
    /// The word of the command, or its family and its word.
    pub words: &'static str,
    /// The group in the help of the whole.
    pub group: Group,
    /// Its help in a line.
    pub about: &'static str,
    /// Further help; may be empty.
    pub more: &'static str,
    /// The way with `redis-cli`.
    pub recipe: fn() -> Recipe,
    /// A call, without the name of the program.
    pub example: &'static str,
    /// Its function.
    pub action: &'static dyn Action,
}

/// Commands that share their first word.
pub struct Family {
    /// The first word.
    pub word: &'static str,
    /// The group in the help of the whole.
    pub group: Group,
    /// Its help in a line.
    pub about: &'static str,
}

/// Groups of commands, in the order of the help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// Live settings.
    Settings,
    /// Players and accounts.
    Players,
    /// Live servers.
    Servers,
    /// The store as a whole.
    Store,
    /// The program itself.
    Program,
}

impl Group {
    /// All groups.
    pub const ALL: [Self; 5] = [Self::Settings, Self::Players, Self::Servers, Self::Store, Self::Program];

    /// Returns the title in the help.
    pub fn title(self) -> &'static str {
        match self {
            Self::Settings => "Settings of running servers",
            Self::Players => "Players and accounts",
            Self::Servers => "Servers",
            Self::Store => "The store",
            Self::Program => "This program",
        }
    }

    /// Returns the group of a first word; that of the program for the parser's own commands.
    pub fn of(word: &str) -> Self {
        let family = FAMILIES.iter().find(|family| family.word == word).map(|family| family.group);
        let row = COMMANDS.iter().find(|row| row.words == word).map(|row| row.group);
        family.or(row).unwrap_or(Self::Program)
    }
}

impl Row {
    /// Makes the parser of the command, under the last of its words.
    pub fn parser(&self, name: &'static str) -> Command {
        let after = format!("{}\n\nExample:\n  pyao-admin {}", (self.recipe)().help(), self.example);
        // The derived arguments bring a description of their own, which this one replaces.
        let parser = self.action.arguments(Command::new(name)).about(self.about).after_help(after);
        match self.more {
            "" => parser.long_about(None),
            more => parser.long_about(format!("{}\n\n{more}", self.about)),
        }
    }
}

/// The families of [`COMMANDS`].
pub const FAMILIES: &[Family] = &[
    Family {
        word: "config",
        group: Group::Settings,
        about: "Read and change live settings: those that running servers follow",
    },
    Family { word: "account", group: Group::Players, about: "Show, create and change accounts" },
];

/// All commands, in the order of the help.
pub static COMMANDS: &[Row] = &[
    Row {
        words: "get-host",
        group: Group::Settings,
        about: "Print the address that servers listen on",
        more: "",
        recipe: || get("server.host"),
        example: "get-host",
        action: &GetOne("server.host"),
    },
    Row {
        words: "set-host",
        group: Group::Settings,
        about: "Change the address that servers listen on",
        more: "",
        recipe: || set_own("server.host", "127.0.0.1"),
        example: "set-host 127.0.0.1",
        action: &SetOne("server.host", "ADDRESS"),
    },
    Row {
        words: "get-port",
        group: Group::Settings,
        about: "Print the port that servers listen on",
        more: "",
        recipe: || get("server.port"),
        example: "get-port",
        action: &GetOne("server.port"),
    },
    Row {
        words: "set-port",
        group: Group::Settings,
        about: "Change the port that servers listen on",
        more: "",
        recipe: || set_own("server.port", "8080"),
        example: "set-port 8080 --server norte",
        action: &SetOne("server.port", "PORT"),
    },
    Row {
        words: "get-max-connections",
        group: Group::Settings,
        about: "Print how many connections a server takes at most",
        more: "",
        recipe: || get("server.max_connections"),
        example: "get-max-connections",
        action: &GetOne("server.max_connections"),
    },
    Row {
        words: "set-max-connections",
        group: Group::Settings,
        about: "Change how many connections a server takes at most",
        more: "",
        recipe: || set_own("server.max_connections", "500"),
        example: "set-max-connections 500",
        action: &SetOne("server.max_connections", "NUMBER"),
    },
    Row {
        words: "config list",
        group: Group::Settings,
        about: "List live settings with value, source and range",
        more: "",
        recipe: || {
            redis_cli(&format!(
                "--scan --pattern 'config:*'\nthen GET each, and {MOTD}, {DICE_MIN}, {DICE_MAX}"
            ))
        },
        example: "config list",
        action: &OnStore(settings::list),
    },
    Row {
        words: "config get",
        group: Group::Settings,
        about: "Print the value of a live setting",
        more: "",
        recipe: || get("limits.idle_minutes"),
        example: "config get limits.idle_minutes",
        action: &OnStore(settings::get_named),
    },
    Row {
        words: "config set",
        group: Group::Settings,
        about: "Change a live setting",
        more: "",
        recipe: || set("limits.idle_minutes", "10"),
        example: "config set limits.idle_minutes 10 --dry-run",
        action: &OnStore(settings::set_named),
    },
    Row {
        words: "config unset",
        group: Group::Settings,
        about: "Take a live setting out of the store, so that the configuration decides again",
        more: "",
        recipe: || del("limits.idle_minutes"),
        example: "config unset limits.idle_minutes",
        action: &OnStore(settings::unset),
    },
    Row {
        words: "config sources",
        group: Group::Settings,
        about: "List all settings, also those that are not live, with the layer that sets each",
        more: "",
        recipe: || Recipe::None("it knows only the store's layer"),
        example: "config sources",
        action: &OnStore(settings::sources),
    },
    Row {
        words: "sessions",
        group: Group::Players,
        about: "List who plays, and who has lost the connection",
        more: "",
        recipe: || redis_cli(&format!("SMEMBERS {SESSIONS}\nthen HGETALL {SESSION}")),
        example: "sessions",
        action: &OnStore(sessions::list),
    },
    Row {
        words: "session",
        group: Group::Players,
        about: "Show one session",
        more: "",
        recipe: || redis_cli(&format!("HGETALL {SESSION}")),
        example: "session Ana",
        action: &OnStore(sessions::show),
    },
    Row {
        words: "online",
        group: Group::Players,
        about: "List who is connected, on all live servers",
        more: "",
        recipe: || {
            redis_cli(&format!("SMEMBERS {SESSIONS}\nthen HMGET {SESSION} username websocket_connected"))
        },
        example: "online",
        action: &OnStore(sessions::online),
    },
    Row {
        words: "connections",
        group: Group::Servers,
        about: "List open connections, on all live servers",
        more: "",
        recipe: || redis_cli(&format!("HGETALL {SERVER_CONNECTIONS}")),
        example: "connections",
        action: &OnStore(servers::connections),
    },
    Row {
        words: "servers",
        group: Group::Servers,
        about: "List live servers",
        more: "",
        recipe: || redis_cli(&format!("SMEMBERS {ACTIVE_WORKERS}")),
        example: "servers",
        action: &OnStore(servers::list),
    },
    Row {
        words: "counters",
        group: Group::Servers,
        about: "Print counters: the store's, and the sum over all live servers",
        more: "",
        recipe: || redis_cli(&format!("GET {CONNECTIONS_COUNT}\n  redis-cli HGETALL {SERVER_COUNTERS}")),
        example: "counters",
        action: &OnStore(servers::counters),
    },
    Row {
        words: "uptime",
        group: Group::Servers,
        about: "Print for how long each live server has been running",
        more: "",
        recipe: || redis_cli(&format!("GET {UPTIME}")),
        example: "uptime",
        action: &OnStore(servers::uptime),
    },
    Row {
        words: "accounts",
        group: Group::Players,
        about: "List accounts, a page at a time",
        more: "",
        recipe: || redis_cli(&format!("HGETALL {ACCOUNTS_NAMES}")),
        example: "accounts --after 50 --limit 100",
        action: &OnStore(accounts::list),
    },
    Row {
        words: "account show",
        group: Group::Players,
        about: "Show an account and its character",
        more: "",
        recipe: || redis_cli(&format!("HGETALL {ACCOUNT_DATA}")),
        example: "account show Ana",
        action: &OnStore(accounts::show),
    },
    Row {
        words: "account create",
        group: Group::Players,
        about: "Create an account with its character, as the game does",
        more: "The password is asked for on a terminal, else read from the first line of standard input, or from \
               PYAO_NEW_PASSWORD. Dice, first things and place are those of a character made in the game.",
        recipe: || {
            Recipe::None("no command does that; an account is several keys, and its name must be taken once")
        },
        example: "account create Ana --email ana@example.org --race elf --gender female --class mage",
        action: &OnStore(create_account::create),
    },
    Row {
        words: "account set-password",
        group: Group::Players,
        about: "Replace a password",
        more: "It is asked for on a terminal, else read from the first line of standard input, or from \
               PYAO_NEW_PASSWORD.",
        recipe: || redis_cli(&format!("HSET {ACCOUNT_DATA} password_hash '$argon2id$...'")),
        example: "account set-password Ana",
        action: &OnStore(accounts::set_password),
    },
    Row {
        words: "account set-gm",
        group: Group::Players,
        about: "Make a game master, or no longer; counts from the next login on",
        more: "The mark is kept, but the game has no commands for game masters yet.",
        recipe: || redis_cli(&format!("HSET {ACCOUNT_DATA} is_gm 1")),
        example: "account set-gm Ana on",
        action: &OnStore(accounts::set_gm),
    },
    Row {
        words: "backup",
        group: Group::Store,
        about: "Copy the whole store into a new file, also while servers run",
        more: "Of the embedded store FILE is a copy of this moment, checked and readable by its owner alone. Redis \
               writes a snapshot of its own, which is named when it is done; with FILE it is also copied there, where \
               this machine has it.",
        recipe: || redis_cli("BGSAVE   then INFO persistence until it says rdb_bgsave_in_progress:0"),
        example: "backup pyao-backup.db",
        action: &OnPlace(backup::back_up),
    },
    Row {
        words: "restore",
        group: Group::Store,
        about: "Put a backup in the place of the embedded store; the server must be stopped",
        more: "The files that are there are kept beside it under a name with the date; FILE stays as it is.",
        recipe: || Recipe::None("no command does that; Redis reads its files when it starts"),
        example: "restore pyao-backup.db",
        action: &OnPlace(backup::restore),
    },
    Row {
        words: "redis-check",
        group: Group::Store,
        about: "Check that Redis does what a server needs, a line a check",
        more: "",
        recipe: || redis_cli("ping"),
        example: "redis-check --redis redis://127.0.0.1:6379/0",
        action: &OnConfiguration(redis_check::run),
    },
    Row {
        words: "completions",
        group: Group::Program,
        about: "Print completions for a shell",
        more: "",
        recipe: not_needed,
        example: "completions bash | sudo tee /etc/bash_completion.d/pyao-admin",
        action: &OnCommandLine(completions::completions),
    },
    Row {
        words: "man",
        group: Group::Program,
        about: "Print the man page, or write one for each command",
        more: "",
        recipe: not_needed,
        example: "man ~/.local/share/man/man1",
        action: &OnCommandLine(man::man),
    },
];
