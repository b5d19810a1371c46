//! The load program: many bots on real sockets, each with a strict client, on one thread.
//!
//! It answers two questions about a server under load: is what every client shows true, and what does it cost? The
//! cost is compared with a relay that only copies bytes ([`relay`]).
//!
//! Read in this order: [`options`]: what a run is told; [`run`]: a run from start to end; [`stage`] and [`crowd`]: the
//! bots' sockets, what their clients believe and have counted; [`arrivals`]: how they come in; [`players`]: what they do;
//! [`places`], [`distances`] and [`walker`]: where they go; [`hostile`]: who attacks meanwhile; [`phase`]: what is
//! measured; [`truth`]: what clients should believe; [`baseline`]: the same load on the relay; [`redis`] and [`compare`]:
//! what Redis is asked and costs; [`figures`] and [`report`]: the outcome. [`fleet`], [`schedule`], [`histogram`],
//! [`meter`] and [`server_metrics`] are tools.

pub mod arrivals;
pub mod baseline;
pub mod compare;
pub mod crowd;
pub mod distances;
pub mod figures;
pub mod fleet;
pub mod histogram;
pub mod hostile;
pub mod meter;
pub mod options;
pub mod phase;
pub mod places;
pub mod players;
pub mod redis;
pub mod relay;
pub mod report;
pub mod run;
pub mod schedule;
pub mod server_metrics;
pub mod stage;
mod table;
pub mod truth;
pub mod walker;

use std::time::Duration;

pub use options::{Options, Scenario};
pub use report::Report;

/// One step of each bot in this time: four a second, a little faster than the real client's 266.7 ms.
pub const PACE: Duration = Duration::from_millis(250);
/// Nobody said anything for this long: everything has arrived.
const QUIET: Duration = Duration::from_millis(300);
/// How long to wait for that.
const QUIET_PATIENCE: Duration = Duration::from_secs(10);
/// How long to wait for what must happen, on a machine that is busy with other things.
const PATIENCE: Duration = Duration::from_secs(60);
