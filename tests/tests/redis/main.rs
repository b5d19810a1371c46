//! End to end on a real `redis-server`: the real binary, real clients, and `redis-cli` as an operator types it.
//!
//! Every test starts a Redis of its own, and does what it says it does: it kills, stops, empties or fills that Redis
//! while players walk. Without an installed Redis the tests say so and pass.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod characters;
mod connections;
mod crowd;
mod emptied;
mod emptied_and_closed;
mod faults;
mod live_settings;
mod sessions;
mod several_servers;
mod start;
mod support;
