//! Ranges of stored numbers, for what is no record of [`Fields`].
//!
//! Every store refuses to read a number outside its range: a hand that slipped in a database shell must not reach the
//! game. Writing does not check, so that a character with one odd number is still saved and can be repaired.

use std::ops::RangeInclusive;

pub(super) use pyao_core::records::{BadField, Field, FieldKind, Fields, Slot, StoredValue, number};

/// What a `u8` holds.
pub(super) const BYTE: RangeInclusive<i64> = 0..=255;
/// What a `u16` holds.
pub(super) const WORD: RangeInclusive<i64> = 0..=65_535;
/// What a `u32` holds.
pub(super) const LONG: RangeInclusive<i64> = 0..=4_294_967_295;
