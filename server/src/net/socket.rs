//! The socket of a client, as sending needs it.

use std::io;
use std::os::fd::AsFd;

use pyao_core::protocol::window::{ReceiveWindow, Socket};
use socket2::SockRef;

use super::{acknowledgement, round_trip};

/// Never wait; no SIGPIPE; and the end of this send is a border that the kernel does not merge over, so that one read
/// of the client never ends inside a packet.
pub const SEND_FLAGS: libc::c_int = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL | libc::MSG_EOR;

/// A socket of the system.
#[derive(Debug)]
pub struct KernelSocket<'a, T>(pub &'a T);

impl<T: AsFd> Socket for KernelSocket<'_, T> {
    fn send(&self, segment: &[u8]) -> io::Result<usize> {
        SockRef::from(self.0).send_with_flags(segment, SEND_FLAGS)
    }

    fn receive_window(&self) -> Option<ReceiveWindow> {
        measure(self.0)
    }
}

/// Asks the kernel for the receive window of a client; `None` when it does not tell: before Linux 5.4, or on something
/// that is no TCP socket.
fn measure(socket: &impl AsFd) -> Option<ReceiveWindow> {
    // Asked first: what is acknowledged between the two questions is then counted as outstanding, never as free.
    let outstanding = acknowledgement::outstanding(socket)?;
    let (info, length) = round_trip::tcp_info(socket)?;
    let is_told = length >= std::mem::offset_of!(libc::tcp_info, tcpi_snd_wnd) + size_of::<u32>();
    if !is_told {
        return None;
    }
    Some(ReceiveWindow { offered: usize::try_from(info.tcpi_snd_wnd).ok()?, outstanding })
}

#[cfg(test)]
mod tests {
    use super::*;
    use mio::net::TcpStream as MioStream;
    use pyao_core::game::CloseReason;
    use pyao_core::protocol::flush::{Flushed, flush};
    use pyao_core::protocol::font::Font;
    use pyao_core::protocol::outbox::{ConnectionId, Outbox};
    use pyao_core::protocol::server::ServerPacket;
    use pyao_core::protocol::window::Window;
    use pyao_core::protocol::wire::TextEncoding;
    use socket2::{Domain, Type};
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::time::{Duration, Instant};

    const SEGMENT: usize = 1_000;

    fn pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        (listener.accept().unwrap().0, client)
    }

    fn fill(window: &mut Window, mut server: &TcpStream) -> usize {
        let mut sent = 0;
        while window.admits(&KernelSocket(server), SEGMENT) {
            server.write_all(&[7; SEGMENT]).unwrap();
            window.sent(SEGMENT);
            sent += SEGMENT;
            assert!(sent < 100_000_000, "a client that does not read has no end of room");
        }
        sent
    }

    #[test]
    fn what_a_client_that_does_not_read_is_sent_has_all_arrived_and_reading_makes_room() {
        let (server, mut client) = pair();
        let mut window = Window::default();
        let sent = fill(&mut window, &server);
        assert!(sent > 10 * SEGMENT, "{sent} bytes");
        let mut received = vec![0; sent];
        client.read_exact(&mut received).unwrap();
        let end = Instant::now() + Duration::from_secs(30);
        while !window.admits(&KernelSocket(&server), SEGMENT) {
            assert!(Instant::now() < end, "no room for a client that has read everything");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    #[test]
    fn a_socket_of_another_kind_has_no_window() {
        let (one, _other) = std::os::unix::net::UnixStream::pair().unwrap();
        assert!(Window::default().admits(&KernelSocket(&one), SEGMENT));
    }

    #[test]
    fn segments_arrive_whole_and_a_full_socket_blocks_without_losing_any() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (server, _) = listener.accept().unwrap();
        let stream = MioStream::from_std(server);
        let id = ConnectionId { slot: 0, generation: 1 };
        let mut outbox = Outbox::new(TextEncoding::Latin1);
        outbox.open(id, 1300);

        let (mut waiting, mut sent_bytes, mut blocked) = (0, 0, false);
        for _ in 0..100_000 {
            while outbox.waiting(id) < 32 * 1024 {
                outbox.send(id, &ServerPacket::PosUpdate { x: 50, y: 60 });
                waiting += 3;
            }
            let (flushed, sent) = flush(&KernelSocket(&stream), id, &mut outbox, &mut Window::default());
            sent_bytes += sent.bytes;
            if matches!(flushed, Flushed::Blocked | Flushed::NoRoom) {
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

    /// Opens a pair whose server has room for little and whose client has room for less: one segment takes several of
    /// the kernel's own packets.
    fn narrow_pair() -> (MioStream, socket2::Socket) {
        let socket = || socket2::Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        let (listener, client) = (socket(), socket());
        // The system takes its own least instead of 1.
        listener.set_send_buffer_size(1).unwrap();
        client.set_recv_buffer_size(1).unwrap();
        listener.bind(&std::net::SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
        listener.listen(1).unwrap();
        client.connect(&listener.local_addr().unwrap()).unwrap();
        (MioStream::from_std(listener.accept().unwrap().0.into()), client)
    }

    #[test]
    fn a_socket_that_takes_half_a_segment_breaks() {
        let id = ConnectionId { slot: 0, generation: 1 };
        let broken = (300..=700).step_by(25).find(|length| {
            let (stream, _client) = narrow_pair();
            let mut outbox = Outbox::new(TextEncoding::Latin1);
            outbox.open(id, 1400);
            for _ in 0..40 {
                outbox.send(id, &ServerPacket::console("x".repeat(*length), Font::Info));
            }
            let waiting = outbox.waiting(id);
            let (flushed, sent) = flush(&KernelSocket(&stream), id, &mut outbox, &mut Window::default());
            assert_eq!(sent.bytes, waiting - outbox.waiting(id), "half a segment does not count as sent");
            flushed == Flushed::Broken(CloseReason::PartialWrite)
        });
        assert!(broken.is_some(), "segments of every length fit the socket");
    }

    #[test]
    fn a_closed_socket_breaks() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (server, _) = listener.accept().unwrap();
        server.shutdown(std::net::Shutdown::Write).unwrap();
        let stream = MioStream::from_std(server);
        drop(client);
        let id = ConnectionId { slot: 0, generation: 1 };
        let mut outbox = Outbox::new(TextEncoding::Latin1);
        outbox.open(id, 1300);
        outbox.send(id, &ServerPacket::PosUpdate { x: 50, y: 60 });
        assert_eq!(
            flush(&KernelSocket(&stream), id, &mut outbox, &mut Window::default()).0,
            Flushed::Broken(CloseReason::ConnectionReset)
        );
    }
}
