//! Limit of the characters that one address may create in a day.

use crate::base::address::counted_as;
use core::net::IpAddr;
use std::collections::BTreeMap;

/// Creations of the current day by address.
#[derive(Debug, Default)]
pub struct CreationLimit {
    /// Days since 1970 (UTC).
    day: u64,
    /// Entries live until the day ends. Each stands for a character that was created, or was about to be.
    created: BTreeMap<IpAddr, u32>,
}

impl CreationLimit {
    /// Counts a creation of `address` on `day` and returns true, unless it has had `per_day` already; 0 = no limit.
    pub fn allows(&mut self, address: IpAddr, per_day: u32, day: u64) -> bool {
        if self.day != day {
            self.day = day;
            self.created.clear();
        }
        if per_day == 0 {
            return true;
        }
        let created = self.created.entry(counted_as(address)).or_insert(0);
        let allowed = *created < per_day;
        *created += u32::from(allowed);
        allowed
    }

    /// Takes a counted creation of `address` back, which came to nothing.
    pub fn take_back(&mut self, address: IpAddr) {
        if let Some(created) = self.created.get_mut(&counted_as(address)) {
            *created = created.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::net::Ipv4Addr;

    fn address(number: u32) -> IpAddr {
        IpAddr::V4(Ipv4Addr::from_bits(number))
    }

    #[test]
    fn an_address_creates_so_many_a_day_and_others_as_many() {
        let mut limit = CreationLimit::default();
        assert_eq!((0..30).filter(|_| limit.allows(address(1), 20, 7)).count(), 20);
        assert!(limit.allows(address(2), 20, 7));
        assert!(limit.allows(address(1), 21, 7), "a raised limit counts at once");
        assert!(limit.allows(address(1), 20, 8), "the next day");
        assert_eq!(limit.created.len(), 1, "the day before is forgotten");
    }

    #[test]
    fn a_creation_that_came_to_nothing_does_not_count() {
        let mut limit = CreationLimit::default();
        assert!(limit.allows(address(1), 1, 7));
        limit.take_back(address(1));
        limit.take_back(address(1));
        assert!(limit.allows(address(1), 1, 7));
        assert!(!limit.allows(address(1), 1, 7));
    }

    #[test]
    fn zero_is_no_limit() {
        let mut limit = CreationLimit::default();
        assert!((0..1_000).all(|_| limit.allows(address(1), 0, 7)));
        assert!(limit.created.is_empty());
    }
}
