//! A table whose keys carry a generation.

use slab::Slab;

/// Values by slot, each with the generation of its slot. A slot is reused, its generation is not.
#[derive(Debug)]
pub struct Slots<T> {
    values: Slab<Value<T>>,
    /// By slot: the generation of its next value.
    generations: Vec<u32>,
}

#[derive(Debug)]
struct Value<T> {
    generation: u32,
    value: T,
}

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Self { values: Slab::new(), generations: Vec::new() }
    }
}

impl<T> Slots<T> {
    /// Returns slot and generation of the next value inserted.
    #[must_use]
    pub fn next(&self) -> (u32, u32) {
        let slot = self.values.vacant_key();
        (number(slot), self.generations.get(slot).copied().unwrap_or(0))
    }

    /// Inserts a value and returns its slot and generation.
    pub fn insert(&mut self, value: T) -> (u32, u32) {
        let (slot, generation) = self.next();
        let taken = self.values.insert(Value { generation, value });
        debug_assert_eq!(number(taken), slot, "another slot than announced");
        (slot, generation)
    }

    /// Returns the value of that slot, if it is of that generation.
    #[must_use]
    #[inline]
    pub fn get(&self, slot: u32, generation: u32) -> Option<&T> {
        match self.values.get(slot as usize) {
            Some(value) if value.generation == generation => Some(&value.value),
            _ => None,
        }
    }

    /// Returns the value for changes, as [`Self::get`] does for reading.
    #[inline]
    pub fn get_mut(&mut self, slot: u32, generation: u32) -> Option<&mut T> {
        match self.values.get_mut(slot as usize) {
            Some(value) if value.generation == generation => Some(&mut value.value),
            _ => None,
        }
    }

    /// Takes a value out. Its slot's next value has another generation.
    pub fn remove(&mut self, slot: u32, generation: u32) -> Option<T> {
        self.get(slot, generation)?;
        let value = self.values.try_remove(slot as usize)?;
        let slot = slot as usize;
        if self.generations.len() <= slot {
            self.generations.resize(slot + 1, 0);
        }
        debug_assert_eq!(self.generations[slot], generation, "a generation was given out twice");
        self.generations[slot] = generation.wrapping_add(1);
        Some(value.value)
    }

    /// Iterates over all values with slot and generation, by slot.
    pub fn iter(&self) -> impl Iterator<Item = ((u32, u32), &T)> {
        self.values.iter().map(|(slot, value)| ((number(slot), value.generation), &value.value))
    }

    /// Returns the number of values.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Returns true if there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }
}

/// Slots are fewer than 2^32: memory ends before.
fn number(slot: usize) -> u32 {
    u32::try_from(slot).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_was_kept_too_long_finds_nothing_in_its_slot() {
        let mut slots = Slots::default();
        let (slot, generation) = slots.insert("first");
        assert_eq!(slots.remove(slot, generation), Some("first"));
        assert_eq!(slots.get(slot, generation), None);
        assert_eq!(slots.remove(slot, generation), None);
        let announced = slots.next();
        let (again, next) = slots.insert("second");
        assert_eq!((again, next), announced);
        assert_eq!((again, next), (slot, generation + 1), "the slot is reused, its generation is not");
        assert_eq!(slots.get(slot, generation), None);
        assert_eq!(slots.get_mut(slot, generation), None);
        assert_eq!(slots.get(again, next), Some(&"second"));
        assert_eq!(slots.iter().collect::<Vec<_>>(), [((again, next), &"second")]);
        assert_eq!((slots.len(), slots.is_empty()), (1, false));
    }
}
