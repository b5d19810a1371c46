//! Bot client, end-to-end suites, simulator and benches of the PyAO server.
//!
//! * [`shadow`]: the picture of a Godot client, built only from the bytes it received. No I/O: the simulator uses it
//!   too.
//! * [`bot`]: a client over a real socket that keeps such a picture.
//! * [`frames`]: such a client with a key held down, in the real one's frames.
//! * [`simulation`]: many such clients against the game on one thread, with a virtual clock and one seed.
//! * [`fuzzing`]: the functions that the fuzzers run, and the suite that replays their corpus.
//! * [`driver`]: the game without sockets, and [`workload`]: what benches and instruction counts let it do.
//! * [`process`]: the real server binary, started on a free port with a store of its own.
//! * [`redis_server`]: a real `redis-server` of a suite's own, and `redis-cli` for it.
//! * [`suite`]: helpers of the end-to-end suites.
//! * [`usage`]: processor time and memory of a process.
//!
//! The load program is a crate of its own beside this one: `load/`.

pub mod bot;
pub mod driver;
pub mod frames;
pub mod fuzzing;
pub mod process;
pub mod redis_server;
pub mod shadow;
pub mod simulation;
pub mod suite;
pub mod usage;
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
