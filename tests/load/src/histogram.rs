//! Durations by size: many values in little room, percentiles to a thousandth.

use hdrhistogram::Histogram as Counts;

/// Significant digits of a value.
const DIGITS: u8 = 3;

/// See the module. Values are microseconds here, but any whole number does.
#[derive(Debug, Clone)]
pub struct Histogram {
    counts: Counts<u64>,
    largest: u64,
}

impl Default for Histogram {
    #[expect(clippy::expect_used, reason = "the library takes any number of digits up to five")]
    fn default() -> Self {
        Self { counts: Counts::new(DIGITS).expect("a valid number of digits"), largest: 0 }
    }
}

impl Histogram {
    /// Counts one value.
    pub fn record(&mut self, value: u64) {
        // It grows as needed, so that every value has its place.
        let _ = self.counts.record(value);
        self.largest = self.largest.max(value);
    }

    /// Returns the number of values counted.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.counts.len()
    }

    /// Returns the largest value, 0 without any.
    #[must_use]
    pub fn largest(&self) -> u64 {
        self.largest
    }

    /// Returns the value that `percent` of all values do not exceed, at most a thousandth too large; 0 without any.
    #[must_use]
    pub fn percentile(&self, percent: f64) -> u64 {
        self.counts.value_at_percentile(percent).min(self.largest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_right_to_a_thousandth() {
        let mut histogram = Histogram::default();
        (1..=100_000).for_each(|value| histogram.record(value));
        for (percent, exact) in [(50.0, 50_000.0), (99.0, 99_000.0), (99.9, 99_900.0)] {
            let found = histogram.percentile(percent) as f64;
            assert!((exact..=exact * 1.001).contains(&found), "{percent} % is {found}");
        }
        assert_eq!((histogram.largest(), histogram.total()), (100_000, 100_000));
        assert_eq!(histogram.percentile(100.0), 100_000);
    }

    #[test]
    fn an_hour_is_counted_beside_a_microsecond() {
        let mut histogram = Histogram::default();
        [1, 3_600_000_000].into_iter().for_each(|value| histogram.record(value));
        assert_eq!((histogram.percentile(50.0), histogram.percentile(99.0)), (1, 3_600_000_000));
    }

    #[test]
    fn nothing_has_percentiles_of_zero() {
        assert_eq!(Histogram::default().percentile(99.0), 0);
    }
}
