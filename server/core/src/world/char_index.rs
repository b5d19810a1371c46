//! The numbers by which clients know characters.

/// A character's number on the wire, 1..=32767; users and NPCs share one pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CharIndex(u16);

impl CharIndex {
    /// The largest number: clients read it as a signed 16-bit integer.
    pub const MAX: u16 = 32_767;

    /// Its number on the wire, always positive.
    #[must_use]
    pub fn wire(self) -> i16 {
        self.0.cast_signed()
    }

    /// Its place in a table that starts with an unused entry 0.
    #[must_use]
    pub fn slot(self) -> usize {
        usize::from(self.0)
    }

    /// Returns the index stored as `number` in a table of places, where 0 is nobody.
    #[must_use]
    pub fn from_number(number: u16) -> Option<Self> {
        (1..=Self::MAX).contains(&number).then_some(Self(number))
    }

    /// Returns the number behind [`Self::from_number`].
    #[must_use]
    pub fn number(self) -> u16 {
        self.0
    }
}

/// Gives out the lowest free [`CharIndex`] first.
#[derive(Debug, Default)]
pub struct CharIndexPool {
    /// Given out at least once: 1..=highest.
    highest: u16,
    free: std::collections::BinaryHeap<std::cmp::Reverse<u16>>,
}

impl CharIndexPool {
    /// Returns the lowest free index, or `None` when all 32,767 are in use.
    pub fn take(&mut self) -> Option<CharIndex> {
        if let Some(std::cmp::Reverse(number)) = self.free.pop() {
            return Some(CharIndex(number));
        }
        if self.highest == CharIndex::MAX {
            return None;
        }
        self.highest += 1;
        Some(CharIndex(self.highest))
    }

    /// Takes `index` back. It must have come from [`Self::take`] and be given back once.
    pub fn give_back(&mut self, index: CharIndex) {
        debug_assert!(index.0 <= self.highest, "{index:?} was never given out");
        debug_assert!(self.in_use() > 0, "{index:?} was given back twice");
        self.free.push(std::cmp::Reverse(index.0));
    }

    /// Returns the number of indices in use.
    #[must_use]
    pub fn in_use(&self) -> usize {
        usize::from(self.highest) - self.free.len()
    }

    /// Returns the number of indices that can still be taken.
    #[must_use]
    pub fn free(&self) -> usize {
        usize::from(CharIndex::MAX) - self.in_use()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_free_number_comes_first() {
        let mut pool = CharIndexPool::default();
        let taken: Vec<_> = (0..5).filter_map(|_| pool.take()).collect();
        assert_eq!(taken.iter().map(|index| index.wire()).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
        pool.give_back(taken[3]);
        pool.give_back(taken[1]);
        assert_eq!(pool.take(), Some(taken[1]));
        assert_eq!(pool.take(), Some(taken[3]));
        assert_eq!(pool.take().map(CharIndex::wire), Some(6));
        assert_eq!((pool.in_use(), pool.free()), (6, 32_761));
    }

    #[test]
    fn the_pool_ends_at_what_the_client_can_read() {
        let mut pool = CharIndexPool::default();
        let all = std::iter::from_fn(|| pool.take()).inspect(|index| assert!(index.wire() > 0)).count();
        assert_eq!(all, 32_767);
        assert_eq!(pool.take(), None);
    }
}
