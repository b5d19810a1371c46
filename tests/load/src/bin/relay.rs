//! `relay`: a server that only copies bytes, for `load --baseline` to measure the game server against.

use std::net::SocketAddr;

use anyhow::{Context, Result};
use clap::Parser;
use pyao_load::relay::{Duty, FlushRule, Relay};

/// Hands each client's step to some other clients. Ends when its last client has gone.
#[derive(Debug, Parser)]
struct Options {
    /// Address to listen on; port 0 = any free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Groups that clients are dealt out to in turn; a step stays in its group.
    #[arg(long, default_value_t = 1)]
    groups: usize,
    /// Clients that get each step, on average.
    #[arg(long)]
    viewers: f64,
    /// Bytes that each step has more.
    #[arg(long, default_value_t = 0)]
    padding: usize,
    /// Flush rule: at-once, server (the game server's rule) or a number of milliseconds.
    #[arg(long, default_value_t = FlushRule::Server)]
    flush: FlushRule,
    /// Most clients.
    #[arg(long, default_value_t = 1000)]
    clients: u64,
}

fn main() -> Result<()> {
    let options = Options::parse();
    pyao_server::net::raise_limit(options.clients + 64);
    let listener = mio::net::TcpListener::bind(options.listen)
        .with_context(|| format!("listening on {}", options.listen))?;
    // The program that started the relay reads the port from this line.
    println!("{}", listener.local_addr()?);
    let Options { groups, viewers, padding, flush, .. } = options;
    Relay::new(listener, Duty { groups, viewers, padding, flush })?.run()?;
    Ok(())
}
