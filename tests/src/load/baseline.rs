//! The same load on a relay that only copies bytes: as many clients and steps, and as many who see each.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result};

use super::fleet::{Fleet, Heard};
use super::histogram::Histogram;
use super::meter::Meter;
use super::options::Options;
use super::report::{Counts, Figures};
use super::schedule::Schedule;
use super::{PACE, QUIET, QUIET_PATIENCE};
use crate::process::find_binary;
use crate::relay::SEEN_BYTES;

/// The id of `Walk`, as good as any.
const STEP_ID: u8 = 6;
/// Steps of a client that are remembered, by the byte that is handed on.
const NUMBERS: usize = 256;

/// A relay in a process of its own, ended when dropped.
struct RelayProcess(Child);

impl Drop for RelayProcess {
    fn drop(&mut self) {
        // It may have ended already, which is as good.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Measures the relay with as many `groups` as the bots started on maps, and `viewers` for each step.
///
/// # Errors
/// When the relay does not start or the system fails.
pub fn run(options: &Options, groups: usize, viewers: f64) -> Result<Figures> {
    eprintln!(
        "baseline: {} clients in {groups} groups, {viewers:.1} viewers a step, {} s",
        options.bots, options.seconds
    );
    let (relay, address) = start(options.bots, groups, viewers)?;
    let mut meter = Meter::new(Some(relay.0.id()))?;
    let mut fleet = Fleet::new()?;
    for _ in 0..options.bots {
        fleet.connect(address)?;
    }
    let mut clients = Clients::new(options.bots);
    fleet.until_quiet(QUIET, QUIET_PATIENCE, |number, heard| clients.hear(number, heard))?;
    meter.start()?;
    let began = Instant::now();
    clients.walk(&mut fleet, began, options)?;
    let seconds = began.elapsed().as_secs_f64();
    fleet.until_quiet(QUIET, QUIET_PATIENCE, |number, heard| clients.hear(number, heard))?;
    let counts = Counts {
        connections: options.bots,
        seconds,
        steps: clients.steps,
        refused: 0,
        deliveries: fleet.bytes / SEEN_BYTES as u64,
        reads: fleet.reads,
        bytes: fleet.bytes,
    };
    Ok(Figures::new(&counts, &meter.used()?, &clients.latency))
}

fn start(clients: usize, groups: usize, viewers: f64) -> Result<(RelayProcess, SocketAddr)> {
    let mut child = Command::new(find_binary("pyao-tests", "relay")?)
        .args(["--clients", &clients.to_string()])
        .args(["--groups", &groups.to_string()])
        .args(["--viewers", &viewers.to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .context("starting the relay")?;
    let output = child.stdout.take().context("the relay's output")?;
    let relay = RelayProcess(child);
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line)?;
    let address = line.trim().parse().with_context(|| format!("the relay's address: {line:?}"))?;
    Ok((relay, address))
}

/// What the relay's clients sent and got.
struct Clients {
    /// When each client sent the step of a number, in microseconds since the start.
    sent: Vec<[u64; NUMBERS]>,
    /// Each client's next number.
    next: Vec<u8>,
    steps: u64,
    latency: Histogram,
    /// Bytes of a packet whose rest has not come.
    partial: Vec<Vec<u8>>,
    started: Instant,
}

impl Clients {
    fn new(count: usize) -> Self {
        Self {
            sent: vec![[0; NUMBERS]; count],
            next: vec![0; count],
            steps: 0,
            latency: Histogram::default(),
            partial: vec![Vec::new(); count],
            started: Instant::now(),
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    fn walk(&mut self, fleet: &mut Fleet, began: Instant, options: &Options) -> Result<()> {
        let mut schedule = Schedule::new(began, PACE, options.bots);
        loop {
            let now = Instant::now();
            if now >= began + options.duration() {
                return Ok(());
            }
            while let Some(number) = schedule.due(now) {
                let step = self.next[number];
                self.next[number] = step.wrapping_add(1);
                self.sent[number][usize::from(step)] = self.now();
                self.steps += u64::from(fleet.send(number, &[STEP_ID, step]));
            }
            fleet.turn(schedule.next_at(), |number, heard| self.hear(number, heard))?;
        }
    }

    fn hear(&mut self, number: usize, heard: Heard<'_>) {
        let Heard::Bytes(block) = heard else { return };
        let now = self.now();
        let mut partial = std::mem::take(&mut self.partial[number]);
        if partial.is_empty() {
            partial.extend_from_slice(self.take_whole(now, block));
        } else {
            partial.extend_from_slice(block);
            let rest = self.take_whole(now, &partial).to_vec();
            partial = rest;
        }
        self.partial[number] = partial;
    }

    /// Takes note of the whole packets of `block` and returns what is left.
    fn take_whole<'a>(&mut self, now: u64, block: &'a [u8]) -> &'a [u8] {
        let packets = block.chunks_exact(SEEN_BYTES);
        let rest = packets.remainder();
        for packet in packets {
            let sender = usize::from(u16::from_le_bytes([packet[1], packet[2]]));
            if let Some(sent) = self.sent.get(sender) {
                self.latency.record(now.saturating_sub(sent[usize::from(packet[3])]));
            }
        }
        rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_are_counted_whole_however_they_are_cut() {
        let mut clients = Clients::new(2);
        clients.hear(0, Heard::Bytes(&[6, 1, 0, 0, 0, 6, 1]));
        clients.hear(0, Heard::Bytes(&[0, 0]));
        clients.hear(0, Heard::Bytes(&[0, 6, 1, 0, 0, 0]));
        assert_eq!(clients.latency.total(), 3);
        assert!(clients.partial[0].is_empty());
    }
}
