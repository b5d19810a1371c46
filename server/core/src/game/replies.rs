//! Answers of the store and of the password threads, each to the flow that waits for it.

use crate::game::durable::pending::Pending;
use crate::game::player::table::Unsaved;
use crate::game::{CloseReason, Game};
use crate::passwords;
use crate::records::{CreateError, Reply, StoreError, StoredAccount, Ticket, UserId};

impl Game {
    /// Goes on with what an answer of the store was asked for.
    pub(in crate::game) fn store_replied(&mut self, reply: Reply) {
        match reply {
            Reply::Account { ticket, result } => self.account_loaded(ticket, result),
            Reply::Created { ticket, result } => self.created(ticket, result),
            Reply::Saved { ticket, result } => self.written(ticket, result),
            Reply::SessionOpened { ticket, result } => {
                if let Some(Pending::LoginClaim { connection, name, user_id, rehash }) =
                    self.durable.pending.take(ticket)
                {
                    self.claim_decided(connection, name, user_id, rehash, result);
                }
            }
            // The network asks for these, and takes their answers.
            Reply::Heartbeat { .. } | Reply::Settings { .. } => {}
        }
    }

    fn account_loaded(&mut self, ticket: Ticket, result: Result<Option<Box<StoredAccount>>, StoreError>) {
        match self.durable.pending.take(ticket) {
            Some(Pending::LoginLookup { connection, name, password }) => {
                self.account_looked_up(connection, name, password, result);
            }
            Some(Pending::LoginLoad { connection, name, user_id, rehash }) => {
                self.character_loaded(connection, &name, user_id, rehash, result);
            }
            _ => {}
        }
    }

    fn created(&mut self, ticket: Ticket, result: Result<UserId, CreateError>) {
        if let Some(Pending::CreationStore { connection, account, character }) =
            self.durable.pending.take(ticket)
        {
            self.character_stored(connection, account, character, result);
        }
    }

    fn written(&mut self, ticket: Ticket, result: Result<(), StoreError>) {
        match self.durable.pending.take(ticket) {
            Some(Pending::PasswordStore { connection, user_id, password_hash }) => {
                self.password_stored(connection, user_id, password_hash, result);
            }
            Some(Pending::Save(users)) => self.saved(ticket, &users, result),
            Some(Pending::Sessions) => self.durable.saving.answered(),
            Some(Pending::Restore) => self.durable.store_restored(result, self.play.state()),
            _ => {}
        }
    }

    /// Forgets what a save has written; or takes it for unsaved again, if the store gave up on it.
    fn saved(&mut self, ticket: Ticket, users: &[UserId], result: Result<(), StoreError>) {
        self.durable.saving.answered();
        let Err(error) = result else { return self.durable.save_committed(ticket, users) };
        log::error!("{} characters could not be saved, will be tried again: {error}", users.len());
        self.unsaved_again(users);
        match error {
            StoreError::CharacterTaken(user_id) => self.taken_from_us(user_id),
            StoreError::UnknownUser(user_id) => self.unknown_to_store(user_id),
            _ => {}
        }
    }

    fn unsaved_again(&mut self, users: &[UserId]) {
        self.durable.departed_unsaved_again(users);
        for key in users.iter().filter_map(|user_id| self.play.players.by_user(*user_id)).collect::<Vec<_>>()
        {
            self.play.mark_unsaved(key, Unsaved::Sheet);
        }
        self.carry_out_effects();
        self.durable.schedule_save(&mut self.play.state());
    }

    /// Gives up a character that another server has. The others were held up by it, and wait no longer; after an outage
    /// many saves fail over one character, and once is enough.
    fn taken_from_us(&mut self, user_id: UserId) {
        if self.give_up_characters(&[user_id], CloseReason::TakenOver) {
            self.durable.save_all_changes(&mut self.play.state());
        }
    }

    fn unknown_to_store(&mut self, user_id: UserId) {
        if self.durable.unknown_to_store(user_id, &mut self.play.state()) {
            self.give_up_characters(&[user_id], CloseReason::AccountDeleted);
            self.durable.session_ended(user_id, self.play.now);
        }
    }

    /// Goes on with what an answer of the password threads was asked for.
    pub(in crate::game) fn password_replied(&mut self, reply: passwords::Reply) {
        self.lobby.passwords.answered();
        let now = self.play.now;
        match reply {
            passwords::Reply::Verified { ticket, matches, rehash } => {
                match self.durable.pending.take(ticket) {
                    Some(Pending::LoginCheck { connection, name, password, session }) => {
                        self.lobby.password_checked(&name, matches, now);
                        self.login_checked(connection, &name, session, matches, rehash.then_some(password));
                    }
                    Some(Pending::PasswordCheck { connection, user_id, name, new_password }) => {
                        self.lobby.password_checked(&name, matches, now);
                        self.old_password_checked(connection, user_id, new_password, matches);
                    }
                    _ => {}
                }
            }
            passwords::Reply::Hashed { ticket, hash } => match self.durable.pending.take(ticket) {
                Some(Pending::CreationHash { connection, account, character }) => {
                    self.new_password_hashed(connection, account, character, hash);
                }
                Some(Pending::PasswordHash { connection, user_id }) => {
                    self.password_hashed(connection, user_id, hash);
                }
                _ => {}
            },
        }
    }
}
