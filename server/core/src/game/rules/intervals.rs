//! Least times between the acts of a player.
//!
//! The client keeps the same times by its own clock. So the server allows five hundredths less, for the jitter of the way.
//! A refused act changes nothing: its next try is measured from the last one that was allowed.

use crate::base::Millis;

/// From blow to blow, and from blow to arrow.
pub const MELEE: Millis = 1_500;
/// From arrow to arrow, and from arrow to blow or spell.
pub const ARROW: Millis = 1_400;
/// From spell to spell, and from spell to arrow.
pub const SPELL: Millis = 1_400;
/// From a spell to the blow that follows it.
pub const SPELL_TO_MELEE: Millis = 1_000;
/// From a blow to the spell that follows it.
pub const MELEE_TO_SPELL: Millis = 1_000;
/// From a blow to a potion.
pub const MELEE_TO_POTION: Millis = 1_200;
/// From use to use of any item.
pub const USE_ITEM: Millis = 125;
/// Between acts of work, and those of hiding, stealing and taming.
pub const WORK: Millis = 700;
/// Between the moments at which NPCs may hit again, all at once.
pub const NPC_ATTACK: Millis = 1_600;
/// Between the turns of an NPC.
pub const NPC_TURN: Millis = 380;
/// Time after a login or a warp during which NPCs leave a player alone.
pub const NPC_PROTECTION: Millis = 5_000;
/// Time for which an NPC belongs to its attacker after each attack.
pub const NPC_OWNERSHIP: Millis = 18_000;
/// Time for which the owner of a stolen NPC may attack the thief.
pub const ATTACKABLE: Millis = 60_000;

/// Tolerance of every interval, in percent.
const TOLERANCE: Millis = 5;

/// Times of a player's last acts. See AO 0.13's `IntervaloPermite…`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Intervals {
    melee: Option<Millis>,
    spell: Option<Millis>,
    arrow: Option<Millis>,
    item: Option<Millis>,
    work: Option<Millis>,
    /// Last blow by which a potion is measured.
    melee_before_potion: Option<Millis>,
    /// Last blow that followed a spell.
    combined_melee: Option<Millis>,
    /// Last spell that followed a blow.
    combined_spell: Option<Millis>,
}

impl Intervals {
    /// Takes a blow if its time has come, and returns true then.
    ///
    /// 1,400 ms after an arrow; and either 1,000 ms after a spell, once for each spell, or 1,500 ms after the last blow
    /// (AO 0.13).
    ///
    /// A spell at 0, a blow at 1,000, a spell at 2,000 and a blow at 3,000 are allowed; blows at 0 and 1,400 are not.
    pub fn melee(&mut self, now: Millis) -> bool {
        if !has_passed(self.arrow, ARROW, now) {
            return false;
        }
        let follows_spell = self.spell.is_some()
            && self.combined_melee <= self.spell
            && has_passed(self.spell, SPELL_TO_MELEE, now);
        if follows_spell {
            self.combined_melee = Some(now);
        } else if !has_passed(self.melee, MELEE, now) {
            return false;
        }
        self.melee = Some(now);
        self.melee_before_potion = Some(now);
        true
    }

    /// Takes a spell if its time has come, and returns true then.
    ///
    /// 1,400 ms after an arrow; and either 1,000 ms after a blow, once for each blow, or 1,400 ms after the last spell
    /// (AO 0.13).
    pub fn spell(&mut self, now: Millis) -> bool {
        if !has_passed(self.arrow, ARROW, now) {
            return false;
        }
        let follows_melee = self.melee.is_some()
            && self.combined_spell <= self.melee
            && has_passed(self.melee, MELEE_TO_SPELL, now);
        if follows_melee {
            self.combined_spell = Some(now);
        } else if !has_passed(self.spell, SPELL, now) {
            return false;
        }
        self.spell = Some(now);
        true
    }

    /// Takes an arrow if its time has come, and returns true then: 1,500 ms after a blow, 1,400 ms after a spell and after
    /// the last arrow (AO 0.13).
    pub fn arrow(&mut self, now: Millis) -> bool {
        let is_allowed = has_passed(self.melee, MELEE, now)
            && has_passed(self.spell, SPELL, now)
            && has_passed(self.arrow, ARROW, now);
        if is_allowed {
            self.arrow = Some(now);
        }
        is_allowed
    }

    /// Takes the use of an item if its time has come, and returns true then: 125 ms after the last one (AO 0.13).
    pub fn use_item(&mut self, now: Millis) -> bool {
        let is_allowed = self.may_use_item(now);
        if is_allowed {
            self.item = Some(now);
        }
        is_allowed
    }

    /// Returns true if [`Intervals::use_item`] would. A bow asks, and leaves the time as it is.
    #[must_use]
    pub fn may_use_item(&self, now: Millis) -> bool {
        has_passed(self.item, USE_ITEM, now)
    }

    /// Returns true if a potion may be drunk: 1,200 ms after the last blow (AO 0.13). It takes no time of its own; the use
    /// of the item does.
    #[must_use]
    pub fn potion(&self, now: Millis) -> bool {
        has_passed(self.melee_before_potion, MELEE_TO_POTION, now)
    }

    /// Takes an act of work if its time has come, and returns true then: 700 ms after the last one (AO 0.13).
    pub fn work(&mut self, now: Millis) -> bool {
        let is_allowed = has_passed(self.work, WORK, now);
        if is_allowed {
            self.work = Some(now);
        }
        is_allowed
    }
}

/// Returns true if `interval` has passed since `last`, give or take the tolerance; never having acted is long ago.
fn has_passed(last: Option<Millis>, interval: Millis, now: Millis) -> bool {
    last.is_none_or(|last| now.saturating_sub(last) >= interval * (100 - TOLERANCE) / 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spells_and_blows_may_alternate_every_second() {
        let mut player = Intervals::default();
        assert!(player.spell(0) && player.melee(1_000) && player.spell(2_000) && player.melee(3_000));
    }

    #[test]
    fn a_blow_follows_a_spell_once() {
        let mut player = Intervals::default();
        assert!(player.spell(0) && player.melee(1_000));
        assert!(!player.melee(2_000), "1,000 ms after the blow, and the spell is spent");
        assert!(player.melee(2_500));
    }

    #[test]
    fn a_blow_too_soon_is_refused_and_touches_no_time() {
        let mut player = Intervals::default();
        assert!(player.melee(0));
        let before = player;
        assert!(!player.melee(1_400));
        assert_eq!(player, before);
        assert!(player.melee(1_425), "five hundredths less than 1,500");
        assert!(!player.melee(2_849) && player.melee(2_850));
    }

    #[test]
    fn a_spell_needs_its_time_unless_it_follows_a_blow() {
        let mut player = Intervals::default();
        assert!(player.spell(0) && !player.spell(1_329) && player.spell(1_330));
        let mut player = Intervals::default();
        assert!(player.melee(0) && !player.arrow(950) && player.spell(950) && !player.spell(1_950));
    }

    #[test]
    fn an_arrow_waits_for_everything_and_everything_for_an_arrow() {
        let mut player = Intervals::default();
        assert!(player.arrow(0));
        assert!(!player.melee(1_329) && !player.spell(1_329) && !player.arrow(1_329));
        let (mut fighter, mut mage) = (player, player);
        assert!(fighter.melee(1_330) && mage.spell(1_330) && player.arrow(1_330));
        let mut player = Intervals::default();
        assert!(player.melee(0) && !player.arrow(1_424) && player.arrow(1_425));
    }

    #[test]
    fn items_potions_and_work_have_times_of_their_own() {
        let mut player = Intervals::default();
        assert!(
            player.use_item(0) && !player.use_item(117) && player.may_use_item(118) && player.use_item(118)
        );
        assert!(player.work(0) && !player.work(664) && player.work(665));
        assert!(player.potion(0) && player.melee(1_000));
        assert!(!player.potion(2_139) && player.potion(2_140) && player.potion(2_140));
    }
}
