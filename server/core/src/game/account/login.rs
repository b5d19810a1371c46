//! Logging in: name and password against the store, then into the world.
//!
//! The account is looked up, its password checked on a thread of its own, and only then the character loaded: what is
//! entered is never older than the last save, however long the check took. Unknown names go through the same check, so
//! that they answer alike and take alike.

use crate::base::ids::ConnectionId;
use crate::game::account::names;
use crate::game::account::refusal::Refusal;
use crate::game::durable::pending::Pending;
use crate::game::durable::save::stored_account;
use crate::game::{Game, Stage, texts};
use crate::passwords;
use crate::protocol::server::ServerPacket;
use crate::records::UserId;
use crate::records::session::Session;
use crate::records::{self, Request, StoreError, StoredAccount};

/// The version every client of this protocol announces.
pub(in crate::game) const CLIENT_VERSION: (u8, u8, u8) = (0, 13, 0);

impl Game {
    /// `LoginExistingChar`.
    pub(in crate::game) fn log_in(
        &mut self,
        connection: ConnectionId,
        name: String,
        password: String,
        version: (u8, u8, u8),
    ) {
        // A character that is in the world is in danger there, and its login costs nothing new.
        let is_overload = self.lobby.refuses_logins && self.play.players.by_name(&name).is_none();
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
        self.durable.ask(Request::LoadAccount { ticket, name });
    }

    /// Counts an attempt of that connection's address. Returns a refusal if it may not be made.
    pub(in crate::game) fn refusal_to_try(&mut self, connection: ConnectionId) -> Option<Refusal> {
        self.lobby.refusal_to_try(connection, &self.durable.pending, self.play.now)
    }

    /// Notes `pending` and lets its connection wait for it.
    pub(in crate::game) fn wait_for(
        &mut self,
        connection: ConnectionId,
        pending: Pending,
    ) -> records::Ticket {
        let ticket = self.durable.pending.add(pending);
        if let Some(connection) = self.lobby.connections.get_mut(connection) {
            connection.stage = Stage::Waiting(ticket);
        }
        ticket
    }

    /// Tells why and closes: the client goes back to its login screen. `user` is known when the account exists.
    pub(in crate::game) fn refuse_login(
        &mut self,
        connection: ConnectionId,
        name: &str,
        user: Option<UserId>,
        refusal: &Refusal,
    ) {
        let subject = self.lobby.subject(name, user, connection);
        self.event_log.refused(self.play.now, &subject, refusal);
        let reason = refusal.close_reason();
        if texts::of_close(reason).is_none() {
            self.play.send(connection, &ServerPacket::ErrorMsg { text: refusal.text().into() });
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

    /// Goes on with a login whose account was looked up.
    pub(in crate::game) fn account_looked_up(
        &mut self,
        connection: ConnectionId,
        name: String,
        password: String,
        result: Result<Option<Box<StoredAccount>>, StoreError>,
    ) {
        if self.lobby.connections.get(connection).is_none() {
            return;
        }
        match self.account_found(&name, result) {
            Ok(found) => {
                let now = self.play.now;
                let session =
                    found.as_ref().map(|stored| Box::new(self.durable.session_of_stored(stored, now)));
                let hash = found.map(|stored| stored.account.account.password_hash);
                self.check_login(connection, name, password, hash, session);
            }
            Err(error) => {
                self.event_log.store_failure(self.play.now, &name, &error);
                self.refuse_login(connection, &name, None, &Refusal::from(&error));
            }
        }
    }

    /// Returns the account that a lookup found; the one held in memory, while the store is away or was emptied.
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
        let online = self
            .play
            .players
            .by_name(name)
            .and_then(|key| stored_account(&self.play.players, &self.play.world, key));
        online.or_else(|| self.durable.departed(name).cloned())
    }

    /// Lets a login in whose character was loaded.
    pub(in crate::game) fn character_loaded(
        &mut self,
        connection: ConnectionId,
        name: &str,
        user_id: UserId,
        rehash: Option<String>,
        result: Result<Option<Box<StoredAccount>>, StoreError>,
    ) {
        if let (Some(password), Ok(Some(stored))) = (rehash, &result) {
            self.rehash_later(connection, stored.account.user_id, password);
        }
        if self.lobby.connections.get(connection).is_none() {
            return self.give_up_claim(user_id);
        }
        // A character held in memory is newer than the loaded one: in the world, or left and not yet written.
        if let Some(key) = self.play.players.by_name(name) {
            return self.take_over(connection, key);
        }
        let departed = self.durable.departed(name).cloned().map(|departed| Some(Box::new(departed)));
        match departed.map_or(result, Ok) {
            Ok(Some(stored)) => self.enter(connection, stored.account, stored.character),
            Ok(None) => self.refuse_login(connection, name, Some(user_id), &Refusal::WrongCredentials),
            Err(error) => {
                self.event_log.store_failure(self.play.now, name, &error);
                self.refuse_login(connection, name, Some(user_id), &Refusal::from(&error));
            }
        }
        self.give_up_claim(user_id);
    }

    /// Goes on with a login whose password was checked.
    pub(in crate::game) fn login_checked(
        &mut self,
        connection: ConnectionId,
        name: &str,
        session: Option<Box<Session>>,
        matches: bool,
        rehash: Option<String>,
    ) {
        if self.lobby.connections.get(connection).is_none() {
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
