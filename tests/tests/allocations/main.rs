//! What the server allocates: nothing for a step, little for a save, and a bounded amount for each connection.
//!
//! * `counting`: the allocator that tells.
//! * `game`: the game by itself, on one thread.
//! * `server`: the whole server with real sockets.

mod counting;
mod game;
mod server;
