//! The report of a run as a table: a row for each figure, a column for each time it was measured, and ratios.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};

use crate::figures::Figures;
use crate::report::Report;

const MIB: f64 = 1_048_576.0;
const UNKNOWN: &str = "-";
/// The load program is too busy, in percent of a core, for latencies to be the server's.
const SATURATED_PERCENT: f64 = 95.0;

/// A figure: its name, how it is read, digits after the point, and whether its ratio to the relay's tells anything.
type Row = (&'static str, fn(&Figures) -> Option<f64>, usize, bool);

const ROWS: [Row; 20] = [
    ("steps sent", |figures| Some(figures.steps as f64), 0, false),
    ("steps refused", |figures| Some(figures.refused as f64), 0, false),
    ("deliveries", |figures| Some(figures.deliveries as f64), 0, false),
    ("deliveries a second", |figures| Some(figures.deliveries_per_second), 0, true),
    ("viewers a step", |figures| Some(figures.viewers_per_step), 1, true),
    ("step to seen, p50, ms", |figures| Some(figures.latency?.p50_ms), 2, true),
    ("step to seen, p99, ms", |figures| Some(figures.latency?.p99_ms), 2, true),
    ("step to seen, max, ms", |figures| Some(figures.latency?.max_ms), 2, true),
    ("CPU, % of a core", |figures| figures.cpu_percent, 1, true),
    ("CPU a delivery, us", |figures| figures.cpu_us_per_delivery, 3, true),
    ("  in user mode, us", |figures| figures.user_us_per_delivery, 3, true),
    ("CPU a step, us", |figures| figures.cpu_us_per_step, 1, true),
    ("turn of the loop, p99 at most, ms", |figures| figures.turns?.p99_ms, 2, false),
    ("turn of the loop, max at most, ms", |figures| figures.turns?.max_ms, 2, false),
    ("resident memory, MiB", |figures| Some(figures.resident_bytes? as f64 / MIB), 1, false),
    ("memory a connection, bytes", |figures| Some(figures.bytes_per_connection? as f64), 0, false),
    ("reads", |figures| Some(figures.reads as f64), 0, false),
    ("deliveries a read", |figures| Some(figures.deliveries as f64 / figures.reads.max(1) as f64), 1, true),
    ("load program's CPU, % of a core", |figures| Some(figures.load_cpu_percent), 1, false),
    ("other programs' CPU, % of a core", |figures| figures.others_cpu_percent, 1, false),
];

fn cell(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(|| UNKNOWN.to_owned(), |value| format!("{value:.digits$}"))
}

fn ratio(numerator: Option<f64>, denominator: Option<f64>) -> String {
    let ratio = numerator.zip(denominator).map(|(numerator, denominator)| numerator / denominator);
    // A figure too small to be counted has no ratio.
    ratio.filter(|ratio| ratio.is_finite()).map_or_else(String::new, |ratio| format!("{ratio:.2}"))
}

fn counts(counts: &BTreeMap<String, u64>) -> String {
    counts.iter().map(|(name, count)| format!("{name} {count}")).collect::<Vec<_>>().join(", ")
}

impl Display for Report {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        self.head(out)?;
        self.figures(out)?;
        self.more_figures(out)?;
        self.verdict(out)
    }
}

impl Report {
    fn head(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let (logins, deeds) = (&self.logins, &self.deeds);
        writeln!(out, "{}", self.setup)?;
        writeln!(
            out,
            "{:?}: {} bots on {} maps, {:.1} s",
            self.scenario, self.bots, self.maps, self.server.seconds
        )?;
        writeln!(
            out,
            "came in: {} in {:.2} s, {:.0} a second; each p50 {:.1}, p99 {:.1}, max {:.1} ms",
            logins.count,
            logins.seconds,
            logins.per_second,
            logins.latency.p50_ms,
            logins.latency.p99_ms,
            logins.latency.max_ms
        )?;
        writeln!(
            out,
            "did: {} steps, {} turns, {} lines, {} clicks, {} questions, {} reconnects, {} map changes; \
             {} packets received\n",
            deeds.steps,
            deeds.turns,
            deeds.lines,
            deeds.clicks,
            deeds.questions,
            deeds.reconnects,
            self.map_changes,
            self.packets_received
        )
    }

    /// Writes the table itself.
    fn figures(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let (beside, relay) = (self.beside.as_ref(), self.baseline.as_ref());
        let mut titles = vec!["server".to_owned()];
        titles.extend(beside.iter().flat_map(|beside| [beside.what.clone(), "/ without".to_owned()]));
        titles.extend(relay.iter().flat_map(|_| ["relay".to_owned(), "server / relay".to_owned()]));
        write_row(out, "", &titles)?;
        for (name, value, digits, is_compared) in ROWS {
            let server = value(&self.server);
            let compared = |one, other| if is_compared { ratio(one, other) } else { String::new() };
            let mut cells = vec![cell(server, digits)];
            if let Some(beside) = beside.map(|beside| value(&beside.figures)) {
                cells.extend([cell(beside, digits), compared(beside, server)]);
            }
            if let Some(relay) = relay.map(value) {
                cells.extend([cell(relay, digits), compared(server, relay)]);
            }
            if cells.iter().any(|cell| cell != UNKNOWN && !cell.is_empty()) {
                write_row(out, name, &cells)?;
            }
        }
        Ok(())
    }

    fn more_figures(&self, out: &mut Formatter<'_>) -> fmt::Result {
        if let Some(ratio) = self.ratio() {
            writeln!(out, "{:<36}{ratio:.2}", "CPU a delivery, server / relay")?;
        }
        if let Some(memory) = &self.memory {
            writeln!(
                out,
                "{:<36}{:.1} in the first part, {:.1} in the last",
                "resident over time, MiB", memory.first_mib, memory.last_mib
            )?;
        }
        if let Some(bytes) = self.beside.as_ref().and_then(|beside| beside.bytes_per_idle) {
            writeln!(out, "{:<36}{bytes}", "memory an idle connection, bytes")?;
        }
        if let Some(effort) = self.beside.as_ref().and_then(|beside| beside.effort) {
            writeln!(
                out,
                "attackers made {} connections, sent {} bytes, were thrown out {} times",
                effort.connections, effort.bytes, effort.thrown_out
            )?;
        }
        if let Some(redis) = &self.redis {
            writeln!(out, "{:<36}{:.0}", "Redis commands a second", redis.commands_per_second)?;
            writeln!(out, "  all of them                       {}", counts(&redis.commands))?;
        }
        if !self.closes.is_empty() {
            writeln!(out, "closed, as the server says          {}", counts(&self.closes))?;
        }
        if self.server.load_cpu_percent > SATURATED_PERCENT {
            writeln!(
                out,
                "WARNING: the load program was busy all the time: latencies are its own, not the server's"
            )?;
        }
        Ok(())
    }

    fn verdict(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let disconnects: usize = self.disconnects.values().sum();
        writeln!(
            out,
            "\ndisconnects {disconnects}   protocol errors {}   pictures that differ {}   {}",
            self.faults,
            self.differences,
            if self.is_clean() { "clean" } else { "NOT CLEAN" }
        )?;
        for (cause, count) in &self.disconnects {
            writeln!(out, "  {count} x {cause}")?;
        }
        self.first_faults.iter().try_for_each(|fault| writeln!(out, "  protocol error: {fault}"))?;
        self.first_differences.iter().try_for_each(|what| writeln!(out, "  differs: {what}"))?;
        if !self.is_quiet {
            writeln!(out, "  it never became quiet, or pings had no answer")?;
        }
        if !self.left_over.is_empty() {
            writeln!(out, "  left over when all had left: {}", counts(&self.left_over))?;
        }
        self.server_fault.iter().try_for_each(|fault| writeln!(out, "  {fault}"))
    }
}

fn write_row(out: &mut Formatter<'_>, name: &str, cells: &[String]) -> fmt::Result {
    let cells: String = cells.iter().map(|cell| format!("{cell:>18}")).collect();
    writeln!(out, "{}", format!("{name:<34}{cells}").trim_end())
}

#[cfg(test)]
mod tests {
    use crate::figures::tests::figures;
    use crate::report::tests::clean;
    use crate::report::{Beside, Report};

    #[test]
    fn every_time_has_a_column_and_ratios_stand_beside() {
        let beside = Some(Beside::idle(9, Some(3000), figures(80, 5, 150, 0.33)));
        let table = Report { beside, ..clean() }.to_string();
        let row = |name: &str| -> Vec<String> {
            let line = table.lines().find(|line| line.starts_with(name)).unwrap();
            line[name.len()..].split_whitespace().map(str::to_owned).collect()
        };
        assert_eq!(row("CPU a delivery, us"), ["2000.000", "2200.000", "1.10", "1000.000", "2.00"]);
        assert_eq!(row("steps refused"), ["5", "5", "0"]);
        assert_eq!(row("CPU a delivery, server / relay"), ["2.00"]);
        assert_eq!(row("memory an idle connection, bytes"), ["3000"]);
    }

    #[test]
    fn what_is_not_known_says_so_and_a_busy_load_program_warns() {
        let mut report = Report { server: figures(0, 0, 0, 0.1), ..clean() };
        report.server.resident_bytes = None;
        let table = report.to_string();
        assert!(
            table.lines().any(|line| line.starts_with("CPU a delivery, us") && line.contains("  -  ")),
            "{table}"
        );
        assert!(!table.contains("turn of the loop") && !table.contains("WARNING"));
        report.server.load_cpu_percent = 99.0;
        assert!(report.to_string().contains("WARNING"));
    }
}
