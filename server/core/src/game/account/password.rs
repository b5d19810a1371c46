//! Changing a password: the old one is checked, the new one hashed and stored, and only then the player told.

use crate::base::ids::ConnectionId;
use crate::game::account::names;
use crate::game::durable::pending::Pending;
use crate::game::play::Actor;
use crate::game::{Game, texts};
use crate::passwords;
use crate::protocol::font::Font;
use crate::records::UserId;
use crate::records::{Request, StoreError};

impl Game {
    /// `ChangePassword`.
    pub(in crate::game) fn change_password(&mut self, actor: Actor, current: String, new_password: String) {
        let connection = actor.connection;
        if !names::is_valid_new_password(&new_password) {
            return self.play.tell(connection, texts::INVALID_PASSWORD, Font::Info);
        }
        if let Some(refusal) = self.refusal_to_try(connection) {
            return self.play.tell(connection, refusal.text(), Font::Info);
        }
        let Some(player) = self.play.player(actor) else { return };
        let (user_id, hash) = (player.account.user_id, player.account.account.password_hash.clone());
        let name = player.name().to_owned();
        let check = Pending::PasswordCheck { connection, user_id, name: name.clone(), new_password };
        let ticket = self.durable.pending.add(check);
        let job = passwords::Job::Verify { ticket, password: current, hash: Some(hash) };
        self.check_password(connection, &name, job);
    }

    pub(in crate::game) fn old_password_checked(
        &mut self,
        connection: ConnectionId,
        user_id: UserId,
        new_password: String,
        matches: bool,
    ) {
        if !matches {
            return self.play.tell(connection, texts::WRONG_PASSWORD, Font::Info);
        }
        let ticket =
            self.durable.pending.add(Pending::PasswordHash { connection: Some(connection), user_id });
        self.queue_confirmed(connection, passwords::Job::Hash { ticket, password: new_password });
    }

    /// The password of this login was right but hashed at another cost than the operator now asks for. A later login
    /// does as well, if this one's connection goes, or others need the threads.
    pub(in crate::game) fn rehash_later(
        &mut self,
        connection: ConnectionId,
        user_id: UserId,
        password: String,
    ) {
        let ticket = self.durable.pending.add(Pending::PasswordHash { connection: None, user_id });
        self.queue_password(connection, passwords::Job::Hash { ticket, password });
    }

    pub(in crate::game) fn password_hashed(
        &mut self,
        connection: Option<ConnectionId>,
        user_id: UserId,
        hash: Result<String, passwords::HashError>,
    ) {
        match hash {
            Ok(password_hash) => {
                let ticket = self.durable.pending.add(Pending::PasswordStore {
                    connection,
                    user_id,
                    password_hash: password_hash.clone(),
                });
                self.durable.ask(Request::SetPasswordHash { ticket, user_id, password_hash });
            }
            Err(error) => {
                log::error!("password of account {} could not be hashed: {error}", user_id.0);
                if let Some(connection) = connection {
                    self.play.tell(connection, texts::INTERNAL_ERROR, Font::Info);
                }
            }
        }
    }

    pub(in crate::game) fn password_stored(
        &mut self,
        connection: Option<ConnectionId>,
        user_id: UserId,
        password_hash: String,
        result: Result<(), StoreError>,
    ) {
        if let Err(error) = &result {
            log::warn!("password of account {}: {error}", user_id.0);
        } else if let Some(key) = self.play.players.by_user(user_id)
            && let Some(player) = self.play.players.get_mut(key)
        {
            player.account.account.password_hash = password_hash;
        }
        if let Some(connection) = connection {
            let text = if result.is_ok() { texts::PASSWORD_CHANGED } else { texts::STORE_AWAY };
            self.play.tell(connection, text, Font::Info);
        }
    }
}
