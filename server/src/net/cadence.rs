//! When it pays to send.
//!
//! A send costs about the same whatever it carries, so the fewer the better; but a player wants to see a step at once.
//! The cadence settles that by a share: sending may take a small part of the loop's time. While little is to be sent
//! that is always so, and everything is sent at the end of the turn in which it was written. With more to send, a flush
//! that took long is not repeated before its time is made up for, and what is written meanwhile goes out together. The
//! wait grows with the load by itself and has an upper bound.

use std::time::Duration;

use crate::game::Millis;

/// A flush is followed by at least this many times as long without one: sending takes at most a twentieth of the time.
const REST_FOR_FLUSH: u32 = 20;
/// But the next one is never later than this. A client looks at its socket once a frame, every 16 ms.
const LONGEST_WAIT_MS: Millis = 25;

/// See the module.
#[derive(Debug, Default)]
pub struct Cadence {
    not_before: Millis,
}

impl Cadence {
    /// When what waits is to be sent: `now`, or a little later.
    #[must_use]
    pub fn next_flush(&self, now: Millis) -> Millis {
        self.not_before.max(now)
    }

    /// Everything that waited was sent, at `now`, which took that long. How long what is written next may wait.
    pub fn flushed(&mut self, now: Millis, took: Duration) -> Millis {
        let rest = Millis::try_from((took * REST_FOR_FLUSH).as_millis()).unwrap_or(Millis::MAX);
        let wait = rest.min(LONGEST_WAIT_MS);
        self.not_before = now + wait;
        wait
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
        assert_eq!(after_a_flush_of(300), 6);
        assert_eq!(after_a_flush_of(600), 12);
        assert_eq!(after_a_flush_of(50_000), LONGEST_WAIT_MS);
    }
}
