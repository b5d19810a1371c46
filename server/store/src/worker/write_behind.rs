//! Decisions of the store's thread, without the store, the thread and the clock.
//!
//! Requests go in with [`WriteBehind::push`]. [`WriteBehind::poll`] gives the next operation for the store, one at a
//! time, and [`WriteBehind::done`] takes its outcome. Replies come out of [`WriteBehind::poll_reply`]. While the store
//! is away nothing is to be done until [`WriteBehind::poll_timeout`]. The module [`worker`](super) tells the rules.
//!
//! Pending requests are written in passes. A pass takes requests in their order up to the first write behind a
//! question, looks for a store that was away, writes the saves, then the changes of sessions, and asks the questions.

mod pass;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::time::Duration;

use super::Backoff;
use crate::pending::{PendingSaves, PendingSessions};
use crate::records::CharacterSave;
use crate::server::{Heartbeat, ServerStatus};
use crate::session::SessionWrite;
use crate::{Reply, Request, Store, StoreError, Ticket};
use pass::Stage;
use pyao_core::base::random::Random;

/// One call of the store.
#[derive(Debug)]
pub enum Operation {
    /// Writes these characters in one transaction.
    Save(Vec<CharacterSave>),
    /// Writes these changes of sessions.
    WriteSessions(Vec<SessionWrite>),
    /// Renews the lease of the server, to see if the store takes anything.
    Heartbeat(Box<ServerStatus>),
    /// Carries out these questions in order.
    Ask(Vec<Request>),
}

/// The outcome of an [`Operation`].
#[derive(Debug)]
pub enum Outcome {
    /// Of [`Operation::Save`] or [`Operation::WriteSessions`].
    Written(Result<(), StoreError>),
    /// Of [`Operation::Heartbeat`].
    Heartbeat(Result<Heartbeat, StoreError>),
    /// Of [`Operation::Ask`]: a reply for each question.
    Answered(Vec<Reply>),
}

impl Operation {
    /// Calls `store`, which may block.
    pub fn carry_out(&self, store: &mut dyn Store) -> Outcome {
        match self {
            Self::Save(saves) => Outcome::Written(store.save_characters(saves)),
            Self::WriteSessions(writes) => Outcome::Written(store.write_sessions(writes)),
            Self::Heartbeat(status) => Outcome::Heartbeat(store.heartbeat(status)),
            Self::Ask(questions) => Outcome::Answered(store.carry_out(questions)),
        }
    }
}

/// Progress of the work, for observers on another thread.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Requests answered so far.
    pub answered: usize,
    /// Questions among them.
    pub questions_answered: usize,
    /// True while the store is away.
    pub is_away: bool,
    /// True from a write that found another store than ours until one that was taken.
    pub is_emptied: bool,
    /// Time of the last write or heartbeat that succeeded.
    pub succeeded_at: Duration,
}

/// The next attempt at a store that is away.
#[derive(Debug)]
struct Retry {
    at: Duration,
    pause: Duration,
    error: StoreError,
}

/// See the module. Times count from any fixed moment, the same for all calls.
#[derive(Debug)]
pub struct WriteBehind {
    /// Requests that no pass has taken yet.
    inbox: VecDeque<Request>,
    saves: PendingSaves,
    sessions: PendingSessions,
    /// Questions of this pass.
    questions: Vec<Request>,
    /// True for each question under way that restores accounts.
    restorations: Vec<bool>,
    /// Outcomes of the groups that this pass has written apart, with the place of each ticket in the order of arrival.
    groups: Vec<((u64, Ticket), Result<(), StoreError>)>,
    /// Content of the server's last heartbeat.
    status: Option<Box<ServerStatus>>,
    stage: Stage,
    /// True from an operation until its outcome.
    is_under_way: bool,
    /// True if the next pass begins without a new request.
    is_flush_asked: bool,
    /// Set while the store is away.
    retry: Option<Retry>,
    backoff: Backoff,
    random: Random,
    replies: VecDeque<Reply>,
    /// Requests pushed so far.
    pushed: usize,
    progress: Progress,
}

impl WriteBehind {
    /// Creates a queue with nothing in it. `seed` shortens the pauses of `backoff` by chance.
    #[must_use]
    pub fn new(backoff: Backoff, seed: u64) -> Self {
        Self {
            inbox: VecDeque::new(),
            saves: PendingSaves::default(),
            sessions: PendingSessions::default(),
            questions: Vec::new(),
            restorations: Vec::new(),
            groups: Vec::new(),
            status: None,
            stage: Stage::Rest,
            is_under_way: false,
            is_flush_asked: false,
            retry: None,
            backoff,
            random: Random::new(seed),
            replies: VecDeque::new(),
            pushed: 0,
            progress: Progress::default(),
        }
    }

    /// Takes a request. Each is answered by exactly one reply.
    pub fn push(&mut self, request: Request) {
        self.pushed += 1;
        self.inbox.push_back(request);
    }

    /// Returns the next operation for the store; `None` while one is under way, or when nothing is to be done before
    /// the next request or [`Self::poll_timeout`].
    #[must_use]
    pub fn poll(&mut self, now: Duration) -> Option<Operation> {
        if self.is_under_way {
            return None;
        }
        let operation = self.next_operation(now);
        self.is_under_way = operation.is_some();
        self.check_invariants();
        operation
    }

    /// Takes the outcome of the operation that [`Self::poll`] gave last.
    pub fn done(&mut self, now: Duration, outcome: Outcome) {
        debug_assert!(self.is_under_way, "no operation is under way: {outcome:?}");
        self.is_under_way = false;
        self.take_outcome(now, outcome);
        self.check_invariants();
    }

    /// Returns the time of the next attempt at a store that is away; `None` when there is nothing to wait for but a
    /// request or an outcome.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        self.retry.as_ref().filter(|_| !self.is_under_way).map(|retry| retry.at)
    }

    /// Returns the next reply.
    #[must_use]
    pub fn poll_reply(&mut self) -> Option<Reply> {
        self.replies.pop_front()
    }

    /// Has the next [`Self::poll`] write what waits, also when a store that is away would be tried later.
    pub fn flush(&mut self, now: Duration) {
        self.is_flush_asked = true;
        if let Some(retry) = &mut self.retry {
            retry.at = now;
        }
    }

    /// Returns true if neither a save nor a change of sessions waits.
    #[must_use]
    pub fn is_written(&self) -> bool {
        let is_write_inside = self.inbox.iter().any(Request::is_write);
        self.saves.is_empty() && self.sessions.is_empty() && !is_write_inside
    }

    /// Returns true if every request is answered and every answer taken.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.progress.answered == self.pushed && self.replies.is_empty()
    }

    /// Returns the number of characters that wait to be saved.
    #[must_use]
    pub fn characters(&self) -> usize {
        self.saves.characters()
    }

    /// Returns why what waits is not written.
    #[must_use]
    pub fn reason(&self) -> &StoreError {
        self.retry.as_ref().map_or(&StoreError::OtherStore, |retry| &retry.error)
    }

    /// Returns the pauses between attempts.
    #[must_use]
    pub fn backoff(&self) -> Backoff {
        self.backoff
    }

    /// Returns how far the work has come.
    #[must_use]
    pub fn progress(&self) -> Progress {
        self.progress
    }

    fn succeeded(&mut self, now: Duration) {
        debug_assert!(now >= self.progress.succeeded_at, "time runs backwards");
        self.progress.succeeded_at = now;
    }

    fn answer(&mut self, replies: impl IntoIterator<Item = Reply>) {
        let before = self.replies.len();
        self.replies.extend(replies);
        self.progress.answered += self.replies.len() - before;
        debug_assert!(self.progress.answered <= self.pushed, "more answers than requests");
    }

    /// Panics in debug builds when the parts contradict each other.
    fn check_invariants(&self) {
        if !cfg!(debug_assertions) {
            return;
        }
        self.saves.check_invariants();
        self.sessions.check_invariants();
        debug_assert!(!self.is_under_way || self.stage != Stage::Rest, "an operation of no pass");
        debug_assert_eq!(self.progress.is_away, self.retry.is_some(), "away without a next attempt");
        debug_assert!(
            self.groups.is_empty() || self.stage == Stage::Groups,
            "groups written in {:?}",
            self.stage
        );
        debug_assert!(
            self.questions.is_empty() || self.stage != Stage::Rest,
            "questions forgotten by their pass"
        );
        let is_idle = self.stage == Stage::Rest && self.saves.is_empty() && self.sessions.is_empty();
        debug_assert!(!self.progress.is_emptied || !is_idle, "nothing waits for an emptied store");
        let waiting = self.inbox.len() + self.questions.len() + self.restorations.len() + self.groups.len();
        let waiting = waiting + self.saves.requests() + self.sessions.requests();
        debug_assert_eq!(self.progress.answered + waiting, self.pushed, "a request without an answer");
    }
}
