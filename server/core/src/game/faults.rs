//! Faults of the server's own: states that cannot be, whatever a client sends.

use std::fmt;

/// Counts of faults by kind.
#[derive(Debug, Default)]
pub struct Faults {
    kinds: Vec<&'static str>,
    /// Faults not yet given to [`Faults::take`].
    fresh: u64,
}

impl Faults {
    /// Counts a fault, logs the first of its kind, and stops a debug build there.
    #[cold]
    pub fn report(&mut self, kind: &'static str, details: impl fmt::Display) {
        if self.count(kind) {
            log::error!("fault of the server: {kind}{details}; more of this kind are only counted");
        }
        debug_assert!(false, "{kind}{details}");
    }

    /// Counts a fault. Returns true if it is the first of its kind.
    fn count(&mut self, kind: &'static str) -> bool {
        self.fresh += 1;
        let is_first = !self.kinds.contains(&kind);
        if is_first {
            self.kinds.push(kind);
        }
        is_first
    }

    /// Returns the number of faults since the last call.
    pub fn take(&mut self) -> u64 {
        std::mem::take(&mut self.fresh)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_is_counted_and_the_first_of_each_kind_is_to_be_logged() {
        let mut faults = Faults::default();
        let logged = ["a warp", "a turn", "a warp", "a warp"].map(|kind| faults.count(kind));
        assert_eq!(logged, [true, true, false, false]);
        assert_eq!((faults.take(), faults.take()), (4, 0));
        assert!(!faults.count("a turn"));
        assert_eq!(faults.take(), 1);
    }
}
