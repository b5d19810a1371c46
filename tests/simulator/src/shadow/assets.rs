//! Pictures and sounds of the client: it draws and plays nothing else.

use pyao_core::content::client_assets::{
    Assets, BODIES, FX, HEADS, HELMETS, MOVING_GRAPHICS, SHIELDS, SOUNDS, STILL_GRAPHICS, WEAPONS,
};

use super::ShadowClient;

/// No weapon, no shield, no helmet.
const NOTHING_WORN: i16 = 2;

fn has(assets: Assets, id: i16) -> bool {
    u16::try_from(id).is_ok_and(|id| assets.has(id))
}

impl ShadowClient {
    /// Body, head, weapon, shield and helmet. Only the head may be missing, and what is worn.
    pub(super) fn check_look(&mut self, [body, head, weapon, shield, helmet]: [i16; 5], packet: &str) {
        let is_worn = |assets: Assets, id: i16| id == NOTHING_WORN || has(assets, id);
        for (part, id, is_there) in [
            ("body", body, has(BODIES, body)),
            ("head", head, head == 0 || has(HEADS, head)),
            ("weapon", weapon, is_worn(WEAPONS, weapon)),
            ("shield", shield, is_worn(SHIELDS, shield)),
            ("helmet", helmet, is_worn(HELMETS, helmet)),
        ] {
            self.check(is_there, || format!("{packet}: the client has no {part} {id}"));
        }
    }

    /// An effect; 0 ends one.
    pub(super) fn check_effect(&mut self, fx: i16) {
        self.check(fx == 0 || has(FX, fx), || format!("the client has no effect {fx}"));
    }

    /// The graphic of an object on the floor; 0 for one that is not seen.
    pub(super) fn check_floor_graphic(&mut self, grh_index: i16) {
        let is_there = grh_index == 0 || has(STILL_GRAPHICS, grh_index) || has(MOVING_GRAPHICS, grh_index);
        self.check(is_there, || format!("the client has no graphic {grh_index}"));
    }

    /// The icon of an item in a list; a slot without an item needs none.
    pub(super) fn check_icon(&mut self, obj_index: i16, grh_index: i16) {
        let is_there = obj_index == 0 || has(STILL_GRAPHICS, grh_index);
        self.check(is_there, || format!("the client has no icon {grh_index}, of object {obj_index}"));
    }

    pub(super) fn check_sound(&mut self, wave: u8) {
        self.check(SOUNDS.has(u16::from(wave)), || format!("the client has no sound {wave}"));
    }
}
