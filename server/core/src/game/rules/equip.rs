//! Permission to wear a thing, by class, gender, race, level and faction (AO 0.13).

use super::kinds::{Class, Gender, Race};
use super::levels::is_newbie;
use super::permission::Faction;
use crate::content::{ObjectTemplate, ObjectType};

/// Place on a body, one thing each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Place {
    Weapon,
    Armour,
    Shield,
    Helmet,
    /// Rings, gloves and magic instruments.
    Ring,
    Ammunition,
    Backpack,
}

impl Place {
    /// Returns the place of a kind of thing, `None` for things that are not worn.
    #[must_use]
    pub const fn of(kind: ObjectType) -> Option<Self> {
        Some(match kind {
            ObjectType::WEAPON => Self::Weapon,
            ObjectType::ARMOUR => Self::Armour,
            ObjectType::SHIELD => Self::Shield,
            ObjectType::HELMET => Self::Helmet,
            ObjectType::RING => Self::Ring,
            ObjectType::AMMUNITION => Self::Ammunition,
            ObjectType::BACKPACK => Self::Backpack,
            _ => return None,
        })
    }
}

/// Facts about a character that would wear a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wearer {
    /// Its class.
    pub class: Class,
    /// Its gender.
    pub gender: Gender,
    /// Its race.
    pub race: Race,
    /// Its level.
    pub level: u8,
    /// Its faction.
    pub faction: Faction,
    /// True if its reputation makes it a criminal.
    pub is_criminal: bool,
    /// True if it is a ghost.
    pub is_dead: bool,
    /// True if it is in a boat.
    pub is_sailing: bool,
    /// True if it belongs to the staff: its class does not count.
    pub is_staff: bool,
}

/// Reason for which a thing is not worn. Each has its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The character is dead.
    Dead,
    /// It is no thing to wear.
    NotWearable,
    /// It is for newbies.
    NewbiesOnly,
    /// It cannot be put on in a boat.
    Sailing,
    /// It is not for that class.
    Class,
    /// It is not for that gender.
    Gender,
    /// It is not for that race.
    Race,
    /// It is for members of a faction.
    Faction,
}

/// Tells whether a character may put a thing on, and at which place (AO 0.13; armour at sea as in 0.13.3).
///
/// Weapon, ring, ammunition and shield ask for class and faction, armour for class, gender, race and faction, a helmet for
/// the class, a backpack for nothing more. Shields and helmets are not put on at sea. Taking off is always allowed to the
/// living and is not asked here.
///
/// # Errors
/// Returns the first reason against it.
pub fn check(object: &ObjectTemplate, wearer: &Wearer) -> Result<Place, Refusal> {
    if wearer.is_dead {
        return Err(Refusal::Dead);
    }
    let place = Place::of(object.object_type).ok_or(Refusal::NotWearable)?;
    check_newbie(object, wearer.level)?;
    if wearer.is_sailing && matches!(place, Place::Shield | Place::Helmet) {
        return Err(Refusal::Sailing);
    }
    if place != Place::Backpack {
        check_class(object, wearer)?;
    }
    if place == Place::Armour {
        check_gender(object, wearer.gender)?;
        check_race(object, wearer.race)?;
    }
    if !matches!(place, Place::Helmet | Place::Backpack) {
        check_faction(object, wearer)?;
    }
    Ok(place)
}

/// Tells whether a level allows to use or wear a thing: newbie items up to level 12 (AO 0.13).
///
/// # Errors
/// Returns [`Refusal::NewbiesOnly`] for others.
pub fn check_newbie(object: &ObjectTemplate, level: u8) -> Result<(), Refusal> {
    if object.newbie && !is_newbie(level) { Err(Refusal::NewbiesOnly) } else { Ok(()) }
}

/// Forbids what `CP1`… names; the staff is exempt.
fn check_class(object: &ObjectTemplate, wearer: &Wearer) -> Result<(), Refusal> {
    let is_forbidden = object.forbids_class(wearer.class as u8) && !wearer.is_staff;
    if is_forbidden { Err(Refusal::Class) } else { Ok(()) }
}

fn check_gender(object: &ObjectTemplate, gender: Gender) -> Result<(), Refusal> {
    let fits = match gender {
        Gender::Male => !object.women_only,
        Gender::Female => !object.men_only,
    };
    if fits { Ok(()) } else { Err(Refusal::Gender) }
}

/// Checks the race: tall ones need `RazaEnana` = 0, short ones 1; `RazaDrow` is for drow only.
fn check_race(object: &ObjectTemplate, race: Race) -> Result<(), Refusal> {
    let fits = object.short_races == race.is_short() && (!object.drow_only || race == Race::Drow);
    if fits { Ok(()) } else { Err(Refusal::Race) }
}

fn check_faction(object: &ObjectTemplate, wearer: &Wearer) -> Result<(), Refusal> {
    let is_soldier = !wearer.is_criminal && wearer.faction == Faction::RoyalArmy;
    let is_legionary = wearer.is_criminal && wearer.faction == Faction::ChaosLegion;
    let fits = (!object.royal_army || is_soldier) && (!object.chaos_legion || is_legionary);
    if fits { Ok(()) } else { Err(Refusal::Faction) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WARRIOR: Wearer = Wearer {
        class: Class::Warrior,
        gender: Gender::Male,
        race: Race::Human,
        level: 20,
        faction: Faction::None,
        is_criminal: false,
        is_dead: false,
        is_sailing: false,
        is_staff: false,
    };

    fn thing(object_type: ObjectType) -> ObjectTemplate {
        ObjectTemplate { object_type, ..ObjectTemplate::default() }
    }

    #[test]
    fn each_kind_has_its_place_and_the_dead_wear_nothing() {
        for (kind, place) in [
            (ObjectType::WEAPON, Place::Weapon),
            (ObjectType::ARMOUR, Place::Armour),
            (ObjectType::SHIELD, Place::Shield),
            (ObjectType::HELMET, Place::Helmet),
            (ObjectType::RING, Place::Ring),
            (ObjectType::AMMUNITION, Place::Ammunition),
            (ObjectType::BACKPACK, Place::Backpack),
        ] {
            assert_eq!(check(&thing(kind), &WARRIOR), Ok(place));
            let ghost = Wearer { is_dead: true, ..WARRIOR };
            assert_eq!(check(&thing(kind), &ghost), Err(Refusal::Dead));
        }
        assert_eq!(check(&thing(ObjectType::FOOD), &WARRIOR), Err(Refusal::NotWearable));
    }

    #[test]
    fn classes_and_levels_are_kept_out() {
        let sword = ObjectTemplate { forbidden_classes: vec![1, 3], ..thing(ObjectType::WEAPON) };
        assert_eq!(check(&sword, &WARRIOR), Err(Refusal::Class));
        assert!(check(&sword, &Wearer { class: Class::Paladin, ..WARRIOR }).is_ok());
        assert!(check(&sword, &Wearer { is_staff: true, ..WARRIOR }).is_ok());
        let dagger = ObjectTemplate { newbie: true, ..thing(ObjectType::WEAPON) };
        assert_eq!(check(&dagger, &WARRIOR), Err(Refusal::NewbiesOnly));
        assert!(check(&dagger, &Wearer { level: 12, ..WARRIOR }).is_ok());
    }

    #[test]
    fn armour_fits_a_race_and_a_gender() {
        let dress = ObjectTemplate { women_only: true, ..thing(ObjectType::ARMOUR) };
        assert_eq!(check(&dress, &WARRIOR), Err(Refusal::Gender));
        assert!(check(&dress, &Wearer { gender: Gender::Female, ..WARRIOR }).is_ok());
        let short = ObjectTemplate { short_races: true, ..thing(ObjectType::ARMOUR) };
        assert_eq!(check(&short, &WARRIOR), Err(Refusal::Race));
        for race in [Race::Dwarf, Race::Gnome] {
            assert!(check(&short, &Wearer { race, ..WARRIOR }).is_ok());
            let tall = Wearer { race, ..WARRIOR };
            assert_eq!(check(&thing(ObjectType::ARMOUR), &tall), Err(Refusal::Race));
        }
        let drow = ObjectTemplate { drow_only: true, ..thing(ObjectType::ARMOUR) };
        assert_eq!(check(&drow, &Wearer { race: Race::Elf, ..WARRIOR }), Err(Refusal::Race));
        assert!(check(&drow, &Wearer { race: Race::Drow, ..WARRIOR }).is_ok());
        assert!(check(&ObjectTemplate { women_only: true, ..thing(ObjectType::HELMET) }, &WARRIOR).is_ok());
    }

    #[test]
    fn things_of_a_faction_need_the_membership_and_the_name() {
        let royal = ObjectTemplate { royal_army: true, ..thing(ObjectType::ARMOUR) };
        let soldier = Wearer { faction: Faction::RoyalArmy, ..WARRIOR };
        assert_eq!(check(&royal, &WARRIOR), Err(Refusal::Faction));
        assert!(check(&royal, &soldier).is_ok());
        assert_eq!(check(&royal, &Wearer { is_criminal: true, ..soldier }), Err(Refusal::Faction));
        let chaotic = ObjectTemplate { chaos_legion: true, ..thing(ObjectType::RING) };
        let legionary = Wearer { faction: Faction::ChaosLegion, is_criminal: true, ..WARRIOR };
        assert!(check(&chaotic, &legionary).is_ok());
        assert_eq!(check(&chaotic, &soldier), Err(Refusal::Faction));
    }

    #[test]
    fn shields_and_helmets_are_not_put_on_at_sea() {
        let sailor = Wearer { is_sailing: true, ..WARRIOR };
        assert_eq!(check(&thing(ObjectType::SHIELD), &sailor), Err(Refusal::Sailing));
        assert_eq!(check(&thing(ObjectType::HELMET), &sailor), Err(Refusal::Sailing));
        assert_eq!(check(&thing(ObjectType::ARMOUR), &sailor), Ok(Place::Armour));
        assert_eq!(check(&thing(ObjectType::WEAPON), &sailor), Ok(Place::Weapon));
    }
}
