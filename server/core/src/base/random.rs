//! The world's random numbers: one seeded generator, so that the same seed and inputs replay.

use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg64Mcg;
#[cfg(any(test, feature = "testing"))]
use std::collections::VecDeque;

/// A seeded generator with the dice of the rules.
#[derive(Debug, Clone)]
pub struct Random {
    generator: Pcg64Mcg,
    /// Rolls to give in place of drawn ones, in turn; `None` in play.
    #[cfg(any(test, feature = "testing"))]
    script: Option<VecDeque<u32>>,
}

impl Random {
    /// Creates the generator of `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            generator: Pcg64Mcg::seed_from_u64(seed),
            #[cfg(any(test, feature = "testing"))]
            script: None,
        }
    }

    /// Creates a generator that gives these rolls, in turn, for tests of rules.
    ///
    /// A roll outside the asked range, and one beyond the last of the script, panics.
    #[cfg(any(test, feature = "testing"))]
    #[must_use]
    pub fn scripted(rolls: &[u32]) -> Self {
        Self { script: Some(rolls.iter().copied().collect()), ..Self::new(0) }
    }

    /// Returns the number of scripted rolls that nobody asked for yet; 0 without a script.
    #[cfg(any(test, feature = "testing"))]
    #[must_use]
    pub fn rolls_left(&self) -> usize {
        self.script.as_ref().map_or(0, VecDeque::len)
    }

    /// Returns a whole number from `low` to `high`, both included, each as likely (the rules' `rand(a,b)`).
    /// The answer is `low` if `high` is below it.
    pub fn between(&mut self, low: u32, high: u32) -> u32 {
        #[cfg(any(test, feature = "testing"))]
        if let Some(script) = &mut self.script {
            return next_of_script(script, low, high);
        }
        let span = u64::from(high.saturating_sub(low)) + 1;
        let scaled = (u64::from(self.generator.next_u32()) * span) >> 32;
        // `scaled` is below `span`, which is at most 2^32.
        low + u32::try_from(scaled).unwrap_or(0)
    }
}

#[cfg(any(test, feature = "testing"))]
fn next_of_script(script: &mut VecDeque<u32>, low: u32, high: u32) -> u32 {
    let Some(roll) = script.pop_front() else { panic!("the script has no roll from {low} to {high}") };
    assert!(
        (low..=high.max(low)).contains(&roll),
        "the script rolls {roll}, which is not from {low} to {high}"
    );
    roll
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
        assert_eq!(Random::scripted(&[2]).between(2, 1), 2);
    }

    #[test]
    fn a_script_gives_its_rolls_in_turn() {
        let mut random = Random::scripted(&[3, 100, 1]);
        assert_eq!((random.between(1, 6), random.between(1, 100), random.rolls_left()), (3, 100, 1));
        assert_eq!((random.between(0, 1), random.rolls_left()), (1, 0));
    }

    #[test]
    #[should_panic(expected = "the script rolls 7, which is not from 1 to 6")]
    fn a_script_does_not_roll_what_the_dice_lack() {
        Random::scripted(&[7]).between(1, 6);
    }
}
