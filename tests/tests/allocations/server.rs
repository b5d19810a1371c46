//! The whole server, its own threads and real sockets included.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use anyhow::Result;
use pyao_config::Config;
use pyao_config::live::Refused;
use pyao_core::base::ids::MapId;
use pyao_core::content::{Content, Position};
use pyao_core::game::{self, Game};
use pyao_core::protocol::client::ClientPacket;
use pyao_server::net;
use pyao_server::net::event_loop::{EventLoop, Setup};
use pyao_simulator::driver::player_name;
use pyao_simulator::forms::NewCharacter;
use pyao_simulator::shadow::Screen;
use pyao_store::prelude::*;
use pyao_store::server::{DEFAULT_LEASE, ServerId, ServerStart};
use pyao_store::sqlite::SqliteStore;
use pyao_tests::bot::{Bot, PATIENCE, STEP};

use crate::counting::{self, Role, server_bytes};

const WEST: u8 = 4;
const EAST: u8 = 2;
/// Steps in one direction.
const STRIDE: usize = 3;

/// A server in this process. It runs until the program ends: a process can be told to stop only once.
struct Server {
    address: SocketAddr,
}

impl Server {
    /// Starts a server on a free port whose players start at `places` in turn. Its loop counts its allocations.
    fn start(places: Vec<Position>, allocations: &'static AtomicU64) -> Result<Self> {
        // It stays: a store whose directory goes while it is in use is rescued into another one.
        let directory = tempfile::tempdir()?.keep();
        let mut store = SqliteStore::open(&directory.join("test.db"))?;
        let server = ServerId::new("test")?;
        let registration = store.register_server(&ServerStart {
            server,
            started_at: 1_700_000_000,
            lease: DEFAULT_LEASE,
        })?;
        let listener = mio::net::TcpListener::bind("127.0.0.1:0".parse()?)?;
        let address = listener.local_addr()?;
        let config = config(places);
        let setup = Setup {
            game: Game::new(Arc::new(Content::starter()), game::Settings::of(&config), 1, 1_700_000_000),
            unix_start: 1_700_000_000,
            stored_settings: store.settings_of(&registration.run.server)?,
            refused_settings: Refused::new(),
            store: Box::new(store),
            uses_redis: false,
            room: net::allow_connections(config.server.max_connections),
            config,
            registration,
            listener,
            ops_listener: None,
        };
        let event_loop = EventLoop::new(setup)?;
        std::thread::spawn(move || {
            counting::set_role(Role::Watched(allocations));
            drop(event_loop.run());
        });
        Ok(Self { address })
    }
}

/// Passwords that cost nothing, and no limits that clients on one machine would run into.
fn config(places: Vec<Position>) -> Config {
    let mut config = Config::default();
    config.world.start_positions = places;
    config.limits.connections_per_ip = 0;
    config.limits.logins_per_minute_per_ip = 0;
    config.limits.creations_per_day_per_ip = 0;
    config.security.password_memory_kib = 8;
    config.security.password_passes = 1;
    config
}

/// Brings new players into the world, all at once: the server takes its time for each.
fn bots(server: &Server, count: usize) -> Result<Vec<Bot>> {
    let mut bots: Vec<_> =
        (0..count).map(|_| Bot::connect(server.address, Screen::Creation)).collect::<Result<_>>()?;
    bots.iter_mut().try_for_each(|bot| bot.send(&ClientPacket::ThrowDices))?;
    for (number, bot) in bots.iter_mut().enumerate() {
        bot.wait_for("the dice", PATIENCE, |shadow| shadow.dice.is_some())?;
        bot.send(&NewCharacter::named(&player_name(number), "secreto").packet())?;
    }
    bots.iter_mut().try_for_each(Bot::enter_game)?;
    Ok(bots)
}

/// Takes a step with every bot and waits until it was served. Other packets that arrive meanwhile are read.
fn step_of_all(bots: &mut [Bot], heading: u8) -> Result<()> {
    for bot in bots.iter_mut() {
        assert!(bot.walk(heading)?.is_some(), "something stands in the way");
    }
    for bot in bots.iter_mut() {
        bot.sync()?;
    }
    Ok(())
}

/// Waits until the client would take its next step.
fn rest(bots: &mut [Bot], started: Instant) -> Result<()> {
    for bot in bots {
        bot.pump(STEP.saturating_sub(started.elapsed()))?;
    }
    Ok(())
}

/// Saves, heartbeats and looks at the settings allocate, each every second or less often. Between them everybody's
/// step has to go from socket to sockets without.
#[test]
fn from_socket_to_sockets_a_step_allocates_nothing() -> Result<()> {
    const ROUNDS_WITHOUT: usize = 10;
    static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);
    let _turn = counting::turn();
    let columns = [54, 65, 76];
    let places = (64..74).flat_map(|y| columns.map(|x| Position { map: MapId::new(8), x, y })).collect();
    let server = Server::start(places, &ALLOCATIONS)?;
    let mut bots = bots(&server, 30)?;

    let (mut without, mut allocated) = (0, Vec::new());
    for (round, heading) in [[WEST; STRIDE], [EAST; STRIDE]].as_flattened().iter().cycle().enumerate() {
        let (started, before) = (Instant::now(), ALLOCATIONS.load(Ordering::SeqCst));
        step_of_all(&mut bots, *heading)?;
        // The first rounds bring lists and buffers to the length they keep.
        if round >= 2 * STRIDE {
            allocated.push(ALLOCATIONS.load(Ordering::SeqCst) - before);
            without += usize::from(allocated.last() == Some(&0));
        }
        assert!(round < 200, "hardly a round without allocations: {allocated:?}");
        if without == ROUNDS_WITHOUT {
            break;
        }
        rest(&mut bots, started)?;
    }
    println!("allocations of {} rounds, {} steps each: {allocated:?}", allocated.len(), bots.len());
    bots.iter().try_for_each(Bot::check)
}

#[test]
fn an_idle_connection_holds_less_than_four_kibibytes() -> Result<()> {
    const SILENT: i64 = 300;
    const PLAYERS: i64 = 64;
    static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);
    let _turn = counting::turn();
    net::raise_limit(2_048);
    // All in sight of one another: each client receives all the others.
    let places =
        (64..72).flat_map(|y| (60..68).map(move |x| Position { map: MapId::new(8), x, y })).collect();
    let server = Server::start(places, &ALLOCATIONS)?;

    let empty = server_bytes();
    let bots = bots(&server, PLAYERS as usize)?;
    let with_players = server_bytes();
    let silent = dice_rollers(server.address, SILENT as usize)?;
    let in_game = (with_players - empty) / PLAYERS;
    let before_login = (server_bytes() - with_players) / SILENT;
    drop((silent, bots));
    println!("bytes of a connection: {before_login} before login, {in_game} in the game");
    assert!(before_login > 0 && before_login < 4_096, "{before_login} bytes");
    assert!(in_game > 0 && in_game < 4_096, "{in_game} bytes");
    Ok(())
}

/// Opens connections that were served once, and send nothing more.
fn dice_rollers(address: SocketAddr, count: usize) -> Result<Vec<TcpStream>> {
    let mut hello = Vec::new();
    ClientPacket::ThrowDices.encode(&mut hello);
    let mut streams: Vec<_> = (0..count).map(|_| TcpStream::connect(address)).collect::<Result<_, _>>()?;
    streams.iter_mut().try_for_each(|stream| stream.write_all(&hello))?;
    streams.iter_mut().try_for_each(|stream| stream.read_exact(&mut [0; 6]))?;
    Ok(streams)
}
