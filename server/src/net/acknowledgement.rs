//! Acknowledgements of TCP, both ways: what a client's system has of what was sent to it, and telling it at once what
//! arrived here.
//!
//! A client gathers small writes: what it writes while something is not acknowledged waits in its system, and leaves
//! with the next segment that acknowledges the rest. If that segment brought a correction, the step that leaves would
//! acknowledge the correction, though it was written before. So what arrived is acknowledged by a segment of its own
//! just before a correction is sent: the step then leaves without.

use std::os::fd::{AsFd, AsRawFd};

use mio::net::TcpStream;
use socket2::SockRef;

/// Bytes that were sent and that the other side has not acknowledged. `None` when the kernel does not tell.
pub(super) fn outstanding(socket: &impl AsFd) -> Option<usize> {
    let mut outstanding: libc::c_int = 0;
    let descriptor = socket.as_fd().as_raw_fd();
    // SAFETY: the descriptor is borrowed and so open; the kernel writes one int, which `outstanding` is.
    let result = unsafe { libc::ioctl(descriptor, libc::TIOCOUTQ, &raw mut outstanding) };
    if result == 0 { usize::try_from(outstanding).ok() } else { None }
}

/// Acknowledges what was read, unless that was done already.
pub(super) fn send_at_once(stream: &TcpStream) {
    // A socket that has gone already is found by the next read.
    let _ = SockRef::from(stream).set_tcp_quickack(true);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::time::{Duration, Instant};

    fn pair() -> (TcpStream, std::net::TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        (TcpStream::from_std(listener.accept().unwrap().0), client)
    }

    fn wait_until(condition: impl Fn() -> bool) {
        let end = Instant::now() + Duration::from_secs(30);
        while !condition() {
            assert!(Instant::now() < end);
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    #[test]
    fn what_the_other_side_has_is_not_outstanding() {
        let (mut server, _client) = pair();
        server.write_all(b"twelve bytes").unwrap();
        wait_until(|| outstanding(&server) == Some(0));
    }

    #[test]
    fn what_was_read_is_acknowledged_at_once() {
        let (mut server, mut client) = pair();
        // After some turns of question and answer the kernel puts acknowledgements off.
        for _ in 0..20 {
            client.write_all(b"question").unwrap();
            let mut question = [0; 8];
            wait_until(|| server.peek(&mut [0; 8]).is_ok_and(|count| count == 8));
            server.read_exact(&mut question).unwrap();
            server.write_all(b"answer").unwrap();
            client.read_exact(&mut [0; 6]).unwrap();
        }
        client.write_all(b"question").unwrap();
        wait_until(|| server.peek(&mut [0; 8]).is_ok_and(|count| count == 8));
        server.read_exact(&mut [0; 8]).unwrap();
        send_at_once(&server);
        assert_eq!(outstanding(&client), Some(0));
    }

    #[test]
    fn a_socket_of_another_kind_tells_nothing() {
        let file = tempfile::tempfile().unwrap();
        assert_eq!(outstanding(&file), None);
    }
}
