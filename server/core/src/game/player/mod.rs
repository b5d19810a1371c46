//! Players: their table, their look, and the numbers that their clients show.

pub(super) mod appearance;
pub(super) mod skills;
pub mod table;
pub(super) mod tell;
