//! The first packet of a connection, which the kernel keeps when it is asked to: its time to live tells the client's
//! system.

use std::io;
use std::os::fd::{AsFd, AsRawFd};

/// Longest headers that are looked at: IPv6 with some extensions, and TCP with its options.
const HEADERS_MAX: usize = 256;

/// Has the kernel keep the headers of each first packet that comes to `listener`. If it cannot, nothing is known of
/// clients.
pub(super) fn keep(listener: &impl AsFd) {
    let on: libc::c_int = 1;
    // SAFETY: the descriptor is borrowed and so open; the kernel reads the four bytes of `on`.
    let result = unsafe {
        libc::setsockopt(
            listener.as_fd().as_raw_fd(),
            libc::IPPROTO_TCP,
            libc::TCP_SAVE_SYN,
            (&raw const on).cast::<libc::c_void>(),
            size_of::<libc::c_int>() as libc::socklen_t,
        )
    };
    if result != 0 {
        log::debug!("first packets of connections are not kept: {}", io::Error::last_os_error());
    }
}

/// The time to live, or hop limit, with which the first packet of an accepted connection arrived. The kernel tells
/// once, and nothing of a connection that it took in under a flood of first packets.
pub(super) fn hop_limit(socket: &impl AsFd) -> Option<u8> {
    let mut headers = [0_u8; HEADERS_MAX];
    let mut length = HEADERS_MAX as libc::socklen_t;
    // SAFETY: the descriptor is borrowed and so open; the kernel writes at most `length` bytes, which `headers` has.
    let result = unsafe {
        libc::getsockopt(
            socket.as_fd().as_raw_fd(),
            libc::IPPROTO_TCP,
            libc::TCP_SAVED_SYN,
            headers.as_mut_ptr().cast::<libc::c_void>(),
            &raw mut length,
        )
    };
    let headers = headers.get(..usize::try_from(length).ok()?)?;
    if result == 0 { in_headers(headers) } else { None }
}

/// Returns the time to live of an IPv4 header, or the hop limit of an IPv6 header.
fn in_headers(headers: &[u8]) -> Option<u8> {
    match headers.first()? >> 4 {
        4 => headers.get(8).copied(),
        6 => headers.get(7).copied(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use socket2::{Domain, Socket, Type};
    use std::net::{SocketAddr, TcpListener};

    /// Returns the hop limit that a listener at `at` sees of a client whose packets leave with `sent`.
    fn seen(at: &str, sent: u32) -> Option<u8> {
        let listener = TcpListener::bind(at).unwrap();
        keep(&listener);
        let address = listener.local_addr().unwrap();
        let client = Socket::new(Domain::for_address(address), Type::STREAM, None).unwrap();
        match address {
            SocketAddr::V4(_) => client.set_ttl_v4(sent).unwrap(),
            SocketAddr::V6(_) => client.set_unicast_hops_v6(sent).unwrap(),
        }
        client.connect(&address.into()).unwrap();
        hop_limit(&listener.accept().unwrap().0)
    }

    #[test]
    fn the_time_to_live_of_an_ipv4_client_is_seen() {
        assert_eq!(seen("127.0.0.1:0", 128), Some(128));
        assert_eq!(seen("127.0.0.1:0", 57), Some(57));
    }

    #[test]
    fn the_hop_limit_of_an_ipv6_client_is_seen() {
        if TcpListener::bind("[::1]:0").is_err() {
            println!("skipped: this machine has no IPv6");
            return;
        }
        assert_eq!(seen("[::1]:0", 128), Some(128));
        assert_eq!(seen("[::1]:0", 57), Some(57));
    }

    #[test]
    fn nothing_is_known_of_a_connection_whose_first_packet_was_not_kept() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let _client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        assert_eq!(hop_limit(&listener.accept().unwrap().0), None);
        let (one, _other) = std::os::unix::net::UnixStream::pair().unwrap();
        assert_eq!(hop_limit(&one), None);
    }

    #[test]
    fn headers_that_are_too_short_tell_nothing() {
        for headers in [&[][..], &[0x45; 8], &[0x60; 7], &[0x10; 40]] {
            assert_eq!(in_headers(headers), None);
        }
    }
}
