//! The real `pyao-admin` on real stores: an SQLite file and, where `redis-server` is installed, a Redis of its own.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod accounts;
mod backup;
mod failures;
mod forms;
mod generated;
mod live_server;
mod many;
mod newer;
mod redis;
mod servers;
mod sessions;
mod settings;
mod support;
mod two_servers;
