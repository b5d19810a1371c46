//! Packets on a network: network namespaces of this machine with a link between them.
//!
//! Loopback joins and splits nothing that a network would. On a machine that cannot make namespaces the suite says so
//! and checks nothing.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod distance;
mod meetings;
mod network;
mod slow_reader;
