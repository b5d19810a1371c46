//! Races, genders and classes: what a player chooses once.

/// Race of a character. On the wire 1 to 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Race {
    /// Human.
    Human = 1,
    /// Elf.
    Elf = 2,
    /// Drow.
    Drow = 3,
    /// Gnome.
    Gnome = 4,
    /// Dwarf.
    Dwarf = 5,
}

/// Gender of a character. On the wire 1 and 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Gender {
    /// Man.
    Male = 1,
    /// Woman.
    Female = 2,
}

/// Class of a character. On the wire 1 to 12.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Class {
    /// Mage.
    Mage = 1,
    /// Cleric.
    Cleric = 2,
    /// Warrior.
    Warrior = 3,
    /// Assassin.
    Assassin = 4,
    /// Thief.
    Thief = 5,
    /// Bard.
    Bard = 6,
    /// Druid.
    Druid = 7,
    /// Bandit.
    Bandit = 8,
    /// Paladin.
    Paladin = 9,
    /// Hunter.
    Hunter = 10,
    /// Worker.
    Worker = 11,
    /// Pirate.
    Pirate = 12,
}

impl Race {
    /// All races, in wire order.
    pub const ALL: [Self; 5] = [Self::Human, Self::Elf, Self::Drow, Self::Gnome, Self::Dwarf];

    /// Returns the race with that wire number, if there is one.
    #[must_use]
    pub fn from_wire(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|race| *race as u8 == number)
    }

    /// Heads a new character may have (AO 0.13).
    #[must_use]
    pub fn heads(self, gender: Gender) -> std::ops::RangeInclusive<u16> {
        match (self, gender) {
            (Self::Human, Gender::Male) => 1..=40,
            (Self::Human, Gender::Female) => 70..=89,
            (Self::Elf, Gender::Male) => 101..=122,
            (Self::Elf, Gender::Female) => 170..=188,
            (Self::Drow, Gender::Male) => 201..=221,
            (Self::Drow, Gender::Female) => 270..=288,
            (Self::Dwarf, Gender::Male) => 301..=319,
            (Self::Dwarf, Gender::Female) => 370..=384,
            (Self::Gnome, Gender::Male) => 401..=416,
            (Self::Gnome, Gender::Female) => 470..=484,
        }
    }

    /// Returns the body without clothes (AO 0.13).
    #[must_use]
    pub fn naked_body(self, gender: Gender) -> i16 {
        match (self, gender) {
            (Self::Human, Gender::Male) => 21,
            (Self::Human, Gender::Female) => 39,
            (Self::Elf, Gender::Male) => 210,
            (Self::Elf, Gender::Female) => 259,
            (Self::Drow, Gender::Male) => 32,
            (Self::Drow, Gender::Female) => 40,
            (Self::Gnome, Gender::Male) => 222,
            (Self::Gnome, Gender::Female) => 260,
            (Self::Dwarf, Gender::Male) => 53,
            (Self::Dwarf, Gender::Female) => 60,
        }
    }

    /// Returns true if clothes and weapons of the short races fit.
    #[must_use]
    pub fn is_short(self) -> bool {
        matches!(self, Self::Gnome | Self::Dwarf)
    }
}

impl Gender {
    /// Returns the gender with that wire number, if there is one.
    #[must_use]
    pub fn from_wire(number: u8) -> Option<Self> {
        [Self::Male, Self::Female].into_iter().find(|gender| *gender as u8 == number)
    }
}

impl Class {
    /// All classes, in wire order.
    pub const ALL: [Self; 12] = [
        Self::Mage,
        Self::Cleric,
        Self::Warrior,
        Self::Assassin,
        Self::Thief,
        Self::Bard,
        Self::Druid,
        Self::Bandit,
        Self::Paladin,
        Self::Hunter,
        Self::Worker,
        Self::Pirate,
    ];

    /// Its one English word, in the store as in what tools print and take.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Mage => "mage",
            Self::Cleric => "cleric",
            Self::Warrior => "warrior",
            Self::Assassin => "assassin",
            Self::Thief => "thief",
            Self::Bard => "bard",
            Self::Druid => "druid",
            Self::Bandit => "bandit",
            Self::Paladin => "paladin",
            Self::Hunter => "hunter",
            Self::Worker => "worker",
            Self::Pirate => "pirate",
        }
    }

    /// Its number in `MiniStats`, where the client has a table of its own; 0, shown as a dash, for the classes that are
    /// not in it.
    #[must_use]
    pub fn number_in_mini_stats(self) -> u8 {
        match self {
            Self::Warrior => 1,
            Self::Mage => 2,
            Self::Cleric => 3,
            Self::Assassin => 4,
            Self::Bard => 5,
            Self::Druid => 6,
            Self::Paladin => 7,
            Self::Hunter => 8,
            Self::Thief | Self::Bandit | Self::Worker | Self::Pirate => 0,
        }
    }

    /// Returns the class of that [`Class::word`], if there is one.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.word() == word)
    }

    /// Returns the class with that wire number, if there is one.
    #[must_use]
    pub fn from_wire(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|class| *class as u8 == number)
    }
}

/// Numbers of the home cities a player may choose, Arkhein included though the client does not offer it.
pub const HOMES: std::ops::RangeInclusive<u8> = 1..=6;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::client_assets;

    #[test]
    fn wire_numbers_outside_the_tables_name_nothing() {
        assert!(Race::from_wire(0).is_none() && Race::from_wire(6).is_none());
        assert!(Gender::from_wire(0).is_none() && Gender::from_wire(3).is_none());
        assert!(Class::from_wire(0).is_none() && Class::from_wire(13).is_none());
        assert!((1..=12).all(|number| Class::from_wire(number).map(|class| class as u8) == Some(number)));
        assert!(Class::ALL.into_iter().all(|class| Class::from_word(class.word()) == Some(class)));
        assert_eq!(Class::from_word("Mago"), None);
    }

    #[test]
    fn the_client_has_every_head_and_body_that_a_character_begins_with() {
        for race in (1..=5).filter_map(Race::from_wire) {
            for gender in [Gender::Male, Gender::Female] {
                let body = u16::try_from(race.naked_body(gender)).unwrap();
                assert!(client_assets::BODIES.has(body), "{race:?} {gender:?}");
                assert!(race.heads(gender).all(|head| client_assets::HEADS.has(head)), "{race:?} {gender:?}");
            }
        }
    }

    #[test]
    fn the_statistics_window_names_each_class_that_it_knows() {
        // The client's table of names, by number.
        let shown = ["-", "warrior", "mage", "cleric", "assassin", "bard", "druid", "paladin", "hunter"];
        for class in Class::ALL {
            let name = shown[usize::from(class.number_in_mini_stats())];
            let expected = if shown.contains(&class.word()) { class.word() } else { "-" };
            assert_eq!(name, expected, "{class:?}");
        }
    }

    #[test]
    fn no_two_kinds_share_a_head() {
        let mut seen = std::collections::BTreeSet::new();
        for race in Race::ALL {
            for gender in [Gender::Male, Gender::Female] {
                assert!(race.heads(gender).all(|head| seen.insert(head)), "{race:?} {gender:?}");
            }
        }
    }
}
