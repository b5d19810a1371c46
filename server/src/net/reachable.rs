//! The address under which players reach this machine.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};

/// An address that no machine has (RFC 5737): the way to it is the way to everywhere.
const ELSEWHERE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 9);

/// Returns the address at which players reach a server that listens on `listener`: for "any address" that of the
/// interface which leads to other machines, or this machine's own if none does.
#[must_use]
pub fn reachable_address(listener: SocketAddr) -> SocketAddr {
    if !listener.ip().is_unspecified() {
        return listener;
    }
    let ip = outgoing_address().unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
    SocketAddr::new(ip, listener.port())
}

/// Returns the address that packets to other machines would leave with. None is sent: connecting a datagram socket only
/// chooses the way.
fn outgoing_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect(ELSEWHERE).ok()?;
    Some(socket.local_addr().ok()?.ip()).filter(|ip| !ip.is_unspecified())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_was_chosen_is_the_address_and_any_address_becomes_a_real_one() {
        let chosen: SocketAddr = "192.0.2.7:7666".parse().unwrap();
        assert_eq!(reachable_address(chosen), chosen);
        for any in ["0.0.0.0:7666", "[::]:7666"] {
            let address = reachable_address(any.parse().unwrap());
            assert!(!address.ip().is_unspecified() && address.port() == 7666, "{address}");
        }
    }
}
