//! Characters to hashes and back.
//!
//! Each part of a character is a key of its own. A part is replaced whole: deleted and written again in one
//! transaction, so that neither an old field nor a key of the wrong type stays.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt;

use redis::Value;

use super::commands::Commands;
use super::values::{Hash, Replies, damaged, integer, list, text};
use super::{PAGE, RedisStore, names};
use crate::fields::{BadField, Fields, LONG, Slot, StoredValue};
use crate::keyspace::{ACCOUNTS_COUNTER, PLAYER_DESCRIPTION, PLAYER_NOTICES, PLAYER_POSITION, of_user};
use crate::parts::{self, INVENTORY, ListPlace, PartReader, PartWriter, QueuePlace, RecordPlace, STATS};
use crate::records::{CharacterRecord, CharacterSave, NoticeRecord, PositionRecord, UserId};
use crate::{Characters, StoreError};

/// The gold carried is a field of the inventory, and only there.
const GOLD: &str = "gold";

/// Templates of the hashes of a character, in the order in which they are read and written.
pub(super) fn hashes() -> impl Iterator<Item = &'static str> {
    parts::all().into_iter().filter(|part| part.is_hash).map(|part| part.key)
}

/// Adds the commands that write the part that each save has. All old positions are deleted by one command: most saves
/// are positions, and each writes all of its fields.
pub(super) fn write(commands: &mut Commands, saves: &[CharacterSave]) {
    let moved = saves.iter().filter(|save| matches!(save, CharacterSave::Position { .. }));
    let positions: Vec<String> = moved.map(|save| of_user(PLAYER_POSITION, save.user_id())).collect();
    if !positions.is_empty() {
        commands.add("DEL").args(&positions);
    }
    saves.iter().for_each(|save| write_save(commands, save));
}

fn write_save(commands: &mut Commands, save: &CharacterSave) {
    match save {
        CharacterSave::Position { user_id, position } => {
            commands.add("HSET").arg(of_user(PLAYER_POSITION, *user_id));
            write_record(commands, position, |_| true);
        }
        CharacterSave::Sheet { user_id, sheet } => {
            let keys = parts::all().into_iter().map(|part| of_user(part.key, *user_id));
            commands.add("DEL").args(keys);
            write_parts(sheet, CommandEach { user_id: *user_id }, commands);
            if !sheet.notices.is_empty() {
                commands.add("RPUSH").arg(of_user(PLAYER_NOTICES, *user_id));
                write_notices(commands, &sheet.notices);
            }
            commands.add("SET").arg(of_user(PLAYER_DESCRIPTION, *user_id)).arg(&sheet.description);
        }
    }
}

/// Adds each notice to the command begun last.
pub(super) fn write_notices(commands: &mut Commands, notices: &[NoticeRecord]) {
    for notice in notices {
        commands.arg(Joined(&notice.values()));
    }
}

/// Adds the template, the fields and `end` for each hash of a character to the command begun last.
pub(super) fn write_arguments(commands: &mut Commands, character: &CharacterRecord, end: &'static str) {
    write_parts(character, Arguments { end }, commands);
}

/// The form in which a hash is written.
trait Form {
    /// Begins the hash of `template`; its fields follow.
    fn begin(&self, commands: &mut Commands, template: &str);

    /// Ends it.
    fn end(&self, commands: &mut Commands);
}

/// A command for each hash.
struct CommandEach {
    user_id: UserId,
}

impl Form for CommandEach {
    fn begin(&self, commands: &mut Commands, template: &str) {
        commands.add("HSET").arg(of_user(template, self.user_id));
    }

    fn end(&self, commands: &mut Commands) {
        if commands.arguments() == 2 {
            // A hash without fields is not there.
            commands.take_back();
        }
    }
}

/// Arguments of a script.
struct Arguments {
    end: &'static str,
}

impl Form for Arguments {
    fn begin(&self, commands: &mut Commands, template: &str) {
        commands.arg(template);
    }

    fn end(&self, commands: &mut Commands) {
        commands.arg(self.end);
    }
}

fn write_parts(character: &CharacterRecord, form: impl Form, commands: &mut Commands) {
    let mut writer = Writer { commands, form, gold: character.stats.gold };
    let Ok(()) = parts::write(character, &mut writer);
}

struct Writer<'a, F> {
    commands: &'a mut Commands,
    form: F,
    gold: u32,
}

impl<O: Form> PartWriter for Writer<'_, O> {
    type Error = Infallible;

    fn record<F: Fields>(&mut self, place: &RecordPlace, record: &F) -> Result<(), Infallible> {
        self.form.begin(self.commands, place.key);
        write_record(self.commands, record, |field| !(place.key == STATS.key && field == GOLD));
        self.form.end(self.commands);
        Ok(())
    }

    fn list<S: Slot>(&mut self, place: &ListPlace, slots: &[S]) -> Result<(), Infallible> {
        self.form.begin(self.commands, place.key);
        if place.key == INVENTORY.key {
            self.commands.arg(GOLD).arg(self.gold);
        }
        for (number, slot) in (1..).zip(slots) {
            if let Some(record) = slot.used() {
                self.commands
                    .arg(format_args!("{}{number}", place.slot_prefix))
                    .arg(Joined(&record.values()));
            }
        }
        self.form.end(self.commands);
        Ok(())
    }

    /// Does nothing: the key is no hash.
    fn queue<F: Fields>(&mut self, _: &QueuePlace, _: &[F]) -> Result<(), Infallible> {
        Ok(())
    }

    /// Does nothing: it has a key of its own, which is no hash.
    fn description(&mut self, _: &str) -> Result<(), Infallible> {
        Ok(())
    }
}

/// Adds the fields of a record; none for a record of defaults, which needs no hash.
fn write_record<F: Fields>(commands: &mut Commands, record: &F, is_written: impl Fn(&str) -> bool) {
    if record.is_default() {
        return;
    }
    for (field, value) in F::FIELDS.iter().zip(record.values()).filter(|(field, _)| is_written(field.name)) {
        commands.arg(field.name).arg(value);
    }
}

/// The fields of a slot, shown with colons between.
struct Joined<'a>(&'a [StoredValue<'a>]);

impl fmt::Display for Joined<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut colon = "";
        for value in self.0 {
            write!(formatter, "{colon}{value}")?;
            colon = ":";
        }
        Ok(())
    }
}

/// Asks for the position of a character.
pub(super) fn look_at_position(commands: &mut Commands, user_id: UserId) {
    commands.add("HGETALL").arg(of_user(PLAYER_POSITION, user_id));
}

/// Reads what [`look_at_position`] asked; `None` when there is none, or none that can be read.
///
/// # Errors
/// The store is away.
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

/// Builds a character from the answers to HGETALL of [`hashes`], GET of the description and LRANGE of the notices.
///
/// # Errors
/// [`StoreError::Damaged`], naming the key.
pub(super) fn read(
    user_id: UserId,
    description: Value,
    notices: Value,
    answers: Vec<Value>,
) -> Result<CharacterRecord, StoreError> {
    let mut hashes_by_key = BTreeMap::new();
    let mut answers = answers.into_iter();
    for template in hashes() {
        let answer = answers.next().unwrap_or(Value::Nil);
        hashes_by_key.insert(template, Hash::new(&of_user(template, user_id), answer)?);
    }
    parts::read(&mut Reader { user_id, hashes: hashes_by_key, description, notices })
}

struct Reader {
    user_id: UserId,
    hashes: BTreeMap<&'static str, Hash>,
    description: Value,
    notices: Value,
}

impl Reader {
    fn hash(&self, template: &str) -> Result<&Hash, StoreError> {
        let not_read = || damaged(&of_user(template, self.user_id), "it was not read");
        self.hashes.get(template).ok_or_else(not_read)
    }
}

impl PartReader for Reader {
    type Error = StoreError;

    fn record<F: Fields>(&mut self, place: &RecordPlace) -> Result<F, StoreError> {
        let hash = self.hash(place.key)?;
        if place.key != STATS.key {
            return hash.record();
        }
        let gold: u32 = self.hash(INVENTORY.key)?.number(GOLD, LONG)?;
        hash.record_with(|field| (field == GOLD).then_some(i64::from(gold)))
    }

    fn list<S: Slot, const N: usize>(&mut self, place: &ListPlace) -> Result<[S; N], StoreError> {
        let hash = self.hash(place.key)?;
        let mut slots = std::array::from_fn(|_| S::free());
        // Backwards, so that of `slot_1` and `slot1` ours has the last word.
        for (field, value) in hash.fields().rev() {
            let Some(number) = slot_number(place, field) else { continue };
            let slot = parts::slot_mut(&mut slots, number)
                .ok_or_else(|| hash.damaged(&format!("there is no {field}")))?;
            *slot = read_slot(place, value)
                .map_err(|error| hash.damaged(&format!("{field} is {value:?}: {error}")))?;
        }
        Ok(slots)
    }

    /// Reads the notices: the one queue of a character.
    fn queue<F: Fields>(&mut self, place: &QueuePlace) -> Result<Vec<F>, StoreError> {
        let key = of_user(place.key, self.user_id);
        let entries = list(std::mem::replace(&mut self.notices, Value::Nil)).into_iter();
        let read = |entry: Value| {
            let entry = text(&key, entry)?.unwrap_or_default();
            read_joined(&entry).map_err(|error| damaged(&key, &format!("{entry:?}: {error}")))
        };
        entries.map(read).collect()
    }

    fn description(&mut self) -> Result<String, StoreError> {
        let key = of_user(PLAYER_DESCRIPTION, self.user_id);
        let found = text(&key, std::mem::replace(&mut self.description, Value::Nil))?;
        found.ok_or_else(|| damaged(&key, "it is not there"))
    }
}

/// Returns the number of the slot in a field; `None` for a field that is no slot. Inventory slots are `slot1` and so on; PyAO's
/// `slot_1` is read too.
fn slot_number(place: &ListPlace, field: &str) -> Option<i64> {
    let number = field.strip_prefix(place.slot_prefix)?;
    let number = if place.key == INVENTORY.key { number.strip_prefix('_').unwrap_or(number) } else { number };
    number.parse().ok()
}

/// Reads the fields of a slot. In an inventory also as PyAO writes it: nothing in a free slot, and `object:amount` with
/// what is worn kept elsewhere.
fn read_slot<S: Slot>(place: &ListPlace, value: &str) -> Result<S, BadField> {
    if place.key == INVENTORY.key && value.is_empty() {
        return Ok(S::free());
    }
    let is_without_flag = place.key == INVENTORY.key && value.split(':').count() == 2;
    let not_worn = is_without_flag.then_some("0");
    let mut values = value.splitn(S::Record::FIELDS.len(), ':').chain(not_worn);
    S::Record::read(|field| values.next().map(|text| field.parse(text)).transpose()).map(S::holding)
}

/// Reads fields with colons between.
pub(super) fn read_joined<F: Fields>(joined: &str) -> Result<F, BadField> {
    let mut values = joined.splitn(F::FIELDS.len(), ':');
    F::read(|field| values.next().map(|text| field.parse(text)).transpose())
}

impl Characters for RedisStore {
    fn save_characters(&mut self, saves: &[CharacterSave]) -> Result<(), StoreError> {
        if saves.is_empty() {
            return Ok(());
        }
        let users: Vec<u32> = saves.iter().map(|save| save.user_id().0).collect();
        saves.iter().for_each(|save| self.has_met(save.user_id()));
        let expected: Vec<Option<String>> =
            saves.iter().map(|save| self.claimed.get(&save.user_id()).cloned()).collect();
        self.write_unless_taken(
            |commands| names::ask(commands, &users),
            |commands, taken, replies| {
                let names = names::read(replies)?;
                for ((save, name), expected) in saves.iter().zip(names).zip(&expected) {
                    if name.is_none() || (expected.is_some() && name != *expected) {
                        return Err(StoreError::UnknownUser(save.user_id()));
                    }
                    if taken.contains(&save.user_id()) {
                        return Err(StoreError::CharacterTaken(save.user_id()));
                    }
                }
                write(commands, saves);
                Ok(())
            },
        )
    }

    fn visit_positions(&mut self, visit: &mut dyn FnMut(PositionRecord)) -> Result<(), StoreError> {
        let last = integer(ACCOUNTS_COUNTER, self.command("GET", &[ACCOUNTS_COUNTER])?)?;
        let last = u32::try_from(last).unwrap_or(u32::MAX);
        let mut next = 1;
        while next <= last {
            let page = (next..=last).take(PAGE).map(UserId);
            let found = self.ask(
                |commands| page.clone().for_each(|user_id| look_at_position(commands, user_id)),
                |replies| page.clone().map(|user_id| position_seen(replies, user_id)).collect(),
            );
            let found: Vec<Option<PositionRecord>> = found?;
            found.into_iter().flatten().for_each(&mut *visit);
            next = next.saturating_add(PAGE as u32);
        }
        Ok(())
    }
}
