//! The thread around [`WriteBehind`]: it waits for messages, calls the store and hands replies over.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::Instant;

use super::shared::Shared;
use super::{Message, Unsaved, WriteBehind};
use crate::{Reply, Store, StoreError};

/// Everything that the thread owns.
pub(super) struct Service<N> {
    pub(super) store: Box<dyn Store>,
    pub(super) queue: WriteBehind,
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
            for message in first.into_iter().chain(inbox.try_iter()) {
                match message {
                    Message::Request(request) => self.queue.push(request),
                    Message::Stop { deadline } => return self.finish(deadline),
                }
            }
            self.work();
        }
    }

    /// Waits for a message, or until it is time to try again.
    fn wait(&self, inbox: &Receiver<Message>) -> Result<Message, RecvTimeoutError> {
        match self.queue.poll_timeout() {
            Some(at) => inbox.recv_timeout(at.saturating_sub(self.shared.now())),
            None => inbox.recv().map_err(|_| RecvTimeoutError::Disconnected),
        }
    }

    /// Carries out what the queue asks for until it waits.
    fn work(&mut self) {
        while let Some(operation) = self.queue.poll(self.shared.now()) {
            let outcome = operation.carry_out(&mut *self.store);
            self.queue.done(self.shared.now(), outcome);
            self.hand_over();
        }
        self.hand_over();
    }

    /// Hands the replies to the loop and wakes it.
    fn hand_over(&mut self) {
        self.shared.publish(self.queue.progress());
        let mut is_news = false;
        while let Some(reply) = self.queue.poll_reply() {
            // Nobody listens any more once the loop has ended.
            let _ = self.replies.send(reply);
            is_news = true;
        }
        if is_news {
            (self.notify)();
        }
    }

    /// Writes what waits; while the store fails, tries again for as long as the deadline allows.
    fn finish(&mut self, deadline: Instant) -> Result<(), Unsaved> {
        let pause = self.queue.backoff().first;
        loop {
            self.queue.flush(self.shared.now());
            self.work();
            if self.queue.is_written() {
                self.leave();
                return Ok(());
            }
            if Instant::now() + pause >= deadline {
                let (characters, reason) = (self.queue.characters(), self.queue.reason().to_string());
                let unsaved = Unsaved { requests: self.shared.waiting(), characters, reason };
                log::error!("{unsaved}");
                return Err(unsaved);
            }
            thread::sleep(pause);
        }
    }

    /// Takes this server out of the store at once.
    fn leave(&mut self) {
        if let Err(error) = self.store.deregister_server() {
            log::warn!(
                "this server could not be taken out of the store, it will be forgotten there soon: {error}"
            );
        }
    }

    /// Closes the store, which nothing is asked of any more.
    pub(super) fn close(&mut self) -> Result<(), StoreError> {
        self.store.close()
    }
}

/// A number that differs between servers, to seed the pauses with.
pub(super) fn seed() -> u64 {
    let mut bytes = [0; 8];
    // Without random numbers the pauses of several servers may coincide, which is no fault.
    let _ = getrandom::fill(&mut bytes);
    u64::from_ne_bytes(bytes)
}
