//! Limits on the number of connections, and on the packets that each may send.

use std::collections::HashMap;
use std::net::IpAddr;

use pyao_core::base::address::counted_as;
use pyao_core::base::token_bucket::TokenBucket;
use pyao_core::game::{CloseReason, Millis};
use pyao_core::protocol::client::ClientPacket;

/// See [`ClientLimits::refusals`]; where the system allows few open files there are fewer.
pub(super) const REFUSALS_MAX: usize = 64;
/// A burst may be this many times the packets of a second, in tenths.
const BURST_TENTHS: u64 = 25;
/// A connection over its budget is served again after this long: a handful of packets at a time, not one by one.
const THROTTLE_MS: Millis = 50;
/// Time after which a connection that stays over its packet budget is closed.
const STARVED_LIMIT_MS: Millis = 10_000;
/// Repeats of the same heading a second that cost nothing: more than any screen draws frames.
const FREE_REPEATS_PER_SECOND: u32 = 300;

/// Limits of `[server]` and `[limits]` on connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientLimits {
    /// Most connections at once.
    pub connections: usize,
    /// Most connections that are only being told why they may not come in; more are closed without a word.
    pub refusals: usize,
    /// Most connections at once from one address.
    pub connections_per_address: usize,
    /// Packets a second of one connection, on average.
    pub packets_per_second: u32,
}

/// Connections by address, as [`counted_as`] has it.
#[derive(Debug, Default)]
pub(super) struct AddressCounts {
    counts: HashMap<IpAddr, usize>,
}

impl AddressCounts {
    /// Connections from `address`.
    pub(super) fn of(&self, address: IpAddr) -> usize {
        self.counts.get(&counted_as(address)).copied().unwrap_or(0)
    }

    /// Returns the number of connections from all addresses.
    pub(super) fn total(&self) -> usize {
        self.counts.values().sum()
    }

    /// One more from `address`.
    pub(super) fn add(&mut self, address: IpAddr) {
        *self.counts.entry(counted_as(address)).or_insert(0) += 1;
    }

    /// One less from `address`; the last one leaves no trace.
    pub(super) fn remove(&mut self, address: IpAddr) {
        let key = counted_as(address);
        if let Some(count) = self.counts.get_mut(&key) {
            *count -= 1;
            if *count == 0 {
                self.counts.remove(&key);
            }
        }
    }
}

/// Returns true if one more connection from `address` may come in, beside `open` others.
pub(super) fn admit(
    limits: &ClientLimits,
    open: usize,
    addresses: &AddressCounts,
    address: IpAddr,
) -> Result<(), CloseReason> {
    if open >= limits.connections {
        return Err(CloseReason::ServerFull);
    }
    if addresses.of(address) >= limits.connections_per_address {
        return Err(CloseReason::TooManyFromAddress);
    }
    Ok(())
}

/// Treatment of a packet that has arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Admission {
    /// Be served now.
    Now,
    /// Wait where it is until then.
    At(Millis),
    /// The connection exceeded its packet budget for too long.
    Flood,
}

/// The packets one connection may send.
///
/// A packet over the budget is not lost: it waits in the buffer, further ones in the socket, and TCP slows the client
/// down. The client repeats a heading every frame until it is answered, so an equal heading costs nothing.
#[derive(Debug)]
pub(super) struct PacketBudget {
    packets: TokenBucket,
    free_repeats: TokenBucket,
    last_heading: Option<u8>,
    starved_since: Option<Millis>,
}

impl PacketBudget {
    /// A full budget.
    pub(super) fn new(packets_per_second: u32, now: Millis) -> Self {
        let burst = u64::from(packets_per_second) * BURST_TENTHS / 10;
        let burst = u32::try_from(burst).unwrap_or(u32::MAX);
        Self {
            packets: TokenBucket::per_second(packets_per_second, burst, now),
            free_repeats: TokenBucket::per_second(FREE_REPEATS_PER_SECOND, FREE_REPEATS_PER_SECOND, now),
            last_heading: None,
            starved_since: None,
        }
    }

    /// Decides on the treatment of `packet`; its cost is taken if it may be served.
    pub(super) fn admit(&mut self, packet: &ClientPacket, now: Millis) -> Admission {
        let heading = match packet {
            ClientPacket::ChangeHeading { heading } => Some(*heading),
            _ => None,
        };
        let is_repeat = heading.is_some() && heading == self.last_heading;
        if (is_repeat && self.free_repeats.take(now)) || self.packets.take(now) {
            self.last_heading = heading.or(self.last_heading);
            return Admission::Now;
        }
        let since = *self.starved_since.get_or_insert(now);
        if now.saturating_sub(since) >= STARVED_LIMIT_MS {
            Admission::Flood
        } else {
            Admission::At(now + THROTTLE_MS)
        }
    }

    /// Everything the client said has been served: it is not starved.
    pub(super) fn all_served(&mut self) {
        self.starved_since = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WALK: ClientPacket = ClientPacket::Walk { heading: 1 };

    fn heading(heading: u8) -> ClientPacket {
        ClientPacket::ChangeHeading { heading }
    }

    fn served(budget: &mut PacketBudget, packet: &ClientPacket, tries: usize, now: Millis) -> usize {
        (0..tries).filter(|_| budget.admit(packet, now) == Admission::Now).count()
    }

    #[test]
    fn a_burst_of_two_and_a_half_seconds_passes_and_then_the_rate_holds() {
        let mut budget = PacketBudget::new(100, 0);
        assert_eq!(served(&mut budget, &WALK, 1000, 0), 250);
        assert_eq!(budget.admit(&WALK, 0), Admission::At(THROTTLE_MS));
        assert_eq!(served(&mut budget, &WALK, 1000, 50), 5);
        assert_eq!(served(&mut budget, &WALK, 1000, 55), 0);
        assert_eq!(served(&mut budget, &WALK, 1000, 60), 1, "half tokens are kept");
    }

    #[test]
    fn the_highest_rate_is_no_limit() {
        let mut budget = PacketBudget::new(u32::MAX, 0);
        assert_eq!(served(&mut budget, &WALK, 100_000, 0), 100_000);
    }

    #[test]
    fn a_steady_client_under_the_rate_never_waits() {
        let mut budget = PacketBudget::new(100, 0);
        for now in (0..60_000).step_by(10) {
            assert_eq!(budget.admit(&WALK, now), Admission::Now, "at {now}");
            budget.all_served();
        }
    }

    #[test]
    fn ten_seconds_of_always_too_much_is_a_flood_and_a_pause_forgives() {
        let mut budget = PacketBudget::new(100, 0);
        let mut now = 0;
        let flooded_at = loop {
            match budget.admit(&WALK, now) {
                Admission::Now => {}
                Admission::At(later) => now = later,
                Admission::Flood => break now,
            }
        };
        assert_eq!(flooded_at, STARVED_LIMIT_MS);
        budget.all_served();
        served(&mut budget, &WALK, 1000, now);
        assert_eq!(budget.admit(&WALK, now), Admission::At(now + THROTTLE_MS));
    }

    #[test]
    fn a_repeated_heading_costs_nothing_and_a_new_one_does() {
        let mut budget = PacketBudget::new(10, 0);
        assert_eq!(budget.admit(&heading(1), 0), Admission::Now);
        for frame in 0..600 {
            assert_eq!(budget.admit(&heading(1), frame * 1000 / 60), Admission::Now, "frame {frame}");
        }
        let mut budget = PacketBudget::new(10, 0);
        let turning =
            (0..200).take_while(|turn| budget.admit(&heading(1 + turn % 2), 0) == Admission::Now).count();
        assert_eq!(turning, 25);
    }

    #[test]
    fn even_repeats_are_bounded() {
        let mut budget = PacketBudget::new(10, 0);
        let served = served(&mut budget, &heading(1), 10_000, 0);
        assert_eq!(served, 300 + 25);
    }

    #[test]
    fn addresses_are_counted_and_forgotten() {
        let mut counts = AddressCounts::default();
        let address: IpAddr = "10.0.0.1".parse().unwrap();
        let mapped: IpAddr = "::ffff:10.0.0.1".parse().unwrap();
        counts.add(address);
        counts.add(mapped);
        assert_eq!(counts.of(address), 2);
        counts.remove(address);
        counts.remove(mapped);
        counts.remove(mapped);
        assert_eq!(counts.of(address), 0);
        assert!(counts.counts.is_empty());
    }

    #[test]
    fn an_ipv6_host_is_its_whole_network() {
        let mut counts = AddressCounts::default();
        counts.add("2001:db8:1:2::1".parse().unwrap());
        assert_eq!(counts.of("2001:db8:1:2:ffff::9".parse().unwrap()), 1);
        assert_eq!(counts.of("2001:db8:1:3::1".parse().unwrap()), 0);
    }

    #[test]
    fn the_door_closes_at_its_limits() {
        let limits = ClientLimits {
            connections: 3,
            refusals: REFUSALS_MAX,
            connections_per_address: 2,
            packets_per_second: 100,
        };
        let address: IpAddr = "10.0.0.1".parse().unwrap();
        let mut counts = AddressCounts::default();
        assert_eq!(admit(&limits, 0, &counts, address), Ok(()));
        counts.add(address);
        counts.add(address);
        assert_eq!(admit(&limits, 2, &counts, address), Err(CloseReason::TooManyFromAddress));
        assert_eq!(admit(&limits, 2, &counts, "10.0.0.2".parse().unwrap()), Ok(()));
        assert_eq!(admit(&limits, 3, &counts, "10.0.0.2".parse().unwrap()), Err(CloseReason::ServerFull));
    }
}
