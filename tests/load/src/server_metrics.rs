//! Metrics that the server gives on its ops port.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use anyhow::Result;
use pyao_tests::process::ask_ops;
use serde::Serialize;

/// Gauges that are 0 when all players have left.
const EMPTY_WHEN_ALL_LEFT: [&str; 5] = [
    "pyao_connections",
    "pyao_players",
    "pyao_store_requests_waiting",
    "pyao_password_jobs_waiting",
    "pyao_connections_throttled",
];
const CLOSES: &str = "pyao_closes_total{reason=\"";
const TURN_BUCKETS: &str = "pyao_turn_seconds_bucket{le=\"";

/// All values at one moment, by name and labels as they are written.
#[derive(Debug, Clone, Default)]
pub struct Metrics(BTreeMap<String, f64>);

/// Working times of the turns of the server's loop between two readings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Turns {
    /// Number of turns.
    pub count: u64,
    /// 99 of 100 worked no longer than so many milliseconds; the server counts in steps. Nothing: longer than the last
    /// step.
    pub p99_ms: Option<f64>,
    /// Upper bound of the longest, in milliseconds.
    pub max_ms: Option<f64>,
}

impl Metrics {
    /// Asks the ops port.
    ///
    /// # Errors
    /// Fails if the port does not answer.
    pub fn look(ops: SocketAddr) -> Result<Self> {
        Ok(Self::parse(&ask_ops(ops, "GET", "/metrics")?))
    }

    fn parse(text: &str) -> Self {
        let values = text.lines().filter(|line| line.starts_with("pyao_")).filter_map(|line| {
            let (name, value) = line.rsplit_once(' ')?;
            Some((name.to_owned(), value.parse().ok()?))
        });
        Self(values.collect())
    }

    /// Returns the values whose name begins with `prefix`, by the text that follows up to the next `"`.
    fn labelled(&self, prefix: &str) -> BTreeMap<String, u64> {
        let label = |name: &str| Some(name.strip_prefix(prefix)?.split('"').next()?.to_owned());
        self.0.iter().filter_map(|(name, value)| Some((label(name)?, *value as u64))).collect()
    }

    /// Returns the value of a metric without labels; 0 if there is none.
    #[must_use]
    pub fn value(&self, name: &str) -> u64 {
        self.0.get(name).map_or(0, |value| *value as u64)
    }

    /// Connections closed since `before`, by the server's reasons.
    #[must_use]
    pub fn closes_since(&self, before: &Self) -> BTreeMap<String, u64> {
        let earlier = before.labelled(CLOSES);
        let mut closes = self.labelled(CLOSES);
        closes
            .iter_mut()
            .for_each(|(reason, count)| *count -= earlier.get(reason).copied().unwrap_or(0).min(*count));
        closes.retain(|_, count| *count > 0);
        closes
    }

    /// Returns the loop's turns since `before`.
    #[must_use]
    pub fn turns_since(&self, before: &Self) -> Turns {
        let earlier = before.labelled(TURN_BUCKETS);
        let mut buckets: Vec<(f64, u64)> = self
            .labelled(TURN_BUCKETS)
            .into_iter()
            .map(|(bound, count)| {
                let count = count - earlier.get(&bound).copied().unwrap_or(0).min(count);
                (bound.parse().unwrap_or(f64::INFINITY), count)
            })
            .collect();
        buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
        let total = buckets.last().map_or(0, |(_, count)| *count);
        let bound = |share: f64| {
            let wanted = (total as f64 * share).ceil() as u64;
            let found = buckets.iter().find(|(_, count)| *count >= wanted).filter(|_| total > 0);
            found.map(|(bound, _)| bound * 1000.0).filter(|bound| bound.is_finite())
        };
        Turns { count: total, p99_ms: bound(0.99), max_ms: bound(1.0) }
    }

    /// Gauges that should be 0 when all players have left and are not.
    #[must_use]
    pub fn left_over(&self) -> BTreeMap<String, u64> {
        let gauges = EMPTY_WHEN_ALL_LEFT.iter().map(|name| ((*name).to_owned(), self.value(name)));
        gauges.filter(|(_, value)| *value > 0).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: &str = "# HELP pyao_turn_seconds Time.\n\
        pyao_turn_seconds_bucket{le=\"0.001\"} 100\npyao_turn_seconds_bucket{le=\"0.0025\"} 100\n\
        pyao_turn_seconds_bucket{le=\"0.01\"} 100\npyao_turn_seconds_bucket{le=\"+Inf\"} 101\n\
        pyao_closes_total{reason=\"quit\"} 3\npyao_players 2\npyao_connections 0\n";

    #[test]
    fn turns_are_those_between_two_looks() {
        let after = "pyao_turn_seconds_bucket{le=\"0.001\"} 1080\npyao_turn_seconds_bucket{le=\"0.0025\"} 1095\n\
            pyao_turn_seconds_bucket{le=\"0.01\"} 1100\npyao_turn_seconds_bucket{le=\"+Inf\"} 1101\n";
        let turns = Metrics::parse(after).turns_since(&Metrics::parse(BEFORE));
        assert_eq!(turns, Turns { count: 1000, p99_ms: Some(2.5), max_ms: Some(10.0) });
        let none = Metrics::parse(BEFORE).turns_since(&Metrics::parse(BEFORE));
        assert_eq!(none, Turns { count: 0, p99_ms: None, max_ms: None });
        let all = Metrics::parse(BEFORE).turns_since(&Metrics::default());
        assert_eq!((all.count, all.max_ms), (101, None), "one was longer than the last step");
    }

    #[test]
    fn closes_have_the_servers_reasons() {
        let after = "pyao_closes_total{reason=\"quit\"} 3\npyao_closes_total{reason=\"flood\"} 2\n";
        let closes = Metrics::parse(after).closes_since(&Metrics::parse(BEFORE));
        assert_eq!(closes, BTreeMap::from([("flood".to_owned(), 2)]));
    }

    #[test]
    fn what_is_not_zero_is_left_over() {
        let left_over = Metrics::parse(BEFORE).left_over();
        assert_eq!(left_over, BTreeMap::from([("pyao_players".to_owned(), 2)]));
        assert!(Metrics::default().left_over().is_empty());
    }
}
