//! The time of a turn by part, and a log line about a turn that took too long.

use std::fmt;
use std::time::{Duration, Instant};

use pyao_core::game::Millis;

/// Time from which a turn is slow: players notice.
const SLOW: Duration = Duration::from_millis(100);
/// Slow turns are logged once in this time, in milliseconds, and counted always.
const LOG_EVERY_MS: Millis = 10_000;

/// A part of a turn of the loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// Sorting what the poll tells, and answering on the ops port.
    Events,
    /// Reading, decoding and serving packets.
    Packets,
    /// Answers of the store and the password threads.
    Answers,
    /// Timers of the game.
    Timers,
    /// Accepting connections.
    Accepts,
    /// Sending.
    Flush,
    /// Everything else.
    Rest,
}

impl Part {
    const ALL: [(Self, &'static str); 7] = [
        (Self::Events, "events"),
        (Self::Packets, "packets"),
        (Self::Answers, "answers"),
        (Self::Timers, "timers"),
        (Self::Accepts, "accepts"),
        (Self::Flush, "flush"),
        (Self::Rest, "rest"),
    ];
}

/// The parts of one turn.
#[derive(Debug)]
pub(super) struct Timings {
    last: Instant,
    took: [Duration; Part::ALL.len()],
}

impl Timings {
    /// Begins a turn.
    pub(super) fn start() -> Self {
        Self { last: Instant::now(), took: [Duration::ZERO; Part::ALL.len()] }
    }

    /// Ends `part` now and returns the time that it took.
    pub(super) fn end(&mut self, part: Part) -> Duration {
        let now = Instant::now();
        let took = now - self.last;
        self.took[part as usize] += took;
        self.last = now;
        took
    }

    /// Returns the time of the whole turn.
    pub(super) fn total(&self) -> Duration {
        self.took.iter().sum()
    }
}

impl fmt::Display for Timings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ms", self.total().as_millis())?;
        for (part, name) in Part::ALL {
            write!(formatter, " {name}={}", self.took[part as usize].as_millis())?;
        }
        Ok(())
    }
}

/// Notices slow turns.
#[derive(Debug, Default)]
pub(super) struct SlowTurns {
    logged: Option<Millis>,
    unlogged: u64,
}

impl SlowTurns {
    /// Takes note of the end of a turn; true if it was slow.
    pub(super) fn ended(&mut self, now: Millis, timings: &Timings) -> bool {
        if timings.total() < SLOW {
            return false;
        }
        if self.logged.is_some_and(|last| now < last + LOG_EVERY_MS) {
            self.unlogged += 1;
        } else {
            log::warn!("a slow turn of the loop: {timings}; {} more since the last such line", self.unlogged);
            (self.logged, self.unlogged) = (Some(now), 0);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timings(milliseconds: u64) -> Timings {
        let mut timings = Timings::start();
        timings.took[Part::Flush as usize] = Duration::from_millis(milliseconds);
        timings
    }

    #[test]
    fn each_part_has_its_own_time() {
        for (index, (part, _)) in Part::ALL.into_iter().enumerate() {
            assert_eq!(part as usize, index);
        }
        assert_eq!(
            timings(150).to_string(),
            "150 ms events=0 packets=0 answers=0 timers=0 accepts=0 flush=150 rest=0"
        );
    }

    #[test]
    fn slow_turns_are_all_noticed_and_logged_once_in_a_while() {
        let mut slow = SlowTurns::default();
        assert!(!slow.ended(0, &timings(99)));
        assert!(slow.ended(1_000, &timings(100)) && slow.ended(2_000, &timings(100)));
        assert_eq!((slow.logged, slow.unlogged), (Some(1_000), 1));
        assert!(slow.ended(11_000, &timings(100)));
        assert_eq!((slow.logged, slow.unlogged), (Some(11_000), 0));
    }
}
