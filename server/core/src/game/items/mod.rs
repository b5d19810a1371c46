//! Items and spells in their slots.

pub(super) mod inventory;
pub(super) mod slot;
