//! Addresses of clients as limits count them.

use core::net::{IpAddr, Ipv6Addr};

/// Returns the address that limits count `address` as: an IPv6 host owns a whole /64, which counts as one address, and an IPv4
/// address is the same in either spelling.
#[must_use]
pub fn counted_as(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
        address => address,
    }
}
