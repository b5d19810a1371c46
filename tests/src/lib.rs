//! Bot client, end-to-end suites, simulator and benches of the PyAO server.
//!
//! * [`shadow`]: what a Godot client believes, built only from the bytes it got. No I/O: the simulator uses it too.
//! * [`bot`]: a client over a real socket that keeps such a picture.
//! * [`frames`]: such a client with a key held down, in the real one's frames.
//! * [`simulation`]: many such clients against the game on one thread, with a virtual clock and one seed.
//! * [`fuzzing`]: what the fuzzers run, and the suite that replays their corpus.
//! * [`driver`]: the game without sockets, and [`workload`]: what benches and instruction counts let it do.
//! * [`process`]: the real server binary, started on a free port with a store of its own.
//! * [`redis_server`]: a real `redis-server` of a suite's own, and `redis-cli` for it.
//! * [`suite`]: what the end-to-end suites share.
//! * [`load`]: many such clients on that server at once, what they should believe, and what it costs.
//! * [`relay`]: the least that a server can do, for that cost to be compared with.

pub mod bot;
pub mod driver;
pub mod frames;
pub mod fuzzing;
pub mod load;
pub mod process;
pub mod redis_server;
pub mod relay;
pub mod shadow;
pub mod simulation;
pub mod suite;
pub mod workload;

use std::path::PathBuf;

/// Returns the full Argentum Online data, for suites that need it: `PYAO_TEST_DATA`, or `../shared/ao-data` beside the
/// workspace. Suites that get `None` print `skipped: ...` and return.
#[must_use]
pub fn ao_data() -> Option<PathBuf> {
    let beside = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/ao-data"));
    let path = std::env::var_os("PYAO_TEST_DATA").map_or_else(beside, PathBuf::from);
    path.is_dir().then_some(path)
}
