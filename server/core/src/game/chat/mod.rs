//! Chat: talk, yells and whispers.

pub(super) mod limit;
pub(super) mod speak;
