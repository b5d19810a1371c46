//! Numbers of spells: damage, healing, staffs, resistance and cost (AO 0.13).

use super::damage::Span;
use super::kinds::Class;
use super::rounding::{percent, rounded, to_bar};
use crate::base::ids::{ObjectId, SpellId};
use crate::base::random::Random;

/// The lute whose bearer's spells do 4 % more, by its object number. It is worn in the ring slot.
pub const ELVEN_LUTE: ObjectId = ObjectId::new(1_049);
/// The flute with the same strength, by its object number; a druid's spells cost less with it.
pub const ELVEN_FLUTE: ObjectId = ObjectId::new(1_050);
/// The ring whose wearer cannot be paralysed, by its object number. The spell costs its mana all the same.
pub const RING_OF_THE_GODS: ObjectId = ObjectId::new(700);
/// The spell Apocalipsis: the flute makes it no cheaper.
pub const APOCALYPSE: SpellId = SpellId::new(25);
/// Ticks of paralysis and immobility of users, and turns of those of NPCs.
pub const PARALYSIS: u64 = 500;
/// Ticks of stupidity, and of blindness by NPCs.
pub const STUPIDITY: u64 = 500;
/// Ticks of blindness by a spell of users.
pub const BLINDNESS: u64 = 167;
/// Greatest distance of a target in columns.
pub const REACH_X: u8 = 8;
/// Greatest distance of a target in rows.
pub const REACH_Y: u8 = 6;
/// Damage of a staff spell in the hands of a mage without a weapon, in percent.
const BARE_HANDS_PERCENT: u64 = 70;

/// Rolls the strength of a spell that heals or hurts: `d = rand(min,max); d + round(d · 3 · level / 100)` (AO 0.13).
///
/// 50 at level 33: 50 + round(49.5) = 100; 100 at level 40: 220; 5 at level 1: 5; 20 at level 20: 32.
pub fn strength(spell: Span, level: u8, random: &mut Random) -> u32 {
    let rolled = spell.roll(random);
    rolled + percent(rolled, 3 * u32::from(level))
}

/// Equipment of a caster that counts for the damage of its spells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CasterGear {
    /// Class of the caster.
    pub class: Class,
    /// `StaffDamageBonus` of the weapon in hand, 0 for one without; `None` for no weapon.
    pub staff_bonus: Option<u16>,
    /// True if the ring slot holds the elven lute or the elven flute.
    pub has_elven_instrument: bool,
}

/// Rolls the damage of a spell before the target resists: its [`strength`]; of spells with `staff_affected` in the hands of
/// a mage `round(d · (bonus + 70) / 100)` with a weapon and `round(0.7 · d)` without; `round(1.04 · d)` with an elven
/// instrument (AO 0.13).
///
/// A mage's Tormenta de Fuego of 100 does 108 with a bonus of 38, and 70 without a weapon.
pub fn damage(spell: Span, staff_affected: bool, level: u8, gear: CasterGear, random: &mut Random) -> u32 {
    let mut damage = strength(spell, level, random);
    if staff_affected && gear.class == Class::Mage {
        let hundredths = gear.staff_bonus.map_or(0, u64::from) + BARE_HANDS_PERCENT;
        damage = rounded(u64::from(damage) * hundredths, 100);
    }
    if gear.has_elven_instrument {
        damage = rounded(u64::from(damage) * 104, 100);
    }
    damage
}

/// Rolls what a user takes of a spell: less a roll of the magic defense of helmet and one of the ring, where they are
/// worn, at least 0 (AO 0.13). NPCs' spells on users are resisted alike.
///
/// 108 against a helmet that rolls 12 is 96.
pub fn resisted_by_user(damage: u32, helmet: Option<Span>, ring: Option<Span>, random: &mut Random) -> u32 {
    let resisted: u32 = [helmet, ring].into_iter().flatten().map(|worn| worn.roll(random)).sum();
    damage.saturating_sub(resisted)
}

/// Returns what an NPC takes of a spell: less its `DEFm`, at least 0 (AO 0.13). NPCs' spells on NPCs are not resisted.
#[must_use]
pub fn resisted_by_npc(damage: u32, magic_defense: u16) -> u32 {
    damage.saturating_sub(magic_defense.into())
}

/// Returns true if a caster's staff is strong enough: asked of mages only, for spells that need one (AO 0.13). `power` is
/// `StaffPower` of the weapon in hand, 0 without a weapon.
#[must_use]
pub fn staff_suffices(class: Class, needed: u16, power: u16) -> bool {
    class != Class::Mage || power >= needed
}

/// Facts about a spell by which the flute makes it cheaper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Discount {
    /// True if the caster is a druid with the elven flute in the ring slot.
    pub has_flute: bool,
    /// True if the spell takes a target's looks.
    pub mimics: bool,
    /// True if the spell summons.
    pub summons: bool,
    /// True if the spell is [`APOCALYPSE`].
    pub is_apocalypse: bool,
}

/// Returns the mana of a spell, in percent of what it asks for: with the flute 50 for mimicry, 70 for summons, 100 for
/// Apocalipsis, 90 for any other; 100 without (AO 0.13).
#[must_use]
pub const fn mana_percent(discount: Discount) -> u32 {
    match discount {
        Discount { has_flute: false, .. } | Discount { is_apocalypse: true, .. } => 100,
        Discount { mimics: true, .. } => 50,
        Discount { summons: true, .. } => 70,
        _ => 90,
    }
}

/// Returns true if `mana` suffices for a spell that asks for `required`, reduced to [`mana_percent`] and not rounded
/// (AO 0.13).
#[must_use]
pub fn has_mana(mana: u16, required: u16, percent: u32) -> bool {
    u32::from(mana) * 100 >= u32::from(required) * percent
}

/// Returns the mana that a spell takes: what it asks for, reduced to [`mana_percent`] and rounded (AO 0.13). A caster
/// never falls below 0.
#[must_use]
pub fn mana_cost(required: u16, mana_percent: u32) -> u16 {
    to_bar(percent(required.into(), mana_percent))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRE_STORM: Span = Span { min: 45, max: 55 };

    fn gear(class: Class, staff_bonus: Option<u16>) -> CasterGear {
        CasterGear { class, staff_bonus, has_elven_instrument: false }
    }

    #[test]
    fn strength_grows_by_three_percent_a_level() {
        let strength =
            |min, max, roll, level| strength(Span { min, max }, level, &mut Random::scripted(&[roll]));
        assert_eq!(strength(3, 5, 5, 1), 5, "magic dart");
        assert_eq!(strength(45, 55, 50, 33), 100, "fire storm");
        assert_eq!(strength(85, 100, 100, 40), 220, "apocalypse");
        assert_eq!(strength(12, 35, 20, 20), 32, "heal serious wounds");
    }

    #[test]
    fn a_staff_counts_for_a_mage_only() {
        let storm = |gear| damage(FIRE_STORM, true, 33, gear, &mut Random::scripted(&[50]));
        assert_eq!(storm(gear(Class::Mage, Some(38))), 108);
        assert_eq!(storm(gear(Class::Mage, Some(0))), 70, "a dagger is no staff");
        assert_eq!(storm(gear(Class::Mage, None)), 70);
        assert_eq!(storm(gear(Class::Bard, None)), 100);
        let plain = damage(FIRE_STORM, false, 33, gear(Class::Mage, None), &mut Random::scripted(&[50]));
        assert_eq!(plain, 100);
        let lute = CasterGear { has_elven_instrument: true, ..gear(Class::Bard, None) };
        assert_eq!(storm(lute), 104);
    }

    #[test]
    fn helmet_and_ring_resist_and_no_damage_is_negative() {
        let hat = Some(Span { min: 8, max: 15 });
        assert_eq!(resisted_by_user(108, hat, None, &mut Random::scripted(&[12])), 96);
        assert_eq!(resisted_by_user(20, hat, hat, &mut Random::scripted(&[12, 15])), 0);
        assert_eq!((resisted_by_npc(20, 3), resisted_by_npc(2, 3)), (17, 0));
    }

    #[test]
    fn mages_need_the_staff_that_a_spell_asks_for() {
        assert!(staff_suffices(Class::Mage, 2, 2) && !staff_suffices(Class::Mage, 2, 1));
        assert!(staff_suffices(Class::Druid, 2, 0) && staff_suffices(Class::Mage, 0, 0));
    }

    #[test]
    fn the_flute_makes_spells_cheaper() {
        let flute = Discount { has_flute: true, ..Discount::default() };
        assert_eq!(mana_percent(Discount::default()), 100);
        assert_eq!(mana_percent(flute), 90);
        assert_eq!(mana_percent(Discount { mimics: true, ..flute }), 50);
        assert_eq!(mana_percent(Discount { summons: true, ..flute }), 70);
        assert_eq!(mana_percent(Discount { is_apocalypse: true, ..flute }), 100);
        assert_eq!((mana_cost(45, 90), mana_cost(1_000, 100)), (40, 1_000));
        assert!(has_mana(41, 45, 90) && !has_mana(40, 45, 90), "40.5 are asked for, and 40 taken");
    }
}
