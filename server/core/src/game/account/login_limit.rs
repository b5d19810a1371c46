//! Limit of the logins and creations that one address may try.

use crate::base::Millis;
use crate::base::address::counted_as;
use crate::base::token_bucket::TokenBucket;
use core::net::IpAddr;
use std::collections::BTreeMap;

/// Addresses remembered before those that have been quiet are forgotten.
const SWEEP_ABOVE: usize = 1_024;

/// Attempts by address: so many at once, and so many a minute.
#[derive(Debug)]
pub struct LoginLimit {
    per_minute: u32,
    attempts: BTreeMap<IpAddr, TokenBucket>,
    /// Size at which quiet addresses are looked for next, so that a sweep is paid by the entries since the last.
    sweep_at: usize,
}

impl LoginLimit {
    /// Allows `per_minute` attempts; 0 = no limit.
    #[must_use]
    pub fn new(per_minute: u32) -> Self {
        Self { per_minute, attempts: BTreeMap::new(), sweep_at: SWEEP_ABOVE }
    }

    /// Counts an attempt of `address` and returns true if it may be made now.
    pub fn allows(&mut self, address: IpAddr, now: Millis) -> bool {
        if self.per_minute == 0 {
            return true;
        }
        if self.attempts.len() >= self.sweep_at {
            self.attempts.retain(|_, bucket| !bucket.is_full(now));
            self.sweep_at = (self.attempts.len() * 2).max(SWEEP_ABOVE);
        }
        let interval = 60_000 / Millis::from(self.per_minute);
        let fresh = || TokenBucket::every(interval.max(1), self.per_minute, now);
        self.attempts.entry(counted_as(address)).or_insert_with(fresh).take(now)
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
    fn an_address_over_its_limit_waits_and_others_do_not() {
        let mut limit = LoginLimit::new(20);
        assert_eq!((0..30).filter(|_| limit.allows(address(1), 0)).count(), 20);
        assert!(limit.allows(address(2), 0));
        assert!(!limit.allows(address(1), 2_999));
        assert!(limit.allows(address(1), 3_000));
    }

    #[test]
    fn all_addresses_of_an_ipv6_host_are_one() {
        let mut limit = LoginLimit::new(1);
        let mut allows = |address: &str| limit.allows(address.parse().unwrap(), 0);
        assert!(allows("2001:db8:1:2::1"));
        assert!(!allows("2001:db8:1:2:ffff::9"));
        assert!(allows("2001:db8:1:3::1"));
        assert!(allows("192.0.2.1"));
        assert!(!allows("::ffff:192.0.2.1"), "the same address in the other spelling");
    }

    #[test]
    fn quiet_addresses_are_forgotten() {
        let mut limit = LoginLimit::new(5);
        for number in 0..100_000 {
            limit.allows(address(number), Millis::from(number) * 100);
        }
        assert!(limit.attempts.len() <= 2 * SWEEP_ABOVE, "{} remembered", limit.attempts.len());
    }

    #[test]
    fn zero_is_no_limit() {
        let mut limit = LoginLimit::new(0);
        assert!((0..1_000).all(|_| limit.allows(address(1), 0)));
    }
}
