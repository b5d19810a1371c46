//! Names and ranges of the numbers in a record, once for every store.
//!
//! A record of plain numbers is a row of columns in SQLite and a hash of fields in Redis. Both spell the names below,
//! and both refuse to read a number outside its range: a hand that slipped in a database shell must not reach the game.
//! Writing does not check, so that a character with one odd number is still saved and can be repaired.

use std::ops::RangeInclusive;

use super::records::{AttributesRecord, PositionRecord, ReputationRecord, SkillRecord, StatsRecord};

/// What a `u8` holds.
pub(super) const BYTE: RangeInclusive<i64> = 0..=255;
/// What a `u16` holds.
pub(super) const WORD: RangeInclusive<i64> = 0..=65_535;
/// What a `u32` holds.
pub(super) const LONG: RangeInclusive<i64> = 0..=4_294_967_295;
/// A coordinate on a map.
const TILE: RangeInclusive<i64> = 1..=100;
/// A counter of reputation.
const REPUTATION: RangeInclusive<i64> = 0..=6_000_000;

/// A stored number that its field cannot hold.
#[derive(Debug, thiserror::Error)]
#[error("{field} is {value}, outside {}..={}", range.start(), range.end())]
pub(super) struct OutOfRange {
    field: &'static str,
    value: i64,
    range: RangeInclusive<i64>,
}

/// Reads a stored number.
///
/// # Errors
/// When `value` is outside `range` or does not fit `T`.
pub(super) fn number<T: TryFrom<i64>>(
    field: &'static str,
    value: i64,
    range: RangeInclusive<i64>,
) -> Result<T, OutOfRange> {
    let in_range = range.contains(&value);
    match T::try_from(value) {
        Ok(number) if in_range => Ok(number),
        _ => Err(OutOfRange { field, value, range }),
    }
}

/// A record made of numbers alone.
pub(super) trait Fields: Sized {
    /// Names of the fields; [`Fields::values`] has their order.
    const NAMES: &'static [&'static str];

    /// The numbers, in the order of the names.
    fn values(&self) -> Vec<i64>;

    /// Builds the record from `value_of` each field.
    ///
    /// # Errors
    /// Those of `value_of`, or a number outside its range.
    fn read<E: From<OutOfRange>>(value_of: impl FnMut(&'static str) -> Result<i64, E>) -> Result<Self, E>;
}

macro_rules! fields {
    ($record:ident { $($field:ident: $range:expr),* $(,)? }) => {
        impl Fields for $record {
            const NAMES: &'static [&'static str] = &[$(stringify!($field)),*];

            fn values(&self) -> Vec<i64> {
                vec![$(i64::from(self.$field)),*]
            }

            fn read<E: From<OutOfRange>>(
                mut value_of: impl FnMut(&'static str) -> Result<i64, E>,
            ) -> Result<Self, E> {
                Ok(Self { $($field: number(stringify!($field), value_of(stringify!($field))?, $range)?),* })
            }
        }
    };
}

fields!(PositionRecord { map: WORD, x: TILE, y: TILE, heading: 1..=4 });

fields!(AttributesRecord {
    strength: BYTE,
    agility: BYTE,
    intelligence: BYTE,
    charisma: BYTE,
    constitution: BYTE,
});

fields!(StatsRecord {
    max_hp: WORD,
    hp: WORD,
    max_mana: WORD,
    mana: WORD,
    max_stamina: WORD,
    stamina: WORD,
    min_hit: WORD,
    max_hit: WORD,
    gold: LONG,
    level: 1..=255,
    experience: LONG,
    experience_to_next: LONG,
    water: 0..=100,
    food: 0..=100,
    free_skill_points: WORD,
    assigned_skill_points: 0..=10,
    citizens_killed: LONG,
    criminals_killed: LONG,
    users_killed: LONG,
    npcs_killed: LONG,
    jail_minutes: LONG,
});

fields!(ReputationRecord {
    assassin: REPUTATION,
    bandit: REPUTATION,
    bourgeois: REPUTATION,
    thief: REPUTATION,
    noble: REPUTATION,
    plebeian: REPUTATION,
});

fields!(SkillRecord { level: 0..=100, experience: LONG });

#[cfg(test)]
mod tests {
    use super::*;

    fn read_position(x: i64) -> Result<PositionRecord, OutOfRange> {
        PositionRecord::read(|name| Ok(if name == "x" { x } else { 1 }))
    }

    #[test]
    fn numbers_at_the_ends_of_their_range_are_read() {
        assert_eq!(read_position(1).unwrap().x, 1);
        assert_eq!(read_position(100).unwrap().x, 100);
    }

    #[test]
    fn a_number_outside_its_range_names_its_field() {
        for x in [i64::MIN, -1, 0, 101, 256 + 50, i64::MAX] {
            let message = read_position(x).unwrap_err().to_string();
            assert_eq!(message, format!("x is {x}, outside 1..=100"));
        }
    }

    #[test]
    fn what_is_written_is_read_by_name() {
        let position = PositionRecord { map: 34, x: 50, y: 60, heading: 2 };
        let values = position.values();
        let read = PositionRecord::read::<OutOfRange>(|name| {
            let column = PositionRecord::NAMES.iter().position(|each| *each == name).unwrap();
            Ok(values[column])
        });
        assert_eq!(read.unwrap(), position);
    }
}
