//! Ranges of stored numbers, for what is no record of [`Fields`].
//!
//! Every store refuses to read a number outside its range: a hand that slipped in a database shell must not reach the
//! game. Writing does not check, so that a character with one odd number is still saved and can be repaired.

use std::ops::RangeInclusive;

pub(super) use pyao_core::records::{BadField, Field, FieldKind, Fields, Slot, StoredValue, number};

/// Numbers of a `u8`.
pub(super) const BYTE: RangeInclusive<i64> = 0..=255;
/// Numbers of a `u16`.
pub(super) const WORD: RangeInclusive<i64> = 0..=65_535;
/// Numbers of a `u32`.
pub(super) const LONG: RangeInclusive<i64> = 0..=4_294_967_295;
