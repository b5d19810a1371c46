//! Functions that the fuzzers run. `cargo fuzz` calls them with bytes of its own making, and the suite `corpus` with
//! the bytes that it kept, so a fault that was found once is looked for in every run of the tests.
//!
//! * [`decode`]: the codec alone, from both sides of the wire.
//! * [`core`]: bytes of a hostile client, before its login and in play, against the whole game without its sockets.
//!
//! A function that returns has found no fault; a fault panics, as `cargo fuzz` wants it.

pub mod core;
pub mod decode;
mod stage;

/// A fuzz target: one input, checked.
pub type Target = fn(&[u8]);

/// Every target by name, which is also the name of its corpus and of its file in `fuzz/fuzz_targets`.
pub const TARGETS: [(&str, Target); 4] = [
    ("decode_client", decode::client),
    ("decode_server", decode::server),
    ("stranger", core::stranger),
    ("player", core::player),
];
