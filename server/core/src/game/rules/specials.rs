//! What else a blow that hit may do: stab, critical hit, slash, poison, unequip, paralyse (AO 0.13).
//!
//! Against users all of them happen only if the attacker is neither hungry nor thirsty. The curves of AO 0.13 are here in
//! whole numbers, with the same value at every skill.

use super::kinds::Class;
use super::rounding::{half_even, rounded, truncated};
use crate::base::ids::ObjectId;
use crate::base::random::Random;

/// Name of the weapon with which a bandit hits critically.
pub const CRITICAL_WEAPON: &str = "Espada Vikinga";
/// The thief's gloves, by their object number: worn, they unequip and paralyse.
pub const THIEF_GLOVES: ObjectId = ObjectId::new(873);
/// Duration of the paralysis by a thief's gloves, in ticks: half of the usual one.
pub const GLOVE_PARALYSIS: u64 = 250;
/// Level below which a victim is told that it lost its weapon.
pub const TOLD_BELOW_LEVEL: u8 = 20;
/// Skill from which classes other than the assassin stab.
const STAB_SKILL: u8 = 10;

/// Returns true if a blow may stab: with a weapon that stabs, by an assassin or from skill 10 (AO 0.13).
#[must_use]
pub fn may_stab(weapon_stabs: bool, class: Class, skill: u8) -> bool {
    weapon_stabs && (class == Class::Assassin || skill >= STAB_SKILL)
}

/// Returns the chance of a stab in percent, by Apuñalar `s` (AO 0.13): assassin
/// `floor(((0.00003 s - 0.002) s + 0.098) s + 4.25)`; cleric, paladin and pirate
/// `floor(((0.000003 s + 0.0006) s + 0.0107) s + 4.93)`; bard `floor(((0.000002 s + 0.0002) s + 0.032) s + 4.81)`; others
/// `floor(0.0361 s + 4.39)`.
///
/// At skill 100: 24, 15, 12 and 8.
#[must_use]
pub fn stab_chance(class: Class, skill: u8) -> u32 {
    let s = i64::from(skill);
    let (numerator, denominator) = match class {
        Class::Assassin => (((3 * s - 200) * s + 9_800) * s + 425_000, 100_000),
        Class::Cleric | Class::Paladin | Class::Pirate => {
            (((3 * s + 600) * s + 10_700) * s + 4_930_000, 1_000_000)
        }
        Class::Bard => (((2 * s + 200) * s + 32_000) * s + 4_810_000, 1_000_000),
        _ => (361 * s + 43_900, 10_000),
    };
    u32::try_from(numerator / denominator).unwrap_or(0)
}

/// Rolls a chance of the special hits: `rand(0,100) < chance` (AO 0.13).
pub fn succeeds(chance: u32, random: &mut Random) -> bool {
    random.between(0, 100) < chance
}

/// Returns the damage that a stab adds on a user: 1.4 times the dealt damage by an assassin, 1.5 times by others, rounded
/// (AO 0.13).
#[must_use]
pub fn stab_damage_to_user(class: Class, dealt: u32) -> u32 {
    let tenths = if class == Class::Assassin { 14 } else { 15 };
    rounded(u64::from(dealt) * tenths, 10)
}

/// Returns the damage that a stab adds on an NPC: twice the damage before its defense (AO 0.13).
#[must_use]
pub const fn stab_damage_to_npc(damage: u32) -> u32 {
    damage.saturating_mul(2)
}

/// Returns the chance of a critical hit in percent, by Wrestling `w`:
/// `floor((((0.00000003 w + 0.000006) w + 0.000107) w + 0.0893) · 100)` (AO 0.13). It is a bandit's, with the weapon
/// [`CRITICAL_WEAPON`].
///
/// 8 at skill 0, 11 at 50, 19 at 100.
#[must_use]
pub fn critical_chance(wrestling: u8) -> u32 {
    let w = i64::from(wrestling);
    u32::try_from((((3 * w + 600) * w + 10_700) * w + 8_930_000) / 1_000_000).unwrap_or(0)
}

/// Returns the damage that a critical hit adds: `floor(0.75 · dealt)` (AO 0.13).
#[must_use]
pub fn critical_damage(dealt: u32) -> u32 {
    truncated(u64::from(dealt) * 3, 4)
}

/// Chance of a slash in percent: of a pirate with a weapon that slashes; on users only with a thrown one.
pub const SLASH_CHANCE: u32 = 20;

/// Returns the damage that a slash adds: `floor(0.2 · dealt)` (AO 0.13).
#[must_use]
pub fn slash_damage(dealt: u32) -> u32 {
    dealt / 5
}

/// Returns the chance in percent to unequip something of a victim: `round(Wrestling · 0.2 + level · 0.66)` (AO 0.13).
///
/// Wrestling 100 at level 20: round(33.2) = 33.
#[must_use]
pub fn unequip_chance(wrestling: u8, level: u8) -> u32 {
    u32::try_from(half_even(20 * i64::from(wrestling) + 66 * i64::from(level), 100)).unwrap_or(0)
}

/// Rolls the unequipping: `rand(1,100) ≤ chance` (AO 0.13).
pub fn unequips(chance: u32, random: &mut Random) -> bool {
    random.between(1, 100) <= chance
}

/// Piece that a bandit with a thief's gloves takes off a victim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unequipped {
    /// The shield.
    Shield,
    /// The weapon.
    Weapon,
    /// The helmet.
    Helmet,
}

/// Rolls what a bandit with bare hands and a thief's gloves takes off: shield, weapon and helmet in turn, each that is
/// worn by a roll of its own, up to the first success (AO 0.13).
pub fn bandit_unequips(
    [shield, weapon, helmet]: [bool; 3],
    chance: u32,
    random: &mut Random,
) -> Option<Unequipped> {
    [(shield, Unequipped::Shield), (weapon, Unequipped::Weapon), (helmet, Unequipped::Helmet)]
        .into_iter()
        .find(|&(is_worn, _)| is_worn && unequips(chance, random))
        .map(|(_, piece)| piece)
}

/// Rolls the paralysis by a thief with a thief's gloves: `rand(0,100) < Wrestling / 4` (AO 0.13). The victim is a user
/// that is not paralysed yet; it lasts [`GLOVE_PARALYSIS`].
pub fn thief_paralyses(wrestling: u8, random: &mut Random) -> bool {
    // With the quotient's fraction: skill 99 succeeds at 24, which is below 24.75.
    4 * random.between(0, 100) < u32::from(wrestling)
}

/// Rolls the poison of a weapon on a user: `rand(1,100) < 60`, thus 59 % (AO 0.13). Of a bow the arrow counts.
pub fn weapon_poisons(random: &mut Random) -> bool {
    random.between(1, 100) < 60
}

/// Rolls the poison of an NPC that hit: `rand(1,100) < 30`, thus 29 % (AO 0.13).
pub fn npc_poisons(random: &mut Random) -> bool {
    random.between(1, 100) < 30
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chance_of_a_stab_is_that_of_the_table() {
        let table = [
            (Class::Assassin, [4, 5, 7, 13, 24]),
            (Class::Cleric, [4, 5, 7, 10, 15]),
            (Class::Paladin, [4, 5, 7, 10, 15]),
            (Class::Pirate, [4, 5, 7, 10, 15]),
            (Class::Bard, [4, 5, 7, 9, 12]),
            (Class::Warrior, [4, 5, 6, 7, 8]),
        ];
        for (class, chances) in table {
            assert_eq!([0, 25, 50, 75, 100].map(|skill| stab_chance(class, skill)), chances, "{class:?}");
        }
    }

    #[test]
    fn who_stabs_needs_the_weapon_and_the_skill() {
        assert!(may_stab(true, Class::Assassin, 0) && may_stab(true, Class::Warrior, 10));
        assert!(!may_stab(true, Class::Warrior, 9) && !may_stab(false, Class::Assassin, 100));
        assert!(succeeds(24, &mut Random::scripted(&[23])) && !succeeds(24, &mut Random::scripted(&[24])));
        assert_eq!(
            (stab_damage_to_user(Class::Assassin, 50), stab_damage_to_user(Class::Bard, 50)),
            (70, 75)
        );
        assert_eq!((stab_damage_to_user(Class::Bard, 3), stab_damage_to_npc(15)), (4, 30));
    }

    #[test]
    fn critical_hits_and_slashes_are_parts_of_the_damage() {
        assert_eq!([0, 50, 100].map(critical_chance), [8, 11, 19]);
        assert_eq!((critical_damage(15), slash_damage(14)), (11, 2));
    }

    #[test]
    fn gloves_take_the_first_piece_that_the_dice_allow() {
        assert_eq!((unequip_chance(100, 20), unequip_chance(0, 1)), (33, 1));
        let unequips = |worn, rolls: &[u32]| bandit_unequips(worn, 33, &mut Random::scripted(rolls));
        assert_eq!(unequips([true; 3], &[33]), Some(Unequipped::Shield));
        assert_eq!(unequips([true; 3], &[34, 34, 33]), Some(Unequipped::Helmet));
        assert_eq!(unequips([false, true, false], &[1]), Some(Unequipped::Weapon));
        assert_eq!(unequips([true; 3], &[34, 34, 34]), None);
    }

    #[test]
    fn a_quarter_of_wrestling_paralyses() {
        let paralyses = |skill, roll| thief_paralyses(skill, &mut Random::scripted(&[roll]));
        assert!(paralyses(100, 24) && !paralyses(100, 25) && paralyses(99, 24) && !paralyses(0, 0));
    }

    #[test]
    fn poison_comes_in_59_and_in_29_of_a_hundred() {
        let count = |rule: fn(&mut Random) -> bool| {
            (1..=100).filter(|roll| rule(&mut Random::scripted(&[*roll]))).count()
        };
        assert_eq!((count(weapon_poisons), count(npc_poisons)), (59, 29));
    }
}
