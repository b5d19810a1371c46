//! Damage of a blow that hit, and the part that armour takes of it (AO 0.13).

use super::rounding::rounded;
use crate::base::ids::ObjectId;
use crate::base::random::Random;

/// The sword that kills dragons and scratches everything else, by its object number.
pub const DRAGON_SLAYER: ObjectId = ObjectId::new(402);
/// Damage of bare hands.
const FISTS: Span = Span { min: 4, max: 9 };
/// Strength above which each point adds to the damage.
const USUAL_STRENGTH: u8 = 15;

/// Least and most of a roll: the damage of a weapon, the defense of an armour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    /// Least.
    pub min: u16,
    /// Most.
    pub max: u16,
}

impl Span {
    /// Rolls a number of the span.
    pub fn roll(self, random: &mut Random) -> u32 {
        random.between(self.min.into(), self.max.into())
    }

    /// Returns the span of both together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self { min: self.min.saturating_add(other.min), max: self.max.saturating_add(other.max) }
    }
}

/// Roll of a weapon, and the most of it, by which strength counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WeaponRoll {
    /// Rolled damage.
    pub rolled: u32,
    /// Most damage of the weapon.
    pub most: u32,
}

impl WeaponRoll {
    /// The dragon slayer against anything but a dragon: 1 (AO 0.13).
    pub const BLUNT: Self = Self { rolled: 1, most: 1 };

    /// Rolls a weapon, and the ammunition with it; the most stays that of the weapon (AO 0.13).
    pub fn armed(weapon: Span, ammunition: Option<Span>, random: &mut Random) -> Self {
        let rolled = weapon.roll(random) + ammunition.map_or(0, |ammunition| ammunition.roll(random));
        Self { rolled, most: weapon.max.into() }
    }

    /// Rolls bare hands, from 4 to 9; a worn glove adds its own least and most (AO 0.13).
    pub fn unarmed(glove: Option<Span>, random: &mut Random) -> Self {
        let hands = glove.map_or(FISTS, |glove| FISTS.plus(glove));
        Self { rolled: hands.roll(random), most: hands.max.into() }
    }
}

/// Rolls the damage of a character's blow before armour:
/// `round((3 · weapon + most / 5 · max(0, strength - 15) + own) · modifier)` (AO 0.13). `own` are its blows without a
/// weapon, `modifier` is in thousandths.
///
/// A warrior (1.1) with strength 19, a dagger 1–3 that rolls 3, own roll 2: 14.74, thus 15. A mage's fist (0.4) that
/// rolls 4, strength 15, own roll 1: 5.2, thus 5.
pub fn damage(weapon: WeaponRoll, strength: u8, own: Span, modifier: u16, random: &mut Random) -> u32 {
    let own = own.roll(random);
    let strong = u64::from(strength.saturating_sub(USUAL_STRENGTH));
    let fifths = 15 * u64::from(weapon.rolled) + u64::from(weapon.most) * strong + 5 * u64::from(own);
    rounded(fifths * u64::from(modifier), 5_000)
}

/// Returns the damage of the dragon slayer to a dragon: enough to kill it, whatever it wears (AO 0.13).
#[must_use]
pub fn slaying_damage(dragon_hp: u32, dragon_defense: u16) -> u32 {
    dragon_hp.saturating_add(dragon_defense.into())
}

/// Returns the damage that an NPC takes: less its defense, 0 is possible (AO 0.13).
#[must_use]
pub fn dealt_to_npc(damage: u32, defense: u16) -> u32 {
    damage.saturating_sub(defense.into())
}

/// Part of a body that is hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
#[expect(missing_docs, reason = "the names say it")]
pub enum BodyPart {
    Head = 1,
    LeftLeg = 2,
    RightLeg = 3,
    RightArm = 4,
    LeftArm = 5,
    Torso = 6,
}

impl BodyPart {
    /// Rolls a part, each as likely (AO 0.13).
    pub fn roll(random: &mut Random) -> Self {
        match random.between(1, 6) {
            1 => Self::Head,
            2 => Self::LeftLeg,
            3 => Self::RightLeg,
            4 => Self::RightArm,
            5 => Self::LeftArm,
            _ => Self::Torso,
        }
    }

    /// Returns the number of the part in the blow of an NPC (MultiMessage 12).
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// Returns the number under which the client names this part in the blows of users (MultiMessages 15 and 16): there
    /// its words for arms and legs are swapped.
    #[must_use]
    pub const fn number_between_users(self) -> u8 {
        match self {
            Self::LeftLeg => 5,
            Self::RightLeg => 4,
            Self::RightArm => 3,
            Self::LeftArm => 2,
            Self::Head | Self::Torso => self as u8,
        }
    }
}

/// Defenses of what a user wears; `None` where nothing is worn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Protection {
    /// Of the helmet.
    pub helmet: Option<Span>,
    /// Of the armour.
    pub armour: Option<Span>,
    /// Of the shield. It protects only together with armour.
    pub shield: Option<Span>,
    /// Of the boat, while sailing.
    pub boat: Option<Span>,
}

impl Protection {
    /// Rolls the damage that is absorbed where the blow hit: on the head by the helmet, elsewhere by armour and shield
    /// together, by nothing without armour; a boat adds its own; a weapon's `piercing` is taken off (AO 0.13). It is
    /// negative for a piercing weapon on bare skin. An NPC pierces with 0.
    pub fn absorb(&self, part: BodyPart, piercing: u16, random: &mut Random) -> i64 {
        let worn = match part {
            BodyPart::Head => self.helmet,
            _ => self.armour.map(|armour| armour.plus(self.shield.unwrap_or_default())),
        };
        let mut absorbed = worn.map_or(0, |worn| worn.roll(random));
        absorbed += self.boat.map_or(0, |boat| boat.roll(random));
        i64::from(absorbed) - i64::from(piercing)
    }
}

/// Returns the damage that a user takes of another one's blow: less what is absorbed, and 1 if that is negative; exactly
/// 0 stays 0 (AO 0.13).
#[must_use]
pub fn dealt_to_user(damage: u32, absorbed: i64) -> u32 {
    let dealt = i64::from(damage) - absorbed;
    u32::try_from(dealt).unwrap_or(1)
}

/// Returns the damage that a user takes of an NPC's blow: less what is absorbed, at least 1 (AO 0.13).
#[must_use]
pub fn dealt_by_npc(damage: u32, absorbed: i64) -> u32 {
    dealt_to_user(damage, absorbed).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::game::rules::class_modifiers::{ClassModifiers, Fighting};
    use crate::game::rules::kinds::Class;

    const OWN: Span = Span { min: 1, max: 2 };

    fn modifier(class: Class, fighting: Fighting) -> u16 {
        ClassModifiers::of(class).damage(fighting)
    }

    #[test]
    fn a_warrior_strikes_with_the_first_dagger() {
        let mut random = Random::scripted(&[3, 2]);
        let weapon = WeaponRoll::armed(Span { min: 1, max: 3 }, None, &mut random);
        let warrior = modifier(Class::Warrior, Fighting::Armed);
        assert_eq!(damage(weapon, 19, OWN, warrior, &mut random), 15);
    }

    #[test]
    fn a_mage_strikes_with_the_fist() {
        let mut random = Random::scripted(&[4, 1]);
        let fist = WeaponRoll::unarmed(None, &mut random);
        let mage = modifier(Class::Mage, Fighting::Unarmed);
        assert_eq!(damage(fist, 15, OWN, mage, &mut random), 5);
    }

    #[test]
    fn ammunition_adds_to_the_roll_and_a_glove_to_the_most() {
        let mut random = Random::scripted(&[4, 3]);
        let bow = WeaponRoll::armed(Span { min: 1, max: 4 }, Some(Span { min: 1, max: 3 }), &mut random);
        assert_eq!(bow, WeaponRoll { rolled: 7, most: 4 });
        let glove = WeaponRoll::unarmed(Some(Span { min: 2, max: 5 }), &mut Random::scripted(&[14]));
        assert_eq!(glove, WeaponRoll { rolled: 14, most: 14 });
    }

    #[test]
    fn the_dragon_slayer_kills_dragons_and_scratches_the_rest() {
        assert_eq!(dealt_to_npc(slaying_damage(5_000, 30), 30), 5_000);
        assert_eq!(damage(WeaponRoll::BLUNT, 15, OWN, 1_000, &mut Random::scripted(&[1])), 4);
        assert_eq!((dealt_to_npc(15, 8), dealt_to_npc(5, 8)), (7, 0));
    }

    #[test]
    fn armour_absorbs_where_it_is_worn() {
        let span = |min, max| Some(Span { min, max });
        let worn = Protection { helmet: span(3, 8), armour: span(10, 15), shield: span(1, 2), boat: None };
        let absorb =
            |worn: Protection, part, rolls: &[u32]| worn.absorb(part, 0, &mut Random::scripted(rolls));
        assert_eq!(absorb(worn, BodyPart::Head, &[8]), 8);
        assert_eq!(absorb(worn, BodyPart::LeftArm, &[17]), 17);
        assert_eq!(absorb(Protection { armour: None, ..worn }, BodyPart::Torso, &[]), 0, "a shield alone");
        assert_eq!(absorb(Protection { helmet: None, ..worn }, BodyPart::Head, &[]), 0);
        let sailing = Protection { boat: span(5, 10), ..Protection::default() };
        assert_eq!(absorb(sailing, BodyPart::Head, &[7]), 7);
        assert_eq!(worn.absorb(BodyPart::Torso, 4, &mut Random::scripted(&[11])), 7);
    }

    #[test]
    fn a_blow_that_is_more_than_absorbed_still_scratches() {
        assert_eq!((dealt_to_user(10, 4), dealt_to_user(4, 4), dealt_to_user(4, 9)), (6, 0, 1));
        assert_eq!((dealt_by_npc(10, 4), dealt_by_npc(4, 4), dealt_by_npc(4, 9)), (6, 1, 1));
        assert_eq!(dealt_to_user(4, -3), 7);
    }

    #[test]
    fn the_client_shows_the_part_that_was_rolled() {
        // Its words in MultiMessages 15 and 16, by number.
        let words = ["head", "left arm", "right arm", "right leg", "left leg", "torso"];
        let truth = ["head", "left leg", "right leg", "right arm", "left arm", "torso"];
        for roll in 1..=6 {
            let part = BodyPart::roll(&mut Random::scripted(&[roll]));
            assert_eq!(u32::from(part.number()), roll);
            let shown = words[usize::from(part.number_between_users()) - 1];
            assert_eq!(shown, truth[usize::from(part.number()) - 1]);
        }
    }
}
