//! Durations by size: many values in little room, percentiles to about 3 %.

/// Parts that each power of two is cut into.
const PARTS: u64 = 32;
const PART_BITS: u32 = PARTS.trailing_zeros();

/// See the module. Values are microseconds here, but any whole number does.
#[derive(Debug, Clone, Default)]
pub struct Histogram {
    counts: Vec<u64>,
    total: u64,
    largest: u64,
}

impl Histogram {
    /// Counts one value.
    pub fn record(&mut self, value: u64) {
        let bucket = bucket_of(value);
        if self.counts.len() <= bucket {
            self.counts.resize(bucket + 1, 0);
        }
        self.counts[bucket] += 1;
        self.total += 1;
        self.largest = self.largest.max(value);
    }

    /// Returns the number of counted values.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Returns the largest value, 0 if there is none.
    #[must_use]
    pub fn largest(&self) -> u64 {
        self.largest
    }

    /// Returns the value that `percent` of all values do not exceed, at most one part too large; 0 if there is none.
    #[must_use]
    pub fn percentile(&self, percent: f64) -> u64 {
        let wanted = (self.total as f64 * percent / 100.0).ceil() as u64;
        let mut seen = 0;
        for (bucket, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= wanted && seen > 0 {
                return upper_end(bucket).min(self.largest);
            }
        }
        self.largest
    }
}

/// Returns the bucket of a value. Small values have a bucket each; larger ones share one with those that have the same
/// leading bits.
fn bucket_of(value: u64) -> usize {
    if value < PARTS {
        return value as usize;
    }
    let shift = value.ilog2() - PART_BITS;
    let part = (value >> shift) - PARTS;
    (u64::from(shift + 1) * PARTS + part) as usize
}

/// Returns the largest value of a bucket.
fn upper_end(bucket: usize) -> u64 {
    let (row, part) = (bucket as u64 / PARTS, bucket as u64 % PARTS);
    if row == 0 {
        return part;
    }
    let shift = row - 1;
    ((PARTS + part + 1) << shift) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_falls_into_a_bucket_that_holds_it() {
        for value in (0..5_000).chain([65_535, 65_536, 1_000_000, 3_600_000_000]) {
            let bucket = bucket_of(value);
            assert!(value <= upper_end(bucket), "{value}");
            assert!(bucket == 0 || value > upper_end(bucket - 1), "{value}");
        }
    }

    #[test]
    fn percentiles_are_right_to_a_few_percent() {
        let mut histogram = Histogram::default();
        (1..=100_000).for_each(|value| histogram.record(value));
        for (percent, exact) in [(50.0, 50_000.0), (99.0, 99_000.0), (99.9, 99_900.0)] {
            let found = histogram.percentile(percent) as f64;
            assert!((exact..exact * 1.04).contains(&found), "{percent} % is {found}");
        }
        assert_eq!((histogram.largest(), histogram.total()), (100_000, 100_000));
        assert_eq!(histogram.percentile(100.0), 100_000);
    }

    #[test]
    fn nothing_has_percentiles_of_zero() {
        assert_eq!(Histogram::default().percentile(99.0), 0);
    }
}
