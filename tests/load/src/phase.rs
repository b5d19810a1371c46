//! A part of a run that is measured, and its progress, a line a second.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::Result;
use pyao_tests::usage::Usage;
use serde::Serialize;

use crate::arrivals::{Arrivals, Way};
use crate::figures::{Counts, Figures};
use crate::meter::Meter;
use crate::players::{Deeds, Players};
use crate::schedule::Schedule;
use crate::server_metrics::Metrics;
use crate::stage::Stage;

const SECOND: Duration = Duration::from_secs(1);
/// Length of the first and the last part of a run whose memory is compared.
const MEMORY_PART: usize = 60;
const MIB: f64 = 1_048_576.0;

/// Sources of the server's figures, as far as they are known.
#[derive(Debug, Clone, Copy)]
pub struct Watched {
    /// Its process.
    pub process: Option<u32>,
    /// Its ops port.
    pub ops: Option<SocketAddr>,
}

impl Watched {
    /// Returns the metrics of its ops port.
    ///
    /// # Errors
    /// Fails if the port does not answer.
    pub fn metrics(&self) -> Result<Option<Metrics>> {
        self.ops.map(Metrics::look).transpose()
    }

    /// Returns the resources that its process has used.
    ///
    /// # Errors
    /// Fails if the process has gone.
    pub fn usage(&self) -> Result<Option<Usage>> {
        self.process.map(Usage::of).transpose()
    }
}

/// The server's resident memory at the begin and at the end of a phase: in the first and in the last minute, or quarter
/// where it was shorter than four minutes. In MiB.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct MemoryOverTime {
    /// Mean of the first part.
    pub first_mib: f64,
    /// Mean of the last part.
    pub last_mib: f64,
}

impl MemoryOverTime {
    /// Sums up a value read once a second, in bytes; nothing for less than four seconds.
    fn of(resident: &[u64]) -> Option<Self> {
        let part = (resident.len() / 4).min(MEMORY_PART);
        let mean = |values: &[u64]| values.iter().sum::<u64>() as f64 / values.len() as f64 / MIB;
        let (first, last) = (resident.get(..part)?, resident.get(resident.len() - part..)?);
        (part > 0).then(|| Self { first_mib: mean(first), last_mib: mean(last) })
    }
}

/// Outcome of a phase.
#[derive(Debug)]
pub struct Outcome {
    /// The figures.
    pub figures: Figures,
    /// Actions of the bots.
    pub deeds: Deeds,
    /// The server's memory meanwhile.
    pub memory: Option<MemoryOverTime>,
}

/// Measures `activity`, then lets everything arrive.
///
/// # Errors
/// Fails with the activity's error, or if the server's process has gone.
pub fn measure(
    stage: &mut Stage,
    players: &mut Players,
    watched: Watched,
    meter: &mut Meter,
    activity: impl FnOnce(&mut Stage, &mut Players, &mut Progress) -> Result<()>,
) -> Result<Outcome> {
    stage.reset();
    players.deeds = Deeds::default();
    let metrics_before = watched.metrics()?;
    let began = Instant::now();
    let mut progress = Progress::new(watched, began);
    meter.start()?;
    activity(stage, players, &mut progress)?;
    let seconds = began.elapsed().as_secs_f64();
    stage.rest()?;
    let used = meter.used()?;
    let metrics = watched.metrics()?;
    let deeds = players.deeds;
    let counts = Counts {
        connections: stage.crowd.clients.len(),
        seconds,
        steps: deeds.steps,
        seen: deeds.seen(),
        refused: stage.crowd.tally.refusals,
        deliveries: stage.crowd.tally.deliveries,
        reads: stage.fleet.reads,
        bytes: stage.fleet.bytes,
    };
    let mut figures = Figures::new(&counts, &used, &stage.crowd.latency);
    figures.turns = metrics.zip(metrics_before).map(|(after, before)| after.turns_since(&before));
    Ok(Outcome { figures, deeds, memory: MemoryOverTime::of(&progress.resident) })
}

/// Lets all bots act as the scenario says, each at the pace, for `duration`.
///
/// # Errors
/// Fails if a bot that left cannot come in again, or the server's process has gone.
pub fn play(
    stage: &mut Stage,
    players: &mut Players,
    progress: &mut Progress,
    duration: Duration,
) -> Result<()> {
    let began = Instant::now();
    let end = began + duration;
    let mut schedule = Schedule::new(began, players.pace(), players.count());
    loop {
        let now = Instant::now();
        if now >= end && players.are_all_in() {
            return Ok(());
        }
        while let Some(number) = schedule.due(now).filter(|_| now < end) {
            players.act(stage, number)?;
        }
        let until = if now < end { schedule.next_at().min(end) } else { now + SECOND };
        stage.turn(until.min(progress.next_at))?;
        players.go_on(stage)?;
        progress.tell(stage, players)?;
    }
}

/// Lets all bots stand still for `duration`.
///
/// # Errors
/// Fails if the server's process has gone.
pub fn stand(
    stage: &mut Stage,
    players: &Players,
    progress: &mut Progress,
    duration: Duration,
) -> Result<()> {
    let end = Instant::now() + duration;
    while Instant::now() < end {
        stage.turn(end.min(progress.next_at))?;
        progress.tell(stage, players)?;
    }
    Ok(())
}

/// Logs all bots in at the same time. `arrivals` has the time that each login took.
///
/// # Errors
/// Fails if a bot cannot come in.
pub fn storm(stage: &mut Stage, arrivals: &mut Arrivals) -> Result<()> {
    let bots = stage.crowd.clients.len();
    arrivals.bring_in(stage, 0..bots, Way::Login, bots)?;
    Ok(())
}

/// The progress of a phase, a line a second.
#[derive(Debug)]
pub struct Progress {
    watched: Watched,
    /// Time of the next line.
    pub next_at: Instant,
    seconds: u64,
    /// Deliveries in the last line.
    deliveries: u64,
    cpu_seconds: Option<f64>,
    /// The server's resident memory at each line, in bytes.
    resident: Vec<u64>,
}

impl Progress {
    fn new(watched: Watched, began: Instant) -> Self {
        Self {
            watched,
            next_at: began + SECOND,
            seconds: 0,
            deliveries: 0,
            cpu_seconds: None,
            resident: Vec::new(),
        }
    }

    /// Prints the progress if a second has passed.
    ///
    /// # Errors
    /// Fails if the server's process has gone.
    pub fn tell(&mut self, stage: &Stage, players: &Players) -> Result<()> {
        if Instant::now() < self.next_at {
            return Ok(());
        }
        self.next_at += SECOND;
        self.seconds += 1;
        let usage = self.watched.usage()?;
        let cpu = usage.map(|usage| usage.cpu_seconds);
        let used = cpu
            .zip(self.cpu_seconds)
            .map_or_else(String::new, |(now, before)| format!("server {:>5.1} %  ", (now - before) * 100.0));
        let crowd = &stage.crowd;
        eprintln!(
            "{:>4} s  steps {:>6}  lines {:>5}  deliveries/s {:>7}  {used}seen after p50 {:.1} p99 {:.1} ms  \
             refused {}  faults {}  gone {}",
            self.seconds,
            players.deeds.steps,
            players.deeds.lines,
            crowd.tally.deliveries - self.deliveries,
            crowd.latency.percentile(50.0) as f64 / 1000.0,
            crowd.latency.percentile(99.0) as f64 / 1000.0,
            crowd.tally.refusals,
            crowd.clients.iter().map(|client| client.shadow.faults.len()).sum::<usize>(),
            crowd.clients.iter().filter(|client| client.closed.is_some()).count(),
        );
        self.deliveries = crowd.tally.deliveries;
        self.cpu_seconds = cpu;
        self.resident.extend(usage.map(|usage| usage.resident));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_compared_between_the_first_and_the_last_part() {
        let mib = |value: u64| value * 1_048_576;
        let resident: Vec<u64> = (1..=8).map(mib).collect();
        assert_eq!(MemoryOverTime::of(&resident), Some(MemoryOverTime { first_mib: 1.5, last_mib: 7.5 }));
        let long: Vec<u64> = (0..600).map(|second| mib(if second < 60 { 10 } else { 11 })).collect();
        assert_eq!(MemoryOverTime::of(&long), Some(MemoryOverTime { first_mib: 10.0, last_mib: 11.0 }));
        assert_eq!(MemoryOverTime::of(&resident[..3]), None);
    }
}
