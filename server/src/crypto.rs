//! Password hashing on threads of its own.
#[derive(Debug)]
pub enum Job { Hash { ticket: u64, password: String }, Verify { ticket: u64, password: String, hash: Option<String> } }
#[derive(Debug)]
pub enum Reply { Hashed { ticket: u64, hash: Result<String, HashError> }, Verified { ticket: u64, matches: bool, rehash: bool } }
#[derive(Debug, thiserror::Error)]
#[error("x")]
pub struct HashError;
