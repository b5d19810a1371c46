//! Work done and resources used by a server, or by the relay, in a phase of a run.

use serde::Serialize;

use crate::histogram::Histogram;
use crate::meter::Used;
use crate::server_metrics::Turns;

/// Milliseconds from a step's write to the reads in which others see it.
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
    /// Takes the figures from a histogram of microseconds.
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

/// See the module. Unknown where its process is not known.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Figures {
    /// Length of the measured part.
    pub seconds: f64,
    /// Steps sent to it.
    pub steps: u64,
    /// Events that others were to see: steps, and in scenarios that have them, turns and lines of chat.
    pub seen: u64,
    /// Steps that it refused.
    pub refused: u64,
    /// Packets about other characters: one came, moved, turned, spoke or went.
    pub deliveries: u64,
    /// Deliveries for each thing that was to be seen.
    pub viewers_per_step: f64,
    /// Deliveries a second.
    pub deliveries_per_second: f64,
    /// Processor time, in percent of one core.
    pub cpu_percent: Option<f64>,
    /// Processor time for each delivery, in microseconds.
    pub cpu_us_per_delivery: Option<f64>,
    /// The part of it in user mode, which is no system call's: decoding, rules, sight, encoding, buffers.
    pub user_us_per_delivery: Option<f64>,
    /// Processor time for each thing that was to be seen, in microseconds.
    pub cpu_us_per_step: Option<f64>,
    /// Latency from a step to its sight by others, if any was seen.
    pub latency: Option<Latency>,
    /// Working time of the turns of the server's loop, by its own metrics.
    pub turns: Option<Turns>,
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

/// Counts of a run.
#[derive(Debug, Clone, Copy, Default)]
pub struct Counts {
    /// Clients.
    pub connections: usize,
    /// Length of the measured part.
    pub seconds: f64,
    /// Steps sent.
    pub steps: u64,
    /// Events that others were to see.
    pub seen: u64,
    /// Steps refused.
    pub refused: u64,
    /// Packets about other characters.
    pub deliveries: u64,
    /// Reads of all clients.
    pub reads: u64,
    /// Bytes in them.
    pub bytes: u64,
}

impl Figures {
    /// Computes the figures that follow from the counts and the used resources.
    #[must_use]
    pub fn new(counts: &Counts, used: &Used, latency: &Histogram) -> Self {
        let cpu = used.server_seconds;
        let each = |seconds: Option<f64>, count: u64| {
            seconds.map(|seconds| seconds * 1e6 / count as f64).filter(|_| count > 0)
        };
        let percent = |seconds: f64| seconds / counts.seconds * 100.0;
        let taken = counts.seen.saturating_sub(counts.refused);
        Self {
            seconds: counts.seconds,
            steps: counts.steps,
            seen: counts.seen,
            refused: counts.refused,
            deliveries: counts.deliveries,
            viewers_per_step: if taken > 0 { counts.deliveries as f64 / taken as f64 } else { 0.0 },
            deliveries_per_second: counts.deliveries as f64 / counts.seconds,
            cpu_percent: cpu.map(percent),
            cpu_us_per_delivery: each(cpu, counts.deliveries),
            user_us_per_delivery: each(used.server_user_seconds, counts.deliveries),
            cpu_us_per_step: each(cpu, counts.seen),
            latency: (latency.total() > 0).then(|| Latency::of(latency)),
            turns: None,
            resident_bytes: used.resident,
            bytes_per_connection: used.grown.map(|grown| grown / counts.connections.max(1) as u64),
            bytes_received: counts.bytes,
            reads: counts.reads,
            load_cpu_percent: percent(used.own_seconds),
            others_cpu_percent: used.others_seconds.map(percent),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(crate) fn figures(steps: u64, refused: u64, deliveries: u64, cpu: f64) -> Figures {
        let counts = Counts {
            connections: 2,
            seconds: 10.0,
            steps,
            seen: steps,
            refused,
            deliveries,
            ..Counts::default()
        };
        let used = Used {
            server_seconds: Some(cpu),
            others_seconds: Some(0.5),
            grown: Some(600),
            ..Used::default()
        };
        Figures::new(&counts, &used, &Histogram::default())
    }

    #[test]
    fn figures_follow_from_counts() {
        let figures = figures(80, 5, 150, 0.3);
        assert_eq!((figures.viewers_per_step, figures.deliveries_per_second), (2.0, 15.0));
        assert_eq!((figures.cpu_percent, figures.cpu_us_per_delivery), (Some(3.0), Some(2000.0)));
        assert_eq!((figures.cpu_us_per_step, figures.others_cpu_percent), (Some(3750.0), Some(5.0)));
        assert_eq!(figures.bytes_per_connection, Some(300));
    }

    #[test]
    fn nothing_delivered_is_no_division_by_zero() {
        let figures = figures(0, 0, 0, 0.1);
        assert_eq!((figures.viewers_per_step, figures.cpu_us_per_delivery), (0.0, None));
    }
}
