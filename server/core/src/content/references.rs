//! References to records and maps that are not there.
//!
//! The world works without them: an NPC without a record does not appear, an exit to a missing map does not open. But
//! most of them are slips of an editor's pen, so each is reported to the operator.

use std::collections::BTreeMap;

use crate::base::ids::NpcTemplateId;

use super::fault::Fault;
use super::{Content, ItemAmount, Map, NpcTemplate, ObjectTemplate};

/// Every dangling reference.
pub(super) fn check(content: &Content) -> Vec<Fault> {
    let mut warnings = Vec::new();
    for object in content.objects() {
        check_object(content, object, &mut warnings);
    }
    for npc in content.npcs() {
        check_npc(content, npc, &mut warnings);
    }
    for spell in content.spells() {
        let summoned = spell.summoned_npc;
        if spell.summons && summoned != NpcTemplateId::NONE && content.npc(summoned).is_none() {
            let message = format!("[HECHIZO{}] summons NPC {summoned}, which has no record", spell.number);
            warnings.push(Fault::in_file("Dat/Hechizos.dat", message));
        }
    }
    for position in content.cities.iter().flatten() {
        if content.map(position.map).is_none() {
            let message =
                format!("a city is at {position}, but there is no such map: its citizens get another home");
            warnings.push(Fault::in_file("Dat/Ciudades.Dat", message));
        }
    }
    for map in content.maps() {
        check_map(content, map, &mut warnings);
    }
    warnings
}

fn check_object(content: &Content, object: &ObjectTemplate, warnings: &mut Vec<Fault>) {
    let mut warn = |key: &str, number: u16, exists: bool| {
        if number != 0 && !exists {
            let message = format!("[OBJ{}] {key}={number}, which has no record", object.number);
            warnings.push(Fault::in_file("Dat/obj.dat", message));
        }
    };
    warn("HechizoIndex", object.spell.get(), content.spell(object.spell).is_some());
    for (key, number) in [
        ("MineralIndex", object.ore),
        ("LingoteIndex", object.ingot),
        ("Upgrade", object.upgrade),
        ("IndexAbierta", object.open_object),
        ("IndexCerrada", object.closed_object),
        ("IndexCerradaLlave", object.locked_object),
    ] {
        warn(key, number.get(), content.object(number).is_some());
    }
}

fn check_npc(content: &Content, npc: &NpcTemplate, warnings: &mut Vec<Fault>) {
    let mut warn = |what: &str, number: u16, exists: bool| {
        if number != 0 && !exists {
            let message = format!("[NPC{}] {what} {number}, which has no record", npc.number);
            warnings.push(Fault::in_file("Dat/NPCs.dat", message));
        }
    };
    let object_exists = |item: &ItemAmount| content.object(item.object).is_some();
    for item in &npc.stock {
        warn("sells object", item.object.get(), object_exists(item));
    }
    for item in &npc.drops {
        warn("drops object", item.object.get(), object_exists(item));
    }
    for &spell in &npc.spells {
        warn("casts spell", spell.get(), content.spell(spell).is_some());
    }
    for &creature in &npc.creatures {
        warn("trains NPC", creature.get(), content.npc(creature).is_some());
    }
}

fn check_map(content: &Content, map: &Map, warnings: &mut Vec<Fault>) {
    let file = format!("Maps/Mapa{}.inf", map.number);
    let exits = map.exits().filter(|exit| content.map(exit.2.map).is_none());
    for (number, uses) in group(exits.map(|(x, y, destination)| (destination.map, x, y))) {
        warnings.push(Fault::in_file(&file, format!("there is no map {number}, to which {uses} lead")));
    }
    let npcs = map.npc_placements().iter().filter(|placement| content.npc(placement.npc).is_none());
    for (number, uses) in group(npcs.map(|placement| (placement.npc, placement.x, placement.y))) {
        warnings.push(Fault::in_file(&file, format!("NPC {number} has no record, and stands on {uses}")));
    }
    let objects = map.floor_objects().iter().filter(|floor| content.object(floor.object).is_none());
    for (number, uses) in group(objects.map(|floor| (floor.object, floor.x, floor.y))) {
        warnings.push(Fault::in_file(&file, format!("object {number} has no record, and lies on {uses}")));
    }
}

/// Tiles by the number they refer to, in words: `3 tiles, the first (50,51)`.
fn group<Id: Ord>(tiles: impl Iterator<Item = (Id, u8, u8)>) -> BTreeMap<Id, String> {
    let mut groups: BTreeMap<Id, (usize, u8, u8)> = BTreeMap::new();
    for (number, x, y) in tiles {
        groups.entry(number).or_insert((0, x, y)).0 += 1;
    }
    let words = |(count, x, y): (usize, u8, u8)| match count {
        1 => format!("tile ({x},{y})"),
        _ => format!("{count} tiles, the first ({x},{y})"),
    };
    groups.into_iter().map(|(number, uses)| (number, words(uses))).collect()
}
