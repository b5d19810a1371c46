//! What the loop and the worker's thread both look at.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::Request;

/// See the module.
#[derive(Debug)]
pub(super) struct Shared {
    /// Requests sent and not yet answered.
    waiting: AtomicUsize,
    /// When each unanswered question was sent, oldest first. Questions are answered in their order.
    questions: Mutex<VecDeque<Instant>>,
    /// True while the store is away.
    pub(super) is_away: AtomicBool,
    /// True from a write that found another store than ours until one that was taken.
    pub(super) is_emptied: AtomicBool,
    started: Instant,
    /// When a write or a heartbeat last succeeded, in milliseconds since the start.
    succeeded_ms: AtomicU64,
}

impl Default for Shared {
    fn default() -> Self {
        Self {
            waiting: AtomicUsize::new(0),
            questions: Mutex::default(),
            is_away: AtomicBool::new(false),
            is_emptied: AtomicBool::new(false),
            started: Instant::now(),
            succeeded_ms: AtomicU64::new(0),
        }
    }
}

impl Shared {
    /// Notes a request that is about to be sent.
    pub(super) fn sent(&self, request: &Request) {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        if !request.is_write() {
            self.questions().push_back(Instant::now());
        }
    }

    /// Notes one answer.
    pub(super) fn answered(&self) {
        self.waiting.fetch_sub(1, Ordering::Relaxed);
    }

    /// Notes that the oldest `count` questions are answered.
    pub(super) fn questions_answered(&self, count: usize) {
        let mut questions = self.questions();
        let count = count.min(questions.len());
        questions.drain(..count);
    }

    /// Number of requests sent and not yet answered.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// How long the oldest unanswered question has waited; zero when none waits.
    pub(super) fn oldest_question(&self) -> Duration {
        self.questions().front().map_or(Duration::ZERO, Instant::elapsed)
    }

    /// Notes that a write or a heartbeat succeeded.
    pub(super) fn succeeded(&self) {
        self.succeeded_ms.store(self.milliseconds(), Ordering::Relaxed);
    }

    /// Time since a write or a heartbeat last succeeded, or since the start.
    pub(super) fn since_success(&self) -> Duration {
        let succeeded = self.succeeded_ms.load(Ordering::Relaxed);
        Duration::from_millis(self.milliseconds().saturating_sub(succeeded))
    }

    fn milliseconds(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn questions(&self) -> MutexGuard<'_, VecDeque<Instant>> {
        self.questions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
