//! When it pays to send.
//!
//! A send costs about the same whatever it carries, so the fewer the better; but a player wants to see a step at once.
//! The cadence settles that by a share: sending may take a small part of the loop's time. While little is to be sent
//! that is always so, and everything is sent at the end of the turn in which it was written. With more to send, a flush
//! that took long is not repeated before its time is made up for, and what is written meanwhile goes out together. The
//! wait grows with the load by itself and has an upper bound.

use std::time::Duration;

use crate::game::Millis;
use crate::ops::overload::Step;

/// A flush is followed by at least this many times as long without one: sending takes at most a twentieth of the time.
const REST_FOR_FLUSH: u32 = 20;
/// What a flush takes longer than this is made up for twice: with so many clients, sending together saves the most.
const LONG_FLUSH: Duration = Duration::from_micros(250);

/// See the module.
#[derive(Debug)]
pub struct Cadence {
    longest_ms: Millis,
    not_before: Millis,
}

impl Default for Cadence {
    fn default() -> Self {
        Self { longest_ms: Step::Calm.longest_wait_ms(), not_before: 0 }
    }
}

impl Cadence {
    /// From now on a flush is never further than `longest_ms` from the one before.
    pub fn set_longest_wait(&mut self, longest_ms: Millis) {
        self.longest_ms = longest_ms;
    }

    /// When what waits is to be sent: `now`, or a little later.
    #[must_use]
    pub fn next_flush(&self, now: Millis) -> Millis {
        self.not_before.max(now)
    }

    /// Everything that waited was sent, at `now`, which took that long.
    pub fn flushed(&mut self, now: Millis, took: Duration) {
        let rest = took * REST_FOR_FLUSH + took.saturating_sub(LONG_FLUSH) * REST_FOR_FLUSH;
        let rest = Millis::try_from(rest.as_millis()).unwrap_or(Millis::MAX);
        self.not_before = now + rest.min(self.longest_ms);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after_a_flush_of(microseconds: u64) -> Millis {
        let mut cadence = Cadence::default();
        cadence.flushed(1000, Duration::from_micros(microseconds));
        cadence.next_flush(1000) - 1000
    }

    #[test]
    fn little_is_sent_at_once() {
        assert_eq!(Cadence::default().next_flush(7), 7);
        assert_eq!(after_a_flush_of(45), 0);
    }

    #[test]
    fn the_longer_a_flush_took_the_longer_is_the_wait_up_to_a_bound() {
        assert_eq!(after_a_flush_of(200), 4);
        assert_eq!(after_a_flush_of(250), 5);
        assert_eq!(after_a_flush_of(350), 9);
        assert_eq!(after_a_flush_of(50_000), Step::Calm.longest_wait_ms());
    }

    #[test]
    fn an_overloaded_server_may_wait_longer() {
        let mut cadence = Cadence::default();
        cadence.set_longest_wait(100);
        cadence.flushed(1000, Duration::from_millis(50));
        assert_eq!(cadence.next_flush(1010), 1100);
        assert_eq!(cadence.next_flush(1200), 1200);
    }
}
