//! Starting a server from its configuration, and what is said to the operator on the way.
//!
//! The order is fixed: the world is loaded, then the store is opened, and only then does anybody listen. What fails is
//! one line for each fault: what failed, with which value, and what to do.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use mio::net::TcpListener;

use crate::config::{Config, Loaded};
use crate::content::{Content, Fault};
use crate::crypto::PasswordCost;
use crate::game::{self, Game};
use crate::net::event_loop::{EventLoop, Finished, Setup, SetupError};
use crate::net::{self, ClientLimits, Stop};
use crate::ops::metrics::Counter;
use crate::store::Store;
use crate::store::sqlite::SqliteStore;

/// Time the store gets to write what waits, after the loop has ended.
const STORE_SHUTDOWN: Duration = Duration::from_secs(5);

/// Files open besides the players' sockets: refused ones, the ops port, the store, the poll.
const OTHER_DESCRIPTORS: u64 = 128;

/// Why a server did not start, or did not end well. Each is written for the operator.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration asks for what this version cannot do.
    #[error(
        "Redis support is not built yet in this version; run with --no-redis to keep everything in the embedded store \
         ({asked_by} asks for Redis)"
    )]
    NoRedis {
        /// Where the wish came from.
        asked_by: String,
    },
    /// The data directory cannot be used.
    #[error("{0}")]
    Data(String),
    /// The store cannot be opened.
    #[error("{0}")]
    Store(String),
    /// The players' port cannot be had.
    #[error("cannot listen on {address}: {reason}; {advice}")]
    Listen {
        /// Where.
        address: String,
        /// The system's words.
        reason: io::Error,
        /// What to do.
        advice: &'static str,
    },
    /// The system gives no address or no randomness.
    #[error("cannot start: {0}")]
    System(#[from] io::Error),
    /// The loop cannot be set up.
    #[error("cannot start: {0}")]
    Setup(#[from] SetupError),
    /// The loop ended without a signal.
    #[error("the loop stopped: {0}")]
    Loop(io::Error),
    /// Not everything could be saved.
    #[error("stopped with changes not saved: {0}")]
    Unsaved(String),
}

impl StartError {
    /// Whether the fault is in how the server was called, rather than in what it found.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        matches!(self, Self::NoRedis { .. })
    }
}

/// Runs a server until a signal stops it.
///
/// # Errors
/// When it cannot start, or cannot save everything at the end.
pub fn run(loaded: &Loaded) -> Result<(), StartError> {
    let config = &loaded.config;
    refuse_redis(loaded)?;
    let (content, faults) = load_content(config)?;
    for fault in &faults {
        log::warn!("data: {fault}");
    }
    let maps = content.summary().maps;
    let store = open_store(config)?;
    allow_descriptors(config);
    let listener = listen(config)?;
    let ops_listener = listen_for_ops(config);
    let addresses = Addresses {
        players: listener.local_addr()?,
        ops: ops_listener.as_ref().map(TcpListener::local_addr).transpose()?,
    };
    let unix_start = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |elapsed| elapsed.as_secs());
    let seed = getrandom::u64().map_err(|error| io::Error::other(error.to_string()))?;
    let event_loop = EventLoop::new(Setup {
        game: Game::new(Arc::new(content), game_settings(config), seed, unix_start),
        store,
        password_cost: password_cost(config),
        listener,
        ops_listener,
        limits: client_limits(config),
    })?;
    log_start(config, &addresses, maps);
    finish(event_loop.run())
}

/// Reads the world without running it, for `--check`: its summary, and its faults that do not keep it from running.
///
/// # Errors
/// When the data cannot be used, or the configuration asks for what this version cannot do.
pub fn check(loaded: &Loaded) -> Result<(String, Vec<Fault>), StartError> {
    refuse_redis(loaded)?;
    let (content, faults) = load_content(&loaded.config)?;
    Ok((content.summary().to_string(), faults))
}

fn refuse_redis(loaded: &Loaded) -> Result<(), StartError> {
    if !loaded.config.redis.is_asked_for() {
        return Ok(());
    }
    let key = if loaded.config.redis.required == Some(true) {
        "redis.required"
    } else {
        "redis.url"
    };
    Err(StartError::NoRedis {
        asked_by: format!("{key}, set by {}", loaded.sources.of(key)),
    })
}

fn load_content(config: &Config) -> Result<(Content, Vec<Fault>), StartError> {
    if config.world.data.is_empty() {
        return Ok((Content::starter(), Vec::new()));
    }
    let directory = Path::new(&config.world.data);
    Content::load(directory).map_err(|error| StartError::Data(format!("{}: {error}", directory.display())))
}

fn open_store(config: &Config) -> Result<Box<dyn Store>, StartError> {
    let path = Path::new(&config.store.path);
    match SqliteStore::open(path) {
        Ok(store) => Ok(Box::new(store)),
        Err(error) => Err(StartError::Store(error.to_string())),
    }
}

/// Every connection is a file to the system, which may allow fewer than the operator does.
fn allow_descriptors(config: &Config) {
    let connections = u64::from(config.server.max_connections);
    let limit = net::raise_limit(connections + OTHER_DESCRIPTORS);
    if limit < connections + OTHER_DESCRIPTORS {
        log::warn!(
            "the system allows {limit} open files: too few for max_connections={connections}; raise it with \
             `ulimit -n` or LimitNOFILE="
        );
    }
}

fn listen(config: &Config) -> Result<TcpListener, StartError> {
    let server = &config.server;
    bind((server.host.as_str(), server.port)).map_err(|reason| {
        let advice = match reason.kind() {
            io::ErrorKind::AddrInUse => "another server runs there: stop it, or choose another --port",
            io::ErrorKind::PermissionDenied => "ports below 1024 need privileges: choose another --port",
            io::ErrorKind::AddrNotAvailable => {
                "this machine does not have that address: choose another --host"
            }
            _ => "choose another --host or --port",
        };
        StartError::Listen {
            address: format!("{}:{}", server.host, server.port),
            reason,
            advice,
        }
    })
}

/// The ops port is a convenience: without it the game runs all the same.
fn listen_for_ops(config: &Config) -> Option<TcpListener> {
    let address = config.ops.listen.as_str();
    if address.is_empty() {
        return None;
    }
    bind(address)
        .inspect_err(|reason| {
            log::warn!("no /health and /metrics: cannot listen on {address}: {reason}; choose another --ops");
        })
        .ok()
}

/// Listens on the first address of that name that can be had.
fn bind(name: impl ToSocketAddrs) -> io::Result<TcpListener> {
    let mut last_error = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in name.to_socket_addrs()? {
        match TcpListener::bind(address) {
            Ok(listener) => return Ok(listener),
            Err(error) => last_error = error,
        }
    }
    Err(last_error)
}

fn game_settings(config: &Config) -> game::Settings {
    game::Settings {
        text_encoding: config.server.text_encoding,
        handshake_ms: u64::from(config.limits.handshake_seconds) * 1000,
        idle_ms: u64::from(config.limits.idle_minutes) * 60_000,
        logins_per_minute_per_ip: config.limits.logins_per_minute_per_ip,
        disconnect_stay_ms: u64::from(config.game.disconnect_stay_seconds) * 1000,
        start_positions: config.world.start_positions.clone(),
        ..game::Settings::default()
    }
}

fn password_cost(config: &Config) -> PasswordCost {
    PasswordCost {
        memory_kib: config.security.password_memory_kib,
        passes: config.security.password_passes,
        threads: config.security.password_threads,
    }
}

fn client_limits(config: &Config) -> ClientLimits {
    let no_limit_if_zero = |limit: u32| if limit == 0 { u32::MAX } else { limit };
    ClientLimits {
        connections: config.server.max_connections as usize,
        connections_per_address: no_limit_if_zero(config.limits.connections_per_ip) as usize,
        packets_per_second: no_limit_if_zero(config.limits.packets_per_second),
    }
}

/// Where the server really listens: port 0 is any free one.
struct Addresses {
    players: SocketAddr,
    ops: Option<SocketAddr>,
}

fn log_start(config: &Config, addresses: &Addresses, maps: usize) {
    log::info!(
        "pyao-server {} listens on {}: maps={maps} max_connections={} connections_per_ip={} packets_per_second={} \
         store={} ops={}",
        env!("CARGO_PKG_VERSION"),
        addresses.players,
        config.server.max_connections,
        config.limits.connections_per_ip,
        config.limits.packets_per_second,
        config.store.path,
        addresses
            .ops
            .map_or_else(|| "off".to_owned(), |address| address.to_string()),
    );
}

/// Closes the store and says how it went.
fn finish(finished: Finished) -> Result<(), StartError> {
    let saved = finished.store.shutdown(STORE_SHUTDOWN);
    let metrics = &finished.metrics;
    log::info!(
        "stopped: reason={} uptime_s={} accepted={} refused={} closed={} bytes_in={} bytes_out={} saved={}",
        match &finished.stop {
            Stop::Signal(signal) => signal,
            Stop::PollFailed(_) => "poll_failed",
        },
        finished.uptime_ms / 1000,
        metrics.count(Counter::Accepts),
        metrics.refusals.total(),
        metrics.closes.total(),
        metrics.count(Counter::BytesIn),
        metrics.count(Counter::BytesOut),
        if saved.is_ok() && finished.is_drained {
            "all"
        } else {
            "not all"
        },
    );
    saved.map_err(|unsaved| StartError::Unsaved(unsaved.to_string()))?;
    match finished.stop {
        Stop::PollFailed(error) => Err(StartError::Loop(error)),
        Stop::Signal(_) if !finished.is_drained => Err(StartError::Unsaved(
            "the time to save everybody was over".to_owned(),
        )),
        Stop::Signal(_) => Ok(()),
    }
}
