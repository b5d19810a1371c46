//! Sending what waits for a connection.

use std::io::ErrorKind;

use mio::net::TcpStream;
use socket2::SockRef;

use crate::game::CloseReason;
use crate::protocol::outbox::{ConnectionId, Outbox};

/// Never wait; no SIGPIPE; and the end of this send is a border that the kernel does not merge over, so that one read
/// of the client never ends inside a packet.
pub const SEND_FLAGS: libc::c_int = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL | libc::MSG_EOR;

/// What became of a connection's waiting segments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flushed {
    /// Nothing waits any more.
    All,
    /// The socket takes no more for now.
    Blocked,
    /// The connection cannot go on.
    Broken(CloseReason),
}

/// What one flush sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Sent {
    /// System calls that sent something.
    pub segments: usize,
    /// Their bytes.
    pub bytes: usize,
}

/// Sends the segments that wait for `id`, one system call each.
pub(super) fn flush(stream: &TcpStream, id: ConnectionId, outbox: &mut Outbox) -> (Flushed, Sent) {
    let socket = SockRef::from(stream);
    let mut sent = Sent::default();
    while let Some(segment) = outbox.segment(id) {
        match socket.send_with_flags(segment, SEND_FLAGS) {
            Ok(count) if count == segment.len() => {
                sent.segments += 1;
                sent.bytes += count;
                outbox.segment_sent(id);
            }
            Ok(_) => return (Flushed::Broken(CloseReason::PartialWrite), sent),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return (Flushed::Blocked, sent),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => return (Flushed::Broken(CloseReason::ConnectionReset), sent),
        }
    }
    (Flushed::All, sent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::server::ServerPacket;
    use crate::protocol::wire::TextEncoding;
    use std::io::Read;

    #[test]
    fn segments_arrive_whole_and_a_full_socket_blocks_without_losing_any() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let mut client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (server, _) = listener.accept().unwrap();
        let stream = TcpStream::from_std(server);
        let id = ConnectionId { slot: 0, generation: 1 };
        let mut outbox = Outbox::new(TextEncoding::Latin1);
        outbox.open(id, 1300);

        let (mut waiting, mut sent_bytes, mut blocked) = (0, 0, false);
        for _ in 0..100_000 {
            while outbox.waiting(id) < 32 * 1024 {
                outbox.send(id, &ServerPacket::PosUpdate { x: 50, y: 60 });
                waiting += 3;
            }
            let (flushed, sent) = flush(&stream, id, &mut outbox);
            sent_bytes += sent.bytes;
            if flushed == Flushed::Blocked {
                blocked = true;
                break;
            }
            assert_eq!(flushed, Flushed::All);
        }
        assert!(blocked, "a client that does not read must block sooner or later");
        assert_eq!(sent_bytes + outbox.waiting(id), waiting);
        assert_eq!(sent_bytes % 3, 0, "whole packets only");

        let mut received = vec![0; sent_bytes];
        client.read_exact(&mut received).unwrap();
        assert!(received.chunks(3).all(|packet| packet == &received[..3]));
    }

    #[test]
    fn a_closed_socket_breaks() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (server, _) = listener.accept().unwrap();
        server.shutdown(std::net::Shutdown::Write).unwrap();
        let stream = TcpStream::from_std(server);
        drop(client);
        let id = ConnectionId { slot: 0, generation: 1 };
        let mut outbox = Outbox::new(TextEncoding::Latin1);
        outbox.open(id, 1300);
        outbox.send(id, &ServerPacket::PosUpdate { x: 50, y: 60 });
        assert_eq!(flush(&stream, id, &mut outbox).0, Flushed::Broken(CloseReason::ConnectionReset));
    }
}
