//! The ground that every other module of the core stands on: keys, tables, time, random numbers, rates, reasons of an end.

pub mod address;
pub mod close_reason;
pub mod ids;
pub mod line_limit;
pub mod random;
pub mod slots;
pub mod table;
pub mod token_bucket;

/// Milliseconds since the server started; never goes back.
pub type Millis = u64;
