//! All counters of the server: plain integers, since one thread counts.

use super::histogram::Histogram;
use super::names::{self, Name};
use super::overload::OverloadLevel;
use std::collections::BTreeMap;

/// What only grows. Declared with its name, in the order of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counter {
    /// See [`names::ACCEPTS`].
    Accepts,
    /// See [`names::BYTES_IN`].
    BytesIn,
    /// See [`names::SEGMENTS_OUT`].
    SegmentsOut,
    /// See [`names::BYTES_OUT`].
    BytesOut,
    /// See [`names::FLUSHES`].
    Flushes,
    /// See [`names::SENDS_BLOCKED`].
    SendsBlocked,
    /// See [`names::THROTTLES`].
    Throttles,
    /// See [`names::CHAT_DROPPED`].
    ChatDropped,
    /// See [`names::ACCEPT_ERRORS`].
    AcceptErrors,
    /// See [`names::POLL_ERRORS`].
    PollErrors,
    /// See [`names::SETTINGS_REFUSED`].
    SettingsRefused,
    /// See [`names::STORE_REQUESTS`].
    StoreRequests,
    /// See [`names::STORE_FAILURES`].
    StoreFailures,
    /// See [`names::PASSWORD_JOBS`].
    PasswordJobs,
    /// See [`names::OPS_REQUESTS`].
    OpsRequests,
    /// See [`names::TURNS`].
    Turns,
    /// See [`names::SLOW_TURNS`].
    SlowTurns,
}

impl Counter {
    /// Every counter with its name.
    pub const ALL: [(Self, Name); 17] = [
        (Self::Accepts, names::ACCEPTS),
        (Self::BytesIn, names::BYTES_IN),
        (Self::SegmentsOut, names::SEGMENTS_OUT),
        (Self::BytesOut, names::BYTES_OUT),
        (Self::Flushes, names::FLUSHES),
        (Self::SendsBlocked, names::SENDS_BLOCKED),
        (Self::Throttles, names::THROTTLES),
        (Self::ChatDropped, names::CHAT_DROPPED),
        (Self::AcceptErrors, names::ACCEPT_ERRORS),
        (Self::PollErrors, names::POLL_ERRORS),
        (Self::SettingsRefused, names::SETTINGS_REFUSED),
        (Self::StoreRequests, names::STORE_REQUESTS),
        (Self::StoreFailures, names::STORE_FAILURES),
        (Self::PasswordJobs, names::PASSWORD_JOBS),
        (Self::OpsRequests, names::OPS_REQUESTS),
        (Self::Turns, names::TURNS),
        (Self::SlowTurns, names::SLOW_TURNS),
    ];
}

/// What goes up and down; set when somebody looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gauge {
    /// See [`names::CONNECTIONS`].
    Connections,
    /// See [`names::PLAYERS`].
    Players,
    /// See [`names::ABSENT_CHARACTERS`].
    AbsentCharacters,
    /// See [`names::CHARACTER_NUMBERS_FREE`].
    CharacterNumbersFree,
    /// See [`names::THROTTLED`].
    Throttled,
    /// See [`names::STORE_WAITING`].
    StoreWaiting,
    /// See [`names::STORE_SUCCESS`].
    StoreSuccess,
    /// See [`names::PASSWORDS_WAITING`].
    PasswordsWaiting,
    /// See [`names::UPTIME`].
    Uptime,
    /// See [`names::OVERLOAD`].
    Overload,
}

impl Gauge {
    /// Every gauge with its name.
    pub const ALL: [(Self, Name); 10] = [
        (Self::Connections, names::CONNECTIONS),
        (Self::Players, names::PLAYERS),
        (Self::AbsentCharacters, names::ABSENT_CHARACTERS),
        (Self::CharacterNumbersFree, names::CHARACTER_NUMBERS_FREE),
        (Self::Throttled, names::THROTTLED),
        (Self::StoreWaiting, names::STORE_WAITING),
        (Self::StoreSuccess, names::STORE_SUCCESS),
        (Self::PasswordsWaiting, names::PASSWORDS_WAITING),
        (Self::Uptime, names::UPTIME),
        (Self::Overload, names::OVERLOAD),
    ];
}

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

    /// Label and count of everything counted.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        self.counts.iter().copied()
    }

    /// All labels together.
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

    /// The count so far.
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

    /// The gauge as last set.
    #[must_use]
    pub fn gauge(&self, gauge: Gauge) -> u64 {
        self.gauges[gauge as usize]
    }

    /// Every counter by the name that tools show: that of the metric without prefix and suffix.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<String, u64> {
        let plain = |name: Name| name.name.trim_start_matches("pyao_").trim_end_matches("_total").to_owned();
        let counters = Counter::ALL.into_iter().map(|(counter, name)| (plain(name), self.count(counter)));
        let labelled = [(names::REFUSALS, &self.refusals), (names::CLOSES, &self.closes)];
        let by_reason = labelled.into_iter().flat_map(|(name, labelled)| {
            labelled.iter().map(move |(reason, count)| (format!("{}.{reason}", plain(name)), count))
        });
        counters.chain(by_reason).collect()
    }

    /// Counts a packet received.
    pub fn packet_in(&mut self, id: u8) {
        self.packets_in[usize::from(id)] += 1;
    }

    /// Id and count of every packet received at least once.
    pub fn packets_in(&self) -> impl Iterator<Item = (u8, u64)> + '_ {
        (0..=u8::MAX).zip(self.packets_in).filter(|(_, count)| *count > 0)
    }

    /// Id and count of every packet queued for a player at least once.
    pub fn packets_out(&self) -> impl Iterator<Item = (u8, u64)> + '_ {
        (0..=u8::MAX).zip(self.packets_out).filter(|(_, count)| *count > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_counter_and_gauge_has_its_own_place_and_name() {
        let mut all_names = Vec::new();
        for (index, (counter, name)) in Counter::ALL.into_iter().enumerate() {
            assert_eq!(counter as usize, index);
            all_names.push(name.name);
        }
        for (index, (gauge, name)) in Gauge::ALL.into_iter().enumerate() {
            assert_eq!(gauge as usize, index);
            all_names.push(name.name);
        }
        let count = all_names.len();
        all_names.sort_unstable();
        all_names.dedup();
        assert_eq!(all_names.len(), count);
    }

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
