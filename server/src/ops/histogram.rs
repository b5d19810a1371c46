//! Counts of durations, in fixed steps.

use std::time::Duration;

/// Upper bounds of the steps, in microseconds; the last step has none.
pub const BOUNDS_MICROSECONDS: [u64; 12] =
    [50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 1_000_000];

/// Counts of durations by step, with their sum.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Histogram {
    steps: [u64; BOUNDS_MICROSECONDS.len() + 1],
    sum_microseconds: u64,
}

impl Histogram {
    /// Counts one duration.
    pub fn record(&mut self, microseconds: u64) {
        let step = BOUNDS_MICROSECONDS.partition_point(|bound| *bound < microseconds);
        self.steps[step] += 1;
        self.sum_microseconds = self.sum_microseconds.saturating_add(microseconds);
    }

    /// Counts a [`Duration`], as [`Self::record`] does.
    pub fn record_duration(&mut self, duration: Duration) {
        self.record(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX));
    }

    /// Returns each bound, in microseconds, with the number of durations up to it.
    pub fn cumulative(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        let mut total = 0;
        BOUNDS_MICROSECONDS.iter().zip(&self.steps).map(move |(bound, count)| {
            total += count;
            (*bound, total)
        })
    }

    /// Returns the number of durations.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.steps.iter().sum()
    }

    /// Returns the sum of all durations, in microseconds.
    #[must_use]
    pub fn sum_microseconds(&self) -> u64 {
        self.sum_microseconds
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_counts_in_every_step_it_does_not_exceed() {
        let mut histogram = Histogram::default();
        for microseconds in [1, 50, 51, 2_000_000] {
            histogram.record(microseconds);
        }
        let steps: Vec<_> = histogram.cumulative().collect();
        assert_eq!(steps[0], (50, 2));
        assert_eq!(steps[1], (100, 3));
        assert_eq!(steps.last(), Some(&(1_000_000, 3)));
        assert_eq!(histogram.count(), 4);
        assert_eq!(histogram.sum_microseconds(), 2_000_102);
    }
}
