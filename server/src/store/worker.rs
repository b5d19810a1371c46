//! The store's helper thread: the one place that waits for the store.
//!
//! The loop sends requests and never waits. The thread takes all that waits as one batch, writes consecutive saves in
//! one transaction, and queues a reply for each request.
//!
//! **When the store fails.** A load, a creation and a change of password fail at once: somebody waits for the answer.
//! A save is kept and tried again, after pauses that double up to [`Backoff::longest`]; of each character only the newest
//! state waits. Until those saves are written, other requests are answered [`StoreError::Unavailable`] without trying:
//! a load would find an old character. So replies come in the order of their requests, except that a save which the
//! store could not yet take is overtaken by refusals.
//!
//! A save that the store refuses for good (its account was deleted) fails alone, with the group it belongs to.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};
use std::{io, thread};

use super::pending::PendingSaves;
use super::{Reply, Request, Store, StoreError};

/// Most requests taken before the saves among them are written.
const BATCH_LIMIT: usize = 4096;

/// Pauses between attempts to write what the store did not take.
#[derive(Debug, Clone, Copy)]
pub struct Backoff {
    /// The first pause; each following one is twice as long.
    pub first: Duration,
    /// No pause is longer.
    pub longest: Duration,
}

impl Default for Backoff {
    /// From a tenth of a second to five seconds.
    fn default() -> Self {
        Self { first: Duration::from_millis(100), longest: Duration::from_secs(5) }
    }
}

/// What the worker could not write before it had to stop.
#[derive(Debug, thiserror::Error)]
#[error("{requests} store requests were not finished ({characters} characters not saved): {reason}")]
pub struct Unsaved {
    /// Requests without an answer.
    pub requests: usize,
    /// Characters with changes not written, as far as known.
    pub characters: usize,
    /// The last thing that the store said.
    pub reason: String,
}

enum Message {
    Request(Request),
    Stop { deadline: Instant },
}

/// What both sides look at.
#[derive(Debug, Default)]
struct Shared {
    /// Requests sent and not yet answered.
    waiting: AtomicUsize,
    /// Whether saves wait for a store that did not take them.
    away: AtomicBool,
}

/// The loop's end of the helper thread. See the module.
#[derive(Debug)]
pub struct Worker {
    messages: Sender<Message>,
    replies: Receiver<Reply>,
    finished: Receiver<Result<(), Unsaved>>,
    shared: Arc<Shared>,
}

impl Worker {
    /// Starts the thread on `store`. After it queued replies it calls `notify`, on its own thread; the loop passes its
    /// waker.
    ///
    /// # Errors
    /// When the operating system gives no thread.
    pub fn start(store: Box<dyn Store>, notify: impl Fn() + Send + 'static) -> io::Result<Self> {
        Self::start_with(store, notify, Backoff::default())
    }

    /// As [`Worker::start`], with other pauses.
    ///
    /// # Errors
    /// When the operating system gives no thread.
    pub fn start_with(
        store: Box<dyn Store>,
        notify: impl Fn() + Send + 'static,
        backoff: Backoff,
    ) -> io::Result<Self> {
        let (messages, inbox) = mpsc::channel();
        let (outbox, replies) = mpsc::channel();
        let (finish, finished) = mpsc::channel();
        let shared = Arc::new(Shared::default());
        let mut service = Service {
            store,
            saves: PendingSaves::default(),
            retry: None,
            backoff,
            replies: outbox,
            notify,
            shared: Arc::clone(&shared),
        };
        thread::Builder::new().name("store".into()).spawn(move || {
            let result = service.run(&inbox);
            // The store closes its files before anyone hears that it is done.
            drop(service);
            // Nobody listens when the worker was dropped without a shutdown.
            let _ = finish.send(result);
        })?;
        Ok(Self { messages, replies, finished, shared })
    }

    /// Hands a request over; never blocks. Each is answered by exactly one reply.
    ///
    /// What waits is bounded by the game: it has at most one load or creation open for a connection, and sends changed
    /// characters once a period.
    pub fn send(&self, request: Request) {
        self.shared.waiting.fetch_add(1, Ordering::Relaxed);
        if self.messages.send(Message::Request(request)).is_err() {
            // Only a panic inside the store ends the thread early, and a release build does not outlive a panic.
            log::error!("the store thread has gone; a request is lost");
        }
    }

    /// The next reply, if one is there.
    pub fn try_recv(&self) -> Option<Reply> {
        self.replies.try_recv().ok()
    }

    /// Number of requests sent and not yet answered.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.shared.waiting.load(Ordering::Relaxed)
    }

    /// Whether the store fails and saves wait for it to come back. Loads and creations are refused meanwhile.
    #[must_use]
    pub fn is_away(&self) -> bool {
        self.shared.away.load(Ordering::Relaxed)
    }

    /// Finishes what waits, closes the store and ends the thread, within `within`. Replies not yet taken are dropped.
    ///
    /// # Errors
    /// When something could not be written in that time.
    pub fn shutdown(self, within: Duration) -> Result<(), Unsaved> {
        // The last quarter is for closing the store.
        let deadline = Instant::now() + within * 3 / 4;
        let stop = Message::Stop { deadline };
        let sent = self.messages.send(stop);
        let reason = match (sent, self.finished.recv_timeout(within)) {
            (_, Ok(result)) => return result,
            (Ok(()), Err(RecvTimeoutError::Timeout)) => "the store did not answer in time",
            _ => "the store thread has gone",
        };
        Err(Unsaved { requests: self.waiting(), characters: 0, reason: reason.into() })
    }
}

/// The next attempt to write what the store did not take.
struct Retry {
    at: Instant,
    pause: Duration,
    reason: String,
}

/// The thread's end.
struct Service<N> {
    store: Box<dyn Store>,
    saves: PendingSaves,
    /// Set while saves wait for a store that failed.
    retry: Option<Retry>,
    backoff: Backoff,
    replies: Sender<Reply>,
    notify: N,
    shared: Arc<Shared>,
}

impl<N: Fn()> Service<N> {
    /// Serves until told to stop, or until nobody can ask any more.
    fn run(&mut self, inbox: &Receiver<Message>) -> Result<(), Unsaved> {
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
            self.write_saves();
        }
    }

    /// Waits for a message, or until it is time to try again.
    fn wait(&self, inbox: &Receiver<Message>) -> Result<Message, RecvTimeoutError> {
        match &self.retry {
            Some(retry) => inbox.recv_timeout(retry.at.saturating_duration_since(Instant::now())),
            None => inbox.recv().map_err(|_| RecvTimeoutError::Disconnected),
        }
    }

    /// Keeps a save for the end of the batch; does anything else at once, after the saves that came before it.
    fn take(&mut self, request: Request) {
        if let Request::SaveCharacters { ticket, saves } = request {
            self.saves.add(ticket, saves);
            return;
        }
        self.write_saves();
        let replies = match &self.retry {
            Some(retry) => vec![request.refuse(StoreError::Unavailable(retry.reason.clone()))],
            None => self.store.carry_out(&[request]),
        };
        self.answer(replies);
    }

    /// Writes all saves that wait, unless a pause is not yet over.
    fn write_saves(&mut self) {
        let paused = self.retry.as_ref().is_some_and(|retry| Instant::now() < retry.at);
        if self.saves.is_empty() || paused {
            return;
        }
        match self.store.save_characters(&self.saves.to_saves()) {
            Ok(()) => {
                self.store_is_back();
                let tickets = self.saves.take_tickets();
                self.answer(tickets.into_iter().map(|ticket| Reply::Saved { ticket, result: Ok(()) }));
            }
            Err(StoreError::Unavailable(reason)) => self.retry_later(reason),
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
            if let Err(StoreError::Unavailable(reason)) = result {
                self.retry_later(reason);
                break;
            }
            if let Err(refusal) = &result {
                let users: Vec<_> = saves.iter().map(|save| save.user_id.0).collect();
                log::error!("the store refuses to save users {users:?}, their changes are lost: {refusal}");
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

    fn retry_later(&mut self, reason: String) {
        let pause = match &self.retry {
            Some(last) => (last.pause * 2).min(self.backoff.longest),
            None => {
                log::error!("the store is away, saves are kept until it is back: {reason}");
                self.backoff.first
            }
        };
        self.retry = Some(Retry { at: Instant::now() + pause, pause, reason });
        self.shared.away.store(true, Ordering::Relaxed);
    }

    fn store_is_back(&mut self) {
        if self.retry.take().is_some() {
            log::info!("the store is back, {} characters that waited are saved", self.saves.characters());
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
            self.write_saves();
            let Some(retry) = &self.retry else { return Ok(()) };
            if Instant::now() + self.backoff.first >= deadline {
                let unsaved = Unsaved {
                    requests: self.shared.waiting.load(Ordering::Relaxed),
                    characters: self.saves.characters(),
                    reason: retry.reason.clone(),
                };
                log::error!("{unsaved}");
                return Err(unsaved);
            }
            thread::sleep(self.backoff.first);
        }
    }
}

#[cfg(test)]
mod tests;
