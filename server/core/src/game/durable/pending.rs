//! Requests that wait for an answer of the store or of the password threads.
//!
//! Each request carries a ticket; the answer finds here what it was asked for. A connection that has gone meanwhile is
//! noticed then, and the answer dropped.

use crate::base::ids::ConnectionId;
use crate::game::invariants::require;
use crate::records::Ticket;
use crate::records::session::Session;
use crate::records::{CharacterRecord, NewAccount, UserId};
use std::collections::BTreeMap;

/// Something that was asked for. No `Debug`: it holds passwords.
pub enum Pending {
    /// A login looks up its account.
    LoginLookup {
        /// Connection that logs in.
        connection: ConnectionId,
        /// The name as typed.
        name: String,
        /// The password as typed.
        password: String,
    },
    /// A login has its password checked.
    LoginCheck {
        /// Connection that logs in.
        connection: ConnectionId,
        /// The name as typed.
        name: String,
        /// The password as typed, kept to hash it anew when the cost has changed.
        password: String,
        /// The session it would open; `None` when there is no such account.
        session: Option<Box<Session>>,
    },
    /// A login whose password was right claims its character.
    LoginClaim {
        /// Connection that logs in.
        connection: ConnectionId,
        /// The name of the character.
        name: String,
        /// Its account.
        user_id: UserId,
        /// The password as typed, when it shall be hashed anew.
        rehash: Option<String>,
    },
    /// A login whose claim was granted loads its character.
    LoginLoad {
        /// Connection that logs in.
        connection: ConnectionId,
        /// The name of the character.
        name: String,
        /// Its account.
        user_id: UserId,
        /// The password as typed, when it shall be hashed anew.
        rehash: Option<String>,
    },
    /// A new character's password is hashed.
    CreationHash {
        /// Connection that creates.
        connection: ConnectionId,
        /// The account, its hash still empty.
        account: NewAccount,
        /// The character.
        character: Box<CharacterRecord>,
    },
    /// A new character is written.
    CreationStore {
        /// Connection that creates.
        connection: ConnectionId,
        /// The account.
        account: NewAccount,
        /// The character.
        character: Box<CharacterRecord>,
    },
    /// A player wants another password: the old one is checked.
    PasswordCheck {
        /// Connection of the player.
        connection: ConnectionId,
        /// Its account.
        user_id: UserId,
        /// Name of its character.
        name: String,
        /// The new password as typed.
        new_password: String,
    },
    /// A password is hashed, to be stored.
    PasswordHash {
        /// Connection that is told, if any.
        connection: Option<ConnectionId>,
        /// Its account.
        user_id: UserId,
    },
    /// A password hash is written.
    PasswordStore {
        /// Connection that is told, if any.
        connection: Option<ConnectionId>,
        /// Its account.
        user_id: UserId,
        /// The new hash.
        password_hash: String,
    },
    /// Characters are written.
    Save(Vec<UserId>),
    /// Sessions are written.
    Sessions,
    /// Everything we hold is written back.
    Restore,
    /// The session of a player in the world is opened again.
    Reclaim,
}

impl Pending {
    /// Returns true for what a stopping server does not wait for. A change of password counts as asked for once the old
    /// one was right.
    fn is_discarded_at_shutdown(&self) -> bool {
        match self {
            Self::LoginLookup { .. }
            | Self::LoginCheck { .. }
            | Self::LoginClaim { .. }
            | Self::LoginLoad { .. }
            | Self::CreationHash { .. }
            | Self::PasswordCheck { .. } => true,
            Self::PasswordHash { connection, .. } => connection.is_none(),
            _ => false,
        }
    }

    /// Returns true for an attempt: a client asked for it, and may go on asking.
    fn is_attempt(&self) -> bool {
        !matches!(self, Self::Save(_) | Self::Sessions | Self::Restore | Self::Reclaim)
    }
}

/// Most logins, creations and changes of password that may wait for answers when somebody begins another. A connection
/// that has gone leaves its own behind, so the number of connections is no bound.
pub const ATTEMPTS_MAX: usize = 4_096;

/// All that is asked for, by ticket.
#[derive(Default)]
pub struct PendingTable {
    entries: BTreeMap<Ticket, Pending>,
    /// Number of attempts among them.
    attempts: usize,
    last_ticket: Ticket,
}

impl std::fmt::Debug for PendingTable {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "PendingTable({} entries)", self.entries.len())
    }
}

impl PendingTable {
    /// Returns true if so many attempts wait that nobody may begin another. The game's own writes do not count: a write
    /// goes unanswered for as long as the store is away, and whom we hold in memory can still come in.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.attempts >= ATTEMPTS_MAX
    }

    /// Notes what was asked for and gives its ticket.
    pub fn add(&mut self, pending: Pending) -> Ticket {
        self.last_ticket = Ticket(self.last_ticket.0 + 1);
        self.attempts += usize::from(pending.is_attempt());
        let twin = self.entries.insert(self.last_ticket, pending);
        debug_assert!(twin.is_none(), "ticket {} was given out twice", self.last_ticket);
        debug_assert!(self.attempts <= self.entries.len(), "more attempts than requests");
        self.last_ticket
    }

    /// Returns the number of answers still to come.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Returns the request of `ticket`, while it is not taken.
    #[must_use]
    pub fn get(&self, ticket: Ticket) -> Option<&Pending> {
        self.entries.get(&ticket)
    }

    /// Forgets every attempt that has not asked for something to be written, and returns the accounts whose characters
    /// they have claimed, or are about to.
    pub fn discard_attempts(&mut self) -> Vec<UserId> {
        let is_discarded = |(_, pending): &(Ticket, Pending)| pending.is_discarded_at_shutdown();
        let (discarded, kept): (BTreeMap<_, _>, _) =
            std::mem::take(&mut self.entries).into_iter().partition(is_discarded);
        self.entries = kept;
        self.attempts -= discarded.len();
        let claimed = |pending: Pending| match pending {
            Pending::LoginClaim { user_id, .. } | Pending::LoginLoad { user_id, .. } => Some(user_id),
            _ => None,
        };
        discarded.into_values().filter_map(claimed).collect()
    }

    /// Takes the request of `ticket`. Each ticket answers once.
    pub fn take(&mut self, ticket: Ticket) -> Option<Pending> {
        let pending = self.entries.remove(&ticket)?;
        self.attempts -= usize::from(pending.is_attempt());
        Some(pending)
    }

    /// Returns the number of unanswered requests that count as saves: everything that the game writes by itself.
    #[must_use]
    pub fn writes(&self) -> usize {
        let is_write =
            |pending: &&Pending| matches!(pending, Pending::Save(_) | Pending::Sessions | Pending::Restore);
        self.entries.values().filter(is_write).count()
    }

    /// Checks the count of attempts.
    ///
    /// # Errors
    /// Describes a count that is wrong.
    pub fn check_invariants(&self) -> Result<(), String> {
        let attempts = self.entries.values().filter(|pending| pending.is_attempt()).count();
        require(attempts == self.attempts, || format!("{attempts} attempts, {} counted", self.attempts))
    }
}
