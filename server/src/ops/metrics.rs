//! All counters of the server: plain integers, since one thread counts.

use super::histogram::Histogram;
use super::overload::OverloadLevel;
pub use super::table::{Counter, Gauge};
use super::table::{Family, Row};
use std::collections::BTreeMap;

/// Counts by a label out of a small fixed set, in the order they first appeared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Labelled {
    counts: Vec<(&'static str, u64)>,
}

impl Labelled {
    /// Counts one.
    pub fn increment(&mut self, label: &'static str) {
        match self.counts.iter_mut().find(|(known, _)| *known == label) {
            Some((_, count)) => *count += 1,
            None => self.counts.push((label, 1)),
        }
    }

    /// Returns the label and the count of everything counted.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        self.counts.iter().copied()
    }

    /// Returns the sum over all labels.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.counts.iter().map(|(_, count)| count).sum()
    }
}

/// Everything that is counted.
#[derive(Debug, Clone)]
pub struct Metrics {
    counters: [u64; Counter::ALL.len()],
    gauges: [u64; Gauge::ALL.len()],
    packets_in: [u64; 256],
    /// Packets queued for players, by id; set when somebody looks.
    pub packets_out: [u64; 256],
    /// Cosmetic packets left out; set when somebody looks.
    pub thinned: u64,
    /// Rises of the overload level, by the level reached.
    pub overload_steps: Labelled,
    /// Connections refused before their first packet, by reason.
    pub refusals: Labelled,
    /// Connections closed, by reason.
    pub closes: Labelled,
    /// Time of each turn's work.
    pub turns: Histogram,
    /// Time until the store answered.
    pub store_answers: Histogram,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            counters: [0; Counter::ALL.len()],
            gauges: [0; Gauge::ALL.len()],
            packets_in: [0; 256],
            packets_out: [0; 256],
            thinned: 0,
            overload_steps: Labelled::default(),
            refusals: Labelled::default(),
            closes: Labelled::default(),
            turns: Histogram::default(),
            store_answers: Histogram::default(),
        }
    }
}

impl Metrics {
    /// Counts one.
    pub fn increment(&mut self, counter: Counter) {
        self.add(counter, 1);
    }

    /// Counts several.
    pub fn add(&mut self, counter: Counter, count: u64) {
        self.counters[counter as usize] += count;
    }

    /// Returns the count so far.
    #[must_use]
    pub fn count(&self, counter: Counter) -> u64 {
        self.counters[counter as usize]
    }

    /// Counts a change of the overload level, if it went up.
    pub fn level_changed(&mut self, from: OverloadLevel, to: OverloadLevel) {
        if to > from {
            self.overload_steps.increment(to.label());
        }
    }

    /// Sets a gauge.
    pub fn set(&mut self, gauge: Gauge, value: u64) {
        self.gauges[gauge as usize] = value;
    }

    /// Returns the gauge as last set.
    #[must_use]
    pub fn gauge(&self, gauge: Gauge) -> u64 {
        self.gauges[gauge as usize]
    }

    /// Returns every counter by the name that tools show: that of the metric without prefix and suffix.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<String, u64> {
        let plain = |row: Row| row.name.trim_start_matches("pyao_").trim_end_matches("_total").to_owned();
        let counters = Counter::ALL.iter().map(|counter| (plain(counter.row()), self.count(*counter)));
        let labelled = [(Family::Refusals, &self.refusals), (Family::Closes, &self.closes)];
        let by_reason = labelled.into_iter().flat_map(|(family, labelled)| {
            labelled.iter().map(move |(reason, count)| (format!("{}.{reason}", plain(family.row())), count))
        });
        counters.chain(by_reason).collect()
    }

    /// Counts a packet received.
    pub fn packet_in(&mut self, id: u8) {
        self.packets_in[usize::from(id)] += 1;
    }

    /// Returns the id and the count of every packet received at least once.
    pub fn packets_in(&self) -> impl Iterator<Item = (u8, u64)> + '_ {
        (0..=u8::MAX).zip(self.packets_in).filter(|(_, count)| *count > 0)
    }

    /// Returns the id and the count of every packet queued for a player at least once.
    pub fn packets_out(&self) -> impl Iterator<Item = (u8, u64)> + '_ {
        (0..=u8::MAX).zip(self.packets_out).filter(|(_, count)| *count > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_way_up_the_overload_ladder_is_counted() {
        let mut metrics = Metrics::default();
        metrics.level_changed(OverloadLevel::Calm, OverloadLevel::Coalesce);
        metrics.level_changed(OverloadLevel::Coalesce, OverloadLevel::CoalesceMore);
        metrics.level_changed(OverloadLevel::CoalesceMore, OverloadLevel::Coalesce);
        metrics.level_changed(OverloadLevel::Coalesce, OverloadLevel::Calm);
        let steps: Vec<_> = metrics.overload_steps.iter().collect();
        assert_eq!(steps, [("coalesce", 1), ("coalesce_more", 1)]);
    }

    #[test]
    fn labels_count_apart() {
        let mut closes = Labelled::default();
        for label in ["quit", "idle", "quit"] {
            closes.increment(label);
        }
        assert_eq!(closes.iter().collect::<Vec<_>>(), [("quit", 2), ("idle", 1)]);
        assert_eq!(closes.total(), 3);
    }
}
