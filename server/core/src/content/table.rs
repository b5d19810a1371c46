//! Records by number.

/// Records that are found by a small number, with gaps.
#[derive(Debug, Clone)]
pub(super) struct Table<T> {
    slots: Vec<Option<T>>,
}

impl<T> Table<T> {
    pub(super) const fn new() -> Self {
        Self { slots: Vec::new() }
    }

    /// Puts `record` under `number`, unless there is one already: the first of two wins.
    pub(super) fn insert(&mut self, number: u16, record: T) {
        let index = usize::from(number);
        if self.slots.len() <= index {
            self.slots.resize_with(index + 1, || None);
        }
        if let Some(slot) = self.slots.get_mut(index) {
            slot.get_or_insert(record);
        }
    }

    pub(super) fn get(&self, number: u16) -> Option<&T> {
        self.slots.get(usize::from(number)).and_then(Option::as_ref)
    }

    /// The records in the order of their numbers.
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.slots.iter().flatten()
    }

    pub(super) fn len(&self) -> usize {
        self.iter().count()
    }

    /// The highest number in use, 0 in an empty table.
    pub(super) fn last_number(&self) -> usize {
        self.slots.len().saturating_sub(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_found_by_number_and_the_first_of_two_wins() {
        let mut table = Table::new();
        table.insert(3, "three");
        table.insert(1, "one");
        table.insert(3, "another");
        assert_eq!(table.get(3), Some(&"three"));
        assert_eq!(table.get(2), None);
        assert_eq!(table.get(9), None);
        assert_eq!(table.iter().copied().collect::<Vec<_>>(), ["one", "three"]);
        assert_eq!((table.len(), table.last_number()), (2, 3));
    }
}
