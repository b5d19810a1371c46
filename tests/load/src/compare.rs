//! The same walk without and with Redis, in turn: the cost of Redis to the server.

use std::fmt;

use anyhow::Result;
use serde::Serialize;

use crate::options::Options;
use crate::report::Report;
use crate::run;

/// Processor time of the server for each delivery, in microseconds, of some runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Costs {
    /// Of each run, in order.
    pub runs: Vec<f64>,
    /// The one in the middle.
    pub median: f64,
}

impl Costs {
    fn of(reports: &[Report]) -> Self {
        let runs: Vec<f64> = reports.iter().filter_map(|report| report.server.cpu_us_per_delivery).collect();
        let mut sorted = runs.clone();
        sorted.sort_by(f64::total_cmp);
        let middle = |place: usize| sorted.get(place).copied().unwrap_or(f64::NAN);
        let median = (middle(sorted.len() / 2) + middle(sorted.len().saturating_sub(1) / 2)) / 2.0;
        Self { runs, median }
    }
}

/// All runs of a comparison.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// With the embedded store.
    pub without: Costs,
    /// With Redis.
    pub with: Costs,
    /// The median with Redis over that without.
    pub ratio: f64,
    /// Redis commands a second of each run with it.
    pub commands_per_second: Vec<f64>,
    /// Processor time of other programs in each run, in percent of one core: how noisy the machine was.
    pub others_cpu_percent: Vec<f64>,
    /// True if no server made a mistake.
    pub clean: bool,
}

/// Runs the walk `options.rounds` times without and with Redis, in turn.
///
/// # Errors
/// As [`run::run`].
pub fn run(options: &Options) -> Result<Comparison> {
    let (mut without, mut with) = (Vec::new(), Vec::new());
    for round in 1..=options.rounds.max(1) {
        for (redis, reports) in [(None, &mut without), (Some(options.redis.clone().flatten()), &mut with)] {
            eprintln!("round {round}, {} Redis", if redis.is_some() { "with" } else { "without" });
            reports.push(run::run(&Options { redis, ..options.clone() })?);
        }
    }
    Ok(Comparison::of(&without, &with))
}

impl Comparison {
    fn of(without: &[Report], with: &[Report]) -> Self {
        let all = || without.iter().chain(with);
        let commands = with.iter().filter_map(|report| Some(report.redis.as_ref()?.commands_per_second));
        let (costs_without, costs_with) = (Costs::of(without), Costs::of(with));
        Self {
            ratio: costs_with.median / costs_without.median,
            without: costs_without,
            with: costs_with,
            commands_per_second: commands.collect(),
            others_cpu_percent: all().filter_map(|report| report.server.others_cpu_percent).collect(),
            clean: all().all(Report::is_clean),
        }
    }
}

fn list(numbers: &[f64], digits: usize) -> String {
    numbers.iter().map(|number| format!("{number:.digits$}")).collect::<Vec<_>>().join(" ")
}

impl fmt::Display for Comparison {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let costs = |costs: &Costs| format!("median {:.3} of {}", costs.median, list(&costs.runs, 3));
        writeln!(out, "CPU a delivery without Redis, us     {}", costs(&self.without))?;
        writeln!(out, "CPU a delivery with Redis, us        {}", costs(&self.with))?;
        writeln!(out, "with / without                       {:.3}", self.ratio)?;
        writeln!(out, "Redis commands a second              {}", list(&self.commands_per_second, 0))?;
        writeln!(out, "other programs' CPU, % of a core     {}", list(&self.others_cpu_percent, 0))?;
        writeln!(out, "{}", if self.clean { "clean" } else { "NOT CLEAN" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::Figures;
    use crate::report::tests::clean;

    fn costing(microseconds: f64) -> Report {
        let report = clean();
        Report {
            server: Figures { cpu_us_per_delivery: Some(microseconds), ..report.server.clone() },
            ..report
        }
    }

    #[test]
    fn medians_are_compared_so_that_one_bad_run_does_not_count() {
        let without = [costing(2.0), costing(9.0), costing(2.2)];
        let with = [costing(2.3), costing(2.1), costing(1.0), costing(40.0)];
        let comparison = Comparison::of(&without, &with);
        assert_eq!((comparison.without.median, comparison.with.median), (2.2, 2.2));
        assert!((comparison.ratio - 1.0).abs() < 1e-9 && comparison.clean);
        let worse = Comparison::of(&without, &[Report { faults: 1, ..costing(4.4) }]);
        assert!((worse.ratio - 2.0).abs() < 1e-9 && !worse.clean);
    }
}
