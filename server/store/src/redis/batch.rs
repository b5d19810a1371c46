//! Requests that wait together, in one round trip.

use super::commands::Commands;
use super::values::Replies;
use super::{RedisStore, accounts, servers, sessions, settings};
use crate::records::{AccountState, Fields};
use crate::server::Heartbeat;
use crate::session::Claim;
use crate::{Reply, Request, StoreError, fresh_store_id};

/// Returns true if the request is asked and answered in one round trip, so that several can share it.
pub(super) fn is_one_question(request: &Request) -> bool {
    match request {
        Request::LoadAccount { .. }
        | Request::CreateAccount { .. }
        | Request::SetPasswordHash { .. }
        | Request::OpenSession { .. }
        | Request::Heartbeat { .. }
        | Request::ReadSettings { .. } => true,
        Request::SaveCharacters { .. }
        | Request::WriteSessions { .. }
        | Request::SeedSettings { .. }
        | Request::RestoreAccounts { .. } => false,
    }
}

impl RedisStore {
    /// Carries out requests that are one question each. A failed exchange fails all of them.
    pub(super) fn carry_out_together(&mut self, requests: &[Request], replies: &mut Vec<Reply>) {
        let mut commands = Commands::new();
        let mut counts = Vec::with_capacity(requests.len());
        for request in requests {
            let before = commands.len();
            self.ask_request(request, &mut commands);
            counts.push(commands.len() - before);
        }
        let mut answers = match self.link.exchange(&mut commands) {
            Ok(answers) => answers.into_iter(),
            Err(error) => {
                replies.extend(requests.iter().map(|request| request.refuse(error.clone().into())));
                return;
            }
        };
        for (request, count) in requests.iter().zip(counts) {
            let own = Replies::new(answers.by_ref().take(count).collect());
            replies.push(self.read_reply(request, own));
        }
    }

    /// Adds the commands of a request; none when it cannot be asked.
    fn ask_request(&mut self, request: &Request, commands: &mut Commands) {
        match request {
            Request::LoadAccount { name, .. } => accounts::load(commands, name),
            Request::CreateAccount { account, character, .. } => {
                let state = AccountState::blank();
                accounts::create(commands, account, character, &state, self.new_number());
            }
            Request::SetPasswordHash { user_id, password_hash, .. } => {
                accounts::change(commands, *user_id, [(accounts::PASSWORD_HASH, password_hash)]);
            }
            Request::OpenSession { session, .. } => {
                self.will_claim(session);
                if let Some((run, _)) = &self.registered {
                    sessions::open(commands, run, session);
                }
            }
            Request::Heartbeat { status, .. } => {
                if let (Some((run, lease)), Ok(fresh_id)) = (&self.registered, fresh_store_id()) {
                    servers::heartbeat(commands, run, *lease, &fresh_id, status);
                }
            }
            Request::ReadSettings { server, .. } => settings::ask_of(commands, server),
            Request::SaveCharacters { .. }
            | Request::WriteSessions { .. }
            | Request::SeedSettings { .. }
            | Request::RestoreAccounts { .. } => {}
        }
    }

    /// Reads the answers to the commands of a request.
    fn read_reply(&mut self, request: &Request, mut replies: Replies) -> Reply {
        let replies = &mut replies;
        match *request {
            Request::LoadAccount { ticket, ref name } => {
                let result = accounts::loaded(replies, name).map(|found| found.map(Box::new));
                Reply::Account { ticket, result }
            }
            Request::CreateAccount { ticket, .. } => {
                let result = accounts::created(replies);
                result.iter().for_each(|user_id| self.has_met(*user_id));
                Reply::Created { ticket, result }
            }
            Request::SetPasswordHash { ticket, user_id, .. } => {
                Reply::Saved { ticket, result: accounts::changed(replies, user_id) }
            }
            Request::OpenSession { ticket, .. } => {
                Reply::SessionOpened { ticket, result: self.opened(replies) }
            }
            Request::Heartbeat { ticket, .. } => Reply::Heartbeat { ticket, result: self.heard(replies) },
            Request::ReadSettings { ticket, .. } => {
                Reply::Settings { ticket, result: settings::read_of(replies) }
            }
            Request::SaveCharacters { .. }
            | Request::WriteSessions { .. }
            | Request::SeedSettings { .. }
            | Request::RestoreAccounts { .. } => {
                request.refuse(StoreError::Unavailable("not a question".into()))
            }
        }
    }

    fn opened(&self, replies: &mut Replies) -> Result<Claim, StoreError> {
        self.registered()?;
        sessions::opened(replies)
    }

    fn heard(&mut self, replies: &mut Replies) -> Result<Heartbeat, StoreError> {
        let (run, _) = self.registered()?;
        if replies.is_empty() {
            return Err(StoreError::Unavailable("there are no random numbers".into()));
        }
        let heard = servers::heard(replies, &run)?;
        self.has_heard(heard)
    }
}
