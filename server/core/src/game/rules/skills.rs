//! Skills: experience for each point, and progress.

use crate::records::SkillRecord;

/// No skill passes this.
pub const SKILL_MAX: u8 = 100;
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
    fn progress_is_a_percentage() {
        let progress = |level, experience| progress_percent(SkillRecord { level, experience });
        assert_eq!(progress(0, 0), 0);
        assert_eq!(progress(0, 199), 99);
        assert_eq!(progress(0, 100_000), 100);
        assert_eq!(progress(100, 5), 0);
    }
}
