//! The command line: every command with its help, once.
//!
//! Help, man pages and completions are made from these types; what each command does stands in
//! [`commands`](crate::commands).

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use pyao_config::live;
use pyao_core::game::rules::kinds::{Class, Gender, Race};
use pyao_store::server::ServerId;

use crate::commands::kinds;
use crate::failure::EXIT_CODES;
use crate::recipes;

const MORE: &str = "\
Output: a table on a terminal, tab-separated lines without a header in a pipe, one object with --json. Data goes to \
standard output, everything else to standard error. NO_COLOR turns colours off.

Configuration: the same layers as the server's. Flags win over the environment (PYAO_*; REDIS_URL, or any of \
REDIS_HOST, REDIS_PORT, REDIS_DB and REDIS_PASSWORD), that over ./config.toml. Without any of them it looks for Redis at \
127.0.0.1:6379, else for the embedded store in ./pyao.db.

Examples:
  pyao-admin sessions                       who plays, where
  pyao-admin set-port 8080                  move a running server to another port
  pyao-admin --store /srv/pyao.db accounts  look into that embedded store
  pyao-admin --json counters                for programs";

/// Administers PyAO servers: settings, sessions, counters, accounts.
///
/// Works on the store (Redis or the embedded store's file), also while servers run.
#[derive(Debug, Parser)]
#[command(name = "pyao-admin", version, arg_required_else_help = true, subcommand_required = true)]
#[command(after_long_help = format!("{MORE}\n\n{EXIT_CODES}"))]
pub struct Arguments {
    /// Options of every command.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every command.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Options of every command")]
pub struct Global {
    /// Configuration file [default: ./config.toml when it exists]
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
    /// Look into this Redis
    #[arg(long, value_name = "URL", global = true)]
    pub redis: Option<String>,
    /// Look into the embedded store in this file
    #[arg(long, value_name = "FILE", global = true)]
    pub store: Option<String>,
    /// Ask for the password of Redis, once, without showing it
    #[arg(long, global = true)]
    pub askpass: bool,
    /// Answer with one JSON object
    #[arg(long, global = true)]
    pub json: bool,
    /// Leave out the header of tables
    #[arg(long, global = true)]
    pub no_headers: bool,
    /// Colours; auto: on a terminal, unless NO_COLOR is set
    #[arg(long, global = true, value_name = "auto|always|never", default_value = "auto")]
    #[arg(hide_possible_values = true, hide_default_value = true)]
    pub color: ColorChoice,
    /// Say on standard error which store is used, also without a terminal
    #[arg(short, long, global = true)]
    pub verbose: bool,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Something with the store.
    #[command(flatten)]
    OnStore(StoreCommand),
    /// Copy the whole store into a new file, also while servers run
    ///
    /// Of the embedded store FILE is a copy of this moment, checked and readable by its owner alone. Redis writes a
    /// snapshot of its own, which is named when it is done; with FILE it is also copied there, where this machine has it.
    #[command(after_help = recipes::help("backup"), verbatim_doc_comment)]
    Backup {
        /// The new file; may be left out on Redis
        file: Option<PathBuf>,
    },
    /// Put a backup in the place of the embedded store; the server must be stopped
    ///
    /// The files that are there are kept beside it under a name with the date; FILE stays as it is.
    #[command(after_help = recipes::help("restore"), verbatim_doc_comment)]
    Restore {
        /// What `backup` wrote, or a copy that a server rescued
        file: PathBuf,
    },
    /// Check that Redis does what a server needs, a line a check
    #[command(after_help = recipes::help("redis-check"))]
    RedisCheck,
    /// Print completions for a shell
    #[command(after_help = recipes::help("completions"))]
    Completions {
        /// The shell
        #[arg(value_parser = PossibleValuesParser::new(["bash", "zsh", "fish", "powershell"]).try_map(|name| name.parse::<Shell>()))]
        shell: Shell,
    },
    /// Print the man page, or write one for each command
    #[command(after_help = recipes::help("man"))]
    Man {
        /// Write all pages into this directory; it is made when it is not there
        #[arg(value_name = "DIR")]
        directory: Option<PathBuf>,
    },
}

/// What is done with the store. The order is that of the help.
#[derive(Debug, Subcommand)]
pub enum StoreCommand {
    /// Print the address that servers listen on
    #[command(after_help = recipes::help("get-host"))]
    GetHost {
        /// That of this server
        #[arg(long, value_name = "ID", value_parser = ServerId::new)]
        server: Option<ServerId>,
    },
    /// Change the address that servers listen on
    #[command(after_help = recipes::help("set-host"))]
    SetHost {
        /// IP address or host name
        #[arg(value_name = "ADDRESS")]
        value: String,
        /// How to change it.
        #[command(flatten)]
        how: HowToSet,
    },
    /// Print the port that servers listen on
    #[command(after_help = recipes::help("get-port"))]
    GetPort {
        /// That of this server
        #[arg(long, value_name = "ID", value_parser = ServerId::new)]
        server: Option<ServerId>,
    },
    /// Change the port that servers listen on
    #[command(after_help = recipes::help("set-port"))]
    SetPort {
        /// 1 to 65535
        #[arg(value_name = "PORT")]
        value: String,
        /// How to change it.
        #[command(flatten)]
        how: HowToSet,
    },
    /// Print how many connections a server takes at most
    #[command(after_help = recipes::help("get-max-connections"))]
    GetMaxConnections {
        /// That of this server
        #[arg(long, value_name = "ID", value_parser = ServerId::new)]
        server: Option<ServerId>,
    },
    /// Change how many connections a server takes at most
    #[command(after_help = recipes::help("set-max-connections"))]
    SetMaxConnections {
        /// 1 to 30000
        #[arg(value_name = "NUMBER")]
        value: String,
        /// How to change it.
        #[command(flatten)]
        how: HowToSet,
    },
    /// Read and change live settings: those that running servers follow
    #[command(subcommand, arg_required_else_help = true)]
    Config(ConfigCommand),
    /// List who plays, and who has lost the connection
    #[command(after_help = recipes::help("sessions"))]
    Sessions,
    /// Show one session
    #[command(after_help = recipes::help("session"))]
    Session {
        /// Number of the account, or name of the character
        #[arg(value_name = "ID|NAME")]
        who: String,
    },
    /// List who is connected, on all live servers
    #[command(after_help = recipes::help("online"))]
    Online,
    /// List open connections, on all live servers
    #[command(after_help = recipes::help("connections"))]
    Connections,
    /// List live servers
    #[command(after_help = recipes::help("servers"))]
    Servers,
    /// Print counters: the store's, and the sum over all live servers
    #[command(after_help = recipes::help("counters"))]
    Counters,
    /// Print for how long each live server has been running
    #[command(after_help = recipes::help("uptime"))]
    Uptime,
    /// List accounts, a page at a time
    #[command(after_help = recipes::help("accounts"))]
    Accounts {
        /// Begin after this account
        #[arg(long, value_name = "ID|NAME")]
        after: Option<String>,
        /// Most accounts of a page
        #[arg(long, value_name = "NUMBER", default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=10_000))]
        limit: u16,
    },
    /// Show, create and change accounts
    #[command(subcommand, arg_required_else_help = true)]
    Account(AccountCommand),
}

/// How to change something.
#[derive(Debug, Clone, Default, Args)]
pub struct HowToChange {
    /// Show the change and write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Change it only if it is now OLD, else exit with 6
    #[arg(long, value_name = "OLD")]
    pub if_value: Option<String>,
}

/// How to change a live setting.
#[derive(Debug, Clone, Default, Args)]
pub struct HowToSet {
    /// Change what this server has of its own (host, port, max_connections): it wins there over that of all servers
    #[arg(long, value_name = "ID", value_parser = ServerId::new)]
    pub server: Option<ServerId>,
    /// Do not wait up to 3 s for what live servers make of it
    #[arg(long)]
    pub no_wait: bool,
    /// As for every change.
    #[command(flatten)]
    pub change: HowToChange,
}

/// `config …`.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// List live settings with value, source and range
    #[command(after_help = recipes::help("config list"))]
    List,
    /// Print the value of a live setting
    #[command(after_help = recipes::help("config get"))]
    Get {
        /// The setting
        #[arg(value_parser = PossibleValuesParser::new(live::live_keys()))]
        name: String,
        /// That of this server
        #[arg(long, value_name = "ID", value_parser = ServerId::new)]
        server: Option<ServerId>,
    },
    /// Change a live setting
    #[command(after_help = recipes::help("config set"))]
    Set {
        /// The setting
        #[arg(value_parser = PossibleValuesParser::new(live::live_keys()))]
        name: String,
        /// Its new value; "\n" begins another line of game.motd
        #[arg(allow_hyphen_values = true)]
        value: String,
        /// How to change it.
        #[command(flatten)]
        how: HowToSet,
    },
    /// Take a live setting out of the store, so that the configuration decides again
    #[command(after_help = recipes::help("config unset"))]
    Unset {
        /// The setting
        #[arg(value_parser = PossibleValuesParser::new(live::live_keys()))]
        name: String,
        /// How to change it.
        #[command(flatten)]
        how: HowToSet,
    },
    /// List all settings, also those that are not live, with the layer that sets each
    #[command(after_help = recipes::help("config sources"))]
    Sources,
}

/// `account …`.
#[derive(Debug, Subcommand)]
pub enum AccountCommand {
    /// Show an account and its character
    #[command(after_help = recipes::help("account show"))]
    Show {
        /// Number of the account, or name of the character
        #[arg(value_name = "ID|NAME")]
        who: String,
    },
    /// Create an account with its character, as the game does
    ///
    /// The password is asked for on a terminal, else read from the first line of standard input, or from
    /// PYAO_NEW_PASSWORD. Dice, first things and place are those of a character made in the game.
    #[command(after_help = recipes::help("account create"), verbatim_doc_comment)]
    Create(NewAccountArguments),
    /// Replace a password
    ///
    /// It is asked for on a terminal, else read from the first line of standard input, or from PYAO_NEW_PASSWORD.
    #[command(after_help = recipes::help("account set-password"), verbatim_doc_comment)]
    SetPassword {
        /// Number of the account, or name of the character
        #[arg(value_name = "ID|NAME")]
        who: String,
        /// Show what would be done and write nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Make a game master, or no longer; counts from the next login on
    ///
    /// The mark is kept, but the game has no commands for game masters yet.
    #[command(after_help = recipes::help("account set-gm"))]
    SetGm {
        /// Number of the account, or name of the character
        #[arg(value_name = "ID|NAME")]
        who: String,
        /// Whether this is a game master
        #[arg(value_name = "on|off", action = clap::ArgAction::Set, value_parser = PossibleValuesParser::new(["on", "off"]).map(|word| word == "on"))]
        value: bool,
        /// How to change it.
        #[command(flatten)]
        how: HowToChange,
    },
}

/// What is chosen for a new character.
#[derive(Debug, Args)]
pub struct NewAccountArguments {
    /// Name of the character
    pub name: String,
    /// Mail address
    #[arg(long)]
    pub email: String,
    /// Race
    #[arg(long, default_value = "human", value_parser = kinds::parser(kinds::RACES))]
    pub race: Race,
    /// Gender
    #[arg(long, default_value = "male", value_parser = kinds::parser(kinds::GENDERS))]
    pub gender: Gender,
    /// Class
    #[arg(long, default_value = "warrior", value_parser = kinds::class_parser())]
    pub class: Class,
    /// Graphic of the head [default: the first that race and gender have]
    #[arg(long, value_name = "NUMBER")]
    pub head: Option<i16>,
    /// Home city: 1 Ullathorpe, 2 Nix, 3 Banderbill, 4 Lindos, 5 Arghal, 6 Arkhein
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub home: u8,
    /// Show what would be done and write nothing
    #[arg(long)]
    pub dry_run: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Arguments::command().debug_assert();
    }
}
