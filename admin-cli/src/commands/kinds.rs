//! Words for races, genders and classes.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use pyao_core::game::accounts::{Class, Gender, Race};

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

/// Takes the word of a class on the command line.
pub fn class_parser() -> impl TypedValueParser<Value = Class> {
    PossibleValuesParser::new(Class::ALL.map(Class::word))
        .try_map(|typed| Class::from_word(&typed).ok_or("no such class"))
}

/// Returns the word of a class; its number when it is none of ours.
pub fn class_word(number: u8) -> String {
    Class::from_wire(number).map_or_else(|| number.to_string(), |class| class.word().to_owned())
}

/// Takes one of those words on the command line.
pub fn parser<T: Copy + PartialEq + Send + Sync + 'static>(
    words: Words<T>,
) -> impl TypedValueParser<Value = T> {
    PossibleValuesParser::new(words.iter().map(|(word, _)| *word)).try_map(move |typed| {
        words.iter().find(|(word, _)| *word == typed).map(|(_, kind)| *kind).ok_or("no such word")
    })
}

/// Returns the word of a kind; its number when it is none of ours.
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
        assert!((1..=12).all(|n| class_word(n).len() > 2));
        assert_eq!(class_word(77), "77");
    }
}
