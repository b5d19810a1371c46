//! The room that a client has: nothing is sent that it could not take whole.
//!
//! A client that does not read for a while closes its window bit by bit. Bytes that are sent beyond the window wait in
//! the kernel, and when the window stays so the kernel probes it: it sends as much as fits, be it half a packet. The
//! client would take the half for a packet. So a segment that does not fit waits in the outbox, where it is still
//! whole. The kernel then holds nothing that it could probe the window with; keep-alive probes ask instead.

use std::io;

/// The part of a client's socket that sending needs.
pub trait Socket {
    /// Sends as much of `segment` as the socket takes at once, and returns how many bytes that was.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] when the socket takes nothing for now; others as the system tells them.
    fn send(&self, segment: &[u8]) -> io::Result<usize>;

    /// Returns what the client offers to take; `None` when the system does not tell.
    fn receive_window(&self) -> Option<ReceiveWindow>;
}

/// The receive window of a client, as the kernel knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReceiveWindow {
    /// Bytes that the client offers to take, from the last one it acknowledged on.
    pub offered: usize,
    /// Bytes that were sent and that it has not acknowledged.
    pub outstanding: usize,
}

/// The room of one client, measured only when the known part of it has been used up.
#[derive(Debug, Default)]
pub struct Window {
    /// Bytes that surely fit: a client never takes back what it offered.
    room: usize,
    /// Largest window that it ever offered.
    largest: usize,
}

impl Window {
    /// Returns true if a segment of `length` bytes may be sent now. One that is longer than all that the client ever
    /// offered may: waiting would not help it.
    pub fn admits(&mut self, socket: &impl Socket, length: usize) -> bool {
        if length <= self.room {
            return true;
        }
        let Some(ReceiveWindow { offered, outstanding }) = socket.receive_window() else { return true };
        self.largest = self.largest.max(offered);
        self.room = offered.saturating_sub(outstanding);
        debug_assert!(self.room <= self.largest, "more room than was ever offered");
        length <= self.room || length > self.largest
    }

    /// Takes note of a send of `bytes` bytes.
    pub fn sent(&mut self, bytes: usize) {
        self.room = self.room.saturating_sub(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEGMENT: usize = 1_000;

    /// A socket whose client offers that.
    struct Offering(Option<ReceiveWindow>);

    impl Socket for Offering {
        fn send(&self, segment: &[u8]) -> io::Result<usize> {
            Ok(segment.len())
        }

        fn receive_window(&self) -> Option<ReceiveWindow> {
            self.0
        }
    }

    fn offering(offered: usize, outstanding: usize) -> Offering {
        Offering(Some(ReceiveWindow { offered, outstanding }))
    }

    #[test]
    fn room_that_is_known_is_not_asked_for_again() {
        let mut window = Window::default();
        assert!(window.admits(&offering(SEGMENT, 0), SEGMENT));
        assert!(window.admits(&offering(0, 0), SEGMENT), "the first answer still holds");
        window.sent(SEGMENT);
        assert!(!window.admits(&offering(SEGMENT, 1), SEGMENT));
    }

    #[test]
    fn a_segment_longer_than_any_window_is_sent_all_the_same() {
        assert!(Window::default().admits(&offering(SEGMENT, 0), SEGMENT + 1));
    }

    #[test]
    fn a_socket_of_unknown_window_has_room() {
        assert!(Window::default().admits(&Offering(None), SEGMENT));
    }
}
