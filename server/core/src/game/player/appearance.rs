//! Look of a player's character: from race, gender and the things it wears.

use crate::content::{Content, ObjectType};
use crate::game::rules::kinds::{Gender, Race};
use crate::records::{AccountRecord, CharacterRecord};
use crate::world::character::{Look, NOTHING_WORN};

/// Returns the look of a living character (AO 0.13): the body of its clothes, or the naked one of its race, and the
/// animations of weapon, shield and helmet; short races hold some weapons their own way. A graphic that the client
/// lacks becomes the nearest one.
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
