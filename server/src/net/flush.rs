//! Sending what waits for a connection, and when it pays to send.

use std::io::ErrorKind;
use std::time::Duration;

use mio::net::TcpStream;
use socket2::SockRef;

use crate::game::{CloseReason, Millis};
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

/// Least time between two flushes of a loaded server: the client looks at its socket once a frame, 16 ms.
const FLUSH_INTERVAL_MS: Millis = 25;
/// The load is measured over two windows of this length.
const WINDOW: Duration = Duration::from_millis(50);
/// Share of time at work, in percent, above which a server is loaded.
const LOADED_ABOVE: u128 = 60;
/// Share below which it no longer is. Lower than the other, since coalescing itself lightens the load.
const LOADED_BELOW: u128 = 40;

/// Decides when to flush: a quiet server at the end of each turn, a loaded one at most every 25 ms.
#[derive(Debug, Default)]
pub struct Cadence {
    busy: Duration,
    total: Duration,
    previous_busy: Duration,
    previous_total: Duration,
    is_loaded: bool,
    flushed_at: Millis,
}

impl Cadence {
    /// One turn of the loop waited and then worked so long.
    pub fn turn(&mut self, waited: Duration, worked: Duration) {
        self.busy += worked;
        self.total += waited + worked;
        if self.total < WINDOW {
            return;
        }
        let busy = (self.busy + self.previous_busy).as_micros() * 100;
        let total = (self.total + self.previous_total).as_micros();
        self.is_loaded = busy > total * if self.is_loaded { LOADED_BELOW } else { LOADED_ABOVE };
        (self.previous_busy, self.previous_total) = (self.busy, self.total);
        (self.busy, self.total) = (Duration::ZERO, Duration::ZERO);
    }

    /// When what waits is to be sent: `now`, or a little later under load.
    pub fn next_flush(&self, now: Millis) -> Millis {
        if self.is_loaded { now.max(self.flushed_at + FLUSH_INTERVAL_MS) } else { now }
    }

    /// Everything that waited was sent.
    pub fn flushed(&mut self, now: Millis) {
        self.flushed_at = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::server::ServerPacket;
    use crate::protocol::wire::TextEncoding;
    use std::io::Read;

    const MS: Duration = Duration::from_millis(1);

    fn turns(cadence: &mut Cadence, count: u32, waited: Duration, worked: Duration) {
        for _ in 0..count {
            cadence.turn(waited, worked);
        }
    }

    #[test]
    fn a_quiet_server_flushes_at_once() {
        let mut cadence = Cadence::default();
        turns(&mut cadence, 1000, MS * 5, MS * 5);
        cadence.flushed(1000);
        assert_eq!(cadence.next_flush(1000), 1000);
    }

    #[test]
    fn a_loaded_server_waits_for_the_interval() {
        let mut cadence = Cadence::default();
        turns(&mut cadence, 1000, MS, MS * 3);
        cadence.flushed(1000);
        assert_eq!(cadence.next_flush(1001), 1025);
        assert_eq!(cadence.next_flush(1030), 1030);
    }

    #[test]
    fn a_little_relief_does_not_end_the_load_and_much_does() {
        let mut cadence = Cadence::default();
        turns(&mut cadence, 100, MS, MS * 3);
        turns(&mut cadence, 100, MS * 5, MS * 5);
        cadence.flushed(0);
        assert_eq!(cadence.next_flush(1), 25);
        turns(&mut cadence, 100, MS * 7, MS * 3);
        assert_eq!(cadence.next_flush(1), 1);
    }

    #[test]
    fn one_long_turn_after_idling_is_no_load() {
        let mut cadence = Cadence::default();
        cadence.turn(MS * 10_000, MS * 90);
        cadence.flushed(0);
        assert_eq!(cadence.next_flush(1), 1);
    }

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
