//! The store's helper thread: the one place that waits for the store.
//!
//! The loop sends requests and never waits. The thread takes all that waits as one batch, writes consecutive saves in
//! one transaction, hands consecutive questions to the store together, and queues a reply for each request. All
//! decisions are made in [`write_behind`], which has no thread, clock or store of its own.
//!
//! **While the store fails.** A question (a load, a creation, a heartbeat) fails at once: a player waits for the
//! answer. Saves and changes of sessions are kept and tried again; of each character and each session only the newest
//! state waits. The store is *away* until it has taken a heartbeat and all that waits: one that answers, but takes
//! nothing, is no better than none. It is tried after pauses that double up to [`Backoff::longest`], each shortened by
//! chance so that several servers do not come back at once, and questions are refused meanwhile without trying. So no
//! login loads a character that is older than a save which still waits.
//!
//! **After the store was emptied**, or replaced by another one, pending writes are kept too, until the game has written
//! back its records. The heartbeat notifies the game: the worker sends one of its own as soon as a write meets such a
//! store.
//!
//! Replies come in the order of their requests, except that what the store could not yet take is overtaken by
//! refusals, and a change of sessions by saves.
//!
//! A save that the store refuses for good (its account was deleted, another server has the character) fails alone, with
//! the group it belongs to.

mod shared;
mod thread;
pub mod write_behind;

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use super::{Reply, Request, Store, StoreError};
use shared::Shared;
use thread::Service;
use write_behind::WriteBehind;

/// Pauses between attempts at a store that failed.
#[derive(Debug, Clone, Copy)]
pub struct Backoff {
    /// The first pause; each following one is twice as long.
    pub first: Duration,
    /// No pause is longer.
    pub longest: Duration,
}

impl Default for Backoff {
    /// Returns a tenth of a second to five seconds.
    fn default() -> Self {
        Self { first: Duration::from_millis(100), longest: Duration::from_secs(5) }
    }
}

/// Requests that the worker could not finish before it had to stop.
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

/// The failure of a shutdown.
#[derive(Debug, thiserror::Error)]
pub enum ShutdownError {
    /// Something is not saved.
    #[error(transparent)]
    Unsaved(#[from] Unsaved),
    /// Everything is saved, but not where the next start looks for it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Time to close the store once everything is written: it may have to be copied whole.
const CLOSE_LIMIT: Duration = Duration::from_secs(30);

enum Message {
    Request(Request),
    Stop { deadline: Instant },
}

/// The loop's end of the helper thread. See the module.
#[derive(Debug)]
pub struct Worker {
    messages: Sender<Message>,
    replies: Receiver<Reply>,
    /// Two messages at the end: how saving ended, and how closing the store.
    finished: Receiver<Result<(), ShutdownError>>,
    shared: Arc<Shared>,
}

impl Worker {
    /// Starts the thread on `store`. After it queued replies it calls `notify`, on its own thread; the loop passes its
    /// waker.
    ///
    /// # Errors
    /// Fails if the operating system gives no thread.
    pub fn start(store: Box<dyn Store>, notify: impl Fn() + Send + 'static) -> io::Result<Self> {
        Self::start_with(store, notify, Backoff::default())
    }

    /// As [`Worker::start`], with other pauses.
    ///
    /// # Errors
    /// Fails if the operating system gives no thread.
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
            queue: WriteBehind::new(backoff, thread::seed()),
            replies: outbox,
            notify,
            shared: Arc::clone(&shared),
        };
        std::thread::Builder::new().name("store".into()).spawn(move || {
            // Nobody listens when the worker was dropped without a shutdown.
            let _ = finish.send(service.run(&inbox).map_err(ShutdownError::from));
            let closed = service.close();
            // The store closes its files before anyone hears that it is done.
            drop(service);
            let _ = finish.send(closed.map_err(ShutdownError::from));
        })?;
        Ok(Self { messages, replies, finished, shared })
    }

    /// Hands a request over; never waits for the store. Each is answered by exactly one reply.
    ///
    /// The queue is bounded: questions by the game, which has few open for each connection at a time; saves and changes
    /// of sessions by the number of characters, however often they are sent, as of each only the newest state waits.
    pub fn send(&self, request: Request) {
        self.shared.sent(&request);
        if self.messages.send(Message::Request(request)).is_err() {
            // Only a panic inside the store ends the thread early, and a release build does not outlive a panic.
            log::error!("the store thread has gone; a request is lost");
        }
    }

    /// Takes the next reply, if one is there.
    pub fn try_recv(&self) -> Option<Reply> {
        self.replies.try_recv().ok()
    }

    /// Returns the number of requests sent and not yet answered.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.shared.waiting()
    }

    /// Returns how long the oldest unanswered question has waited; zero when none waits.
    #[must_use]
    pub fn oldest_question(&self) -> Duration {
        self.shared.oldest_question()
    }

    /// Returns the time since a save, a change of sessions or a heartbeat last succeeded, or since the start.
    #[must_use]
    pub fn since_success(&self) -> Duration {
        self.shared.since_success()
    }

    /// Returns true if the store is away: it failed and has not taken all that waits since. Loads and creations are
    /// refused meanwhile.
    #[must_use]
    pub fn is_away(&self) -> bool {
        self.shared.progress().is_away
    }

    /// Returns true if saves wait because the store was emptied, or is another one, and the records of the game are not
    /// written back yet.
    #[must_use]
    pub fn is_emptied(&self) -> bool {
        self.shared.progress().is_emptied
    }

    /// Finishes what waits and deregisters the server, within `within`; then closes the store and ends the thread.
    /// Replies not yet taken are dropped.
    ///
    /// # Errors
    /// Fails if something could not be written in that time, or the store not closed as it should.
    pub fn shutdown(self, within: Duration) -> Result<(), ShutdownError> {
        // The last quarter is for deregistering.
        let deadline = Instant::now() + within * 3 / 4;
        let stop = Message::Stop { deadline };
        let sent = self.messages.send(stop);
        let ended = sent
            .map_err(|_| RecvTimeoutError::Disconnected)
            .and_then(|()| self.finished.recv_timeout(within))
            // A copy of the store that was begun is worth the wait, also when something is not saved.
            .and_then(|saved| Ok(saved.and(self.finished.recv_timeout(CLOSE_LIMIT)?)));
        let reason = match ended {
            Ok(result) => return result,
            Err(RecvTimeoutError::Timeout) => "the store did not answer in time",
            Err(RecvTimeoutError::Disconnected) => "the store thread has gone",
        };
        Err(Unsaved { requests: self.waiting(), characters: 0, reason: reason.into() }.into())
    }
}

#[cfg(test)]
mod tests;
