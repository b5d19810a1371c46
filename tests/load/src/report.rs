//! The report of a run, as JSON and, in `table`, as a table.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use crate::figures::{Figures, Latency};
use crate::histogram::Histogram;
use crate::hostile::{Attack, Effort};
use crate::options::Scenario;
use crate::phase::MemoryOverTime;
use crate::players::Deeds;
use crate::redis::RedisFigures;

/// Arrivals of bots: creations, or in a login storm, logins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Logins {
    /// Number of arrivals.
    pub count: u64,
    /// From the first connection until all were in the world.
    pub seconds: f64,
    /// Arrivals a second.
    pub per_second: f64,
    /// From connecting until the bot knew its own character.
    pub latency: Latency,
}

impl Logins {
    /// Computes the figures from the time that each took, in microseconds, and all together.
    #[must_use]
    pub fn new(times: &Histogram, together: Duration) -> Self {
        let (count, seconds) = (times.total(), together.as_secs_f64());
        let per_second = if seconds > 0.0 { count as f64 / seconds } else { 0.0 };
        Self { count, seconds, per_second, latency: Latency::of(times) }
    }
}

/// Load beside the bots during a second measurement.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Beside {
    /// Its name in the table.
    pub what: String,
    /// Work done and resources used by the server.
    pub figures: Figures,
    /// The server's memory for each that stands idle, in bytes.
    pub bytes_per_idle: Option<u64>,
    /// Work of the attackers.
    pub effort: Option<Effort>,
}

impl Beside {
    /// Describes `count` clients that stand idle and take the server `bytes` each.
    #[must_use]
    pub fn idle(count: usize, bytes: Option<u64>, figures: Figures) -> Self {
        Self { what: format!("{count} idle beside"), figures, bytes_per_idle: bytes, effort: None }
    }

    /// Attackers.
    #[must_use]
    pub fn attackers(attack: Attack, effort: Effort, figures: Figures) -> Self {
        Self { what: format!("under {attack:?}"), figures, bytes_per_idle: None, effort: Some(effort) }
    }
}

/// A run. It is clean when [`Self::is_clean`] says so.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Setup of the server.
    pub setup: String,
    /// Behaviour of the bots.
    pub scenario: Scenario,
    /// Number of bots.
    pub bots: usize,
    /// Maps they started on.
    pub maps: usize,
    /// Arrivals of the bots.
    pub logins: Logins,
    /// The server's figures.
    pub server: Figures,
    /// Number of actions of each kind.
    pub deeds: Deeds,
    /// The server's memory meanwhile.
    pub memory: Option<MemoryOverTime>,
    /// The same once more, beside something else.
    pub beside: Option<Beside>,
    /// Ways through exits.
    pub map_changes: u64,
    /// Packets of any kind that clients received.
    pub packets_received: u64,
    /// Lost connections by cause, the server's last words among it.
    pub disconnects: BTreeMap<String, usize>,
    /// Connections that the server says were closed, by its reasons; attackers' too, and those that bots closed.
    pub closes: BTreeMap<String, u64>,
    /// Number of packets that clients cannot take: protocol errors.
    pub faults: usize,
    /// The first of them.
    pub first_faults: Vec<String>,
    /// Clients that show something that is not true, or lack something that is.
    pub differences: usize,
    /// The first of them.
    pub first_differences: Vec<String>,
    /// True if everything had arrived, and all pings were answered, before pictures were compared.
    pub is_quiet: bool,
    /// The server's gauges that were not 0 when all players had left.
    pub left_over: BTreeMap<String, u64>,
    /// Fault of the server when it was asked to stop.
    pub server_fault: Option<String>,
    /// Commands sent to Redis, if it was the store.
    pub redis: Option<RedisFigures>,
    /// The relay's figures.
    pub baseline: Option<Figures>,
}

impl Report {
    /// Returns true if the server made no mistake.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.disconnects.is_empty()
            && self.faults == 0
            && self.differences == 0
            && self.is_quiet
            && self.left_over.is_empty()
            && self.server_fault.is_none()
    }

    /// Returns the processor time of a delivery: the server's over the relay's.
    #[must_use]
    pub fn ratio(&self) -> Option<f64> {
        let relay = self.baseline.as_ref()?.cpu_us_per_delivery?;
        Some(self.server.cpu_us_per_delivery? / relay).filter(|ratio| ratio.is_finite())
    }

    /// Returns the figures as JSON, the ratio and the verdict among them.
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

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::figures::tests::figures;

    /// A run without a mistake.
    pub(crate) fn clean() -> Report {
        Report {
            setup: "own server".to_owned(),
            scenario: Scenario::Walk,
            bots: 2,
            maps: 1,
            logins: Logins::default(),
            server: figures(80, 5, 150, 0.3),
            deeds: Deeds::default(),
            memory: None,
            beside: None,
            map_changes: 0,
            packets_received: 200,
            disconnects: BTreeMap::new(),
            closes: BTreeMap::new(),
            faults: 0,
            first_faults: Vec::new(),
            differences: 0,
            first_differences: Vec::new(),
            is_quiet: true,
            left_over: BTreeMap::new(),
            server_fault: None,
            redis: None,
            baseline: Some(figures(80, 0, 160, 0.16)),
        }
    }

    #[test]
    fn the_ratio_is_the_servers_time_over_the_relays() {
        assert_eq!(clean().ratio(), Some(2.0));
        assert_eq!(Report { server: figures(0, 0, 0, 0.1), ..clean() }.ratio(), None);
    }

    #[test]
    fn any_mistake_makes_a_run_unclean() {
        assert!(clean().is_clean());
        let unclean = [
            Report { disconnects: BTreeMap::from([("reset".to_owned(), 1)]), ..clean() },
            Report { faults: 1, ..clean() },
            Report { differences: 1, ..clean() },
            Report { is_quiet: false, ..clean() },
            Report { left_over: BTreeMap::from([("pyao_players".to_owned(), 1)]), ..clean() },
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
