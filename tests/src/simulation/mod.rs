//! The simulator: the whole game on one thread, with a virtual clock and one seed.
//!
//! Players join, walk, talk, vanish and come back; the network splits and merges their bytes; the store answers when it
//! likes. Each player's client is a [`ShadowClient`]: it believes what it was told and nothing else. After every step,
//! what each client shows must be what its player should see in the world. A failure names its seed and its step, and
//! the same seed fails in the same way.

mod actions;
mod check;
mod player;
mod shell;
mod store;

use crate::shadow::{Screen, ShadowClient};
use player::SimulatedPlayer;
use pyao_server::content::{Content, Position};
use pyao_server::game::{Game, Input, Settings};
use pyao_server::protocol::wire::TextEncoding;
use pyao_server::world::random::Random;
use shell::Shell;
use std::sync::Arc;
use store::SimulatedStore;

/// What a run is made of.
#[derive(Debug, Clone)]
pub struct Options {
    /// Everything random follows from it.
    pub seed: u64,
    /// How many actions.
    pub steps: u32,
    /// How many players take part.
    pub players: usize,
}

/// What a run went through.
#[derive(Debug, Default, Clone, Copy)]
pub struct Report {
    /// Blocks that clients read.
    pub blocks_read: u64,
    /// Steps that were walked.
    pub steps_walked: u64,
    /// Times a player changed the map.
    pub map_changes: u64,
    /// Logins and creations that reached the world.
    pub entries: u64,
    /// Characters of the world compared with what a client shows.
    pub characters_compared: u64,
}

impl Report {
    /// Adds what another run went through.
    pub fn add(&mut self, other: &Self) {
        self.blocks_read += other.blocks_read;
        self.steps_walked += other.steps_walked;
        self.map_changes += other.map_changes;
        self.entries += other.entries;
        self.characters_compared += other.characters_compared;
    }
}

/// A rule that did not hold.
#[derive(Debug, thiserror::Error)]
#[error("seed {seed}, step {step} ({action}): {what}\nreplay with PYAO_SIM_SEED={seed}")]
pub struct Failure {
    seed: u64,
    step: u32,
    action: String,
    what: String,
}

/// A running simulation.
pub struct Simulation {
    random: Random,
    content: Arc<Content>,
    game: Game,
    now: u64,
    shell: Shell,
    store: SimulatedStore,
    players: Vec<SimulatedPlayer>,
    report: Report,
}

/// Runs one simulation to its end.
///
/// # Errors
/// The first rule that does not hold.
pub fn run(content: &Arc<Content>, options: &Options) -> Result<Report, Failure> {
    let mut simulation = Simulation::new(content, options);
    let failure =
        |step, action: &str, what| Failure { seed: options.seed, step, action: action.into(), what };
    for step in 0..options.steps {
        let action = simulation.act();
        simulation.settle();
        simulation.check().map_err(|what| failure(step, &action, what))?;
    }
    simulation.everybody_leaves();
    simulation.check_nothing_is_left().map_err(|what| failure(options.steps, "everybody leaves", what))?;
    Ok(simulation.report)
}

/// A few places to start from, near exits, so that players meet and cross from map to map.
fn starts(content: &Content, random: &mut Random) -> Vec<Position> {
    let exits: Vec<_> = content
        .maps()
        .take(8)
        .flat_map(|map| map.exits().map(|(x, y, _)| Position { map: map.number, x, y }))
        .collect();
    let draw = |_| exits[random.between(0, u32::try_from(exits.len()).unwrap_or(1) - 1) as usize];
    if exits.is_empty() { Vec::new() } else { (0..2).map(draw).collect() }
}

impl Simulation {
    fn new(content: &Arc<Content>, options: &Options) -> Self {
        let mut random = Random::new(options.seed);
        let mut players: Vec<_> = (0..options.players).map(SimulatedPlayer::new).collect();
        for player in &mut players {
            player.reads_late = random.between(0, 9) == 0;
        }
        let settings = Settings {
            start_positions: starts(content, &mut random),
            logins_per_minute_per_ip: 0,
            disconnect_stay_ms: u64::from(random.between(0, 3)) * 40_000,
            ..Settings::default()
        };
        Self {
            game: Game::new(Arc::clone(content), settings, options.seed, 1_700_000_000),
            content: Arc::clone(content),
            now: 0,
            shell: Shell::default(),
            store: SimulatedStore::default(),
            players,
            report: Report::default(),
            random,
        }
    }

    /// Moves the clock and does what is due.
    fn pass(&mut self, milliseconds: u64) {
        let end = self.now + milliseconds;
        while let Some(deadline) = self.game.next_deadline().filter(|deadline| *deadline <= end) {
            self.now = self.now.max(deadline);
            self.game.advance(self.now);
            self.settle();
        }
        self.now = end;
        self.game.advance(self.now);
    }

    fn input(&mut self, input: Input) {
        self.game.handle(self.now, input);
    }

    /// Connects a player's client, on the screen it logs in from or creates a character on.
    fn connect(&mut self, player: usize, screen: Screen) {
        let connection = self.shell.open();
        let segment_limit = [200, 536, 1_300][self.random.between(0, 2) as usize];
        self.players[player].connection = Some(connection);
        self.players[player].shadow = ShadowClient::new(screen, TextEncoding::Latin1);
        self.players[player].unread.clear();
        let address = core::net::Ipv4Addr::LOCALHOST.into();
        self.input(Input::Opened { connection, address, segment_limit });
    }

    /// Everybody goes, and time passes until the last character has left the world.
    fn everybody_leaves(&mut self) {
        for player in 0..self.players.len() {
            self.players[player].reads = true;
            self.vanish(player);
        }
        self.settle();
        self.pass(4_000_000);
        self.store.answer_everything();
        self.settle();
    }
}
