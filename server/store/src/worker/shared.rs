//! State shared by the loop and the worker's thread.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::write_behind::Progress;
use crate::Request;

/// See the module.
#[derive(Debug)]
pub(super) struct Shared {
    started: Instant,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Requests sent so far.
    sent: usize,
    /// Time at which each unanswered question was sent, oldest first. Questions are answered in their order.
    questions: VecDeque<Instant>,
    progress: Progress,
}

impl Default for Shared {
    fn default() -> Self {
        Self { started: Instant::now(), state: Mutex::default() }
    }
}

impl Shared {
    /// Returns the time since the start, by which the queue counts.
    pub(super) fn now(&self) -> Duration {
        self.started.elapsed()
    }

    /// Notes a request that is about to be sent.
    pub(super) fn sent(&self, request: &Request) {
        let mut state = self.state();
        state.sent += 1;
        if !request.is_write() {
            state.questions.push_back(Instant::now());
        }
    }

    /// Notes how far the thread has come.
    pub(super) fn publish(&self, progress: Progress) {
        let mut state = self.state();
        let answered = progress.questions_answered.saturating_sub(state.progress.questions_answered);
        debug_assert!(answered <= state.questions.len(), "more answers than questions");
        let answered = answered.min(state.questions.len());
        state.questions.drain(..answered);
        state.progress = progress;
    }

    /// Returns what the thread has told last.
    pub(super) fn progress(&self) -> Progress {
        self.state().progress
    }

    /// Returns the number of requests sent and not yet answered.
    pub(super) fn waiting(&self) -> usize {
        let state = self.state();
        state.sent.saturating_sub(state.progress.answered)
    }

    /// Returns how long the oldest unanswered question has waited; zero when none waits.
    pub(super) fn oldest_question(&self) -> Duration {
        self.state().questions.front().map_or(Duration::ZERO, Instant::elapsed)
    }

    /// Returns the time since a write or a heartbeat last succeeded, or since the start.
    pub(super) fn since_success(&self) -> Duration {
        self.now().saturating_sub(self.progress().succeeded_at)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
