//! Workloads of the benches and of the instruction counts: the server's common work, each kind by itself.
//!
//! A [`Workload`] is prepared once and then run as often as one likes; each run does the same work again. All players
//! stand in a field of the starter world that nothing else stands or lies in, three by three blocks in sight of its
//! middle.

use std::io::Read;
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

use pyao_core::base::ids::MapId;
use pyao_core::content::{Content, Position};
use pyao_core::game::{Game, Settings};
use pyao_core::protocol::client::ClientPacket;
use pyao_core::protocol::flush::{Flushed, flush};
use pyao_core::protocol::outbox::{ConnectionId, Outbox};
use pyao_core::protocol::server::ServerPacket;
use pyao_core::protocol::window::Window;
use pyao_core::protocol::wire::TextEncoding;
use pyao_server::net::KernelSocket;

use pyao_simulator::driver::{Driver, player_name};

/// One kind of work.
#[derive(Debug, Clone, Copy)]
pub struct Workload {
    /// Its name.
    pub name: &'static str,
    /// Number of units of work in one run.
    pub repeats: u32,
    prepare: fn(u32) -> Box<dyn FnMut()>,
}

impl Workload {
    /// Sets everything up. Returns a function that does one run.
    #[must_use]
    pub fn prepare(&self) -> Box<dyn FnMut()> {
        (self.prepare)(self.repeats)
    }

    /// Returns the workload of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        WORKLOADS.iter().find(|workload| workload.name == name)
    }
}

impl std::fmt::Display for Workload {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name)
    }
}

/// All of them. A walk is everything from the decoded packet to the segments of all who see it.
pub const WORKLOADS: &[Workload] = &[
    Workload { name: "decode", repeats: 1_000, prepare: decode },
    Workload { name: "walk_1_viewer", repeats: 100, prepare: |steps| walk(steps, 1) },
    Workload { name: "walk_10_viewers", repeats: 100, prepare: |steps| walk(steps, 10) },
    Workload { name: "walk_50_viewers", repeats: 100, prepare: |steps| walk(steps, 50) },
    Workload { name: "walk_200_viewers", repeats: 100, prepare: |steps| walk(steps, 200) },
    Workload { name: "area_crossing", repeats: 100, prepare: cross_areas },
    Workload { name: "login_burst", repeats: 10, prepare: log_in },
    Workload { name: "flush", repeats: 100, prepare: flush_sockets },
    Workload { name: "start_up", repeats: 1, prepare: start_up },
];

const MAP: MapId = MapId::new(8);
/// Columns of the field, first and last: blocks 6 to 9.
const COLUMNS: (u8, u8) = (54, 89);
/// The first row of the field; the row of walkers lies in the next block.
const FIRST_ROW: u8 = 63;
const WALKERS_ROW: u8 = 76;
/// A column with its neighbours in one block, and one whose eastern neighbour is in the next.
const INSIDE_BLOCK: u8 = 67;
const BEFORE_BORDER: u8 = 71;

const EAST: u8 = 2;
const WEST: u8 = 4;

/// Tiles of the field, row by row.
fn field(columns: std::ops::RangeInclusive<u8>) -> impl Iterator<Item = Position> {
    (FIRST_ROW..WALKERS_ROW).flat_map(move |y| columns.clone().map(move |x| Position { map: MAP, x, y }))
}

/// Puts a player in the walkers' row, in column `x`, and `viewers` others who see it.
fn walker_among(viewers: usize, x: u8, columns: std::ops::RangeInclusive<u8>) -> (Driver, ConnectionId) {
    let mut places = vec![Position { map: MAP, x, y: WALKERS_ROW }];
    places.extend(field(columns).take(viewers));
    let mut driver = Driver::new(Arc::new(Content::starter()), places);
    let players: Vec<_> = (0..=viewers).map(|number| driver.create(&player_name(number))).collect();
    (driver, players[0])
}

/// Walks one player to and fro, and takes the packets of the others out after each step.
fn walk_to_and_fro(mut driver: Driver, walker: ConnectionId, steps: u32) -> Box<dyn FnMut()> {
    let start = driver.position(walker);
    Box::new(move || {
        for step in 0..steps {
            driver.walk(walker, if step % 2 == 0 { EAST } else { WEST });
            assert!(driver.deliver() > 0, "nobody saw it");
        }
        assert_eq!(driver.position(walker), start, "a step was refused");
    })
}

fn walk(steps: u32, viewers: usize) -> Box<dyn FnMut()> {
    let (driver, walker) = walker_among(viewers, INSIDE_BLOCK, COLUMNS.0..=80);
    walk_to_and_fro(driver, walker, steps)
}

/// Walks into another block at each step: some of the 50 others come into sight, some go out of it.
fn cross_areas(steps: u32) -> Box<dyn FnMut()> {
    let (driver, walker) = walker_among(50, BEFORE_BORDER, COLUMNS.0..=COLUMNS.1);
    walk_to_and_fro(driver, walker, steps)
}

/// Logs a player in among 50 others, from the connection to the last byte of the entry, and out again.
fn log_in(logins: u32) -> Box<dyn FnMut()> {
    let (mut driver, visitor) = walker_among(50, INSIDE_BLOCK, COLUMNS.0..=80);
    let name = player_name(0);
    driver.lose(visitor);
    Box::new(move || {
        for _ in 0..logins {
            let visitor = driver.log_in(&name);
            driver.lose(visitor);
        }
    })
}

/// Decodes packets of clients, most of them steps.
fn decode(packets: u32) -> Box<dyn FnMut()> {
    let mix = [
        ClientPacket::Walk { heading: WEST },
        ClientPacket::Walk { heading: WEST },
        ClientPacket::ChangeHeading { heading: EAST },
        ClientPacket::Walk { heading: EAST },
        ClientPacket::Walk { heading: EAST },
        ClientPacket::LeftClick { x: INSIDE_BLOCK, y: WALKERS_ROW },
        ClientPacket::Walk { heading: WEST },
        ClientPacket::Talk { text: "¿Quién vende una espada?".to_owned() },
        ClientPacket::RequestPositionUpdate,
        ClientPacket::Ping,
    ];
    let mut bytes = Vec::new();
    mix.iter().cycle().take(packets as usize).for_each(|packet| packet.encode(&mut bytes));
    Box::new(move || {
        let mut rest = bytes.as_slice();
        while let Ok(Some((packet, length))) = ClientPacket::decode(rest) {
            std::hint::black_box(&packet);
            rest = &rest[length..];
        }
        assert!(rest.is_empty(), "a packet was not decoded");
    })
}

/// Sends each of ten connections three steps of others, which it reads. One repeat is one connection.
fn flush_sockets(flushes: u32) -> Box<dyn FnMut()> {
    const CONNECTIONS: u32 = 10;
    let mut outbox = Outbox::new(TextEncoding::Latin1);
    let mut sockets: Vec<_> = (0..CONNECTIONS)
        .map(|slot| (ConnectionId { slot, generation: 1 }, wire(), Window::default()))
        .collect();
    let ids: Vec<_> = sockets.iter().map(|(id, ..)| *id).collect();
    ids.iter().for_each(|id| outbox.open(*id, 1_300));
    let mut dirty = Vec::new();
    let mut received = [0; 256];
    Box::new(move || {
        for _ in 0..flushes / CONNECTIONS {
            for char_index in 1..=3 {
                let step = ServerPacket::CharacterMove { char_index, x: INSIDE_BLOCK, y: WALKERS_ROW };
                outbox.broadcast(ids.iter().copied(), &step);
            }
            outbox.take_dirty(&mut dirty);
            dirty.clear();
            for (id, (server, client), window) in &mut sockets {
                let (flushed, sent) = flush(&KernelSocket(server), *id, &mut outbox, window);
                assert_eq!(flushed, Flushed::All);
                assert!(client.read(&mut received).is_ok_and(|count| count == sent.bytes));
            }
        }
    })
}

/// Returns the server's end of a connection, and the client's.
#[expect(clippy::expect_used, reason = "without sockets there is nothing to measure")]
fn wire() -> (mio::net::TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let client = TcpStream::connect(listener.local_addr().expect("its address")).expect("a connection");
    let (server, _) = listener.accept().expect("its other end");
    server.set_nodelay(true).expect("a socket that does not wait");
    (mio::net::TcpStream::from_std(server), client)
}

/// Builds the starter world from its texts to NPCs that stand in it.
fn start_up(starts: u32) -> Box<dyn FnMut()> {
    Box::new(move || {
        for _ in 0..starts {
            start(Content::starter());
        }
    })
}

/// Builds a game in that world, and drops it.
pub fn start(content: Content) {
    std::hint::black_box(Game::new(Arc::new(content), Settings::default(), 1, 1_700_000_000));
}
