//! The game of an Argentum Online server, without I/O.
//!
//! Time comes in as milliseconds, randomness from a seeded generator, packets and answers of the store as plain values;
//! bytes for clients and requests come out. The same seed and the same inputs give the same bytes. Read the modules in
//! this order; each opens with a paragraph of its own:
//!
//! 1. [`base`]: the ground of every other module: keys with a generation, time, seeded randomness, reasons of an end.
//! 2. [`protocol`]: the wire. Bytes to packets and back; no game knowledge.
//! 3. [`content`]: static data, immutable once loaded: maps, objects, NPCs, spells; AO's own file formats.
//! 4. [`world`]: places and sight: characters, areas, floor objects; no packets and no rules.
//! 5. [`records`] and [`passwords`]: the plain values that a store keeps and that the game asks others for.
//! 6. [`settings`]: the settings of an operator, a row each.
//! 7. [`game`]: the rules, in folders by subject. `game::dispatch` maps a packet to its system.
//!
//! Four kinds of file stand in [`game`]. A *rule* is a pure function of numbers and randomness (`game/rules/`). A *table*
//! keeps state and its invariants (`game/player/table.rs`, `game/npc/table.rs`). A *system* checks, rolls, applies and
//! tells; its entry is a packet or a timer (`game/movement/walk.rs`). A *teller* sends a player numbers
//! (`game/player/tell.rs`).
//!
//! In debug builds the game checks its invariants as it goes: see `game/invariants.rs`.

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
