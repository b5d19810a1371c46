//! Rules: pure functions of numbers and randomness, each with its formula and its origin.
//!
//! A rule knows no player, no packet and no text. It takes numbers, records or templates and returns numbers or a small
//! enum; a roll comes from the [`Random`](crate::base::random::Random) that it is given. Fractions are those of whole
//! numbers ([`rounding`]), so that every machine rounds alike. Times are milliseconds; a tick is 40 of them.

pub mod attributes;
pub mod class_modifiers;
pub mod damage;
pub mod death_drops;
pub mod dice;
pub mod equip;
pub mod experience;
pub mod hit;
pub mod intervals;
pub mod kinds;
pub mod levels;
pub mod loot;
pub mod magic;
pub mod meditation;
pub mod permission;
pub mod potions;
pub mod prices;
pub mod regeneration;
pub mod reputation;
pub mod rounding;
pub mod skills;
pub mod specials;
pub(super) mod starting_character;

/// Milliseconds of a tick, the unit of most durations in AO 0.13.
pub const TICK: crate::base::Millis = 40;
