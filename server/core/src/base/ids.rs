//! Keys: numbers that name a connection, a player or an NPC for as long as it is there. Numbers of the content's records.
//!
//! Tables reuse their slots. So a key carries a generation, and each use of a slot has one of its own: a key that was
//! kept too long names nobody, never the next one in its slot.

use serde::{Deserialize, Serialize};

/// Defines a key of a slot and a generation.
macro_rules! keys {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name {
            /// Slot in its table.
            pub slot: u32,
            /// Use of the slot; the slot's next use has another one.
            pub generation: u32,
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(formatter, "{}.{}", self.slot, self.generation)
            }
        }
    )*};
}

keys! {
    /// A connection for as long as it lives.
    ConnectionId
    /// A player for as long as it is in the world.
    PlayerKey
    /// An NPC for as long as it is in the world.
    NpcKey
}

/// Defines the number of a record of the content.
macro_rules! numbers {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(u16);

        impl $name {
            /// The number 0, which no record has: a reference that leads nowhere, or an empty slot.
            pub const NONE: Self = Self(0);

            /// Creates the number from a plain one, as files, stores and packets have it.
            #[must_use]
            pub const fn new(number: u16) -> Self {
                Self(number)
            }

            /// Returns the plain number.
            #[must_use]
            pub const fn get(self) -> u16 {
                self.0
            }
        }

        impl From<u16> for $name {
            fn from(number: u16) -> Self {
                Self(number)
            }
        }

        impl From<$name> for u16 {
            fn from(number: $name) -> Self {
                number.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(formatter)
            }
        }
    )*};
}

numbers! {
    /// Number of a map, from 1.
    MapId
    /// Number of an object's template, from 1.
    ObjectId
    /// Number of an NPC's template, from 1.
    NpcTemplateId
    /// Number of a spell's template, from 1.
    SpellId
}

/// Number that pairs a request with its answer: of the store, or of the threads that hash passwords. The game draws
/// them in turn; others only hand them back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Ticket(pub u64);

impl std::fmt::Display for Ticket {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(formatter)
    }
}
