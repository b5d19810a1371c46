//! Sessions and claims.

use crate::StoreError;
use crate::records::UserId;
use crate::session::{Claim, Session, SessionWrite, StoredSession};

/// The sessions of a store. See the module [`session`](crate::session).
pub trait Sessions {
    /// Claims a character for the registered server and opens its session, replacing an older one whole.
    ///
    /// # Errors
    /// [`StoreError::NotRegistered`].
    fn open_session(&mut self, session: &Session) -> Result<Claim, StoreError>;

    /// Changes sessions of the registered server. A change to a character that another server has claimed since is
    /// left out, and so is the end of a session that another run opened.
    ///
    /// # Errors
    /// [`StoreError::NotRegistered`] or [`StoreError::OtherStore`].
    fn write_sessions(&mut self, writes: &[SessionWrite]) -> Result<(), StoreError>;

    /// Returns the session of that user, if there is one.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when it cannot be read.
    fn session(&mut self, user_id: UserId) -> Result<Option<StoredSession>, StoreError>;

    /// Lists all sessions by user. Damaged ones are left out and logged.
    ///
    /// # Errors
    /// The store is away.
    fn sessions(&mut self) -> Result<Vec<StoredSession>, StoreError>;
}
