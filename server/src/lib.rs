//! PyAO server: an Argentum Online server for the Godot client.
//!
//! One process, one thread that owns the world, helper threads that are allowed to wait.
//! Read the modules in this order; each opens with a paragraph of its own:
//!
//! 1. [`protocol`]: the wire. Bytes to packets and back; no I/O, no game knowledge.
//! 2. [`content`]: static data, immutable once loaded: maps, objects, NPCs, spells; AO's own file formats.
//! 3. [`world`]: what is where, and who sees whom: characters, areas, floor objects, clock, random numbers.
//! 4. [`game`]: the rules, a file a system; `game::dispatch` maps a packet to its system.
//! 5. [`store`]: durable state behind `trait Store`, and the worker thread that may wait for it.
//! 6. [`crypto`]: password hashing on threads of its own.
//! 7. [`net`]: sockets; the only module that knows mio.
//! 8. [`ops`]: what operators look at: counters, health, metrics.
//! 9. [`settings`]: every setting of an operator, a row each. [`config`]: the layers that give them their values.
//!    [`logging`]: lines to standard error; [`memory`]: a parameter of the allocator.
//! 10. [`start`]: builds all of that in order and runs it.
//!
//! **A packet's day.** `net` reads a socket into the connection's buffer; `protocol::client` decodes as many
//! whole packets as are there; `game` changes the world; rules write server packets into the outbox, once
//! encoded, appended to each viewer's buffer; at the end of the loop's turn `net` flushes every dirty
//! connection, whole packets only.
//!
//! **A fact's day.** A rule needs something durable and emits a [`store::Request`]; the store worker batches
//! what is waiting; the [`store::Reply`] wakes the loop and `game` goes on with it.
//!
//! `protocol`, `content`, `world` and `game` never touch a socket, a thread, the environment, the system clock
//! or a global random generator: time comes in as milliseconds, randomness from a seeded generator. The same
//! seed and the same inputs give the same bytes out.

pub mod config;
pub mod content;
pub mod crypto;
pub mod game;
pub mod logging;
pub mod memory;
pub mod net;
pub mod ops;
pub mod protocol;
pub mod settings;
pub mod start;
pub mod store;
pub mod world;
