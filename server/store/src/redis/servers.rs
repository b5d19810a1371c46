//! Servers to keys and back: for each question the commands that ask it, and the reading of the answer.

use std::fmt::Display;
use std::time::Duration;

use redis::Value;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::commands::Commands;
use super::values::{Hash, Replies, damaged, integer, list, lossy_text, text};
use super::{RedisError, RedisStore, scripts};
use crate::keyspace::{
    ACCOUNTS_COUNTER, ACTIVE_WORKERS, CONNECTIONS_COUNT, EPOCH, SCHEMA, SERVER_CONNECTIONS,
    SERVER_CONNECTIONS_COUNT, SERVER_COUNTERS, SERVER_LEASE, SERVER_REFUSED, SERVER_SETTINGS, SERVER_STATUS,
    SERVER_TAKEN, STORE_ID, UPTIME, UPTIME_START, of_run, of_server,
};
use crate::records::UserId;
use crate::schema::{self, Noted};
use crate::server::{Heartbeat, LiveServer, Registration, ServerId, ServerRun, ServerStart, ServerStatus};
use crate::{Servers, StoreError, fresh_store_id};

/// Templates of the hashes that a server tells with a heartbeat.
const TOLD: [&str; 5] = [SERVER_STATUS, SERVER_COUNTERS, SERVER_CONNECTIONS, SERVER_SETTINGS, SERVER_REFUSED];

/// First word of an answer that tells of data of a later schema.
const NEWER: &str = "newer";
/// First word of an answer that tells of a server of an earlier schema.
const OLDER: &str = "older";

/// Returns the lease in milliseconds: at least one, which is the least that Redis takes.
fn milliseconds(lease: Duration) -> String {
    lease.as_millis().max(1).to_string()
}

/// Begins a run.
pub(super) fn register(commands: &mut Commands, start: &ServerStart, fresh_store_id: &str) {
    let keys = [ACTIVE_WORKERS, CONNECTIONS_COUNT, EPOCH, STORE_ID, SCHEMA];
    scripts::call(commands, scripts::REGISTER_SERVER, &keys)
        .args([SERVER_LEASE, SERVER_CONNECTIONS_COUNT])
        .arg(milliseconds(start.lease))
        .arg(&start.server)
        .arg(fresh_store_id)
        .arg(schema::note())
        .arg(schema::UNNOTED);
}

/// Outcome of a start.
pub(super) enum Begun {
    /// It is registered.
    Run {
        /// Number of the run.
        epoch: u64,
        /// Name of the store.
        store_id: String,
    },
    /// A server runs that writes data of an earlier schema.
    BesideOlder {
        /// Its id.
        server: String,
        /// Schema of the data.
        found: u32,
    },
    /// The store has data of a later schema.
    OnNewer(Noted),
}

/// Reads what [`register`] did.
pub(super) fn registered(replies: &mut Replies) -> Result<Begun, StoreError> {
    let mut answer = list(replies.next()?).into_iter();
    let mut next = || answer.next().unwrap_or(Value::Nil);
    let first = next();
    Ok(match lossy_text(&first).as_str() {
        NEWER => Begun::OnNewer(Noted::parse(&lossy_text(&next()))),
        OLDER => {
            let (server, noted) = (lossy_text(&next()), Noted::parse(&lossy_text(&next())));
            Begun::BesideOlder { server, found: noted.schema }
        }
        _ => {
            let store_id = text(STORE_ID, next())?.unwrap_or_default();
            Begun::Run { epoch: integer(EPOCH, first)?, store_id }
        }
    })
}

/// Renews the lease of `run`, then replaces what it told of itself.
pub(super) fn heartbeat(
    commands: &mut Commands,
    run: &ServerRun,
    lease: Duration,
    fresh_store_id: &str,
    status: &ServerStatus,
) {
    let taken_key = of_run(SERVER_TAKEN, run);
    let shared = [ACTIVE_WORKERS, CONNECTIONS_COUNT, EPOCH, STORE_ID, UPTIME, UPTIME_START];
    let keys = [&shared[..], &[&taken_key, ACCOUNTS_COUNTER, SCHEMA]].concat();
    scripts::call(commands, scripts::HEARTBEAT, &keys)
        .args([SERVER_LEASE, SERVER_CONNECTIONS_COUNT])
        .arg(milliseconds(lease))
        .arg(&run.server)
        .arg(fresh_store_id)
        .args([run.epoch, status.connections.into(), status.uptime_seconds, status.started_at])
        .arg(schema::note())
        .arg(schema::UNNOTED);
    tell(commands, run, lease, status);
}

/// Replaces what `run` told of itself, in one step.
pub(super) fn tell(commands: &mut Commands, run: &ServerRun, lease: Duration, status: &ServerStatus) {
    commands.add("MULTI");
    let state = [
        ("epoch", run.epoch),
        ("started_at", status.started_at),
        ("uptime", status.uptime_seconds),
        ("connections", status.connections.into()),
        ("players", status.players.into()),
    ];
    let connections = status.connection_list.iter().map(|info| (info.id, to_json(info)));
    let of = |template| of_server(template, &run.server);
    replace(commands, &of(SERVER_STATUS), lease, state);
    replace(commands, &of(SERVER_COUNTERS), lease, &status.counters);
    replace(commands, &of(SERVER_CONNECTIONS), lease, connections);
    replace(commands, &of(SERVER_SETTINGS), lease, &status.settings);
    let refused = status.refused.iter().map(|(name, refusal)| (name, to_json(refusal)));
    replace(commands, &of(SERVER_REFUSED), lease, refused);
    commands.add("EXEC");
}

/// Writes a hash anew, to be there for one lease.
fn replace<F: Display, V: Display>(
    commands: &mut Commands,
    key: &str,
    lease: Duration,
    fields: impl IntoIterator<Item = (F, V)>,
) {
    commands.add("DEL").arg(key);
    let mut fields = fields.into_iter().peekable();
    if fields.peek().is_none() {
        return;
    }
    commands.add("HSET").arg(key);
    for (field, value) in fields {
        commands.arg(field).arg(value);
    }
    commands.add("PEXPIRE").arg(key).arg(milliseconds(lease));
}

/// Outcome of a heartbeat.
pub(super) enum Heard {
    /// The lease is renewed.
    Alive {
        /// The answer.
        heartbeat: Heartbeat,
        /// Number of the last account.
        last_account: UserId,
    },
    /// The store has data of a later schema: this server may not write there any more.
    OnNewer(Noted),
}

/// Reads what [`heartbeat`] did; all of its answers must be left in `replies`, and
/// nothing else.
pub(super) fn heard(replies: &mut Replies, run: &ServerRun) -> Result<Heard, StoreError> {
    let answer = replies.next()?;
    if answer == Value::Nil {
        return Err(StoreError::ServerReplaced(run.server.clone()));
    }
    let mut answer = list(answer).into_iter();
    let mut next = || answer.next().unwrap_or(Value::Nil);
    let first = next();
    if lossy_text(&first) == NEWER {
        return Ok(Heard::OnNewer(Noted::parse(&lossy_text(&next()))));
    }
    let connections = integer(CONNECTIONS_COUNT, first)?;
    let store_id = text(STORE_ID, next())?.unwrap_or_default();
    let taken_key = of_run(SERVER_TAKEN, run);
    let mut taken = Vec::new();
    for user in list(next()) {
        let id = integer(&taken_key, user)?;
        taken.push(UserId(u32::try_from(id).map_err(|_| damaged(&taken_key, "a user id is too large"))?));
    }
    taken.sort_unstable();
    let last_account = lossy_text(&next()).parse().unwrap_or(0);
    let heartbeat = Heartbeat { connections, store_id, taken };
    Ok(Heard::Alive { heartbeat, last_account: UserId(last_account) })
}

/// Ends `run`.
pub(super) fn deregister(commands: &mut Commands, run: &ServerRun, lease: Duration) {
    let of = |template| of_server(template, &run.server);
    let told = TOLD.map(of);
    let keys = [ACTIVE_WORKERS, CONNECTIONS_COUNT].into_iter().chain(told.iter().map(String::as_str));
    scripts::call(commands, scripts::DEREGISTER_SERVER, &keys.collect::<Vec<_>>())
        .args([SERVER_LEASE, SERVER_CONNECTIONS_COUNT])
        .arg(milliseconds(lease))
        .arg(&run.server)
        .arg(run.epoch);
}

/// Asks for the ids of the servers.
pub(super) fn ids(commands: &mut Commands) {
    commands.add("SMEMBERS").arg(ACTIVE_WORKERS);
}

/// Reads what [`ids`] asked, in order.
pub(super) fn read_ids(replies: &mut Replies) -> Result<Vec<ServerId>, StoreError> {
    let mut servers = Vec::new();
    for id in list(replies.next()?) {
        let id = text(ACTIVE_WORKERS, id)?.unwrap_or_default();
        servers.push(ServerId::new(&id).map_err(|error| damaged(ACTIVE_WORKERS, &error.to_string()))?);
    }
    servers.sort_unstable();
    Ok(servers)
}

/// Asks for the lease of a server.
pub(super) fn lease(commands: &mut Commands, server: &ServerId) {
    commands.add("GET").arg(of_server(SERVER_LEASE, server));
}

/// Reads what [`lease`] asked: the run that lives.
pub(super) fn leased(replies: &mut Replies, server: &ServerId) -> Result<Option<ServerRun>, StoreError> {
    let epoch = integer(&of_server(SERVER_LEASE, server), replies.next()?)?;
    Ok((epoch > 0).then(|| ServerRun { server: server.clone(), epoch }))
}

/// Asks for what a server told of itself, if it lives.
pub(super) fn look(commands: &mut Commands, server: &ServerId) {
    lease(commands, server);
    for template in TOLD {
        commands.add("HGETALL").arg(of_server(template, server));
    }
}

/// Reads what [`look`] asked.
pub(super) fn seen(replies: &mut Replies, server: &ServerId) -> Result<Option<LiveServer>, StoreError> {
    let run = leased(replies, server)?;
    let mut next = |template| Hash::new(&of_server(template, server), replies.next()?);
    let [state, counters, connections, settings, refused] = TOLD.map(&mut next);
    let (state, counters, connections) = (state?, counters?, connections?);
    let (settings, refused) = (settings?, refused?);
    let Some(run) = run else { return Ok(None) };
    if state.is_empty() {
        return Ok(Some(LiveServer { run, status: ServerStatus::default() }));
    }
    let mut status = ServerStatus {
        started_at: state.number("started_at", 0..=i64::MAX)?,
        uptime_seconds: state.number("uptime", 0..=i64::MAX)?,
        connections: state.number("connections", 0..=i64::from(u32::MAX))?,
        players: state.number("players", 0..=i64::from(u32::MAX))?,
        ..ServerStatus::default()
    };
    for (name, count) in counters.fields() {
        let count =
            count.parse().map_err(|_| counters.damaged(&format!("{name} is {count:?}, no number")))?;
        status.counters.insert(name.to_owned(), count);
    }
    for (id, json) in connections.fields() {
        status.connection_list.push(from_json(&connections, id, json)?);
    }
    for (name, value) in settings.fields() {
        status.settings.insert(name.to_owned(), value.to_owned());
    }
    for (name, json) in refused.fields() {
        status.refused.insert(name.to_owned(), from_json(&refused, name, json)?);
    }
    status.connection_list.sort_by_key(|info| info.id);
    Ok(Some(LiveServer { run, status }))
}

/// Numbers and text always have a JSON form.
fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

fn from_json<T: DeserializeOwned>(hash: &Hash, field: &str, json: &str) -> Result<T, StoreError> {
    serde_json::from_str(json).map_err(|error| hash.damaged(&format!("{field}: {error}")))
}

impl RedisStore {
    pub(super) fn live_runs(&mut self) -> Result<Vec<ServerRun>, StoreError> {
        let ids = self.ask(ids, read_ids)?;
        self.ask(
            |commands| ids.iter().for_each(|id| lease(commands, id)),
            |replies| ids.iter().filter_map(|id| leased(replies, id).transpose()).collect(),
        )
    }
}

impl Servers for RedisStore {
    fn register_server(&mut self, start: &ServerStart) -> Result<Registration, StoreError> {
        let fresh_id = fresh_store_id()?;
        let begun = self.ask(|commands| register(commands, start, &fresh_id), registered)?;
        let (epoch, store_id) = match begun {
            Begun::Run { epoch, store_id } => (epoch, store_id),
            Begun::BesideOlder { server, found } => {
                let (place, known) = (self.link.address.place(), schema::current());
                return Err(RedisError::OlderServer { place, server, found, known }.into());
            }
            Begun::OnNewer(noted) => return Err(self.newer(noted)),
        };
        let run = ServerRun { server: start.server.clone(), epoch };
        let status = ServerStatus { started_at: start.started_at, ..ServerStatus::default() };
        let told = |replies: &mut Replies| replies.next().map(drop);
        self.ask(|commands| tell(commands, &run, start.lease, &status), told)?;
        let last = integer(ACCOUNTS_COUNTER, self.command("GET", &[ACCOUNTS_COUNTER])?)?;
        self.has_met(UserId(u32::try_from(last).unwrap_or(0)));
        let sessions_disconnected = self.disconnect_orphans()?;
        self.registered = Some((run.clone(), start.lease));
        (self.store_id, self.told_store_id) = (store_id.clone(), store_id.clone());
        Ok(Registration { run, store_id, sessions_disconnected })
    }

    fn heartbeat(&mut self, status: &ServerStatus) -> Result<Heartbeat, StoreError> {
        let (run, lease) = self.registered()?;
        let fresh_id = fresh_store_id()?;
        let heard = self.ask(
            |commands| heartbeat(commands, &run, lease, &fresh_id, status),
            |replies| heard(replies, &run),
        )?;
        self.has_heard(heard)
    }

    fn deregister_server(&mut self) -> Result<(), StoreError> {
        let Ok((run, lease)) = self.registered() else { return Ok(()) };
        self.ask(|commands| deregister(commands, &run, lease), |replies| replies.next().map(drop))?;
        self.registered = None;
        Ok(())
    }

    fn servers(&mut self) -> Result<Vec<LiveServer>, StoreError> {
        let ids = self.ask(ids, read_ids)?;
        self.ask(
            |commands| ids.iter().for_each(|id| look(commands, id)),
            |replies| ids.iter().filter_map(|id| seen(replies, id).transpose()).collect(),
        )
    }

    fn connections_count(&mut self) -> Result<u64, StoreError> {
        integer(CONNECTIONS_COUNT, self.command("GET", &[CONNECTIONS_COUNT])?)
    }
}
