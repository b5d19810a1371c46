//! The rules of accounts for other programs: names, passwords, and characters made outside of the game.
//!
//! This is the one module of the game that a tool uses. A tool may then do what a player can, and nothing that a player
//! could not.

use super::account::character_form::CharacterForm;
use super::rules::dice::Dice;
use super::settings::dice_range;
use crate::base::random::Random;
use crate::content::{Content, Position};
use crate::records::{CharacterRecord, NewAccount};
use crate::settings::Config;

pub use super::account::character_form::{CheckedForm, FormFault, check_password};
pub use super::account::names::name_from_command;
pub use super::rules::kinds::{Class, Gender, Race};

/// The choices for a new character.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choices {
    /// Name as typed in a command.
    pub name: String,
    /// Mail address.
    pub email: String,
    /// Race.
    pub race: Race,
    /// Gender.
    pub gender: Gender,
    /// Class.
    pub class: Class,
    /// Graphic of the head; `None` = the first that race and gender have.
    pub head: Option<i16>,
    /// Number of the home city, 1..=6.
    pub home: u8,
}

/// A new account with its character, not stored yet and without the hash of its password.
#[derive(Debug, Clone, PartialEq)]
pub struct Created {
    /// The account.
    pub account: NewAccount,
    /// The character as it enters the world.
    pub character: CharacterRecord,
    /// The place where it enters.
    pub start: Position,
}

/// Checks the choices for a new character in the world of `content`.
///
/// # Errors
/// The first fault.
pub fn check(choices: Choices, content: &Content) -> Result<CheckedForm, FormFault> {
    let Choices { name, email, race, gender, class, head, home } = choices;
    let first_head = i16::try_from(*race.heads(gender).start()).unwrap_or(i16::MAX);
    let form = CharacterForm {
        name: name_from_command(&name),
        email,
        race: race as u8,
        gender: gender as u8,
        class: class as u8,
        head: head.unwrap_or(first_head),
        home,
    };
    form.check(content)
}

/// Makes the account and the character of a checked form as the game does at `now`, in Unix seconds: dice within the
/// range of `config`, a start at one of its positions or in the home city.
#[must_use]
pub fn create(form: CheckedForm, config: &Config, content: &Content, now: u64, seed: u64) -> Created {
    let mut random = Random::new(seed);
    let dice = Dice::throw(&mut random, dice_range(config));
    let starts = &config.world.start_positions;
    let last = u32::try_from(starts.len().saturating_sub(1)).unwrap_or(u32::MAX);
    let chosen = usize::try_from(random.between(0, last)).unwrap_or_default();
    let start = starts.get(chosen).copied().unwrap_or_else(|| content.city(form.home()));
    let (account, character) = form.into_character(dice, start, now, content, &mut random);
    Created { account, character, start }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::ids::MapId;

    fn choices() -> Choices {
        Choices {
            name: "Don+Quijote".into(),
            email: "quijote@example.org".into(),
            race: Race::Gnome,
            gender: Gender::Female,
            class: Class::Mage,
            head: None,
            home: 2,
        }
    }

    #[test]
    fn a_character_made_by_a_tool_follows_the_settings_and_the_world() {
        let content = Content::starter();
        let mut config = Config::default();
        (config.game.dice_min, config.game.dice_max) = (18, 18);
        let form = check(choices(), &content).unwrap();
        assert_eq!(form.name(), "Don Quijote");
        let created = create(form.clone(), &config, &content, 77, 1);
        assert_eq!(created.start, content.city(2));
        assert_eq!((created.account.created_at, created.account.password_hash.as_str()), (77, ""));
        assert_eq!(created.account.head, *Race::Gnome.heads(Gender::Female).start());

        let place = Position { map: MapId::new(2), x: 50, y: 50 };
        config.world.start_positions = vec![place];
        let elsewhere = create(form, &config, &content, 77, 1);
        assert_eq!(elsewhere.start, place);
        assert_eq!(elsewhere.character.attributes, created.character.attributes, "the dice show 18 alone");
    }

    #[test]
    fn choices_are_checked_as_the_game_checks_them() {
        let content = Content::starter();
        assert_eq!(check(Choices { home: 7, ..choices() }, &content).err(), Some(FormFault::Home));
        assert_eq!(check(Choices { head: Some(1), ..choices() }, &content).err(), Some(FormFault::Head));
        assert_eq!(check_password("short"), Err(FormFault::Password));
    }
}
