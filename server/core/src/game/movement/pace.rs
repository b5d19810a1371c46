//! The speed check: how fast a player may step.
//!
//! The client takes 266.7 ms a step, and networks bunch packets. Four steps may come at once, then one every 230 ms
//! (ours; AO 0.13 disconnects for 30 steps in 5.8 s, too late for those who watch). A step beyond that is refused.
//!
//! From far away more may come at once: a lost segment is sent again after a round trip and 200 ms, early in a
//! connection after three round trips, and what the client's system kept back meanwhile comes with it.

use crate::base::Millis;
use crate::base::token_bucket::TokenBucket;

/// Steps that may come at once.
const BURST: u64 = 4;
/// Steps that may come at once from wherever.
const BURST_MAX: u64 = 10;
/// Round trips until everything has come that a lost segment kept back.
const LOSS_ROUND_TRIPS: u64 = 5;
/// Milliseconds that give one step back.
const STEP_MS: Millis = 230;

/// The speed check of one player.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    steps: TokenBucket,
}

impl Pace {
    /// Returns the pace of a player who has stood still so far.
    #[must_use]
    pub fn new(now: Millis) -> Self {
        Self { steps: TokenBucket::every(STEP_MS, burst(0), now) }
    }

    /// Counts a step and returns true if it may be taken that arrives at `now` may be taken, from a client so many milliseconds away, there and back.
    pub fn allows(&mut self, now: Millis, round_trip: Millis) -> bool {
        self.steps.resize(burst(round_trip));
        self.steps.take(now)
    }
}

/// Steps that may come at once.
fn burst(round_trip: Millis) -> u32 {
    let steps = 1 + round_trip.min(BURST_MAX * STEP_MS) * LOSS_ROUND_TRIPS / STEP_MS;
    u32::try_from(steps.clamp(BURST, BURST_MAX)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clients_own_pace_passes_for_hours() {
        let mut pace = Pace::new(0);
        assert!((1..50_000_u64).all(|step| pace.allows(step * 2_667 / 10, 0)));
    }

    #[test]
    fn twice_that_pace_is_cut_to_what_is_allowed() {
        let mut pace = Pace::new(0);
        let allowed = (1..=1_000_u64).filter(|step| pace.allows(step * 133, 0)).count();
        assert!((575..=585).contains(&allowed), "{allowed} steps in 133 s");
    }

    /// Steps that are taken of many that come at once.
    fn steps_at_once(round_trip: Millis) -> usize {
        let mut pace = Pace::new(0);
        (1..=10_u64).for_each(|step| assert!(pace.allows(step * 267, round_trip)));
        (0..20).filter(|_| pace.allows(10_000, round_trip)).count()
    }

    #[test]
    fn as_many_steps_as_a_lost_segment_keeps_back_may_come_at_once() {
        assert_eq!([0, 50, 150, 300, 400, 2_000].map(steps_at_once), [4, 4, 4, 7, 9, 10]);
    }
}
