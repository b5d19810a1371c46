//! The password checks of logins, creations and changes of password: queued, put off, dropped, given up.

use super::connections::Connection;
use super::names::{is_valid_name, name_key};
use super::password_queue::Waiting;
use super::pending::Pending;
use super::refusal::Refusal;
use super::timers::Timer;
use super::{Game, Stage, texts};
use crate::passwords::Job;
use crate::protocol::font::Font;
use crate::protocol::outbox::ConnectionId;
use crate::records::Ticket;

impl Game {
    /// Queues the check of a password of the account `name`, or puts it off when too many were wrong.
    pub(super) fn check_password(&mut self, connection: ConnectionId, name: &str, job: Job) {
        let delay = self.wrong_passwords.delay(&name_key(name), self.now);
        if delay == 0 {
            return self.queue_password(connection, job);
        }
        let Some(waiting) = self.waiting_for(connection, job) else { return };
        self.timers.set(self.now + delay, Timer::PasswordDelay(waiting.ticket));
        self.passwords.delay(waiting);
    }

    /// Queues a password job of that connection.
    pub(super) fn queue_password(&mut self, connection: ConnectionId, job: Job) {
        if let Some(waiting) = self.waiting_for(connection, job) {
            self.queue(waiting);
        }
    }

    /// Queues a job that is done whether its connection stays or not: the attempt has got past its check.
    pub(super) fn queue_confirmed(&mut self, connection: ConnectionId, job: Job) {
        if let Some(waiting) = self.waiting_for(connection, job) {
            self.passwords.add_next(Waiting { connection: None, ..waiting });
        }
    }

    fn waiting_for(&mut self, connection: ConnectionId, job: Job) -> Option<Waiting> {
        let ticket = match job {
            Job::Hash { ticket, .. } | Job::Verify { ticket, .. } => ticket,
        };
        let Some(known) = self.connections.get(connection) else {
            self.pending.take(ticket);
            return None;
        };
        Some(Waiting { ticket, connection: Some(connection), address: known.address, job })
    }

    fn queue(&mut self, waiting: Waiting) {
        if let Some(ticket) = self.passwords.add(waiting) {
            self.give_up(ticket);
        }
    }

    /// Tells the player of an attempt that it is given up for the sake of others.
    fn give_up(&mut self, ticket: Ticket) {
        match self.pending.take(ticket) {
            Some(Pending::LoginCheck { connection, name, session, .. }) => {
                let user = session.map(|session| session.user_id);
                self.refuse_login(connection, &name, user, &Refusal::Busy);
            }
            Some(Pending::CreationHash { connection, .. }) => {
                self.refuse_counted_creation(connection, texts::BUSY);
            }
            Some(Pending::PasswordCheck { connection, .. })
            | Some(Pending::PasswordHash { connection: Some(connection), .. }) => {
                self.tell(connection, texts::BUSY, Font::Info);
            }
            _ => {}
        }
    }

    /// The delay of a check is over.
    pub(super) fn password_delay_over(&mut self, ticket: Ticket) {
        let Some(waiting) = self.passwords.take_delayed(ticket) else { return };
        let has_gone = waiting.connection.is_some_and(|id| self.connections.get(id).is_none());
        if has_gone {
            self.pending.take(ticket);
        } else {
            self.queue(waiting);
        }
    }

    /// A password of the account `name` was checked.
    pub(super) fn password_checked(&mut self, name: &str, matches: bool) {
        if matches {
            self.wrong_passwords.right(&name_key(name));
        } else if is_valid_name(name) {
            self.wrong_passwords.wrong(&name_key(name), self.now);
        }
    }

    /// Drops the password jobs of a connection that has gone.
    pub(super) fn drop_attempts(&mut self, gone: &Connection) {
        for ticket in self.passwords.drop_of(gone.address, gone.id) {
            self.pending.take(ticket);
        }
        if let Stage::Waiting(ticket) = gone.stage
            && self.passwords.take_delayed(ticket).is_some()
        {
            self.pending.take(ticket);
        }
    }

    /// The server stops: of the attempts only what has to be written is waited for. Claims that may have been granted
    /// meanwhile are given back.
    pub(super) fn discard_attempts(&mut self) {
        for user_id in self.pending.discard_attempts() {
            self.session_ended(user_id);
        }
        let pending = &self.pending;
        self.passwords.retain(|ticket| pending.get(ticket).is_some());
    }
}
