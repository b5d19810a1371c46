//! `pyao-admin`: administers a PyAO server.
//!
//! It has no commands yet, and says so.

use clap::Parser;

/// Administers a PyAO server.
///
/// This version has no commands yet. Accounts and characters are readable with `sqlite3` in the store's file, also while
/// the server runs; /health and /metrics on the ops port tell how it does.
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true)]
struct Arguments {}

fn main() {
    Arguments::parse();
}
