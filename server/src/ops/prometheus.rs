//! The metrics as Prometheus reads them: the text exposition format, version 0.0.4.

use std::fmt::Write;

use super::histogram::Histogram;
use super::metrics::{Counter, Gauge, Metrics};
use super::names::{self, Name};

/// The `Content-Type` of [`render`].
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Names of packets by id.
#[derive(Debug, Clone, Copy)]
pub struct PacketNames {
    /// Those of clients.
    pub client: fn(u8) -> Option<&'static str>,
    /// Those of the server.
    pub server: fn(u8) -> Option<&'static str>,
}

/// All metrics as text.
#[must_use]
pub fn render(metrics: &Metrics, packet_names: PacketNames) -> String {
    let mut text = String::with_capacity(8 * 1024);
    for (counter, name) in Counter::ALL {
        head(&mut text, name, "counter");
        line(&mut text, name.name, metrics.count(counter));
    }
    for (gauge, name) in Gauge::ALL {
        head(&mut text, name, "gauge");
        line(&mut text, name.name, metrics.gauge(gauge));
    }
    head(&mut text, names::THINNED, "counter");
    line(&mut text, names::THINNED.name, metrics.thinned);
    for (name, label, labelled) in [
        (names::REFUSALS, "reason", &metrics.refusals),
        (names::CLOSES, "reason", &metrics.closes),
        (names::OVERLOAD_STEPS, "step", &metrics.overload_steps),
    ] {
        head(&mut text, name, "counter");
        for (value, count) in labelled.iter() {
            line(&mut text, &format!("{}{{{label}=\"{value}\"}}", name.name), count);
        }
    }
    packets(&mut text, names::PACKETS_IN, metrics.packets_in(), packet_names.client);
    packets(&mut text, names::PACKETS_OUT, metrics.packets_out(), packet_names.server);
    histogram(&mut text, names::TURN_SECONDS, &metrics.turns);
    histogram(&mut text, names::STORE_SECONDS, &metrics.store_answers);
    text
}

fn packets(
    text: &mut String,
    name: Name,
    counts: impl Iterator<Item = (u8, u64)>,
    packet_name: fn(u8) -> Option<&'static str>,
) {
    head(text, name, "counter");
    for (id, count) in counts {
        let packet = packet_name(id).unwrap_or("unknown");
        line(text, &format!("{}{{id=\"{id}\",packet=\"{packet}\"}}", name.name), count);
    }
}

fn head(text: &mut String, name: Name, kind: &str) {
    text.push_str(&format!("# HELP {} {}\n# TYPE {} {kind}\n", name.name, name.help, name.name));
}

fn line(text: &mut String, name: &str, value: u64) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{name} {value}");
}

fn histogram(text: &mut String, name: Name, histogram: &Histogram) {
    let seconds = |microseconds: u64| microseconds as f64 / 1_000_000.0;
    head(text, name, "histogram");
    for (bound, count) in histogram.cumulative() {
        line(text, &format!("{}_bucket{{le=\"{}\"}}", name.name, seconds(bound)), count);
    }
    line(text, &format!("{}_bucket{{le=\"+Inf\"}}", name.name), histogram.count());
    let _ = writeln!(text, "{}_sum {}", name.name, seconds(histogram.sum_microseconds()));
    line(text, &format!("{}_count", name.name), histogram.count());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> String {
        let mut metrics = Metrics::default();
        metrics.add(Counter::BytesIn, 12);
        metrics.set(Gauge::Players, 3);
        metrics.closes.increment("quit");
        metrics.packet_in(6);
        metrics.packet_in(200);
        metrics.turns.record(70);
        metrics.turns.record(3_000_000);
        metrics.packets_out[88] = 5;
        metrics.overload_steps.increment("coalesce");
        let names = PacketNames {
            client: |id| (id == 6).then_some("Walk"),
            server: |id| (id == 88).then_some("Pong"),
        };
        render(&metrics, names)
    }

    #[test]
    fn values_and_labels_are_written_as_prometheus_reads_them() {
        let text = example();
        for expected in [
            "# TYPE pyao_bytes_in_total counter\npyao_bytes_in_total 12\n",
            "# TYPE pyao_players gauge\npyao_players 3\n",
            "pyao_closes_total{reason=\"quit\"} 1\n",
            "pyao_packets_in_total{id=\"6\",packet=\"Walk\"} 1\n",
            "pyao_packets_in_total{id=\"200\",packet=\"unknown\"} 1\n",
            "pyao_packets_out_total{id=\"88\",packet=\"Pong\"} 5\n",
            "pyao_overload_steps_total{step=\"coalesce\"} 1\n",
            "pyao_turn_seconds_bucket{le=\"0.00005\"} 0\n",
            "pyao_turn_seconds_bucket{le=\"0.0001\"} 1\n",
            "pyao_turn_seconds_bucket{le=\"+Inf\"} 2\npyao_turn_seconds_sum 3.00007\npyao_turn_seconds_count 2\n",
        ] {
            assert!(text.contains(expected), "missing {expected:?} in\n{text}");
        }
    }

    #[test]
    fn every_line_is_a_comment_or_a_name_and_a_number() {
        let text = example();
        assert!(text.ends_with('\n'));
        for line in text.lines().filter(|line| !line.starts_with("# ")) {
            let (name, value) = line.rsplit_once(' ').unwrap();
            assert!(name.starts_with("pyao_"), "{line}");
            assert!(value.parse::<f64>().is_ok(), "{line}");
        }
    }
}
