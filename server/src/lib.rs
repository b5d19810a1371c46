//! PyAO server: an Argentum Online server for the Godot client.
//!
//! One process, one thread that owns the world, helper threads that are allowed to wait.
//! The game itself is a crate without I/O, [`pyao_core`]; read its page first. [`pyao_store`] keeps what is durable, in
//! Redis or in one file, and hashes passwords; [`pyao_config`] reads what an operator sets. This crate puts them
//! together. Its modules, in the order to read them:
//!
//! 1. [`net`]: sockets; the only module that knows mio.
//! 2. [`ops`]: what operators look at: counters, health, metrics.
//! 3. [`logging`]: how a server says what it did; [`memory`]: one word to the allocator.
//! 4. [`start`]: builds all of that in order and runs it.
//!
//! **A packet's day.** `net` reads a socket into the connection's buffer; `protocol::client` decodes as many
//! whole packets as are there; `game` changes the world; rules write server packets into the outbox, once
//! encoded, appended to each viewer's buffer; at the end of the loop's turn `net` flushes every dirty
//! connection, whole packets only.
//!
//! **A fact's day.** A rule needs something durable and emits a [`pyao_store::Request`]; the store worker batches
//! what is waiting; the [`pyao_store::Reply`] wakes the loop and `game` goes on with it.

pub mod logging;
pub mod memory;
pub mod net;
pub mod ops;
pub mod start;
