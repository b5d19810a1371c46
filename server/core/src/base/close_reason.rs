//! Reasons for which connections end: one list for the log, the metrics and the player.

/// Reason for which a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CloseReason {
    /// The player left with `/SALIR`.
    Quit,
    /// The client closed its socket.
    LostSocket,
    /// The connection broke: reset, unreachable, keep-alive or write error.
    ConnectionReset,
    /// Nothing was said within `limits.handshake_seconds`.
    HandshakeTimeout,
    /// Nothing was said for `limits.idle_minutes`.
    Idle,
    /// A packet id that does not exist; what follows cannot be read.
    UnknownPacket(u8),
    /// A packet that breaks its layout.
    MalformedPacket,
    /// A packet that does not belong before login.
    OutOfOrder,
    /// More packets than allowed, for too long.
    Flood,
    /// The client does not read: too much waited for it.
    OutputOverflow,
    /// The system took half a packet; the rest would be read as garbage.
    PartialWrite,
    /// `server.max_connections` are there.
    ServerFull,
    /// `limits.connections_per_ip` are there from that address.
    TooManyFromAddress,
    /// The server has more work than time and lets nobody new in.
    Overloaded,
    /// Wrong name or password, or another refusal at login.
    LoginRefused,
    /// A login over `limits.logins_per_minute_per_ip`.
    TooManyLogins,
    /// A login while too many others wait for their passwords to be checked.
    Busy,
    /// The same character logged in from elsewhere.
    Replaced,
    /// The character was taken over by another server.
    TakenOver,
    /// The store has no such account any more.
    AccountDeleted,
    /// The server stops.
    Shutdown,
    /// A fault of ours; the log says more.
    InternalError,
}

impl CloseReason {
    /// Every reason, for tables by reason.
    pub const ALL: [Self; 22] = [
        Self::Quit,
        Self::LostSocket,
        Self::ConnectionReset,
        Self::HandshakeTimeout,
        Self::Idle,
        Self::UnknownPacket(0),
        Self::MalformedPacket,
        Self::OutOfOrder,
        Self::Flood,
        Self::OutputOverflow,
        Self::PartialWrite,
        Self::ServerFull,
        Self::TooManyFromAddress,
        Self::Overloaded,
        Self::LoginRefused,
        Self::TooManyLogins,
        Self::Busy,
        Self::Replaced,
        Self::TakenOver,
        Self::AccountDeleted,
        Self::Shutdown,
        Self::InternalError,
    ];

    /// Returns the name in logs and metrics.
    #[must_use]
    pub fn label(&self) -> &'static str {
        match self {
            Self::Quit => "quit",
            Self::LostSocket => "lost_socket",
            Self::ConnectionReset => "connection_reset",
            Self::HandshakeTimeout => "handshake_timeout",
            Self::Idle => "idle",
            Self::UnknownPacket(_) => "unknown_packet",
            Self::MalformedPacket => "malformed_packet",
            Self::OutOfOrder => "out_of_order",
            Self::Flood => "flood",
            Self::OutputOverflow => "output_overflow",
            Self::PartialWrite => "partial_write",
            Self::ServerFull => "server_full",
            Self::TooManyFromAddress => "too_many_from_address",
            Self::Overloaded => "overloaded",
            Self::LoginRefused => "login_refused",
            Self::TooManyLogins => "too_many_logins",
            Self::Busy => "busy",
            Self::Replaced => "replaced",
            Self::TakenOver => "taken_over",
            Self::AccountDeleted => "account_deleted",
            Self::Shutdown => "shutdown",
            Self::InternalError => "internal_error",
        }
    }
}

impl std::fmt::Display for CloseReason {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::UnknownPacket(id) => write!(formatter, "unknown_packet id={id}"),
            other => formatter.write_str(other.label()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_a_label_of_its_own() {
        let labels: std::collections::BTreeSet<_> = CloseReason::ALL.iter().map(CloseReason::label).collect();
        assert_eq!(labels.len(), CloseReason::ALL.len());
    }
}
