//! Reasons for which a login is refused, with the player's text, the log's name, and the end of the connection.

use crate::game::{CloseReason, texts};
use crate::records::StoreError;
use crate::records::server::ServerId;
use std::fmt;

/// Reason for which a login is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// No such account, or another password.
    WrongCredentials,
    /// Another version of the client.
    WrongVersion,
    /// The address is over `limits.logins_per_minute_per_ip`.
    TooManyAttempts,
    /// Too many passwords wait to be checked, or too many attempts for their answers.
    Busy,
    /// The server has more work than time.
    Overloaded,
    /// The store does not answer.
    StoreAway,
    /// The stored character cannot be read.
    Damaged,
    /// Another server has the character.
    OnAnotherServer(ServerId),
    /// No tile or no number is free for the character.
    NoRoom,
}

impl Refusal {
    /// Returns the text for the player.
    #[must_use]
    pub fn text(&self) -> &'static str {
        match self {
            Self::WrongCredentials => texts::WRONG_CREDENTIALS,
            Self::WrongVersion => texts::WRONG_VERSION,
            Self::TooManyAttempts => texts::TOO_MANY_ATTEMPTS,
            Self::Busy => texts::BUSY,
            Self::Overloaded => texts::OVERLOADED,
            Self::StoreAway => texts::STORE_AWAY,
            Self::Damaged => texts::DAMAGED_CHARACTER,
            Self::OnAnotherServer(_) => texts::ON_ANOTHER_SERVER,
            Self::NoRoom => texts::NO_ROOM,
        }
    }

    /// Returns the end of the connection: a limit has a reason of its own.
    #[must_use]
    pub fn close_reason(&self) -> CloseReason {
        match self {
            Self::TooManyAttempts => CloseReason::TooManyLogins,
            Self::Busy => CloseReason::Busy,
            Self::Overloaded => CloseReason::Overloaded,
            _ => CloseReason::LoginRefused,
        }
    }
}

/// As the log names it.
impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::WrongCredentials => "wrong_name_or_password",
            Self::WrongVersion => "wrong_version",
            Self::TooManyAttempts => "too_many_logins",
            Self::Busy => "busy",
            Self::Overloaded => "overloaded",
            Self::StoreAway => "store_away",
            Self::Damaged => "damaged_character",
            Self::OnAnotherServer(server) => return write!(formatter, "on_another_server server={server}"),
            Self::NoRoom => "no_room",
        })
    }
}

/// The store could not answer.
impl From<&StoreError> for Refusal {
    fn from(error: &StoreError) -> Self {
        match error {
            StoreError::Damaged { .. } => Self::Damaged,
            _ => Self::StoreAway,
        }
    }
}
