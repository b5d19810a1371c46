//! What falls to the floor when a character dies (AO 0.13).

use super::levels::is_newbie;
use crate::content::{ObjectTemplate, ObjectType};

/// Gold that a character keeps for each of its levels.
const KEPT_PER_LEVEL: u32 = 10_000;
/// Most gold that falls; what is above it is lost.
pub const FALLING_GOLD_MAX: u32 = 500_000;
/// Radius, in tiles, of the search for a place for each stack.
pub const SEARCH_RADIUS: u8 = 15;

/// Returns true if a thing can fall at all: not keys, boats, and what `NoSeCae` keeps (AO 0.13).
#[must_use]
pub fn can_fall(object: &ObjectTemplate) -> bool {
    !matches!(object.object_type, ObjectType::KEY | ObjectType::BOAT)
        && !object.kept_on_death
        && !object.untransferable
}

/// Returns true if a thing falls at a death at this level: whatever can fall, but newbies keep newbie items (AO 0.13). In an
/// arena nothing falls; the caller knows.
#[must_use]
pub fn falls(object: &ObjectTemplate, level: u8) -> bool {
    can_fall(object) && !(is_newbie(level) && object.newbie)
}

/// Gold that a death takes out of a purse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FallenGold {
    /// Falls, in piles: see [`piles`](super::prices::piles).
    pub placed: u32,
    /// Is lost.
    pub destroyed: u32,
}

/// Returns the gold that falls: what is above 10,000 for each level, nothing of newbies; at most 500,000 of it lie
/// about and the rest is destroyed (AO 0.13).
///
/// Level 20 with 250,000: 50,000 in 5 piles. Level 12: none.
#[must_use]
pub fn gold(level: u8, purse: u32) -> FallenGold {
    if is_newbie(level) {
        return FallenGold::default();
    }
    let falling = purse.saturating_sub(u32::from(level) * KEPT_PER_LEVEL);
    let placed = falling.min(FALLING_GOLD_MAX);
    FallenGold { placed, destroyed: falling - placed }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::game::rules::prices::piles;

    #[test]
    fn the_gold_above_ten_thousand_a_level_falls() {
        let fallen = gold(20, 250_000);
        assert_eq!(fallen, FallenGold { placed: 50_000, destroyed: 0 });
        assert_eq!(piles(fallen.placed).count(), 5);
        assert_eq!(gold(12, 250_000), FallenGold::default());
        assert_eq!(gold(20, 200_000), FallenGold::default());
        assert_eq!(gold(20, 1_000_000), FallenGold { placed: 500_000, destroyed: 300_000 });
    }

    #[test]
    fn keys_boats_and_what_is_kept_stay_with_the_dead() {
        let thing = |object_type| ObjectTemplate { object_type, ..ObjectTemplate::default() };
        assert!(falls(&thing(ObjectType::WEAPON), 1) && falls(&thing(ObjectType::WEAPON), 30));
        assert!(!falls(&thing(ObjectType::KEY), 30) && !falls(&thing(ObjectType::BOAT), 30));
        let kept = ObjectTemplate { kept_on_death: true, ..thing(ObjectType::RING) };
        assert!(!falls(&kept, 30));
    }

    #[test]
    fn newbies_keep_their_newbie_items() {
        let dagger = ObjectTemplate { newbie: true, ..ObjectTemplate::default() };
        assert!(!falls(&dagger, 12) && falls(&dagger, 13));
    }
}
