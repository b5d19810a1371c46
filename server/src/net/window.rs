//! The room that a client has: nothing is sent that it could not take whole.
//!
//! A client that does not read for a while closes its window bit by bit. Bytes that are sent beyond the window wait in
//! the kernel, and when the window stays so the kernel probes it: it sends as much as fits, be it half a packet. The
//! client would take the half for a packet. So a segment that does not fit waits in the outbox, where it is still
//! whole. The kernel then holds nothing that it could probe the window with; keep-alive probes ask instead.

use super::socket::{ReceiveWindow, Socket};

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
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::time::{Duration, Instant};

    const SEGMENT: usize = 1_000;

    fn pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        (listener.accept().unwrap().0, client)
    }

    fn fill(window: &mut Window, server: &mut TcpStream) -> usize {
        let mut sent = 0;
        while window.admits(server, SEGMENT) {
            server.write_all(&[7; SEGMENT]).unwrap();
            window.sent(SEGMENT);
            sent += SEGMENT;
            assert!(sent < 100_000_000, "a client that does not read has no end of room");
        }
        sent
    }

    #[test]
    fn what_a_client_that_does_not_read_is_sent_has_all_arrived_and_reading_makes_room() {
        let (mut server, mut client) = pair();
        let mut window = Window::default();
        let sent = fill(&mut window, &mut server);
        assert!(sent > 10 * SEGMENT, "{sent} bytes");
        let mut received = vec![0; sent];
        client.read_exact(&mut received).unwrap();
        let end = Instant::now() + Duration::from_secs(30);
        while !window.admits(&server, SEGMENT) {
            assert!(Instant::now() < end, "no room for a client that has read everything");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    #[test]
    fn room_that_is_known_is_not_asked_for_again() {
        let (server, _client) = pair();
        let mut window = Window { room: SEGMENT, largest: SEGMENT };
        assert!(window.admits(&server, SEGMENT));
        assert_eq!(window.room, SEGMENT, "a measurement would have found more");
        window.sent(SEGMENT);
        assert_eq!(window.room, 0);
    }

    #[test]
    fn what_is_longer_than_any_window_is_sent_all_the_same() {
        let (server, _client) = pair();
        assert!(Window::default().admits(&server, usize::MAX));
    }

    #[test]
    fn a_socket_of_another_kind_has_no_window() {
        let (one, _other) = std::os::unix::net::UnixStream::pair().unwrap();
        assert!(Window::default().admits(&one, SEGMENT));
    }
}
