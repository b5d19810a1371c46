//! Bot client, end-to-end suites and benches of the PyAO server.
//!
//! * [`bot`]: a client over a real socket that keeps the picture of a [shadow client](pyao_simulator::shadow).
//! * [`frames`]: such a client with a key held down, in the real one's frames.
//! * [`workload`]: what benches and instruction counts let the game do.
//! * [`process`]: the real server binary, started on a free port with a store of its own.
//! * [`redis_server`]: a real `redis-server` of a suite's own, and `redis-cli` for it.
//! * [`suite`]: helpers of the end-to-end suites.
//! * [`usage`]: processor time and memory of a process.
//!
//! Two crates of their own stand beside this one: the simulator and the fuzzers without sockets, `simulator/`, and the
//! load program, `load/`.

pub mod bot;
pub mod frames;
pub mod process;
pub mod redis_server;
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
