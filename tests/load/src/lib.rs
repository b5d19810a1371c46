//! The load program: many bots on real sockets, each with a strict client, on one thread.
//!
//! It answers two questions about a server under load: is what every client shows true, and what does it cost? The
//! cost is compared with a relay that only copies bytes ([`relay`]).
//!
//! Read in this order: [`options`]: the settings of a run; [`run`]: a run from start to end; [`stage`] and [`crowd`]:
//! the bots' sockets, the pictures of their clients and their counts; [`arrivals`]: logins and creations; [`players`]:
//! the actions of bots; [`places`], [`distances`] and [`walker`]: their ways; [`hostile`]: attackers; [`phase`]: the
//! measurements; [`truth`]: the picture that clients should have; [`baseline`]: the same load on the relay; [`redis`]
//! and [`compare`]: requests to Redis and their cost; [`figures`] and [`report`]: the outcome. [`fleet`], [`schedule`],
//! [`histogram`], [`meter`] and [`server_metrics`] are tools.

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
/// Time without any packet after which everything has arrived.
const QUIET: Duration = Duration::from_millis(300);
/// Timeout of that wait.
const QUIET_PATIENCE: Duration = Duration::from_secs(10);
/// Timeout for events that must happen, on a machine that is busy with other work.
const PATIENCE: Duration = Duration::from_secs(60);
