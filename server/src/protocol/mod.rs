//! The wire: bytes to packets and back.
pub mod client;
pub mod gm;
pub mod outbox;
pub mod server;
pub mod text;
pub mod wire;
