//! Stands in for the password threads: real hashing is work that a simulation of the game need not do.

use pyao_core::base::random::Random;
use pyao_core::passwords::{Job, Reply};
use pyao_core::testing::answer_password;
use std::collections::VecDeque;

/// Jobs, each with the time at which it is done.
#[derive(Default)]
pub struct Passwords {
    jobs: VecDeque<(u64, Job)>,
}

impl Passwords {
    /// Takes a job; they are done in order.
    pub fn ask(&mut self, now: u64, job: Job, random: &mut Random) {
        let pause = if random.between(0, 1) == 0 { 0 } else { random.between(1, 80) };
        let earliest = self.jobs.back().map_or(now, |(due, _)| *due).max(now);
        self.jobs.push_back((earliest + u64::from(pause), job));
    }

    /// Returns the time at which the next job is done.
    #[must_use]
    pub fn next_due(&self) -> Option<u64> {
        self.jobs.front().map(|(due, _)| *due)
    }

    /// Returns the next answer that is due. Some right passwords are reported as hashed at an old cost.
    pub fn reply(&mut self, now: u64, random: &mut Random) -> Option<Reply> {
        if self.next_due()? > now {
            return None;
        }
        let (_, job) = self.jobs.pop_front()?;
        let mut reply = answer_password(job);
        if let Reply::Verified { matches: true, rehash, .. } = &mut reply {
            *rehash = random.between(0, 9) == 0;
        }
        Some(reply)
    }
}
