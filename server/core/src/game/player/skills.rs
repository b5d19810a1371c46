//! Skill points that the player assigns.

use crate::game::play::{Actor, Play};
use crate::game::player::table::Unsaved;
use crate::game::rules::skills::SKILL_MAX;
use crate::records::{SKILLS, SkillRecord};

/// Points assigned in life are counted up to this; with fewer, use does not train.
const COUNTED_ASSIGNMENTS: u8 = 10;

impl Play {
    /// Handles `ModifySkills`: adds the given points, all of them or, when they are more than there are or take a skill
    /// past 100, none. The client has already subtracted them, so it is told the truth either way.
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
