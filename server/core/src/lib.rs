//! The game of an Argentum Online server, without I/O.
//!
//! Time comes in as milliseconds, randomness from a seeded generator, packets and answers of the store as plain values;
//! bytes for clients and requests come out. The same seed and the same inputs give the same bytes. Read the modules in
//! this order; each opens with a paragraph of its own:
//!
//! 1. [`base`]: what every other module stands on.
//! 2. [`protocol`]: the wire. Bytes to packets and back; no game knowledge.
//! 3. [`content`]: static data, immutable once loaded: maps, objects, NPCs, spells; AO's own file formats.
//! 4. [`world`]: what is where, and who sees whom: characters, areas, floor objects.
//! 5. [`records`] and [`passwords`]: the plain values that a store keeps and that the game asks others for.
//! 6. [`settings`]: the settings of an operator, a row each.
//! 7. [`game`]: the rules, a file a system; `game::dispatch` maps a packet to its system.

pub mod base;
pub mod content;
pub mod game;
pub mod passwords;
pub mod protocol;
pub mod records;
pub mod settings;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod world;
