//! Wrong passwords by account, so that guessing one takes ever longer.
//!
//! The right password is delayed like the wrong ones and then accepted: nobody can lock somebody else out.

use crate::base::Millis;
use std::collections::BTreeMap;

/// Wrong passwords of an account after which its next answer is delayed.
const FREE: u32 = 5;
/// The first delay; each further wrong password doubles it.
const DELAY_FIRST_MS: Millis = 500;
/// The longest delay.
const DELAY_MAX_MS: Millis = 5_000;
/// Time without a wrong password after which an account's are forgotten.
const FORGET_MS: Millis = 15 * 60_000;
/// Most accounts remembered.
const ACCOUNTS_MAX: usize = 4_096;

/// See the module.
#[derive(Debug, Default)]
pub struct WrongPasswords {
    /// Number in a row, and time of the last; by name, also of accounts that do not exist, so that a delay tells
    /// nothing.
    by_name: BTreeMap<String, (u32, Millis)>,
}

impl WrongPasswords {
    /// Returns the delay of the next answer of the account `name`.
    #[must_use]
    pub fn delay(&self, name: &str, now: Millis) -> Millis {
        let recent = self.by_name.get(name).filter(|(_, last)| now - last < FORGET_MS);
        match recent.and_then(|(count, _)| count.checked_sub(FREE)) {
            Some(beyond) => (DELAY_FIRST_MS << beyond.min(16)).min(DELAY_MAX_MS),
            None => 0,
        }
    }

    /// Counts a wrong password.
    pub fn wrong(&mut self, name: &str, now: Millis) {
        if !self.by_name.contains_key(name) && self.by_name.len() >= ACCOUNTS_MAX {
            self.make_room(now);
        }
        let (count, last) = self.by_name.entry(name.to_owned()).or_insert((0, now));
        *count = if now - *last < FORGET_MS { count.saturating_add(1) } else { 1 };
        *last = now;
    }

    /// Forgets the wrong passwords of an account whose right one came.
    pub fn right(&mut self, name: &str) {
        self.by_name.remove(name);
    }

    /// Forgets what is old, or else the account with the fewest wrong passwords: a flood of invented names must not
    /// wipe out the count of the one that is guessed at.
    fn make_room(&mut self, now: Millis) {
        self.by_name.retain(|_, (_, last)| now - *last < FORGET_MS);
        if self.by_name.len() >= ACCOUNTS_MAX {
            let least = self.by_name.iter().min_by_key(|(_, entry)| **entry).map(|(name, _)| name.clone());
            least.and_then(|name| self.by_name.remove(&name));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sixth_password_waits_and_further_ones_longer_up_to_five_seconds() {
        let mut wrong = WrongPasswords::default();
        let mut delays = Vec::new();
        for _ in 0..12 {
            delays.push(wrong.delay("ana", 0));
            wrong.wrong("ana", 0);
        }
        assert_eq!(delays, [0, 0, 0, 0, 0, 500, 1_000, 2_000, 4_000, 5_000, 5_000, 5_000]);
        assert_eq!(wrong.delay("bea", 0), 0);
        assert_eq!(wrong.delay("ana", FORGET_MS), 0);
        wrong.right("ana");
        assert_eq!(wrong.delay("ana", 0), 0);
    }

    #[test]
    fn the_count_of_a_guessed_account_outlasts_a_flood_of_invented_names() {
        let mut wrong = WrongPasswords::default();
        for _ in 0..20 {
            wrong.wrong("ana", 0);
        }
        for number in 0..20_000 {
            wrong.wrong(&format!("x{number}"), 1);
        }
        assert_eq!(wrong.delay("ana", 1), DELAY_MAX_MS);
        assert!(wrong.by_name.len() <= ACCOUNTS_MAX);
    }
}
