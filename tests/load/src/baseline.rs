//! The same load on a relay that only copies bytes: as many clients and steps, and as many who see each.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use pyao_tests::process::find_binary;

use crate::figures::{Counts, Figures};
use crate::fleet::{Fleet, Heard};
use crate::histogram::Histogram;
use crate::meter::Meter;
use crate::relay::{FlushRule, SEEN_BYTES};
use crate::schedule::Schedule;
use crate::{QUIET, QUIET_PATIENCE};

/// The id of `Walk`, as good as any.
const STEP_ID: u8 = 6;
/// Steps of a client that are remembered, by the byte that is handed on.
const NUMBERS: usize = 256;

/// Load on the relay and its clients: that of the game server and the bots before.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// Clients.
    pub clients: usize,
    /// Groups that see one another: maps.
    pub groups: usize,
    /// Steps that all clients together take in a second.
    pub steps_per_second: f64,
    /// Clients that see each step.
    pub viewers: f64,
    /// Bytes that a step, sent or seen, has more than a step on foot.
    pub padding: usize,
    /// For how long.
    pub duration: Duration,
    /// Rule by which the relay flushes.
    pub flush: FlushRule,
}

impl Load {
    /// Returns the time from one step of a client to its next.
    fn pace(&self) -> Duration {
        let pace = self.clients as f64 / self.steps_per_second;
        Duration::try_from_secs_f64(pace).unwrap_or(self.duration)
    }
}

/// A relay in a process of its own, ended when dropped.
struct RelayProcess(Child);

impl Drop for RelayProcess {
    fn drop(&mut self) {
        // It may have ended already, which is as good.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Measures the relay.
///
/// # Errors
/// Fails if the relay does not start, or the system fails.
pub fn run(load: &Load) -> Result<Figures> {
    eprintln!(
        "relay: {} clients in {} groups, {:.0} steps a second, {:.1} viewers each, flushing: {}",
        load.clients, load.groups, load.steps_per_second, load.viewers, load.flush
    );
    let (relay, address) = start(load)?;
    let mut meter = Meter::new(Some(relay.0.id()))?;
    let mut fleet = Fleet::new()?;
    for client in 0..load.clients {
        fleet.connect(client, address)?;
    }
    let mut clients = Clients::new(load);
    fleet.until_quiet(QUIET, QUIET_PATIENCE, |number, heard| clients.hear(number, heard))?;
    meter.start()?;
    let began = Instant::now();
    clients.walk(&mut fleet, began, load)?;
    let seconds = began.elapsed().as_secs_f64();
    fleet.until_quiet(QUIET, QUIET_PATIENCE, |number, heard| clients.hear(number, heard))?;
    let counts = Counts {
        connections: load.clients,
        seconds,
        steps: clients.steps,
        seen: clients.steps,
        refused: 0,
        deliveries: clients.latency.total(),
        reads: fleet.reads,
        bytes: fleet.bytes,
    };
    Ok(Figures::new(&counts, &meter.used()?, &clients.latency))
}

fn start(load: &Load) -> Result<(RelayProcess, SocketAddr)> {
    let mut child = Command::new(find_binary("pyao-load", "relay")?)
        .args(["--clients", &load.clients.to_string()])
        .args(["--groups", &load.groups.to_string()])
        .args(["--viewers", &load.viewers.to_string()])
        .args(["--padding", &load.padding.to_string()])
        .args(["--flush", &load.flush.to_string()])
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

/// Clients of the relay: their sent and received steps.
struct Clients {
    /// Microseconds since the start at which each client sent the step of a number.
    sent: Vec<[u64; NUMBERS]>,
    /// Each client's next number.
    next: Vec<u8>,
    steps: u64,
    latency: Histogram,
    /// Bytes of a step beyond its two.
    padding: Vec<u8>,
    /// Bytes of a packet whose rest has not come.
    partial: Vec<Vec<u8>>,
    started: Instant,
}

impl Clients {
    fn new(load: &Load) -> Self {
        let count = load.clients;
        Self {
            sent: vec![[0; NUMBERS]; count],
            next: vec![0; count],
            steps: 0,
            latency: Histogram::default(),
            padding: vec![b'a'; load.padding],
            partial: vec![Vec::new(); count],
            started: Instant::now(),
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    fn walk(&mut self, fleet: &mut Fleet, began: Instant, load: &Load) -> Result<()> {
        let mut schedule = Schedule::new(began, load.pace(), load.clients);
        loop {
            let now = Instant::now();
            if now >= began + load.duration {
                return Ok(());
            }
            while let Some(number) = schedule.due(now) {
                let step = self.next[number];
                self.next[number] = step.wrapping_add(1);
                self.sent[number][usize::from(step)] = self.now();
                let bytes = [&[STEP_ID, step], &self.padding[..]].concat();
                self.steps += u64::from(fleet.send(number, &bytes));
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

    /// Takes note of the whole packets of `block` and returns the rest.
    fn take_whole<'a>(&mut self, now: u64, block: &'a [u8]) -> &'a [u8] {
        let packets = block.chunks_exact(SEEN_BYTES + self.padding.len());
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

    fn load(padding: usize) -> Load {
        Load {
            clients: 2,
            groups: 1,
            steps_per_second: 8.0,
            viewers: 1.0,
            padding,
            duration: Duration::from_secs(1),
            flush: FlushRule::AtOnce,
        }
    }

    #[test]
    fn packets_are_counted_whole_however_they_are_cut() {
        let mut clients = Clients::new(&load(0));
        clients.hear(0, Heard::Bytes(&[6, 1, 0, 0, 0, 6, 1]));
        clients.hear(0, Heard::Bytes(&[0, 0]));
        clients.hear(0, Heard::Bytes(&[0, 6, 1, 0, 0, 0]));
        assert_eq!(clients.latency.total(), 3);
        assert!(clients.partial[0].is_empty());
        let mut clients = Clients::new(&load(1));
        clients.hear(0, Heard::Bytes(&[6, 1, 0, 0, 0, 97, 6]));
        assert_eq!((clients.latency.total(), clients.partial[0].len()), (1, 1));
    }

    #[test]
    fn the_pace_gives_the_steps_a_second() {
        assert_eq!(load(0).pace(), Duration::from_millis(250));
        assert_eq!(Load { steps_per_second: 0.0, ..load(0) }.pace(), Duration::from_secs(1));
    }
}
