//! Sending what waits for a connection, in whole packets only.

use std::io::ErrorKind;

use super::outbox::{ConnectionId, Outbox};
use super::window::{Socket, Window};
use crate::base::close_reason::CloseReason;

/// The end of a flush.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flushed {
    /// Nothing waits any more.
    All,
    /// The socket takes no more for now.
    Blocked,
    /// The client has no room for the next segment, and the system does not tell when it has.
    NoRoom,
    /// The connection cannot go on.
    Broken(CloseReason),
}

/// The amount that one flush sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sent {
    /// System calls that sent something.
    pub segments: usize,
    /// Their bytes.
    pub bytes: usize,
}

/// Sends the segments that wait for `id`, one system call each, as far as there is room for them.
pub fn flush(
    socket: &impl Socket,
    id: ConnectionId,
    outbox: &mut Outbox,
    window: &mut Window,
) -> (Flushed, Sent) {
    let mut sent = Sent::default();
    while let Some(segment) = outbox.segment(id) {
        if !window.admits(socket, segment.len()) {
            return (Flushed::NoRoom, sent);
        }
        match socket.send(segment) {
            Ok(count) if count == segment.len() => {
                sent.segments += 1;
                sent.bytes += count;
                window.sent(count);
                outbox.segment_sent(id);
            }
            Ok(count) => {
                debug_assert!(count < segment.len(), "more was sent than there was");
                return (Flushed::Broken(CloseReason::PartialWrite), sent);
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => return (Flushed::Blocked, sent),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => return (Flushed::Broken(CloseReason::ConnectionReset), sent),
        }
    }
    debug_assert_eq!(outbox.waiting(id), 0, "no segment, but bytes that wait");
    (Flushed::All, sent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::server::ServerPacket;
    use crate::protocol::window::ReceiveWindow;
    use crate::protocol::wire::TextEncoding;
    use core::cell::RefCell;
    use std::collections::VecDeque;
    use std::io;

    /// A socket that takes what its script says, and a client with a window of so many bytes.
    struct ScriptedSocket {
        takes: RefCell<VecDeque<io::Result<usize>>>,
        window: Option<ReceiveWindow>,
        sent: RefCell<Vec<usize>>,
    }

    impl ScriptedSocket {
        fn new(takes: impl IntoIterator<Item = io::Result<usize>>) -> Self {
            Self { takes: RefCell::new(takes.into_iter().collect()), window: None, sent: RefCell::default() }
        }
    }

    impl Socket for ScriptedSocket {
        fn send(&self, segment: &[u8]) -> io::Result<usize> {
            let count = self.takes.borrow_mut().pop_front().unwrap_or(Ok(segment.len()))?;
            self.sent.borrow_mut().push(count);
            Ok(count)
        }

        fn receive_window(&self) -> Option<ReceiveWindow> {
            let sent: usize = self.sent.borrow().iter().sum();
            self.window.map(|window| ReceiveWindow { outstanding: window.outstanding + sent, ..window })
        }
    }

    const ID: ConnectionId = ConnectionId { slot: 0, generation: 1 };

    /// Builds an outbox with three segments of 30 bytes.
    fn three_segments() -> Outbox {
        let mut outbox = Outbox::new(TextEncoding::Latin1);
        outbox.open(ID, 30);
        (0..30).for_each(|_| outbox.send(ID, &ServerPacket::PosUpdate { x: 50, y: 60 }));
        outbox
    }

    fn flush_into(socket: &ScriptedSocket, outbox: &mut Outbox) -> (Flushed, Sent) {
        flush(socket, ID, outbox, &mut Window::default())
    }

    #[test]
    fn an_interrupted_send_is_tried_again_and_a_full_socket_keeps_the_rest_whole() {
        let errors = [ErrorKind::Interrupted, ErrorKind::WouldBlock].map(|kind| Err(kind.into()));
        let [interrupted, full] = errors;
        let (socket, mut outbox) =
            (ScriptedSocket::new([Ok(30), interrupted, Ok(30), full]), three_segments());
        assert_eq!(flush_into(&socket, &mut outbox), (Flushed::Blocked, Sent { segments: 2, bytes: 60 }));
        assert_eq!(outbox.waiting(ID), 30);
        assert_eq!(flush_into(&socket, &mut outbox), (Flushed::All, Sent { segments: 1, bytes: 30 }));
        assert_eq!(*socket.sent.borrow(), [30, 30, 30]);
    }

    #[test]
    fn a_partial_write_ends_the_connection() {
        let (socket, mut outbox) = (ScriptedSocket::new([Ok(30), Ok(29)]), three_segments());
        let (flushed, sent) = flush_into(&socket, &mut outbox);
        assert_eq!(flushed, Flushed::Broken(CloseReason::PartialWrite));
        assert_eq!((sent.bytes, outbox.waiting(ID)), (30, 60), "half a segment does not count as sent");
    }

    #[test]
    fn a_segment_that_the_window_has_no_room_for_waits() {
        let mut socket = ScriptedSocket::new([]);
        socket.window = Some(ReceiveWindow { offered: 100, outstanding: 41 });
        let mut outbox = three_segments();
        let (flushed, sent) = flush_into(&socket, &mut outbox);
        assert_eq!((flushed, sent.bytes, outbox.waiting(ID)), (Flushed::NoRoom, 30, 60));
        socket.window = Some(ReceiveWindow { offered: 130, outstanding: 0 });
        assert_eq!(flush_into(&socket, &mut outbox).0, Flushed::All);
    }
}
