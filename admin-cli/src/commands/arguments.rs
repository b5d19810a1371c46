//! Arguments that several commands share.

use clap::Args;
use pyao_store::server::ServerId;

/// No arguments.
#[derive(Debug, Args)]
pub struct NoArguments {}

/// The account that is meant.
#[derive(Debug, Args)]
pub struct Who {
    /// Number of the account, or name of the character
    #[arg(value_name = "ID|NAME")]
    pub who: String,
}

/// The server that is meant.
#[derive(Debug, Args)]
pub struct OfServer {
    /// That of this server
    #[arg(long, value_name = "ID", value_parser = ServerId::new)]
    pub server: Option<ServerId>,
}

/// The manner of a change.
#[derive(Debug, Clone, Default, Args)]
pub struct HowToChange {
    /// Show the change and write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Change it only if it is now OLD, else exit with 6
    #[arg(long, value_name = "OLD")]
    pub if_value: Option<String>,
}

/// The manner of a change of a live setting.
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
