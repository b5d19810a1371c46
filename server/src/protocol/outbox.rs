//! Outgoing bytes of every connection: whole packets, gathered into segments.
//!
//! Rules write packets here; the shell takes segments out and sends each with one system call. The Godot client keeps
//! nothing between two reads, so a segment holds whole packets only and never exceeds the connection's segment limit
//! (unless one packet alone does). A packet that several viewers get is encoded once. A buffer over its bound stops
//! taking packets and is reported, once, as overflowed; packets the client cannot consume are refused.

use super::server::ServerPacket;
use super::wire::TextEncoding;

/// A connection for as long as it lives: a slot, and which use of that slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId {
    /// Index of the connection's slot.
    pub slot: u32,
    /// Use of the slot; a slot's next connection has another one.
    pub generation: u32,
}

impl std::fmt::Display for ConnectionId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}.{}", self.slot, self.generation)
    }
}

/// Largest segment, whatever a connection's MSS: one TCP segment on any path.
pub const SEGMENT_LIMIT_MAX: usize = 1300;
/// Most bytes waiting for one connection; more means that its client does not read.
pub const BUFFER_LIMIT: usize = 64 * 1024;

#[derive(Debug, Default)]
struct Buffer {
    generation: u32,
    open: bool,
    overflowed: bool,
    dirty: bool,
    segment_limit: usize,
    /// Bytes of all segments, the first `sent` of them gone.
    bytes: Vec<u8>,
    sent: usize,
    /// Ends, as offsets in `bytes`, of the segments not yet gone; the last one may still grow.
    ends: std::collections::VecDeque<usize>,
}

/// See the module.
#[derive(Debug)]
pub struct Outbox {
    encoding: TextEncoding,
    buffers: Vec<Buffer>,
    dirty: Vec<ConnectionId>,
    overflowed: Vec<ConnectionId>,
    scratch: Vec<u8>,
}

impl Outbox {
    /// An outbox that writes text as `encoding`.
    #[must_use]
    pub fn new(encoding: TextEncoding) -> Self {
        Self {
            encoding,
            buffers: Vec::new(),
            dirty: Vec::new(),
            overflowed: Vec::new(),
            scratch: Vec::new(),
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
        buffer.bytes.clear();
        buffer.sent = 0;
        buffer.ends.clear();
    }

    /// Forgets `id` and what waited for it.
    pub fn close(&mut self, id: ConnectionId) {
        if let Some(buffer) = self.live(id) {
            *buffer = Buffer::default();
        }
    }

    /// Queues `packet` for one connection. A connection that has gone takes nothing.
    pub fn send(&mut self, to: ConnectionId, packet: &ServerPacket<'_>) {
        self.broadcast([to], packet);
    }

    /// Queues `packet`, encoded once, for each of `to`.
    pub fn broadcast(&mut self, to: impl IntoIterator<Item = ConnectionId>, packet: &ServerPacket<'_>) {
        if !packet.is_consumed_by_client() {
            debug_assert!(false, "{} would corrupt the client's stream", packet.name());
            log::error!("refused to send {}: the client cannot read it", packet.name());
            return;
        }
        let mut scratch = std::mem::take(&mut self.scratch);
        scratch.clear();
        packet.encode(&mut scratch, self.encoding);
        for id in to {
            self.append(id, &scratch);
        }
        self.scratch = scratch;
    }

    fn append(&mut self, id: ConnectionId, packet: &[u8]) {
        let Some(buffer) = self.live(id) else { return };
        if buffer.overflowed {
            return;
        }
        if buffer.bytes.len() - buffer.sent + packet.len() > BUFFER_LIMIT {
            buffer.overflowed = true;
            self.overflowed.push(id);
            return;
        }
        let last_start = match buffer.ends.len() {
            0 => None,
            1 => Some(buffer.sent),
            many => Some(buffer.ends[many - 2]),
        };
        let end = buffer.bytes.len() + packet.len();
        match (last_start, buffer.ends.back_mut()) {
            (Some(start), Some(last)) if end - start <= buffer.segment_limit => *last = end,
            _ => buffer.ends.push_back(end),
        }
        buffer.bytes.extend_from_slice(packet);
        if !buffer.dirty {
            buffer.dirty = true;
            self.dirty.push(id);
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

    /// Whether any connection has something that [`Self::take_dirty`] would give.
    #[must_use]
    pub fn is_dirty(&self) -> bool {
        !self.dirty.is_empty()
    }

    /// Moves the connections whose buffers overflowed since the last call into `into`.
    pub fn take_overflowed(&mut self, into: &mut Vec<ConnectionId>) {
        into.append(&mut self.overflowed);
    }

    /// The next segment of `id`: whole packets, to be sent with one call.
    #[must_use]
    pub fn segment(&self, id: ConnectionId) -> Option<&[u8]> {
        let buffer = self.buffers.get(id.slot as usize)?;
        if !buffer.open || buffer.generation != id.generation {
            return None;
        }
        buffer.ends.front().map(|&end| &buffer.bytes[buffer.sent..end])
    }

    /// The segment that [`Self::segment`] gave has gone.
    pub fn segment_sent(&mut self, id: ConnectionId) {
        let Some(buffer) = self.live(id) else { return };
        let Some(end) = buffer.ends.pop_front() else {
            return;
        };
        buffer.sent = end;
        if buffer.ends.is_empty() {
            buffer.bytes.clear();
            buffer.sent = 0;
        } else if buffer.sent >= BUFFER_LIMIT / 2 {
            let sent = buffer.sent;
            buffer.bytes.drain(..sent);
            buffer.ends.iter_mut().for_each(|end| *end -= sent);
            buffer.sent = 0;
        }
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
