//! The thread's end of the [`Worker`](super::Worker).

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use super::{Backoff, Message, Shared, Unsaved};
use crate::pending::{PendingSaves, PendingSessions};
use crate::server::ServerStatus;
use crate::{Reply, Request, Store, StoreError, Ticket};

/// Pairs with no request: of a heartbeat that the worker sends by itself.
const NO_TICKET: Ticket = 0;

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
    /// What the server told of itself with its last heartbeat.
    pub(super) status: Option<Box<ServerStatus>>,
    /// Set while the store is away.
    pub(super) retry: Option<Retry>,
    /// True from a write that found another store than ours until one that was taken.
    pub(super) is_emptied: bool,
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
        if request.is_write() && !self.questions.is_empty() {
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
        self.write_what_waits();
        let are_restored = self.ask_questions();
        if are_restored && self.is_emptied {
            self.write_what_waits();
        }
    }

    fn write_what_waits(&mut self) {
        if self.retry.as_ref().is_some_and(|retry| retry.at > Instant::now()) {
            return;
        }
        match self.try_to_write() {
            Ok(()) => self.store_is_back(),
            Err(error) => self.retry_later(error),
        }
    }

    /// Writes what waits. A store that was away must take a heartbeat first, one that was emptied must tell its name.
    fn try_to_write(&mut self) -> Result<(), StoreError> {
        let was_away = self.retry.is_some();
        if was_away {
            self.look_for_the_store()?;
        }
        let written = self.write_saves().and_then(|()| self.write_sessions());
        let was_emptied = self.is_emptied;
        match written {
            Ok(()) => self.set_emptied(false),
            Err(StoreError::OtherStore) => self.set_emptied(true),
            Err(error) => return Err(error),
        }
        if self.is_emptied && !was_emptied && !was_away { self.look_for_the_store() } else { Ok(()) }
    }

    /// Sends a heartbeat with what the server told last: whatever keeps a store from being written keeps it from taking
    /// that. The answer may be that the store was emptied, so the loop gets it as if it had asked.
    fn look_for_the_store(&mut self) -> Result<(), StoreError> {
        let Some(status) = &self.status else { return Ok(()) };
        let result = self.store.heartbeat(status);
        match &result {
            Ok(_) => self.shared.succeeded(),
            Err(error) if error.is_temporary() => return Err(error.clone()),
            Err(_) => {}
        }
        self.tell(Reply::Heartbeat { ticket: NO_TICKET, result });
        (self.notify)();
        Ok(())
    }

    fn write_saves(&mut self) -> Result<(), StoreError> {
        if self.saves.is_empty() {
            return Ok(());
        }
        match self.store.save_characters(&self.saves.to_saves()) {
            Ok(()) => {
                self.shared.succeeded();
                let tickets = self.saves.take_tickets();
                self.answer(tickets.into_iter().map(|ticket| Reply::Saved { ticket, result: Ok(()) }));
                Ok(())
            }
            Err(error) if error.is_temporary() => Err(error),
            Err(refusal) => {
                log::warn!("a save was refused, writing each group apart: {refusal}");
                self.write_groups_apart()
            }
        }
    }

    /// Writes group after group, so that one which the store refuses does not hold up the others.
    fn write_groups_apart(&mut self) -> Result<(), StoreError> {
        let mut done = Vec::new();
        let mut outcome = Ok(());
        while let Some(group) = self.saves.oldest() {
            let saves = group.to_saves();
            let result = self.store.save_characters(&saves);
            match &result {
                Ok(()) => self.shared.succeeded(),
                Err(error) if error.is_temporary() => {
                    outcome = Err(error.clone());
                    break;
                }
                Err(refusal) => {
                    let users: Vec<_> = saves.iter().map(|save| save.user_id().0).collect();
                    log::error!("the store refuses to save users {users:?}: {refusal}");
                }
            }
            done.extend(group.tickets().iter().map(|ticket| (*ticket, result.clone())));
            self.saves.remove_oldest();
        }
        done.sort_by_key(|(ticket, _)| *ticket);
        self.answer(done.into_iter().map(|((_, ticket), result)| Reply::Saved { ticket, result }));
        outcome
    }

    fn write_sessions(&mut self) -> Result<(), StoreError> {
        if self.sessions.is_empty() {
            return Ok(());
        }
        let result = self.store.write_sessions(&self.sessions.to_writes());
        match &result {
            Ok(()) => self.shared.succeeded(),
            Err(error) if error.is_temporary() => return Err(error.clone()),
            Err(refusal) => log::error!("the store refuses a change of sessions: {refusal}"),
        }
        let tickets = self.sessions.take_tickets();
        self.answer(tickets.into_iter().map(|ticket| Reply::Saved { ticket, result: result.clone() }));
        Ok(())
    }

    /// Asks what was asked, or refuses it while the store is away. Whether the game's characters were written back.
    fn ask_questions(&mut self) -> bool {
        let questions = std::mem::take(&mut self.questions);
        if questions.is_empty() {
            return false;
        }
        let replies = match &self.retry {
            Some(retry) => questions.iter().map(|request| request.refuse(retry.error.clone())).collect(),
            None => self.carry_out(&questions),
        };
        let is_restored = |(question, reply): (&Request, &Reply)| {
            matches!(question, Request::RestoreAccounts { .. }) && reply.store_error().is_none()
        };
        let are_restored = questions.iter().zip(&replies).any(is_restored);
        self.shared.questions_answered(questions.len());
        self.answer(replies);
        for question in questions {
            if let Request::Heartbeat { status, .. } = question {
                self.status = Some(status);
            }
        }
        are_restored
    }

    fn carry_out(&mut self, questions: &[Request]) -> Vec<Reply> {
        let replies = self.store.carry_out(questions);
        if replies.iter().any(|reply| matches!(reply, Reply::Heartbeat { result: Ok(_), .. })) {
            self.shared.succeeded();
        }
        let failure =
            replies.iter().filter_map(Reply::store_error).find(|error| error.is_temporary()).cloned();
        if let Some(failure) = failure {
            self.retry_later(failure);
        }
        replies
    }

    fn set_emptied(&mut self, is_emptied: bool) {
        self.is_emptied = is_emptied;
        self.shared.is_emptied.store(is_emptied, Ordering::Relaxed);
    }

    fn retry_later(&mut self, error: StoreError) {
        let pause = match &self.retry {
            Some(last) => (last.pause * 2).min(self.backoff.longest),
            None => {
                let emptied = if self.is_emptied { "it was emptied, or is another one, and " } else { "" };
                log::error!("the store is away, changes are kept until it is back: {emptied}{error}");
                self.backoff.first
            }
        };
        self.retry = Some(Retry { at: Instant::now() + shortened_by_chance(pause), pause, error });
        self.shared.is_away.store(true, Ordering::Relaxed);
    }

    fn store_is_back(&mut self) {
        if self.retry.take().is_some() {
            log::info!("the store is back; {} characters waited to be saved", self.saves.characters());
            self.shared.is_away.store(false, Ordering::Relaxed);
        }
    }

    fn answer(&self, replies: impl IntoIterator<Item = Reply>) {
        for reply in replies {
            self.shared.answered();
            self.tell(reply);
        }
        (self.notify)();
    }

    fn tell(&self, reply: Reply) {
        // Nobody listens any more once the loop has ended.
        let _ = self.replies.send(reply);
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
                let error = self.retry.as_ref().map_or(&StoreError::OtherStore, |retry| &retry.error);
                let reason = error.to_string();
                let unsaved =
                    Unsaved { requests: self.shared.waiting(), characters: self.saves.characters(), reason };
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
