//! Levels: the experience they take and what they give.

use super::kinds::Class;
use super::rounding::{half_even, rounded, to_bar, truncated};
use crate::base::random::Random;
use crate::records::StatsRecord;

/// Experience that completes level 1.
pub const FIRST_LEVEL_EXPERIENCE: u32 = 300;
/// Most experience that a character has at once; so 48 is the highest level that can be reached.
pub const EXPERIENCE_MAX: u32 = 99_999_999;
/// Highest level that the records hold. Experience stands still there.
pub const LEVEL_MAX: u8 = 255;
/// Highest level of a newbie.
pub const NEWBIE_LEVEL_MAX: u8 = 12;
/// Level from which members of a royal or an evil guild have to leave it.
pub const GUILD_ALIGNMENT_LEVEL: u8 = 25;
/// Most hit points.
pub const HP_MAX: u16 = 999;
/// Most stamina.
pub const STAMINA_MAX: u16 = 999;
/// Most mana.
pub const MANA_MAX: u16 = 9_999;
/// Level from which the cap of the blows is 999 and no longer 99.
const STRONG_BLOWS_LEVEL: u8 = 36;
/// Constitution at which a class has exactly its factor of hit points.
const USUAL_CONSTITUTION: i64 = 21;

/// Returns true if a character of that level is a newbie: up to level 12 (AO 0.13).
#[must_use]
pub const fn is_newbie(level: u8) -> bool {
    level <= NEWBIE_LEVEL_MAX
}

/// Returns the experience that completes `level`, given what completed the level before:
/// `round(previous · m)`, m = 1.4 below level 15, 1.35 below 21, 1.3 below 33, 1.225 below 41, 1.25 from there (AO 0.13).
///
/// Level 2 takes 300 · 1.4 = 420; level 4 takes 588 · 1.4 = 823.2, thus 823.
#[must_use]
pub fn experience_to_next(level: u8, previous: u32) -> u32 {
    let thousandths: u64 = match level {
        LEVEL_MAX => return 0,
        0..15 => 1_400,
        15..21 => 1_350,
        21..33 => 1_300,
        33..41 => 1_225,
        _ => 1_250,
    };
    rounded(u64::from(previous) * thousandths, 1_000)
}

/// Returns the experience that completes `level` from its beginning: the recurrence of [`experience_to_next`] from 300
/// at level 1.
///
/// Level 13 takes 16,999, level 48 takes 101,450,425.
#[must_use]
pub fn experience_of_level(level: u8) -> u32 {
    (2..=level).fold(FIRST_LEVEL_EXPERIENCE, |previous, level| experience_to_next(level, previous))
}

/// Returns the experience after a gain: the sum, at most 99,999,999 (AO 0.13); nothing is gained at level 255.
#[must_use]
pub fn experience_after(level: u8, experience: u32, gained: u32) -> u32 {
    if level == LEVEL_MAX { 0 } else { experience.saturating_add(gained).min(EXPERIENCE_MAX) }
}

/// Numbers that a level adds. The caps are applied as they are added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LevelGains {
    /// To the most hit points.
    pub hp: u16,
    /// To the most mana.
    pub mana: u16,
    /// To the most stamina.
    pub stamina: u16,
    /// To the smallest and the largest blow without a weapon.
    pub hit: u16,
    /// To the skill points to assign.
    pub skill_points: u16,
}

impl LevelGains {
    /// Rolls the gains of a character that reaches `level` with these attributes (AO 0.13).
    ///
    /// A mage with intelligence 22 gains round(61.6) = 62 mana, a bandit with 18 gains 12; a warrior gains 3 hit up to
    /// level 35 and 2 from level 36.
    pub fn roll(class: Class, level: u8, constitution: u8, intelligence: u8, random: &mut Random) -> Self {
        Self {
            hp: hp_gain(class, constitution, random),
            mana: mana_gain(class, intelligence),
            stamina: stamina_gain(class),
            hit: hit_gain(class, level),
            skill_points: skill_points(level),
        }
    }
}

/// Rolls the hit points of a level (AO 0.13, with the thresholds that 0.13.3 mended).
///
/// The average is `factor - (21 - constitution) / 2`. One roll `rand(0,100)` decides: around a half, up to 25, 50 and 75 give
/// 1.5 and 0.5 above and 0.5 below it, more gives 1.5 below; around a whole number, up to 20, 40, 60 and 80 give 2 and 1
/// above, the average, 1 below, more gives 2 below. A level never takes hit points away.
///
/// A warrior (10) with constitution 20 has 9.5 and gains 11, 10, 9 or 8; a mage (7.5) with 16 has 5: 7, 6, 5, 4 or 3.
pub fn hp_gain(class: Class, constitution: u8, random: &mut Random) -> u16 {
    let average_in_halves = hp_factor_in_halves(class) - (USUAL_CONSTITUTION - i64::from(constitution));
    let roll = random.between(0, 100);
    let difference_in_halves = if average_in_halves % 2 != 0 {
        match roll {
            0..=25 => 3,
            26..=50 => 1,
            51..=75 => -1,
            _ => -3,
        }
    } else {
        match roll {
            0..=20 => 4,
            21..=40 => 2,
            41..=60 => 0,
            61..=80 => -2,
            _ => -4,
        }
    };
    u16::try_from((average_in_halves + difference_in_halves) / 2).unwrap_or(0)
}

/// Returns twice the average of hit points that a class gains with constitution 21.
const fn hp_factor_in_halves(class: Class) -> i64 {
    match class {
        Class::Mage => 15,
        Class::Cleric | Class::Assassin | Class::Bard | Class::Druid => 17,
        Class::Bandit | Class::Paladin | Class::Hunter | Class::Worker | Class::Pirate => 19,
        Class::Warrior | Class::Thief => 20,
    }
}

/// Returns the mana of a level: mage round(2.8 · intelligence), cleric, bard and druid 2 · intelligence, assassin and
/// paladin intelligence, bandit round(intelligence / 3 · 2), others none (AO 0.13).
#[must_use]
pub fn mana_gain(class: Class, intelligence: u8) -> u16 {
    let intelligence = i64::from(intelligence);
    let gain = match class {
        Class::Mage => half_even(28 * intelligence, 10),
        Class::Cleric | Class::Bard | Class::Druid => 2 * intelligence,
        Class::Assassin | Class::Paladin => intelligence,
        Class::Bandit => half_even(2 * intelligence, 3),
        Class::Warrior | Class::Thief | Class::Hunter | Class::Worker | Class::Pirate => 0,
    };
    u16::try_from(gain).unwrap_or(0)
}

/// Returns the stamina of a level (AO 0.13): worker 40, bandit 38, thief 18, mage 14, others 15.
#[must_use]
pub const fn stamina_gain(class: Class) -> u16 {
    match class {
        Class::Worker => 40,
        Class::Bandit => 38,
        Class::Thief => 18,
        Class::Mage => 14,
        _ => 15,
    }
}

/// Returns the hit of the level that is reached: one number up to level 35 and one from 36 (AO 0.13).
#[must_use]
pub const fn hit_gain(class: Class, level: u8) -> u16 {
    let (early, late) = match class {
        Class::Mage => (1, 1),
        Class::Warrior | Class::Hunter => (3, 2),
        Class::Assassin | Class::Bandit | Class::Paladin => (3, 1),
        Class::Pirate => (3, 3),
        Class::Cleric | Class::Thief | Class::Bard | Class::Druid | Class::Worker => (2, 2),
    };
    if level < STRONG_BLOWS_LEVEL { early } else { late }
}

/// Returns the skill points of the level that is reached: 10 for level 2, 5 for any other (AO 0.13).
#[must_use]
pub const fn skill_points(level: u8) -> u16 {
    if level == 2 { 10 } else { 5 }
}

/// Returns the cap of the blows without a weapon: 99 below level 36, then 999 (AO 0.13).
#[must_use]
pub const fn hit_cap(level: u8) -> u16 {
    if level < STRONG_BLOWS_LEVEL { 99 } else { 999 }
}

/// Takes one level if the experience is there, and returns what it gave: the experience that the level took is gone,
/// the gains are added up to their caps, and hit points are full. Ask again until there is no level more to take.
///
/// At level 1 with 750 experience: level 2 takes 300, level 3 takes 420, 30 are left.
pub fn take_level(
    stats: &mut StatsRecord,
    class: Class,
    (constitution, intelligence): (u8, u8),
    random: &mut Random,
) -> Option<LevelGains> {
    if stats.experience < stats.experience_to_next || stats.level == LEVEL_MAX {
        return None;
    }
    let level = stats.level + 1;
    let gains = LevelGains::roll(class, level, constitution, intelligence, random);
    stats.experience -= stats.experience_to_next;
    stats.experience_to_next = experience_to_next(level, stats.experience_to_next);
    if level == LEVEL_MAX {
        stats.experience = 0;
    }
    stats.level = level;
    let sum = |most: u16, gain: u16, cap: u16| most.saturating_add(gain).min(cap);
    stats.max_hp = sum(stats.max_hp, gains.hp, HP_MAX);
    stats.max_mana = sum(stats.max_mana, gains.mana, MANA_MAX);
    stats.max_stamina = sum(stats.max_stamina, gains.stamina, STAMINA_MAX);
    stats.min_hit = sum(stats.min_hit, gains.hit, hit_cap(level));
    stats.max_hit = sum(stats.max_hit, gains.hit, hit_cap(level));
    stats.free_skill_points = stats.free_skill_points.saturating_add(gains.skill_points);
    stats.hp = stats.max_hp;
    Some(gains)
}

/// Returns the hit points of a raised character: its constitution, at most its maximum (AO 0.13).
///
/// Constitution 18 and a maximum of 16 give 16.
#[must_use]
pub fn hp_when_raised(constitution: u8, max_hp: u16) -> u16 {
    u16::from(constitution).min(max_hp)
}

/// Returns the hit points left to a caster that raised a target by a spell, 0 if it dies of it:
/// `round(hp · (1 - 0.015 · level of the target))` (AO 0.13).
///
/// 200 hit points: a target of level 30 leaves 110, one of 40 leaves 80, from 67 on none.
#[must_use]
pub fn hp_after_raising(hp: u16, target_level: u8) -> u16 {
    let kept = 1_000_u64.saturating_sub(15 * u64::from(target_level));
    to_bar(rounded(u64::from(hp) * kept, 1_000))
}

/// Returns the way to the next level in percent, 0..=100; 0 where there is none.
#[must_use]
pub fn progress_percent(experience: u32, to_next: u32) -> u32 {
    if to_next == 0 { 0 } else { truncated(u64::from(experience) * 100, u64::from(to_next)).min(100) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::Fields;

    const TABLE: [u32; 48] = [
        300,
        420,
        588,
        823,
        1_152,
        1_613,
        2_258,
        3_161,
        4_425,
        6_195,
        8_673,
        12_142,
        16_999,
        23_799,
        32_129,
        43_374,
        58_555,
        79_049,
        106_716,
        144_067,
        187_287,
        243_473,
        316_515,
        411_470,
        534_911,
        695_384,
        903_999,
        1_175_199,
        1_527_759,
        1_986_087,
        2_581_913,
        3_356_487,
        4_111_697,
        5_036_829,
        6_170_116,
        7_558_392,
        9_259_030,
        11_342_312,
        13_894_332,
        17_020_557,
        21_275_696,
        26_594_620,
        33_243_275,
        41_554_094,
        51_942_618,
        64_928_272,
        81_160_340,
        101_450_425,
    ];

    fn character(level: u8, experience: u32) -> StatsRecord {
        StatsRecord {
            level,
            experience,
            experience_to_next: experience_of_level(level),
            max_hp: 20,
            hp: 3,
            max_stamina: 40,
            min_hit: 1,
            max_hit: 2,
            ..StatsRecord::blank()
        }
    }

    #[test]
    fn the_experience_of_each_level_is_that_of_the_table() {
        for (level, experience) in (1..).zip(TABLE) {
            assert_eq!(experience_of_level(level), experience, "level {level}");
        }
        assert!(TABLE[47] > EXPERIENCE_MAX && TABLE[46] < EXPERIENCE_MAX, "48 is the last level");
        assert_eq!((experience_after(1, 99_999_000, 5_000), experience_after(255, 0, 5)), (99_999_999, 0));
    }

    #[test]
    fn hit_points_of_a_level_follow_the_thresholds() {
        let gains = |class, constitution, rolls: &[u32]| {
            let gain = |roll: &u32| hp_gain(class, constitution, &mut Random::scripted(&[*roll]));
            rolls.iter().map(gain).collect::<Vec<_>>()
        };
        let warrior = gains(Class::Warrior, 20, &[0, 25, 26, 50, 51, 75, 76, 100]);
        assert_eq!(warrior, [11, 11, 10, 10, 9, 9, 8, 8]);
        let mage = gains(Class::Mage, 16, &[0, 20, 21, 40, 41, 60, 61, 80, 81, 100]);
        assert_eq!(mage, [7, 7, 6, 6, 5, 5, 4, 4, 3, 3]);
        assert_eq!(gains(Class::Mage, 6, &[100]), [0]);
    }

    #[test]
    fn mana_hit_and_points_of_a_level_are_those_of_the_class() {
        assert_eq!((mana_gain(Class::Mage, 22), mana_gain(Class::Bandit, 18)), (62, 12));
        assert_eq!((mana_gain(Class::Cleric, 20), mana_gain(Class::Paladin, 20)), (40, 20));
        assert_eq!(mana_gain(Class::Warrior, 20), 0);
        assert_eq!((hit_gain(Class::Warrior, 35), hit_gain(Class::Warrior, 36)), (3, 2));
        assert_eq!((hit_cap(35), hit_cap(36)), (99, 999));
        assert_eq!((skill_points(2), skill_points(3)), (10, 5));
        assert_eq!((stamina_gain(Class::Worker), stamina_gain(Class::Mage)), (40, 14));
    }

    #[test]
    fn several_levels_are_taken_one_after_the_other() {
        let mut stats = character(1, 750);
        let mut random = Random::scripted(&[0, 0]);
        let mut take = |stats: &mut StatsRecord| take_level(stats, Class::Warrior, (20, 18), &mut random);
        assert_eq!(
            take(&mut stats),
            Some(LevelGains { hp: 11, mana: 0, stamina: 15, hit: 3, skill_points: 10 })
        );
        assert_eq!(take(&mut stats).map(|gains| gains.skill_points), Some(5));
        assert_eq!(take(&mut stats), None);
        assert_eq!((stats.level, stats.experience, stats.experience_to_next), (3, 30, 588));
        assert_eq!((stats.hp, stats.max_hp, stats.max_stamina, stats.max_hit), (42, 42, 70, 8));
        assert_eq!(stats.free_skill_points, 15);
    }

    #[test]
    fn gains_stop_at_their_caps() {
        let mut stats = StatsRecord {
            max_hp: 995,
            max_stamina: 990,
            max_mana: 9_990,
            min_hit: 98,
            max_hit: 99,
            ..character(34, 6_000_000)
        };
        take_level(&mut stats, Class::Mage, (20, 22), &mut Random::scripted(&[0])).unwrap();
        assert_eq!((stats.max_hp, stats.max_stamina, stats.max_mana), (999, 999, 9_999));
        assert_eq!((stats.min_hit, stats.max_hit), (99, 99));
    }

    #[test]
    fn raising_by_a_spell_costs_the_caster_hit_points() {
        let left = [30, 40, 66, 67, 100].map(|level| hp_after_raising(200, level));
        assert_eq!(left, [110, 80, 2, 0, 0]);
        assert_eq!((hp_when_raised(18, 16), hp_when_raised(18, 100)), (16, 18));
    }

    #[test]
    fn newbies_end_at_level_thirteen() {
        assert!(is_newbie(12) && !is_newbie(13));
        assert_eq!((progress_percent(210, 420), progress_percent(5, 0)), (50, 0));
    }
}
