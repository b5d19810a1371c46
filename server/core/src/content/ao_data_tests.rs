//! The whole AO 0.13 data set, when it is at hand: known totals, known records, known defects.

use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Instant;

use super::*;

/// The loaded data set, read once for all tests, with its warnings; `None` (and a note) when it is absent.
pub(super) fn loaded() -> Option<&'static (Content, Vec<Fault>)> {
    static LOADED: OnceLock<Option<(Content, Vec<Fault>)>> = OnceLock::new();
    let loaded = LOADED.get_or_init(|| {
        let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/ao-data");
        let path = std::env::var_os("PYAO_TEST_DATA").map_or_else(|| PathBuf::from(beside), PathBuf::from);
        let start = Instant::now();
        let loaded = path.is_dir().then(|| Content::load(&path).expect("the data set is sound"));
        println!("reading the data set took {:?}", start.elapsed());
        loaded
    });
    if loaded.is_none() {
        println!("skipped: there is no data set, neither ../shared/ao-data nor PYAO_TEST_DATA");
    }
    loaded.as_ref()
}

/// The same without the warnings.
pub(super) fn content() -> Option<&'static Content> {
    loaded().map(|(content, _)| content)
}

fn total(content: &Content, of_map: impl Fn(&Map) -> usize) -> usize {
    content.maps().map(of_map).sum()
}

/// Returns sum of x·100 + y, which shows an offset by one that a count does not.
fn place(x: u8, y: u8) -> usize {
    usize::from(x) * 100 + usize::from(y)
}

fn tiles() -> impl Iterator<Item = (u8, u8)> {
    (1..=MAP_SIZE).flat_map(|y| (1..=MAP_SIZE).map(move |x| (x, y)))
}

#[test]
fn the_totals_are_those_of_the_data_set() {
    let Some(content) = content() else { return };
    let expected = Summary {
        maps: 290,
        tiles: 2_900_000,
        blocked: 1_091_903,
        water: 1_352_474,
        lava: 2_180,
        triggers: 27_346,
        exits: 60_254,
        npc_placements: 2_852,
        floor_objects: 13_298,
        objects: 1_048,
        npcs: 316,
        spells: 46,
    };
    assert_eq!(content.summary(), expected);
    let both = total(content, |map| tiles().filter(|&(x, y)| map.blocked(x, y) && map.water(x, y)).count());
    assert_eq!(both, 408_341);
    let lava_maps: Vec<u16> = content
        .maps()
        .filter(|map| tiles().any(|(x, y)| map.lava(x, y)))
        .map(|map| map.number.get())
        .collect();
    assert_eq!(lava_maps, [91, 184]);
    for (number, count) in [(1, 20_916), (2, 1_474), (3, 2_258), (4, 744), (5, 163), (6, 1_791)] {
        let trigger = Trigger::from_number(number).unwrap();
        let found = total(content, |map| tiles().filter(|&(x, y)| map.trigger(x, y) == trigger).count());
        assert_eq!(found, count, "{trigger:?}");
    }
}

#[test]
fn the_sums_of_numbers_and_places_are_those_of_the_data_set() {
    let Some(content) = content() else { return };
    let blocked = |map: &Map| tiles().filter(|&(x, y)| map.blocked(x, y)).map(|(x, y)| place(x, y)).sum();
    assert_eq!(total(content, blocked), 5_569_466_016);
    assert_eq!(total(content, |map| map.exits().map(|(x, y, _)| place(x, y)).sum()), 307_716_955);
    assert_eq!(total(content, |map| map.exits().map(|exit| usize::from(exit.2.map.get())).sum()), 7_827_238);
    assert_eq!(total(content, |map| map.exits().map(|exit| usize::from(exit.2.x)).sum()), 3_042_732);
    assert_eq!(total(content, |map| map.exits().map(|exit| usize::from(exit.2.y)).sum()), 3_055_002);
    let npcs = |map: &Map| map.npc_placements().iter().map(|npc| usize::from(npc.npc.get())).sum();
    assert_eq!(total(content, npcs), 1_331_296);
    let npcs = |map: &Map| map.npc_placements().iter().map(|npc| place(npc.x, npc.y)).sum();
    assert_eq!(total(content, npcs), 14_598_304);
    let objects = |map: &Map| map.floor_objects().iter().map(|floor| usize::from(floor.object.get())).sum();
    assert_eq!(total(content, objects), 3_859_425);
    let objects = |map: &Map| map.floor_objects().iter().map(|floor| place(floor.x, floor.y)).sum();
    assert_eq!(total(content, objects), 69_112_146);
    let amounts = |map: &Map| map.floor_objects().iter().map(|floor| usize::from(floor.amount)).sum();
    assert_eq!(total(content, amounts), 594_311);
}

#[test]
fn the_sums_over_records_are_those_of_the_data_set() {
    let Some(content) = content() else { return };
    assert_eq!(content.objects().map(|object| u32::from(object.grh_index)).sum::<u32>(), 5_063_467);
    assert_eq!(content.objects().map(|object| object.value).sum::<u32>(), 274_589_738);
    assert_eq!(content.npcs().map(|npc| npc.experience).sum::<u32>(), 876_807);
    assert_eq!(content.npcs().map(|npc| npc.max_hp).sum::<u32>(), 948_038);
    assert_eq!(content.spells().map(|spell| u32::from(spell.mana)).sum::<u32>(), 16_968);
    assert_eq!(content.npcs().map(|npc| npc.stock.len()).sum::<usize>(), 636);
    assert_eq!(content.npcs().map(|npc| npc.spells.len()).sum::<usize>(), 80);
    let drops =
        content.npcs().flat_map(|npc| &npc.drops).filter(|item| item.object != ObjectId::NONE).count();
    assert_eq!(drops, 450);
    assert_eq!(content.npcs().filter(|npc| npc.merchant).count(), 78);
    assert_eq!(content.npcs().filter(|npc| npc.hostile).count(), 130);
    let classes = content.objects().flat_map(|object| &object.forbidden_classes).count();
    assert_eq!(classes, 1_500);
    let missing: Vec<u16> =
        (1..=1052).filter(|&number| content.object(ObjectId::new(number)).is_none()).collect();
    assert_eq!(missing, [237, 702, 704, 907]);
}

#[test]
fn single_maps_have_their_known_counts() {
    let Some(content) = content() else { return };
    // Map, version, blocked, water, exits, NPCs, objects, triggers.
    for (number, version, counts) in [
        (1, 25, [3882, 0, 344, 36, 159, 940]),
        (2, 2696, [3041, 0, 338, 25, 123, 0]),
        (34, 41, [4036, 1731, 280, 33, 195, 1195]),
        (59, 47, [5341, 0, 51, 17, 156, 1864]),
        (62, 19, [3326, 6381, 338, 20, 56, 231]),
        (100, 2690, [2609, 10_000, 170, 0, 0, 0]),
        (163, 2701, [4486, 128, 3, 3, 25, 86]),
        (196, 28, [4158, 1244, 253, 15, 192, 777]),
        (290, 14, [2855, 1752, 254, 33, 0, 0]),
    ] {
        let map = content.map(MapId::new(number)).unwrap();
        assert_eq!(map.version, version, "map {number}");
        let found = [
            tiles().filter(|&(x, y)| map.blocked(x, y)).count(),
            tiles().filter(|&(x, y)| map.water(x, y)).count(),
            map.exits().count(),
            map.npc_placements().len(),
            map.floor_objects().len(),
            tiles().filter(|&(x, y)| map.trigger(x, y) != Trigger::None).count(),
        ];
        assert_eq!(found, counts, "map {number}");
    }
}

#[test]
fn map_1_is_ullathorpe() {
    let Some(content) = content() else { return };
    let map = content.map(MapId::new(1)).unwrap();
    assert_eq!(map.info.name, "Ciudad de Ullathorpe");
    assert_eq!((map.info.music, map.info.zone), (4, Zone::City));
    assert!(map.info.safe && map.info.backup && map.blocked(1, 1));
    assert_eq!(map.exits().next(), Some((9, 7, Position::new(MapId::new(5), 9, 93))));
    for (x, y, destination) in [
        (10, 7, "5:10:93"),
        (92, 8, "11:10:8"),
        (9, 8, "8:91:8"),
        (9, 94, "2:9:8"),
        (33, 53, "40:46:8"),
        (82, 27, "286:50:65"),
    ] {
        assert_eq!(map.exit(x, y), Some(destination.parse().unwrap()), "({x},{y})");
    }
    for (x, y, npc) in [(59, 38, 13), (71, 33, 12), (55, 44, 137), (73, 16, 536)] {
        assert!(
            map.npc_placements().contains(&NpcPlacement { x, y, npc: NpcTemplateId::new(npc) }),
            "NPC {npc}"
        );
    }
    for (x, y, object) in [(15, 12, 148), (35, 14, 151)] {
        assert!(
            map.floor_objects().contains(&FloorObject { x, y, object: ObjectId::new(object), amount: 1 }),
            "object {object}"
        );
    }
    let count = |trigger| tiles().filter(|&(x, y)| map.trigger(x, y) == trigger).count();
    assert_eq!((count(Trigger::Roof), count(Trigger::NoLoitering)), (873, 67));
}

#[test]
fn map_attributes_have_their_known_counts() {
    let Some(content) = content() else { return };
    let count = |test: &dyn Fn(&MapInfo) -> bool| content.maps().filter(|map| test(&map.info)).count();
    assert_eq!(count(&|info| info.safe), 31);
    assert_eq!(count(&|info| info.backup), 118);
    assert_eq!(count(&|info| info.no_magic), 9);
    assert_eq!(count(&|info| info.no_invisibility), 1);
    assert_eq!(count(&|info| info.no_resurrection), 0);
    assert_eq!(count(&|info| info.npc_theft), 6);
    assert_eq!(count(&|info| info.terrain == Terrain::Snow), 25);
    assert_eq!(count(&|info| info.terrain == Terrain::Desert), 10);
    assert_eq!(count(&|info| info.zone == Zone::Dungeon), 64);
    assert_eq!(count(&|info| info.zone == Zone::City), 19);
    assert_eq!(count(&|info| info.restriction == Restriction::ChaosLegion), 1);
    assert_eq!(count(&|info| info.restriction == Restriction::RoyalArmy), 1);
    assert_eq!(count(&|info| info.restriction == Restriction::Staff), 9);
    assert_eq!(count(&|info| !info.sounds.is_empty()), 60);
    assert_eq!(total(content, |map| map.info.sounds.len()), 381);
    let birds = content.map(MapId::new(10)).unwrap().info.sounds.as_slice();
    assert_eq!(birds.first(), Some(&AmbientSound { sound: 21, percent: 20, flags: 1 }));
    assert_eq!(birds.last(), Some(&AmbientSound { sound: 105, percent: 80, flags: 0 }));
    let newbie = content.maps().filter(|map| map.info.restriction == Restriction::Newbie);
    let newbie: Vec<u16> = newbie.map(|map| map.number.get()).collect();
    assert_eq!(newbie, [37, 167, 168, 286, 287, 288, 289, 290]);
    let arenas = content.maps().filter(|map| tiles().any(|(x, y)| map.trigger(x, y) == Trigger::Arena));
    assert_eq!(arenas.map(|map| map.number.get()).collect::<Vec<_>>(), [171, 200, 272, 273, 275]);
}

#[test]
fn the_five_cities_are_free_land_and_arkhein_is_ullathorpe() {
    let Some(content) = content() else { return };
    let cities = ["1:58:45", "34:44:88", "59:50:50", "62:72:41", "196:52:75"];
    for (home, expected) in (1..).zip(cities) {
        let city = content.city(home);
        assert_eq!(city.to_string(), expected);
        let map = content.map(city.map).unwrap();
        assert!(map.walkable(city.x, city.y) && map.exit(city.x, city.y).is_none(), "{city}");
    }
    for home in [0, 6, 7, 255] {
        assert_eq!(content.city(home), content.city(1));
    }
}

#[test]
fn known_objects_are_read_right() {
    let Some(content) = content() else { return };
    let object = |number| content.object(ObjectId::new(number)).unwrap();
    let apple = object(1);
    assert_eq!((apple.name.as_str(), apple.grh_index, apple.value, apple.food), ("Manzana Roja", 506, 2, 10));
    assert_eq!(apple.object_type, ObjectType::FOOD);
    let sword = object(2);
    assert_eq!((sword.min_hit, sword.max_hit, sword.animation), (1, 8, 21));
    assert_eq!((sword.name.as_str(), sword.forbidden_classes.len()), ("Espada Larga", 5));
    assert_eq!((object(12).object_type, object(12).grh_index), (ObjectType::GOLD, 511));
    assert_eq!((object(15).stabs, object(15).upgrade), (true, ObjectId::new(165)));
    let boat = object(474);
    assert_eq!((boat.object_type, boat.body, boat.min_skill, boat.wood), (ObjectType::BOAT, 84, 35, 10_000));
    assert_eq!(object(1052).forbidden_classes.len(), 11);
    assert_eq!((object(138).value, object(874).object_type), (200, ObjectType::INSTRUMENT));
    assert!(
        object(4).is_fixture() && !object(4).pickable() && !object(1).is_fixture() && object(1).pickable()
    );
    assert_eq!(content.objects().filter(|object| object.object_type == ObjectType::DOOR).count(), 196);
    assert_eq!(content.objects().filter(|object| object.key != 0).count(), 236);
}

#[test]
fn known_npcs_are_read_right() {
    let Some(content) = content() else { return };
    let npc = |number| content.npc(NpcTemplateId::new(number)).unwrap();
    let item = |object, amount| Some(ItemAmount { object: ObjectId::new(object), amount });
    let bat = npc(500);
    assert_eq!((bat.name.as_str(), bat.body, bat.max_hp, bat.experience), ("Murciélago", 9, 15, 10));
    assert_eq!((bat.min_hit, bat.max_hit, bat.magic_defense), (1, 4, 3));
    assert_eq!((bat.movement, bat.hostile, bat.stays_dead), (Movement::ATTACKS_USERS, true, false));
    assert_eq!((bat.drop(1), bat.drop(3), bat.drop(5)), (item(12, 1), None, item(12, 70)));
    assert_eq!((bat.drop(0), bat.drop(6)), (None, None));
    let tailor = npc(20);
    assert_eq!((tailor.buys, tailor.stock.len()), (ObjectType::ARMOUR, 6));
    assert_eq!(tailor.stock[0], ItemAmount { object: ObjectId::new(240), amount: 1000 });
    assert_eq!((npc(509).max_hp, npc(509).experience), (5000, 8500));
    assert_eq!(
        (npc(900).npc_type, npc(900).spells.as_slice()),
        (NpcType::PRAETORIAN, [9, 10, 39, 5, 36].map(SpellId::new).as_slice())
    );
    assert_eq!(npc(550).drop(1), item(12, 1000));
    assert!(npc(132).name.starts_with(' '));
    assert_eq!(npc(60).name, "O'Riley de Banderbill");
    assert_eq!((npc(13).npc_type, npc(13).city), (NpcType::GOVERNOR, 1));
    let trainers: Vec<_> = content.npcs().filter(|npc| !npc.creatures.is_empty()).collect();
    assert_eq!(trainers.iter().map(|npc| npc.creature_names.len()).collect::<Vec<_>>(), [4, 5]);
    assert_eq!(trainers[0].creature_names[0], "Murciélago");
    assert!(content.npcs().any(|npc| npc.phrases == ["Crick Crick", "Clir chuik"]));
}

#[test]
fn known_spells_are_read_right() {
    let Some(content) = content() else { return };
    let spell = |number| content.spell(SpellId::new(number)).unwrap();
    assert_eq!((spell(1).name.as_str(), spell(1).kind, spell(1).mana), ("Antídoto Mágico", 2, 12));
    assert!(spell(1).cures_poison);
    let apocalypse = spell(25);
    assert_eq!((apocalypse.name.as_str(), apocalypse.mana), ("Apocalipsis", 1000));
    assert_eq!(apocalypse.hp_change, StatChange { direction: 2, min: 85, max: 100 });
    assert_eq!(apocalypse.magic_words, "Rahma Nañarak O'al");
    assert!(apocalypse.staff_affected && apocalypse.caster_message.ends_with(' '));
    assert!(spell(46).calls_pets && spell(46).kind == 4);
}

#[test]
fn known_defects_do_not_disturb_and_the_first_of_two_wins() {
    let Some(content) = content() else { return };
    let item = |object, amount| Some(ItemAmount { object: ObjectId::new(object), amount });
    assert_eq!(content.object(ObjectId::new(968)).unwrap().forbidden_classes.get(1), Some(&7));
    assert_eq!(content.npc(NpcTemplateId::new(556)).unwrap().drop(3), item(12, 100));
    let twice = content.npc(NpcTemplateId::new(905)).unwrap();
    assert_eq!((twice.body, twice.stock.first().copied()), (38, item(519, 1)));
    for (number, min, max) in [(35, 40, 60), (36, 65, 95)] {
        assert_eq!(
            content.spell(SpellId::new(number)).unwrap().hp_change,
            StatChange { direction: 2, min, max }
        );
    }
    assert_eq!(content.npc(NpcTemplateId::new(612)).unwrap().drop(4), None);
    assert_eq!(content.npc(NpcTemplateId::new(542)).unwrap().drop(2), item(194, 5000));
    assert_eq!(content.npc(NpcTemplateId::new(54)).unwrap().npc_type, NpcType::COMMON);
    assert_eq!(
        (
            content.map(MapId::new(59)).unwrap().info.name.as_str(),
            content.map(MapId::new(101)).unwrap().info.name.as_str()
        ),
        ("", "")
    );
    let mut deeds =
        content.npcs().flat_map(|npc| &npc.stock).filter(|item| item.object == ObjectId::new(54)).peekable();
    assert!(deeds.peek().is_some() && deeds.all(|item| item.amount == 0));
}

#[test]
fn a_sound_data_set_gives_no_warnings() {
    let Some((_, warnings)) = loaded() else {
        return println!("skipped: no data set");
    };
    assert_eq!(warnings.as_slice(), []);
}

#[test]
fn the_small_files_are_read() {
    let Some(content) = content() else { return };
    assert_eq!((content.motd().len(), content.help().len(), content.forbidden_names().len()), (2, 6, 45));
    assert!(content.motd().iter().all(|line| !line.contains('~')));
    assert_eq!(content.race_modifiers(1), [1, 1, 0, 0, 2]);
    for race in 1..=5u8 {
        assert_eq!(content.race_modifiers(race), RACE_MODIFIERS[usize::from(race) - 1]);
    }
    assert_eq!((content.race_modifiers(0), content.race_modifiers(6)), ([0; 5], [0; 5]));
}
