//! NPCs: creatures, guards, merchants and all other characters without a player.

mod spawn;
pub mod table;

pub use spawn::inhabited_world;
