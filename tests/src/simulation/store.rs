//! The simulated store and its worker: it takes its time, goes away, fails, and loses what it was asked.
//!
//! As the real worker does, it answers in order and keeps changes of sessions until they are written. It is harsher with
//! saves: it may lose one and say so, or write one and lose the answer.

use super::events::{Event, Report};
use pyao_core::base::random::Random;
use pyao_core::testing::MemoryStore;
use pyao_store::{Reply, Request, StoreError};
use std::collections::VecDeque;

/// Trouble of the store, for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// It answers within milliseconds.
    None,
    /// Each request takes up to a second.
    Slow,
    /// It carries out nothing and answers nothing.
    Hangs,
    /// Questions are refused at once, changes wait.
    Away,
    /// One request of four is refused; one of those was carried out all the same.
    Fails,
}

/// See the module.
pub struct SimulatedStore {
    /// Its contents.
    pub contents: MemoryStore,
    waiting: VecDeque<Request>,
    replies: VecDeque<Reply>,
    /// Time at which the oldest request is carried out.
    ready_at: Option<u64>,
    trouble: Trouble,
    trouble_until: u64,
}

impl Default for SimulatedStore {
    fn default() -> Self {
        Self {
            contents: MemoryStore::default(),
            waiting: VecDeque::new(),
            replies: VecDeque::new(),
            ready_at: None,
            trouble: Trouble::None,
            trouble_until: 0,
        }
    }
}

fn is_question(request: &Request) -> bool {
    !matches!(request, Request::SaveCharacters { .. } | Request::WriteSessions { .. })
}

fn unavailable() -> StoreError {
    StoreError::Unavailable("simulated".into())
}

impl SimulatedStore {
    /// Takes a request.
    pub fn ask(&mut self, request: Request) {
        if self.trouble == Trouble::Away && is_question(&request) {
            self.replies.push_back(request.refuse(unavailable()));
        } else {
            self.waiting.push_back(request);
        }
    }

    /// Trouble begins, or ends with [`Trouble::None`].
    pub fn set_trouble(&mut self, trouble: Trouble, until: u64) {
        (self.trouble, self.trouble_until) = (trouble, until);
        self.ready_at = None;
        if trouble == Trouble::Away {
            let (questions, writes): (VecDeque<_>, VecDeque<_>) =
                self.waiting.drain(..).partition(is_question);
            self.waiting = writes;
            self.replies.extend(questions.iter().map(|request| request.refuse(unavailable())));
        }
    }

    /// Returns true if it answers as it should.
    #[must_use]
    pub fn is_well(&self) -> bool {
        self.trouble == Trouble::None
    }

    /// Returns true if no request waits for it and no reply for the server.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.replies.is_empty()
    }

    /// Returns the time at which [`Self::step`] or [`Self::reply`] has something to do.
    #[must_use]
    pub fn next_due(&self, now: u64) -> Option<u64> {
        let trouble = (self.trouble != Trouble::None).then_some(self.trouble_until);
        let reply = (!self.replies.is_empty()).then_some(now);
        let stands_still = matches!(self.trouble, Trouble::Hangs | Trouble::Away);
        let request = (!self.waiting.is_empty() && !stands_still).then_some(self.ready_at.unwrap_or(now));
        [trouble, reply, request].into_iter().flatten().min()
    }

    /// Carries out what is due.
    pub fn step(&mut self, now: u64, random: &mut Random, report: &mut Report) {
        if self.trouble != Trouble::None && self.trouble_until <= now {
            self.trouble = Trouble::None;
        }
        while !self.waiting.is_empty() && !matches!(self.trouble, Trouble::Hangs | Trouble::Away) {
            let ready_at = *self.ready_at.get_or_insert_with(|| now + pause(self.trouble, random));
            if ready_at > now {
                return;
            }
            self.ready_at = None;
            let Some(request) = self.waiting.pop_front() else { return };
            let keeps = matches!(request, Request::WriteSessions { .. });
            let fails = self.trouble == Trouble::Fails && !keeps && random.between(0, 3) == 0;
            let reply = if fails {
                self.fail(request, random.between(0, 3) == 0, report)
            } else {
                self.contents.carry_out(request)
            };
            self.replies.push_back(reply);
        }
    }

    /// Refuses a request; with `is_done` it was carried out and only the answer is lost.
    fn fail(&mut self, request: Request, is_done: bool, report: &mut Report) -> Reply {
        let refusal = request.refuse(unavailable());
        report.note(if is_done { Event::ReplyLost } else { Event::Refusal });
        if is_done {
            self.contents.carry_out(request);
        }
        refusal
    }

    /// It dies and is back: of what waits some was carried out, the rest is lost; nobody is answered in earnest.
    /// Changes of sessions still wait.
    pub fn die(&mut self, random: &mut Random, report: &mut Report) {
        self.ready_at = None;
        for request in std::mem::take(&mut self.waiting) {
            if matches!(request, Request::WriteSessions { .. }) {
                self.waiting.push_back(request);
            } else {
                let reply = self.fail(request, random.between(0, 2) == 0, report);
                self.replies.push_back(reply);
            }
        }
    }

    /// All that waits is carried out, as by a worker that is told to end.
    pub fn finish(&mut self, random: &mut Random, report: &mut Report) {
        self.set_trouble(Trouble::None, 0);
        while !self.waiting.is_empty() {
            self.step(u64::MAX / 2, random, report);
        }
        self.replies.clear();
    }

    /// Loses the server: of the waiting requests the first few are still carried out, and no reply is delivered.
    pub fn lose_server(&mut self, random: &mut Random) {
        let done = random.between(0, u32::try_from(self.waiting.len()).unwrap_or(0)) as usize;
        for request in self.waiting.drain(..).take(done) {
            self.contents.carry_out(request);
        }
        self.replies.clear();
        self.set_trouble(Trouble::None, 0);
    }

    /// The oldest answer not yet heard.
    pub fn reply(&mut self) -> Option<Reply> {
        self.replies.pop_front()
    }
}

/// Milliseconds that the next request takes.
fn pause(trouble: Trouble, random: &mut Random) -> u64 {
    let (chance, longest) = if trouble == Trouble::Slow { (0, 1_000) } else { (3, 20) };
    if random.between(0, chance) == 0 { u64::from(random.between(1, longest)) } else { 0 }
}
