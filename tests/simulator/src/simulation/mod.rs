//! The simulator: the whole game on one thread, with a virtual clock and one seed.
//!
//! Players join, walk, talk, vanish and come back; the network delays, splits and merges their bytes; the store is
//! slow, fails, loses what it was asked; operators change settings, stop the server or empty the store; the server
//! dies. Each player's client is a [`ShadowClient`](crate::shadow::ShadowClient): its picture comes from the packets it
//! received and nothing else.
//!
//! After every step, what each client shows must be what its player should see in the world (`check.rs`), and what the
//! store is asked must be the truth, whole and in time (`ledger.rs`). At the end the faults stop, and everything must
//! come right again (`quiet.rs`). A failure names its seed and its step; the same seed fails in the same way.
//!
//! One step draws an action from the table in `actions.rs`. Bytes are carried by `network.rs` as TCP would: the server's
//! own flush sends them through sockets that are full now and then (`socket.rs`). Requests go through the queue of the
//! server's own worker to the store in memory (`store.rs`), those of the server's own follower of settings among them
//! (`link.rs`). All events are counted (`events.rs`), since a fault that never
//! occurs proves nothing.

mod actions;
mod check;
mod check_world;
mod clock;
mod events;
mod faults;
mod hearing;
mod ledger;
mod link;
mod lobby;
mod network;
mod operator;
mod passwords;
mod play;
mod player;
mod quiet;
mod socket;
mod store;
mod tcp;

pub use events::{Event, Report};

use faults::Faults;
use ledger::Ledger;
use network::Network;
use passwords::Passwords;
use player::SimulatedPlayer;
use pyao_config::Config;
use pyao_config::store_link::StoreLink;
use pyao_core::base::random::Random;
use pyao_core::content::Content;
use pyao_core::game::{CloseReason, Game, Settings};
use pyao_core::protocol::outbox::ConnectionId;
use pyao_store::StoreError;
use pyao_store::records::UserId;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use store::SimulatedStore;

/// Steps between two checks of the whole world.
const WORLD_CHECK_STEPS: u32 = 100;

/// Options of a run.
#[derive(Debug, Clone)]
pub struct Options {
    /// Everything random follows from it.
    pub seed: u64,
    /// Number of actions.
    pub steps: u32,
    /// Number of players.
    pub players: usize,
    /// True if actions, requests to the store and its answers are printed.
    pub trace: bool,
}

/// A rule that did not hold.
#[derive(Debug, thiserror::Error)]
#[error("seed {seed}, step {step} ({action}): {what}")]
pub struct Failure {
    /// Replays it.
    pub seed: u64,
    step: u32,
    action: String,
    what: String,
}

/// A running simulation.
pub struct Simulation {
    seed: u64,
    random: Random,
    content: Arc<Content>,
    /// Characters in the world that belong to no player.
    npcs: usize,
    /// Configuration that the server starts with.
    config: Config,
    /// Settings in force in the game.
    settings: Settings,
    /// The server's follower of the store.
    link: StoreLink,
    /// Port that the server listens on.
    port: u16,
    /// Time of the last change of settings in the store.
    settings_changed_at: u64,
    /// Time of the server's last start.
    started_at: u64,
    faults: Faults,
    game: Game,
    /// Number of restarts of the server.
    starts: u64,
    now: u64,
    network: Network,
    store: SimulatedStore,
    /// Time at which the store's last trouble is over.
    troubled_until: u64,
    /// Time at which the store was emptied, until the server has filled it again.
    emptied_at: Option<u64>,
    /// Characters that another server has and ours has not heard of.
    untold: Vec<UserId>,
    passwords: Passwords,
    /// Characters that the other server is about to be done with, each with the time.
    releases: Vec<(u64, UserId)>,
    players: Vec<SimulatedPlayer>,
    ledger: Ledger,
    lines_said: u32,
    /// Connections whose clients read that the server stops.
    goodbyes: Vec<ConnectionId>,
    trace: bool,
    step: u32,
    /// Action of this step.
    doing: String,
    /// The first rule found broken within a step.
    fault: Option<String>,
    report: Report,
    dirty: Vec<ConnectionId>,
    closings: Vec<(ConnectionId, CloseReason)>,
}

/// Runs one simulation to its end.
///
/// # Errors
/// The first rule that does not hold, or the server's panic.
pub fn run(content: &Arc<Content>, options: &Options) -> Result<Report, Failure> {
    let failure = |step, action: &str, what| {
        let action = action.to_owned();
        Failure { seed: options.seed, step, action, what }
    };
    let new = Simulation::new(content, options);
    let mut simulation = new.map_err(|error| failure(0, "the server starts", error.to_string()))?;
    let outcome = catch_unwind(AssertUnwindSafe(|| simulation.play(options.steps)));
    let what = match outcome {
        Ok(Ok(())) => return Ok(simulation.report),
        Ok(Err(what)) => what,
        Err(panic) => format!("panic: {}", text_of(&*panic)),
    };
    Err(failure(simulation.step, &simulation.doing, what))
}

fn text_of(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a text")
}

impl Simulation {
    fn new(content: &Arc<Content>, options: &Options) -> Result<Self, StoreError> {
        let mut random = Random::new(options.seed);
        let mut config = Config::default();
        config.world.start_positions = operator::starts(content, &mut random);
        // Every line of chat must be received.
        config.limits.chat_per_second = 0;
        let mut store = SimulatedStore::default();
        operator::draw_settings(&mut store.contents, 8, &mut random);
        let link = link::start(&mut store.contents, &config)?;
        let settings = Settings::of(link.config());
        let game = operator::new_game(content, &settings, options.seed);
        Ok(Self {
            seed: options.seed,
            npcs: game.world().population(),
            faults: Faults::draw(&mut random),
            game,
            config,
            settings,
            port: link.config().server.port,
            link,
            settings_changed_at: 0,
            started_at: 0,
            content: Arc::clone(content),
            starts: 0,
            now: 0,
            network: Network::default(),
            store,
            troubled_until: 0,
            emptied_at: None,
            untold: Vec::new(),
            passwords: Passwords::default(),
            releases: Vec::new(),
            players: (0..options.players).map(SimulatedPlayer::new).collect(),
            ledger: Ledger::default(),
            lines_said: 0,
            goodbyes: Vec::new(),
            trace: options.trace,
            step: 0,
            doing: String::new(),
            fault: None,
            report: Report::default(),
            dirty: Vec::new(),
            closings: Vec::new(),
            random,
        })
    }

    /// Plays `steps` steps with faults, then quiet, then the end.
    fn play(&mut self, steps: u32) -> Result<(), String> {
        for step in 0..steps {
            self.step = step;
            self.act();
            self.trace(|| format!("step {step} ({})", self.doing));
            self.check()?;
            if step % WORLD_CHECK_STEPS == 0 {
                self.check_world()?;
            }
        }
        self.step = steps;
        self.doing = "everything comes to rest".into();
        self.converge()?;
        self.doing = "everybody leaves".into();
        self.everybody_leaves()
    }

    /// Draws a number below `bound`.
    fn draw(&mut self, bound: usize) -> usize {
        self.random.between(0, u32::try_from(bound).unwrap_or(1).max(1) - 1) as usize
    }

    /// Prints a line when this run is traced.
    fn trace(&self, line: impl FnOnce() -> String) {
        if self.trace {
            println!("{:>9} {}", self.now, line());
        }
    }

    /// Notes a broken rule; the first one counts.
    fn blame(&mut self, what: String) {
        self.fault.get_or_insert(what);
    }
}
