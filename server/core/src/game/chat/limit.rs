//! Limit of the lines of one player: talk, yells and whispers together.
//!
//! Everybody in sight reads every line, so one player could fill the screens of all. A few lines may come at once, then
//! they come at a pace. Lines beyond that are dropped, and the player is told so once until they have been quiet for a
//! while.

use crate::base::Millis;
use crate::base::token_bucket::TokenBucket;

/// Lines that may come at once are those of so many seconds.
const BURST_SECONDS: u32 = 5;

/// Fate of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spoken {
    /// It is said.
    Said,
    /// It is dropped, the first one since the player was quiet: the player is told.
    DroppedFirst,
    /// It is dropped like the one before.
    DroppedAgain,
}

/// The chat limit of one player.
#[derive(Debug, Clone, Copy)]
pub struct ChatLimit {
    /// `None`: no limit.
    lines: Option<TokenBucket>,
    is_told: bool,
}

impl ChatLimit {
    /// Allows `per_second` lines, and five times as many at once; 0 = no limit.
    #[must_use]
    pub fn new(per_second: u32, now: Millis) -> Self {
        let burst = per_second.saturating_mul(BURST_SECONDS);
        let lines = (per_second > 0).then(|| TokenBucket::per_second(per_second, burst, now));
        Self { lines, is_told: false }
    }

    /// Counts a line that the player says at `now`, and returns its fate.
    pub fn speak(&mut self, now: Millis) -> Spoken {
        let Some(lines) = &mut self.lines else { return Spoken::Said };
        if lines.is_full(now) {
            self.is_told = false;
        }
        if lines.take(now) {
            Spoken::Said
        } else if std::mem::replace(&mut self.is_told, true) {
            Spoken::DroppedAgain
        } else {
            Spoken::DroppedFirst
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(limit: &mut ChatLimit, lines: usize, now: Millis) -> usize {
        (0..lines).filter(|_| limit.speak(now) == Spoken::Said).count()
    }

    #[test]
    fn five_lines_pass_at_once_and_then_one_a_second() {
        let mut limit = ChatLimit::new(1, 0);
        assert_eq!(said(&mut limit, 20, 0), 5);
        assert_eq!(said(&mut limit, 20, 999), 0);
        assert_eq!(said(&mut limit, 20, 1_000), 1);
        assert_eq!(said(&mut limit, 20, 60_000), 5);
    }

    #[test]
    fn a_line_a_second_passes_for_ever() {
        let mut limit = ChatLimit::new(1, 0);
        assert!((1..10_000).all(|second| limit.speak(second * 1_000) == Spoken::Said));
    }

    #[test]
    fn who_goes_on_is_told_once_and_again_only_after_a_pause() {
        let mut limit = ChatLimit::new(1, 0);
        let told = |limit: &mut ChatLimit, from: Millis, to: Millis| {
            (from..to).step_by(100).filter(|now| limit.speak(*now) == Spoken::DroppedFirst).count()
        };
        assert_eq!(told(&mut limit, 0, 60_000), 1);
        assert_eq!(told(&mut limit, 65_000, 120_000), 1);
    }

    #[test]
    fn zero_is_no_limit() {
        assert_eq!(said(&mut ChatLimit::new(0, 0), 10_000, 0), 10_000);
    }
}
