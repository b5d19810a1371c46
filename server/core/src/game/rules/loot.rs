//! Loot of a killed NPC, and its hit points at spawn (AO 0.13).

use super::damage::Span;
use crate::base::random::Random;
use crate::content::{ItemAmount, NpcTemplate};

/// Loot steps of an NPC.
const STEPS: u8 = 5;

/// Rolls the loot step, 1 to 5; `None` is no loot (AO 0.13).
///
/// `r = rand(1,100)`: above 90 there is none; above 10 it is step 1; else it is step 2, and up to three times in turn one roll
/// of ten in a hundred takes it one step further. That is 10 % none, then 80, 9, 0.9, 0.09 and 0.01 %.
pub fn step(random: &mut Random) -> Option<u8> {
    match random.between(1, 100) {
        91.. => None,
        11.. => Some(1),
        _ => {
            let mut step = 2;
            while step < STEPS && random.between(1, 100) <= 10 {
                step += 1;
            }
            Some(step)
        }
    }
}

/// Rolls the loot of an NPC; an empty step gives nothing (AO 0.13). Gold comes as the gold object and may be more than a
/// pile: see [`super::prices::piles`].
///
/// A bat (12-1, 12-2, nothing, 12-15, 12-70): 80 % one coin, 9 % two coins.
pub fn roll(npc: &NpcTemplate, random: &mut Random) -> Option<ItemAmount> {
    npc.drop(step(random)?.into())
}

/// Rolls the hit points of an NPC that appears, from its least to its most; at least 1.
pub fn hp_at_spawn(npc: &NpcTemplate, random: &mut Random) -> u32 {
    let least = if npc.hp == 0 { npc.max_hp } else { npc.hp };
    if least >= npc.max_hp { npc.max_hp.max(1) } else { random.between(least, npc.max_hp).max(1) }
}

/// Returns the blows of an NPC.
#[must_use]
pub const fn blows(npc: &NpcTemplate) -> Span {
    Span { min: npc.min_hit, max: npc.max_hit }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::ids::ObjectId;

    fn bat() -> NpcTemplate {
        let coins = |amount| ItemAmount { object: ObjectId::new(12), amount };
        let drops = vec![coins(1), coins(2), ItemAmount::default(), coins(15), coins(70)];
        NpcTemplate { drops, hp: 10, max_hp: 15, ..NpcTemplate::default() }
    }

    fn amount(rolls: &[u32]) -> Option<u32> {
        let mut random = Random::scripted(rolls);
        let loot = roll(&bat(), &mut random).map(|item| item.amount);
        assert_eq!(random.rolls_left(), 0, "{rolls:?}");
        loot
    }

    #[test]
    fn a_bat_drops_what_the_dice_say() {
        assert_eq!((amount(&[91]), amount(&[100])), (None, None));
        assert_eq!((amount(&[90]), amount(&[11])), (Some(1), Some(1)));
        assert_eq!((amount(&[10, 11]), amount(&[1, 100])), (Some(2), Some(2)));
        assert_eq!(amount(&[10, 10, 11]), None, "its third step is empty");
        assert_eq!(amount(&[10, 10, 10, 11]), Some(15));
        assert_eq!(amount(&[10, 10, 10, 10]), Some(70));
    }

    #[test]
    fn hit_points_at_spawn_lie_between_least_and_most() {
        assert_eq!(hp_at_spawn(&bat(), &mut Random::scripted(&[12])), 12);
        let hp = |hp, max_hp| hp_at_spawn(&NpcTemplate { hp, max_hp, ..bat() }, &mut Random::scripted(&[]));
        assert_eq!((hp(15, 15), hp(20, 15), hp(0, 15), hp(0, 0)), (15, 15, 15, 1));
    }
}
