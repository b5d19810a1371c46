//! Words for races, genders and classes.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use pyao_server::game::kinds::{Class, Gender, Race};

/// Words of a kind.
type Words<T> = &'static [(&'static str, T)];

/// Races by their words.
pub const RACES: Words<Race> = &[
    ("human", Race::Human),
    ("elf", Race::Elf),
    ("drow", Race::Drow),
    ("gnome", Race::Gnome),
    ("dwarf", Race::Dwarf),
];

/// Genders by their words.
pub const GENDERS: Words<Gender> = &[("male", Gender::Male), ("female", Gender::Female)];

/// Classes by their words.
pub const CLASSES: Words<Class> = &[
    ("mage", Class::Mage),
    ("cleric", Class::Cleric),
    ("warrior", Class::Warrior),
    ("assassin", Class::Assassin),
    ("thief", Class::Thief),
    ("bard", Class::Bard),
    ("druid", Class::Druid),
    ("bandit", Class::Bandit),
    ("paladin", Class::Paladin),
    ("hunter", Class::Hunter),
    ("worker", Class::Worker),
    ("pirate", Class::Pirate),
];

/// Takes one of those words on the command line.
pub fn parser<T: Copy + PartialEq + Send + Sync + 'static>(
    words: Words<T>,
) -> impl TypedValueParser<Value = T> {
    PossibleValuesParser::new(words.iter().map(|(word, _)| *word)).try_map(move |typed| {
        words.iter().find(|(word, _)| *word == typed).map(|(_, kind)| *kind).ok_or("no such word")
    })
}

/// The word of a kind; its number when it is none of ours.
pub fn word<T: PartialEq>(words: Words<T>, kind: Option<T>, number: u8) -> String {
    let found = kind.and_then(|kind| words.iter().find(|(_, each)| *each == kind));
    found.map_or_else(|| number.to_string(), |(word, _)| (*word).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_the_protocol_has_its_word() {
        assert!((1..=5).all(|n| word(RACES, Race::from_wire(n), n).len() > 2));
        assert!((1..=2).all(|n| word(GENDERS, Gender::from_wire(n), n).len() > 2));
        assert!((1..=12).all(|n| word(CLASSES, Class::from_wire(n), n).len() > 2));
        assert_eq!(word(CLASSES, Class::from_wire(77), 77), "77");
    }
}
