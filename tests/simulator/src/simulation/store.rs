//! The store of a simulation: the real queue of the worker, over a store in memory that takes its time, goes away, fails,
//! and loses answers.

use super::events::{Event, Report};
use pyao_core::base::random::Random;
use pyao_core::testing::MemoryStore;
use pyao_store::worker::Backoff;
use pyao_store::worker::write_behind::{Operation, Outcome, WriteBehind};
use pyao_store::{Reply, Request, StoreError, Ticket};
use std::collections::BTreeSet;
use std::time::Duration;

/// Trouble of the store, for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// It answers within milliseconds.
    None,
    /// Each operation takes up to a second.
    Slow,
    /// It carries out nothing and answers nothing.
    Hangs,
    /// Every operation fails.
    Away,
    /// One operation of four fails; one of those was carried out all the same.
    Fails,
}

/// See the module.
pub struct SimulatedStore {
    /// Its contents.
    pub contents: MemoryStore,
    queue: WriteBehind,
    /// The operation under way and the time at which it ends.
    under_way: Option<(u64, Operation)>,
    /// True from a request until the queue was asked for an operation.
    has_news: bool,
    /// Questions carried out in this run of the server; each may be once.
    carried_out: BTreeSet<Ticket>,
    trouble: Trouble,
    trouble_until: u64,
    /// The first rule that the worker broke.
    fault: Option<String>,
}

impl Default for SimulatedStore {
    fn default() -> Self {
        Self {
            contents: MemoryStore::default(),
            queue: WriteBehind::new(Backoff::default(), 0),
            under_way: None,
            has_news: false,
            carried_out: BTreeSet::new(),
            trouble: Trouble::None,
            trouble_until: 0,
            fault: None,
        }
    }
}

fn unavailable() -> StoreError {
    StoreError::Unavailable("simulated".into())
}

impl SimulatedStore {
    /// Takes a request.
    pub fn ask(&mut self, request: Request) {
        self.queue.push(request);
        self.has_news = true;
    }

    /// Begins trouble, or ends it with [`Trouble::None`].
    pub fn set_trouble(&mut self, trouble: Trouble, until: u64) {
        (self.trouble, self.trouble_until) = (trouble, until);
    }

    /// Returns true if it answers as it should.
    #[must_use]
    pub fn is_well(&self) -> bool {
        self.trouble == Trouble::None && !self.queue.progress().is_away
    }

    /// Returns true if nothing waits for it or for us.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.under_way.is_none() && self.queue.is_idle()
    }

    /// Returns the first rule that the worker broke, once.
    pub fn take_fault(&mut self) -> Option<String> {
        self.fault.take()
    }

    /// Returns the time at which [`Self::step`] or [`Self::reply`] has something to do.
    #[must_use]
    pub fn next_due(&self, now: u64) -> Option<u64> {
        let trouble = (self.trouble != Trouble::None).then_some(self.trouble_until);
        let news = self.has_news.then_some(now);
        let hangs = self.trouble == Trouble::Hangs;
        let operation = self.under_way.as_ref().filter(|_| !hangs).map(|(due, _)| *due);
        let retry = self
            .queue
            .poll_timeout()
            .map(|at| u64::try_from(at.as_nanos().div_ceil(1_000_000)).unwrap_or(now));
        [trouble, news, operation, retry].into_iter().flatten().min()
    }

    /// Carries out what is due.
    pub fn step(&mut self, now: u64, random: &mut Random, report: &mut Report) {
        if self.trouble != Trouble::None && self.trouble_until <= now {
            self.trouble = Trouble::None;
        }
        self.has_news = false;
        loop {
            match self.under_way.take() {
                Some((due, operation)) if due > now || self.trouble == Trouble::Hangs => {
                    self.under_way = Some((due, operation));
                    return;
                }
                Some((_, operation)) => self.end(now, &operation, random, report),
                None => match self.queue.poll(Duration::from_millis(now)) {
                    Some(operation) => self.under_way = Some((now + pause(self.trouble, random), operation)),
                    None => return,
                },
            }
        }
    }

    /// Ends an operation: it is carried out, or fails, or is carried out and fails.
    fn end(&mut self, now: u64, operation: &Operation, random: &mut Random, report: &mut Report) {
        let fails = match self.trouble {
            Trouble::Away => true,
            Trouble::Fails => random.between(0, 3) == 0,
            _ => false,
        };
        let is_lost = fails && self.trouble == Trouble::Fails && random.between(0, 3) == 0;
        let outcome = if fails { self.fail(operation, is_lost, report) } else { self.carry_out(operation) };
        self.queue.done(Duration::from_millis(now), outcome);
    }

    /// Fails an operation; with `is_done` it was carried out and only the answer is lost.
    fn fail(&mut self, operation: &Operation, is_done: bool, report: &mut Report) -> Outcome {
        report.note(if is_done { Event::ReplyLost } else { Event::Refusal });
        if is_done {
            self.carry_out(operation);
        }
        match operation {
            Operation::Save(_) | Operation::WriteSessions(_) => Outcome::Written(Err(unavailable())),
            Operation::Heartbeat(_) => Outcome::Heartbeat(Err(unavailable())),
            Operation::Ask(questions) => {
                Outcome::Answered(questions.iter().map(|question| question.refuse(unavailable())).collect())
            }
        }
    }

    /// Carries an operation out as the worker does.
    fn carry_out(&mut self, operation: &Operation) -> Outcome {
        let outcome = operation.carry_out(&mut self.contents);
        if let (Operation::Ask(questions), Outcome::Answered(replies)) = (operation, &outcome) {
            for (question, reply) in questions.iter().zip(replies) {
                let ticket = reply.ticket();
                if ticket != Ticket(0) && !self.carried_out.insert(ticket) {
                    self.fault.get_or_insert(format!("{question:?} is carried out twice"));
                }
            }
        }
        outcome
    }

    /// Restarts the store: the operation under way was carried out or not, and its answer is lost.
    pub fn die(&mut self, now: u64, random: &mut Random, report: &mut Report) {
        if let Some((_, operation)) = self.under_way.take() {
            let outcome = self.fail(&operation, random.between(0, 2) == 0, report);
            self.queue.done(Duration::from_millis(now), outcome);
            self.has_news = true;
        }
    }

    /// Carries out all that waits, as a worker that is told to end.
    pub fn finish(&mut self, now: u64) {
        self.set_trouble(Trouble::None, 0);
        let now = Duration::from_millis(now);
        if let Some((_, operation)) = self.under_way.take() {
            let outcome = self.carry_out(&operation);
            self.queue.done(now, outcome);
        }
        self.queue.flush(now);
        while let Some(operation) = self.queue.poll(now) {
            let outcome = self.carry_out(&operation);
            self.queue.done(now, outcome);
        }
        if !self.queue.is_written() {
            self.fault.get_or_insert("a worker that was told to end left something unwritten".into());
        }
        while self.queue.poll_reply().is_some() {}
    }

    /// Ends the server: the operation under way is still carried out or not, and its answer reaches nobody.
    pub fn lose_server(&mut self, random: &mut Random) {
        if let Some((_, operation)) = self.under_way.take()
            && random.between(0, 1) == 0
        {
            self.carry_out(&operation);
        }
        self.set_trouble(Trouble::None, 0);
    }

    /// Starts the worker of a new server on what the store holds.
    pub fn start_worker(&mut self, seed: u64) {
        self.queue = WriteBehind::new(Backoff::default(), seed);
        self.under_way = None;
        self.carried_out.clear();
    }

    /// Returns the oldest answer not yet heard.
    pub fn reply(&mut self) -> Option<Reply> {
        self.queue.poll_reply()
    }
}

/// Milliseconds that the next operation takes.
fn pause(trouble: Trouble, random: &mut Random) -> u64 {
    let (chance, longest) = if trouble == Trouble::Slow { (0, 1_000) } else { (3, 20) };
    if random.between(0, chance) == 0 { u64::from(random.between(1, longest)) } else { 0 }
}
