//! Logging in: name and password against the store, then into the world.
//!
//! The account is looked up, its password checked on a thread of its own, and only then the character loaded: what is
//! entered is never older than the last save, however long the check took. Unknown names go through the same check, so
//! that they answer alike and take alike.

use super::pending::Pending;
use super::refusal::Refusal;
use super::{Game, Stage, names};
use crate::passwords;
use crate::protocol::outbox::ConnectionId;
use crate::protocol::server::ServerPacket;
use crate::records::UserId;
use crate::records::session::Session;
use crate::records::{self, Reply, Request, StoreError, StoredAccount};

/// The version every client of this protocol announces.
pub(super) const CLIENT_VERSION: (u8, u8, u8) = (0, 13, 0);

impl Game {
    /// `LoginExistingChar`.
    pub(super) fn log_in(
        &mut self,
        connection: ConnectionId,
        name: String,
        password: String,
        version: (u8, u8, u8),
    ) {
        // Whose character is in the world is in danger there, and costs nothing new.
        let is_overload = self.refuses_logins && self.players.by_name(&name).is_none();
        let refusal = is_overload.then_some(Refusal::Overloaded);
        let refusal = refusal.or_else(|| self.refusal_to_try(connection));
        let refusal = refusal.or_else(|| (version != CLIENT_VERSION).then_some(Refusal::WrongVersion));
        if let Some(refusal) = refusal {
            return self.refuse_login(connection, &name, None, &refusal);
        }
        if !names::is_valid_name(&name) {
            // No such character can exist; the check still takes its time.
            return self.check_login(connection, name, password, None, None);
        }
        let lookup = Pending::LoginLookup { connection, name: name.clone(), password };
        let ticket = self.wait_for(connection, lookup);
        self.store_requests.push(Request::LoadAccount { ticket, name });
    }

    /// Counts an attempt of that connection's address and tells why it may not be made, if so.
    pub(super) fn refusal_to_try(&mut self, connection: ConnectionId) -> Option<Refusal> {
        let address = self.connections.get(connection)?.address;
        if !self.login_limit.allows(address, self.now) {
            return Some(Refusal::TooManyAttempts);
        }
        (self.pending.is_full() || self.passwords.is_full_for(address)).then_some(Refusal::Busy)
    }

    /// Notes `pending` and lets its connection wait for it.
    pub(super) fn wait_for(&mut self, connection: ConnectionId, pending: Pending) -> records::Ticket {
        let ticket = self.pending.add(pending);
        if let Some(connection) = self.connections.get_mut(connection) {
            connection.stage = Stage::Waiting(ticket);
        }
        ticket
    }

    /// Tells why and closes: the client goes back to its login screen. `user` is known when the account exists.
    pub(super) fn refuse_login(
        &mut self,
        connection: ConnectionId,
        name: &str,
        user: Option<UserId>,
        refusal: &Refusal,
    ) {
        self.log_refused_login(name, user, connection, refusal);
        let reason = refusal.close_reason();
        if reason.player_text().is_none() {
            self.send(connection, &ServerPacket::ErrorMsg { text: refusal.text().into() });
        }
        self.close(connection, reason);
    }

    fn check_login(
        &mut self,
        connection: ConnectionId,
        name: String,
        password: String,
        hash: Option<String>,
        session: Option<Box<Session>>,
    ) {
        let check =
            Pending::LoginCheck { connection, name: name.clone(), password: password.clone(), session };
        let ticket = self.wait_for(connection, check);
        self.check_password(connection, &name, passwords::Job::Verify { ticket, password, hash });
    }

    /// The store answered.
    pub(super) fn store_replied(&mut self, reply: Reply) {
        match reply {
            Reply::Account { ticket, result } => self.account_loaded(ticket, result),
            Reply::Created { ticket, result } => self.character_stored(ticket, result),
            Reply::Saved { ticket, result } => match self.pending.take(ticket) {
                Some(Pending::PasswordStore { connection, user_id, password_hash }) => {
                    self.password_stored(connection, user_id, password_hash, result);
                }
                Some(Pending::Save(users)) => self.saved(ticket, &users, result),
                Some(Pending::Sessions) => self.saving.answered(),
                Some(Pending::Restore) => self.store_restored(result),
                _ => {}
            },
            Reply::SessionOpened { ticket, result } => self.session_opened(ticket, result),
            // The network asks for these, and takes their answers.
            Reply::Heartbeat { .. } | Reply::Settings { .. } => {}
        }
    }

    fn account_loaded(
        &mut self,
        ticket: records::Ticket,
        result: Result<Option<Box<StoredAccount>>, StoreError>,
    ) {
        match self.pending.take(ticket) {
            Some(Pending::LoginLookup { connection, name, password }) => {
                if self.connections.get(connection).is_none() {
                    return;
                }
                match self.account_found(&name, result) {
                    Ok(found) => {
                        let session = found.as_ref().map(|stored| Box::new(self.session_of_stored(stored)));
                        let hash = found.map(|stored| stored.account.account.password_hash);
                        self.check_login(connection, name, password, hash, session);
                    }
                    Err(error) => {
                        self.log_store_failure(&name, &error);
                        self.refuse_login(connection, &name, None, &Refusal::from(&error));
                    }
                }
            }
            Some(Pending::LoginLoad { connection, name, user_id, rehash }) => {
                if let (Some(password), Ok(Some(stored))) = (rehash, &result) {
                    self.rehash_later(connection, stored.account.user_id, password);
                }
                self.character_loaded(connection, &name, user_id, result);
            }
            _ => {}
        }
    }

    /// What a lookup found; what we hold in memory, while the store is away or was emptied.
    fn account_found(
        &self,
        name: &str,
        result: Result<Option<Box<StoredAccount>>, StoreError>,
    ) -> Result<Option<StoredAccount>, StoreError> {
        match result {
            Ok(Some(stored)) => Ok(Some(*stored)),
            Ok(None) => Ok(self.held_in_memory(name)),
            Err(error) => self.held_in_memory(name).map(Some).ok_or(error),
        }
    }

    fn held_in_memory(&self, name: &str) -> Option<StoredAccount> {
        let online = self.players.by_name(name).and_then(|key| self.stored_account(key));
        online.or_else(|| self.saving.departed(name).cloned())
    }

    fn character_loaded(
        &mut self,
        connection: ConnectionId,
        name: &str,
        user_id: UserId,
        result: Result<Option<Box<StoredAccount>>, StoreError>,
    ) {
        if self.connections.get(connection).is_none() {
            return self.give_up_claim(user_id);
        }
        // Whatever we hold is newer than what was loaded: standing in the world, or left and not yet written.
        if let Some(key) = self.players.by_name(name) {
            return self.take_over(connection, key);
        }
        let departed = self.saving.departed(name).cloned().map(|departed| Some(Box::new(departed)));
        match departed.map_or(result, Ok) {
            Ok(Some(stored)) => self.enter(connection, stored.account, stored.character),
            Ok(None) => self.refuse_login(connection, name, Some(user_id), &Refusal::WrongCredentials),
            Err(error) => {
                self.log_store_failure(name, &error);
                self.refuse_login(connection, name, Some(user_id), &Refusal::from(&error));
            }
        }
        self.give_up_claim(user_id);
    }

    /// A password was hashed or checked.
    pub(super) fn password_replied(&mut self, reply: passwords::Reply) {
        self.passwords.answered();
        match reply {
            passwords::Reply::Verified { ticket, matches, rehash } => match self.pending.take(ticket) {
                Some(Pending::LoginCheck { connection, name, password, session }) => {
                    self.password_checked(&name, matches);
                    self.login_checked(connection, &name, session, matches, rehash.then_some(password));
                }
                Some(Pending::PasswordCheck { connection, user_id, name, new_password }) => {
                    self.password_checked(&name, matches);
                    self.old_password_checked(connection, user_id, new_password, matches);
                }
                _ => {}
            },
            passwords::Reply::Hashed { ticket, hash } => match self.pending.take(ticket) {
                Some(Pending::CreationHash { connection, account, character }) => {
                    self.new_password_hashed(connection, account, character, hash);
                }
                Some(Pending::PasswordHash { connection, user_id }) => {
                    self.password_hashed(connection, user_id, hash)
                }
                _ => {}
            },
        }
    }

    fn login_checked(
        &mut self,
        connection: ConnectionId,
        name: &str,
        session: Option<Box<Session>>,
        matches: bool,
        rehash: Option<String>,
    ) {
        if self.connections.get(connection).is_none() {
            return;
        }
        match session {
            Some(session) if matches => self.claim(connection, session, rehash),
            session => {
                let user = session.map(|session| session.user_id);
                self.refuse_login(connection, name, user, &Refusal::WrongCredentials);
            }
        }
    }
}
