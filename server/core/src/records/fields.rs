//! Records of numbers and texts: each field with its name, range and default, declared once.
//!
//! A store derives its columns and hash fields from these declarations. A field that is added to a record gets a
//! default, which is its value in everything that was stored before. A field is never removed or renamed: stores out
//! there have it.
//!
//! ```
//! use pyao_core::records::{Fields, StoredValue};
//!
//! pyao_core::fields! {
//!     /// Days in the guild.
//!     #[derive(Debug, PartialEq)]
//!     pub struct Membership {
//!         /// Rank, from 1.
//!         rank: u8 in 1..=9,
//!         /// Days since the player joined.
//!         days: u32 = 0,
//!         /// Title in the guild.
//!         title: String = "recruit",
//!     }
//! }
//!
//! let stored_before_days_and_title = |name| Ok((name == "rank").then_some(StoredValue::Number(3)));
//! let read = Membership::read::<pyao_core::records::BadField>(|field| stored_before_days_and_title(field.name));
//! assert_eq!(read.unwrap(), Membership { rank: 3, days: 0, title: "recruit".to_owned() });
//! ```

use std::borrow::Cow;
use std::fmt;
use std::ops::RangeInclusive;

use crate::base::ids::{MapId, ObjectId, SpellId};

/// A record whose fields a store writes and reads one by one; see [`fields!`](crate::fields!).
pub trait Fields: Sized {
    /// The fields, in the order of [`Fields::values`].
    const FIELDS: &'static [Field];

    /// Returns the values, in the order of the fields.
    fn values(&self) -> Vec<StoredValue<'_>>;

    /// Builds the record from the stored value of each field; `None` is a field that the store does not have.
    ///
    /// # Errors
    /// Those of `value_of`, and [`BadField`] of a value that is no value of its field.
    fn read<'a, E: From<BadField>>(
        value_of: impl FnMut(&'static Field) -> Result<Option<StoredValue<'a>>, E>,
    ) -> Result<Self, E>;

    /// Returns the record with every field at its default, or at the least number that it may be.
    #[must_use]
    fn blank() -> Self;

    /// Returns true if every field was added to its record and has its default: a store need not keep such a record.
    #[must_use]
    fn is_default(&self) -> bool {
        let mut values = Self::FIELDS.iter().zip(self.values());
        values.all(|(field, value)| field.default().is_ok_and(|default| default == value))
    }
}

/// One field of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Name of the column or hash field.
    pub name: &'static str,
    /// Kind of its values.
    pub kind: FieldKind,
}

/// The values of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldKind {
    /// A whole number.
    Number {
        /// The numbers that it may be.
        range: RangeInclusive<i64>,
        /// Its value in records that were stored before it was added; `None` for a field that was always there.
        default: Option<i64>,
    },
    /// A text of any length.
    Text {
        /// Its value in records that were stored before it was added.
        default: &'static str,
    },
}

/// The value of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoredValue<'a> {
    /// Of a field of [`FieldKind::Number`].
    Number(i64),
    /// Of a field of [`FieldKind::Text`].
    Text(Cow<'a, str>),
}

impl fmt::Display for StoredValue<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(formatter),
            Self::Text(text) => text.fmt(formatter),
        }
    }
}

/// A stored field that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadField {
    /// A field without a default is not there.
    #[error("it has no field {0}")]
    Missing(&'static str),
    /// A number that the field cannot hold.
    #[error("{field} is {value}, outside {}..={}", range.start(), range.end())]
    OutOfRange {
        /// Name of the field.
        field: &'static str,
        /// The stored number.
        value: i64,
        /// The numbers that it may be.
        range: RangeInclusive<i64>,
    },
    /// A number where a text belongs, or the other way round.
    #[error("{field} is {value:?}, no {expected}")]
    WrongKind {
        /// Name of the field.
        field: &'static str,
        /// The stored value.
        value: String,
        /// The kind that belongs there.
        expected: &'static str,
    },
}

impl Field {
    /// Returns true if the field was added to its record after the first version.
    #[must_use]
    pub const fn is_added(&self) -> bool {
        match &self.kind {
            FieldKind::Number { default, .. } => default.is_some(),
            FieldKind::Text { .. } => true,
        }
    }

    /// Returns the value in records that were stored before the field was added.
    ///
    /// # Errors
    /// [`BadField::Missing`] for a field that was always there.
    pub fn default(&self) -> Result<StoredValue<'static>, BadField> {
        match self.kind {
            FieldKind::Number { default, .. } => {
                default.map(StoredValue::Number).ok_or(BadField::Missing(self.name))
            }
            FieldKind::Text { default } => Ok(StoredValue::Text(Cow::Borrowed(default))),
        }
    }

    /// Reads the text that a store of texts has for this field.
    ///
    /// # Errors
    /// [`BadField::WrongKind`].
    pub fn parse<'a>(&self, text: &'a str) -> Result<StoredValue<'a>, BadField> {
        match self.kind {
            FieldKind::Number { .. } => {
                text.parse().map(StoredValue::Number).map_err(|_| self.wrong_kind(text, "whole number"))
            }
            FieldKind::Text { .. } => Ok(StoredValue::Text(Cow::Borrowed(text))),
        }
    }

    /// Returns the default of a number, or the least that it may be.
    fn least(&self) -> i64 {
        match &self.kind {
            FieldKind::Number { range, default } => default.unwrap_or(*range.start()),
            FieldKind::Text { .. } => 0,
        }
    }

    fn wrong_kind(&self, value: impl ToString, expected: &'static str) -> BadField {
        BadField::WrongKind { field: self.name, value: value.to_string(), expected }
    }
}

/// A type that a field may have.
pub trait FieldType: Sized {
    /// The range of a field that states none; empty for texts.
    const RANGE: RangeInclusive<i64>;

    /// Returns the value as it is stored.
    fn stored(&self) -> StoredValue<'_>;

    /// Reads the stored value of `field`.
    ///
    /// # Errors
    /// See [`BadField`].
    fn read(field: &Field, value: Option<StoredValue<'_>>) -> Result<Self, BadField>;

    /// Returns the default of `field`, or the least number that it may be.
    fn blank(field: &Field) -> Self;
}

macro_rules! number_types {
    ($($type:ty),*) => {$(
        impl FieldType for $type {
            const RANGE: RangeInclusive<i64> = <$type>::MIN as i64..=<$type>::MAX as i64;

            fn stored(&self) -> StoredValue<'_> {
                StoredValue::Number(i64::from(*self))
            }

            fn read(field: &Field, value: Option<StoredValue<'_>>) -> Result<Self, BadField> {
                read_number(field, value)
            }

            fn blank(field: &Field) -> Self {
                Self::try_from(field.least()).unwrap_or_default()
            }
        }
    )*};
}

number_types!(u8, u16, u32);

/// Numbers of the content's records, stored as plain numbers.
macro_rules! id_types {
    ($($type:ty),*) => {$(
        impl FieldType for $type {
            const RANGE: RangeInclusive<i64> = <u16 as FieldType>::RANGE;

            fn stored(&self) -> StoredValue<'_> {
                StoredValue::Number(i64::from(self.get()))
            }

            fn read(field: &Field, value: Option<StoredValue<'_>>) -> Result<Self, BadField> {
                read_number(field, value).map(Self::new)
            }

            fn blank(field: &Field) -> Self {
                Self::new(<u16 as FieldType>::blank(field))
            }
        }
    )*};
}

id_types!(MapId, ObjectId, SpellId);

/// Numbers up to the largest that a store holds.
impl FieldType for u64 {
    const RANGE: RangeInclusive<i64> = 0..=i64::MAX;

    fn stored(&self) -> StoredValue<'_> {
        StoredValue::Number(i64::try_from(*self).unwrap_or(i64::MAX))
    }

    fn read(field: &Field, value: Option<StoredValue<'_>>) -> Result<Self, BadField> {
        read_number(field, value)
    }

    fn blank(field: &Field) -> Self {
        Self::try_from(field.least()).unwrap_or_default()
    }
}

impl FieldType for bool {
    const RANGE: RangeInclusive<i64> = 0..=1;

    fn stored(&self) -> StoredValue<'_> {
        StoredValue::Number(i64::from(*self))
    }

    fn read(field: &Field, value: Option<StoredValue<'_>>) -> Result<Self, BadField> {
        read_number::<u8>(field, value).map(|number| number == 1)
    }

    fn blank(field: &Field) -> Self {
        field.least() == 1
    }
}

impl FieldType for String {
    #[expect(clippy::reversed_empty_ranges, reason = "no number is a text")]
    const RANGE: RangeInclusive<i64> = 1..=0;

    fn stored(&self) -> StoredValue<'_> {
        StoredValue::Text(Cow::Borrowed(self))
    }

    fn read(field: &Field, value: Option<StoredValue<'_>>) -> Result<Self, BadField> {
        match value.map_or_else(|| field.default(), Ok)? {
            StoredValue::Text(text) => Ok(text.into_owned()),
            StoredValue::Number(number) => Err(field.wrong_kind(number, "text")),
        }
    }

    fn blank(field: &Field) -> Self {
        field.default().map_or_else(|_| Self::new(), |value| value.to_string())
    }
}

fn read_number<T: TryFrom<i64>>(field: &Field, value: Option<StoredValue<'_>>) -> Result<T, BadField> {
    let value = match value.map_or_else(|| field.default(), Ok)? {
        StoredValue::Number(number) => number,
        StoredValue::Text(text) => return Err(field.wrong_kind(text, "whole number")),
    };
    match &field.kind {
        FieldKind::Number { range, .. } => number(field.name, value, range.clone()),
        FieldKind::Text { .. } => Err(field.wrong_kind(value, "text")),
    }
}

/// Reads a stored number.
///
/// # Errors
/// `value` is outside `range` or does not fit `T`.
pub fn number<T: TryFrom<i64>>(
    field: &'static str,
    value: i64,
    range: RangeInclusive<i64>,
) -> Result<T, BadField> {
    let in_range = range.contains(&value);
    match T::try_from(value) {
        Ok(number) if in_range => Ok(number),
        _ => Err(BadField::OutOfRange { field, value, range }),
    }
}

/// Declares a struct with public fields whose [`Fields`] a store writes and reads: `name: type`, for numbers then
/// optionally `in least..=most`, then `= default`, which every field needs that is added to a record.
#[macro_export]
macro_rules! fields {
    ($(#[$meta:meta])* pub struct $record:ident {
        $($(#[$doc:meta])* $field:ident: $type:ident $(in $least:literal ..= $most:literal)? $(= $default:literal)?),*
        $(,)?
    }) => {
        $(#[$meta])*
        pub struct $record {
            $($(#[$doc])* pub $field: $type),*
        }

        impl $crate::records::Fields for $record {
            const FIELDS: &'static [$crate::records::Field] =
                &[$($crate::fields!(@field $field $type [$($least, $most)?] [$($default)?])),*];

            fn values(&self) -> Vec<$crate::records::StoredValue<'_>> {
                vec![$($crate::records::FieldType::stored(&self.$field)),*]
            }

            fn read<'a, E: From<$crate::records::BadField>>(
                mut value_of: impl FnMut(
                    &'static $crate::records::Field,
                ) -> Result<Option<$crate::records::StoredValue<'a>>, E>,
            ) -> Result<Self, E> {
                $(let $field = {
                    const FIELD: &$crate::records::Field =
                        &$crate::fields!(@field $field $type [$($least, $most)?] [$($default)?]);
                    $crate::records::FieldType::read(FIELD, value_of(FIELD)?)?
                };)*
                Ok(Self { $($field),* })
            }

            fn blank() -> Self {
                $(let $field = {
                    const FIELD: &$crate::records::Field =
                        &$crate::fields!(@field $field $type [$($least, $most)?] [$($default)?]);
                    $crate::records::FieldType::blank(FIELD)
                };)*
                Self { $($field),* }
            }
        }
    };
    (@field $field:ident String [] [$default:literal]) => {
        $crate::records::Field {
            name: stringify!($field),
            kind: $crate::records::FieldKind::Text { default: $default },
        }
    };
    (@field $field:ident $type:ident [$($least:literal, $most:literal)?] [$($default:literal)?]) => {
        $crate::records::Field {
            name: stringify!($field),
            kind: $crate::records::FieldKind::Number {
                range: $crate::fields!(@range $type $($least, $most)?),
                default: $crate::fields!(@default $($default)?),
            },
        }
    };
    (@range $type:ident) => { <$type as $crate::records::FieldType>::RANGE };
    (@range $type:ident $least:literal, $most:literal) => { $least..=$most };
    (@default) => { None };
    (@default $default:literal) => { Some($default) };
}

/// A place in a list of fixed length, free or holding a record.
pub trait Slot: Sized {
    /// The record of a place in use.
    type Record: Fields;

    /// Returns an empty place.
    fn free() -> Self;

    /// Returns the record of this place; `None` for a free one, which is not stored.
    fn used(&self) -> Option<Self::Record>;

    /// Returns the place that holds `record`.
    fn holding(record: Self::Record) -> Self;
}

impl<F: Fields + Copy> Slot for Option<F> {
    type Record = F;

    fn free() -> Self {
        None
    }

    fn used(&self) -> Option<F> {
        *self
    }

    fn holding(record: F) -> Self {
        Some(record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::PositionRecord;

    fn read_position(x: i64) -> Result<PositionRecord, BadField> {
        PositionRecord::read(|field| Ok(Some(StoredValue::Number(if field.name == "x" { x } else { 1 }))))
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
        let position = PositionRecord { map: MapId::new(34), x: 50, y: 60, heading: 2 };
        let values = position.values();
        let read = PositionRecord::read::<BadField>(|field| {
            let place = PositionRecord::FIELDS.iter().position(|each| each == field).unwrap();
            Ok(Some(values[place].clone()))
        });
        assert_eq!(read.unwrap(), position);
    }

    crate::fields! {
        /// A record to which fields were added.
        #[derive(Debug, PartialEq)]
        pub struct Grown {
            /// There from the beginning.
            level: u8,
            /// Added later.
            deaths: u32 in 0..=1_000 = 7,
            /// Added later.
            is_noble: bool = 1,
            /// Added later.
            motto: String = "none",
        }
    }

    fn read_grown(stored: &[(&str, &'static str)]) -> Result<Grown, BadField> {
        Grown::read(|field| {
            let found = stored.iter().find(|(name, _)| *name == field.name);
            found.map(|(_, text)| field.parse(text)).transpose()
        })
    }

    #[test]
    fn a_field_that_was_added_has_its_default_in_older_records() {
        let grown = Grown { level: 9, deaths: 7, is_noble: true, motto: "none".into() };
        assert_eq!(read_grown(&[("level", "9")]), Ok(grown));
        let grown = Grown { level: 9, deaths: 8, is_noble: false, motto: "Ñ".into() };
        let all = [("level", "9"), ("deaths", "8"), ("is_noble", "0"), ("motto", "Ñ")];
        assert_eq!(read_grown(&all), Ok(grown));
        let added = Grown::FIELDS.iter().filter(|field| field.is_added()).map(|field| field.name);
        assert_eq!(added.collect::<Vec<_>>(), ["deaths", "is_noble", "motto"]);
        assert_eq!(Grown::blank(), Grown { level: 0, deaths: 7, is_noble: true, motto: "none".into() });
        assert_eq!(PositionRecord::blank(), PositionRecord { map: MapId::new(0), x: 1, y: 1, heading: 1 });
    }

    #[test]
    fn what_is_damaged_is_not_taken_for_a_default() {
        let message = |stored: &[_]| read_grown(stored).unwrap_err().to_string();
        assert_eq!(message(&[]), "it has no field level");
        assert_eq!(message(&[("level", "9"), ("deaths", "")]), "deaths is \"\", no whole number");
        assert_eq!(message(&[("level", "9"), ("deaths", "1001")]), "deaths is 1001, outside 0..=1000");
        assert_eq!(message(&[("level", "9"), ("is_noble", "2")]), "is_noble is 2, outside 0..=1");
    }
}
