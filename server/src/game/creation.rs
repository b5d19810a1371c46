//! Creating a character: dice, every check, and the account with it.
//!
//! A refusal leaves the socket open: the client's form stays and the player corrects it.

use super::dice::Dice;
use super::kinds::{Class, Gender, HOMES, Race};
use super::login::{CLIENT_VERSION, store_failure_text};
use super::pending::Pending;
use super::starting_character::{attributes, starting_character};
use super::{Game, Stage, names, texts};
use crate::content::Position;
use crate::crypto;
use crate::protocol::outbox::ConnectionId;
use crate::protocol::server::ServerPacket;
use crate::store::records::{AccountRecord, CharacterRecord, NewAccount, UserId};
use crate::store::{self, CreateError, Request};

/// What the creation form holds.
pub(super) struct CreationForm {
    pub name: String,
    pub password: String,
    pub version: (u8, u8, u8),
    pub race: u8,
    pub gender: u8,
    pub class: u8,
    pub head: i16,
    pub email: String,
    pub home: u8,
}

/// A form that passed every check.
struct Checked {
    race: Race,
    class: Class,
    head: u16,
    dice: Dice,
}

impl Game {
    /// `ThrowDices`: the last throw of a connection is the one that counts.
    pub(super) fn throw_dice(&mut self, id: ConnectionId) {
        let dice = Dice::throw(&mut self.random, self.settings.dice_range);
        let Some(connection) = self.connections.get_mut(id) else { return };
        connection.dice = Some(dice);
        let Dice { strength, agility, intelligence, charisma, constitution } = dice;
        self.send(id, &ServerPacket::DiceRoll { strength, agility, intelligence, charisma, constitution });
    }

    /// `LoginNewChar`.
    pub(super) fn create(&mut self, connection: ConnectionId, form: CreationForm) {
        if !self.may_try(connection) {
            return self.refuse_creation(connection, texts::TOO_MANY_ATTEMPTS);
        }
        let checked = match self.check_form(connection, &form) {
            Ok(checked) => checked,
            Err(text) => return self.refuse_creation(connection, text),
        };
        let start = self.start_position(form.home);
        let modifiers = self.world.content().race_modifiers(form.race);
        let attributes = attributes(checked.dice, modifiers);
        let character = starting_character(checked.race, checked.class, attributes, start, &mut self.random);
        let account = NewAccount {
            username: form.name,
            password_hash: String::new(),
            email: form.email,
            created_at: self.unix_start + self.now / 1_000,
            race: form.race,
            gender: form.gender,
            class: form.class,
            head: checked.head,
            home: form.home,
        };
        let hash = Pending::CreationHash { connection, account, character: Box::new(character) };
        let ticket = self.wait_for(connection, hash);
        self.password_jobs.push(crypto::Job::Hash { ticket, password: form.password });
    }

    /// The checks of AO 0.13 in their order, and those it forgot.
    fn check_form(&self, connection: ConnectionId, form: &CreationForm) -> Result<Checked, &'static str> {
        let require = |holds: bool, text| if holds { Ok(()) } else { Err(text) };
        require(form.version == CLIENT_VERSION, texts::WRONG_VERSION)?;
        require(names::is_valid_name(&form.name), texts::INVALID_NAME)?;
        let forbidden = names::is_forbidden_name(&form.name, self.world.content().forbidden_names());
        require(!forbidden, texts::FORBIDDEN_NAME)?;
        let dice = self.connections.get(connection).and_then(|connection| connection.dice);
        let dice = dice.ok_or(texts::DICE_NOT_THROWN)?;
        require(names::is_valid_new_password(&form.password), texts::INVALID_PASSWORD)?;
        require(names::is_valid_email(&form.email), texts::INVALID_EMAIL)?;
        let race = Race::from_wire(form.race).ok_or(texts::INVALID_RACE)?;
        let gender = Gender::from_wire(form.gender).ok_or(texts::INVALID_GENDER)?;
        let class = Class::from_wire(form.class).ok_or(texts::INVALID_CLASS)?;
        require(HOMES.contains(&form.home), texts::INVALID_HOME)?;
        let head = u16::try_from(form.head).ok().filter(|head| race.heads(gender).contains(head));
        let head = head.ok_or(texts::INVALID_HEAD)?;
        require(self.players.by_name(&form.name).is_none(), texts::NAME_TAKEN)?;
        Ok(Checked { race, class, head, dice })
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
    }

    pub(super) fn new_password_hashed(
        &mut self,
        connection: ConnectionId,
        mut account: NewAccount,
        character: Box<CharacterRecord>,
        hash: Result<String, crypto::HashError>,
    ) {
        if self.connections.get(connection).is_none() {
            return;
        }
        account.password_hash = match hash {
            Ok(hash) => hash,
            Err(error) => {
                log::error!("password of {:?} could not be hashed: {error}", account.username);
                return self.refuse_creation(connection, texts::INTERNAL_ERROR);
            }
        };
        let store =
            Pending::CreationStore { connection, account: account.clone(), character: character.clone() };
        let ticket = self.wait_for(connection, store);
        self.store_requests.push(Request::CreateAccount { ticket, account, character });
    }

    /// The store committed a creation, or not. Only now is the player told.
    pub(super) fn character_stored(&mut self, ticket: store::Ticket, result: Result<UserId, CreateError>) {
        let Some(Pending::CreationStore { connection, account, character }) = self.pending.take(ticket)
        else {
            return;
        };
        match result {
            Ok(user_id) => {
                log::info!("character {:?} created as {}", account.username, user_id.0);
                self.enter(connection, AccountRecord { user_id, account, is_gm: false }, *character);
            }
            Err(CreateError::NameTaken) => self.refuse_creation(connection, texts::NAME_TAKEN),
            Err(CreateError::Store(error)) => {
                log::warn!("creation of {:?}: {error}", account.username);
                self.refuse_creation(connection, store_failure_text(&error));
            }
        }
    }
}
