//! A run from start to end: the server, the bots' arrival, the measurements, and the check of the clients' pictures.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use pyao_config::Config;
use pyao_core::content::{Content, Position};
use pyao_server::net::raise_limit;
use pyao_tests::process::{Server, ServerSetup};
use toml::Value;

use crate::PATIENCE;
use crate::arrivals::{Arrivals, Way};
use crate::baseline::{self, Load};
use crate::crowd::LINE_LENGTH;
use crate::hostile::Attackers;
use crate::meter::Meter;
use crate::options::{Options, Scenario};
use crate::phase::{self, Outcome, Watched};
use crate::places::Places;
use crate::players::Players;
use crate::redis::{RedisFigures, RunRedis};
use crate::report::{Beside, Logins, Report};
use crate::server_metrics::Metrics;
use crate::stage::Stage;
use crate::truth::Truth;

/// Bots that log in at the same time.
const LOGINS_AT_ONCE: usize = 256;
/// Files open besides the bots' sockets.
const OTHER_DESCRIPTORS: u64 = 64;
/// Lead of the attackers before the measurement under attack begins.
const ATTACK_LEAD: Duration = Duration::from_secs(1);
/// Pictures that differ and faults that are shown in full.
const SHOWN: usize = 5;
/// Bytes that a line of chat has more than a step, sent or received.
const LINE_PADDING: usize = LINE_LENGTH + 3;

/// Runs the load program.
///
/// # Errors
/// Fails if the server does not start, a bot does not come in, or the system fails. Mistakes of the server towards its
/// clients after that are in the report.
pub fn run(options: &Options) -> Result<Report> {
    ensure!(options.bots > 0 && options.seconds > 0, "at least one bot and one second");
    allow_sockets(options)?;
    let content = match &options.data {
        Some(directory) => Content::load(directory)?.0,
        None => Content::starter(),
    };
    let places = places(options, &content);
    ensure!(!places.starts.is_empty(), "no map has room for the bots");
    let redis = RunRedis::of(options)?;
    let (server, address) = match options.address()? {
        Some(address) => (None, address),
        None => {
            let server = start_server(options, redis.as_ref(), &content, &places)?;
            let address = server.address();
            (Some(server), address)
        }
    };
    let mut run = Run {
        options,
        address,
        watched: Watched {
            process: server.as_ref().map(Server::process_id).or(options.pid),
            ops: server.as_ref().map(Server::ops_address).or(options.ops),
        },
        redis: redis.as_ref(),
        stage: Stage::new(options.bots + options.idle, content, address)?,
        players: Players::new(options, &places),
    };
    let mut report = run.measure()?;
    if server.is_some() {
        report.left_over = run.everybody_leaves()?;
    }
    report.setup = setup(options, server.is_some());
    report.maps = places.maps;
    drop(run);
    if let Some(server) = server {
        report.server_fault = stop_server(server)?;
    }
    if options.baseline && report.server.seen > 0 {
        report.baseline = Some(baseline::run(&Load {
            clients: options.bots,
            groups: places.maps,
            steps_per_second: report.server.seen as f64 / report.server.seconds,
            viewers: report.server.viewers_per_step,
            padding: if options.scenario == Scenario::Chat { LINE_PADDING } else { 0 },
            duration: options.duration(),
            flush: options.baseline_cadence,
        })?);
    }
    Ok(report)
}

fn allow_sockets(options: &Options) -> Result<()> {
    let sockets = (options.bots + options.idle + options.attackers) as u64 + OTHER_DESCRIPTORS;
    let limit = raise_limit(sockets);
    ensure!(
        limit >= sockets,
        "the system allows {limit} open files, this run needs {sockets}; raise it with `ulimit -n`"
    );
    Ok(())
}

fn places(options: &Options, content: &Content) -> Places {
    match options.scenario {
        Scenario::Crowd => Places::crowd(content, options.bots),
        _ => Places::spread(content, options.map_count(), options.bots),
    }
}

fn start_server(
    options: &Options,
    redis: Option<&RunRedis>,
    content: &Content,
    places: &Places,
) -> Result<Server> {
    // Idle bots see one another and none of the others.
    let idle = Places::elsewhere(content, places.maps, usize::MAX, options.idle);
    let starts = places.starts.iter().chain(&idle.starts).map(Position::to_string).map(Value::from);
    let (memory, passes) = options.password_cost();
    let connections = options.bots + options.idle + options.attackers + 16;
    let limits = Config::default().limits;
    let mut setup = ServerSetup::new()?
        .set("server.max_connections", i64::try_from(connections)?)
        .set("limits.connections_per_ip", 10)
        .set("limits.logins_per_minute_per_ip", 20)
        .set("limits.idle_minutes", 0)
        .set("limits.handshake_seconds", limits.handshake_seconds)
        .set("limits.overload_percent", limits.overload_percent)
        .set("security.password_memory_kib", memory)
        .set("security.password_passes", passes)
        .set("game.disconnect_stay_seconds", 0)
        .set("world.start_positions", starts.collect::<Vec<_>>());
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

/// Returns the setup of the server, for readers of the figures.
fn setup(options: &Options, is_own: bool) -> String {
    let data =
        options.data.as_ref().map_or_else(|| "starter world".to_owned(), |data| data.display().to_string());
    let store = if options.redis.is_some() { "Redis" } else { "embedded store" };
    let (memory, passes) = options.password_cost();
    if is_own {
        format!("own server, {data}, {store}, passwords hashed with {memory} KiB and {passes} passes")
    } else {
        format!("server that ran already, {data}")
    }
}

/// Asks the server to stop. Returns its fault at the end, if any.
fn stop_server(mut server: Server) -> Result<Option<String>> {
    if !server.is_running() {
        return Ok(Some(format!("the server ended during the run:\n{}", server.log())));
    }
    let status = server.terminate(PATIENCE)?;
    Ok((!status.success()).then(|| format!("the server ended with {status}:\n{}", server.log())))
}

/// Everything a run keeps while the server is there.
struct Run<'a> {
    options: &'a Options,
    address: SocketAddr,
    watched: Watched,
    redis: Option<&'a RunRedis>,
    stage: Stage,
    players: Players,
}

impl Run<'_> {
    fn measure(&mut self) -> Result<Report> {
        let mut meter = Meter::new(self.watched.process)?;
        let metrics_before = self.watched.metrics()?;
        let mut arrivals = Arrivals::default();
        let mut login_time =
            arrivals.bring_in(&mut self.stage, 0..self.options.bots, Way::Create, LOGINS_AT_ONCE)?;
        self.stage.settle()?;
        if self.options.scenario == Scenario::LoginStorm {
            self.everybody_leaves()?;
            arrivals = Arrivals::default();
        }
        let redis_before = self.redis.map(RunRedis::look).transpose()?;
        let outcome = self.phase(&mut meter, &mut arrivals)?;
        let redis_after = self.redis.map(RunRedis::look).transpose()?;
        if self.options.scenario == Scenario::LoginStorm {
            login_time = Duration::from_secs_f64(outcome.figures.seconds);
        }
        let map_changes = self.stage.crowd.tally.map_changes;
        let packets_received = self.stage.crowd.tally.packets;
        let beside = self.beside(&mut meter)?;
        let is_quiet = self.stage.settle()?;
        let differences = self.lasting_differences()?;
        let faults: Vec<String> = self.stage.crowd.faults().collect();
        Ok(Report {
            setup: String::new(),
            scenario: self.options.scenario,
            bots: self.options.bots,
            maps: 0,
            logins: Logins::new(&arrivals.times, login_time),
            redis: redis_before
                .zip(redis_after)
                .map(|(before, after)| RedisFigures::between(&before, &after, outcome.figures.seconds)),
            server: outcome.figures,
            deeds: outcome.deeds,
            memory: outcome.memory,
            beside,
            map_changes,
            packets_received,
            disconnects: self.stage.crowd.disconnects(),
            closes: self.closes_since(metrics_before.as_ref())?,
            faults: faults.len(),
            first_faults: faults.into_iter().take(SHOWN).collect(),
            differences: differences.len(),
            first_differences: differences.into_iter().take(SHOWN).collect(),
            is_quiet,
            left_over: BTreeMap::new(),
            server_fault: None,
            baseline: None,
        })
    }

    /// Returns the differences between clients and the world that stay: the server may just be telling clients that
    /// attackers have gone.
    fn lasting_differences(&mut self) -> Result<Vec<String>> {
        let end = Instant::now() + PATIENCE;
        loop {
            let differences = Truth::new(&self.stage.content).differences(&self.stage.crowd.clients);
            if differences.is_empty() || Instant::now() >= end {
                return Ok(differences);
            }
            self.stage.rest()?;
        }
    }

    /// Measures the scenario.
    fn phase(&mut self, meter: &mut Meter, arrivals: &mut Arrivals) -> Result<Outcome> {
        let (scenario, duration) = (self.options.scenario, self.options.duration());
        let Self { stage, players, watched, .. } = self;
        phase::measure(stage, players, *watched, meter, |stage, players, progress| match scenario {
            Scenario::LoginStorm => phase::storm(stage, arrivals),
            Scenario::Idle => phase::stand(stage, players, progress, duration),
            Scenario::Walk | Scenario::Crowd | Scenario::Chat | Scenario::Mixed => {
                phase::play(stage, players, progress, duration)
            }
        })
    }

    /// Measures once more with the load beside the bots, if any.
    fn beside(&mut self, meter: &mut Meter) -> Result<Option<Beside>> {
        let mut arrivals = Arrivals::default();
        if let Some(attack) = self.options.hostile {
            eprintln!("{} attackers: {attack:?}", self.options.attackers);
            let series = self.stage.crowd.clients[0].name.clone();
            let attackers = Attackers::begin(attack, self.options.attackers, self.address, &series)?;
            let lead = Instant::now() + ATTACK_LEAD;
            while Instant::now() < lead {
                self.stage.turn(lead)?;
            }
            let outcome = self.phase(meter, &mut arrivals)?;
            let effort = attackers.end()?;
            self.stage.settle()?;
            return Ok(Some(Beside::attackers(attack, effort, outcome.figures)));
        }
        if self.options.idle == 0 {
            return Ok(None);
        }
        eprintln!("{} more come in", self.options.idle);
        let resident =
            |watched: &Watched| Ok::<_, anyhow::Error>(watched.usage()?.map(|usage| usage.resident));
        let before = resident(&self.watched)?;
        let all = self.stage.crowd.clients.len();
        arrivals.bring_in(&mut self.stage, self.options.bots..all, Way::Create, LOGINS_AT_ONCE)?;
        self.stage.settle()?;
        let after = resident(&self.watched)?;
        let each =
            before.zip(after).map(|(before, after)| after.saturating_sub(before) / self.options.idle as u64);
        let outcome = self.phase(meter, &mut arrivals)?;
        Ok(Some(Beside::idle(self.options.idle, each, outcome.figures)))
    }

    fn closes_since(&self, before: Option<&Metrics>) -> Result<BTreeMap<String, u64>> {
        let now = self.watched.metrics()?;
        Ok(now.zip(before).map(|(now, before)| now.closes_since(before)).unwrap_or_default())
    }

    /// Closes the connections of all bots. Returns the counts of connections and players that the server still holds
    /// after a while.
    fn everybody_leaves(&mut self) -> Result<BTreeMap<String, u64>> {
        (0..self.options.bots + self.options.idle).for_each(|number| self.stage.leave(number));
        let end = Instant::now() + PATIENCE;
        loop {
            let left_over = self.watched.metrics()?.unwrap_or_default().left_over();
            if left_over.is_empty() || Instant::now() >= end {
                return Ok(left_over);
            }
            std::thread::sleep(crate::PACE);
        }
    }
}
