//! A table whose rows are found by a number of the content.

use std::marker::PhantomData;

/// Values that are found by a small number, with gaps. The type of the number is that of no other table.
#[derive(Debug, Clone)]
pub struct Table<Id, T> {
    slots: Vec<Option<T>>,
    id: PhantomData<Id>,
}

impl<Id, T> Default for Table<Id, T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<Id, T> Table<Id, T> {
    /// Creates an empty table.
    #[must_use]
    pub const fn new() -> Self {
        Self { slots: Vec::new(), id: PhantomData }
    }

    /// Iterates over the values in the order of their numbers.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.slots.iter().flatten()
    }

    /// Returns the number of values.
    #[must_use]
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// Returns true if there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Returns the highest number in use, 0 in an empty table.
    #[must_use]
    pub fn last_number(&self) -> usize {
        self.slots.len().saturating_sub(1)
    }
}

impl<Id: Into<u16>, T> Table<Id, T> {
    /// Puts `value` under `id`, unless there is one already: the first of two wins.
    pub fn insert(&mut self, id: Id, value: T) {
        let index = usize::from(id.into());
        if self.slots.len() <= index {
            self.slots.resize_with(index + 1, || None);
        }
        if let Some(slot) = self.slots.get_mut(index) {
            slot.get_or_insert(value);
        }
    }

    /// Returns the value of that number.
    #[must_use]
    #[inline]
    pub fn get(&self, id: Id) -> Option<&T> {
        self.slots.get(usize::from(id.into())).and_then(Option::as_ref)
    }

    /// Returns the value of that number, to be changed.
    #[inline]
    pub fn get_mut(&mut self, id: Id) -> Option<&mut T> {
        self.slots.get_mut(usize::from(id.into())).and_then(Option::as_mut)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::ids::ObjectId;

    #[test]
    fn values_are_found_by_number_and_the_first_of_two_wins() {
        let mut table = Table::new();
        let id = ObjectId::new;
        assert!(table.is_empty());
        table.insert(id(3), "three");
        table.insert(id(1), "one");
        table.insert(id(3), "another");
        assert_eq!(table.get(id(3)), Some(&"three"));
        assert_eq!(table.get(id(2)), None);
        assert_eq!(table.get(id(9)), None);
        assert_eq!(table.iter().copied().collect::<Vec<_>>(), ["one", "three"]);
        assert_eq!((table.len(), table.last_number(), table.is_empty()), (2, 3, false));
    }
}
