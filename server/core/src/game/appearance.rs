//! How a player's character looks: from race, gender and what it wears.

use super::kinds::{Gender, Race};
use crate::content::{Content, ObjectType};
use crate::records::{AccountRecord, CharacterRecord, ReputationRecord};
use crate::world::character::{Look, NOTHING_WORN};

/// Name colour bit of a criminal.
const CRIMINAL: u8 = 1;
/// Name colour bit of a citizen.
const CITIZEN: u8 = 2;

/// The look of a living character (AO 0.13): the body of its clothes, or the naked one of its race, and the animations
/// of weapon, shield and helmet; short races hold some weapons their own way. What the client has no picture for becomes
/// the nearest one.
#[must_use]
pub fn look(content: &Content, account: &AccountRecord, character: &CharacterRecord) -> Look {
    let race = Race::from_wire(account.account.race).unwrap_or(Race::Human);
    let gender = Gender::from_wire(account.account.gender).unwrap_or(Gender::Male);
    let mut look = Look {
        body: race.naked_body(gender),
        head: i16::try_from(account.account.head).unwrap_or(1),
        weapon: NOTHING_WORN,
        shield: NOTHING_WORN,
        helmet: NOTHING_WORN,
    };
    for item in character.inventory.iter().flatten().filter(|item| item.equipped) {
        let Some(object) = content.object(item.object) else { continue };
        let own_way = race.is_short() && object.short_animation > 0;
        let animation = if own_way { object.short_animation } else { object.animation };
        match object.object_type {
            ObjectType::ARMOUR => wear(&mut look.body, object.body),
            ObjectType::WEAPON => wear(&mut look.weapon, animation),
            ObjectType::SHIELD => wear(&mut look.shield, animation),
            ObjectType::HELMET => wear(&mut look.helmet, animation),
            _ => {}
        }
    }
    look.as_client_has()
}

/// Objects without a graphic of their own leave the look as it is.
fn wear(part: &mut i16, graphic: u16) {
    if graphic > 0 {
        *part = i16::try_from(graphic).unwrap_or(*part);
    }
}

/// The average of the six reputations: good ones minus bad ones, divided by six, towards zero (AO 0.13).
#[must_use]
pub fn average_reputation(reputation: &ReputationRecord) -> i64 {
    let good = [reputation.noble, reputation.bourgeois, reputation.plebeian];
    let bad = [reputation.assassin, reputation.bandit, reputation.thief];
    let sum = |counters: [u32; 3]| counters.into_iter().map(i64::from).sum::<i64>();
    (sum(good) - sum(bad)) / 6
}

/// Whether that reputation makes a criminal: a negative average.
#[must_use]
pub fn is_criminal(reputation: &ReputationRecord) -> bool {
    average_reputation(reputation) < 0
}

/// The bits of the name's colour.
#[must_use]
pub fn nick_color(reputation: &ReputationRecord) -> u8 {
    if is_criminal(reputation) { CRIMINAL } else { CITIZEN }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_of_minus_five_is_a_citizen_and_minus_six_a_criminal() {
        let reputation =
            |thief| ReputationRecord { assassin: 0, bandit: 0, bourgeois: 0, thief, noble: 0, plebeian: 0 };
        assert!(!is_criminal(&reputation(5)));
        assert!(is_criminal(&reputation(6)));
        assert_eq!((nick_color(&reputation(5)), nick_color(&reputation(6))), (2, 1));
    }
}
