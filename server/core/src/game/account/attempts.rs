//! The password checks of logins, creations and changes of password: queued, put off, dropped, given up.

use crate::base::ids::ConnectionId;
use crate::game::account::names::name_key;
use crate::game::account::password_queue::Waiting;
use crate::game::account::refusal::Refusal;
use crate::game::durable::pending::Pending;
use crate::game::session::connections::Connection;
use crate::game::timers::Timer;
use crate::game::{Game, texts};
use crate::passwords::Job;
use crate::protocol::font::Font;
use crate::records::Ticket;

impl Game {
    /// Queues the check of a password of the account `name`, or puts it off when too many were wrong.
    pub(in crate::game) fn check_password(&mut self, connection: ConnectionId, name: &str, job: Job) {
        let delay = self.lobby.wrong_passwords.delay(&name_key(name), self.play.now);
        if delay == 0 {
            return self.queue_password(connection, job);
        }
        let Some(waiting) = self.waiting_for(connection, job) else { return };
        self.play.timers.set(self.play.now + delay, Timer::PasswordDelay(waiting.ticket));
        self.lobby.passwords.delay(waiting);
    }

    /// Queues a password job of that connection.
    pub(in crate::game) fn queue_password(&mut self, connection: ConnectionId, job: Job) {
        if let Some(waiting) = self.waiting_for(connection, job) {
            self.queue(waiting);
        }
    }

    /// Queues a job that is done whether its connection stays or not: the attempt has got past its check.
    pub(in crate::game) fn queue_confirmed(&mut self, connection: ConnectionId, job: Job) {
        if let Some(waiting) = self.waiting_for(connection, job) {
            self.lobby.passwords.add_next(Waiting { connection: None, ..waiting });
        }
    }

    fn waiting_for(&mut self, connection: ConnectionId, job: Job) -> Option<Waiting> {
        let ticket = job.ticket();
        let waiting = self.lobby.waiting_for(connection, job);
        if waiting.is_none() {
            self.durable.pending.take(ticket);
        }
        waiting
    }

    fn queue(&mut self, waiting: Waiting) {
        if let Some(ticket) = self.lobby.passwords.add(waiting) {
            self.give_up(ticket);
        }
    }

    /// Tells the player of an attempt that it is given up for the sake of others.
    fn give_up(&mut self, ticket: Ticket) {
        match self.durable.pending.take(ticket) {
            Some(Pending::LoginCheck { connection, name, session, .. }) => {
                let user = session.map(|session| session.user_id);
                self.refuse_login(connection, &name, user, &Refusal::Busy);
            }
            Some(Pending::CreationHash { connection, .. }) => {
                self.refuse_counted_creation(connection, texts::BUSY);
            }
            Some(Pending::PasswordCheck { connection, .. })
            | Some(Pending::PasswordHash { connection: Some(connection), .. }) => {
                self.play.tell(connection, texts::BUSY, Font::Info);
            }
            _ => {}
        }
    }

    /// The delay of a check is over.
    pub(in crate::game) fn password_delay_over(&mut self, ticket: Ticket) {
        let Some(waiting) = self.lobby.passwords.take_delayed(ticket) else { return };
        let has_gone = waiting.connection.is_some_and(|id| self.lobby.connections.get(id).is_none());
        if has_gone {
            self.durable.pending.take(ticket);
        } else {
            self.queue(waiting);
        }
    }

    /// Drops the password jobs of a connection that has gone.
    pub(in crate::game) fn drop_attempts(&mut self, gone: &Connection) {
        for ticket in self.lobby.drop_attempts(gone) {
            self.durable.pending.take(ticket);
        }
    }

    /// The server stops: of the attempts only what has to be written is waited for. Claims that may have been granted
    /// meanwhile are given back.
    pub(in crate::game) fn discard_attempts(&mut self) {
        for user_id in self.durable.pending.discard_attempts() {
            self.durable.session_ended(user_id, self.play.now);
        }
        let pending = &self.durable.pending;
        self.lobby.passwords.retain(|ticket| pending.get(ticket).is_some());
    }
}
