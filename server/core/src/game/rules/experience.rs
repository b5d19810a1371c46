//! Experience for fights (AO 0.13). That of levels is in [`levels`](super::levels).

use super::rounding::rounded;

/// Returns the experience for a blow on an NPC: `round(min(dealt, hp before) · GiveEXP / MaxHP)`, never more than is left in
/// its pool, which begins with `GiveEXP` and from which the caller takes it (AO 0.13). The rest of the pool goes to the
/// killer at the NPC's death.
///
/// A bat with 15 hit points and 10 experience: a hit of 7 gives round(4.67) = 5, the last one of 20 counts 8 and gives
/// round(5.33) = 5.
#[must_use]
pub fn of_blow(dealt: u32, hp_before: u32, (given, max_hp): (u32, u32), pool: u32) -> u32 {
    if max_hp == 0 {
        return 0;
    }
    let counted = u64::from(dealt.min(hp_before));
    rounded(counted * u64::from(given), max_hp.into()).min(pool)
}

/// Returns the experience for killing a user: twice the level of the victim (AO 0.13).
#[must_use]
pub const fn of_user_kill(victim_level: u8) -> u32 {
    2 * victim_level as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bat_gives_all_of_its_experience_in_two_hits() {
        let (mut hp, mut pool, mut gained) = (15, 10, Vec::new());
        for dealt in [7, 20] {
            let experience = of_blow(dealt, hp, (10, 15), pool);
            hp = hp.saturating_sub(dealt);
            pool -= experience;
            gained.push(experience);
        }
        assert_eq!((gained, hp, pool), (vec![5, 5], 0, 0));
    }

    #[test]
    fn no_blow_gives_more_than_the_pool_holds() {
        assert_eq!((of_blow(15, 15, (10, 15), 3), of_blow(5, 15, (10, 0), 3)), (3, 0));
        assert_eq!(of_user_kill(20), 40);
    }
}
