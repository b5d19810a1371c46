//! Meditation: mana by patience (AO 0.13).

use super::rounding::{percent, to_bar};
use crate::base::Millis;
use crate::base::random::Random;

/// Time from the beginning to the first roll.
pub const START: Millis = 2_000;
/// Time from roll to roll, a tick.
pub const PERIOD: Millis = super::TICK;
/// Mana of a success, in percent of the maximum.
const GAIN_PERCENT: u32 = 6;

/// Returns the lasting effect of a meditating character, by its level (AO 0.13): below 13 effect 4, below 25 effect 5,
/// below 35 effect 6, below 42 effect 16, from there 34.
#[must_use]
pub const fn effect(level: u8) -> u16 {
    match level {
        0..13 => 4,
        13..25 => 5,
        25..35 => 6,
        35..42 => 16,
        _ => 34,
    }
}

/// Returns the odds of a roll, one to this number, by the skill Meditar (AO 0.13).
///
/// 35 up to skill 10, 22 from 41 to 50, 7 from 91 to 99, 5 at 100.
#[must_use]
pub const fn odds(skill: u8) -> u32 {
    match skill {
        0..=10 => 35,
        11..=20 => 30,
        21..=30 => 28,
        31..=40 => 24,
        41..=50 => 22,
        51..=60 => 20,
        61..=70 => 18,
        71..=80 => 15,
        81..=90 => 10,
        91..=99 => 7,
        _ => 5,
    }
}

/// Rolls a tick of meditation: `None` is a failure to train with; a success gives max(1, 6 % of the maximum), before
/// the maximum caps it (AO 0.13). It is not asked at full mana, where meditation ends.
pub fn mana_gain(skill: u8, max_mana: u16, random: &mut Random) -> Option<u16> {
    let is_success = random.between(1, odds(skill)) == 1;
    is_success.then(|| to_bar(percent(max_mana.into(), GAIN_PERCENT)).max(1))
}

/// Rolls whether an NPC's hit breaks the meditation: it does if it dealt more than
/// `trunc(hp / 100 · intelligence · Meditar / 100 · 12 / (rand(0,5) + 7))`, with the hit points after it (AO 0.13).
///
/// 200 hit points, intelligence 20, Meditar 100, roll 0: 68.57, so a hit of 69 breaks it and one of 68 does not.
pub fn is_broken(dealt: u32, hp_left: u16, intelligence: u8, skill: u8, random: &mut Random) -> bool {
    let roll = u64::from(random.between(0, 5));
    let product = u64::from(hp_left) * u64::from(intelligence) * u64::from(skill) * 12;
    u64::from(dealt) > product / (10_000 * (roll + 7))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_effect_grows_with_the_level() {
        let effects = [1, 12, 13, 24, 25, 34, 35, 41, 42, 255].map(effect);
        assert_eq!(effects, [4, 4, 5, 5, 6, 6, 16, 16, 34, 34]);
    }

    #[test]
    fn the_odds_are_those_of_the_table() {
        let skills = [0, 10, 11, 20, 21, 30, 31, 40, 41, 50, 51, 60, 61, 70, 71, 80, 81, 90, 91, 99, 100];
        let expected = [35, 35, 30, 30, 28, 28, 24, 24, 22, 22, 20, 20, 18, 18, 15, 15, 10, 10, 7, 7, 5];
        assert_eq!(skills.map(odds), expected);
    }

    #[test]
    fn a_one_gives_six_percent_and_at_least_one() {
        assert_eq!(mana_gain(100, 1_000, &mut Random::scripted(&[1])), Some(60));
        assert_eq!(mana_gain(0, 5, &mut Random::scripted(&[1])), Some(1));
        assert_eq!(mana_gain(0, 1_000, &mut Random::scripted(&[35])), None);
    }

    #[test]
    fn seventeen_successes_fill_an_empty_bar() {
        assert_eq!((1_000_u16).div_ceil(mana_gain(100, 1_000, &mut Random::scripted(&[1])).unwrap()), 17);
    }

    #[test]
    fn a_hit_of_69_breaks_it_and_one_of_68_does_not() {
        let broken = |dealt| is_broken(dealt, 200, 20, 100, &mut Random::scripted(&[0]));
        assert!(broken(69) && !broken(68));
        assert!(is_broken(1, 200, 20, 0, &mut Random::scripted(&[5])));
    }
}
