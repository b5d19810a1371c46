//! The form for a new character, its checks, and the character that comes of it.
//!
//! Players fill it in on the client's screen, admins on the command line. Both get the same checks and the same
//! character.

use crate::base::random::Random;
use crate::content::{Content, Position};
use crate::game::account::names;
use crate::game::rules::dice::Dice;
use crate::game::rules::kinds::{Class, Gender, HOMES, Race};
use crate::game::rules::starting_character::{attributes, starting_character};
use crate::game::texts;
use crate::records::{CharacterRecord, NewAccount};

/// Everything that is chosen for a new character but its dice. Numbers are those of the protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CharacterForm {
    /// Name, see [`names::is_valid_name`].
    pub name: String,
    /// Mail address.
    pub email: String,
    /// 1 human, 2 elf, 3 drow, 4 gnome, 5 dwarf.
    pub race: u8,
    /// 1 male, 2 female.
    pub gender: u8,
    /// 1 mage to 12 pirate.
    pub class: u8,
    /// One of the heads of race and gender, see [`Race::heads`].
    pub head: i16,
    /// Home city, 1..=6.
    pub home: u8,
}

/// Reason for which a form is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FormFault {
    /// See `names::is_valid_name`.
    #[error(
        "a name has 3 to 15 characters: first a letter, then letters, digits and single spaces between them"
    )]
    Name,
    /// See `names::is_forbidden_name`.
    #[error("the world's data forbids this name")]
    ForbiddenName,
    /// See `names::is_valid_new_password`.
    #[error(
        "a password has 6 to 15 characters: letters without accents, digits, signs and spaces between them, but none \
         of \" * , / : < > ? \\ |"
    )]
    Password,
    /// See `names::is_valid_email`.
    #[error("a mail address looks like name@example.org")]
    Email,
    /// No such race.
    #[error("there is no such race")]
    Race,
    /// No such gender.
    #[error("there is no such gender")]
    Gender,
    /// No such class.
    #[error("there is no such class")]
    Class,
    /// No such home city.
    #[error("home cities are 1 to 6")]
    Home,
    /// Not a head of that race and gender.
    #[error("that race and gender do not have this head")]
    Head,
}

impl FormFault {
    /// Returns the text for the player.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Name => texts::INVALID_NAME,
            Self::ForbiddenName => texts::FORBIDDEN_NAME,
            Self::Password => texts::INVALID_PASSWORD,
            Self::Email => texts::INVALID_EMAIL,
            Self::Race => texts::INVALID_RACE,
            Self::Gender => texts::INVALID_GENDER,
            Self::Class => texts::INVALID_CLASS,
            Self::Home => texts::INVALID_HOME,
            Self::Head => texts::INVALID_HEAD,
        }
    }
}

/// A form that passed its checks.
#[derive(Debug, Clone)]
pub struct CheckedForm {
    form: CharacterForm,
    race: Race,
    class: Class,
    head: u16,
}

/// Checks a new password.
///
/// # Errors
/// [`FormFault::Password`].
pub fn check_password(password: &str) -> Result<(), FormFault> {
    require(names::is_valid_new_password(password), FormFault::Password)
}

impl CharacterForm {
    /// Checks the name alone. The store knows whether it is taken.
    ///
    /// # Errors
    /// [`FormFault::Name`] or [`FormFault::ForbiddenName`].
    pub fn check_name(&self, content: &Content) -> Result<(), FormFault> {
        require(names::is_valid_name(&self.name), FormFault::Name)?;
        let forbidden = names::is_forbidden_name(&self.name, content.forbidden_names());
        require(!forbidden, FormFault::ForbiddenName)
    }

    /// Checks all of it, in the order of AO 0.13.
    ///
    /// # Errors
    /// The first fault.
    pub fn check(self, content: &Content) -> Result<CheckedForm, FormFault> {
        self.check_name(content)?;
        require(names::is_valid_email(&self.email), FormFault::Email)?;
        let race = Race::from_wire(self.race).ok_or(FormFault::Race)?;
        let gender = Gender::from_wire(self.gender).ok_or(FormFault::Gender)?;
        let class = Class::from_wire(self.class).ok_or(FormFault::Class)?;
        require(HOMES.contains(&self.home), FormFault::Home)?;
        let head = u16::try_from(self.head).ok().filter(|head| race.heads(gender).contains(head));
        let head = head.ok_or(FormFault::Head)?;
        Ok(CheckedForm { form: self, race, class, head })
    }
}

impl CheckedForm {
    /// Returns the name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.form.name
    }

    /// Returns the number of the home city.
    #[must_use]
    pub fn home(&self) -> u8 {
        self.form.home
    }

    /// Returns the account, whose password hash is still to come, and the character as it enters the world at `start`.
    #[must_use]
    pub fn into_character(
        self,
        dice: Dice,
        start: Position,
        created_at: u64,
        content: &Content,
        random: &mut Random,
    ) -> (NewAccount, CharacterRecord) {
        let Self { form, race, class, head } = self;
        let attributes = attributes(dice, content.race_modifiers(form.race));
        let character = starting_character(race, class, attributes, start, random);
        let account = NewAccount {
            username: form.name,
            password_hash: String::new(),
            email: form.email,
            created_at,
            race: form.race,
            gender: form.gender,
            class: form.class,
            head,
            home: form.home,
        };
        (account, character)
    }
}

fn require(holds: bool, fault: FormFault) -> Result<(), FormFault> {
    if holds { Ok(()) } else { Err(fault) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form() -> CharacterForm {
        CharacterForm {
            name: "Ana".into(),
            email: "ana@example.org".into(),
            race: 4,
            gender: 2,
            class: 1,
            head: 470,
            home: 1,
        }
    }

    #[test]
    fn each_wrong_field_is_named() {
        let content = Content::starter();
        let faults = [
            (CharacterForm { name: "1".into(), ..form() }, FormFault::Name),
            (CharacterForm { email: "ana".into(), ..form() }, FormFault::Email),
            (CharacterForm { race: 6, ..form() }, FormFault::Race),
            (CharacterForm { gender: 0, ..form() }, FormFault::Gender),
            (CharacterForm { class: 13, ..form() }, FormFault::Class),
            (CharacterForm { home: 0, ..form() }, FormFault::Home),
            (CharacterForm { head: -1, ..form() }, FormFault::Head),
            (CharacterForm { head: 1, ..form() }, FormFault::Head),
        ];
        for (form, fault) in faults {
            assert_eq!(form.check(&content).err(), Some(fault));
        }
        assert_eq!(check_password("short"), Err(FormFault::Password));
    }

    #[test]
    fn a_good_form_becomes_the_account_and_character_it_describes() {
        let content = Content::starter();
        let mut random = Random::new(1);
        let dice = Dice::throw(&mut random, (6, 18));
        let start = content.city(1);
        let (account, character) =
            form().check(&content).unwrap().into_character(dice, start, 77, &content, &mut random);
        assert_eq!((account.username.as_str(), account.created_at, account.head), ("Ana", 77, 470));
        assert_eq!((character.position.map, character.position.x), (start.map, start.x));
        assert_eq!(character.stats.max_mana, 3 * u16::from(character.attributes.intelligence), "a mage");
    }
}
