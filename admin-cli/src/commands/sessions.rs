//! Sessions of players: `sessions`, `session` and `online`.

use std::collections::BTreeSet;

use pyao_config::suggest;
use pyao_store::records::UserId;
use pyao_store::server::ServerRun;
use pyao_store::session::StoredSession;

use super::arguments::{NoArguments, Who};
use super::{Context, accounts};
use crate::failure::{Code, Failure};
use crate::output::{Cell, Column, Record, Reply, Table, column};

const COLUMNS: &[Column] = &[
    column("ID", "user_id"),
    column("NAME", "username"),
    column("LEVEL", "level").dropped(3),
    column("CLASS", "class").dropped(4),
    column("MAP", "map").dropped(1),
    column("HP", "hp").dropped(7),
    column("CONNECTED", "connected").dropped(2),
    column("LOST", "disconnected_at").dropped(8),
    column("SERVER", "server").dropped(5),
    column("LIVE", "server_live").dropped(9),
    column("LAST SEEN", "last_seen").dropped(6),
];

const ONLINE_COLUMNS: &[Column] = &[
    column("ID", "user_id"),
    column("NAME", "username"),
    column("LEVEL", "level").dropped(3),
    column("MAP", "map").dropped(1),
    column("SERVER", "server").dropped(2),
];

/// Reads the runs of servers whose lease holds.
fn live_runs(context: &mut Context) -> Result<BTreeSet<String>, Failure> {
    Ok(context.store.servers()?.iter().map(|server| server.run.to_string()).collect())
}

fn is_live(runs: &BTreeSet<String>, run: Option<&ServerRun>) -> bool {
    run.is_some_and(|run| runs.contains(&run.to_string()))
}

/// Lists sessions: `sessions`.
pub fn list(context: &mut Context, _: NoArguments) -> Result<Reply, Failure> {
    let runs = live_runs(context)?;
    let rows = context.store.sessions()?.iter().map(|stored| cells(stored, &runs)).collect();
    Ok(Reply::Table(Table {
        name: "sessions",
        columns: COLUMNS,
        rows,
        fields: Vec::new(),
        notes: Vec::new(),
    }))
}

fn cells(stored: &StoredSession, runs: &BTreeSet<String>) -> Vec<Cell> {
    let session = &stored.session;
    vec![
        Cell::Number(session.user_id.0.into()),
        Cell::text(&session.username),
        Cell::Number(session.level.into()),
        Cell::text(&session.class),
        unless_missing(stored, "location_id", Cell::Number(session.location_id.get().into())),
        unless_missing(stored, "hp", Cell::Number(session.hp.into())),
        unless_missing(stored, "websocket_connected", Cell::Flag(session.disconnected_at.is_none())),
        Cell::moment(session.disconnected_at),
        server(stored),
        Cell::Flag(is_live(runs, stored.run.as_ref())),
        unless_missing(stored, "last_seen", Cell::Moment(session.last_seen)),
    ]
}

/// Shows a value, if the store has its field: a session that was written by hand lacks some.
fn unless_missing(stored: &StoredSession, field: &str, cell: Cell) -> Cell {
    if stored.missing.contains(field) { Cell::None } else { cell }
}

fn server(stored: &StoredSession) -> Cell {
    stored.run.as_ref().map_or(Cell::None, |run| Cell::text(run.server.as_str()))
}

/// Shows a session: `session`.
pub fn show(context: &mut Context, Who { who }: Who) -> Result<Reply, Failure> {
    let user_id = match who.parse() {
        Ok(number) => UserId(number),
        Err(_) => accounts::find(context, &who)?.user_id,
    };
    let Some(stored) = context.store.session(user_id)? else {
        let names: Vec<String> =
            context.store.sessions()?.into_iter().map(|stored| stored.session.username).collect();
        let near = suggest::hint(&who, names.iter().map(String::as_str));
        return Err(Failure::new(Code::NotFound, format!("{who} has no session{near}"))
            .hint("`pyao-admin sessions` lists who has"));
    };
    let runs = live_runs(context)?;
    let fields = COLUMNS.iter().map(|column| column.field).zip(cells(&stored, &runs)).collect();
    Ok(Reply::Record(Record { fields }))
}

/// Lists the connected sessions of live servers: `online`.
pub fn online(context: &mut Context, _: NoArguments) -> Result<Reply, Failure> {
    let runs = live_runs(context)?;
    let mut sessions = context.store.sessions()?;
    sessions.retain(|stored| stored.session.disconnected_at.is_none() && is_live(&runs, stored.run.as_ref()));
    let row = |stored: &StoredSession| {
        let session = &stored.session;
        vec![
            Cell::Number(session.user_id.0.into()),
            Cell::text(&session.username),
            Cell::Number(session.level.into()),
            unless_missing(stored, "location_id", Cell::Number(session.location_id.get().into())),
            server(stored),
        ]
    };
    Ok(Reply::Table(Table {
        name: "online",
        columns: ONLINE_COLUMNS,
        rows: sessions.iter().map(row).collect(),
        fields: vec![("count", sessions.len().into())],
        notes: Vec::new(),
    }))
}
