//! A run from start to end: the server, the bots' arrival, their walk, and the check of what they believe.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use pyao_server::content::{Content, Position};
use pyao_server::net::raise_limit;
use pyao_server::protocol::client::ClientPacket;
use toml::Value;

use super::crowd::Crowd;
use super::fleet::Fleet;
use super::meter::Meter;
use super::options::{Options, Scenario};
use super::places::{Distances, spread_starts};
use super::redis::{RedisFigures, RunRedis};
use super::report::{Counts, Figures, Report};
use super::schedule::Schedule;
use super::truth::Truth;
use super::usage::Usage;
use super::walker::{View, Walker, press};
use super::{PACE, QUIET, QUIET_PATIENCE, baseline};
use crate::bot::NewCharacter;
use crate::process::{Server, ServerSetup};

/// Bots that log in at the same time.
const LOGINS_AT_ONCE: usize = 64;
/// A login that takes longer has failed.
const LOGIN_PATIENCE: Duration = Duration::from_secs(60);
const PASSWORD: &str = "secreto1";
/// Files open besides the bots' sockets.
const OTHER_DESCRIPTORS: u64 = 64;
const SHUTDOWN_PATIENCE: Duration = Duration::from_secs(20);
/// Pictures that differ and faults that are shown in full.
const SHOWN: usize = 5;

/// A run of the load program.
///
/// # Errors
/// When the server does not start, a bot does not come in, or the system fails. What the server does wrong to its
/// clients afterwards is in the report.
pub fn run(options: &Options) -> Result<Report> {
    ensure!(options.bots > 0 && options.seconds > 0, "at least one bot and one second");
    let limit = raise_limit(options.bots as u64 + OTHER_DESCRIPTORS);
    ensure!(
        limit >= options.bots as u64 + OTHER_DESCRIPTORS,
        "the system allows {limit} open files: too few for {} bots; raise it with `ulimit -n`",
        options.bots
    );
    let content = match &options.data {
        Some(directory) => Content::load(directory)?.0,
        None => Content::starter(),
    };
    let starts = spread_starts(&content, options.map_count(), options.radius);
    ensure!(!starts.is_empty(), "no map has room for the bots");
    let redis = RunRedis::of(options)?;
    let (server, address) = match options.address()? {
        Some(address) => (None, address),
        None => {
            let server = start_server(options, redis.as_ref(), &starts)?;
            let address = server.address();
            (Some(server), address)
        }
    };
    let process = server.as_ref().map(Server::process_id).or(options.pid);
    let mut run = Run {
        options,
        content: Arc::new(content),
        address,
        process,
        redis: redis.as_ref(),
        fleet: Fleet::new()?,
        crowd: Crowd::new(options.bots),
        walkers: (0..options.bots).map(|number| Walker::new(number, options.seed, options.radius)).collect(),
        to_exits: BTreeMap::new(),
        steps: 0,
        turns: 0,
    };
    let mut report = run.measure(starts.len())?;
    report.setup = setup(options, server.is_some());
    drop(run);
    if let Some(server) = server {
        report.server_fault = stop_server(server)?;
    }
    if options.baseline && options.scenario == Scenario::Walk {
        report.baseline = Some(baseline::run(options, starts.len(), report.server.viewers_per_step)?);
    }
    Ok(report)
}

fn start_server(options: &Options, redis: Option<&RunRedis>, starts: &[Position]) -> Result<Server> {
    let starts: Vec<Value> = starts.iter().map(|start| Value::from(start.to_string())).collect();
    let mut setup = ServerSetup::new()?
        .set("server.max_connections", i64::try_from(options.bots + 16)?)
        .set("limits.idle_minutes", 0)
        .set("security.password_memory_kib", 8)
        .set("world.start_positions", starts);
    if let Some(redis) = redis {
        setup = setup.redis(redis.url());
    }
    if let Some(data) = &options.data {
        setup = setup.data(data.canonicalize().with_context(|| format!("finding {}", data.display()))?);
    }
    if let Some(binary) = &options.server {
        setup = setup.binary(binary.canonicalize().with_context(|| format!("finding {}", binary.display()))?);
    }
    setup.start()
}

/// How the server was set up, for whoever reads the figures.
fn setup(options: &Options, is_own: bool) -> String {
    let data =
        options.data.as_ref().map_or_else(|| "starter world".to_owned(), |data| data.display().to_string());
    let store = if options.redis.is_some() { "Redis" } else { "embedded store" };
    if is_own {
        format!("own server, {data}, {store}, passwords hashed cheaply (8 KiB, 1 pass), no limits by address")
    } else {
        format!("server that ran already, {data}")
    }
}

/// Asks the server to stop; what it did wrong at the end, if anything.
fn stop_server(mut server: Server) -> Result<Option<String>> {
    if !server.is_running() {
        return Ok(Some(format!("the server ended during the run:\n{}", server.log())));
    }
    let status = server.terminate(SHUTDOWN_PATIENCE)?;
    Ok((!status.success()).then(|| format!("the server ended with {status}:\n{}", server.log())))
}

/// Everything a run keeps while the server is there.
struct Run<'a> {
    options: &'a Options,
    content: Arc<Content>,
    address: SocketAddr,
    process: Option<u32>,
    redis: Option<&'a RunRedis>,
    fleet: Fleet,
    crowd: Crowd,
    walkers: Vec<Walker>,
    to_exits: BTreeMap<u16, Distances>,
    /// Steps sent.
    steps: u64,
    /// Changes of heading sent without a step.
    turns: u64,
}

impl Run<'_> {
    fn measure(&mut self, maps: usize) -> Result<Report> {
        let mut meter = Meter::new(self.process)?;
        let login_time = self.everybody_comes_in()?;
        self.rest()?;
        self.crowd.reset();
        (self.fleet.reads, self.fleet.bytes) = (0, 0);
        let redis_before = self.redis.map(RunRedis::look).transpose()?;
        meter.start()?;
        let began = Instant::now();
        match self.options.scenario {
            Scenario::Walk => self.walk()?,
            Scenario::Idle => self.until(began + self.options.duration())?,
        }
        let seconds = began.elapsed().as_secs_f64();
        let redis_after = self.redis.map(RunRedis::look).transpose()?;
        self.rest()?;
        let used = meter.used()?;
        let tally = self.crowd.tally;
        let counts = Counts {
            connections: self.options.bots,
            seconds,
            steps: self.steps,
            refused: tally.refusals,
            deliveries: tally.deliveries(),
            reads: self.fleet.reads,
            bytes: self.fleet.bytes,
        };
        let figures = Figures::new(&counts, &used, &self.crowd.latency);
        let is_quiet = self.ask_for_quiet()?;
        let differences = Truth::new(&self.content).differences(&self.crowd.clients);
        let faults: Vec<String> = self.crowd.faults().collect();
        Ok(Report {
            setup: String::new(),
            bots: self.options.bots,
            maps,
            login_seconds: login_time.as_secs_f64(),
            server: figures,
            turns: self.turns,
            map_changes: tally.map_changes,
            packets_received: tally.packets,
            disconnects: self.crowd.disconnects(),
            faults: faults.len(),
            first_faults: faults.into_iter().take(SHOWN).collect(),
            differences: differences.len(),
            first_differences: differences.into_iter().take(SHOWN).collect(),
            is_quiet,
            server_fault: None,
            redis: redis_before
                .zip(redis_after)
                .map(|(before, after)| RedisFigures::between(&before, &after, seconds)),
            baseline: None,
        })
    }

    fn usage(&self) -> Result<Option<Usage>> {
        self.process.map(Usage::of).transpose()
    }

    /// Hears the bots once, at most until `until`.
    fn turn(&mut self, until: Instant) -> Result<()> {
        let Self { fleet, crowd, .. } = self;
        Ok(fleet.turn(until, |number, heard| crowd.hear(number, heard))?)
    }

    fn until(&mut self, end: Instant) -> Result<()> {
        while Instant::now() < end {
            self.turn(end)?;
        }
        Ok(())
    }

    /// Lets everything arrive.
    fn rest(&mut self) -> Result<bool> {
        let Self { fleet, crowd, .. } = self;
        Ok(fleet.until_quiet(QUIET, QUIET_PATIENCE, |number, heard| crowd.hear(number, heard))?)
    }

    fn send(&mut self, number: usize, packet: &ClientPacket) -> bool {
        let mut bytes = Vec::new();
        packet.encode(&mut bytes);
        self.fleet.send(number, &bytes)
    }

    /// Creates every bot's character, some at the same time, and returns how long that took.
    fn everybody_comes_in(&mut self) -> Result<Duration> {
        let began = Instant::now();
        let mut coming: Vec<(usize, bool, Instant)> = Vec::new();
        let mut next = 0;
        while next < self.options.bots || !coming.is_empty() {
            while next < self.options.bots && coming.len() < LOGINS_AT_ONCE {
                let number = self
                    .fleet
                    .connect(self.address)
                    .with_context(|| format!("connecting to {}", self.address))?;
                self.send(number, &ClientPacket::ThrowDices);
                coming.push((number, false, Instant::now()));
                next += 1;
            }
            self.turn(Instant::now() + PACE)?;
            for place in (0..coming.len()).rev() {
                let (number, asked, since) = coming[place];
                if self.has_come_in(number, since)? {
                    coming.swap_remove(place);
                } else if !asked && self.crowd.clients[number].shadow.dice.is_some() {
                    let character = NewCharacter::named(&self.crowd.clients[number].name, PASSWORD);
                    self.send(number, &character.packet());
                    coming[place].1 = true;
                }
            }
        }
        Ok(began.elapsed())
    }

    fn has_come_in(&self, number: usize, since: Instant) -> Result<bool> {
        let client = &self.crowd.clients[number];
        if let Some(error) = client.shadow.errors.first() {
            bail!("{} was refused: {error}", client.name);
        }
        if let Some(cause) = &client.closed {
            bail!("{} could not come in: {cause}", client.name);
        }
        ensure!(since.elapsed() < LOGIN_PATIENCE, "{} waited in vain to come in", client.name);
        Ok(client.shadow.position().is_some())
    }

    /// Everybody walks, each at the pace; a line a second tells how it goes.
    fn walk(&mut self) -> Result<()> {
        let began = Instant::now();
        let end = began + self.options.duration();
        let mut schedule = Schedule::new(began, PACE, self.options.bots);
        let mut progress = Progress::new(began);
        loop {
            let now = Instant::now();
            if now >= end {
                return Ok(());
            }
            while let Some(number) = schedule.due(now) {
                self.step(number);
            }
            self.turn(schedule.next_at().min(end).min(progress.next_at))?;
            if Instant::now() >= progress.next_at {
                self.tell(&mut progress)?;
            }
        }
    }

    /// One bot presses a key.
    fn step(&mut self, number: usize) {
        let client = &mut self.crowd.clients[number];
        let map = client.shadow.map.and_then(|map| self.content.map(u16::try_from(map).ok()?));
        let (Some(map), Some((x, y)), None) = (map, client.shadow.position(), &client.closed) else {
            return;
        };
        let to_exits =
            self.to_exits.entry(map.number).or_insert_with(|| Distances::to_exits(&self.content, map));
        let position = Position::new(map.number, x, y);
        let heading = self.walkers[number].heading(&View { shadow: &client.shadow, map, to_exits, position });
        let Some(packet) = press(&mut client.shadow, map, heading) else {
            return;
        };
        if matches!(packet, ClientPacket::Walk { .. }) {
            self.steps += 1;
            let tile = client.shadow.position().unwrap_or((x, y));
            self.crowd.stepped(number, tile);
        } else {
            self.turns += 1;
        }
        self.send(number, &packet);
    }

    /// A ping of each bot and its answer: what was sent before has been served.
    fn ask_for_quiet(&mut self) -> Result<bool> {
        for number in 0..self.options.bots {
            if self.crowd.clients[number].closed.is_none() {
                self.crowd.clients[number].shadow.pings += 1;
                self.send(number, &ClientPacket::Ping);
            }
        }
        let is_quiet = self.rest()?;
        let answered =
            self.crowd.clients.iter().all(|client| client.closed.is_some() || client.shadow.pings == 0);
        Ok(is_quiet && answered)
    }

    fn tell(&mut self, progress: &mut Progress) -> Result<()> {
        progress.next_at += Duration::from_secs(1);
        progress.seconds += 1;
        let deliveries = self.crowd.tally.deliveries();
        let cpu = self.usage()?.unwrap_or_default().cpu_seconds;
        let latency = &self.crowd.latency;
        eprintln!(
            "{:>4} s  steps {:>6}  deliveries/s {:>7}  server {:>5.1} %  seen after p50 {:.1} p99 {:.1} ms  \
             refused {}  faults {}  gone {}",
            progress.seconds,
            self.steps,
            deliveries - progress.deliveries,
            (cpu - progress.cpu_seconds.unwrap_or(cpu)) * 100.0,
            latency.percentile(50.0) as f64 / 1000.0,
            latency.percentile(99.0) as f64 / 1000.0,
            self.crowd.tally.refusals,
            self.crowd.faults().count(),
            self.crowd.clients.iter().filter(|client| client.closed.is_some()).count(),
        );
        (progress.deliveries, progress.cpu_seconds) = (deliveries, Some(cpu));
        Ok(())
    }
}

/// What the line of the last second said.
struct Progress {
    next_at: Instant,
    seconds: u64,
    deliveries: u64,
    cpu_seconds: Option<f64>,
}

impl Progress {
    fn new(began: Instant) -> Self {
        Self { next_at: began + Duration::from_secs(1), seconds: 0, deliveries: 0, cpu_seconds: None }
    }
}
