//! Keys: numbers that name a connection, a player or an NPC for as long as it is there.
//!
//! Tables reuse their slots. So a key carries a generation, and each use of a slot has one of its own: a key that was
//! kept too long names nobody, never the next one in its slot.

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

/// Number that pairs a request with its answer: of the store, or of the threads that hash passwords. The game draws
/// them in turn; others only hand them back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Ticket(pub u64);

impl std::fmt::Display for Ticket {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(formatter)
    }
}
