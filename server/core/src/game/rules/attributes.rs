//! Attributes that potions and spells change for a while (AO 0.13).
//!
//! A character has one clock for all of its attributes. Each new change starts it anew, and at its end all of them go back
//! to their base.

use super::TICK;
use crate::base::Millis;

/// Least of an attribute.
pub const ATTRIBUTE_MIN: u8 = 6;
/// Most of an attribute.
pub const ATTRIBUTE_MAX: u8 = 40;
/// Ticks for which a spell raises.
pub const RAISED: u64 = 1_200;
/// Ticks for which a spell lowers.
pub const LOWERED: u64 = 700;

/// Returns the attribute after a potion or a spell: `min(value + by, 40, 2 · base)` (AO 0.13).
///
/// Base 18 raised by 5 from 18 is 23, from 34 it is 36.
#[must_use]
pub fn raised(value: u8, base: u8, by: u8) -> u8 {
    value.saturating_add(by).min(ATTRIBUTE_MAX).min(base.saturating_mul(2))
}

/// Returns the attribute after a spell: `max(value - by, 6)` (AO 0.13).
#[must_use]
pub fn lowered(value: u8, by: u8) -> u8 {
    value.saturating_sub(by).max(ATTRIBUTE_MIN)
}

/// Returns the time of a number of ticks: 1,200 ticks are 48 s, 700 are 28 s, a potion's 1,000 are 40 s.
#[must_use]
pub const fn duration(ticks: u64) -> Millis {
    ticks.saturating_mul(TICK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_attribute_passes_forty_or_twice_its_base() {
        assert_eq!((raised(18, 18, 5), raised(34, 18, 5), raised(38, 22, 5)), (23, 36, 40));
        assert_eq!((lowered(18, 5), lowered(8, 5), lowered(6, 200)), (13, 6, 6));
    }

    #[test]
    fn changes_last_as_long_as_the_rules_say() {
        assert_eq!((duration(RAISED), duration(LOWERED), duration(1_000)), (48_000, 28_000, 40_000));
    }
}
