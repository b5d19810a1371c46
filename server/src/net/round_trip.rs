//! Round trip time to a client, as the kernel measures it from TCP's own acknowledgements.

use std::os::fd::{AsFd, AsRawFd};

/// The least round-trip time of a connected TCP socket within the last minutes, in milliseconds; `None` when the kernel
/// does not tell. The usual one is longer, for the time that the other side puts its acknowledgements off.
pub(super) fn measure(socket: &impl AsFd) -> Option<u32> {
    tcp_info(socket).map(|(info, _)| info.tcpi_min_rtt.min(info.tcpi_rtt) / 1000)
}

/// Returns the number of segments of a TCP socket that were sent again so far; 0 if the kernel does not count them.
pub(super) fn segments_repeated(socket: &impl AsFd) -> u32 {
    tcp_info(socket).map_or(0, |(info, _)| info.tcpi_total_retrans)
}

/// Returns the kernel's record of a TCP socket, and the number of its bytes that are filled: older kernels fill fewer.
pub(super) fn tcp_info(socket: &impl AsFd) -> Option<(libc::tcp_info, usize)> {
    // SAFETY: tcp_info is plain integers, for which all zeroes is a value.
    let mut info: libc::tcp_info = unsafe { std::mem::zeroed() };
    let mut length = libc::socklen_t::try_from(size_of::<libc::tcp_info>()).ok()?;
    let descriptor = socket.as_fd().as_raw_fd();
    // SAFETY: the descriptor is borrowed and so open; the kernel writes at most `length` bytes, which `info` has.
    let result = unsafe {
        libc::getsockopt(
            descriptor,
            libc::IPPROTO_TCP,
            libc::TCP_INFO,
            (&raw mut info).cast::<libc::c_void>(),
            &raw mut length,
        )
    };
    (result == 0).then_some((info, usize::try_from(length).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};

    #[test]
    fn a_loopback_round_trip_is_short() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (mut server, _) = listener.accept().unwrap();
        server.write_all(b"x").unwrap();
        client.read_exact(&mut [0]).unwrap();
        assert!(measure(&server).unwrap() < 1000);
    }

    #[test]
    fn a_socket_that_is_not_tcp_has_none() {
        let (one, _other) = std::os::unix::net::UnixStream::pair().unwrap();
        assert_eq!(measure(&one), None);
    }
}
