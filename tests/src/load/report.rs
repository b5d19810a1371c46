//! The figures of a run, as a table and as JSON.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::histogram::Histogram;
use super::meter::Used;
use super::redis::RedisFigures;

/// Milliseconds from a step's write to the reads that tell others of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Latency {
    /// Half of them took no longer.
    pub p50_ms: f64,
    /// 99 of 100 took no longer.
    pub p99_ms: f64,
    /// The longest.
    pub max_ms: f64,
}

impl Latency {
    /// Of a histogram of microseconds.
    #[must_use]
    pub fn of(histogram: &Histogram) -> Self {
        let milliseconds = |microseconds: u64| microseconds as f64 / 1000.0;
        Self {
            p50_ms: milliseconds(histogram.percentile(50.0)),
            p99_ms: milliseconds(histogram.percentile(99.0)),
            max_ms: milliseconds(histogram.largest()),
        }
    }
}

/// What a server, or the relay, did in a run and what it used for it. Unknown where its process is not known.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Figures {
    /// Length of the measured part.
    pub seconds: f64,
    /// Steps sent to it.
    pub steps: u64,
    /// Steps that it refused.
    pub refused: u64,
    /// What others were told: somebody came, moved or went.
    pub deliveries: u64,
    /// Deliveries for each step taken.
    pub viewers_per_step: f64,
    /// Deliveries a second.
    pub deliveries_per_second: f64,
    /// Processor time, in percent of one core.
    pub cpu_percent: Option<f64>,
    /// Processor time for each delivery, in microseconds.
    pub cpu_us_per_delivery: Option<f64>,
    /// The part of it in user mode, which is no system call's: decoding, rules, sight, encoding, buffers.
    pub user_us_per_delivery: Option<f64>,
    /// Processor time for each step, in microseconds.
    pub cpu_us_per_step: Option<f64>,
    /// How soon a step was seen.
    pub latency: Latency,
    /// Memory resident at the end, in bytes.
    pub resident_bytes: Option<u64>,
    /// Growth of that memory since before the first connection, for each connection.
    pub bytes_per_connection: Option<u64>,
    /// Bytes that all clients received.
    pub bytes_received: u64,
    /// Reads they arrived in.
    pub reads: u64,
    /// Processor time of the load program itself, in percent of one core: near 100, it is the load program that
    /// was measured.
    pub load_cpu_percent: f64,
    /// Processor time of everything else on the machine, in percent of one core: more than a little, and the figures
    /// are those of a busy machine.
    pub others_cpu_percent: Option<f64>,
}

/// What a run counted.
#[derive(Debug, Clone, Copy, Default)]
pub struct Counts {
    /// Clients.
    pub connections: usize,
    /// Length of the measured part.
    pub seconds: f64,
    /// Steps sent.
    pub steps: u64,
    /// Steps refused.
    pub refused: u64,
    /// What others were told.
    pub deliveries: u64,
    /// Reads of all clients.
    pub reads: u64,
    /// Bytes in them.
    pub bytes: u64,
}

impl Figures {
    /// The figures that follow from what was counted and used.
    #[must_use]
    pub fn new(counts: &Counts, used: &Used, latency: &Histogram) -> Self {
        let cpu = used.server_seconds;
        let each = |seconds: Option<f64>, count: u64| {
            seconds.map(|seconds| seconds * 1e6 / count as f64).filter(|_| count > 0)
        };
        let percent = |seconds: f64| seconds / counts.seconds * 100.0;
        let taken = counts.steps.saturating_sub(counts.refused);
        Self {
            seconds: counts.seconds,
            steps: counts.steps,
            refused: counts.refused,
            deliveries: counts.deliveries,
            viewers_per_step: if taken > 0 { counts.deliveries as f64 / taken as f64 } else { 0.0 },
            deliveries_per_second: counts.deliveries as f64 / counts.seconds,
            cpu_percent: cpu.map(percent),
            cpu_us_per_delivery: each(cpu, counts.deliveries),
            user_us_per_delivery: each(used.server_user_seconds, counts.deliveries),
            cpu_us_per_step: each(cpu, counts.steps),
            latency: Latency::of(latency),
            resident_bytes: used.resident,
            bytes_per_connection: used.grown.map(|grown| grown / counts.connections.max(1) as u64),
            bytes_received: counts.bytes,
            reads: counts.reads,
            load_cpu_percent: percent(used.own_seconds),
            others_cpu_percent: used.others_seconds.map(percent),
        }
    }
}

/// A run. It is clean when [`Self::is_clean`] says so.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// How the server was set up.
    pub setup: String,
    /// How many bots.
    pub bots: usize,
    /// Maps they started on.
    pub maps: usize,
    /// From the first connection until everybody was in the world.
    pub login_seconds: f64,
    /// The server's figures.
    pub server: Figures,
    /// Changes of heading sent without a step.
    pub turns: u64,
    /// Ways through exits.
    pub map_changes: u64,
    /// Packets of any kind that clients received.
    pub packets_received: u64,
    /// Lost connections by cause.
    pub disconnects: BTreeMap<String, usize>,
    /// What clients were sent that they cannot take.
    pub faults: usize,
    /// The first of them.
    pub first_faults: Vec<String>,
    /// Clients that show something that is not true, or lack something that is.
    pub differences: usize,
    /// The first of them.
    pub first_differences: Vec<String>,
    /// Whether everything had arrived, and all pings were answered, before pictures were compared.
    pub is_quiet: bool,
    /// What the server did wrong when it was asked to stop.
    pub server_fault: Option<String>,
    /// What Redis was asked, where everything was kept in one.
    pub redis: Option<RedisFigures>,
    /// The relay's figures.
    pub baseline: Option<Figures>,
}

impl Report {
    /// Whether the server made no mistake.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.disconnects.is_empty()
            && self.faults == 0
            && self.differences == 0
            && self.is_quiet
            && self.server_fault.is_none()
    }

    /// Processor time for a delivery: the server's over the relay's.
    #[must_use]
    pub fn ratio(&self) -> Option<f64> {
        let relay = self.baseline.as_ref()?.cpu_us_per_delivery?;
        Some(self.server.cpu_us_per_delivery? / relay)
    }

    /// The figures as JSON, the ratio and the verdict among them.
    ///
    /// # Errors
    /// Never in practice: everything here can be written as JSON.
    pub fn json(&self) -> serde_json::Result<String> {
        let mut value = serde_json::to_value(self)?;
        value["ratio"] = serde_json::to_value(self.ratio())?;
        value["clean"] = self.is_clean().into();
        serde_json::to_string_pretty(&value)
    }
}

/// The name of a row and how it is written for one of the columns.
type Row = (&'static str, fn(&Figures) -> String);

const ROWS: [Row; 16] = [
    ("steps sent", |figures| figures.steps.to_string()),
    ("steps refused", |figures| figures.refused.to_string()),
    ("deliveries", |figures| figures.deliveries.to_string()),
    ("deliveries a second", |figures| format!("{:.0}", figures.deliveries_per_second)),
    ("viewers a step", |figures| format!("{:.1}", figures.viewers_per_step)),
    ("step to seen, p50 / p99 / max, ms", |figures| {
        let latency = figures.latency;
        format!("{:.2} / {:.2} / {:.2}", latency.p50_ms, latency.p99_ms, latency.max_ms)
    }),
    ("CPU, % of a core", |figures| known(figures.cpu_percent, 1)),
    ("CPU a delivery, us", |figures| known(figures.cpu_us_per_delivery, 3)),
    ("  in user mode, us", |figures| known(figures.user_us_per_delivery, 3)),
    ("CPU a step, us", |figures| known(figures.cpu_us_per_step, 1)),
    ("resident memory, MiB", |figures| {
        known(figures.resident_bytes.map(|bytes| bytes as f64 / 1_048_576.0), 1)
    }),
    ("memory a connection, bytes", |figures| {
        known(figures.bytes_per_connection.map(|bytes| bytes as f64), 0)
    }),
    ("bytes received", |figures| figures.bytes_received.to_string()),
    ("reads", |figures| {
        let each = figures.deliveries as f64 / figures.reads.max(1) as f64;
        format!("{} ({each:.1} deliveries each)", figures.reads)
    }),
    ("load program's CPU, % of a core", |figures| format!("{:.1}", figures.load_cpu_percent)),
    ("other programs' CPU, % of a core", |figures| known(figures.others_cpu_percent, 1)),
];

fn known(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(|| "unknown".to_owned(), |value| format!("{value:.digits$}"))
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "{}", self.setup)?;
        writeln!(
            out,
            "{} bots on {} maps, all in after {:.2} s; {:.1} s measured; {} map changes, {} turns, {} packets received",
            self.bots,
            self.maps,
            self.login_seconds,
            self.server.seconds,
            self.map_changes,
            self.turns,
            self.packets_received
        )?;
        let relay_title = if self.baseline.is_some() { "relay" } else { "" };
        writeln!(out, "\n{:<36}{:<32}{relay_title}", "", "server")?;
        for (name, cell) in ROWS {
            let relay = self.baseline.as_ref().map(cell).unwrap_or_default();
            writeln!(out, "{}", format!("{name:<36}{:<32}{relay}", cell(&self.server)).trim_end())?;
        }
        if let Some(ratio) = self.ratio() {
            writeln!(out, "{:<36}{ratio:.2}", "CPU a delivery, server / relay")?;
        }
        if let Some(redis) = &self.redis {
            writeln!(out, "{:<36}{:.0}", "Redis commands a second", redis.commands_per_second)?;
            let commands = redis.commands.iter().map(|(name, count)| format!("{name} {count}"));
            writeln!(out, "  all of them                       {}", commands.collect::<Vec<_>>().join(", "))?;
        }
        writeln!(out)?;
        let disconnects: usize = self.disconnects.values().sum();
        writeln!(
            out,
            "disconnects {disconnects}   faults {}   pictures that differ {}   {}",
            self.faults,
            self.differences,
            if self.is_clean() { "clean" } else { "NOT CLEAN" }
        )?;
        for (cause, count) in &self.disconnects {
            writeln!(out, "  {count} x {cause}")?;
        }
        self.first_faults.iter().try_for_each(|fault| writeln!(out, "  fault: {fault}"))?;
        self.first_differences.iter().try_for_each(|what| writeln!(out, "  differs: {what}"))?;
        if !self.is_quiet {
            writeln!(out, "  it never became quiet, or pings had no answer")?;
        }
        self.server_fault.iter().try_for_each(|fault| writeln!(out, "  {fault}"))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    fn figures(steps: u64, refused: u64, deliveries: u64, cpu: f64) -> Figures {
        let counts =
            Counts { connections: 2, seconds: 10.0, steps, refused, deliveries, ..Counts::default() };
        let used = Used {
            server_seconds: Some(cpu),
            others_seconds: Some(0.5),
            grown: Some(600),
            ..Used::default()
        };
        Figures::new(&counts, &used, &Histogram::default())
    }

    /// A run without a mistake.
    pub(in crate::load) fn clean() -> Report {
        Report {
            setup: "own server".to_owned(),
            bots: 2,
            maps: 1,
            login_seconds: 0.5,
            server: figures(80, 5, 150, 0.3),
            turns: 1,
            map_changes: 0,
            packets_received: 200,
            disconnects: BTreeMap::new(),
            faults: 0,
            first_faults: Vec::new(),
            differences: 0,
            first_differences: Vec::new(),
            is_quiet: true,
            server_fault: None,
            redis: None,
            baseline: Some(figures(80, 0, 160, 0.16)),
        }
    }

    #[test]
    fn figures_follow_from_counts() {
        let figures = clean().server;
        assert_eq!((figures.viewers_per_step, figures.deliveries_per_second), (2.0, 15.0));
        assert_eq!((figures.cpu_percent, figures.cpu_us_per_delivery), (Some(3.0), Some(2000.0)));
        assert_eq!((figures.cpu_us_per_step, figures.others_cpu_percent), (Some(3750.0), Some(5.0)));
        assert_eq!(figures.bytes_per_connection, Some(300));
        assert_eq!(clean().ratio(), Some(2.0));
    }

    #[test]
    fn nothing_delivered_is_no_division_by_zero() {
        let figures = figures(0, 0, 0, 0.1);
        assert_eq!((figures.viewers_per_step, figures.cpu_us_per_delivery), (0.0, None));
        let report = Report { server: figures, ..clean() };
        assert_eq!(report.ratio(), None);
        assert!(report.to_string().contains("unknown"));
    }

    #[test]
    fn any_mistake_makes_a_run_unclean() {
        assert!(clean().is_clean());
        let unclean = [
            Report { disconnects: BTreeMap::from([("reset".to_owned(), 1)]), ..clean() },
            Report { faults: 1, ..clean() },
            Report { differences: 1, ..clean() },
            Report { is_quiet: false, ..clean() },
            Report { server_fault: Some("it ended".to_owned()), ..clean() },
        ];
        for report in unclean {
            assert!(!report.is_clean() && report.to_string().contains("NOT CLEAN"), "{report}");
        }
    }

    #[test]
    fn json_has_the_ratio_and_the_verdict() {
        let value: serde_json::Value = serde_json::from_str(&clean().json().unwrap()).unwrap();
        assert_eq!((&value["ratio"], &value["clean"]), (&2.0.into(), &true.into()));
        assert_eq!(value["server"]["deliveries"], 150);
    }
}
