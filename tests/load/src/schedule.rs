//! Times of each client's steps.

use std::time::{Duration, Instant};

/// Steps of a number of clients, each at the same pace, spread evenly over it: the server never gets them all at once.
#[derive(Debug)]
pub struct Schedule {
    start: Instant,
    pace: Duration,
    clients: u32,
    taken: u32,
    round: u32,
}

impl Schedule {
    /// Creates a schedule for `clients` that step once every `pace` each, from `start` on.
    #[must_use]
    pub fn new(start: Instant, pace: Duration, clients: usize) -> Self {
        Self { start, pace, clients: u32::try_from(clients).unwrap_or(u32::MAX).max(1), taken: 0, round: 0 }
    }

    /// Returns the time of the next step.
    #[must_use]
    pub fn next_at(&self) -> Instant {
        self.start + self.pace * self.round + self.pace * self.taken / self.clients
    }

    /// Returns the client whose step is due at `now`, if there is one; it counts as taken.
    pub fn due(&mut self, now: Instant) -> Option<usize> {
        if self.next_at() > now {
            return None;
        }
        let client = self.taken as usize;
        self.taken += 1;
        if self.taken == self.clients {
            self.taken = 0;
            self.round += 1;
        }
        Some(client)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_steps_in_turn_at_the_pace() {
        let start = Instant::now();
        let mut schedule = Schedule::new(start, Duration::from_millis(250), 5);
        let mut steps = Vec::new();
        for tick in 0..500 {
            while let Some(client) = schedule.due(start + Duration::from_millis(tick)) {
                steps.push((tick, client));
            }
        }
        let expected =
            [(0, 0), (50, 1), (100, 2), (150, 3), (200, 4), (250, 0), (300, 1), (350, 2), (400, 3), (450, 4)];
        assert_eq!(steps, expected);
    }
}
