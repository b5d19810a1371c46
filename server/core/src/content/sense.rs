//! Values of single fields that the rules cannot use.
//!
//! The world works with them: a spell of an unknown kind does nothing, a roll whose least is above its most gives its
//! least. But they are slips of an editor's pen, so each is reported with its file, section and key.

use super::fault::Fault;
use super::{Content, Map, NpcTemplate, NpcType, ObjectTemplate, ObjectType, SpellTemplate};

/// Most pieces of a slot, a merchant's too.
const STACK_MAX: u32 = 10_000;
/// Kinds of objects of AO 0.13, beside 0; 25 was never one.
const OBJECT_TYPES: std::ops::RangeInclusive<u16> = 1..=37;
/// Kinds of potions.
const POTIONS: std::ops::RangeInclusive<u16> = 1..=6;
/// Ways of moving of AO 0.13; those from 20 on are the Praetorians'.
const MOVEMENTS: [u8; 17] = [0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 20, 21, 22, 23, 24, 25];

/// Returns every value that makes no sense, a line each.
#[must_use]
pub fn check(content: &Content) -> Vec<Fault> {
    let mut warnings = Vec::new();
    for object in content.objects() {
        check_object(object, &mut Section::new("Dat/obj.dat", "OBJ", object.number, &mut warnings));
    }
    for npc in content.npcs() {
        check_npc(npc, &mut Section::new("Dat/NPCs.dat", "NPC", npc.number, &mut warnings));
    }
    for spell in content.spells() {
        check_spell(spell, &mut Section::new("Dat/Hechizos.dat", "HECHIZO", spell.number, &mut warnings));
    }
    for map in content.maps() {
        check_map(map, &mut warnings);
    }
    warnings
}

/// A section whose values are checked.
struct Section<'a> {
    file: &'a str,
    name: String,
    warnings: &'a mut Vec<Fault>,
}

impl<'a> Section<'a> {
    fn new(
        file: &'a str,
        prefix: &str,
        number: impl std::fmt::Display,
        warnings: &'a mut Vec<Fault>,
    ) -> Self {
        Self { file, name: format!("{prefix}{number}"), warnings }
    }

    /// Reports a value unless it is sound; `so` says what follows.
    fn expect(&mut self, is_sound: bool, key: &str, value: impl std::fmt::Display, so: &str) {
        if !is_sound {
            let message = format!("[{}] {key}={value}: {so}", self.name);
            self.warnings.push(Fault::in_file(self.file, message));
        }
    }

    /// Reports a least that is above its most.
    fn expect_span<T: PartialOrd + std::fmt::Display>(&mut self, min: (&str, T), max: (&str, T)) {
        let so = format!("it is above {}={}, which is never rolled", max.0, max.1);
        self.expect(min.1 <= max.1, min.0, min.1, &so);
    }
}

fn check_object(object: &ObjectTemplate, section: &mut Section<'_>) {
    let kind = object.object_type;
    let is_known = kind.0 == 0 || (OBJECT_TYPES.contains(&kind.0) && kind.0 != 25);
    section.expect(is_known, "ObjType", kind.0, "there is no such kind, it cannot be used");
    section.expect_span(("MinHit", object.min_hit), ("MaxHit", object.max_hit));
    section.expect_span(("MinDef", object.min_defense), ("MaxDef", object.max_defense));
    let magic = (object.min_magic_defense, object.max_magic_defense);
    section.expect_span(("DefensaMagicaMin", magic.0), ("DefensaMagicaMax", magic.1));
    section.expect_span(("MinModificador", object.min_modifier), ("MaxModificador", object.max_modifier));
    section.expect(!(object.men_only && object.women_only), "Hombre", 1, "with Mujer=1 nobody may wear it");
    section.expect(!(object.royal_army && object.chaos_legion), "Real", 1, "with Caos=1 nobody may use it");
    check_use(object, section);
}

/// Checks the fields that an object's kind needs.
fn check_use(object: &ObjectTemplate, section: &mut Section<'_>) {
    match object.object_type {
        ObjectType::POTION => {
            let is_known = POTIONS.contains(&object.potion);
            section.expect(is_known, "TipoPocion", object.potion, "there is no such potion, it does nothing");
            let lasts = !matches!(object.potion, 1 | 2) || object.effect_duration > 0;
            section.expect(lasts, "DuracionEfecto", 0, "its effect ends at once");
        }
        ObjectType::SCROLL => {
            section.expect(object.spell.get() > 0, "HechizoIndex", 0, "the scroll teaches nothing");
        }
        ObjectType::FOOD => section.expect(object.food > 0, "MinHam", 0, "the food feeds nobody"),
        ObjectType::DRINK => section.expect(object.water > 0, "MinAgu", 0, "the drink quenches no thirst"),
        ObjectType::KEY => section.expect(object.key > 0, "Clave", 0, "the key opens no door"),
        ObjectType::DOOR => {
            let is_lockable = !object.locked || object.key > 0;
            section.expect(is_lockable, "Clave", 0, "with Llave=1 no key opens the door");
        }
        ObjectType::BACKPACK => {
            let is_known = matches!(object.backpack, 1 | 2);
            section.expect(is_known, "MochilaType", object.backpack, "expected 1 or 2");
        }
        ObjectType::BOAT => {
            section.expect(object.body > 0, "NumRopaje", 0, "nothing is shown of the boat");
        }
        _ => {}
    }
}

fn check_npc(npc: &NpcTemplate, section: &mut Section<'_>) {
    let trade = npc.npc_type;
    section.expect(trade <= NpcType::GOVERNOR, "NpcType", trade.0, "there is no such trade");
    let is_known = MOVEMENTS.contains(&npc.movement.0);
    section.expect(is_known, "Movement", npc.movement.0, "there is no such way of moving, it stands still");
    section.expect(npc.alignment <= 4, "Alineacion", npc.alignment, "there is no such side");
    section.expect_span(("MinHP", npc.hp), ("MaxHP", npc.max_hp));
    section.expect_span(("MinHIT", npc.min_hit), ("MaxHIT", npc.max_hit));
    section.expect(!npc.attackable || npc.max_hp > 0, "MaxHP", 0, "with Attackable=1 any blow kills it");
    let is_in_water = !npc.water_only || npc.enters_water;
    section.expect(is_in_water, "AguaValida", 0, "with TierraInvalida=1 it finds no place");
    if trade == NpcType::GOVERNOR {
        section.expect((1..=6).contains(&npc.city), "Ciudad", npc.city, "expected a city from 1 to 6");
    }
    let (names, creatures) = (npc.creature_names.len(), npc.creatures.len());
    let so = format!("{names} names CN for {creatures} creatures CI");
    section.expect(names <= creatures, "NroCriaturas", creatures, &so);
    for (number, item) in (1..).zip(&npc.drops) {
        let is_sound = (item.object.get() > 0) == (item.amount > 0);
        let value = format!("{}-{}", item.object, item.amount);
        section.expect(is_sound, &format!("Drop{number}"), value, "it drops nothing");
    }
    for item in npc.stock.iter().filter(|item| item.amount > STACK_MAX) {
        section.expect(false, "Obj*", format!("{}-{}", item.object, item.amount), "a slot holds 10000");
    }
}

fn check_spell(spell: &SpellTemplate, section: &mut Section<'_>) {
    section.expect((1..=4).contains(&spell.kind), "Tipo", spell.kind, "expected 1 to 4, it does nothing");
    section.expect(
        (1..=4).contains(&spell.target),
        "Target",
        spell.target,
        "expected 1 to 4, it hits nothing",
    );
    for (change, name) in [
        (spell.hp_change, "HP"),
        (spell.mana_change, "Mana"),
        (spell.stamina_change, "Sta"),
        (spell.hunger_change, "Ham"),
        (spell.thirst_change, "Sed"),
        (spell.agility_change, "AG"),
        (spell.strength_change, "FU"),
        (spell.charisma_change, "CA"),
    ] {
        let is_known = change.direction <= 2;
        section.expect(is_known, &format!("Sube{name}"), change.direction, "expected 0, 1 or 2");
        if change.direction > 0 {
            section.expect_span((&format!("Min{name}"), change.min), (&format!("Max{name}"), change.max));
        }
    }
    if spell.summons {
        section.expect(spell.summoned_npc.get() > 0, "NumNpc", 0, "with Invoca=1 it summons nothing");
        section.expect(spell.summoned_count > 0, "Cant", 0, "with Invoca=1 it summons nothing");
    }
}

fn check_map(map: &Map, warnings: &mut Vec<Fault>) {
    let file = format!("Maps/Mapa{}.dat", map.number);
    for (number, ambient) in (1..).zip(&map.info.sounds) {
        let mut section = Section::new(&file, "SONIDO", number, warnings);
        section.expect(ambient.percent <= 100, "Probabilidad", ambient.percent, "expected 0 to 100");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::ao_data_tests;

    fn said(check: impl FnOnce(&mut Section<'_>)) -> Vec<String> {
        let mut warnings = Vec::new();
        check(&mut Section::new("Dat/x.dat", "X", 7, &mut warnings));
        warnings.iter().map(Fault::to_string).collect()
    }

    #[test]
    fn the_starter_world_makes_sense() {
        assert_eq!(check(&Content::starter()), []);
    }

    #[test]
    fn the_slips_of_the_data_set_are_known() {
        let Some(content) = ao_data_tests::content() else { return };
        let said: Vec<String> = check(content).iter().map(Fault::to_string).collect();
        assert_eq!(
            said,
            [
                "Dat/obj.dat: [OBJ44] Clave=0: with Llave=1 no key opens the door",
                "Dat/obj.dat: [OBJ1010] MinDef=6: it is above MaxDef=2, which is never rolled",
                "Dat/NPCs.dat: [NPC602] MinHIT=110: it is above MaxHIT=75, which is never rolled",
                "Dat/NPCs.dat: [NPC612] Drop4=619-0: it drops nothing",
                "Dat/Hechizos.dat: [HECHIZO38] Tipo=0: expected 1 to 4, it does nothing",
                "Dat/Hechizos.dat: [HECHIZO38] Target=0: expected 1 to 4, it hits nothing",
                "Dat/Hechizos.dat: [HECHIZO39] Tipo=0: expected 1 to 4, it does nothing",
                "Dat/Hechizos.dat: [HECHIZO39] Target=0: expected 1 to 4, it hits nothing",
            ]
        );
    }

    #[test]
    fn objects_that_cannot_be_used_are_named_with_their_keys() {
        let thing = |object_type| ObjectTemplate { object_type, ..ObjectTemplate::default() };
        let said_of = |object: ObjectTemplate| said(|section| check_object(&object, section));
        assert_eq!(
            said_of(ObjectTemplate { min_hit: 5, max_hit: 3, ..thing(ObjectType(25)) }),
            [
                "Dat/x.dat: [X7] ObjType=25: there is no such kind, it cannot be used",
                "Dat/x.dat: [X7] MinHit=5: it is above MaxHit=3, which is never rolled"
            ]
        );
        assert_eq!(
            said_of(ObjectTemplate { potion: 1, ..thing(ObjectType::POTION) }),
            ["Dat/x.dat: [X7] DuracionEfecto=0: its effect ends at once"]
        );
        for (kind, key) in [
            (ObjectType::POTION, "TipoPocion=0"),
            (ObjectType::SCROLL, "HechizoIndex=0"),
            (ObjectType::FOOD, "MinHam=0"),
            (ObjectType::DRINK, "MinAgu=0"),
            (ObjectType::KEY, "Clave=0"),
            (ObjectType::BACKPACK, "MochilaType=0"),
            (ObjectType::BOAT, "NumRopaje=0"),
        ] {
            let said = said_of(thing(kind));
            assert!(said.len() == 1 && said[0].contains(key), "{said:?}");
        }
        let door = ObjectTemplate { locked: true, ..thing(ObjectType::DOOR) };
        assert_eq!(said_of(door), ["Dat/x.dat: [X7] Clave=0: with Llave=1 no key opens the door"]);
    }

    #[test]
    fn npcs_spells_and_maps_are_checked_too() {
        let npc = NpcTemplate {
            npc_type: NpcType(12),
            movement: super::super::Movement(7),
            hp: 9,
            max_hp: 5,
            water_only: true,
            ..NpcTemplate::default()
        };
        let keys = ["NpcType=12", "Movement=7", "MinHP=9", "AguaValida=0"];
        let lines = said(|section| check_npc(&npc, section));
        assert!(
            lines.len() == 4 && lines.iter().zip(keys).all(|(line, key)| line.contains(key)),
            "{lines:?}"
        );
        let spell = SpellTemplate { kind: 5, target: 1, summons: true, ..SpellTemplate::default() };
        let lines = said(|section| check_spell(&spell, section));
        let keys = ["Tipo=5", "NumNpc=0", "Cant=0"];
        assert!(
            lines.len() == 3 && lines.iter().zip(keys).all(|(line, key)| line.contains(key)),
            "{lines:?}"
        );
    }
}
