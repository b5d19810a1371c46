//! The thread's end of the [`Worker`](super::Worker).

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use super::{Backoff, Message, Shared, Unsaved};
use crate::store::pending::{PendingSaves, PendingSessions};
use crate::store::{Reply, Request, Store, StoreError};

/// Most requests taken before the saves among them are written.
const BATCH_LIMIT: usize = 4096;

/// The next attempt at a store that is away.
pub(super) struct Retry {
    at: Instant,
    pause: Duration,
    error: StoreError,
}

/// What the thread owns.
pub(super) struct Service<N> {
    pub(super) store: Box<dyn Store>,
    pub(super) saves: PendingSaves,
    pub(super) sessions: PendingSessions,
    /// Requests that came after the saves and changes of sessions that wait.
    pub(super) questions: Vec<Request>,
    /// Set while the store is away.
    pub(super) retry: Option<Retry>,
    pub(super) backoff: Backoff,
    pub(super) replies: Sender<Reply>,
    pub(super) notify: N,
    pub(super) shared: Arc<Shared>,
}

impl<N: Fn()> Service<N> {
    /// Serves until told to stop, or until nobody can ask any more.
    pub(super) fn run(&mut self, inbox: &Receiver<Message>) -> Result<(), Unsaved> {
        loop {
            let first = match self.wait(inbox) {
                Ok(message) => Some(message),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return self.finish(Instant::now()),
            };
            for message in first.into_iter().chain(inbox.try_iter().take(BATCH_LIMIT)) {
                match message {
                    Message::Request(request) => self.take(request),
                    Message::Stop { deadline } => return self.finish(deadline),
                }
            }
            self.flush();
        }
    }

    /// Waits for a message, or until it is time to try again.
    fn wait(&self, inbox: &Receiver<Message>) -> Result<Message, RecvTimeoutError> {
        match &self.retry {
            Some(retry) => inbox.recv_timeout(retry.at.saturating_duration_since(Instant::now())),
            None => inbox.recv().map_err(|_| RecvTimeoutError::Disconnected),
        }
    }

    /// Keeps a request until the flush. What is written comes before the questions, so a write that comes after one
    /// flushes first.
    fn take(&mut self, request: Request) {
        let is_write = matches!(request, Request::SaveCharacters { .. } | Request::WriteSessions { .. });
        if is_write && !self.questions.is_empty() {
            self.flush();
        }
        match request {
            Request::SaveCharacters { ticket, saves } => self.saves.add(ticket, saves),
            Request::WriteSessions { ticket, writes } => self.sessions.add(ticket, writes),
            question => self.questions.push(question),
        }
    }

    /// Does all that waits, in order; while the store is away, as far as it is time to try again.
    fn flush(&mut self) {
        if self.retry.is_some() && self.is_time() && self.saves.is_empty() && self.sessions.is_empty() {
            self.look_for_the_store();
        }
        self.write_saves();
        self.write_sessions();
        self.ask_questions();
    }

    /// Whether the store may be tried: it is there, or the pause is over.
    fn is_time(&self) -> bool {
        self.retry.as_ref().is_none_or(|retry| retry.at <= Instant::now())
    }

    fn look_for_the_store(&mut self) {
        match self.store.ping() {
            Ok(()) => self.store_is_back(),
            Err(error) => self.retry_later(error),
        }
    }

    fn write_saves(&mut self) {
        if self.saves.is_empty() || !self.is_time() {
            return;
        }
        match self.store.save_characters(&self.saves.to_saves()) {
            Ok(()) => {
                self.store_is_back();
                let tickets = self.saves.take_tickets();
                self.answer(tickets.into_iter().map(|ticket| Reply::Saved { ticket, result: Ok(()) }));
            }
            Err(error) if error.is_temporary() => self.retry_later(error),
            Err(refusal) => {
                log::warn!("a save was refused, writing each group apart: {refusal}");
                self.write_groups_apart();
            }
        }
    }

    /// Writes group after group, so that one which the store refuses does not hold up the others.
    fn write_groups_apart(&mut self) {
        let mut done = Vec::new();
        while let Some(group) = self.saves.oldest() {
            let saves = group.to_saves();
            let result = self.store.save_characters(&saves);
            match &result {
                Ok(()) => {}
                Err(error) if error.is_temporary() => {
                    self.retry_later(error.clone());
                    break;
                }
                Err(refusal) => {
                    let users: Vec<_> = saves.iter().map(|save| save.user_id.0).collect();
                    log::error!("the store refuses to save users {users:?}: {refusal}");
                }
            }
            done.extend(group.tickets().iter().map(|ticket| (*ticket, result.clone())));
            self.saves.remove_oldest();
        }
        if self.saves.is_empty() {
            self.store_is_back();
        }
        done.sort_by_key(|(ticket, _)| *ticket);
        self.answer(done.into_iter().map(|((_, ticket), result)| Reply::Saved { ticket, result }));
    }

    fn write_sessions(&mut self) {
        if self.sessions.is_empty() || !self.is_time() {
            return;
        }
        let result = self.store.write_sessions(&self.sessions.to_writes());
        match &result {
            Ok(()) => self.store_is_back(),
            Err(error) if error.is_temporary() => return self.retry_later(error.clone()),
            Err(refusal) => log::error!("the store refuses a change of sessions: {refusal}"),
        }
        let tickets = self.sessions.take_tickets();
        self.answer(tickets.into_iter().map(|ticket| Reply::Saved { ticket, result: result.clone() }));
    }

    fn ask_questions(&mut self) {
        let questions = std::mem::take(&mut self.questions);
        if questions.is_empty() {
            return;
        }
        if let Some(retry) = &self.retry {
            let refusals: Vec<Reply> =
                questions.iter().map(|request| request.refuse(retry.error.clone())).collect();
            return self.answer(refusals);
        }
        let replies = self.store.carry_out(&questions);
        let failure =
            replies.iter().filter_map(Reply::store_error).find(|error| error.is_temporary()).cloned();
        if let Some(failure) = failure {
            self.retry_later(failure);
        }
        self.answer(replies);
    }

    fn retry_later(&mut self, error: StoreError) {
        let pause = match &self.retry {
            Some(last) => (last.pause * 2).min(self.backoff.longest),
            None => {
                log::error!("the store is away, changes are kept until it is back: {error}");
                self.backoff.first
            }
        };
        self.retry = Some(Retry { at: Instant::now() + shortened_by_chance(pause), pause, error });
        self.shared.away.store(true, Ordering::Relaxed);
    }

    fn store_is_back(&mut self) {
        if self.retry.take().is_some() {
            log::info!("the store is back; {} characters waited to be saved", self.saves.characters());
            self.shared.away.store(false, Ordering::Relaxed);
        }
    }

    fn answer(&self, replies: impl IntoIterator<Item = Reply>) {
        for reply in replies {
            self.shared.waiting.fetch_sub(1, Ordering::Relaxed);
            // Nobody listens any more once the loop has ended.
            let _ = self.replies.send(reply);
        }
        (self.notify)();
    }

    /// Writes what waits; while the store fails, tries again for as long as the deadline allows.
    fn finish(&mut self, deadline: Instant) -> Result<(), Unsaved> {
        loop {
            if let Some(retry) = &mut self.retry {
                retry.at = Instant::now();
            }
            self.flush();
            if self.saves.is_empty() && self.sessions.is_empty() {
                self.leave();
                return Ok(());
            }
            if Instant::now() + self.backoff.first >= deadline {
                let reason = self.retry.as_ref().map(|retry| retry.error.to_string()).unwrap_or_default();
                let unsaved = Unsaved {
                    requests: self.shared.waiting.load(Ordering::Relaxed),
                    characters: self.saves.characters(),
                    reason,
                };
                log::error!("{unsaved}");
                return Err(unsaved);
            }
            thread::sleep(self.backoff.first);
        }
    }

    /// Leaves the store, which nothing is asked of any more.
    pub(super) fn close(&mut self) -> Result<(), StoreError> {
        self.store.close()
    }

    fn leave(&mut self) {
        if let Err(error) = self.store.deregister_server() {
            log::warn!(
                "this server could not be taken out of the store, it will be forgotten there soon: {error}"
            );
        }
    }
}

/// Between half of `pause` and all of it.
fn shortened_by_chance(pause: Duration) -> Duration {
    let mut chance = [u8::MAX];
    // Without random numbers the pause is simply not shortened.
    let _ = getrandom::fill(&mut chance);
    pause * (256 + u32::from(chance[0])) / 512
}
