//! Rolls of the dice of a connection, and a creation that waits for one to be read.

use crate::base::Millis;
use crate::game::account::character_form::CharacterForm;
use crate::game::rules::dice::Dice;

/// A form as the client's creation screen sends it.
#[derive(Debug)]
pub struct CreationRequest {
    pub form: CharacterForm,
    pub password: String,
    pub version: (u8, u8, u8),
}

/// The rolls of one connection.
#[derive(Debug, Default)]
pub struct Rolls {
    /// Roll that the client shows.
    pub(super) shown: Option<Dice>,
    /// Roll that is shown next; one at a time.
    pub(super) waiting: Option<Dice>,
    /// Time by which the client has read the last roll, for itself.
    pub(super) read_by: Millis,
    /// A creation that came before that.
    pub(super) form: Option<Box<CreationRequest>>,
}

impl Rolls {
    /// Returns the dice of a creation that comes now: those that the client shows, or those on their way to it.
    #[must_use]
    pub fn counting(&self) -> Option<Dice> {
        self.shown.or(self.waiting)
    }
}
