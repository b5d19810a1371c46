//! Rounding: one way for all rules.
//!
//! AO 0.13 turns every fraction into a whole number by rounding half to even (2.5 is 2, 3.5 is 4). The rules here reckon
//! with fractions of whole numbers, so that no result depends on how a machine holds 0.85.

/// Divides and rounds half to even: `round(numerator / denominator)` (AO 0.13). `denominator` is above 0.
///
/// 5/2 is 2, 7/2 is 4, -5/2 is -2.
#[must_use]
pub const fn half_even(numerator: i64, denominator: i64) -> i64 {
    let below = numerator.div_euclid(denominator);
    let twice_rest = numerator.rem_euclid(denominator) * 2;
    let is_up = twice_rest > denominator || (twice_rest == denominator && below % 2 != 0);
    if is_up { below + 1 } else { below }
}

/// Divides and rounds half to even, for numbers that are never negative; at most `u32::MAX`. `denominator` is above 0.
#[must_use]
pub fn rounded(numerator: u64, denominator: u64) -> u32 {
    let below = numerator / denominator;
    let twice_rest = (numerator % denominator) * 2;
    let is_up = twice_rest > denominator || (twice_rest == denominator && !below.is_multiple_of(2));
    u32::try_from(below + u64::from(is_up)).unwrap_or(u32::MAX)
}

/// Returns `percent` of a hundred parts of `total`: `round(total · percent / 100)` (AO 0.13).
///
/// 5 % of 150 are 7.5, thus 8; 4 % of 66 are 2.64, thus 3.
#[must_use]
pub fn percent(total: u32, percent: u32) -> u32 {
    rounded(u64::from(total) * u64::from(percent), 100)
}

/// Divides and cuts the fraction off: `trunc(numerator / denominator)`, at most `u32::MAX`. `denominator` is above 0.
#[must_use]
pub fn truncated(numerator: u64, denominator: u64) -> u32 {
    u32::try_from(numerator / denominator).unwrap_or(u32::MAX)
}

/// Returns the number as a bar of a character holds it: at most `u16::MAX`.
#[must_use]
pub fn to_bar(number: u32) -> u16 {
    u16::try_from(number).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_go_to_the_even_neighbour() {
        for (numerator, denominator, result) in
            [(5, 2, 2), (7, 2, 4), (-5, 2, -2), (-7, 2, -4), (1, 2, 0), (-1, 2, 0), (8, 3, 3), (-8, 3, -3)]
        {
            assert_eq!(half_even(numerator, denominator), result, "{numerator}/{denominator}");
        }
        assert_eq!((rounded(5, 2), rounded(7, 2), rounded(99, 2), rounded(8, 3)), (2, 4, 50, 3));
    }

    #[test]
    fn percentages_are_rounded_and_quotients_cut() {
        assert_eq!((percent(150, 5), percent(66, 4), percent(50, 99)), (8, 3, 50));
        assert_eq!((truncated(200, 3), truncated(2, 3)), (66, 0));
        assert_eq!((to_bar(70_000), rounded(u64::MAX, 1)), (u16::MAX, u32::MAX));
    }
}
