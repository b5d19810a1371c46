//! One connection: its socket, what it said that nobody has heard yet, and how far it has come.

use std::io::{ErrorKind, Read};
use std::net::{IpAddr, SocketAddr};

use mio::net::TcpStream;

use super::acknowledgement;
use super::limits::{Admission, PacketBudget};
use super::round_trip;
use pyao_core::game::{CloseReason, Input, Millis};
use pyao_core::protocol::client::ClientPacket;
use pyao_core::protocol::outbox::ConnectionId;
use pyao_core::protocol::window::Window;
use pyao_core::protocol::wire::{DecodeError, TextEncoding};

/// Most bytes received and not served. The longest packet that means anything has under 1.6 KiB.
pub(super) const INBOUND_LIMIT: usize = 8 * 1024;
/// Room that an empty buffer keeps: for what a client says in one turn, unless it talks much.
const INBOUND_KEPT: usize = 256;
/// Packets served of one connection in one turn, before the others have theirs.
const PACKETS_PER_TURN: usize = 64;
/// Reads of one connection in one turn.
const READS_PER_TURN: usize = 4;

/// Stage of a connection, from its first bytes to play.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// The game knows it.
    Open,
    /// Its last bytes are being sent.
    Ending(CloseReason),
    /// Nothing more is sent; what it still says is dropped until it closes its side too.
    Lingering(CloseReason),
}

/// Reason for which the serving of a connection stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Served {
    /// Nothing is left until the socket has more.
    All,
    /// Its share of this turn is used up.
    More,
    /// Its packet budget is used up until then.
    Throttled(Millis),
    /// It cannot go on.
    Gone(CloseReason),
}

/// Result of a read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Received {
    /// The client's system had so many of the bytes sent so far when it sent what follows, or fewer; and whether
    /// something was sent again since the mark.
    Acknowledged(u64, bool),
    /// A packet, and the encoding in which its client writes texts, as far as it is known.
    Packet(ClientPacket, Option<TextEncoding>),
}

/// See the module.
#[derive(Debug)]
pub(super) struct Connection {
    /// Its id.
    pub id: ConnectionId,
    /// Running number among all accepted connections, for tools; 0 for one that was refused.
    pub number: u64,
    /// Its socket.
    pub stream: TcpStream,
    /// Address of the client.
    pub address: SocketAddr,
    /// Time of its arrival.
    pub opened: Millis,
    /// Stage that it has reached.
    pub stage: Stage,
    /// True if it holds one of the places that the limits count.
    pub is_counted: bool,
    /// True if it is in the list of those to be served.
    pub is_queued: bool,
    /// Waits for its packet budget until then.
    pub throttled_until: Option<Millis>,
    /// True if the last flush left bytes behind, for want of room.
    pub is_blocked: bool,
    /// True if the poll also reports that the socket can be written to.
    pub wants_writable: bool,
    /// Window of its client.
    pub window: Window,
    /// True if it is in the list of those whose client has no room.
    pub awaits_room: bool,
    /// True if its client is often asked if it has room again.
    pub is_probed: bool,
    /// Time to live of its first packet as it arrived.
    pub hop_limit: Option<u8>,
    /// Encoding of the first text beyond ASCII that it sent.
    pub writes: Option<TextEncoding>,
    /// Time of the last measurement of its round trip.
    pub round_trip_measured: Option<Millis>,
    /// True if reads also report the bytes that the client's system has acknowledged.
    pub is_watched: bool,
    /// Segments that had been sent again when the last mark was sent.
    pub repeated_at_mark: u32,
    /// Bytes received.
    pub bytes_in: u64,
    /// Bytes sent.
    pub bytes_out: u64,
    inbound: Inbound,
    budget: PacketBudget,
    /// Acknowledgement that the last read reported and that was not passed on.
    acknowledged: Option<(u64, bool)>,
    may_have_more: bool,
    /// True if the poll has reported the end of the other side: then the end itself is still to be read.
    ends: bool,
    peer_closed: bool,
}

impl Connection {
    /// A connection that has said nothing.
    pub(super) fn new(
        id: ConnectionId,
        stream: TcpStream,
        address: SocketAddr,
        packets_per_second: u32,
        now: Millis,
    ) -> Self {
        Self {
            id,
            number: 0,
            stream,
            address,
            opened: now,
            stage: Stage::Open,
            is_counted: false,
            is_queued: false,
            throttled_until: None,
            is_blocked: false,
            wants_writable: false,
            window: Window::default(),
            awaits_room: false,
            is_probed: false,
            hop_limit: None,
            writes: None,
            round_trip_measured: None,
            is_watched: false,
            repeated_at_mark: 0,
            bytes_in: 0,
            bytes_out: 0,
            inbound: Inbound::default(),
            budget: PacketBudget::new(packets_per_second, now),
            acknowledged: None,
            may_have_more: true,
            ends: false,
            peer_closed: false,
        }
    }

    /// Panics in debug builds when the parts contradict each other.
    pub(super) fn check_invariants(&self) {
        debug_assert!(self.inbound.served <= self.inbound.bytes.len(), "more served than received");
        debug_assert!(self.inbound.unread().len() <= INBOUND_LIMIT, "the inbound buffer of {}", self.id);
        debug_assert!(!self.wants_writable || self.is_blocked, "{} waits for nothing", self.id);
        debug_assert!(
            !self.is_queued || self.throttled_until.is_none(),
            "{} is served and throttled",
            self.id
        );
    }

    /// Another packet rate counts from now on.
    pub(super) fn change_rate(&mut self, packets_per_second: u32, now: Millis) {
        self.budget = PacketBudget::new(packets_per_second, now);
    }

    /// Its address without the port.
    pub(super) fn ip(&self) -> IpAddr {
        self.address.ip().to_canonical()
    }

    /// Returns the clues to the encoding in which its client reads texts.
    pub(super) fn text_clues(&self) -> Input {
        Input::TextClues { connection: self.id, hop_limit: self.hop_limit, writes: self.writes }
    }

    /// The poll says that the socket can be read, and whether the other side ends.
    pub(super) fn readable(&mut self, ends: bool) {
        self.may_have_more = true;
        self.ends |= ends;
    }

    /// Reads, decodes and delivers packets until nothing is left or a bound stops it, each with the encoding in which
    /// its client writes texts. `scratch` is where reads land.
    pub(super) fn serve(
        &mut self,
        now: Millis,
        scratch: &mut [u8],
        mut deliver: impl FnMut(Received),
    ) -> Served {
        let (mut packets, mut reads) = (0, 0);
        loop {
            let mut writes = self.writes;
            match ClientPacket::decode_learning(self.inbound.unread(), &mut writes) {
                Ok(Some((packet, length))) => match self.budget.admit(&packet, now) {
                    Admission::Now => {
                        self.inbound.consume(length);
                        self.writes = writes;
                        if let Some((bytes, is_late)) = self.acknowledged.take() {
                            deliver(Received::Acknowledged(bytes, is_late));
                        }
                        deliver(Received::Packet(packet, writes));
                        packets += 1;
                        if packets == PACKETS_PER_TURN {
                            return Served::More;
                        }
                        continue;
                    }
                    Admission::At(later) => return Served::Throttled(later),
                    Admission::Flood => return Served::Gone(CloseReason::Flood),
                },
                Ok(None) if self.inbound.room() == 0 => return Served::Gone(CloseReason::MalformedPacket),
                Ok(None) => self.budget.all_served(),
                Err(DecodeError::UnknownId(id)) => return Served::Gone(CloseReason::UnknownPacket(id)),
                Err(_) => return Served::Gone(CloseReason::MalformedPacket),
            }
            if self.peer_closed {
                return Served::Gone(CloseReason::LostSocket);
            }
            if !self.may_have_more {
                return Served::All;
            }
            if reads == READS_PER_TURN {
                return Served::More;
            }
            reads += 1;
            if let Err(reason) = self.read(scratch) {
                return Served::Gone(reason);
            }
        }
    }

    /// Reads once into the inbound buffer.
    fn read(&mut self, scratch: &mut [u8]) -> Result<(), CloseReason> {
        let room = self.inbound.room().min(scratch.len());
        match self.stream.read(&mut scratch[..room]) {
            Ok(0) => self.peer_closed = true,
            Ok(count) => {
                self.bytes_in += count as u64;
                self.inbound.append(&scratch[..count]);
                if self.is_watched {
                    // Asked after reading: what comes in between is then counted too early, never too late.
                    let outstanding = acknowledgement::outstanding(&self.stream).unwrap_or(0);
                    let is_late = round_trip::segments_repeated(&self.stream) != self.repeated_at_mark;
                    self.acknowledged = Some((self.bytes_out.saturating_sub(outstanding as u64), is_late));
                }
                // A read that was not filled has emptied the socket: what comes later is an event of its own.
                self.may_have_more = count == room || self.ends;
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => self.may_have_more = false,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => return Err(CloseReason::ConnectionReset),
        }
        Ok(())
    }

    /// Reads and drops what a connection that is being closed still says. [`Served::Gone`] when it has closed too.
    pub(super) fn drop_input(&mut self, scratch: &mut [u8]) -> Served {
        for _ in 0..READS_PER_TURN {
            match self.stream.read(scratch) {
                Ok(0) => return Served::Gone(CloseReason::LostSocket),
                Ok(count) => self.bytes_in += count as u64,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.may_have_more = false;
                    return Served::All;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return Served::Gone(CloseReason::ConnectionReset),
            }
        }
        Served::More
    }
}

/// Bytes received and not yet served, at most [`INBOUND_LIMIT`].
#[derive(Debug, Default)]
struct Inbound {
    bytes: Vec<u8>,
    served: usize,
}

impl Inbound {
    fn unread(&self) -> &[u8] {
        self.bytes.get(self.served..).unwrap_or_default()
    }

    fn room(&self) -> usize {
        INBOUND_LIMIT - self.unread().len()
    }

    fn consume(&mut self, length: usize) {
        self.served += length;
        if self.served >= self.bytes.len() {
            self.bytes.clear();
            self.bytes.shrink_to(INBOUND_KEPT);
            self.served = 0;
        }
    }

    fn append(&mut self, more: &[u8]) {
        self.bytes.drain(..self.served);
        self.served = 0;
        self.bytes.extend_from_slice(more);
    }
}

#[cfg(test)]
mod tests;
