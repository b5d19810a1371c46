//! Movement: steps, turns, ways from map to map, and the correction of clients that show another tile.

pub(super) mod correction;
pub(super) mod pace;
pub(super) mod reconciliation;
pub(super) mod walk;
