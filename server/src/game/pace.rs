//! The speed check: how fast a player may step.
//!
//! The client takes 266.7 ms a step, and networks bunch packets. Four steps may come at once, then one every 230 ms
//! (ours; AO 0.13 disconnects for 30 steps in 5.8 s, too late for those who watch). A step beyond that is refused.
//!
//! A step can also be *stale*: the client predicts, so what it sent before it heard of a refusal or of a new map was
//! meant from another tile. A step that arrives within one round trip after a correction (and the time that the server
//! may hold it back, to send it together with more) was sent before the client could know of it, and is refused too:
//! otherwise client and server would stay one tile apart.

use super::Millis;
use crate::world::token_bucket::TokenBucket;

/// Steps that may come at once.
const BURST: u32 = 4;
/// Milliseconds that give one step back.
const STEP_MS: Millis = 230;

/// The speed check of one player.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    steps: TokenBucket,
    /// Steps that arrive before this are stale.
    stale_until: Millis,
}

impl Pace {
    /// Somebody who has stood still so far.
    #[must_use]
    pub fn new(now: Millis) -> Self {
        Self { steps: TokenBucket::every(STEP_MS, BURST, now), stale_until: 0 }
    }

    /// Whether a step that arrives at `now` may be taken.
    pub fn allows(&mut self, now: Millis) -> bool {
        now >= self.stale_until && self.steps.take(now)
    }

    /// The client was just told where it stands; what it says within `until_heard` it said before it heard that.
    pub fn corrected(&mut self, now: Millis, until_heard: Millis) {
        self.stale_until = now + until_heard;
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

    #[test]
    fn steps_sent_before_a_correction_could_be_read_are_stale() {
        let mut pace = Pace::new(0);
        pace.corrected(1_000, 80);
        assert!(!pace.allows(1_000));
        assert!(!pace.allows(1_079));
        assert!(pace.allows(1_080));
    }
}
