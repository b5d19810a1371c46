//! Allocations of the server: none for a step, few for a save, and a bounded number for each connection.
//!
//! * `counting`: the allocator that counts.
//! * `game`: the game by itself, on one thread.
//! * `server`: the whole server with real sockets.

mod counting;
mod game;
mod server;
