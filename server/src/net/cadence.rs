//! Decides when sending pays.
//!
//! A send costs about the same however much it carries, so fewer sends cost less; but a player wants to see a step at
//! once. Two bounds settle that, and whichever is reached first counts. Sending takes at most a quarter of the loop's
//! time, as measured: below that there is nothing to save. And the server makes at most 20,000 sends a second one by
//! one, however fast the machine is, because at that rate many packets for the same client come within one frame of its
//! screen. Below both bounds everything is sent at the end of the turn in which it was written. Above them each flush
//! is followed by a rest, and what is written meanwhile goes out together. The rest grows smoothly with the load, up to
//! an upper bound.

use std::time::Duration;

use crate::ops::overload::OverloadLevel;
use pyao_core::game::Millis;

/// Rest that each send costs, in microseconds: at most 20,000 sends a second.
const REST_FOR_SEND: u64 = 50;
/// Rest that the time of a flush costs, as a multiple: sending takes at most a quarter of the time.
const REST_FOR_TIME: u64 = 3;
/// Rest that may be owed before a flush waits for it, in microseconds: a few steps at the same moment are no load.
const TOLERANCE: u64 = 2_000;

/// The time of the next flush. See the module.
#[derive(Debug)]
pub struct Cadence {
    longest_ms: Millis,
    /// Time at which no rest is owed any more, in microseconds.
    rested_at: u64,
}

impl Default for Cadence {
    fn default() -> Self {
        Self { longest_ms: OverloadLevel::Calm.longest_wait_ms(), rested_at: 0 }
    }
}

impl Cadence {
    /// Bounds the rest after a flush by `longest_ms` from now on.
    pub fn set_longest_wait(&mut self, longest_ms: Millis) {
        self.longest_ms = longest_ms;
    }

    /// Returns the time at which waiting packets are sent: `now`, or a little later.
    #[must_use]
    pub fn next_flush(&self, now: Millis) -> Millis {
        now.max(self.rested_at.saturating_sub(TOLERANCE) / 1000)
    }

    /// Takes note of a flush at `now` that made `sends` sends and took `took`.
    pub fn flushed(&mut self, now: Millis, sends: u64, took: Duration) {
        let now = now.saturating_mul(1000);
        let took = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let rest = sends.saturating_mul(REST_FOR_SEND).max(took.saturating_mul(REST_FOR_TIME));
        let latest = now.saturating_add(self.longest_ms * 1000 + TOLERANCE);
        self.rested_at = self.rested_at.max(now).saturating_add(rest).min(latest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONGEST: Millis = 25;

    /// Returns the time until the next flush after one of so many sends and microseconds, on a rested server.
    fn rest(sends: u64, microseconds: u64) -> Millis {
        let mut cadence = Cadence::default();
        cadence.flushed(1000, sends, Duration::from_micros(microseconds));
        cadence.next_flush(1000) - 1000
    }

    /// Returns the mean rest in a minute in which the server writes `written` packets a millisecond, to random ones of
    /// `clients` clients, on a machine where a send takes `send` microseconds.
    fn mean_rest(clients: f64, written: f64, send: f64) -> f64 {
        let mut cadence = Cadence::default();
        let (mut now, mut last, mut rests, mut flushes) = (0, 0, 0, 0);
        while now < 60_000 {
            let waited = (now - last) as f64;
            // The clients with at least one packet waiting.
            let sends = clients * (1.0 - (-written * waited / clients).exp());
            cadence.flushed(now, sends as u64, Duration::from_micros((sends * send) as u64));
            last = now;
            now = cadence.next_flush(now + 1);
            rests += now - last - 1;
            flushes += 1;
        }
        rests as f64 / f64::from(flushes)
    }

    #[test]
    fn little_is_sent_at_once() {
        assert_eq!(Cadence::default().next_flush(7), 7);
        assert_eq!((rest(18, 36), rest(18, 180), rest(50, 300)), (0, 0, 0));
    }

    #[test]
    fn many_sends_rest_the_same_on_every_machine_that_has_time_for_them() {
        assert_eq!((rest(200, 300), rest(200, 1_200), rest(200, 3_300)), (8, 8, 8));
    }

    #[test]
    fn slow_sends_take_at_most_a_quarter_of_the_time() {
        assert_eq!(rest(100, 4_000), 10);
    }

    #[test]
    fn the_rest_has_an_upper_bound() {
        assert_eq!(rest(5_000, 9_000), LONGEST);
        assert_eq!(rest(1, 60_000_000), LONGEST);
        assert_eq!(rest(u64::MAX, u64::MAX), LONGEST);
    }

    #[test]
    fn flushes_at_the_same_moment_owe_their_rest_together() {
        let mut cadence = Cadence::default();
        for _ in 0..5 {
            cadence.flushed(1000, 18, Duration::ZERO);
        }
        assert_eq!(cadence.next_flush(1000), 1002);
    }

    #[test]
    fn two_hundred_walkers_are_shown_steps_at_once_on_fast_and_slow_machines() {
        for send in [2.0, 9.0] {
            assert!(mean_rest(200.0, 14.1, send) < 0.1, "{send} us a send");
        }
    }

    #[test]
    fn the_rest_grows_smoothly_with_the_load() {
        let rests: Vec<f64> = (1..=100).map(|load| mean_rest(500.0, f64::from(load) * 2.0, 2.0)).collect();
        assert!(rests.is_sorted_by(|a, b| a <= &(b + 0.1)), "{rests:?}");
        assert!(rests.windows(2).all(|pair| pair[1] - pair[0] < 6.0), "{rests:?}");
        assert!(rests[8] < 0.1 && rests[99] > 17.0, "{rests:?}");
    }

    #[test]
    fn an_overloaded_server_may_wait_longer() {
        let mut cadence = Cadence::default();
        cadence.set_longest_wait(100);
        cadence.flushed(1000, 5_000, Duration::from_millis(50));
        assert_eq!(cadence.next_flush(1010), 1100);
        assert_eq!(cadence.next_flush(1200), 1200);
    }
}
