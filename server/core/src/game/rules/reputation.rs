//! Reputation: six counters, their average, the colour of the name, and the deeds that change them (AO 0.13).
//!
//! A deed that makes a citizen of a criminal, or the other way round, changes the colour of the name at once: compare
//! [`is_criminal`] before and after it.

use super::rounding::rounded;
use crate::base::ids::NpcTemplateId;
use crate::content::NpcType;
use crate::records::{ReputationRecord, StatsRecord};

/// Most of each counter.
pub const REPUTATION_MAX: u32 = 6_000_000;
/// Most of each counter of kills of users.
pub const USER_KILLS_MAX: u32 = 65_000;
/// Most of the counter of killed NPCs.
pub const NPC_KILLS_MAX: u32 = 32_000;
/// Number of the NPC whose death takes all good names away: the imperial guard.
pub const IMPERIAL_GUARD: NpcTemplateId = NpcTemplateId::new(6);
/// Side of an NPC whose attackers gain the esteem of the people.
const ALIGNMENT_PREY: u8 = 1;

/// Name colour bit of a criminal.
const CRIMINAL: u8 = 1;
/// Name colour bit of a citizen.
const CITIZEN: u8 = 2;
/// Name colour bit of a character that another one may attack without becoming a criminal.
const ATTACKABLE: u8 = 4;

/// Returns the average of the six reputations: good ones minus bad ones, divided by six, towards zero (AO 0.13).
#[must_use]
pub fn average_reputation(reputation: &ReputationRecord) -> i64 {
    let good = [reputation.noble, reputation.bourgeois, reputation.plebeian];
    let bad = [reputation.assassin, reputation.bandit, reputation.thief];
    let sum = |counters: [u32; 3]| counters.into_iter().map(i64::from).sum::<i64>();
    (sum(good) - sum(bad)) / 6
}

/// Returns true if that reputation makes a criminal: a negative average.
#[must_use]
pub fn is_criminal(reputation: &ReputationRecord) -> bool {
    average_reputation(reputation) < 0
}

/// Returns the bits of the name's colour.
#[must_use]
pub fn nick_color(reputation: &ReputationRecord) -> u8 {
    if is_criminal(reputation) { CRIMINAL } else { CITIZEN }
}

/// Returns the bits of the name's colour: criminal 1, citizen 2, and 4 more for one in the attackable state (AO 0.13).
#[must_use]
pub fn name_color(reputation: &ReputationRecord, is_attackable: bool) -> u8 {
    nick_color(reputation) | if is_attackable { ATTACKABLE } else { 0 }
}

/// Makes a criminal: the good counters fall to 0, Bandido grows by 100 (AO 0.13). Not in an arena; the caller knows.
pub fn become_criminal(reputation: &mut ReputationRecord) {
    lose_good_name(reputation);
    add(&mut reputation.bandit, 100);
}

/// Pardons: the bad counters fall to 0, Plebe grows by 100 (AO 0.13).
pub fn become_citizen(reputation: &mut ReputationRecord) {
    reputation.thief = 0;
    reputation.bandit = 0;
    reputation.assassin = 0;
    add(&mut reputation.plebeian, 100);
}

/// Applies an attack on a user, hit or miss (AO 0.13): a citizen that attacks a citizen becomes a criminal; then attacking a
/// citizen adds 100 to Bandido and halves Noble, attacking a criminal adds 5 to Noble. Nothing changes for attacks inside an
/// arena and on victims in the attackable state towards the attacker: those are not applied.
///
/// A new citizen (Noble 1,000, Plebe 30) that attacks a citizen has Noble 0, Plebe 0 and Bandido 200.
pub fn attack_user(reputation: &mut ReputationRecord, victim_is_criminal: bool) {
    if victim_is_criminal {
        return add(&mut reputation.noble, 5);
    }
    if !is_criminal(reputation) {
        become_criminal(reputation);
    }
    add(&mut reputation.bandit, 100);
    reputation.noble = rounded(reputation.noble.into(), 2);
}

/// Applies an attack on an NPC that is no pet of a citizen (AO 0.13): `Alineacion` 1 adds 2 to Plebe, and pardons a criminal
/// whose average is no longer negative; 0 makes a criminal of the attacker of a royal guard.
pub fn attack_npc(reputation: &mut ReputationRecord, alignment: u8, npc_type: NpcType) {
    let was_criminal = is_criminal(reputation);
    if alignment == ALIGNMENT_PREY {
        add(&mut reputation.plebeian, 2);
        if was_criminal && !is_criminal(reputation) {
            become_citizen(reputation);
        }
    } else if alignment == 0 && npc_type == NpcType::ROYAL_GUARD {
        become_criminal(reputation);
    }
}

/// Applies an attack of a citizen on a peaceful NPC: Bandido grows by 1,000 (AO 0.13).
pub fn attack_peaceful_npc(reputation: &mut ReputationRecord) {
    add(&mut reputation.bandit, 1_000);
}

/// Applies the killing of a user (AO 0.13): of a citizen 2,000 to Asesino and no good name left, of a criminal 5 to Noble.
/// Nothing changes inside an arena and for victims in the attackable state towards the killer: those are not applied.
pub fn kill_user(reputation: &mut ReputationRecord, victim_is_criminal: bool) {
    if victim_is_criminal {
        return add(&mut reputation.noble, 5);
    }
    add(&mut reputation.assassin, 2_000);
    lose_good_name(reputation);
}

/// Counts a killed user (AO 0.13): users always, citizens and criminals only if the victim is another one than the last of
/// its kind; each up to 65,000. Newbies and deaths of both in an arena do not count.
pub fn count_user_kill(stats: &mut StatsRecord, victim_is_criminal: bool, is_another: bool) {
    let count = |counter: &mut u32| *counter = counter.saturating_add(1).min(USER_KILLS_MAX);
    count(&mut stats.users_killed);
    match (is_another, victim_is_criminal) {
        (true, true) => count(&mut stats.criminals_killed),
        (true, false) => count(&mut stats.citizens_killed),
        (false, _) => {}
    }
}

/// Applies the killing of an NPC by its `Alineacion` (AO 0.13): 0 with the number 6 takes Noble and Plebe and adds 500 to
/// Asesino, any 0 without a master adds 1,000 to Asesino; 1 and 4 add 5 to Plebe; 2 adds 500 to Noble.
pub fn kill_npc(reputation: &mut ReputationRecord, alignment: u8, is_imperial_guard: bool, has_master: bool) {
    match alignment {
        0 => {
            if is_imperial_guard {
                reputation.noble = 0;
                reputation.plebeian = 0;
                add(&mut reputation.assassin, 500);
            }
            if !has_master {
                add(&mut reputation.assassin, 1_000);
            }
        }
        1 | 4 => add(&mut reputation.plebeian, 5),
        2 => add(&mut reputation.noble, 500),
        _ => {}
    }
}

/// Applies the death of a criminal by a royal guard: Bandido falls by 100, or, if it is 0, Ladrones by 50 (AO 0.13).
pub fn punished_by_guard(reputation: &mut ReputationRecord) {
    if reputation.bandit > 0 {
        reputation.bandit = reputation.bandit.saturating_sub(100);
    } else {
        reputation.thief = reputation.thief.saturating_sub(50);
    }
}

/// Applies the help of a citizen for a criminal: Noble falls by round(Noble / 2), Bandido grows by 10,000 (AO 0.13).
///
/// Noble 1,001: round(500.5) is 500, and 501 are left.
pub fn help_criminal(reputation: &mut ReputationRecord) {
    reputation.noble -= rounded(reputation.noble.into(), 2);
    add(&mut reputation.bandit, 10_000);
}

/// Applies the raising of another citizen by a spell: 500 to Noble (AO 0.13).
pub fn raise_citizen(reputation: &mut ReputationRecord) {
    add(&mut reputation.noble, 500);
}

fn lose_good_name(reputation: &mut ReputationRecord) {
    reputation.bourgeois = 0;
    reputation.noble = 0;
    reputation.plebeian = 0;
}

fn add(counter: &mut u32, by: u32) {
    *counter = counter.saturating_add(by).min(REPUTATION_MAX);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::Fields;

    #[test]
    fn a_sum_of_minus_five_is_a_citizen_and_minus_six_a_criminal() {
        let reputation =
            |thief| ReputationRecord { assassin: 0, bandit: 0, bourgeois: 0, thief, noble: 0, plebeian: 0 };
        assert!(!is_criminal(&reputation(5)));
        assert!(is_criminal(&reputation(6)));
        assert_eq!((nick_color(&reputation(5)), nick_color(&reputation(6))), (2, 1));
    }

    /// Builds a reputation of assassin, bandit, bourgeois, thief, noble and plebeian.
    fn of([assassin, bandit, bourgeois, thief, noble, plebeian]: [u32; 6]) -> ReputationRecord {
        ReputationRecord { assassin, bandit, bourgeois, thief, noble, plebeian }
    }

    fn after(mut reputation: ReputationRecord, deed: impl Fn(&mut ReputationRecord)) -> ReputationRecord {
        deed(&mut reputation);
        reputation
    }

    const NEW: [u32; 6] = [0, 0, 0, 0, 1_000, 30];

    #[test]
    fn a_citizen_that_attacks_a_citizen_becomes_a_criminal() {
        let attacker = after(of(NEW), |it| attack_user(it, false));
        assert_eq!(attacker, of([0, 200, 0, 0, 0, 0]));
        assert!(is_criminal(&attacker));
        let again = after(attacker, |it| attack_user(it, false));
        assert_eq!(again.bandit, 300, "a criminal does not become one again");
        assert_eq!(after(of(NEW), |it| attack_user(it, true)).noble, 1_005);
    }

    #[test]
    fn killing_a_citizen_costs_the_good_name() {
        assert_eq!(after(of(NEW), |it| kill_user(it, false)), of([2_000, 0, 0, 0, 0, 0]));
        assert_eq!(after(of(NEW), |it| kill_user(it, true)).noble, 1_005);
    }

    #[test]
    fn hunting_pardons_once_the_average_is_no_longer_negative() {
        let hunt = |it: &mut ReputationRecord| attack_npc(it, 1, NpcType::COMMON);
        let criminal = of([0, 107, 0, 0, 0, 100]);
        let before = after(criminal, hunt);
        assert_eq!(before, of([0, 0, 0, 0, 0, 202]), "-7 and 2 is -5, whose sixth is 0");
        assert_eq!(after(of([0, 110, 0, 0, 0, 100]), hunt), of([0, 110, 0, 0, 0, 102]));
        assert_eq!(after(of(NEW), hunt).plebeian, 32);
    }

    #[test]
    fn attacking_guards_makes_a_criminal_and_attacking_the_peaceful_a_bandit() {
        let guard = after(of(NEW), |it| attack_npc(it, 0, NpcType::ROYAL_GUARD));
        assert_eq!(guard, of([0, 100, 0, 0, 0, 0]));
        assert_eq!(after(of(NEW), |it| attack_npc(it, 0, NpcType::COMMON)), of(NEW));
        assert_eq!(after(of(NEW), attack_peaceful_npc).bandit, 1_000);
    }

    #[test]
    fn killing_npcs_counts_by_their_side() {
        let kill = |alignment, guard, master| after(of(NEW), |it| kill_npc(it, alignment, guard, master));
        assert_eq!(kill(0, true, false), of([1_500, 0, 0, 0, 0, 0]));
        assert_eq!(kill(0, false, false).assassin, 1_000);
        assert_eq!(kill(0, false, true), of(NEW));
        assert_eq!((kill(1, false, false).plebeian, kill(4, false, false).plebeian), (35, 35));
        assert_eq!(kill(2, false, false).noble, 1_500);
    }

    #[test]
    fn guards_take_the_guilt_of_those_they_kill() {
        assert_eq!(after(of([0, 150, 0, 60, 0, 0]), punished_by_guard), of([0, 50, 0, 60, 0, 0]));
        assert_eq!(after(of([0, 0, 0, 60, 0, 0]), punished_by_guard), of([0, 0, 0, 10, 0, 0]));
    }

    #[test]
    fn helping_a_criminal_costs_half_of_the_nobility() {
        let helper = after(of([0, 0, 0, 0, 1_001, 30]), help_criminal);
        assert_eq!((helper.noble, helper.bandit), (501, 10_000));
        assert_eq!(after(of(NEW), raise_citizen).noble, 1_500);
    }

    #[test]
    fn counters_stop_at_their_caps() {
        let rich = of([0, 0, 0, 0, REPUTATION_MAX - 1, 0]);
        assert_eq!(after(rich, |it| attack_user(it, true)).noble, REPUTATION_MAX);
        let mut stats = StatsRecord { users_killed: USER_KILLS_MAX, ..StatsRecord::blank() };
        count_user_kill(&mut stats, true, true);
        count_user_kill(&mut stats, false, true);
        count_user_kill(&mut stats, false, false);
        assert_eq!((stats.users_killed, stats.criminals_killed, stats.citizens_killed), (65_000, 1, 1));
    }

    #[test]
    fn the_attackable_state_shows_in_the_name() {
        assert_eq!((name_color(&of(NEW), false), name_color(&of(NEW), true)), (2, 6));
    }
}
