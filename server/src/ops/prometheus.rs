//! The metrics as Prometheus reads them: the text exposition format, version 0.0.4.

use std::fmt::Write;

use super::histogram::Histogram;
use super::metrics::{Labelled, Metrics};
use super::table::{Counter, Family, Gauge, Row};

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

/// Writes all metrics as text.
#[must_use]
pub fn render(metrics: &Metrics, packet_names: PacketNames) -> String {
    let mut text = String::with_capacity(8 * 1024);
    for counter in Counter::ALL {
        number(&mut text, counter.row(), metrics.count(*counter));
    }
    for gauge in Gauge::ALL {
        number(&mut text, gauge.row(), metrics.gauge(*gauge));
    }
    for family in Family::ALL {
        let row = family.row();
        match family {
            Family::Thinned => number(&mut text, row, metrics.thinned),
            Family::Refusals => labelled(&mut text, row, &metrics.refusals),
            Family::Closes => labelled(&mut text, row, &metrics.closes),
            Family::OverloadSteps => labelled(&mut text, row, &metrics.overload_steps),
            Family::PacketsIn => packets(&mut text, row, metrics.packets_in(), packet_names.client),
            Family::PacketsOut => packets(&mut text, row, metrics.packets_out(), packet_names.server),
            Family::TurnSeconds => histogram(&mut text, row, &metrics.turns),
            Family::StoreSeconds => histogram(&mut text, row, &metrics.store_answers),
        }
    }
    text
}

fn number(text: &mut String, row: Row, value: u64) {
    head(text, row);
    line(text, row.name, value);
}

fn labelled(text: &mut String, row: Row, counts: &Labelled) {
    head(text, row);
    for (label, count) in counts.iter() {
        line(text, &series(row, &[label]), count);
    }
}

fn packets(
    text: &mut String,
    row: Row,
    counts: impl Iterator<Item = (u8, u64)>,
    packet_name: fn(u8) -> Option<&'static str>,
) {
    head(text, row);
    for (id, count) in counts {
        let packet = packet_name(id).unwrap_or("unknown");
        line(text, &series(row, &[&id.to_string(), packet]), count);
    }
}

fn head(text: &mut String, row: Row) {
    let Row { name, kind, help, .. } = row;
    text.push_str(&format!("# HELP {name} {help}\n# TYPE {name} {}\n", kind.word()));
}

/// Writes the name with a value for each label.
fn series(row: Row, values: &[&str]) -> String {
    let labels = row.labels.iter().zip(values);
    let labels: Vec<String> = labels.map(|(label, value)| format!("{label}=\"{value}\"")).collect();
    format!("{}{{{}}}", row.name, labels.join(","))
}

fn line(text: &mut String, name: &str, value: u64) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{name} {value}");
}

fn histogram(text: &mut String, row: Row, histogram: &Histogram) {
    let seconds = |microseconds: u64| microseconds as f64 / 1_000_000.0;
    let name = row.name;
    head(text, row);
    for (bound, count) in histogram.cumulative() {
        line(text, &format!("{name}_bucket{{le=\"{}\"}}", seconds(bound)), count);
    }
    line(text, &format!("{name}_bucket{{le=\"+Inf\"}}"), histogram.count());
    let _ = writeln!(text, "{name}_sum {}", seconds(histogram.sum_microseconds()));
    line(text, &format!("{name}_count"), histogram.count());
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
