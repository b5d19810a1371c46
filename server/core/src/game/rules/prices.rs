//! Prices of shops, and what a merchant takes (AO 0.13).

use super::rounding::{rounded, truncated};
use crate::content::{NpcTemplate, ObjectTemplate, ObjectType};

/// Most gold of a purse.
pub const PURSE_MAX: u32 = 90_000_000;
/// Most gold that may lie on one tile, and most pieces of a slot.
pub const PILE_MAX: u32 = 10_000;
/// Merchant that takes things of the royal army, by its name.
const ROYAL_MERCHANT: &str = "SR";
/// Merchant that takes things of the chaos legion, by its name.
const CHAOS_MERCHANT: &str = "SC";

/// Returns the price that a shop asks for `amount` pieces: `round(value / D · amount + 0.5)`, D = 1 + Comerciar / 100
/// (AO 0.13).
///
/// Value 20 without skill: round(20.5) = 20; value 25: round(25.5) = 26; ten of value 20 with skill 50:
/// round(133.83) = 134.
#[must_use]
pub fn asked(value: u32, amount: u16, trading: u8) -> u32 {
    let divisor = 100 + u64::from(trading);
    // value · amount · 100 / divisor + 1/2, over 2 · divisor; a product beyond u64 cannot be: 2^32 · 2^16 · 200.
    rounded(200 * u64::from(value) * u64::from(amount) + divisor, 2 * divisor)
}

/// Returns the price of one piece as a shop's window shows it: `value / D` (AO 0.13).
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "the window shows the price without its fraction")]
pub fn shown(value: u32, trading: u8) -> f32 {
    value as f32 * 100.0 / (100.0 + f32::from(trading))
}

/// Returns the price that a merchant pays for `amount` pieces: `trunc(value / 3 · amount)`, nothing for newbie items
/// (AO 0.13).
///
/// Value 20: 6 for one piece, 66 for ten.
#[must_use]
pub fn paid(value: u32, amount: u16, is_newbie: bool) -> u32 {
    if is_newbie { 0 } else { truncated(u64::from(value) * u64::from(amount), 3) }
}

/// Returns the part of a payment that a purse has room for: up to 90,000,000 in all.
#[must_use]
pub const fn paid_into(purse: u32, payment: u32) -> u32 {
    let room = PURSE_MAX.saturating_sub(purse);
    if payment < room { payment } else { room }
}

/// Reason for which a merchant does not take a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SaleRefusal {
    /// It trades in other kinds of things, or the thing is gold.
    OtherKind,
    /// Only the merchant of the royal army takes it.
    RoyalArmyOnly,
    /// Only the merchant of the chaos legion takes it.
    ChaosLegionOnly,
    /// It stays with its owner.
    Untransferable,
}

/// Tells whether a merchant takes a thing: of the kind that it trades in, or of any if that is 1000; never gold; things of
/// a faction only at that faction's merchant (AO 0.13).
///
/// # Errors
/// Returns the reason for which it does not.
pub fn check_sale(merchant: &NpcTemplate, object: &ObjectTemplate) -> Result<(), SaleRefusal> {
    let takes_kind = merchant.buys == ObjectType::ANY || merchant.buys == object.object_type;
    if object.royal_army && merchant.name != ROYAL_MERCHANT {
        Err(SaleRefusal::RoyalArmyOnly)
    } else if object.chaos_legion && merchant.name != CHAOS_MERCHANT {
        Err(SaleRefusal::ChaosLegionOnly)
    } else if !takes_kind || object.object_type == ObjectType::GOLD {
        Err(SaleRefusal::OtherKind)
    } else if object.untransferable {
        Err(SaleRefusal::Untransferable)
    } else {
        Ok(())
    }
}

/// Splits gold into piles of at most 10,000, the full ones first.
///
/// 25,000 are 10,000, 10,000 and 5,000.
pub fn piles(gold: u32) -> impl Iterator<Item = u16> {
    let last = gold % PILE_MAX;
    let full = std::iter::repeat_n(PILE_MAX, usize::try_from(gold / PILE_MAX).unwrap_or(0));
    full.chain((last > 0).then_some(last)).filter_map(|pile| u16::try_from(pile).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shops_ask_what_the_rules_say() {
        assert_eq!((asked(20, 1, 0), asked(25, 1, 0), asked(20, 10, 50)), (20, 26, 134));
        assert_eq!(asked(u32::MAX, u16::MAX, 0), u32::MAX);
        assert_eq!((shown(20, 0), shown(30, 50)), (20.0, 20.0));
    }

    #[test]
    fn merchants_pay_a_third_and_nothing_for_newbie_items() {
        assert_eq!((paid(20, 1, false), paid(20, 10, false), paid(20, 10, true)), (6, 66, 0));
        assert_eq!((paid_into(0, 500), paid_into(89_999_900, 500), paid_into(PURSE_MAX, 1)), (500, 100, 0));
    }

    #[test]
    fn a_merchant_takes_its_own_kind_and_never_gold() {
        let merchant =
            |name: &str, buys| NpcTemplate { name: name.into(), buys, merchant: true, ..Default::default() };
        let thing = |object_type| ObjectTemplate { object_type, ..Default::default() };
        let sword = thing(ObjectType::WEAPON);
        assert_eq!(check_sale(&merchant("Herrero", ObjectType::WEAPON), &sword), Ok(()));
        assert_eq!(check_sale(&merchant("Rata", ObjectType::ANY), &sword), Ok(()));
        let tailor = merchant("Sastre", ObjectType::ARMOUR);
        assert_eq!(check_sale(&tailor, &sword), Err(SaleRefusal::OtherKind));
        let anyone = merchant("Rata", ObjectType::ANY);
        assert_eq!(check_sale(&anyone, &thing(ObjectType::GOLD)), Err(SaleRefusal::OtherKind));
        let royal = ObjectTemplate { royal_army: true, ..thing(ObjectType::ARMOUR) };
        assert_eq!(check_sale(&tailor, &royal), Err(SaleRefusal::RoyalArmyOnly));
        assert_eq!(check_sale(&merchant("SR", ObjectType::ARMOUR), &royal), Ok(()));
        let chaotic = ObjectTemplate { chaos_legion: true, ..thing(ObjectType::ARMOUR) };
        assert_eq!(check_sale(&tailor, &chaotic), Err(SaleRefusal::ChaosLegionOnly));
    }

    #[test]
    fn gold_lies_in_piles_of_ten_thousand() {
        assert_eq!(piles(25_000).collect::<Vec<_>>(), [10_000, 10_000, 5_000]);
        assert_eq!(piles(10_000).collect::<Vec<_>>(), [10_000]);
        assert_eq!(piles(0).count(), 0);
    }
}
