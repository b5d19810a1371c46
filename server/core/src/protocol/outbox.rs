//! Outgoing bytes of every connection: whole packets, gathered into segments.
//!
//! Rules write packets here; the shell takes segments out and sends each with one system call. The Godot client keeps
//! nothing between two reads, so a segment holds whole packets only and never exceeds the connection's segment limit
//! (unless one packet alone does). A packet that several viewers get is encoded once for each text encoding among them,
//! or once for all when it has no text beyond ASCII. A buffer over its bound stops taking packets and is reported,
//! once, as overflowed; packets the client cannot consume are refused.

use super::encoded::Encoded;
use super::server::ServerPacket;
use super::wire::TextEncoding;
pub use crate::base::ids::ConnectionId;

/// Largest segment, whatever a connection's MSS: one TCP segment on any path.
pub const SEGMENT_LIMIT_MAX: usize = super::wire::MAX_SENT_PACKET;
/// Most bytes waiting for one connection; more means that its client does not read.
pub const BUFFER_LIMIT: usize = 64 * 1024;
/// Capacity in bytes that an empty buffer keeps: room for a step of each of two hundred others. Capacity beyond that,
/// used by a login or by a crowd that came into sight, is freed.
const ROOM_KEPT: usize = 1024;

#[derive(Debug, Default)]
struct Buffer {
    generation: u32,
    open: bool,
    overflowed: bool,
    dirty: bool,
    segment_limit: usize,
    /// Encoding of texts.
    encoding: TextEncoding,
    /// True if the last segment takes no more packets.
    sealed: bool,
    /// Bytes of all segments, the first `sent` of them gone.
    bytes: Vec<u8>,
    sent: usize,
    /// Ends, as offsets in `bytes`, of the segments before the last one that have not gone.
    ends: std::collections::VecDeque<usize>,
    /// Start of the last segment, which may still grow; it ends where `bytes` does.
    last_start: usize,
    /// Bytes that were in `bytes` earlier.
    dropped: u64,
    /// End of the last marked packet, counted from the connection's beginning.
    marked: u64,
    /// Bytes that the client's system has acknowledged.
    acknowledged: u64,
}

impl Buffer {
    /// Returns true if packets for `id` are taken.
    #[inline(always)]
    fn takes(&self, id: ConnectionId) -> bool {
        self.open && self.generation == id.generation && !self.overflowed
    }

    /// Appends a packet to the last segment, or to a new one. False if the buffer overflows instead.
    #[inline(always)]
    fn append(&mut self, packet: &[u8]) -> bool {
        if self.bytes.len() - self.sent + packet.len() > BUFFER_LIMIT {
            self.overflowed = true;
            return false;
        }
        let end = self.bytes.len();
        let last = end - self.last_start;
        if last > 0 && (self.sealed || last + packet.len() > self.segment_limit) {
            self.ends.push_back(end);
            self.last_start = end;
        }
        self.sealed = false;
        self.bytes.extend_from_slice(packet);
        true
    }
}

/// See the module.
#[derive(Debug)]
pub struct Outbox {
    /// Encoding of texts for connections that have not been given another.
    encoding: TextEncoding,
    buffers: Vec<Buffer>,
    dirty: Vec<ConnectionId>,
    overflowed: Vec<ConnectionId>,
    refused: u64,
    /// True if cosmetic packets are left out.
    thins: bool,
    thinned: u64,
    /// Packets queued, by id.
    queued: Box<[u64; 256]>,
    encoded: Encoded,
}

impl Outbox {
    /// Creates an outbox that writes text as `encoding`, unless a connection has [another](Self::set_encoding).
    #[must_use]
    pub fn new(encoding: TextEncoding) -> Self {
        Self {
            encoding,
            buffers: Vec::new(),
            dirty: Vec::new(),
            overflowed: Vec::new(),
            refused: 0,
            thins: false,
            thinned: 0,
            queued: Box::new([0; 256]),
            encoded: Encoded::default(),
        }
    }

    /// Starts buffering for `id`, in segments of at most `segment_limit` bytes.
    pub fn open(&mut self, id: ConnectionId, segment_limit: usize) {
        let slot = id.slot as usize;
        if self.buffers.len() <= slot {
            self.buffers.resize_with(slot + 1, Buffer::default);
        }
        let buffer = &mut self.buffers[slot];
        buffer.generation = id.generation;
        buffer.open = true;
        buffer.overflowed = false;
        buffer.dirty = false;
        buffer.segment_limit = segment_limit.min(SEGMENT_LIMIT_MAX);
        buffer.encoding = self.encoding;
        buffer.sealed = false;
        buffer.bytes.clear();
        buffer.sent = 0;
        buffer.ends.clear();
        buffer.last_start = 0;
        (buffer.dropped, buffer.marked, buffer.acknowledged) = (0, 0, 0);
    }

    /// Writes texts for `id` as `encoding` from now on.
    pub fn set_encoding(&mut self, id: ConnectionId, encoding: TextEncoding) {
        if let Some(buffer) = self.live(id) {
            buffer.encoding = encoding;
        }
    }

    /// Forgets `id` and its pending bytes.
    pub fn close(&mut self, id: ConnectionId) {
        if let Some(buffer) = self.live(id) {
            *buffer = Buffer::default();
        }
    }

    /// Checks that segments cover the bytes of every buffer, and that closed connections have none.
    ///
    /// # Errors
    /// Describes the first contradiction found.
    pub fn check_invariants(&self) -> Result<(), String> {
        for (slot, buffer) in self.buffers.iter().enumerate() {
            let Buffer { sent, open, last_start, .. } = *buffer;
            let length = buffer.bytes.len();
            let ends = std::iter::once(&sent).chain(&buffer.ends).chain([&length]);
            let is_covered = ends.is_sorted() && buffer.ends.back().copied().unwrap_or(sent) == last_start;
            if length.saturating_sub(sent) > BUFFER_LIMIT || !is_covered || !(open || length == 0) {
                let ends = &buffer.ends;
                return Err(format!("slot {slot}: {sent} of {length} sent, ends {ends:?}, open: {open}"));
            }
        }
        Ok(())
    }

    /// Queues `packet` for one connection. A connection that has gone takes nothing.
    pub fn send(&mut self, to: ConnectionId, packet: &ServerPacket<'_>) {
        self.broadcast([to], packet);
    }

    /// Queues `packet` for each of `to`, in the encoding of each.
    pub fn broadcast(&mut self, to: impl IntoIterator<Item = ConnectionId>, packet: &ServerPacket<'_>) {
        if !packet.is_consumed_by_client() {
            self.refused += 1;
            log::error!("refused to send {}: the client cannot read it", packet.name());
            return;
        }
        if self.thins && packet.is_cosmetic() {
            self.thinned += 1;
            return;
        }
        let Self { buffers, encoded, dirty, overflowed, .. } = self;
        encoded.begin();
        let queue = |id: &ConnectionId| {
            let buffer = buffers.get_mut(id.slot as usize).filter(|buffer| buffer.takes(*id));
            let Some(buffer) = buffer else { return false };
            if !buffer.append(encoded.get(packet, buffer.encoding)) {
                overflowed.push(*id);
                return false;
            }
            if !buffer.dirty {
                buffer.dirty = true;
                dirty.push(*id);
            }
            true
        };
        // Counting walks through the viewers' blocks from inside: a tenth fewer instructions for 200 viewers than a
        // loop.
        let count = to.into_iter().filter(queue).count();
        self.queued[usize::from(packet.id())] += count as u64;
    }

    /// Makes the next packet for `id` start a segment: the client's game screen reads the block that opened it from its
    /// start, so nothing of the screen before may stand in it.
    pub fn start_segment(&mut self, id: ConnectionId) {
        if let Some(buffer) = self.live(id) {
            buffer.sealed = true;
        }
    }

    /// Moves the connections with something to send, each once, into `into`.
    pub fn take_dirty(&mut self, into: &mut Vec<ConnectionId>) {
        into.append(&mut self.dirty);
        for id in into.iter() {
            if let Some(buffer) = self.buffers.get_mut(id.slot as usize)
                && buffer.generation == id.generation
            {
                buffer.dirty = false;
            }
        }
    }

    /// Returns true if any connection has something that [`Self::take_dirty`] would give.
    #[must_use]
    pub fn is_dirty(&self) -> bool {
        !self.dirty.is_empty()
    }

    /// Moves the connections whose buffers overflowed since the last call into `into`.
    pub fn take_overflowed(&mut self, into: &mut Vec<ConnectionId>) {
        into.append(&mut self.overflowed);
    }

    /// Returns the next segment of `id`: whole packets, to be sent with one call.
    #[must_use]
    pub fn segment(&self, id: ConnectionId) -> Option<&[u8]> {
        let buffer = self.buffers.get(id.slot as usize)?;
        if !buffer.open || buffer.generation != id.generation {
            return None;
        }
        let end = buffer.ends.front().copied().unwrap_or(buffer.bytes.len());
        (end > buffer.sent).then(|| &buffer.bytes[buffer.sent..end])
    }

    /// Drops the segment that [`Self::segment`] gave, once it was sent.
    pub fn segment_sent(&mut self, id: ConnectionId) {
        let Some(buffer) = self.live(id) else { return };
        buffer.sent = buffer.ends.pop_front().unwrap_or(buffer.bytes.len());
        let sent = buffer.sent;
        if sent == buffer.bytes.len() {
            buffer.dropped += sent as u64;
            buffer.bytes.clear();
            buffer.bytes.shrink_to(ROOM_KEPT);
            (buffer.sent, buffer.last_start) = (0, 0);
        } else if sent >= BUFFER_LIMIT / 2 {
            buffer.dropped += sent as u64;
            buffer.bytes.drain(..sent);
            buffer.ends.iter_mut().for_each(|end| *end -= sent);
            (buffer.sent, buffer.last_start) = (0, buffer.last_start - sent);
        }
    }

    /// Marks the end of what is written for `id` so far: the shell is to say when the client's system has it. Returns
    /// that place, in bytes from the connection's beginning.
    pub fn mark(&mut self, id: ConnectionId) -> u64 {
        let Some(buffer) = self.live(id) else { return 0 };
        buffer.marked = buffer.dropped + buffer.bytes.len() as u64;
        buffer.marked
    }

    /// Returns the last mark of `id`, while the client's system is not known to have everything up to there.
    #[must_use]
    pub fn marked(&self, id: ConnectionId) -> Option<u64> {
        let buffer = self.buffers.get(id.slot as usize)?;
        let waits = buffer.generation == id.generation && buffer.marked > buffer.acknowledged;
        waits.then_some(buffer.marked)
    }

    /// Notes that the system of the client on `id` has received `bytes` bytes, counted from the connection's beginning.
    pub fn acknowledged(&mut self, id: ConnectionId, bytes: u64) {
        if let Some(buffer) = self.live(id) {
            buffer.acknowledged = buffer.acknowledged.max(bytes);
        }
    }

    /// Returns true if the system of the client on `id` has acknowledged everything up to a mark.
    #[must_use]
    pub fn has_acknowledged(&self, id: ConnectionId, mark: u64) -> bool {
        let buffer = self.buffers.get(id.slot as usize).filter(|buffer| buffer.generation == id.generation);
        buffer.is_none_or(|buffer| buffer.acknowledged >= mark)
    }

    /// Packets refused because the client cannot read them; each is a fault of the server.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused
    }

    /// Leaves cosmetic packets out from now on, or no longer.
    pub fn thin(&mut self, thins: bool) {
        self.thins = thins;
    }

    /// Returns the number of cosmetic packets left out, each counted once for all its receivers.
    #[must_use]
    pub fn thinned(&self) -> u64 {
        self.thinned
    }

    /// Packets queued so far, by id; a broadcast counts for each who got it.
    #[must_use]
    pub fn queued(&self) -> &[u64; 256] {
        &self.queued
    }

    /// Bytes waiting for `id`.
    #[must_use]
    pub fn waiting(&self, id: ConnectionId) -> usize {
        match self.buffers.get(id.slot as usize) {
            Some(buffer) if buffer.open && buffer.generation == id.generation => {
                buffer.bytes.len() - buffer.sent
            }
            _ => 0,
        }
    }

    fn live(&mut self, id: ConnectionId) -> Option<&mut Buffer> {
        self.buffers
            .get_mut(id.slot as usize)
            .filter(|buffer| buffer.open && buffer.generation == id.generation)
    }
}

#[cfg(test)]
mod tests;
