//! Characters without a player: which have stood longest, in the world and of each address.

use crate::base::address::counted_as;
use crate::base::ids::PlayerKey;
use core::net::IpAddr;
use std::collections::BTreeMap;

/// Absent characters in the order in which their connections were lost.
#[derive(Debug, Default)]
pub struct Absent {
    /// Number of all ever added: the age of the next one.
    added: u64,
    /// By age, the oldest first.
    by_age: BTreeMap<u64, PlayerKey>,
    /// Age and address of each.
    by_key: BTreeMap<PlayerKey, (u64, IpAddr)>,
    /// Those of each address, as limits count it, by age.
    by_address: BTreeMap<IpAddr, BTreeMap<u64, PlayerKey>>,
}

impl Absent {
    /// Adds a character whose connection came from `address`, as the youngest.
    pub fn add(&mut self, key: PlayerKey, address: IpAddr) {
        self.remove(key);
        let (age, address) = (self.added, counted_as(address));
        self.added += 1;
        self.by_age.insert(age, key);
        self.by_key.insert(key, (age, address));
        self.by_address.entry(address).or_default().insert(age, key);
        debug_assert_eq!(self.by_age.len(), self.by_key.len(), "a character is absent twice");
    }

    /// Removes a character, if it is there.
    pub fn remove(&mut self, key: PlayerKey) {
        let Some((age, address)) = self.by_key.remove(&key) else { return };
        let listed = self.by_age.remove(&age);
        debug_assert_eq!(listed, Some(key), "another character of that age");
        if let Some(neighbours) = self.by_address.get_mut(&address) {
            neighbours.remove(&age);
            if neighbours.is_empty() {
                self.by_address.remove(&address);
            }
        }
    }

    /// Returns true if that character is among them.
    #[must_use]
    pub fn contains(&self, key: PlayerKey) -> bool {
        self.by_key.contains_key(&key)
    }

    /// Returns the character that has been absent longest.
    #[must_use]
    pub fn oldest(&self) -> Option<PlayerKey> {
        self.by_age.first_key_value().map(|(_, key)| *key)
    }

    /// Returns the oldest of the address that the character `key` came from, if that address has more than `limit`.
    #[must_use]
    pub fn oldest_beside(&self, key: PlayerKey, limit: usize) -> Option<PlayerKey> {
        let (_, address) = self.by_key.get(&key)?;
        let neighbours = self.by_address.get(address).filter(|neighbours| neighbours.len() > limit)?;
        neighbours.first_key_value().map(|(_, key)| *key)
    }

    /// Iterates over all of them, the oldest first.
    pub fn keys(&self) -> impl Iterator<Item = PlayerKey> + '_ {
        self.by_age.values().copied()
    }

    /// Returns the number of them.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_age.len()
    }

    /// Returns true if there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_age.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::net::Ipv4Addr;

    fn key(slot: u32) -> PlayerKey {
        PlayerKey { slot, generation: 0 }
    }

    fn address(number: u32) -> IpAddr {
        IpAddr::V4(Ipv4Addr::from_bits(number))
    }

    #[test]
    fn the_oldest_comes_first_in_the_world_and_at_its_address() {
        let mut absent = Absent::default();
        for (slot, from) in [(5, 1), (3, 2), (9, 1), (1, 1)] {
            absent.add(key(slot), address(from));
        }
        assert_eq!((absent.len(), absent.oldest()), (4, Some(key(5))));
        assert_eq!(absent.oldest_beside(key(1), 2), Some(key(5)));
        assert_eq!(absent.oldest_beside(key(3), 1), None, "its address has one");
        absent.remove(key(5));
        assert_eq!((absent.oldest(), absent.oldest_beside(key(1), 2)), (Some(key(3)), None));
        assert!(absent.keys().eq([3, 9, 1].map(key)));
    }

    #[test]
    fn one_that_came_back_and_left_again_is_the_youngest() {
        let mut absent = Absent::default();
        absent.add(key(1), address(1));
        absent.add(key(2), address(1));
        absent.add(key(1), address(2));
        assert_eq!((absent.len(), absent.oldest()), (2, Some(key(2))));
        assert_eq!(absent.oldest_beside(key(2), 1), None, "its former address has one left");
        absent.remove(key(1));
        absent.remove(key(2));
        absent.remove(key(2));
        assert!(absent.is_empty() && absent.by_address.is_empty() && absent.by_key.is_empty());
    }
}
