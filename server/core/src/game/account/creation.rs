//! Creating a character: dice, every check, and the account with it.
//!
//! A refusal leaves the socket open: the client's form stays and the player corrects it.

use crate::base::ids::ConnectionId;
use crate::content::Position;
use crate::game::account::character_form::{CharacterForm, CheckedForm, FormFault, check_password};
use crate::game::account::login::CLIENT_VERSION;
use crate::game::account::refusal::Refusal;
use crate::game::account::rolls::CreationRequest;
use crate::game::durable::pending::Pending;
use crate::game::play::Play;
use crate::game::rules::dice::Dice;
use crate::game::{CloseReason, Game, Stage, texts};
use crate::passwords;
use crate::protocol::server::ServerPacket;
use crate::records::{AccountRecord, AccountState, CharacterRecord, Fields, NewAccount, UserId};
use crate::records::{CreateError, Request, StoredAccount};

const SECONDS_A_DAY: u64 = 86_400;

impl Game {
    /// `LoginNewChar`.
    pub(in crate::game) fn create(&mut self, connection: ConnectionId, request: CreationRequest) {
        if self.lobby.refuses_logins {
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
        let (per_day, today) = (self.play.settings.creations_per_day_per_ip, self.unix_now() / SECONDS_A_DAY);
        if !self.lobby.counts_as_creation(connection, per_day, today) {
            return self.refuse_creation(connection, texts::TOO_MANY_CREATIONS);
        }
        let start = self.start_position(form.home());
        let created_at = self.unix_now();
        let Play { content, random, .. } = &mut self.play;
        let (account, character) = form.into_character(dice, start, created_at, content, random);
        let hash = Pending::CreationHash { connection, account, character: Box::new(character) };
        let ticket = self.wait_for(connection, hash);
        self.queue_password(connection, passwords::Job::Hash { ticket, password });
    }

    /// Refuses a creation that was counted.
    pub(in crate::game) fn refuse_counted_creation(&mut self, id: ConnectionId, text: &str) {
        self.lobby.take_back_creation(id);
        self.refuse_creation(id, text);
    }

    /// Makes the checks of AO 0.13 in their order, and those it forgot.
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
        let content = &self.play.content;
        form.check_name(content).map_err(FormFault::text)?;
        let dice = self.lobby.connections.get(connection).and_then(|connection| connection.rolls.counting());
        let dice = dice.ok_or(texts::DICE_NOT_THROWN)?;
        check_password(password).map_err(FormFault::text)?;
        let form = form.check(content).map_err(FormFault::text)?;
        // A store that was emptied lacks even those who are held here.
        if self.play.players.by_name(form.name()).is_some() || self.durable.departed(form.name()).is_some() {
            return Err(texts::NAME_TAKEN);
        }
        Ok((form, dice))
    }

    /// Returns the next of the operator's start positions, or the home city.
    fn start_position(&mut self, home: u8) -> Position {
        let turn = self.lobby.creations;
        self.lobby.creations = self.lobby.creations.wrapping_add(1);
        let starts = &self.play.settings.start_positions;
        match turn.checked_rem(starts.len()) {
            Some(turn) => starts[turn],
            None => self.play.content.city(home),
        }
    }

    /// Tells why and lets the player try again.
    fn refuse_creation(&mut self, id: ConnectionId, text: &str) {
        self.play.send(id, &ServerPacket::ErrorMsg { text: text.into() });
        if let Some(connection) = self.lobby.connections.get_mut(id) {
            connection.stage = Stage::Lobby;
        }
        self.resume_roll(id);
    }

    pub(in crate::game) fn new_password_hashed(
        &mut self,
        connection: ConnectionId,
        mut account: NewAccount,
        character: Box<CharacterRecord>,
        hash: Result<String, passwords::HashError>,
    ) {
        if self.lobby.connections.get(connection).is_none() {
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
        self.durable.ask(Request::CreateAccount { ticket, account, character });
    }

    /// The store committed a creation, or not. Only now is the player told.
    pub(in crate::game) fn character_stored(
        &mut self,
        connection: ConnectionId,
        account: NewAccount,
        character: Box<CharacterRecord>,
        result: Result<UserId, CreateError>,
    ) {
        match result {
            Ok(user_id) => {
                self.event_log.creation(
                    self.play.now,
                    &self.lobby.subject(&account.username, Some(user_id), connection),
                );
                if self.lobby.connections.get(connection).is_none() {
                    return;
                }
                let account = AccountRecord { user_id, account, state: AccountState::blank() };
                let session = self
                    .durable
                    .session_of_stored(&StoredAccount { account, character: *character }, self.play.now);
                self.claim(connection, Box::new(session), None);
            }
            Err(CreateError::NameTaken) => self.refuse_counted_creation(connection, texts::NAME_TAKEN),
            Err(CreateError::Store(error)) => {
                self.event_log.store_failure(self.play.now, &account.username, &error);
                self.refuse_counted_creation(connection, Refusal::from(&error).text());
            }
        }
    }
}
