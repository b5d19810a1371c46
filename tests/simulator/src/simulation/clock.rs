//! Virtual time: due events happen in their order, and each input is a turn of the loop.

use super::Simulation;
use super::events::Event;
use pyao_core::game::Input;
use pyao_store::Reply;

impl Simulation {
    /// Lets time pass; everything due in it happens.
    pub(super) fn pass(&mut self, milliseconds: u64) {
        let end = self.now + milliseconds;
        while let Some(due) = self.next_due().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            if self.game.next_deadline().is_some_and(|deadline| deadline <= self.now) {
                self.game.advance(self.now);
                self.turn();
            }
            self.carry_bytes();
            self.carry_answers();
            self.carry_releases();
            self.tell_store();
        }
        self.now = end;
    }

    pub(super) fn next_due(&self) -> Option<u64> {
        let release = self.releases.iter().map(|(due, _)| *due).min();
        [
            self.game.next_deadline(),
            self.network.next_due(),
            self.store.next_due(self.now),
            self.passwords.next_due(),
            self.link.next_deadline(),
            release,
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Gives the game an input, and carries out its effects.
    pub(super) fn input(&mut self, input: Input) {
        self.game.handle(self.now, input);
        self.turn();
    }

    /// Does what the loop does after the game has changed.
    pub(super) fn turn(&mut self) {
        let observed = self.ledger.observe(&self.game, self.now, &mut self.report);
        observed.unwrap_or_else(|what| self.blame(what));
        self.carry_requests();
        self.flush();
        self.carry_closings();
        self.carry_overflows();
    }

    fn carry_requests(&mut self) {
        let (mut requests, mut jobs) = (Vec::new(), Vec::new());
        self.game.take_store_requests(&mut requests);
        self.game.take_password_jobs(&mut jobs);
        if !requests.is_empty() {
            let asked = self.ledger.asks(&requests, &self.game, &mut self.report);
            asked.unwrap_or_else(|what| self.blame(what));
        }
        for request in requests {
            self.trace(|| format!("game: {request:?}"));
            self.report.asked(&request);
            self.store.ask(request);
        }
        jobs.into_iter().for_each(|job| self.passwords.ask(self.now, job, &mut self.random));
    }

    fn carry_answers(&mut self) {
        self.store.step(self.now, &mut self.random, &mut self.report);
        self.hear_of_writes();
        if let Some(fault) = self.store.take_fault() {
            self.blame(fault);
        }
        if self.emptied_at.is_some() && self.store.contents.is_ours() {
            self.emptied_at = None;
            self.settings_changed_at = self.now;
        }
        while let Some(reply) = self.store.reply() {
            match reply {
                Reply::Heartbeat { result, .. } => self.heartbeat_answered(result),
                Reply::Settings { result, .. } => self.settings_answered(result),
                reply => self.game_answered(reply),
            }
        }
        while let Some(reply) = self.passwords.reply(self.now, &mut self.random) {
            self.input(Input::Password(reply));
        }
    }

    fn game_answered(&mut self, reply: Reply) {
        self.trace(|| format!("store: {reply:?}"));
        if let Reply::Saved { ticket, result } = &reply {
            self.seeded(*ticket, result);
            self.ledger.answered(*ticket, result, self.now);
            if result.is_err() {
                self.report.note(Event::SaveRefused);
            }
        }
        self.input(Input::Store(reply));
    }

    /// Passes the store's writes to the ledger.
    pub(super) fn hear_of_writes(&mut self) {
        for user_id in self.store.contents.take_written() {
            let Some(stored) = self.store.contents.by_user(user_id) else { continue };
            let written = self.ledger.written(&stored, self.now);
            written.unwrap_or_else(|what| self.blame(what));
        }
    }
}
