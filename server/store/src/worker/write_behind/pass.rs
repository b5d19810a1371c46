//! One pass over what waits: its stages, and the next one after each outcome.

use std::time::Duration;

use super::{Operation, Outcome, Retry, WriteBehind};
use crate::server::Heartbeat;
use crate::{Reply, Request, StoreError, Ticket};
use pyao_core::base::random::Random;

/// The ticket of a heartbeat that no request asked for.
const NO_TICKET: Ticket = Ticket(0);

/// Most requests taken before the saves among them are written.
const BATCH_LIMIT: usize = 4096;

/// A stage of a pass. Each but the first two may have an operation under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// No pass is under way.
    Rest,
    /// Requests were taken; the writes begin.
    Begin,
    /// A store that was away must take a heartbeat before anything is written.
    Search,
    /// All saves in one transaction.
    Saves,
    /// Each group of saves apart, after the store refused one of them.
    Groups,
    /// Changes of sessions.
    Sessions,
    /// A store that was found emptied must tell its name.
    SearchEmptied,
    /// Questions.
    Questions,
}

impl WriteBehind {
    /// Goes on with the pass, or begins one, until there is an operation.
    pub(super) fn next_operation(&mut self, now: Duration) -> Option<Operation> {
        loop {
            match self.stage {
                Stage::Rest => {
                    if !self.take_requests(now) {
                        return None;
                    }
                    self.stage = Stage::Begin;
                }
                Stage::Begin => self.stage = self.first_stage(now),
                Stage::Search | Stage::SearchEmptied => match &self.status {
                    Some(status) => return Some(Operation::Heartbeat(status.clone())),
                    None => self.found(),
                },
                Stage::Saves if self.saves.is_empty() => self.stage = Stage::Sessions,
                Stage::Saves => return Some(Operation::Save(self.saves.to_saves())),
                Stage::Groups => match self.saves.oldest() {
                    Some(group) => return Some(Operation::Save(group.to_saves())),
                    None => {
                        self.answer_groups();
                        self.stage = Stage::Sessions;
                    }
                },
                Stage::Sessions if self.sessions.is_empty() => self.writes_ended(now, Ok(())),
                Stage::Sessions => return Some(Operation::WriteSessions(self.sessions.to_writes())),
                Stage::Questions if self.questions.is_empty() => self.stage = Stage::Rest,
                Stage::Questions if self.retry.is_some() => self.refuse_questions(),
                Stage::Questions => return Some(self.ask_questions()),
            }
        }
    }

    /// Takes the requests of the next pass. Writes come before questions in a pass, so it ends before a write that came
    /// after a question. True if there is a reason for a pass.
    fn take_requests(&mut self, now: Duration) -> bool {
        let mut taken = 0;
        while taken < BATCH_LIMIT
            && let Some(request) = self.inbox.pop_front()
        {
            if request.is_write() && !self.questions.is_empty() {
                self.inbox.push_front(request);
                break;
            }
            taken += 1;
            match request {
                Request::SaveCharacters { ticket, saves } => self.saves.add(ticket, saves),
                Request::WriteSessions { ticket, writes } => self.sessions.add(ticket, writes),
                question => self.questions.push(question),
            }
        }
        let is_time = self.retry.as_ref().is_some_and(|retry| retry.at <= now);
        let is_flush_asked = std::mem::take(&mut self.is_flush_asked);
        taken > 0 || is_time || is_flush_asked
    }

    /// Returns the first stage of a pass. While the store is away and it is not time to try again, nothing is written.
    fn first_stage(&self, now: Duration) -> Stage {
        match &self.retry {
            Some(retry) if retry.at > now => Stage::Questions,
            Some(_) => Stage::Search,
            None => Stage::Saves,
        }
    }

    /// Takes the outcome of the operation of this stage.
    pub(super) fn take_outcome(&mut self, now: Duration, outcome: Outcome) {
        match (self.stage, outcome) {
            (Stage::Search | Stage::SearchEmptied, Outcome::Heartbeat(result)) => {
                self.search_ended(now, result)
            }
            (Stage::Saves, Outcome::Written(result)) => self.all_saved(now, result),
            (Stage::Groups, Outcome::Written(result)) => self.group_saved(now, result),
            (Stage::Sessions, Outcome::Written(result)) => self.sessions_written(now, result),
            (Stage::Questions, Outcome::Answered(replies)) => self.questions_answered(now, replies),
            (stage, outcome) => debug_assert!(false, "{outcome:?} is no outcome of {stage:?}"),
        }
    }

    /// Takes the answer to a heartbeat of the worker. It carries the server's last report: any fault that keeps a store
    /// from being written keeps it from taking that. The answer may be that the store was emptied, so the loop gets it
    /// as if it had asked.
    fn search_ended(&mut self, now: Duration, result: Result<Heartbeat, StoreError>) {
        match &result {
            Ok(_) => self.succeeded(now),
            Err(error) if error.is_temporary() => {
                let error = error.clone();
                return self.failed(now, error);
            }
            Err(_) => {}
        }
        self.replies.push_back(Reply::Heartbeat { ticket: NO_TICKET, result });
        self.found();
    }

    /// Goes on after a search that the store answered, or that there is no heartbeat for.
    fn found(&mut self) {
        if self.stage == Stage::Search {
            self.stage = Stage::Saves;
        } else {
            self.is_back();
            self.stage = Stage::Questions;
        }
    }

    fn all_saved(&mut self, now: Duration, result: Result<(), StoreError>) {
        match result {
            Ok(()) => {
                self.succeeded(now);
                let tickets = self.saves.take_tickets();
                self.answer(tickets.into_iter().map(|ticket| Reply::Saved { ticket, result: Ok(()) }));
                self.stage = Stage::Sessions;
            }
            Err(error) if error.is_temporary() => self.writes_ended(now, Err(error)),
            Err(refusal) => {
                log::warn!("a save was refused, writing each group apart: {refusal}");
                self.stage = Stage::Groups;
            }
        }
    }

    /// Goes on with the next group, so that one which the store refuses does not hold up the others.
    fn group_saved(&mut self, now: Duration, result: Result<(), StoreError>) {
        let Some(group) = self.saves.oldest() else { return };
        match &result {
            Ok(()) => {}
            Err(error) if error.is_temporary() => {
                let error = error.clone();
                self.answer_groups();
                return self.writes_ended(now, Err(error));
            }
            Err(refusal) => {
                let users: Vec<_> = group.users().map(|user_id| user_id.0).collect();
                log::error!("the store refuses to save users {users:?}: {refusal}");
            }
        }
        self.groups.extend(group.tickets().iter().map(|ticket| (*ticket, result.clone())));
        self.saves.remove_oldest();
        if result.is_ok() {
            self.succeeded(now);
        }
    }

    /// Answers the groups that were written apart, in the order of their requests.
    fn answer_groups(&mut self) {
        let mut groups = std::mem::take(&mut self.groups);
        groups.sort_by_key(|(ticket, _)| *ticket);
        self.answer(groups.into_iter().map(|((_, ticket), result)| Reply::Saved { ticket, result }));
    }

    fn sessions_written(&mut self, now: Duration, result: Result<(), StoreError>) {
        match &result {
            Ok(()) => self.succeeded(now),
            Err(error) if error.is_temporary() => return self.writes_ended(now, result),
            Err(refusal) => log::error!("the store refuses a change of sessions: {refusal}"),
        }
        let tickets = self.sessions.take_tickets();
        self.answer(tickets.into_iter().map(|ticket| Reply::Saved { ticket, result: result.clone() }));
        self.writes_ended(now, Ok(()));
    }

    /// Ends the writes of a pass: all were taken, or the first failure that may be over later.
    fn writes_ended(&mut self, now: Duration, result: Result<(), StoreError>) {
        let was_emptied = self.progress.is_emptied;
        match result {
            Ok(()) => self.progress.is_emptied = false,
            Err(StoreError::OtherStore) => self.progress.is_emptied = true,
            Err(error) => return self.failed(now, error),
        }
        let is_news = self.progress.is_emptied && !was_emptied;
        if is_news && self.retry.is_none() {
            self.stage = Stage::SearchEmptied;
        } else {
            self.is_back();
            self.stage = Stage::Questions;
        }
    }

    /// Notes that the store is away: pending requests are tried again later.
    fn failed(&mut self, now: Duration, error: StoreError) {
        self.retry_later(now, error);
        self.stage = Stage::Questions;
    }

    fn refuse_questions(&mut self) {
        let Some(retry) = &self.retry else { return };
        let questions = std::mem::take(&mut self.questions);
        let replies: Vec<_> = questions.iter().map(|question| question.refuse(retry.error.clone())).collect();
        self.progress.questions_answered += replies.len();
        self.answer(replies);
        self.keep_status(&questions);
    }

    fn ask_questions(&mut self) -> Operation {
        let questions = std::mem::take(&mut self.questions);
        let restores = |question: &Request| matches!(question, Request::RestoreAccounts { .. });
        self.restorations = questions.iter().map(restores).collect();
        self.keep_status(&questions);
        Operation::Ask(questions)
    }

    fn keep_status(&mut self, questions: &[Request]) {
        for question in questions {
            if let Request::Heartbeat { status, .. } = question {
                self.status = Some(status.clone());
            }
        }
    }

    fn questions_answered(&mut self, now: Duration, replies: Vec<Reply>) {
        let restorations = std::mem::take(&mut self.restorations);
        debug_assert_eq!(replies.len(), restorations.len(), "a reply for each question");
        if replies.iter().any(|reply| matches!(reply, Reply::Heartbeat { result: Ok(_), .. })) {
            self.succeeded(now);
        }
        let mut errors = replies.iter().filter_map(Reply::store_error);
        if let Some(failure) = errors.find(|error| error.is_temporary()).cloned() {
            self.retry_later(now, failure);
        }
        let is_restored = |(restores, reply): (&bool, &Reply)| *restores && reply.store_error().is_none();
        let are_restored = restorations.iter().zip(&replies).any(is_restored);
        self.progress.questions_answered += replies.len();
        self.answer(replies);
        // The records of the game are written back, so the pending writes can follow at once.
        let may_write = are_restored && self.progress.is_emptied;
        self.stage = if may_write { Stage::Begin } else { Stage::Rest };
    }

    fn retry_later(&mut self, now: Duration, error: StoreError) {
        let pause = match &self.retry {
            Some(last) => (last.pause * 2).min(self.backoff.longest),
            None => {
                let emptied =
                    if self.progress.is_emptied { "it was emptied, or is another one, and " } else { "" };
                log::error!("the store is away, changes are kept until it is back: {emptied}{error}");
                self.backoff.first
            }
        };
        let at = now + shortened_by_chance(pause, &mut self.random);
        self.retry = Some(Retry { at, pause, error });
        self.progress.is_away = true;
    }

    fn is_back(&mut self) {
        if self.retry.take().is_some() {
            log::info!("the store is back; {} characters waited to be saved", self.saves.characters());
        }
        self.progress.is_away = false;
    }
}

/// Draws a pause between half of `pause` and all of it.
fn shortened_by_chance(pause: Duration, random: &mut Random) -> Duration {
    pause * (256 + random.between(0, 255)) / 512
}
