//! The speed check: how fast a player may step.
//!
//! The client takes 266.7 ms a step, and networks bunch packets. Four steps may come at once, then one every 230 ms
//! (ours; AO 0.13 disconnects for 30 steps in 5.8 s, too late for those who watch). A step beyond that is refused.

use crate::base::Millis;
use crate::base::token_bucket::TokenBucket;

/// Steps that may come at once.
const BURST: u32 = 4;
/// Milliseconds that give one step back.
const STEP_MS: Millis = 230;

/// The speed check of one player.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    steps: TokenBucket,
}

impl Pace {
    /// Somebody who has stood still so far.
    #[must_use]
    pub fn new(now: Millis) -> Self {
        Self { steps: TokenBucket::every(STEP_MS, BURST, now) }
    }

    /// Whether a step that arrives at `now` may be taken.
    pub fn allows(&mut self, now: Millis) -> bool {
        self.steps.take(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clients_own_pace_passes_for_hours() {
        let mut pace = Pace::new(0);
        assert!((1..50_000_u64).all(|step| pace.allows(step * 2_667 / 10)));
    }

    #[test]
    fn twice_that_pace_is_cut_to_what_is_allowed() {
        let mut pace = Pace::new(0);
        let allowed = (1..=1_000_u64).filter(|step| pace.allows(step * 133)).count();
        assert!((575..=585).contains(&allowed), "{allowed} steps in 133 s");
    }
}
