//! What every other module of the core stands on: time, random numbers, rates.

pub mod random;
pub mod token_bucket;
