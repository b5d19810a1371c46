//! Pictures and sounds that the data names and the client does not have.

use super::{
    Assets, BODIES, FX, HEADS, HELMETS, MOVING_GRAPHICS, SHIELDS, SOUNDS, STILL_GRAPHICS, WEAPONS,
    nearest_head,
};
use crate::content::fault::Fault;
use crate::content::{Content, Map, NpcTemplate, ObjectTemplate, ObjectType, SpellTemplate};

/// The number that data and client use for no weapon, no shield, no helmet.
const NOTHING_WORN: u16 = 2;

/// Returns every such name, a line each: the world runs with them, and players miss something.
#[must_use]
pub fn check(content: &Content) -> Vec<Fault> {
    let mut missing = Missing::default();
    content.npcs().for_each(|npc| missing.of_npc(npc));
    content.objects().for_each(|object| missing.of_object(object));
    content.spells().for_each(|spell| missing.of_spell(spell));
    content.maps().for_each(|map| missing.of_map(map));
    missing.faults
}

/// Faults found so far: references to assets that the client lacks.
#[derive(Default)]
struct Missing {
    faults: Vec<Fault>,
}

impl Missing {
    /// Notes that `record` of `file` names an `id` under `key`, unless the client has it. 0 is nothing.
    fn check(&mut self, (file, record): (&str, &str), (key, id): (&str, u16), assets: Assets, so: &str) {
        if id != 0 && !assets.has(id) {
            self.faults
                .push(Fault::in_file(file, format!("[{record}] {key}={id}: the client has none, {so}")));
        }
    }

    fn of_npc(&mut self, npc: &NpcTemplate) {
        let name = format!("NPC{}", npc.number);
        let record = ("Dat/NPCs.dat", name.as_str());
        let shown = |id: u16| format!("{id} is shown");
        self.check(record, ("Body", npc.body), BODIES, &shown(BODIES.nearest(npc.body)));
        self.check(record, ("Head", npc.head), HEADS, &shown(nearest_head(npc.head)));
        for (number, sound) in (1..).zip(npc.sounds) {
            self.check(record, (&format!("Snd{number}"), sound), SOUNDS, "nothing is heard");
        }
    }

    fn of_object(&mut self, object: &ObjectTemplate) {
        let name = format!("OBJ{}", object.number);
        let record = ("Dat/obj.dat", name.as_str());
        if MOVING_GRAPHICS.has(object.grh_index) {
            let so = "one that moves shows on the floor, but not as an icon";
            self.check(record, ("GrhIndex", object.grh_index), STILL_GRAPHICS, so);
        } else {
            self.check(record, ("GrhIndex", object.grh_index), STILL_GRAPHICS, "nothing is shown");
        }
        let worn = match object.object_type {
            ObjectType::WEAPON => Some(WEAPONS),
            ObjectType::SHIELD => Some(SHIELDS),
            ObjectType::HELMET => Some(HELMETS),
            _ => None,
        };
        for (key, animation) in [("Anim", object.animation), ("RazaEnanaAnim", object.short_animation)] {
            if let Some(worn) = worn.filter(|_| animation != NOTHING_WORN) {
                self.check(record, (key, animation), worn, &format!("{} is shown", worn.nearest(animation)));
            }
        }
        if matches!(object.object_type, ObjectType::ARMOUR | ObjectType::BOAT) {
            let so = format!("{} is shown", BODIES.nearest(object.body));
            self.check(record, ("NumRopaje", object.body), BODIES, &so);
        }
    }

    fn of_map(&mut self, map: &Map) {
        let file = format!("Maps/Mapa{}.dat", map.number);
        for (number, ambient) in (1..).zip(&map.info.sounds) {
            let record = format!("SONIDO{number}");
            self.check((&file, &record), ("Sonido", ambient.sound), SOUNDS, "nothing is heard");
        }
    }

    fn of_spell(&mut self, spell: &SpellTemplate) {
        let name = format!("HECHIZO{}", spell.number);
        let record = ("Dat/Hechizos.dat", name.as_str());
        self.check(record, ("FXgrh", spell.effect), FX, "nothing is shown");
        self.check(record, ("WAV", spell.sound), SOUNDS, "nothing is heard");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::ao_data_tests;

    fn said(content: &Content) -> Vec<String> {
        check(content).iter().map(Fault::to_string).collect()
    }

    #[test]
    fn the_starter_world_names_nothing_that_the_client_lacks() {
        assert_eq!(said(&Content::starter()), [""; 0]);
    }

    #[test]
    fn the_data_set_names_what_is_known() {
        let Some(content) = ao_data_tests::content() else { return };
        let said = said(content);
        let count = |part: &str| said.iter().filter(|line| line.contains(part)).count();
        for number in [36, 129, 130, 131, 132, 133, 134, 135, 136, 138, 139] {
            assert_eq!(count(&format!("Dat/NPCs.dat: [NPC{number}] Head=")), 1, "{number}");
        }
        assert_eq!((count("] Head="), count("] GrhIndex=")), (11, 30));
        assert!(
            said.contains(&"Dat/NPCs.dat: [NPC135] Body=641: the client has none, 548 is shown".to_owned())
        );
        assert!(
            said.contains(
                &"Dat/NPCs.dat: [NPC610] Snd2=174: the client has none, nothing is heard".to_owned()
            )
        );
        assert_eq!(count("] Sonido=107"), 4);
        assert_eq!(said.len(), 47, "{said:#?}");
    }
}
