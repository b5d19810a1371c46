//! End to end: the real binary, used over real sockets by clients whose picture comes from packets alone.
//!
//! Every suite starts servers of its own. A suite waits for a condition with a generous limit, never for a time; and at
//! the end of each test no client may have seen a rule of the protocol broken ([`support::check`]).

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod bad_input;
mod connections;
mod data;
mod data_change;
mod encoding;
mod hostile;
mod login_queue;
mod names;
mod overload;
mod packets;
mod play;
mod process;
mod settings;
mod store_files;

use pyao_tests::suite as support;

/// Files that all suites together may have open: two have crowds of thousands, and run beside each other where there
/// are processors enough.
const FILES: u64 = 7_000;
