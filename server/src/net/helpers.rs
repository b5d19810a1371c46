//! The threads that may wait for the loop: the store's worker and the password hasher.

use std::time::Instant;

use crate::ops::health::StoreHealth;
use crate::ops::metrics::{Counter, Gauge, Metrics};
use pyao_config::store_link::{Order, StoreLink};
use pyao_core::game::{Game, Input, Millis};
use pyao_core::passwords;
use pyao_store::hashing::Hasher;
use pyao_store::worker::Worker;
use pyao_store::{CreateError, Reply, StoreError};

/// The ways to both threads, and what they had no room for.
pub(super) struct Helpers {
    store: Worker,
    hasher: Hasher,
    store_requests: Vec<pyao_store::Request>,
    new_jobs: Vec<passwords::Job>,
    /// Time of the last unanswered request for the live settings: it is sent all the time, and so gives the latency of
    /// the store.
    settings_asked: Option<Instant>,
}

impl Helpers {
    pub(super) fn new(store: Worker, hasher: Hasher) -> Self {
        Self { store, hasher, store_requests: Vec::new(), new_jobs: Vec::new(), settings_asked: None }
    }

    /// Gives the game what was answered to it, and the link what was answered to it; what the link makes of that.
    pub(super) fn deliver_replies(
        &mut self,
        now: Millis,
        game: &mut Game,
        metrics: &mut Metrics,
        link: &mut StoreLink,
    ) -> Vec<Order> {
        let mut orders = Vec::new();
        while let Some(reply) = self.store.try_recv() {
            if is_failure(&reply) {
                metrics.increment(Counter::StoreFailures);
            }
            match reply {
                Reply::Heartbeat { result, .. } => {
                    for order in link.heartbeat_answered(result) {
                        match order {
                            Order::Tell(input) => game.handle(now, input),
                            later => orders.push(later),
                        }
                    }
                }
                Reply::Settings { result, .. } => {
                    if let Some(asked) = self.settings_asked.take().filter(|_| result.is_ok()) {
                        metrics.store_answers.record_duration(asked.elapsed());
                    }
                    orders.extend(link.settings_answered(result));
                }
                reply => game.handle(now, Input::Store(reply)),
            }
        }
        while let Some(reply) = self.hasher.try_recv() {
            game.handle(now, Input::PasswordCost(self.hasher.cost()));
            game.handle(now, Input::Password(reply));
        }
        orders
    }

    /// Asks the store on behalf of the server itself.
    pub(super) fn ask_store(&mut self, request: pyao_store::Request) {
        if matches!(request, pyao_store::Request::ReadSettings { .. }) {
            self.settings_asked = Some(Instant::now());
        }
        self.store.send(request);
    }

    /// Hands on what the game asks.
    pub(super) fn send_requests(&mut self, game: &mut Game, metrics: &mut Metrics) {
        game.take_store_requests(&mut self.store_requests);
        for request in self.store_requests.drain(..) {
            metrics.increment(Counter::StoreRequests);
            self.store.send(request);
        }
        game.take_password_jobs(&mut self.new_jobs);
        metrics.add(Counter::PasswordJobs, self.new_jobs.len() as u64);
        for job in self.new_jobs.drain(..) {
            if let Err(error) = self.hasher.submit(job) {
                log::error!("a password was not checked: {error}");
            }
        }
    }

    /// Returns the health of the store.
    pub(super) fn store_health(&self) -> StoreHealth {
        StoreHealth {
            takes_saves: !self.store.is_away() && !self.store.is_emptied(),
            was_emptied: self.store.is_emptied(),
            seconds_since_success: self.store.since_success().as_secs(),
            oldest_question_ms: u64::try_from(self.store.oldest_question().as_millis()).unwrap_or(u64::MAX),
            waiting: self.store.waiting() as u64,
        }
    }

    /// Sets the gauges of the store.
    pub(super) fn set_gauges(&self, metrics: &mut Metrics) {
        metrics.set(Gauge::StoreWaiting, self.store.waiting() as u64);
        metrics.set(Gauge::StoreSuccess, self.store.since_success().as_secs());
    }

    /// Gives the store back, to be closed.
    pub(super) fn into_store(self) -> Worker {
        self.store
    }
}

/// Returns true if the store could not do as asked. A name, a character or an id held by another, or a deleted account,
/// is an answer and no failure.
fn is_failure(reply: &Reply) -> bool {
    let error = match reply {
        Reply::Account { result, .. } => result.as_ref().err(),
        Reply::SessionOpened { result, .. } => result.as_ref().err(),
        Reply::Heartbeat { result, .. } => result.as_ref().err(),
        Reply::Settings { result, .. } => result.as_ref().err(),
        Reply::Saved { result, .. } => result.as_ref().err(),
        Reply::Created { result: Err(CreateError::Store(error)), .. } => Some(error),
        Reply::Created { result: Ok(_) | Err(CreateError::NameTaken), .. } => None,
    };
    let is_answer = |error: &StoreError| {
        use StoreError::{CharacterTaken, ServerReplaced, UnknownUser};
        matches!(error, UnknownUser(_) | CharacterTaken(_) | ServerReplaced(_))
    };
    error.is_some_and(|error| !is_answer(error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use pyao_store::Ticket;
    use pyao_store::records::UserId;
    use pyao_store::redis::RedisError;
    use pyao_store::server::ServerId;

    #[test]
    fn a_store_that_cannot_is_a_failure_and_one_that_says_no_is_none() {
        let redis = RedisError::BadAddress { reason: "test".to_owned() };
        let damaged = StoreError::Damaged { key: "test".to_owned(), reason: "test".to_owned() };
        let saved = |error| Reply::Saved { ticket: Ticket(1), result: Err(error) };
        for error in [redis.into(), damaged, StoreError::Unavailable("test".to_owned())] {
            assert!(is_failure(&saved(error.clone())), "{error}");
            assert!(is_failure(&Reply::Created { ticket: Ticket(1), result: Err(error.into()) }));
        }
        let replaced = StoreError::ServerReplaced(ServerId::new("a").unwrap());
        for error in [StoreError::UnknownUser(UserId(1)), StoreError::CharacterTaken(UserId(1)), replaced] {
            assert!(!is_failure(&saved(error.clone())), "{error}");
        }
        assert!(!is_failure(&Reply::Created { ticket: Ticket(1), result: Err(CreateError::NameTaken) }));
        assert!(!is_failure(&Reply::Saved { ticket: Ticket(1), result: Ok(()) }));
    }
}
