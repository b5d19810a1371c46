//! Connections: their stages, their way into the world and out of it, and characters that stay without one.

pub mod absent;
pub(super) mod connections;
pub(super) mod enter;
pub(super) mod event_log;
pub(super) mod leave;
pub(super) mod lobby;
