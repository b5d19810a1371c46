//! A new character: attributes, bars, first items and spells (AO 0.13).

use crate::base::ids::{ObjectId, SpellId};
use crate::base::random::Random;
use crate::content::Position;
use crate::game::rules::dice::Dice;
use crate::game::rules::kinds::{Class, Race};
use crate::game::rules::levels::FIRST_LEVEL_EXPERIENCE;
use crate::records::{
    AttributesRecord, CharacterRecord, Fields, INVENTORY_SLOTS, ItemRecord, PositionRecord, ReputationRecord,
    SPELL_SLOTS, StatsRecord,
};
use crate::world::heading::Heading;

/// Attributes never leave this range.
const ATTRIBUTE_RANGE: (i16, i16) = (6, 40);
/// Skill points to assign at level 1.
const FIRST_SKILL_POINTS: u16 = 10;

/// Objects that new characters get.
mod objects {
    use crate::base::ids::ObjectId;

    pub const RED_POTION: ObjectId = ObjectId::new(857);
    pub const BLUE_POTION: ObjectId = ObjectId::new(856);
    pub const YELLOW_POTION: ObjectId = ObjectId::new(855);
    pub const GREEN_POTION: ObjectId = ObjectId::new(858);
    pub const HUMAN_CLOTHES: ObjectId = ObjectId::new(463);
    pub const ELF_CLOTHES: ObjectId = ObjectId::new(464);
    pub const DROW_CLOTHES: ObjectId = ObjectId::new(465);
    pub const SHORT_CLOTHES: ObjectId = ObjectId::new(466);
    pub const DAGGER: ObjectId = ObjectId::new(460);
    pub const BOW: ObjectId = ObjectId::new(859);
    pub const ARROWS: ObjectId = ObjectId::new(860);
    pub const FIRST_TOOL: ObjectId = ObjectId::new(561);
    pub const LAST_TOOL: ObjectId = ObjectId::new(565);
    pub const APPLE: ObjectId = ObjectId::new(467);
    pub const WATER_BOTTLE: ObjectId = ObjectId::new(468);
}

/// Spells that new characters know.
mod spells {
    use crate::base::ids::SpellId;

    pub const MAGIC_DART: SpellId = SpellId::new(2);
    pub const CALL_PET: SpellId = SpellId::new(46);
}

/// Adds the race's modifiers to the thrown dice, each held within 6..=40.
#[must_use]
pub fn attributes(dice: Dice, modifiers: [i8; 5]) -> AttributesRecord {
    let thrown = [dice.strength, dice.agility, dice.intelligence, dice.charisma, dice.constitution];
    let mut sums = [0_u8; 5];
    for ((sum, thrown), modifier) in sums.iter_mut().zip(thrown).zip(modifiers) {
        let value = (i16::from(thrown) + i16::from(modifier)).clamp(ATTRIBUTE_RANGE.0, ATTRIBUTE_RANGE.1);
        *sum = u8::try_from(value).unwrap_or_default();
    }
    let [strength, agility, intelligence, charisma, constitution] = sums;
    AttributesRecord { strength, agility, intelligence, charisma, constitution }
}

/// Returns a new character of `race` and `class` standing at `start`.
///
/// Hit points 15 + rand(1, constitution / 3); stamina 20 × max(2, rand(1, agility / 6)); mana 3 × intelligence for
/// mages, 50 for the other casting classes, else 0; 1,000 of nobility and 30 of plebeian reputation.
#[must_use]
pub fn starting_character(
    race: Race,
    class: Class,
    attributes: AttributesRecord,
    start: Position,
    random: &mut Random,
) -> CharacterRecord {
    let stats = starting_stats(class, attributes, random);
    let inventory = starting_inventory(race, class, stats.max_mana > 0, random);
    let mut known = [SpellId::NONE; SPELL_SLOTS];
    if matches!(class, Class::Mage | Class::Cleric | Class::Druid | Class::Bard | Class::Assassin) {
        known[0] = spells::MAGIC_DART;
    }
    if class == Class::Druid {
        known[1] = spells::CALL_PET;
    }
    CharacterRecord {
        position: PositionRecord { map: start.map, x: start.x, y: start.y, heading: Heading::South.wire() },
        attributes,
        stats,
        reputation: ReputationRecord {
            assassin: 0,
            bandit: 0,
            bourgeois: 0,
            thief: 0,
            noble: 1_000,
            plebeian: 30,
        },
        inventory,
        spells: known,
        ..CharacterRecord::blank()
    }
}

fn starting_stats(class: Class, attributes: AttributesRecord, random: &mut Random) -> StatsRecord {
    let roll = |random: &mut Random, high: u8| u16::try_from(random.between(1, u32::from(high))).unwrap_or(1);
    let hp = 15 + roll(random, attributes.constitution / 3);
    let stamina = 20 * roll(random, attributes.agility / 6).max(2);
    let mana = match class {
        Class::Mage => 3 * u16::from(attributes.intelligence),
        Class::Cleric | Class::Druid | Class::Bard | Class::Assassin | Class::Bandit => 50,
        Class::Warrior | Class::Thief | Class::Paladin | Class::Hunter | Class::Worker | Class::Pirate => 0,
    };
    StatsRecord {
        max_hp: hp,
        hp,
        max_mana: mana,
        mana,
        max_stamina: stamina,
        stamina,
        min_hit: 1,
        max_hit: 2,
        gold: 0,
        level: 1,
        experience: 0,
        experience_to_next: FIRST_LEVEL_EXPERIENCE,
        water: 100,
        food: 100,
        free_skill_points: FIRST_SKILL_POINTS,
        assigned_skill_points: 0,
        ..StatsRecord::blank()
    }
}

fn starting_inventory(
    race: Race,
    class: Class,
    has_mana: bool,
    random: &mut Random,
) -> [Option<ItemRecord>; INVENTORY_SLOTS] {
    let carried = |object, amount| ItemRecord { object, amount, equipped: false };
    let worn = |object, amount| ItemRecord { object, amount, equipped: true };
    let mut items = vec![carried(objects::RED_POTION, 200)];
    if has_mana || class == Class::Paladin {
        items.push(carried(objects::BLUE_POTION, 200));
    } else {
        items.push(carried(objects::YELLOW_POTION, 100));
        items.push(carried(objects::GREEN_POTION, 50));
    }
    items.push(worn(
        match race {
            Race::Human => objects::HUMAN_CLOTHES,
            Race::Elf => objects::ELF_CLOTHES,
            Race::Drow => objects::DROW_CLOTHES,
            Race::Gnome | Race::Dwarf => objects::SHORT_CLOTHES,
        },
        1,
    ));
    let tool = random.between(objects::FIRST_TOOL.get().into(), objects::LAST_TOOL.get().into());
    items.push(worn(
        match class {
            Class::Hunter => objects::BOW,
            Class::Worker => u16::try_from(tool).map_or(objects::FIRST_TOOL, ObjectId::new),
            _ => objects::DAGGER,
        },
        1,
    ));
    if class == Class::Hunter {
        items.push(worn(objects::ARROWS, 150));
    }
    items.push(carried(objects::APPLE, 100));
    items.push(carried(objects::WATER_BOTTLE, 100));
    let mut inventory = [None; INVENTORY_SLOTS];
    for (slot, item) in inventory.iter_mut().zip(items) {
        *slot = Some(item);
    }
    inventory
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::ids::MapId;

    const START: Position = Position { map: MapId::new(1), x: 58, y: 45 };
    const DICE: Dice = Dice { strength: 15, agility: 16, intelligence: 18, charisma: 15, constitution: 18 };

    fn create(race: Race, class: Class, seed: u64) -> CharacterRecord {
        let modifiers = if race == Race::Gnome { [-2, 3, 4, 1, 0] } else { [1, 1, 0, 0, 2] };
        starting_character(race, class, attributes(DICE, modifiers), START, &mut Random::new(seed))
    }

    fn objects_of(record: &CharacterRecord) -> Vec<(u16, u16, bool)> {
        record
            .inventory
            .iter()
            .flatten()
            .map(|item| (item.object.get(), item.amount, item.equipped))
            .collect()
    }

    #[test]
    fn race_modifiers_are_added_and_held_in_range() {
        let human = attributes(DICE, [1, 1, 0, 0, 2]);
        assert_eq!((human.strength, human.agility, human.constitution), (16, 17, 20));
        let weak = Dice { strength: 6, ..DICE };
        assert_eq!(attributes(weak, [-2, 0, 0, 0, 0]).strength, 6);
    }

    #[test]
    fn hit_points_and_stamina_follow_constitution_and_agility() {
        let records: Vec<_> = (0..300).map(|seed| create(Race::Human, Class::Warrior, seed).stats).collect();
        assert_eq!(records.iter().map(|stats| stats.max_hp).min(), Some(16));
        assert_eq!(records.iter().map(|stats| stats.max_hp).max(), Some(21), "constitution 20");
        assert!(records.iter().all(|stats| stats.max_stamina == 40), "agility 17 always gives 40");
        assert!(records.iter().all(|stats| stats.hp == stats.max_hp && stats.max_mana == 0));
    }

    #[test]
    fn a_gnome_mage_has_three_mana_a_point_of_intelligence() {
        assert_eq!(create(Race::Gnome, Class::Mage, 1).stats.max_mana, 66);
        assert_eq!(create(Race::Human, Class::Bandit, 1).stats.max_mana, 50);
    }

    #[test]
    fn casters_get_blue_potions_and_a_spell() {
        let mage = create(Race::Human, Class::Mage, 1);
        assert_eq!(
            objects_of(&mage),
            [
                (857, 200, false),
                (856, 200, false),
                (463, 1, true),
                (460, 1, true),
                (467, 100, false),
                (468, 100, false)
            ]
        );
        assert_eq!(mage.spells[..2], [2, 0].map(SpellId::new));
        assert_eq!(create(Race::Human, Class::Druid, 1).spells[..2], [2, 46].map(SpellId::new));
        assert_eq!(create(Race::Human, Class::Paladin, 1).spells[0], SpellId::NONE);
        assert_eq!(objects_of(&create(Race::Human, Class::Paladin, 1))[1], (856, 200, false));
    }

    #[test]
    fn hunters_get_bow_and_arrows_and_workers_one_of_five_tools() {
        let hunter = objects_of(&create(Race::Gnome, Class::Hunter, 1));
        assert_eq!(hunter[3..6], [(466, 1, true), (859, 1, true), (860, 150, true)]);
        let tools: std::collections::BTreeSet<u16> =
            (0..200).map(|seed| objects_of(&create(Race::Human, Class::Worker, seed))[4].0).collect();
        assert_eq!(tools.into_iter().collect::<Vec<_>>(), [561, 562, 563, 564, 565]);
    }
}
