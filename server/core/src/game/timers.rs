//! Deadlines: what the game has to do later, nearest first.
//!
//! Nothing is scanned by the tick: a system that needs to act later sets a timer. Timers are not cancelled; when one
//! fires its handler looks whether there is still something to do.

use crate::base::Millis;
use crate::base::ids::ConnectionId;
use crate::base::ids::PlayerKey;
use crate::records::Ticket;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Work that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// Look whether the connection has said something.
    Handshake(ConnectionId),
    /// Look whether the connection has been silent for too long.
    Idle(ConnectionId),
    /// The roll of the dice that waits is to be shown.
    Roll(ConnectionId),
    /// The creation that came too soon after a roll is to be carried out.
    Creation(ConnectionId),
    /// The player's countdown for leaving is over.
    Leave(PlayerKey),
    /// The character of a lost socket has stood long enough.
    Absent(PlayerKey),
    /// Send the player's client its position, once the player is silent.
    Reconcile(PlayerKey),
    /// Write what changed.
    Save,
    /// Write the sessions of everybody who is connected.
    RefreshSessions,
    /// The password of that attempt may be checked now.
    PasswordDelay(Ticket),
    /// Tell how many log lines were left out.
    LogSummaries,
}

/// Timers in order of their deadline; equal deadlines in the order they were set.
#[derive(Debug, Default)]
pub struct Timers {
    heap: BinaryHeap<Reverse<(Millis, u64, Timer)>>,
    sequence: u64,
}

impl Timers {
    /// Fires `timer` at `deadline`.
    pub fn set(&mut self, deadline: Millis, timer: Timer) {
        self.sequence += 1;
        self.heap.push(Reverse((deadline, self.sequence, timer)));
    }

    /// Returns the nearest deadline.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Millis> {
        self.heap.peek().map(|Reverse((deadline, _, _))| *deadline)
    }

    /// Returns the next timer that is due at `now`.
    pub fn pop_due(&mut self, now: Millis) -> Option<Timer> {
        if self.next_deadline()? > now {
            return None;
        }
        self.heap.pop().map(|Reverse((_, _, timer))| timer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timers_fire_in_order_and_not_early() {
        let connection = |slot| ConnectionId { slot, generation: 0 };
        let mut timers = Timers::default();
        timers.set(50, Timer::Save);
        timers.set(10, Timer::Idle(connection(2)));
        timers.set(10, Timer::Idle(connection(1)));
        assert_eq!(timers.next_deadline(), Some(10));
        assert_eq!(timers.pop_due(9), None);
        assert_eq!(timers.pop_due(60), Some(Timer::Idle(connection(2))));
        assert_eq!(timers.pop_due(60), Some(Timer::Idle(connection(1))));
        assert_eq!(timers.pop_due(60), Some(Timer::Save));
        assert_eq!(timers.pop_due(60), None);
        assert_eq!(timers.next_deadline(), None);
    }
}
