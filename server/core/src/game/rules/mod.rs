//! Rules: pure functions of numbers and randomness, each with its formula and its origin.

pub mod dice;
pub mod kinds;
pub(super) mod reputation;
pub(super) mod skills;
pub(super) mod starting_character;
