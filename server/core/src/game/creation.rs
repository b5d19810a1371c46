//! Creating a character: dice, every check, and the account with it.
//!
//! A refusal leaves the socket open: the client's form stays and the player corrects it.

use super::character_form::{CharacterForm, CheckedForm, FormFault, check_password};
use super::dice::Dice;
use super::login::CLIENT_VERSION;
use super::pending::Pending;
use super::refusal::Refusal;
use super::{CloseReason, Game, Stage, texts};
use crate::content::Position;
use crate::passwords;
use crate::protocol::outbox::ConnectionId;
use crate::protocol::server::ServerPacket;
use crate::records::{self, CreateError, Request, StoredAccount};
use crate::records::{AccountRecord, CharacterRecord, NewAccount, UserId};

const SECONDS_A_DAY: u64 = 86_400;

/// What the client's creation screen sends.
#[derive(Debug)]
pub(super) struct CreationRequest {
    pub form: CharacterForm,
    pub password: String,
    pub version: (u8, u8, u8),
}

impl Game {
    /// `LoginNewChar`.
    pub(super) fn create(&mut self, connection: ConnectionId, request: CreationRequest) {
        if self.refuses_logins {
            return self.close(connection, CloseReason::Overloaded);
        }
        let Some(request) = self.keep_from_roll(connection, request) else { return };
        if let Some(refusal) = self.refusal_to_try(connection) {
            return self.refuse_creation(connection, refusal.text());
        }
        let CreationRequest { form, password, version } = request;
        let (form, dice) = match self.check_creation(connection, form, &password, version) {
            Ok(checked) => checked,
            Err(text) => return self.refuse_creation(connection, text),
        };
        if !self.counts_as_creation(connection) {
            return self.refuse_creation(connection, texts::TOO_MANY_CREATIONS);
        }
        let start = self.start_position(form.home());
        let created_at = self.unix_start + self.now / 1_000;
        let (account, character) =
            form.into_character(dice, start, created_at, self.world.content(), &mut self.random);
        let hash = Pending::CreationHash { connection, account, character: Box::new(character) };
        let ticket = self.wait_for(connection, hash);
        self.queue_password(connection, passwords::Job::Hash { ticket, password });
    }

    /// Counts a creation of that connection's address, unless it has had its share of the day.
    fn counts_as_creation(&mut self, id: ConnectionId) -> bool {
        let (per_day, today) = (self.settings.creations_per_day_per_ip, self.unix_now() / SECONDS_A_DAY);
        let Some(connection) = self.connections.get(id) else { return false };
        self.creation_limit.allows(connection.address, per_day, today)
    }

    /// A creation that was counted came to nothing. One whose client hung up counts: the store may have it.
    pub(super) fn refuse_counted_creation(&mut self, id: ConnectionId, text: &str) {
        if let Some(connection) = self.connections.get(id) {
            self.creation_limit.take_back(connection.address);
        }
        self.refuse_creation(id, text);
    }

    /// The checks of AO 0.13 in their order, and those it forgot.
    fn check_creation(
        &self,
        connection: ConnectionId,
        form: CharacterForm,
        password: &str,
        version: (u8, u8, u8),
    ) -> Result<(CheckedForm, Dice), &'static str> {
        if version != CLIENT_VERSION {
            return Err(texts::WRONG_VERSION);
        }
        let content = self.world.content();
        form.check_name(content).map_err(FormFault::text)?;
        let dice = self.connections.get(connection).and_then(|connection| connection.rolls.counting());
        let dice = dice.ok_or(texts::DICE_NOT_THROWN)?;
        check_password(password).map_err(FormFault::text)?;
        let form = form.check(content).map_err(FormFault::text)?;
        // A store that was emptied lacks even those who are held here.
        if self.players.by_name(form.name()).is_some() || self.saving.departed(form.name()).is_some() {
            return Err(texts::NAME_TAKEN);
        }
        Ok((form, dice))
    }

    /// The next of the operator's start positions, or the home city.
    fn start_position(&mut self, home: u8) -> Position {
        let turn = self.creations;
        self.creations = self.creations.wrapping_add(1);
        let starts = &self.settings.start_positions;
        match turn.checked_rem(starts.len()) {
            Some(turn) => starts[turn],
            None => self.world.content().city(home),
        }
    }

    /// Tells why and lets the player try again.
    fn refuse_creation(&mut self, id: ConnectionId, text: &str) {
        self.send(id, &ServerPacket::ErrorMsg { text: text.into() });
        if let Some(connection) = self.connections.get_mut(id) {
            connection.stage = Stage::Lobby;
        }
        self.resume_roll(id);
    }

    pub(super) fn new_password_hashed(
        &mut self,
        connection: ConnectionId,
        mut account: NewAccount,
        character: Box<CharacterRecord>,
        hash: Result<String, passwords::HashError>,
    ) {
        if self.connections.get(connection).is_none() {
            return;
        }
        account.password_hash = match hash {
            Ok(hash) => hash,
            Err(error) => {
                log::error!("password of {:?} could not be hashed: {error}", account.username);
                return self.refuse_counted_creation(connection, texts::INTERNAL_ERROR);
            }
        };
        let store =
            Pending::CreationStore { connection, account: account.clone(), character: character.clone() };
        let ticket = self.wait_for(connection, store);
        self.store_requests.push(Request::CreateAccount { ticket, account, character });
    }

    /// The store committed a creation, or not. Only now is the player told.
    pub(super) fn character_stored(&mut self, ticket: records::Ticket, result: Result<UserId, CreateError>) {
        let Some(Pending::CreationStore { connection, account, character }) = self.pending.take(ticket)
        else {
            return;
        };
        match result {
            Ok(user_id) => {
                self.log_creation(&account.username, user_id, connection);
                if self.connections.get(connection).is_none() {
                    return;
                }
                let account = AccountRecord { user_id, account, is_gm: false };
                let session = self.session_of_stored(&StoredAccount { account, character: *character });
                self.claim(connection, Box::new(session), None);
            }
            Err(CreateError::NameTaken) => self.refuse_counted_creation(connection, texts::NAME_TAKEN),
            Err(CreateError::Store(error)) => {
                self.log_store_failure(&account.username, &error);
                self.refuse_counted_creation(connection, Refusal::from(&error).text());
            }
        }
    }
}
