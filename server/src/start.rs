//! Starting a server from its configuration, with reports to the operator on the way.
//!
//! The order is fixed: the world is loaded, the store is opened and asked for its settings, the port is taken, and only
//! then does the store hear of this server and get the settings that it lacks: a start without a port leaves nothing there
//! that would win over the corrected file. Without a store, the port is taken before its file is made. Each
//! fault is one line: the thing that failed, its value, and advice.

mod data_change;

use std::io::{self, Write};
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use mio::net::TcpListener;

use crate::net::event_loop::{EventLoop, Finished, Setup, SetupError};
use crate::net::listen::bind;
use crate::net::{self, Room, Stop};
use crate::ops::metrics::Counter;
use pyao_config::live::{self, Refused};
use pyao_config::store_choice::{ChoiceError, Found, StoreChoice};
use pyao_config::{Config, Loaded};
use pyao_core::content::{Content, Fault, Position, Summary, client_assets, sense};
use pyao_core::game::{self, Game};
use pyao_store::redis::RedisError;
use pyao_store::server::{DEFAULT_LEASE, Registration, ServerId, ServerStart};
use pyao_store::worker::ShutdownError;
use pyao_store::{OwnChanges, ServerSettings, Store, StoreError};

pub use data_change::{DataChange, Displaced};

/// The clients that speak the server's protocol.
const CLIENT: &str = "0.13.3";
/// Time the store gets to write what waits, after the loop has ended.
const STORE_SHUTDOWN: Duration = Duration::from_secs(5);

/// The reason why a server did not start, or did not end well. Each is written for the operator.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data directory cannot be used.
    #[error("{0}")]
    Data(String),
    /// New characters cannot begin where they should: the data has no such maps.
    #[error("world.start_positions: {}", .0.iter().map(missing_map).collect::<Vec<_>>().join("\nworld.start_positions: "))]
    StartPositions(Vec<Position>),
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] ChoiceError),
    /// The store cannot do what every start asks of it.
    #[error("the store cannot be used: {0}")]
    StoreUnusable(#[from] StoreError),
    /// The maps are others than those that characters were saved on.
    #[error(transparent)]
    DataChanged(#[from] Displaced),
    /// The players' port cannot be had.
    #[error("cannot listen on {address}: {reason}; {advice}")]
    Listen {
        /// Its address.
        address: String,
        /// The system's words.
        reason: io::Error,
        /// Advice.
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
    /// Everything was saved, but not where the next start looks for it.
    #[error("stopped without its store: {0}")]
    StoreGone(StoreError),
}

/// Runs a server until a signal stops it. On a `terminal` it says in a few words what a newcomer has to know.
///
/// # Errors
/// A failure of the start, or of the last saves.
pub fn run(loaded: &Loaded, data_change: DataChange, terminal: Option<impl Write>) -> Result<(), StartError> {
    let mut loaded = loaded.clone();
    let (content, faults) = load_content(&loaded.config)?;
    for fault in &faults {
        log::warn!("data: {fault}");
    }
    for warning in warnings(&loaded) {
        log::warn!("{warning}");
    }
    let unknown = client_assets::check(&content).len();
    if unknown > 0 {
        log::warn!("data: {unknown} pictures and sounds that the client does not have; --check lists them");
    }
    let unix_start = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs());
    let found = StoreChoice::of(&loaded.config).find().map_err(ChoiceError::from)?;
    let early = found.makes_file().then(|| listen(&loaded.config)).transpose()?;
    let (mut store, uses_redis, store_summary) = open_store(found, &loaded.config)?;
    let new_maps = data_change::check(store.as_mut(), &content, data_change)?;
    let server = server_id(&loaded.config)?;
    let refused_settings = follow_settings(store.as_mut(), &server, &mut loaded)?;
    let room = net::allow_connections(loaded.config.server.max_connections);
    let listener = early.map_or_else(|| listen(&loaded.config), Ok)?;
    let stored_settings = seed_settings(store.as_mut(), &server, &loaded)?;
    if let Some(maps) = new_maps {
        store.set_maps(&maps)?;
    }
    let config = loaded.config;
    // A second start under the name of a server that runs would end that one. It fails earlier, as it does not get the port.
    let registration = register(store.as_mut(), server, unix_start)?;
    let ops_listener = listen_for_ops(&config);
    let addresses = Addresses {
        players: listener.local_addr()?,
        ops: ops_listener.as_ref().map(TcpListener::local_addr).transpose()?,
    };
    let seed = getrandom::u64().map_err(|error| io::Error::other(error.to_string()))?;
    let started =
        start_line(&config, room, &addresses, content.summary().maps, &registration, &store_summary);
    let event_loop = EventLoop::new(Setup {
        game: Game::new(Arc::new(content), game::Settings::of(&config), seed, unix_start),
        unix_start,
        store,
        uses_redis,
        config,
        room,
        stored_settings,
        refused_settings,
        registration,
        listener,
        ops_listener,
    })?;
    // A reader of this line may send a signal: from here on signals are handled.
    log::info!("{started}");
    if let Some(mut terminal) = terminal {
        // A terminal that has gone needs no welcome.
        let _ = terminal.write_all(first_screen(&store_summary, addresses.players).as_bytes());
    }
    finish(event_loop.run())
}

/// Tells the store that this server runs from now on.
fn register(store: &mut dyn Store, server: ServerId, started_at: u64) -> Result<Registration, StartError> {
    let registration = store.register_server(&ServerStart { server, started_at, lease: DEFAULT_LEASE })?;
    if registration.sessions_disconnected > 0 {
        log::warn!("{} sessions of servers that are gone were ended", registration.sessions_disconnected);
    }
    Ok(registration)
}

/// Returns the server's name: the configured one, or one that no other server is likely to have.
fn server_id(config: &Config) -> io::Result<ServerId> {
    // A configured name was checked when it was read.
    if let Ok(id) = ServerId::new(&config.server.id) {
        return Ok(id);
    }
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let random = getrandom::u32().map_err(|error| io::Error::other(error.to_string()))?;
    Ok(ServerId::from_host(host.trim(), random as u16))
}

/// Lets the store's live settings count. Those that are not valid.
fn follow_settings(
    store: &mut dyn Store,
    server: &ServerId,
    loaded: &mut Loaded,
) -> Result<Refused, StartError> {
    store.check_settings()?;
    let mut stored = store.settings_of(server)?;
    if has_configured_id(&loaded.config) {
        store.check_own_settings(server)?;
    } else {
        // Left by another server that happened to draw the same id.
        stored.own.clear();
    }
    for (name, own) in &stored.own {
        log::info!("{name}: {own:?} is this server's own; it wins over that of all servers");
    }
    let overlaid = loaded.lay_store_over(&stored.effective());
    for remark in overlaid.remarks {
        log::warn!("{remark}");
    }
    Ok(overlaid.refused)
}

/// Gives the store the live settings that it lacks, and those that flags and variables make this server's own.
/// Returns what the store has then.
fn seed_settings(
    store: &mut dyn Store,
    server: &ServerId,
    loaded: &Loaded,
) -> Result<ServerSettings, StartError> {
    store.seed_settings(&loaded.live_settings())?;
    store.change_own_settings(server, &own_settings(loaded))?;
    Ok(store.settings_of(server)?)
}

/// Returns the settings that this start makes the server's own in the store. Without a configured id there are none: the next start has another
/// one, and what stands under a drawn id was left by somebody else.
fn own_settings(loaded: &Loaded) -> OwnChanges {
    if has_configured_id(&loaded.config) {
        return loaded.own_settings();
    }
    live::own_keys().map(|key| (key.to_owned(), None)).collect()
}

fn has_configured_id(config: &Config) -> bool {
    !config.server.id.is_empty()
}

/// A world that was read and not run.
pub struct Checked {
    /// The numbers of maps, objects and the rest.
    pub summary: Summary,
    /// Faults that do not keep it from running.
    pub faults: Vec<Fault>,
    /// Warnings for the operator.
    pub warnings: Vec<String>,
}

/// Reads the world without running it, for `--check`.
///
/// # Errors
/// Data that cannot be used.
pub fn check(loaded: &Loaded) -> Result<Checked, StartError> {
    let (content, faults) = load_content(&loaded.config)?;
    let of_data = sense::check(&content).into_iter().chain(client_assets::check(&content));
    let of_data = of_data.map(|fault| fault.to_string());
    let warnings = warnings(loaded).into_iter().chain(of_data).collect();
    Ok(Checked { summary: content.summary(), faults, warnings })
}

/// Returns the warnings about a configuration that runs.
fn warnings(loaded: &Loaded) -> Vec<String> {
    loaded.exposed_password().into_iter().chain(exposed_ops_port(&loaded.config)).collect()
}

/// Warns if other machines reach the ops port.
fn exposed_ops_port(config: &Config) -> Option<String> {
    let address = config.ops.listen.as_str();
    let mut addresses = address.to_socket_addrs().ok()?;
    addresses.any(|address| !address.ip().to_canonical().is_loopback()).then(|| {
        format!(
            "ops.listen={address:?}: other machines may read /health and /metrics, which ask for no password; use \
             127.0.0.1, or guard the port"
        )
    })
}

fn load_content(config: &Config) -> Result<(Content, Vec<Fault>), StartError> {
    let directory = Path::new(&config.world.data);
    let (content, faults) = if config.world.data.is_empty() {
        (Content::starter(), Vec::new())
    } else {
        Content::load(directory)
            .map_err(|error| StartError::Data(format!("{}: {error}", directory.display())))?
    };
    let starts = config.world.start_positions.iter().copied();
    let missing: Vec<_> = starts.filter(|start| content.map(start.map).is_none()).collect();
    if missing.is_empty() { Ok((content, faults)) } else { Err(StartError::StartPositions(missing)) }
}

fn missing_map(start: &Position) -> String {
    format!(
        "there is no map {} for \"{start}\"; name another place, or none for the world's own choice",
        start.map
    )
}

/// Opens the store that was found, and logs its place and its safety. Returns it with true for a Redis, and its summary.
fn open_store(found: Found, config: &Config) -> Result<(Box<dyn Store>, bool, String), StartError> {
    let opened = found.open_for_server()?;
    match opened.redis_failure {
        // Nobody asked for the one that is looked for by default.
        Some(RedisError::Unreachable { place, .. }) if config.redis.url.is_empty() => {
            log::info!("no Redis at {place}, everything is kept in {}", config.store.path);
        }
        Some(failure) => log::warn!("no Redis, everything is kept in {}: {failure}", config.store.path),
        None => {}
    }
    let mut store = opened.store;
    let description = store.describe()?;
    log::info!("store: {}; lost at worst: {}", description.summary, description.loss_window);
    for warning in &description.warnings {
        log::warn!("store: {warning}");
    }
    Ok((store, opened.is_redis, description.summary))
}

fn listen(config: &Config) -> Result<TcpListener, StartError> {
    let server = &config.server;
    bind((server.host.as_str(), server.port)).map_err(|reason| StartError::Listen {
        address: format!("{}:{}", server.host, server.port),
        advice: net::listen::advice(&reason),
        reason,
    })
}

/// Opens the ops port. Without it the game runs all the same.
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

/// The addresses of the listeners, where port 0 was any free one.
struct Addresses {
    players: SocketAddr,
    ops: Option<SocketAddr>,
}

fn start_line(
    config: &Config,
    room: Room,
    addresses: &Addresses,
    maps: usize,
    registration: &Registration,
    store: &str,
) -> String {
    format!(
        "pyao-server {} listens on {}: maps={maps} max_connections={} connections_per_ip={} packets_per_second={} \
         server={} store={store:?} ops={}",
        env!("CARGO_PKG_VERSION"),
        addresses.players,
        room.connections,
        config.limits.connections_per_ip,
        config.limits.packets_per_second,
        registration.run,
        addresses.ops.map_or_else(|| "off".to_owned(), |address| address.to_string()),
    )
}

/// Writes the text for a terminal once players may connect.
fn first_screen(store: &str, players: SocketAddr) -> String {
    let address = net::reachable_address(players);
    format!(
        "\n  the world is kept by {store}\n  players connect to {address} (client {CLIENT})\n  Ctrl-C stops\n\n"
    )
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
        if saved.is_ok() && finished.is_drained { "all" } else { "not all" },
    );
    saved.map_err(|error| match error {
        ShutdownError::Unsaved(unsaved) => StartError::Unsaved(unsaved.to_string()),
        ShutdownError::Store(error) => StartError::StoreGone(error),
    })?;
    match finished.stop {
        Stop::PollFailed(error) => Err(StartError::Loop(error)),
        Stop::Signal(_) if !finished.is_drained => {
            Err(StartError::Unsaved("the time to save everybody was over".to_owned()))
        }
        Stop::Signal(_) => Ok(()),
    }
}
