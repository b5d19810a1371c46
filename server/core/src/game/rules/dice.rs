//! The dice of character creation.

use crate::base::random::Random;

/// Five thrown attributes, before race modifiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dice {
    /// Strength.
    pub strength: u8,
    /// Agility.
    pub agility: u8,
    /// Intelligence.
    pub intelligence: u8,
    /// Charisma.
    pub charisma: u8,
    /// Constitution.
    pub constitution: u8,
}

impl Dice {
    /// Throws all five (AO 0.13), each held within `range`:
    /// strength max(15, 13 + 0..3 + 0..2), agility and charisma max(15, 12 + 0..3 + 0..3),
    /// intelligence max(16, 13 + 0..3 + 0..2), constitution 16 + 0..1 + 0..1.
    pub fn throw(random: &mut Random, range: (u8, u8)) -> Self {
        let mut one = |least: u32, base: u32, first: u32, second: u32| {
            let sum = (base + random.between(0, first) + random.between(0, second)).max(least);
            u8::try_from(sum).unwrap_or(u8::MAX).min(range.1).max(range.0)
        };
        Self {
            strength: one(15, 13, 3, 2),
            agility: one(15, 12, 3, 3),
            intelligence: one(16, 13, 3, 2),
            charisma: one(15, 12, 3, 3),
            constitution: one(16, 16, 1, 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn throws(range: (u8, u8)) -> Vec<Dice> {
        let mut random = Random::new(3);
        (0..2_000).map(|_| Dice::throw(&mut random, range)).collect()
    }

    #[test]
    fn throws_cover_exactly_the_range_of_the_rules() {
        let all = throws((6, 18));
        let span = |pick: fn(&Dice) -> u8| {
            (all.iter().map(pick).min().unwrap(), all.iter().map(pick).max().unwrap())
        };
        assert_eq!(span(|dice| dice.strength), (15, 18));
        assert_eq!(span(|dice| dice.agility), (15, 18));
        assert_eq!(span(|dice| dice.intelligence), (16, 18));
        assert_eq!(span(|dice| dice.charisma), (15, 18));
        assert_eq!(span(|dice| dice.constitution), (16, 18));
    }

    #[test]
    fn a_narrower_setting_clamps() {
        assert!(throws((6, 16)).iter().all(|dice| dice.strength <= 16 && dice.intelligence == 16));
    }
}
