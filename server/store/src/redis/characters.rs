//! Characters to hashes and back.
//!
//! Each part of a character is a key of its own. A part is replaced whole: deleted and written again in one
//! transaction, so that neither an old field nor a key of the wrong type stays.

use std::ops::RangeInclusive;

use redis::Value;

use super::commands::Commands;
use super::values::{Hash, Replies, damaged, text};
use crate::StoreError;
use crate::fields::{Fields, LONG, WORD, number};
use crate::keyspace::{
    PLAYER_DESCRIPTION, PLAYER_INVENTORY, PLAYER_POSITION, PLAYER_REPUTATION, PLAYER_SKILLS,
    PLAYER_SPELLBOOK, PLAYER_STATS, PLAYER_USER_STATS, of_user,
};
use crate::records::{
    CharacterRecord, CharacterSave, INVENTORY_SLOTS, ItemRecord, PositionRecord, SKILLS, SPELL_SLOTS,
    SkillRecord, UserId,
};

/// Adds the fields of a hash, each a name and a value, to the command begun last.
type WriteFields = fn(&mut Commands, &CharacterRecord);

/// The hashes of a character, in the order in which they are read, with what they hold.
pub(super) const HASHES: [(&str, WriteFields); 7] = [
    (PLAYER_POSITION, |commands, character| write_numbers(commands, &character.position)),
    (PLAYER_STATS, |commands, character| write_numbers(commands, &character.attributes)),
    (PLAYER_USER_STATS, |commands, character| write_numbers(commands, &character.stats)),
    (PLAYER_REPUTATION, |commands, character| write_numbers(commands, &character.reputation)),
    (PLAYER_SKILLS, write_skills),
    (PLAYER_INVENTORY, write_inventory),
    (PLAYER_SPELLBOOK, write_spells),
];

/// The gold carried is a field of the inventory, and only there.
const GOLD: &str = "gold";

/// Adds the commands that write the parts that each save has. All old positions are deleted by one command: most saves
/// are positions, and each writes all of its fields.
pub(super) fn write(commands: &mut Commands, saves: &[CharacterSave]) {
    let moved = saves.iter().filter(|save| save.position.is_some()).map(|save| save.user_id);
    let positions: Vec<String> = moved.map(|user_id| of_user(PLAYER_POSITION, user_id)).collect();
    if !positions.is_empty() {
        commands.add("DEL").args(&positions);
    }
    saves.iter().for_each(|save| write_parts(commands, save));
}

fn write_parts(commands: &mut Commands, save: &CharacterSave) {
    let user_id = save.user_id;
    if let Some(character) = &save.sheet {
        let keys = HASHES.map(|(template, _)| of_user(template, user_id));
        commands.add("DEL").args(&keys);
        for (key, (_, write_fields)) in keys.iter().zip(HASHES) {
            commands.add("HSET").arg(key);
            write_fields(commands, character);
            if commands.arguments() == 2 {
                // A hash without fields is not there.
                commands.take_back();
            }
        }
        commands.add("SET").arg(of_user(PLAYER_DESCRIPTION, user_id)).arg(&character.description);
    }
    if let Some(position) = &save.position {
        commands.add("HSET").arg(of_user(PLAYER_POSITION, user_id));
        write_numbers(commands, position);
    }
}

fn write_numbers<F: Fields>(commands: &mut Commands, record: &F) {
    for (field, value) in F::NAMES.iter().zip(record.values()).filter(|(field, _)| **field != GOLD) {
        commands.arg(field).arg(value);
    }
}

fn write_skills(commands: &mut Commands, character: &CharacterRecord) {
    for (slot, skill) in (1..).zip(&character.skills) {
        commands.arg(slot).arg(format_args!("{}:{}", skill.level, skill.experience));
    }
}

fn write_inventory(commands: &mut Commands, character: &CharacterRecord) {
    commands.arg(GOLD).arg(character.stats.gold);
    for (slot, item) in (1..).zip(&character.inventory) {
        if let Some(ItemRecord { object, amount, equipped }) = *item {
            let equipped = u8::from(equipped);
            commands.arg(format_args!("slot{slot}")).arg(format_args!("{object}:{amount}:{equipped}"));
        }
    }
}

fn write_spells(commands: &mut Commands, character: &CharacterRecord) {
    for (slot, spell) in (1..).zip(&character.spells).filter(|(_, spell)| **spell != 0) {
        commands.arg(slot).arg(spell);
    }
}

/// Asks for the position of a character.
pub(super) fn look_at_position(commands: &mut Commands, user_id: UserId) {
    commands.add("HGETALL").arg(of_user(PLAYER_POSITION, user_id));
}

/// Reads what [`look_at_position`] asked; `None` when there is none, or none that can be read.
///
/// # Errors
/// When the store is away.
pub(super) fn position_seen(
    replies: &mut Replies,
    user_id: UserId,
) -> Result<Option<PositionRecord>, StoreError> {
    let answer = match replies.next() {
        Err(error) if error.is_temporary() => return Err(error),
        answer => answer.unwrap_or(Value::Nil),
    };
    let read = |hash: Hash| hash.record::<PositionRecord>();
    Ok(Hash::new(&of_user(PLAYER_POSITION, user_id), answer).and_then(read).ok())
}

/// Builds a character from the answers to HGETALL of [`HASHES`] and GET of the description.
///
/// # Errors
/// [`StoreError::Damaged`], naming the key.
pub(super) fn read(
    user_id: UserId,
    description: Value,
    hashes: Vec<Value>,
) -> Result<CharacterRecord, StoreError> {
    let mut hashes = hashes.into_iter();
    let mut next = |template| Hash::new(&of_user(template, user_id), hashes.next().unwrap_or(Value::Nil));
    let [position, attributes, stats, reputation] =
        [next(PLAYER_POSITION)?, next(PLAYER_STATS)?, next(PLAYER_USER_STATS)?, next(PLAYER_REPUTATION)?];
    let [skills, inventory, spells] =
        [next(PLAYER_SKILLS)?, next(PLAYER_INVENTORY)?, next(PLAYER_SPELLBOOK)?];
    let gold: u32 = inventory.number(GOLD, LONG)?;
    let description_key = of_user(PLAYER_DESCRIPTION, user_id);
    Ok(CharacterRecord {
        position: position.record::<PositionRecord>()?,
        attributes: attributes.record()?,
        stats: stats.record_with(|field| (field == GOLD).then_some(i64::from(gold)))?,
        reputation: reputation.record()?,
        skills: read_skills(&skills)?,
        inventory: read_inventory(&inventory)?,
        spells: read_spells(&spells)?,
        description: text(&description_key, description)?
            .ok_or_else(|| damaged(&description_key, "it is not there"))?,
    })
}

/// Skills without a field are at zero, so that one added later needs no migration.
fn read_skills(hash: &Hash) -> Result<[SkillRecord; SKILLS], StoreError> {
    let mut skills = [SkillRecord::default(); SKILLS];
    read_slots(
        hash,
        &mut skills,
        |field| field.parse().ok(),
        |value| {
            let [level, experience] = split(value).ok_or("not level:experience")?;
            Ok(SkillRecord {
                level: checked("level", level, 0..=100)?,
                experience: checked("experience", experience, LONG)?,
            })
        },
    )?;
    Ok(skills)
}

/// Slots are `slot1` and so on; PyAO's `slot_1` is read too.
fn read_inventory(hash: &Hash) -> Result<[Option<ItemRecord>; INVENTORY_SLOTS], StoreError> {
    let mut inventory = [None; INVENTORY_SLOTS];
    let slot_number = |field: &str| {
        let number = field.strip_prefix("slot")?;
        number.strip_prefix('_').unwrap_or(number).parse().ok()
    };
    read_slots(hash, &mut inventory, slot_number, read_item)?;
    Ok(inventory)
}

/// `object:amount:equipped`, or as PyAO writes it: nothing in a free slot, and `object:amount` with what is worn
/// kept elsewhere.
fn read_item(value: &str) -> Result<Option<ItemRecord>, String> {
    if value.is_empty() {
        return Ok(None);
    }
    let with_flag = split(value).or_else(|| split(value).map(|[object, amount]| [object, amount, 0]));
    let [object, amount, equipped] = with_flag.ok_or("not object:amount:equipped")?;
    let equipped: u8 = checked("equipped", equipped, 0..=1)?;
    Ok(Some(ItemRecord {
        object: checked("object", object, 1..=65_535)?,
        amount: checked("amount", amount, 1..=10_000)?,
        equipped: equipped == 1,
    }))
}

fn read_spells(hash: &Hash) -> Result<[u16; SPELL_SLOTS], StoreError> {
    let mut spells = [0; SPELL_SLOTS];
    read_slots(
        hash,
        &mut spells,
        |field| field.parse().ok(),
        |value| {
            let [spell] = split(value).ok_or("not a number")?;
            checked("spell", spell, WORD)
        },
    )?;
    Ok(spells)
}

/// Reads the fields that `slot_number` takes for slots, counted from 1; others are not ours.
fn read_slots<T>(
    hash: &Hash,
    slots: &mut [T],
    slot_number: impl Fn(&str) -> Option<usize>,
    read: impl Fn(&str) -> Result<T, String>,
) -> Result<(), StoreError> {
    // Backwards, so that of `slot_1` and `slot1` ours has the last word.
    for (field, value) in hash.fields().rev() {
        let Some(number) = slot_number(field) else { continue };
        let slot = number.checked_sub(1).and_then(|index| slots.get_mut(index));
        let slot = slot.ok_or_else(|| hash.damaged(&format!("there is no {field}")))?;
        *slot = read(value).map_err(|reason| hash.damaged(&format!("{field} is {value:?}: {reason}")))?;
    }
    Ok(())
}

/// Whole numbers between colons, exactly `N` of them.
fn split<const N: usize>(value: &str) -> Option<[i64; N]> {
    let numbers: Option<Vec<i64>> = value.split(':').map(|part| part.parse().ok()).collect();
    numbers?.try_into().ok()
}

fn checked<T: TryFrom<i64>>(
    field: &'static str,
    value: i64,
    range: RangeInclusive<i64>,
) -> Result<T, String> {
    number(field, value, range).map_err(|error| error.to_string())
}
