//! Skills: progress by use, and points that the player assigns.

use super::play::{Actor, Play};
use super::players::Unsaved;
use crate::records::{SKILLS, SkillRecord};

/// No skill passes this.
const SKILL_MAX: u8 = 100;
/// Points assigned in life are counted up to this; with fewer, use does not train.
const COUNTED_ASSIGNMENTS: u8 = 10;

/// Experience that completes the next point of a skill at `level`: round(200 · 1.05^level), 0 at 100 (AO 0.13).
#[must_use]
pub fn experience_to_next(level: u8) -> u32 {
    if level >= SKILL_MAX {
        return 0;
    }
    let exact = 200.0 * 1.05_f64.powi(i32::from(level));
    // At most 200 · 1.05^99, about 25,048.
    exact.round_ties_even() as u32
}

/// How far a skill is on its way to the next point, 0..=100.
#[must_use]
pub fn progress_percent(skill: SkillRecord) -> u8 {
    let needed = experience_to_next(skill.level);
    if needed == 0 {
        return 0;
    }
    u8::try_from(u64::from(skill.experience) * 100 / u64::from(needed)).unwrap_or(100).min(100)
}

impl Play {
    /// `ModifySkills`: adds the given points, all of them or, when they are more than there are or take a skill past
    /// 100, none. The client has already subtracted them, so it is told the truth either way.
    pub fn assign_skill_points(&mut self, actor: Actor, points: &[u8; SKILLS]) {
        if let Some(player) = self.player(actor) {
            let character = &mut player.character;
            let total: u16 = points.iter().map(|points| u16::from(*points)).sum();
            let fits =
                |(skill, points): (&SkillRecord, &u8)| skill.level.saturating_add(*points) <= SKILL_MAX;
            let allowed =
                total <= character.stats.free_skill_points && character.skills.iter().zip(points).all(fits);
            if allowed && total > 0 {
                for (skill, points) in
                    character.skills.iter_mut().zip(points).filter(|(_, points)| **points > 0)
                {
                    skill.level += points;
                    skill.experience = 0;
                }
                character.stats.free_skill_points -= total;
                let counted = u16::from(character.stats.assigned_skill_points) + total;
                character.stats.assigned_skill_points =
                    u8::try_from(counted).unwrap_or(COUNTED_ASSIGNMENTS).min(COUNTED_ASSIGNMENTS);
                self.mark_unsaved(actor.player, Unsaved::Sheet);
            }
        }
        self.tell_skills(actor);
    }
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
    fn progress_is_a_percentage() {
        let progress = |level, experience| progress_percent(SkillRecord { level, experience });
        assert_eq!(progress(0, 0), 0);
        assert_eq!(progress(0, 199), 99);
        assert_eq!(progress(0, 100_000), 100);
        assert_eq!(progress(100, 5), 0);
    }
}
