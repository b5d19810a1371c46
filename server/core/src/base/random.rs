//! The world's random numbers: one seeded generator, so that the same seed and inputs replay.

use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg64Mcg;

/// A seeded generator with the dice of the rules.
#[derive(Debug, Clone)]
pub struct Random(Pcg64Mcg);

impl Random {
    /// Creates the generator of `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(Pcg64Mcg::seed_from_u64(seed))
    }

    /// Returns a whole number from `low` to `high`, both included, each as likely (the rules' `rand(a,b)`).
    /// The answer is `low` if `high` is below it.
    pub fn between(&mut self, low: u32, high: u32) -> u32 {
        let span = u64::from(high.saturating_sub(low)) + 1;
        let scaled = (u64::from(self.0.next_u32()) * span) >> 32;
        // `scaled` is below `span`, which is at most 2^32.
        low + u32::try_from(scaled).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_come_up_and_nothing_outside_them() {
        let mut random = Random::new(7);
        let rolls: Vec<u32> = (0..1_000).map(|_| random.between(3, 6)).collect();
        assert!(rolls.iter().all(|roll| (3..=6).contains(roll)));
        for face in 3..=6 {
            assert!(rolls.contains(&face), "{face} never came up");
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_rolls() {
        let rolls = |seed| {
            let mut random = Random::new(seed);
            (0..50).map(|_| random.between(1, 1_000_000)).collect::<Vec<_>>()
        };
        assert_eq!(rolls(42), rolls(42));
        assert_ne!(rolls(42), rolls(43));
    }

    #[test]
    fn an_empty_range_gives_its_lower_end() {
        assert_eq!(Random::new(1).between(2, 1), 2);
        assert_eq!(Random::new(1).between(5, 5), 5);
    }
}
