//! One simulated player: who it is, and what it knows of its own account.

use core::net::{IpAddr, Ipv4Addr};
use pyao_core::protocol::outbox::ConnectionId;

/// Whether a player's character exists, as far as its player was told.
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
    /// Where it connects from; some share an address.
    pub address: IpAddr,
    /// The passwords that may be right; one alone is right for sure. The first is tried next.
    pub passwords: Vec<String>,
    /// Logins refused for their password, in a row.
    pub wrong_in_a_row: usize,
    /// Whether its character exists.
    pub existence: Existence,
    /// The connection it plays on. Older ones may still be there.
    pub client: Option<ConnectionId>,
}

impl SimulatedPlayer {
    /// Player number `number`, who has never been here.
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

    /// A login with `password` was refused; `was_sure` says whether it alone could be right when it was sent. Whether
    /// that cannot be: some password is right.
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
