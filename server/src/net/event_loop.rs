//! The loop: waits for events, and gives everybody their turn.
//!
//! One turn: wait until something happens or is due; sort the events; serve connections; give the game the replies of
//! the store and the password threads; fire its due timers; take in new connections; send what was written; end what
//! the game ended; hand on what it asks. With nothing to do the wait has no end: an idle server does not wake up.

mod rebind;

use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::event::Event;
use mio::net::TcpListener;
use mio::{Events, Poll, Waker};

use super::accept::{Accepted, Listener};
use super::clients::{Clients, Turn};
use super::helpers::Helpers;
use super::http::{OpsPort, Pages};
use super::listen::{Address, Rebind};
use super::signals::SignalSource;
use super::timings::{Part, SlowTurns, Timings};
use super::tokens::Source;
use super::{Room, descriptors, from_config};
use crate::ops::health::Health;
use crate::ops::metrics::{Counter, Gauge, Metrics};
use crate::ops::overload::{LevelChange, Overload, OverloadLevel};
use crate::ops::report::status_report;
use pyao_config::Config;
use pyao_config::live::{self, Refused};
use pyao_config::store_link::{Order, StoreLink};
use pyao_core::game::{self, Game, Input, Millis};
use pyao_core::settings::Consumer;
use pyao_store::hashing::{self, Hasher};
use pyao_store::server::{Registration, ServerStatus};
use pyao_store::worker::Worker;
use pyao_store::{self, Store};

/// Events taken from the kernel in one turn.
const EVENTS_PER_TURN: usize = 1024;
/// Connections taken in in one turn.
const ACCEPTS_PER_TURN: usize = 64;
/// A poll that fails this often in a row stops the server: going on would only spin.
const POLL_ERRORS_MAX: u32 = 10;
/// Time for which `/health` says that the store was emptied.
const TELL_EMPTIED_MS: Millis = 10 * 60_000;
/// Time to tell and save everybody after the first signal.
const SHUTDOWN_LIMIT_MS: Millis = 10_000;

/// Parts that the loop is built from.
pub struct Setup {
    /// The game, that nobody plays yet.
    pub game: Game,
    /// Unix seconds at the start.
    pub unix_start: u64,
    /// Store of accounts and characters.
    pub store: Box<dyn Store>,
    /// True if that is a Redis.
    pub uses_redis: bool,
    /// Settings in force at the start.
    pub config: Config,
    /// The players' sockets that there is room for.
    pub room: Room,
    /// Live settings of the store at the start.
    pub stored_settings: pyao_store::ServerSettings,
    /// The live settings whose value in the store was not valid at the start.
    pub refused_settings: Refused,
    /// The server's registration on the store.
    pub registration: Registration,
    /// The players' port.
    pub listener: TcpListener,
    /// The ops port, if there is one.
    pub ops_listener: Option<TcpListener>,
}

/// Reason for which the loop ended.
#[derive(Debug)]
pub enum Stop {
    /// A signal, by its name.
    Signal(&'static str),
    /// The poll kept failing.
    PollFailed(io::Error),
}

/// Reason for which there is no loop.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The system gives no poll or no thread.
    #[error(transparent)]
    System(#[from] io::Error),
    /// Passwords cannot be hashed as asked.
    #[error(transparent)]
    Passwords(#[from] hashing::StartError),
}

/// Results that the loop leaves behind.
pub struct Finished {
    /// Reason for its end.
    pub stop: Stop,
    /// True if all players were notified and everything was saved in time.
    pub is_drained: bool,
    /// Milliseconds it ran.
    pub uptime_ms: Millis,
    /// Its metrics.
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
    listener: Option<Listener>,
    address: Address,
    room: Room,
    rebind: Option<Rebind>,
    link: StoreLink,
    /// Time at which the store was last found emptied.
    store_emptied_at: Option<Millis>,
    uses_redis: bool,
    unix_start: u64,
    waker: Arc<Waker>,
    ops: Option<OpsPort>,
    signals: SignalSource,
    metrics: Metrics,
    overload: Overload,
    slow_turns: SlowTurns,
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
        let notify = notifier(&waker);
        let store = Worker::start(setup.store, notify.clone())?;
        let hasher = Hasher::start(from_config::password_cost(&setup.config), notify)?;
        let registry = poll.registry();
        let mut metrics = Metrics::default();
        // Any free port was asked for at the start alone: from here on it is a port like any other.
        let mut config = setup.config;
        config.server.port = setup.listener.local_addr()?.port();
        let (host, limit) = (config.server.host.clone(), config.limits.overload_percent);
        let (address, limits) =
            (Address { host, port: config.server.port }, from_config::client_limits(&config, setup.room));
        let mut link =
            StoreLink::new(config, setup.stored_settings, setup.refused_settings, setup.registration);
        metrics.add(Counter::SettingsRefused, link.take_refusals());
        Ok(Self {
            listener: Some(Listener::new(setup.listener, registry, Source::Listener.into())?),
            ops: setup.ops_listener.map(|listener| OpsPort::open(listener, registry)).transpose()?,
            signals: SignalSource::register(registry, Source::Signals.into())?,
            started: Instant::now(),
            game: setup.game,
            clients: Clients::new(limits),
            room: setup.room,
            address,
            rebind: None,
            overload: Overload::new(limit),
            slow_turns: SlowTurns::default(),
            link,
            store_emptied_at: None,
            uses_redis: setup.uses_redis,
            unix_start: setup.unix_start,
            waker,
            helpers: Helpers::new(store, hasher),
            metrics,
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
            let waited = turn_ended.elapsed();
            let now = self.now();
            let mut timings = Timings::start();
            self.turn(now, &events, &mut timings);
            self.turn_ended(now, waited, &timings);
            turn_ended = Instant::now();
            if let Some(signal) = self.is_over(now) {
                return self.finish(Stop::Signal(signal));
            }
        }
    }

    /// Milliseconds since the start.
    fn now(&self) -> Millis {
        since(self.started)
    }

    /// Returns the timeout of the poll; `None` = without limit.
    fn timeout(&mut self) -> Option<Duration> {
        let now = self.now();
        let outbox_is_dirty = self.game.outbox().is_dirty();
        let deadline = [
            self.game.next_deadline(),
            self.clients.next_deadline(now, outbox_is_dirty),
            self.listener.as_ref().and_then(|listener| listener.next_deadline(now)),
            self.link.next_deadline(),
            self.ops.as_ref().and_then(|ops| ops.next_deadline(now)),
            self.shutdown.as_ref().map(|shutdown| shutdown.deadline),
        ]
        .into_iter()
        .flatten()
        .min()?;
        Some(Duration::from_millis(deadline).saturating_sub(self.started.elapsed()))
    }

    fn turn(&mut self, now: Millis, events: &Events, timings: &mut Timings) {
        for event in events {
            self.dispatch(now, event);
        }
        timings.end(Part::Events);
        let mut turn =
            Turn { now, game: &mut self.game, metrics: &mut self.metrics, registry: self.poll.registry() };
        self.clients.serve(&mut turn);
        timings.end(Part::Packets);
        let orders = self.helpers.deliver_replies(now, turn.game, turn.metrics, &mut self.link);
        timings.end(Part::Answers);
        turn.game.advance(now);
        timings.end(Part::Timers);
        if let Some(listener) = &mut self.listener {
            take_in(listener, &mut self.clients, &mut turn);
        }
        timings.end(Part::Accepts);
        self.clients.flush(&mut turn);
        timings.end(Part::Flush);
        self.clients.end_closings(&mut turn);
        self.clients.expire(&mut turn);
        self.clients.check_invariants();
        self.helpers.send_requests(turn.game, turn.metrics);
        self.clients.log_summaries(now);
        self.follow(now, orders);
        self.end_rebind(now);
        self.metrics.add(Counter::SettingsRefused, self.link.take_refusals());
        self.tell_store(now);
        if let Some(ops) = &mut self.ops {
            ops.accept(now, self.poll.registry());
            ops.expire(now);
        }
        timings.end(Part::Rest);
    }

    /// Takes note of how long the turn took, and changes the level of overload when that is due.
    fn turn_ended(&mut self, now: Millis, waited: Duration, timings: &Timings) {
        let worked = timings.total();
        self.metrics.turns.record_duration(worked);
        self.metrics.increment(Counter::Turns);
        self.metrics.add(Counter::ChatDropped, self.game.take_dropped_chat());
        self.metrics.add(Counter::Faults, self.game.take_faults());
        if self.slow_turns.ended(now, timings) {
            self.metrics.increment(Counter::SlowTurns);
        }
        if let Some(change) = self.overload.turn(waited, worked) {
            self.change_level(now, change);
        }
    }

    fn change_level(&mut self, now: Millis, LevelChange { from, to, busy_percent }: LevelChange) {
        let level = if to > from { log::Level::Warn } else { log::Level::Info };
        log::log!(level, "overload: {from} -> {to}: the loop was at work for {busy_percent} % of its time");
        self.metrics.level_changed(from, to);
        self.clients.set_longest_wait(to.longest_wait_ms());
        self.game.outbox().thin(to >= OverloadLevel::ThinCosmetics);
        self.game.handle(now, Input::RefuseLogins(to >= OverloadLevel::RefuseLogins));
    }

    fn dispatch(&mut self, now: Millis, event: &Event) {
        match Source::from(event.token()) {
            // It only ends the wait: replies are looked for in every turn.
            Source::Waker => {}
            Source::Signals => self.signalled(now),
            Source::Listener => {
                if let Some(listener) = &mut self.listener {
                    listener.became_readable();
                }
            }
            Source::OpsListener => {
                if let Some(ops) = &mut self.ops {
                    ops.became_readable();
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

    /// Does what answers of the store ask for.
    fn follow(&mut self, now: Millis, orders: Vec<Order>) {
        for order in orders {
            match order {
                Order::Follow { changed, config } => self.follow_settings(now, &changed, &config),
                Order::Tell(input) => self.game.handle(now, input),
                Order::StoreEmptied => {
                    self.store_emptied_at = Some(now);
                    self.helpers.ask_store(self.link.seed_settings());
                }
                Order::Replaced(error) => {
                    log::error!("{error}");
                    self.begin_shutdown(now, "replaced");
                }
            }
        }
    }

    /// Passes changed settings on to the parts of the server that their rows name.
    fn follow_settings(&mut self, now: Millis, changed: &[&str], config: &Config) {
        let consumers = live::consumers(changed);
        if consumers.contains(&Consumer::Listener) {
            let to = Address { host: config.server.host.clone(), port: config.server.port };
            if to != self.address {
                self.rebind_to(to);
            }
        }
        if consumers.contains(&Consumer::Clients) {
            self.room = descriptors::allow_connections(config.server.max_connections);
            self.clients.change_limits(from_config::client_limits(config, self.room), now);
        }
        if consumers.contains(&Consumer::Overload) {
            self.overload.set_limit(config.limits.overload_percent);
        }
        if consumers.contains(&Consumer::Game) {
            self.game.handle(now, Input::Settings(Box::new(game::Settings::of(config))));
        }
    }

    /// Tells the store that this server lives, and looks at the settings, when it is time.
    fn tell_store(&mut self, now: Millis) {
        self.link.connections_are(u32::try_from(self.clients.counted()).unwrap_or(u32::MAX));
        if self.link.is_heartbeat_due(now) {
            let status = self.status(now);
            let heartbeat = self.link.heartbeat(now, status);
            self.helpers.ask_store(heartbeat);
        }
        if let Some(look) = self.link.look_at_settings(now) {
            self.helpers.ask_store(look);
        }
    }

    /// Returns the status of this server, for tools and other servers.
    fn status(&mut self, now: Millis) -> ServerStatus {
        ServerStatus {
            started_at: self.unix_start,
            uptime_seconds: now / 1000,
            connections: u32::try_from(self.clients.counted()).unwrap_or(u32::MAX),
            players: u32::try_from(self.game.online()).unwrap_or(u32::MAX),
            counters: self.metrics.counts(),
            connection_list: self.clients.describe(now, &self.game),
            settings: self.link.in_force(&self.address.host, self.address.port, self.room.connections),
            refused: self.link.told_refusals(self.room.connections),
        }
    }

    /// Writes a report, if one was asked for. At the first signal to stop, new connections are refused, and the game
    /// notifies and saves all players.
    fn signalled(&mut self, now: Millis) {
        let asked = self.signals.take();
        if asked.report {
            let health = self.health(now);
            log::info!("{}", status_report(&health, &self.metrics));
        }
        let Some(signal) = asked.stop else { return };
        if self.shutdown.is_some() {
            return;
        }
        log::info!("{signal}: stopping; a second signal stops at once");
        self.begin_shutdown(now, signal);
    }

    fn begin_shutdown(&mut self, now: Millis, signal: &'static str) {
        if self.shutdown.is_none() {
            self.shutdown = Some(ShuttingDown { signal, deadline: now + SHUTDOWN_LIMIT_MS });
            self.listener = None;
            self.game.handle(now, Input::Shutdown);
        }
    }

    /// Returns the signal that ends the loop now: all players were notified and saved, or the time for it is over.
    fn is_over(&self, now: Millis) -> Option<&'static str> {
        let shutdown = self.shutdown.as_ref()?;
        let is_done = self.game.is_drained() && self.clients.is_empty();
        (is_done || now >= shutdown.deadline).then_some(shutdown.signal)
    }

    fn finish(mut self, stop: Stop) -> Finished {
        self.clients.log_summaries(Millis::MAX);
        self.game.log_summaries(Millis::MAX);
        Finished {
            is_drained: self.game.is_drained(),
            uptime_ms: self.now(),
            stop,
            metrics: self.metrics,
            store: self.helpers.into_store(),
        }
    }

    fn serve_ops(&mut self, now: Millis, slot: usize) {
        let health = self.health(now);
        let Some(ops) = &mut self.ops else { return };
        let answered = ops.event(slot, &Pages { health, metrics: &self.metrics });
        self.metrics.add(Counter::OpsRequests, answered);
    }

    /// Sets the gauges, which is done when somebody looks at them, and gives the health that follows from them.
    fn health(&mut self, now: Millis) -> Health {
        self.clients.set_gauges(&mut self.metrics);
        self.helpers.set_gauges(&mut self.metrics);
        self.metrics.set(Gauge::PasswordsWaiting, self.game.passwords_waiting() as u64);
        self.metrics.set(Gauge::Players, self.game.online() as u64);
        self.metrics.set(Gauge::AbsentCharacters, self.game.players().absent().len() as u64);
        self.metrics.set(Gauge::CharacterNumbersFree, self.game.world().free_numbers() as u64);
        self.metrics.set(Gauge::Uptime, now / 1000);
        self.metrics.set(Gauge::Overload, self.overload.level().number());
        let outbox = self.game.outbox();
        (self.metrics.packets_out, self.metrics.thinned) = (*outbox.queued(), outbox.thinned());
        let mut store = self.helpers.store_health();
        store.takes_saves &= !self.link.is_file_replaced();
        store.was_emptied |= self.store_emptied_at.is_some_and(|at| now < at + TELL_EMPTIED_MS);
        Health {
            uses_redis: self.uses_redis,
            store,
            settings_not_followed: self.link.not_followed().collect(),
            overload: self.overload.level(),
            is_shutting_down: self.shutdown.is_some(),
            players: self.metrics.gauge(Gauge::Players),
            connections: self.metrics.gauge(Gauge::Connections),
            faults: self.metrics.count(Counter::Faults),
            uptime_seconds: now / 1000,
        }
    }
}

/// Returns the function that helper threads call when they have an answer.
fn notifier(waker: &Arc<Waker>) -> impl Fn() + Clone + Send + 'static {
    let waker = Arc::clone(waker);
    move || {
        if let Err(error) = waker.wake() {
            log::error!("cannot wake the loop: {error}");
        }
    }
}

fn since(start: Instant) -> Millis {
    Millis::try_from(start.elapsed().as_millis()).unwrap_or(Millis::MAX)
}

/// Accepts the sockets that wait at the listener, a bounded number in one turn.
fn take_in(listener: &mut Listener, clients: &mut Clients, turn: &mut Turn<'_>) {
    for _ in 0..ACCEPTS_PER_TURN {
        match listener.accept(turn.now) {
            Accepted::Socket(stream, address) => clients.take_in(turn, stream, address),
            Accepted::Nothing => return,
            Accepted::Failed => turn.metrics.increment(Counter::AcceptErrors),
        }
    }
}
