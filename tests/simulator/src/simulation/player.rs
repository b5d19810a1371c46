//! One simulated player: its name and address, and its knowledge of its own account.

use core::net::{IpAddr, Ipv4Addr};
use pyao_core::protocol::outbox::ConnectionId;

/// Existence of a player's character, as far as its player was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existence {
    /// It was never created, or the store was emptied.
    No,
    /// A creation was sent and never answered, or answered with a failure of the store.
    Maybe,
    /// The player was let in.
    Yes,
}

/// See the module.
pub struct SimulatedPlayer {
    /// Its name.
    pub name: String,
    /// Address that it connects from; some share one.
    pub address: IpAddr,
    /// The passwords that may be right; one alone is right for sure. The first is tried next.
    pub passwords: Vec<String>,
    /// Logins refused for their password, in a row.
    pub wrong_in_a_row: usize,
    /// Existence of its character.
    pub existence: Existence,
    /// The connection it plays on. Older ones may still be there.
    pub client: Option<ConnectionId>,
}

impl SimulatedPlayer {
    /// Creates player number `number`, who has never been here.
    #[must_use]
    pub fn new(number: usize) -> Self {
        let letter = |n: usize| char::from(b'a' + u8::try_from(n % 26).unwrap_or(0));
        let host = u8::try_from(number / 3 % 250).unwrap_or(0) + 1;
        Self {
            name: format!("Bot x{}{}", letter(number / 26), letter(number)),
            address: Ipv4Addr::new(10, 0, 0, host).into(),
            passwords: vec![format!("secret{number}")],
            wrong_in_a_row: 0,
            existence: Existence::No,
            client: None,
        }
    }

    /// Takes the refusal of a login with `password`; `was_sure` is true if it alone could be right at the time of
    /// sending. Returns true if that cannot be: some password is right.
    pub fn was_refused(&mut self, password: &str, was_sure: bool) -> bool {
        if !self.passwords.iter().any(|possible| possible == password) {
            // Changed since.
            return false;
        }
        self.wrong_in_a_row += 1;
        self.passwords.rotate_left(1);
        // With several that may be right, the right one may change between two tries.
        was_sure || self.wrong_in_a_row > self.passwords.len() * 3
    }
}
