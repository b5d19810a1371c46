//! Characters on their own.

use crate::StoreError;
use crate::records::{CharacterSave, PositionRecord};

/// The characters of a store.
pub trait Characters {
    /// Writes all saves in one transaction; committed when this returns. A registered server writes only
    /// characters that no other server has claimed since its run did.
    ///
    /// # Errors
    /// [`StoreError::UnknownUser`], [`StoreError::CharacterTaken`] or [`StoreError::OtherStore`]; then nothing was
    /// written.
    fn save_characters(&mut self, saves: &[CharacterSave]) -> Result<(), StoreError>;

    /// Shows `visit` the stored position of every character, in any order. Damaged ones are left out.
    ///
    /// # Errors
    /// The store is away.
    fn visit_positions(&mut self, visit: &mut dyn FnMut(PositionRecord)) -> Result<(), StoreError>;
}
