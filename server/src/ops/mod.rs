//! The view of operators: counters, the Prometheus text and the health report.
//!
//! One thread counts, so a counter is a plain integer: [`metrics::Metrics`] holds them all, [`prometheus`] writes
//! them out when somebody asks, and every name a dashboard may know is spelled in [`table`] alone. [`overload`] decides
//! what is left out when there is more work than time.

pub mod health;
pub mod histogram;
pub mod metrics;
pub mod overload;
pub mod prometheus;
pub mod report;
pub mod table;
