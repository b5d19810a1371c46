//! Skills: their numbers, experience for each point, training by use, and progress.

use crate::records::SkillRecord;

/// No skill passes this.
pub const SKILL_MAX: u8 = 100;
/// Experience of the character for a point of any skill gained by use.
pub const POINT_EXPERIENCE: u32 = 50;
/// Points that a player has to have assigned in life before use trains.
pub const ASSIGNED_POINTS_NEEDED: u8 = 10;
/// Experience of a skill for a successful use.
const SUCCESS_EXPERIENCE: u32 = 50;
/// Experience of a skill for a failed use.
const FAILURE_EXPERIENCE: u32 = 20;

/// A skill. On the wire 1 to 20, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Skill {
    Magic = 1,
    Stealing = 2,
    Tactics = 3,
    Weapons = 4,
    Meditation = 5,
    Stabbing = 6,
    Hiding = 7,
    Survival = 8,
    Lumbering = 9,
    Trading = 10,
    Defense = 11,
    Fishing = 12,
    Mining = 13,
    Carpentry = 14,
    Smithing = 15,
    Leadership = 16,
    Taming = 17,
    Projectiles = 18,
    Wrestling = 19,
    Sailing = 20,
}

impl Skill {
    /// Returns its place in the list of a character's skills, from 0.
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize - 1
    }
}

/// Returns the experience that completes the next point of a skill at `level`: round(200 · 1.05^level), 0 at 100
/// (AO 0.13).
#[must_use]
pub fn experience_to_next(level: u8) -> u32 {
    if level >= SKILL_MAX {
        return 0;
    }
    let exact = 200.0 * 1.05_f64.powi(i32::from(level));
    // At most 200 · 1.05^99, about 25,048.
    exact.round_ties_even() as u32
}

/// Returns the skill up to which use trains at a character's level (AO 0.13): 3 at level 1, 5 at 2, 7 at 3, then about 2.5
/// more a level, 100 from level 40. Assigned points may take a skill beyond it.
///
/// Level 4 allows 10, level 25 allows 63.
#[must_use]
pub fn trainable_to(level: u8) -> u8 {
    const CAPS: [u8; 40] = [
        3, 5, 7, 10, 13, 15, 17, 20, 23, 25, 27, 30, 33, 35, 37, 40, 43, 45, 47, 50, 53, 55, 57, 60, 63, 65,
        67, 70, 73, 75, 77, 80, 83, 85, 87, 90, 93, 95, 97, 100,
    ];
    let place = usize::from(level.max(1)) - 1;
    CAPS.get(place).copied().unwrap_or(SKILL_MAX)
}

/// Reason for which use does not train a character at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoTraining {
    /// It is hungry or thirsty.
    HungryOrThirsty,
    /// Its player has assigned fewer than ten points in life; they are told once.
    FewPointsAssigned,
}

/// Tells whether use trains a character: neither hungry nor thirsty, and ten points assigned in life (AO 0.13).
///
/// # Errors
/// Returns the reason for which it does not.
pub fn check_training(is_hungry_or_thirsty: bool, assigned_points: u8) -> Result<(), NoTraining> {
    if is_hungry_or_thirsty {
        Err(NoTraining::HungryOrThirsty)
    } else if assigned_points < ASSIGNED_POINTS_NEEDED {
        Err(NoTraining::FewPointsAssigned)
    } else {
        Ok(())
    }
}

/// Trains a skill by one use, and returns true if that gave a point, which is worth [`POINT_EXPERIENCE`].
///
/// A success gives 50 experience of the skill, a failure 20, up to what the character's level allows. At the threshold
/// the skill grows by one point, no more, and the threshold is taken off (AO 0.13). Ask [`check_training`] first.
///
/// Four successes take a skill from 0 to 1 and leave no experience.
pub fn train(skill: &mut SkillRecord, level: u8, is_success: bool) -> bool {
    if skill.level >= trainable_to(level) {
        return false;
    }
    skill.experience += if is_success { SUCCESS_EXPERIENCE } else { FAILURE_EXPERIENCE };
    let threshold = experience_to_next(skill.level);
    if skill.experience < threshold {
        return false;
    }
    skill.experience -= threshold;
    skill.level += 1;
    true
}

/// Returns the progress of a skill towards its next point, 0..=100 %.
#[must_use]
pub fn progress_percent(skill: SkillRecord) -> u8 {
    let needed = experience_to_next(skill.level);
    if needed == 0 {
        return 0;
    }
    u8::try_from(u64::from(skill.experience) * 100 / u64::from(needed)).unwrap_or(100).min(100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_are_those_of_the_rules() {
        let table = [
            (0, 200),
            (1, 210),
            (2, 220),
            (3, 232),
            (10, 326),
            (20, 531),
            (50, 2_293),
            (90, 16_146),
            (99, 25_048),
        ];
        for (level, experience) in table {
            assert_eq!(experience_to_next(level), experience, "level {level}");
        }
        assert_eq!(experience_to_next(100), 0);
    }

    #[test]
    fn four_successes_make_the_first_point() {
        let mut skill = SkillRecord { level: 0, experience: 0 };
        let points: Vec<bool> = (0..4).map(|_| train(&mut skill, 1, true)).collect();
        assert_eq!(points, [false, false, false, true]);
        assert_eq!(skill, SkillRecord { level: 1, experience: 0 });
        assert!(!train(&mut skill, 1, false));
        assert_eq!(skill, SkillRecord { level: 1, experience: 20 });
    }

    #[test]
    fn one_use_gives_one_point_at_most() {
        let mut skill = SkillRecord { level: 0, experience: 1_000 };
        assert!(train(&mut skill, 40, true));
        assert_eq!(skill, SkillRecord { level: 1, experience: 850 });
    }

    #[test]
    fn use_trains_up_to_what_the_level_allows() {
        let caps = [(1, 3), (4, 10), (9, 23), (16, 40), (25, 63), (32, 80), (39, 97), (40, 100), (255, 100)];
        for (level, cap) in caps {
            assert_eq!(trainable_to(level), cap, "level {level}");
        }
        let mut skill = SkillRecord { level: 3, experience: 0 };
        assert!(!train(&mut skill, 1, true));
        assert_eq!(skill.experience, 0, "assigned points may have taken it there");
        let mut full = SkillRecord { level: 100, experience: 0 };
        assert!(!train(&mut full, 50, true) && full.experience == 0);
    }

    #[test]
    fn the_hungry_and_those_who_assigned_little_do_not_learn() {
        assert_eq!(check_training(true, 10), Err(NoTraining::HungryOrThirsty));
        assert_eq!(check_training(false, 9), Err(NoTraining::FewPointsAssigned));
        assert_eq!(check_training(false, 10), Ok(()));
        assert_eq!((Skill::Magic.index(), Skill::Sailing.index()), (0, 19));
    }

    #[test]
    fn progress_is_a_percentage() {
        let progress = |level, experience| progress_percent(SkillRecord { level, experience });
        assert_eq!(progress(0, 0), 0);
        assert_eq!(progress(0, 199), 99);
        assert_eq!(progress(0, 100_000), 100);
        assert_eq!(progress(100, 5), 0);
    }
}
