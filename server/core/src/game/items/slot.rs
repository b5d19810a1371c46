//! Slots of lists that a client shows: numbered from 1 on the wire, from 0 here.

use crate::records::{INVENTORY_SLOTS, SPELL_SLOTS};

/// A slot of a list of `LENGTH`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Slot<const LENGTH: usize>(usize);

/// A slot of an inventory.
pub type InventorySlot = Slot<INVENTORY_SLOTS>;
/// A slot of a spell list.
pub type SpellSlot = Slot<SPELL_SLOTS>;

impl<const LENGTH: usize> Slot<LENGTH> {
    /// Iterates over all slots, in order.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..LENGTH).map(Self)
    }

    /// Returns the slot of that number on the wire, if the list has it.
    #[must_use]
    pub fn from_wire(number: u8) -> Option<Self> {
        usize::from(number).checked_sub(1).filter(|index| *index < LENGTH).map(Self)
    }

    /// Its number on the wire.
    #[must_use]
    pub fn wire(self) -> u8 {
        u8::try_from(self.0 + 1).unwrap_or(u8::MAX)
    }

    /// Its index in the list, below `LENGTH`.
    #[must_use]
    pub fn index(self) -> usize {
        self.0
    }

    /// Returns the slot before, or the one after, if the list has it.
    #[must_use]
    pub fn neighbour(self, upwards: bool) -> Option<Self> {
        let index = if upwards { self.0.checked_sub(1)? } else { self.0 + 1 };
        (index < LENGTH).then_some(Self(index))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_count_from_one_on_the_wire() {
        assert_eq!(Slot::<25>::from_wire(0), None);
        assert_eq!(Slot::<25>::from_wire(1).map(Slot::index), Some(0));
        assert_eq!(Slot::<25>::from_wire(25).map(Slot::index), Some(24));
        assert_eq!(Slot::<25>::from_wire(26), None);
        assert!(InventorySlot::all().all(|slot| InventorySlot::from_wire(slot.wire()) == Some(slot)));
        assert_eq!(InventorySlot::all().count(), INVENTORY_SLOTS);
    }

    #[test]
    fn the_ends_of_a_list_have_one_neighbour() {
        let slot = |number| Slot::<3>::from_wire(number).unwrap();
        assert_eq!((slot(1).neighbour(true), slot(1).neighbour(false)), (None, Some(slot(2))));
        assert_eq!((slot(3).neighbour(true), slot(3).neighbour(false)), (Some(slot(2)), None));
    }
}
