//! The reports of live servers about themselves: `servers`, `connections`, `counters` and `uptime`.

use std::collections::BTreeMap;

use pyao_store::server::{ConnectionInfo, LiveServer};

use super::Context;
use super::arguments::NoArguments;
use crate::failure::Failure;
use crate::output::{Cell, Column, Reply, Table, column};

const SERVER_COLUMNS: &[Column] = &[
    column("SERVER", "server"),
    column("EPOCH", "epoch").dropped(5),
    column("UPTIME", "uptime_seconds").dropped(3),
    column("STARTED", "started_at").dropped(4),
    column("PLAYERS", "players").dropped(1),
    column("CONNECTIONS", "connections").dropped(2),
];

const CONNECTION_COLUMNS: &[Column] = &[
    column("SERVER", "server").dropped(4),
    column("ID", "id"),
    column("ADDRESS", "address").dropped(1),
    column("PLAYER", "player"),
    column("USER", "user_id").dropped(5),
    column("IN", "bytes_in").dropped(7),
    column("OUT", "bytes_out").dropped(6),
    column("AGE", "age_seconds").dropped(3),
];

const COUNTER_COLUMNS: &[Column] = &[column("COUNTER", "counter"), column("VALUE", "value")];

const UPTIME_COLUMNS: &[Column] =
    &[column("SERVER", "server"), column("UPTIME", "uptime_seconds"), column("STARTED", "started_at")];

fn table(name: &'static str, columns: &'static [Column], rows: Vec<Vec<Cell>>) -> Reply {
    Reply::Table(Table { name, columns, rows, fields: Vec::new(), notes: Vec::new() })
}

/// Lists live servers: `servers`.
pub fn list(context: &mut Context, _: NoArguments) -> Result<Reply, Failure> {
    let row = |server: &LiveServer| {
        let status = &server.status;
        vec![
            Cell::text(server.run.server.as_str()),
            Cell::Number(server.run.epoch),
            Cell::Duration(status.uptime_seconds),
            Cell::Moment(status.started_at),
            Cell::Number(status.players.into()),
            Cell::Number(status.connections.into()),
        ]
    };
    let rows = context.store.servers()?.iter().map(row).collect();
    Ok(table("servers", SERVER_COLUMNS, rows))
}

/// Lists open connections: `connections`.
pub fn connections(context: &mut Context, _: NoArguments) -> Result<Reply, Failure> {
    let servers = context.store.servers()?;
    let told: usize = servers.iter().map(|server| server.status.connection_list.len()).sum();
    let open = context.store.connections_count()?;
    let mut rows = Vec::with_capacity(told);
    for server in &servers {
        let name = server.run.server.as_str();
        rows.extend(server.status.connection_list.iter().map(|connection| cells(name, connection)));
    }
    let mut notes = Vec::new();
    if u64::try_from(told).is_ok_and(|told| told < open) {
        notes.push(format!(
            "{told} of {open} open connections: a server with very many tells only their number"
        ));
    }
    let fields = vec![("count", open.into())];
    Ok(Reply::Table(Table { name: "connections", columns: CONNECTION_COLUMNS, rows, fields, notes }))
}

fn cells(server: &str, connection: &ConnectionInfo) -> Vec<Cell> {
    vec![
        Cell::text(server),
        Cell::Number(connection.id),
        Cell::text(&connection.address),
        connection.player.as_deref().map_or(Cell::None, Cell::text),
        connection.user_id.map_or(Cell::None, |user_id| Cell::Number(user_id.0.into())),
        Cell::Bytes(connection.bytes_in),
        Cell::Bytes(connection.bytes_out),
        Cell::Duration(connection.age_seconds),
    ]
}

/// Sums up the counters: `counters`.
pub fn counters(context: &mut Context, _: NoArguments) -> Result<Reply, Failure> {
    let servers = context.store.servers()?;
    let mut counters = context.store.statistics()?;
    let players: u64 = servers.iter().map(|server| u64::from(server.status.players)).sum();
    counters.insert("connections".to_owned(), context.store.connections_count()?);
    counters.insert("players".to_owned(), players);
    counters.insert("servers".to_owned(), servers.len() as u64);
    for server in &servers {
        add(&mut counters, &server.status.counters);
    }
    let rows =
        counters.into_iter().map(|(name, value)| vec![Cell::Text(name), Cell::Number(value)]).collect();
    Ok(table("counters", COUNTER_COLUMNS, rows))
}

fn add(sums: &mut BTreeMap<String, u64>, counters: &BTreeMap<String, u64>) {
    for (name, value) in counters {
        let sum = sums.entry(name.clone()).or_default();
        *sum = sum.saturating_add(*value);
    }
}

/// Shows the age of each live server: `uptime`.
pub fn uptime(context: &mut Context, _: NoArguments) -> Result<Reply, Failure> {
    let row = |server: &LiveServer| {
        vec![
            Cell::text(server.run.server.as_str()),
            Cell::Duration(server.status.uptime_seconds),
            Cell::Moment(server.status.started_at),
        ]
    };
    let rows = context.store.servers()?.iter().map(row).collect();
    Ok(table("servers", UPTIME_COLUMNS, rows))
}
