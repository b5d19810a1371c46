//! The password hashes that wait for a thread.
//!
//! A hash takes tens of milliseconds, so a flood of logins would make an honest one wait for minutes. Three rules keep
//! that away: addresses are served in turn, whatever each of them has waiting; a job is dropped when its connection has
//! gone; and when more than [`WORK_MAX`] of measured work waits, the newest job of the address that has most waiting is
//! given up, so that its player is told at once.

use crate::base::address::counted_as;
use crate::base::ids::ConnectionId;
use crate::passwords::Job;
use crate::records::Ticket;
use core::net::IpAddr;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// Most work that may wait, by the measured cost of one hash.
pub const WORK_MAX: Duration = Duration::from_secs(5);
/// Cost of one hash before the first was measured.
const COST_GUESSED: Duration = Duration::from_millis(50);
/// Jobs handed out for each thread: the one it works on, and the next.
const ASKED_PER_THREAD: usize = 2;

/// A job and what it is for.
pub struct Waiting {
    /// The job's own.
    pub ticket: Ticket,
    /// The connection without which it is pointless; `None` when it has to be done anyway.
    pub connection: Option<ConnectionId>,
    /// Address of the client.
    pub address: IpAddr,
    /// Work of the thread.
    pub job: Job,
}

/// See the module.
pub struct PasswordQueue {
    /// By [`counted_as`]; none is empty.
    by_address: BTreeMap<IpAddr, VecDeque<Waiting>>,
    /// The addresses with something waiting; the first one is served next.
    turns: VecDeque<IpAddr>,
    /// Jobs in all of `by_address`.
    waiting: usize,
    /// Jobs that may not join their queue yet.
    delayed: BTreeMap<Ticket, Waiting>,
    /// Jobs handed out and not answered.
    asked: usize,
    threads: usize,
    cost: Duration,
}

impl std::fmt::Debug for PasswordQueue {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "PasswordQueue({} waiting, {} delayed)", self.waiting, self.delayed.len())
    }
}

impl PasswordQueue {
    /// Creates an empty queue for that many threads.
    #[must_use]
    pub fn new(threads: usize) -> Self {
        Self {
            by_address: BTreeMap::new(),
            turns: VecDeque::new(),
            waiting: 0,
            delayed: BTreeMap::new(),
            asked: 0,
            threads: threads.max(1),
            cost: COST_GUESSED,
        }
    }

    /// Takes note of what one hash costs a thread.
    pub fn measured(&mut self, cost: Duration) {
        self.cost = cost;
    }

    /// Returns the number of jobs that wait, delayed ones included.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting + self.delayed.len()
    }

    /// Returns true when another job of `address` would be given up at once.
    #[must_use]
    pub fn is_full_for(&self, address: IpAddr) -> bool {
        let own = self.by_address.get(&counted_as(address)).map_or(0, VecDeque::len);
        self.is_over(self.waiting + 1) && self.longest().is_none_or(|(_, longest)| own + 1 >= longest)
    }

    fn is_over(&self, jobs: usize) -> bool {
        let threads = u32::try_from(self.threads).unwrap_or(u32::MAX);
        self.cost.saturating_mul(u32::try_from(jobs).unwrap_or(u32::MAX)) / threads > WORK_MAX
    }

    /// Returns the address with most waiting, and how many those are.
    fn longest(&self) -> Option<(IpAddr, usize)> {
        let lengths = self.by_address.iter().map(|(address, jobs)| (*address, jobs.len()));
        lengths.max_by_key(|(_, length)| *length)
    }

    /// Adds a job at the end of its address' queue. Returns the ticket of the job that was given up for it, which may
    /// be its own.
    #[must_use = "somebody waits for the job that was given up"]
    pub fn add(&mut self, waiting: Waiting) -> Option<Ticket> {
        let address = counted_as(waiting.address);
        let own = self.queue_of(address);
        own.push_back(waiting);
        let own = own.len();
        self.waiting += 1;
        if !self.is_over(self.waiting) {
            return None;
        }
        let (longest, length) = self.longest()?;
        let loser = if own == length { address } else { longest };
        let given_up = self.by_address.get_mut(&loser)?.pop_back()?;
        self.removed(loser, 1);
        Some(given_up.ticket)
    }

    /// Adds the second job of an attempt whose first was done: it is next of its address, and nothing is given up for
    /// it.
    pub fn add_next(&mut self, waiting: Waiting) {
        self.queue_of(counted_as(waiting.address)).push_front(waiting);
        self.waiting += 1;
    }

    /// Keeps a job back until [`Self::take_delayed`].
    pub fn delay(&mut self, waiting: Waiting) {
        self.delayed.insert(waiting.ticket, waiting);
    }

    /// Takes out a delayed job.
    pub fn take_delayed(&mut self, ticket: Ticket) -> Option<Waiting> {
        self.delayed.remove(&ticket)
    }

    fn queue_of(&mut self, address: IpAddr) -> &mut VecDeque<Waiting> {
        let turns = &mut self.turns;
        self.by_address.entry(address).or_insert_with(|| {
            turns.push_back(address);
            VecDeque::new()
        })
    }

    /// Counts jobs of `address` that were taken out.
    fn removed(&mut self, address: IpAddr, count: usize) {
        self.waiting -= count;
        if self.by_address.get(&address).is_some_and(VecDeque::is_empty) {
            self.by_address.remove(&address);
            self.turns.retain(|turn| *turn != address);
        }
    }

    /// Returns the next job to hand out, while the threads have not enough to do.
    pub fn take_next(&mut self) -> Option<Job> {
        if self.asked >= self.threads * ASKED_PER_THREAD {
            return None;
        }
        let address = self.turns.pop_front()?;
        let waiting = self.by_address.get_mut(&address)?.pop_front()?;
        self.turns.push_back(address);
        self.removed(address, 1);
        self.asked += 1;
        Some(waiting.job)
    }

    /// Counts a job that was handed out as done.
    pub fn answered(&mut self) {
        self.asked = self.asked.saturating_sub(1);
    }

    /// Drops the jobs of a connection that has gone, and returns their tickets.
    #[must_use = "their tickets are never answered"]
    pub fn drop_of(&mut self, address: IpAddr, connection: ConnectionId) -> Vec<Ticket> {
        let address = counted_as(address);
        let Some(jobs) = self.by_address.get_mut(&address) else { return Vec::new() };
        let gone: Vec<Ticket> = jobs
            .iter()
            .filter(|waiting| waiting.connection == Some(connection))
            .map(|waiting| waiting.ticket)
            .collect();
        jobs.retain(|waiting| waiting.connection != Some(connection));
        self.removed(address, gone.len());
        gone
    }

    /// Drops every job but those whose ticket `is_wanted`.
    pub fn retain(&mut self, is_wanted: impl Fn(Ticket) -> bool) {
        self.delayed.retain(|ticket, _| is_wanted(*ticket));
        for jobs in self.by_address.values_mut() {
            jobs.retain(|waiting| is_wanted(waiting.ticket));
        }
        self.by_address.retain(|_, jobs| !jobs.is_empty());
        self.turns.retain(|turn| self.by_address.contains_key(turn));
        self.waiting = self.by_address.values().map(VecDeque::len).sum();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns a job whose ticket has that number.
    fn job(ticket: u64, address: &str, slot: u32) -> Waiting {
        let ticket = Ticket(ticket);
        Waiting {
            ticket,
            connection: Some(ConnectionId { slot, generation: 0 }),
            address: address.parse().unwrap(),
            job: Job::Hash { ticket, password: String::new() },
        }
    }

    /// Returns the numbers of the tickets in the order in which they are handed out to threads that answer at once.
    fn served(queue: &mut PasswordQueue) -> Vec<u64> {
        let mut tickets = Vec::new();
        while let Some(job) = queue.take_next() {
            queue.answered();
            tickets.push(job.ticket().0);
        }
        tickets
    }

    #[test]
    fn addresses_are_served_in_turn_and_a_64_of_ipv6_is_one_address() {
        let mut queue = PasswordQueue::new(1);
        for ticket in 0..10 {
            let address = format!("2001:db8:1:2::{ticket}");
            assert_eq!(queue.add(job(ticket, &address, 0)), None);
        }
        for (ticket, address) in [(20, "192.0.2.1"), (21, "192.0.2.1"), (30, "2001:db8:1:3::1")] {
            assert_eq!(queue.add(job(ticket, address, 0)), None);
        }
        assert_eq!(served(&mut queue), [0, 20, 30, 1, 21, 2, 3, 4, 5, 6, 7, 8, 9]);
        assert_eq!(queue.waiting(), 0);
    }

    #[test]
    fn threads_are_given_what_keeps_them_busy_and_no_more() {
        let mut queue = PasswordQueue::new(2);
        for ticket in 0..10 {
            assert_eq!(queue.add(job(ticket, "192.0.2.1", 0)), None);
        }
        assert_eq!(std::iter::from_fn(|| queue.take_next()).count(), 4);
        queue.answered();
        assert_eq!(std::iter::from_fn(|| queue.take_next()).count(), 1);
    }

    #[test]
    fn no_more_than_five_seconds_of_work_wait_and_whoever_has_most_gives_up() {
        let mut queue = PasswordQueue::new(2);
        queue.measured(Duration::from_millis(100));
        for ticket in 0..100 {
            assert_eq!(queue.add(job(ticket, "192.0.2.1", 0)), None, "{ticket}");
        }
        assert!(queue.is_full_for("192.0.2.1".parse().unwrap()));
        assert!(!queue.is_full_for("192.0.2.2".parse().unwrap()));
        assert_eq!(queue.add(job(100, "192.0.2.1", 0)), Some(Ticket(100)), "its own");
        assert_eq!(queue.add(job(101, "192.0.2.2", 0)), Some(Ticket(99)), "the newest of the longest queue");
        assert_eq!(queue.waiting(), 100);
        assert_eq!(served(&mut queue)[..2], [0, 101], "and is served in its turn");
    }

    #[test]
    fn a_queue_of_single_jobs_gives_up_the_newcomer() {
        let mut queue = PasswordQueue::new(1);
        queue.measured(Duration::from_secs(1));
        for number in 1..=5 {
            assert_eq!(queue.add(job(number, &format!("192.0.2.{number}"), 0)), None);
        }
        assert!(queue.is_full_for("192.0.2.6".parse().unwrap()));
        assert_eq!(queue.add(job(6, "192.0.2.6", 0)), Some(Ticket(6)));
    }

    #[test]
    fn jobs_of_a_connection_that_has_gone_are_dropped() {
        let mut queue = PasswordQueue::new(1);
        let address = "192.0.2.1".parse().unwrap();
        for ticket in 0..4 {
            assert_eq!(queue.add(job(ticket, "192.0.2.1", ticket as u32 % 2)), None);
        }
        queue.add_next(Waiting { connection: None, ..job(9, "192.0.2.1", 1) });
        assert_eq!(queue.drop_of(address, ConnectionId { slot: 1, generation: 0 }), [Ticket(1), Ticket(3)]);
        assert!(queue.drop_of(address, ConnectionId { slot: 1, generation: 1 }).is_empty());
        assert_eq!(served(&mut queue), [9, 0, 2]);
    }

    #[test]
    fn what_is_not_wanted_any_more_leaves_no_turn_behind() {
        let mut queue = PasswordQueue::new(1);
        for ticket in 0..6 {
            assert_eq!(queue.add(job(ticket, &format!("192.0.2.{ticket}"), 0)), None);
        }
        queue.delay(job(6, "192.0.2.6", 0));
        queue.retain(|ticket| ticket == Ticket(4));
        assert_eq!(queue.waiting(), 1);
        assert_eq!(served(&mut queue), [4]);
    }
}
