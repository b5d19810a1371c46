//! Movement: steps, turns, ways from map to map, and the correction of clients that show another tile.

pub(super) mod pace;
pub(super) mod walk;
