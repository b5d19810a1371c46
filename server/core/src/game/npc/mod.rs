//! NPCs: creatures, guards, merchants, and whoever else stands in the world without a player.

mod spawn;
pub mod table;

pub use spawn::inhabited_world;
