//! The parts of a character, each with its place in every store: one line a part.
//!
//! A part is a record (a row of its table, a hash), a list (a row, or a field of a hash, for each slot in use) or a queue
//! (a row, or an element of a Redis list, for each entry). A store implements [`PartWriter`] and [`PartReader`] once for all parts. The description is the one text with a place of
//! its own; further texts are fields of records.

use super::fields::{Field, Fields, Slot};
use super::keyspace::{
    PLAYER_BANK, PLAYER_FACTION, PLAYER_GUILD, PLAYER_INVENTORY, PLAYER_LIFE, PLAYER_NOTICES,
    PLAYER_POSITION, PLAYER_REPUTATION, PLAYER_SKILLS, PLAYER_SPELLBOOK, PLAYER_STATES, PLAYER_STATS,
    PLAYER_USER_STATS, PLAYER_VAULT,
};
use super::records::CharacterRecord;

/// The place of a part that is a record.
#[derive(Debug, Clone, Copy)]
pub(super) struct RecordPlace {
    /// Table with a row for each character.
    pub(super) table: &'static str,
    /// Template of the key of the hash.
    pub(super) key: &'static str,
}

/// The place of a part that is a list. Slots are counted from 1.
#[derive(Debug, Clone, Copy)]
pub(super) struct ListPlace {
    /// Table with a row for each slot in use.
    pub(super) table: &'static str,
    /// Column with the number of the slot.
    pub(super) slot_column: &'static str,
    /// Name of a slot in messages.
    pub(super) slot_name: &'static str,
    /// Template of the key of the hash.
    pub(super) key: &'static str,
    /// Name of the hash field of a slot, before its number. The value is the fields of the slot with colons between;
    /// only the last field may be a text.
    pub(super) slot_prefix: &'static str,
}

/// The place of a part that is a queue, oldest entry first.
#[derive(Debug, Clone, Copy)]
pub(super) struct QueuePlace {
    /// Table with a row for each entry.
    pub(super) table: &'static str,
    /// Column with the number of the entry, from 1.
    pub(super) number_column: &'static str,
    /// Template of the key of the Redis list. An element is the fields of the entry with colons between; only the last
    /// field may be a text.
    pub(super) key: &'static str,
}

macro_rules! parts {
    ($($part:ident: $kind:ident($place:expr)),* $(,)?) => {
        /// Writes all parts.
        ///
        /// # Errors
        /// Those of the writer.
        pub(super) fn write<W: PartWriter>(character: &CharacterRecord, writer: &mut W) -> Result<(), W::Error> {
            $(writer.$kind(&$place, &character.$part)?;)*
            writer.description(&character.description)
        }

        /// Reads all parts.
        ///
        /// # Errors
        /// Those of the reader.
        pub(super) fn read<R: PartReader>(reader: &mut R) -> Result<CharacterRecord, R::Error> {
            Ok(CharacterRecord { $($part: reader.$kind(&$place)?,)* description: reader.description()? })
        }

        /// All parts but the description.
        pub(super) fn all() -> Vec<Part> {
            vec![$(declared::$kind($place, |character| &character.$part)),*]
        }
    };
}

parts! {
    position: record(RecordPlace { table: "positions", key: PLAYER_POSITION }),
    attributes: record(RecordPlace { table: "attributes", key: PLAYER_STATS }),
    stats: record(STATS),
    reputation: record(RecordPlace { table: "reputation", key: PLAYER_REPUTATION }),
    skills: list(SKILLS),
    inventory: list(INVENTORY),
    spells: list(SPELLS),
    vault: list(VAULT),
    bank: record(RecordPlace { table: "bank", key: PLAYER_BANK }),
    states: record(RecordPlace { table: "states", key: PLAYER_STATES }),
    life: record(RecordPlace { table: "life", key: PLAYER_LIFE }),
    membership: record(RecordPlace { table: "membership", key: PLAYER_GUILD }),
    faction: record(RecordPlace { table: "faction", key: PLAYER_FACTION }),
    notices: queue(NOTICES),
}

pub(super) const STATS: RecordPlace = RecordPlace { table: "stats", key: PLAYER_USER_STATS };
const SKILLS: ListPlace = ListPlace {
    table: "skills",
    slot_column: "skill",
    slot_name: "skill",
    key: PLAYER_SKILLS,
    slot_prefix: "",
};
pub(super) const INVENTORY: ListPlace = ListPlace {
    table: "inventory",
    slot_column: "slot",
    slot_name: "inventory slot",
    key: PLAYER_INVENTORY,
    slot_prefix: "slot",
};
const SPELLS: ListPlace = ListPlace {
    table: "spells",
    slot_column: "slot",
    slot_name: "spell slot",
    key: PLAYER_SPELLBOOK,
    slot_prefix: "",
};
const VAULT: ListPlace = ListPlace {
    table: "vault",
    slot_column: "slot",
    slot_name: "vault slot",
    key: PLAYER_VAULT,
    slot_prefix: "slot",
};
pub(super) const NOTICES: QueuePlace =
    QueuePlace { table: "notices", number_column: "number", key: PLAYER_NOTICES };

/// Parts that the first stores had.
const FIRST_PARTS: usize = 7;

/// A part of every character.
#[derive(Debug)]
pub(super) struct Part {
    /// Table of the embedded store.
    pub(super) table: &'static str,
    /// Template of the key in Redis.
    pub(super) key: &'static str,
    /// True if the key is a hash, false if it is a list.
    pub(super) is_hash: bool,
    /// Column with the number of the slot or entry; `None` for a record.
    pub(super) slot_column: Option<&'static str>,
    /// The fields, of a list those of a slot, of a queue those of an entry.
    pub(super) fields: &'static [Field],
}

mod declared {
    use super::{CharacterRecord, Fields, ListPlace, Part, QueuePlace, RecordPlace, Slot};

    pub(super) fn record<F: Fields>(place: RecordPlace, _: fn(&CharacterRecord) -> &F) -> Part {
        Part { table: place.table, key: place.key, is_hash: true, slot_column: None, fields: F::FIELDS }
    }

    pub(super) fn list<S: Slot, const N: usize>(
        place: ListPlace,
        _: fn(&CharacterRecord) -> &[S; N],
    ) -> Part {
        let ListPlace { table, slot_column, key, .. } = place;
        Part { table, key, is_hash: true, slot_column: Some(slot_column), fields: S::Record::FIELDS }
    }

    pub(super) fn queue<F: Fields>(place: QueuePlace, _: fn(&CharacterRecord) -> &Vec<F>) -> Part {
        let QueuePlace { table, number_column, key } = place;
        Part { table, key, is_hash: false, slot_column: Some(number_column), fields: F::FIELDS }
    }
}

/// Parts and fields that were added after the first stores: each is one schema.
pub(super) fn additions() -> usize {
    let parts = all();
    let fields = parts.iter().flat_map(|part| part.fields).filter(|field| field.is_added()).count();
    fields + parts.len().saturating_sub(FIRST_PARTS)
}

/// Writes the parts of a character to one kind of store.
pub(super) trait PartWriter {
    /// Reason that a part is not written.
    type Error;

    /// Writes a part that is a record.
    fn record<F: Fields>(&mut self, place: &RecordPlace, record: &F) -> Result<(), Self::Error>;

    /// Writes a part that is a list.
    fn list<S: Slot>(&mut self, place: &ListPlace, slots: &[S]) -> Result<(), Self::Error>;

    /// Writes a part that is a queue.
    fn queue<F: Fields>(&mut self, place: &QueuePlace, entries: &[F]) -> Result<(), Self::Error>;

    /// Writes the text that players give of their characters.
    fn description(&mut self, description: &str) -> Result<(), Self::Error>;
}

/// Reads the parts of a character from one kind of store.
pub(super) trait PartReader {
    /// Reason that a part is not read.
    type Error;

    /// Reads a part that is a record. Without a row or hash every field has its default.
    fn record<F: Fields>(&mut self, place: &RecordPlace) -> Result<F, Self::Error>;

    /// Reads a part that is a list. Without a row or hash every slot is free.
    fn list<S: Slot, const N: usize>(&mut self, place: &ListPlace) -> Result<[S; N], Self::Error>;

    /// Reads a part that is a queue. Without rows or key it is empty.
    fn queue<F: Fields>(&mut self, place: &QueuePlace) -> Result<Vec<F>, Self::Error>;

    /// Reads the text that players give of their characters.
    fn description(&mut self) -> Result<String, Self::Error>;
}

/// The slot with that stored number, counted from 1.
pub(super) fn slot_mut<S>(slots: &mut [S], number: i64) -> Option<&mut S> {
    let index = usize::try_from(number.checked_sub(1)?).ok()?;
    slots.get_mut(index)
}
