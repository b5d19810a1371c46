//! The options of every command.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

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

/// The use of colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}
