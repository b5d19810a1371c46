//! Chance of a blow, an arrow or a fist to hit, and of a shield to stop what missed (AO 0.13).
//!
//! NPCs have their powers in their templates: `PoderAtaque` and `PoderEvasion`. Modifiers are in thousandths.

use super::rounding::{half_even, rounded};
use crate::base::random::Random;

/// Level above which each level adds two and a half to the powers.
const EXPERIENCED: u8 = 12;

/// Returns the skill with the agility that experience with it lets count: the skill below 31, with the agility once below
/// 61, twice below 91, three times from there (AO 0.13).
///
/// Skill 50 with agility 19 is 69.
#[must_use]
pub fn tier(skill: u8, agility: u8) -> u32 {
    let times = match skill {
        0..=30 => 0,
        31..=60 => 1,
        61..=90 => 2,
        _ => 3,
    };
    u32::from(skill) + times * u32::from(agility)
}

/// Returns the attack power of a character: `round(round(tier · modifier) + 2.5 · max(0, level - 12))` (AO 0.13).
///
/// A warrior of level 20 with Armas 50 and agility 19: 69 + 20 = 89.
#[must_use]
pub fn attack_power(skill: u8, agility: u8, modifier: u16, level: u8) -> u32 {
    with_level(rounded(u64::from(tier(skill, agility)) * u64::from(modifier), 1_000), level)
}

/// Returns the evasion of a character: `round(round((Tácticas + Tácticas / 33 · agility) · modifier) + 2.5 · max(0, level - 12))`
/// (AO 0.13).
///
/// An assassin of level 20 with Tácticas 50 and agility 21: (50 + 31.818) · 1.1 is 90, 110 with the level.
#[must_use]
pub fn evasion_power(tactics: u8, agility: u8, modifier: u16, level: u8) -> u32 {
    let product = u64::from(tactics) * (33 + u64::from(agility)) * u64::from(modifier);
    with_level(rounded(product, 33_000), level)
}

/// Adds two and a half for each level above twelve.
fn with_level(power: u32, level: u8) -> u32 {
    rounded(2 * u64::from(power) + 5 * u64::from(level.saturating_sub(EXPERIENCED)), 2)
}

/// Returns the evasion that an equipped shield adds: `round(Defensa · modifier / 2)` (AO 0.13).
///
/// Defensa 40 of an assassin (0.8) is 16.
#[must_use]
pub fn shield_power(defense: u8, modifier: u16) -> u32 {
    rounded(u64::from(defense) * u64::from(modifier), 2_000)
}

/// Returns the chance of a hit in percent: `clamp(round(50 + (attack - evasion) · 0.4), 10, 90)` (AO 0.13).
///
/// 89 against 110 is 42, against 126 it is 35; level 1 without skill against a bat (10) is 46.
#[must_use]
pub fn chance(attack: u32, evasion: u32) -> u32 {
    let difference = i64::from(attack) - i64::from(evasion);
    clamped_percent(half_even(500 + 4 * difference, 10))
}

/// Rolls a hit: `rand(1,100) ≤ chance` (AO 0.13).
pub fn hits(chance: u32, random: &mut Random) -> bool {
    random.between(1, 100) <= chance
}

/// Returns the chance in percent that a shield stops a blow which missed:
/// `clamp(round(100 · Defensa / (Defensa + Tácticas)), 10, 90)`; `None` if both are 0, and no roll is due (AO 0.13).
///
/// Defensa 40 and Tácticas 50 give 44.
#[must_use]
pub fn block_chance(defense: u8, tactics: u8) -> Option<u32> {
    let both = i64::from(defense) + i64::from(tactics);
    (both > 0).then(|| clamped_percent(half_even(100 * i64::from(defense), both)))
}

/// Rolls the shield after a miss; false without a chance.
pub fn blocks(chance: Option<u32>, random: &mut Random) -> bool {
    chance.is_some_and(|chance| hits(chance, random))
}

fn clamped_percent(percent: i64) -> u32 {
    u32::try_from(percent.clamp(10, 90)).unwrap_or(10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::game::rules::class_modifiers::{ClassModifiers, Fighting};
    use crate::game::rules::kinds::Class;

    #[test]
    fn agility_counts_more_the_better_the_skill() {
        let tiers = [0, 30, 31, 60, 61, 90, 91, 100].map(|skill| tier(skill, 20));
        assert_eq!(tiers, [0, 30, 51, 80, 101, 130, 151, 160]);
    }

    #[test]
    fn a_warrior_strikes_at_an_assassin() {
        let (warrior, assassin) = (ClassModifiers::of(Class::Warrior), ClassModifiers::of(Class::Assassin));
        let attack = attack_power(50, 19, warrior.attack(Fighting::Armed), 20);
        let evasion = evasion_power(50, 21, assassin.evasion, 20);
        assert_eq!((attack, evasion, chance(attack, evasion)), (89, 110, 42));
        let shield = shield_power(40, assassin.shield);
        assert_eq!((shield, chance(attack, evasion + shield)), (16, 35));
    }

    #[test]
    fn a_beginner_meets_a_bat_and_a_wolf() {
        let mage = ClassModifiers::of(Class::Mage);
        assert_eq!(chance(attack_power(0, 18, mage.attack(Fighting::Armed), 1), 10), 46);
        assert_eq!(chance(80, evasion_power(0, 18, mage.evasion, 1)), 82);
    }

    #[test]
    fn no_chance_is_below_ten_or_above_ninety() {
        assert_eq!((chance(0, 1_000), chance(1_000, 0)), (10, 90));
        assert_eq!(
            (block_chance(0, 50), block_chance(50, 0), block_chance(0, 0)),
            (Some(10), Some(90), None)
        );
    }

    #[test]
    fn the_roll_has_to_reach_no_higher_than_the_chance() {
        assert!(hits(42, &mut Random::scripted(&[42])) && !hits(42, &mut Random::scripted(&[43])));
        assert_eq!(block_chance(40, 50), Some(44));
        assert!(blocks(Some(44), &mut Random::scripted(&[44])));
        assert!(!blocks(None, &mut Random::scripted(&[])));
    }
}
