//! The loop: waits for events, and gives everybody their turn.
//!
//! One turn: wait until something happens or is due; sort the events; serve connections; give the game the replies of
//! the store and the password threads; fire its due timers; take in new connections; send what was written; end what
//! the game ended; hand on what it asks. With nothing to do the wait has no end: an idle server does not wake up.

use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::event::Event;
use mio::net::TcpListener;
use mio::{Events, Poll, Waker};

use super::accept::{Door, Knock};
use super::clients::{Clients, Turn};
use super::helpers::Helpers;
use super::http::{OpsPort, Pages};
use super::limits::ClientLimits;
use super::signals::SignalSource;
use super::tokens::Source;
use crate::crypto::{self, Hasher, PasswordCost};
use crate::game::{Game, Input, Millis};
use crate::ops::health::Health;
use crate::ops::metrics::{Counter, Gauge, Metrics};
use crate::store::Store;
use crate::store::worker::Worker;

/// Events taken from the kernel in one turn.
const EVENTS_PER_TURN: usize = 1024;
/// Connections taken in in one turn.
const ACCEPTS_PER_TURN: usize = 64;
/// A poll that fails this often in a row stops the server: going on would only spin.
const POLL_ERRORS_MAX: u32 = 10;
/// Time to tell and save everybody after the first signal.
const SHUTDOWN_LIMIT_MS: Millis = 10_000;

/// What the loop runs on.
pub struct Setup {
    /// The game, that nobody plays yet.
    pub game: Game,
    /// Where accounts and characters are kept.
    pub store: Box<dyn Store>,
    /// How passwords are hashed.
    pub password_cost: PasswordCost,
    /// The players' port.
    pub listener: TcpListener,
    /// The ops port, if there is one.
    pub ops_listener: Option<TcpListener>,
    /// How many may come, and how much they may say.
    pub limits: ClientLimits,
}

/// Why the loop ended.
#[derive(Debug)]
pub enum Stop {
    /// A signal, by its name.
    Signal(&'static str),
    /// The poll kept failing.
    PollFailed(io::Error),
}

/// Why there is no loop.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The system gives no poll or no thread.
    #[error(transparent)]
    System(#[from] io::Error),
    /// Passwords cannot be hashed as asked.
    #[error(transparent)]
    Passwords(#[from] crypto::StartError),
}

/// What the loop leaves behind.
pub struct Finished {
    /// Why it ended.
    pub stop: Stop,
    /// Whether everybody was told and everything saved in time.
    pub is_drained: bool,
    /// Milliseconds it ran.
    pub uptime_ms: Millis,
    /// What it counted.
    pub metrics: Metrics,
    /// The store's worker, still to be shut down.
    pub store: Worker,
}

/// See the module.
pub struct EventLoop {
    poll: Poll,
    started: Instant,
    game: Game,
    clients: Clients,
    helpers: Helpers,
    door: Option<Door>,
    ops: Option<OpsPort>,
    signals: SignalSource,
    metrics: Metrics,
    shutdown: Option<ShuttingDown>,
}

/// The end, once it has begun.
struct ShuttingDown {
    signal: &'static str,
    deadline: Millis,
}

impl EventLoop {
    /// Starts the helper threads and takes over the ports and the signals of the process.
    ///
    /// # Errors
    /// See [`SetupError`].
    pub fn new(setup: Setup) -> Result<Self, SetupError> {
        let poll = Poll::new()?;
        let waker = Arc::new(Waker::new(poll.registry(), Source::Waker.into())?);
        let notify = move || {
            if let Err(error) = waker.wake() {
                log::error!("cannot wake the loop: {error}");
            }
        };
        let store = Worker::start(setup.store, notify.clone())?;
        let hasher = Hasher::start(setup.password_cost, notify)?;
        let registry = poll.registry();
        Ok(Self {
            door: Some(Door::open(setup.listener, registry, Source::PlayersDoor.into())?),
            ops: setup
                .ops_listener
                .map(|listener| OpsPort::open(listener, registry))
                .transpose()?,
            signals: SignalSource::register(registry, Source::Signals.into())?,
            started: Instant::now(),
            game: setup.game,
            clients: Clients::new(setup.limits),
            helpers: Helpers::new(store, hasher),
            metrics: Metrics::default(),
            shutdown: None,
            poll,
        })
    }

    /// Runs until a signal, or until the poll keeps failing.
    #[must_use]
    pub fn run(mut self) -> Finished {
        let mut events = Events::with_capacity(EVENTS_PER_TURN);
        let mut poll_errors = 0;
        let mut turn_ended = Instant::now();
        loop {
            let timeout = self.timeout();
            match self.poll.poll(&mut events, timeout) {
                Ok(()) => poll_errors = 0,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    poll_errors += 1;
                    self.metrics.increment(Counter::PollErrors);
                    log::error!("waiting for events failed: {error}");
                    if poll_errors >= POLL_ERRORS_MAX {
                        return self.finish(Stop::PollFailed(error));
                    }
                }
            }
            let woke = Instant::now();
            let now = self.now();
            self.turn(now, &events);
            let ended = Instant::now();
            let worked = ended - woke;
            self.clients.turn_took(woke - turn_ended, worked);
            self.metrics
                .turns
                .record(u64::try_from(worked.as_micros()).unwrap_or(u64::MAX));
            self.metrics.increment(Counter::Turns);
            turn_ended = ended;
            if let Some(signal) = self.is_over(now) {
                return self.finish(Stop::Signal(signal));
            }
        }
    }

    /// Milliseconds since the start.
    fn now(&self) -> Millis {
        Millis::try_from(self.started.elapsed().as_millis()).unwrap_or(Millis::MAX)
    }

    /// How long to wait when no event comes; `None` is for ever.
    fn timeout(&mut self) -> Option<Duration> {
        let now = self.now();
        let outbox_is_dirty = self.game.outbox().is_dirty();
        let deadline = [
            self.game.next_deadline(),
            self.clients.next_deadline(now, outbox_is_dirty),
            self.door.as_ref().and_then(|door| door.next_deadline(now)),
            self.ops.as_ref().and_then(|ops| ops.next_deadline(now)),
            self.shutdown.as_ref().map(|shutdown| shutdown.deadline),
        ]
        .into_iter()
        .flatten()
        .min()?;
        Some(Duration::from_millis(deadline).saturating_sub(self.started.elapsed()))
    }

    fn turn(&mut self, now: Millis, events: &Events) {
        for event in events {
            self.dispatch(now, event);
        }
        let mut turn = Turn {
            now,
            game: &mut self.game,
            metrics: &mut self.metrics,
            registry: self.poll.registry(),
        };
        self.clients.serve(&mut turn);
        self.helpers.deliver_replies(now, turn.game, turn.metrics);
        turn.game.advance(now);
        if let Some(door) = &mut self.door {
            take_in(door, &mut self.clients, &mut turn);
        }
        self.clients.flush(&mut turn);
        self.clients.end_closings(&mut turn);
        self.clients.expire(&mut turn);
        self.helpers.send_requests(turn.game, turn.metrics);
        self.clients.log_summaries(now);
        if let Some(ops) = &mut self.ops {
            ops.accept(now, self.poll.registry());
            ops.expire(now);
        }
    }

    fn dispatch(&mut self, now: Millis, event: &Event) {
        match Source::from(event.token()) {
            // It only ends the wait: replies are looked for in every turn.
            Source::Waker => {}
            Source::Signals => self.signalled(now),
            Source::PlayersDoor => {
                if let Some(door) = &mut self.door {
                    door.knocked();
                }
            }
            Source::OpsDoor => {
                if let Some(ops) = &mut self.ops {
                    ops.knocked();
                }
            }
            Source::OpsClient(slot) => self.serve_ops(now, slot),
            Source::Client(slot) => {
                let mut turn = Turn {
                    now,
                    game: &mut self.game,
                    metrics: &mut self.metrics,
                    registry: self.poll.registry(),
                };
                self.clients.event(&mut turn, slot, event);
            }
        }
    }

    /// The first signal to stop: nobody comes in any more, and the game tells and saves everybody.
    fn signalled(&mut self, now: Millis) {
        let Some(signal) = self.signals.stop_asked() else {
            return;
        };
        if self.shutdown.is_some() {
            return;
        }
        log::info!("{signal}: stopping; a second signal stops at once");
        self.shutdown = Some(ShuttingDown {
            signal,
            deadline: now + SHUTDOWN_LIMIT_MS,
        });
        self.door = None;
        self.game.handle(now, Input::Shutdown);
    }

    /// The signal that ends the loop now: everybody was told and saved, or the time for it is over.
    fn is_over(&self, now: Millis) -> Option<&'static str> {
        let shutdown = self.shutdown.as_ref()?;
        let is_done = self.game.is_drained() && self.clients.is_empty();
        (is_done || now >= shutdown.deadline).then_some(shutdown.signal)
    }

    fn finish(mut self, stop: Stop) -> Finished {
        self.clients.log_summaries(Millis::MAX);
        Finished {
            is_drained: self.game.is_drained(),
            uptime_ms: self.now(),
            stop,
            metrics: self.metrics,
            store: self.helpers.into_store(),
        }
    }

    /// Gauges are set when somebody looks at them.
    fn serve_ops(&mut self, now: Millis, slot: usize) {
        self.clients.set_gauges(&mut self.metrics);
        self.helpers.set_gauges(&mut self.metrics);
        self.metrics.set(Gauge::Players, self.game.online() as u64);
        self.metrics.set(Gauge::Uptime, now / 1000);
        let health = Health {
            store_answers: self.helpers.store_answers(),
            store_waiting: self.metrics.gauge(Gauge::StoreWaiting),
            is_shutting_down: self.shutdown.is_some(),
            players: self.metrics.gauge(Gauge::Players),
            connections: self.metrics.gauge(Gauge::Connections),
            uptime_seconds: now / 1000,
        };
        let Some(ops) = &mut self.ops else { return };
        let answered = ops.event(
            slot,
            &Pages {
                health,
                metrics: &self.metrics,
            },
        );
        self.metrics.add(Counter::OpsRequests, answered);
    }
}

/// Takes in the sockets that wait at the door, a bounded number in one turn.
fn take_in(door: &mut Door, clients: &mut Clients, turn: &mut Turn<'_>) {
    for _ in 0..ACCEPTS_PER_TURN {
        match door.accept(turn.now) {
            Knock::Socket(stream, address) => clients.take_in(turn, stream, address),
            Knock::Nobody => return,
            Knock::Failed => turn.metrics.increment(Counter::AcceptErrors),
        }
    }
}
