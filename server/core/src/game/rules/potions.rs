//! Potions, food and drink (AO 0.13).

use super::rounding::{half_even, percent, to_bar};

/// Most of food and water.
pub const FULL: u8 = 100;

/// Kind of a potion: `TipoPocion`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Potion {
    /// 1, yellow: raises agility for a while.
    Agility,
    /// 2, green: raises strength for a while.
    Strength,
    /// 3, red: gives hit points.
    Hp,
    /// 4, blue: gives mana.
    Mana,
    /// 5, violet: cures poison.
    Antidote,
    /// 6, black: kills who drinks it.
    Death,
}

impl Potion {
    /// Returns the kind of that number in the data.
    #[must_use]
    pub const fn from_number(number: u16) -> Option<Self> {
        Some(match number {
            1 => Self::Agility,
            2 => Self::Strength,
            3 => Self::Hp,
            4 => Self::Mana,
            5 => Self::Antidote,
            6 => Self::Death,
            _ => return None,
        })
    }
}

/// Returns the mana of a blue potion: `round(round(4 % of the maximum) + level \ 2 + 40 / level)` (AO 0.13).
///
/// Maximum 66 at level 1: 3 + 0 + 40 = 43; 500 at level 20: 20 + 10 + 2 = 32; 2,000 at level 40: 80 + 20 + 1 = 101.
#[must_use]
pub fn mana(max_mana: u16, level: u8) -> u16 {
    let level = i64::from(level.max(1));
    let whole = i64::from(percent(max_mana.into(), 4)) + level / 2;
    to_bar(u32::try_from(half_even(whole * level + 40, level)).unwrap_or(0))
}

/// Returns food or water after a meal: the sum, at most 100 (AO 0.13). It ends hunger or thirst.
#[must_use]
pub fn fed(bar: u8, by: u16) -> u8 {
    u8::try_from(u16::from(bar).saturating_add(by)).unwrap_or(FULL).min(FULL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blue_potions_give_what_the_rules_say() {
        assert_eq!((mana(66, 1), mana(500, 20), mana(2_000, 40)), (43, 32, 101));
        assert_eq!(mana(100, 3), 18, "4 + 1 + 13.33");
        assert_eq!(mana(100, 0), mana(100, 1));
    }

    #[test]
    fn a_bar_of_food_ends_at_a_hundred() {
        assert_eq!((fed(30, 10), fed(95, 10), fed(0, 60_000)), (40, 100, 100));
    }

    #[test]
    fn there_are_six_kinds_of_potion() {
        assert_eq!((1..=6).filter_map(Potion::from_number).count(), 6);
        assert_eq!((Potion::from_number(0), Potion::from_number(7)), (None, None));
    }
}
