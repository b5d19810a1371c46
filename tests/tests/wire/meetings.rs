//! Players who run into each other head on, far from the server, with their keys held down.
//!
//! Each client has taken its step before the server refuses it, and takes more before the correction arrives.
//! Afterwards client and server must mean the same tile, and the way there must not be a chain of corrections.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use pyao_core::base::random::Random;
use pyao_core::content::{Content, Position};
use pyao_core::game::npc::inhabited_world;
use pyao_core::protocol::client::ClientPacket;
use pyao_core::world::heading::Heading;
use pyao_tests::bot::Bot;
use pyao_tests::frames::{FRAME, FrameClient, STEP_FRAMES};
use pyao_tests::process::Server;
use pyao_tests::suite::{LONG, PASSWORD, setup};

use crate::distance::{Distance, FAR_HOST, FarAway, HOST};
use crate::network::with;

/// Tiles along a meeting's row, and rows: the lowest is the one they meet in.
const WIDTH: u8 = 13;
const ROWS: u8 = 4;
/// Frames that keys are held down: five seconds.
const HELD_FRAMES: u32 = 300;
/// Least frames from the release of the keys until both sides must agree.
const AGREE_FRAMES_MIN: u32 = 60;
/// Milliseconds beside two round trips within which throw-backs count for the same collision.
const COLLISION_MS: u32 = 500;
/// Frames beyond those until both sides are compared: TCP may have to send a segment again.
const SENT_AGAIN_FRAMES: u32 = 180;
/// Clients that enter the game at the same time.
const ENTER_AT_ONCE: usize = 25;

/// A row of free tiles with some free rows above, by its left end.
#[derive(Debug, Clone, Copy)]
struct Strip {
    left: Position,
    /// Tiles between the two at the beginning.
    gap: u8,
}

impl Strip {
    fn starts(&self) -> [Position; 2] {
        let x = self.left.x + 2;
        [x, x + self.gap].map(|x| Position { x, ..self.left })
    }
}

/// As many strips as asked for that share no tile.
fn strips(content: &Arc<Content>, count: usize) -> Vec<Strip> {
    let world = inhabited_world(content).0;
    let mut strips: Vec<Strip> = Vec::new();
    for map in content.maps() {
        for y in ROWS + 1..=100 {
            let mut x = 1;
            while x + WIDTH <= 100 {
                let is_open = |x, y| {
                    let tile = Position::new(map.number, x, y);
                    world.is_free(tile) && !map.water(x, y) && map.exit(x, y).is_none()
                };
                let is_taken = |strip: &Strip| {
                    let left = strip.left;
                    left.map == map.number && y - left.y < ROWS && left.x.abs_diff(x) < WIDTH
                };
                let mut tiles = (x..x + WIDTH).flat_map(|x| (y + 1 - ROWS..=y).map(move |y| (x, y)));
                if tiles.all(|(x, y)| is_open(x, y)) && !strips.iter().any(is_taken) {
                    let gap = 3 + u8::try_from(strips.len() % 4).unwrap();
                    strips.push(Strip { left: Position::new(map.number, x, y), gap });
                    x += WIDTH;
                } else {
                    x += 1;
                }
            }
        }
    }
    assert!(strips.len() >= count, "room for {} meetings", strips.len());
    strips.truncate(count);
    strips
}

/// Two who walk towards each other. The one from the east turns aside at some time about their meeting, and then walks
/// up and down; the one from the west goes on along the row, to and fro.
struct Meeting {
    strip: Strip,
    turns_aside: u32,
    clients: [FrameClient; 2],
    /// Tile on which each client showed itself when both sides had to agree.
    shown: [Option<(u8, u8)>; 2],
    /// True for a client that showed another tile than the server's then.
    late: [bool; 2],
    /// True for one that still did so after everything lost was sent again.
    apart: [bool; 2],
}

impl Meeting {
    fn new(strip: Strip, clients: [FrameClient; 2], random: &mut Random) -> Self {
        // From 150 ms before to 450 ms after.
        let about = random.between(0, 36);
        let turns_aside = (u32::from(strip.gap) * STEP_FRAMES / 2 + about).saturating_sub(9);
        Self { strip, turns_aside, clients, shown: [None; 2], late: [false; 2], apart: [false; 2] }
    }

    /// Chooses the keys for a frame.
    fn press(&mut self, frame: u32) {
        let left = self.strip.left;
        let [eastward, westward] = &mut self.clients;
        if frame >= HELD_FRAMES {
            (eastward.key, westward.key) = (None, None);
            return;
        }
        let x = eastward.bot.shadow.position().map_or(0, |(x, _)| x);
        let turn = match x {
            x if x <= left.x => Some(Heading::East),
            x if x >= left.x + WIDTH - 1 => Some(Heading::West),
            _ => None,
        };
        eastward.key = turn.or(eastward.key).or(Some(Heading::East));
        if frame < self.turns_aside {
            westward.key = Some(Heading::West);
            return;
        }
        let y = westward.bot.shadow.position().map_or(0, |(_, y)| y);
        westward.key = match (westward.key, left.y.saturating_sub(y)) {
            (_, 0) | (Some(Heading::West), _) | (None, _) => Some(Heading::North),
            (_, rows) if rows >= ROWS - 1 => Some(Heading::South),
            (_, 1) => Some(Heading::North),
            (key, _) => key,
        };
    }
}

/// Outcome of all meetings at one distance.
#[derive(Debug, Default)]
struct Outcome {
    distance: String,
    meetings: usize,
    /// Clients that were refused a step.
    refused: usize,
    /// Number of clients for each number of corrections.
    throw_backs: BTreeMap<u32, usize>,
    /// By the most throw-backs of a client for one collision: how many clients.
    chains: BTreeMap<usize, usize>,
    /// Clients that showed another tile than the server's when both had to agree.
    late: usize,
    /// Clients that still did so after everything lost was sent again.
    apart: usize,
    tiles: f64,
    free_tiles: f64,
}

impl Outcome {
    fn of(distance: Distance, meetings: &[Meeting]) -> Self {
        let Distance { round_trip_ms, jitter_ms, loss_percent } = distance;
        let pause = (COLLISION_MS + 2 * round_trip_ms) * 60 / 1_000;
        let distance = format!("{round_trip_ms:>4} ms {jitter_ms:>3} ms {loss_percent:>2} %");
        let mut outcome = Self { distance, meetings: meetings.len(), ..Self::default() };
        for meeting in meetings {
            outcome.late += meeting.late.into_iter().filter(|is_late| *is_late).count();
            outcome.apart += meeting.apart.into_iter().filter(|is_apart| *is_apart).count();
        }
        for client in meetings.iter().flat_map(|meeting| &meeting.clients) {
            let walked = client.walked;
            outcome.refused += usize::from(walked.throw_backs + walked.confirmations > 0);
            *outcome.throw_backs.entry(walked.throw_backs).or_default() += 1;
            *outcome.chains.entry(client.longest_chain(pause)).or_default() += 1;
            outcome.tiles += walked.tiles();
            outcome.free_tiles += walked.free_tiles();
        }
        outcome
    }

    fn percent_of_free_tiles(&self) -> f64 {
        100.0 * self.tiles / self.free_tiles
    }

    /// Returns the most throw-backs for one collision.
    fn most_throw_backs(&self) -> usize {
        self.chains.keys().next_back().copied().unwrap_or(0)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{}: {} meetings, {} clients refused, {} apart in time, {} later, thrown back (times: clients) {:?}, for one collision {:?}, {:.1} % \
             of free tiles",
            self.distance,
            self.meetings,
            self.refused,
            self.late,
            self.apart,
            self.throw_backs,
            self.chains,
            self.percent_of_free_tiles()
        )
    }
}

/// Lets everybody have their frames from `first` to `last`, spread over each frame's time.
fn play(meetings: &mut [Meeting], content: &Content, frames: std::ops::Range<u32>) {
    let (began, first) = (Instant::now(), frames.start);
    let share = FRAME / u32::try_from(meetings.len()).unwrap();
    for frame in frames {
        for (number, meeting) in (0..).zip(&mut *meetings) {
            let due = began + FRAME * (frame - first) + share * number;
            let early = due.saturating_duration_since(Instant::now());
            if early > Duration::from_micros(500) {
                thread::sleep(early);
            }
            meeting.press(frame);
            let map = content.map(meeting.strip.left.map).unwrap();
            for client in &mut meeting.clients {
                client.frame(map).unwrap();
            }
        }
    }
}

/// Creates a character at each of `starts`, in whatever order.
fn enter(address: SocketAddr, starts: &[Position]) -> BTreeMap<(i16, u8, u8), FrameClient> {
    let letter = |number: usize| char::from(b'a' + u8::try_from(number % 26).unwrap());
    let name = |number: usize| format!("Bot {}{}", letter(number / 26), letter(number));
    let mut clients = BTreeMap::new();
    for numbers in (0..starts.len()).collect::<Vec<_>>().chunks(ENTER_AT_ONCE) {
        thread::scope(|scope| {
            let create = |number| move || Bot::create(address, &name(number), PASSWORD).unwrap();
            let threads: Vec<_> = numbers.iter().map(|number| scope.spawn(create(*number))).collect();
            for bot in threads.into_iter().map(|thread| thread.join().unwrap()) {
                let (x, y) = bot.shadow.position().unwrap();
                clients.insert((bot.shadow.map.unwrap(), x, y), FrameClient::new(bot));
            }
        });
    }
    clients
}

/// Runs `count` meetings at that distance, in the namespace of the calling thread.
fn meet(count: usize, distance: Distance) -> Outcome {
    let content = Arc::new(Content::starter());
    let strips = strips(&content, count);
    let starts: Vec<Position> = strips.iter().flat_map(Strip::starts).collect();
    let listed: Vec<String> = starts.iter().map(|at| format!("{}:{}:{}", at.map, at.x, at.y)).collect();
    let setup = setup().finds_own_address().set("server.host", HOST).set("server.port", 0);
    let server: Server = setup.set("world.start_positions", listed).start().unwrap();
    let address = SocketAddr::new(FAR_HOST.parse().unwrap(), server.address().port());
    let mut clients = enter(address, &starts);
    let mut random = Random::new(1);
    let mut take =
        |at: Position| clients.remove(&(i16::try_from(at.map.get()).unwrap(), at.x, at.y)).unwrap();
    let mut meetings: Vec<Meeting> = strips
        .into_iter()
        .map(|strip| Meeting::new(strip, strip.starts().map(&mut take), &mut random))
        .collect();
    let agreed = HELD_FRAMES + AGREE_FRAMES_MIN.max(distance.mean_round_trip_ms() * 4 * 60 / 1_000);
    // The last to come see all the others.
    thread::sleep(Duration::from_millis(u64::from(distance.round_trip_ms) + 500));
    play(&mut meetings, &content, 0..agreed);
    for meeting in &mut meetings {
        meeting.shown = meeting.clients.each_ref().map(|client| client.bot.shadow.position());
    }
    play(&mut meetings, &content, agreed..agreed + SENT_AGAIN_FRAMES);
    compare(&mut meetings, &content);
    let outcome = Outcome::of(distance, &meetings);
    for client in meetings.iter().flat_map(|meeting| &meeting.clients) {
        client.bot.check().unwrap();
    }
    outcome
}

/// Asks the server for the position of every player.
fn compare(meetings: &mut [Meeting], content: &Content) {
    let corrections = |meeting: &Meeting| meeting.clients.each_ref().map(FrameClient::corrections);
    let asked: Vec<_> = meetings
        .iter()
        .map(|meeting| (corrections(meeting), meeting.clients.each_ref().map(|c| c.walked)))
        .collect();
    for client in meetings.iter_mut().flat_map(|meeting| &mut meeting.clients) {
        client.bot.send(&ClientPacket::RequestPositionUpdate).unwrap();
    }
    let end = Instant::now() + LONG;
    let is_open = |(meeting, (before, _)): (&Meeting, &([u64; 2], _))| {
        corrections(meeting).iter().zip(before).any(|(now, before)| now == before)
    };
    while meetings.iter().zip(&asked).any(is_open) {
        assert!(Instant::now() < end, "no answer");
        play(meetings, content, HELD_FRAMES..HELD_FRAMES + 1);
    }
    for (meeting, (_, walked)) in meetings.iter_mut().zip(asked) {
        for (number, before) in walked.into_iter().enumerate() {
            let client = &mut meeting.clients[number];
            meeting.apart[number] = client.walked.throw_backs > before.throw_backs;
            meeting.late[number] = client.bot.shadow.position() != meeting.shown[number];
            client.walked.throw_backs = before.throw_backs;
            client.walked.confirmations = before.confirmations;
        }
    }
}

/// Runs meetings at that distance for the test `name`, where the machine makes such links.
fn meet_at(name: &str, count: usize, distance: Distance, check: impl FnOnce(Outcome) + Send) {
    with(
        || FarAway::new(distance),
        name,
        |far| {
            far.namespace.run(|| check(meet(count, distance))).unwrap();
        },
    );
}

#[test]
fn head_on_meetings_far_from_the_server_end_in_agreement() {
    let name = "meetings::head_on_meetings_far_from_the_server_end_in_agreement";
    let distance = Distance { round_trip_ms: 300, jitter_ms: 20, loss_percent: 0 };
    meet_at(name, 12, distance, |outcome| {
        println!("{outcome}");
        assert!(outcome.refused > 0, "nobody met anybody");
        // Not in time: a machine that is busy with other suites may let a client wait.
        assert_eq!(outcome.apart, 0);
        assert!(outcome.most_throw_backs() <= 4, "a chain of throw-backs");
    });
}

/// Runs a hundred meetings at each jitter and loss: `cargo test -p pyao-tests --test wire -- --ignored
/// --nocapture meetings`.
fn meet_at_every_jitter_and_loss(name: &str, round_trip_ms: u32) {
    let mut failures = Vec::new();
    for (jitter_ms, loss_percent) in [(0, 0), (20, 0), (0, 2), (20, 2)] {
        let distance = Distance { round_trip_ms, jitter_ms, loss_percent };
        meet_at(&format!("meetings::{name}"), 100, distance, |outcome| {
            println!("{outcome}");
            // With lost segments, the time until they are sent again comes on top.
            let apart = if loss_percent > 0 { outcome.apart } else { outcome.late.max(outcome.apart) };
            let is_good =
                apart == 0 && outcome.most_throw_backs() <= 2 && outcome.percent_of_free_tiles() >= 85.0;
            if !is_good {
                failures.push(outcome.distance);
            }
        });
    }
    assert!(failures.is_empty(), "not as it should be: {failures:?}");
}

#[test]
#[ignore = "takes minutes, and a machine that does nothing else"]
fn a_hundred_meetings_at_50_ms() {
    meet_at_every_jitter_and_loss("a_hundred_meetings_at_50_ms", 50);
}

#[test]
#[ignore = "takes minutes, and a machine that does nothing else"]
fn a_hundred_meetings_at_150_ms() {
    meet_at_every_jitter_and_loss("a_hundred_meetings_at_150_ms", 150);
}

#[test]
#[ignore = "takes minutes, and a machine that does nothing else"]
fn a_hundred_meetings_at_300_ms() {
    meet_at_every_jitter_and_loss("a_hundred_meetings_at_300_ms", 300);
}

#[test]
#[ignore = "takes minutes, and a machine that does nothing else"]
fn a_hundred_meetings_at_400_ms() {
    meet_at_every_jitter_and_loss("a_hundred_meetings_at_400_ms", 400);
}
