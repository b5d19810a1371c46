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
mod tests {
    use super::*;
    use crate::protocol::font::Font;

    const LIMIT: usize = 100;

    fn connection(slot: u32, generation: u32) -> ConnectionId {
        ConnectionId { slot, generation }
    }

    fn outbox_with(ids: &[ConnectionId]) -> Outbox {
        let mut outbox = Outbox::new(TextEncoding::Latin1);
        ids.iter().for_each(|&id| outbox.open(id, LIMIT));
        outbox
    }

    /// Builds a console line of `length` bytes on the wire.
    fn line(length: usize) -> ServerPacket<'static> {
        ServerPacket::console("x".repeat(length - 4), Font::Info)
    }

    /// Takes every segment of `id` out.
    fn drain(outbox: &mut Outbox, id: ConnectionId) -> Vec<Vec<u8>> {
        let mut segments = Vec::new();
        while let Some(segment) = outbox.segment(id) {
            segments.push(segment.to_vec());
            outbox.segment_sent(id);
        }
        segments
    }

    fn packets_in(mut segment: &[u8]) -> usize {
        let mut count = 0;
        while !segment.is_empty() {
            let (_, consumed) = ServerPacket::decode(segment, TextEncoding::Latin1).unwrap().unwrap();
            segment = &segment[consumed..];
            count += 1;
        }
        count
    }

    fn dirty(outbox: &mut Outbox) -> Vec<ConnectionId> {
        let mut ids = Vec::new();
        outbox.take_dirty(&mut ids);
        ids
    }

    #[test]
    fn segments_hold_whole_packets_within_the_limit_and_in_order() {
        let id = connection(0, 1);
        let mut outbox = outbox_with(&[id]);
        let lengths = [40, 60, 4, 96, 50, 51, 100, 4];
        let mut stream = Vec::new();
        for length in lengths {
            outbox.send(id, &line(length));
            line(length).encode(&mut stream, TextEncoding::Latin1);
        }
        let segments = drain(&mut outbox, id);
        assert!(segments.iter().all(|segment| segment.len() <= LIMIT));
        assert_eq!(segments.iter().map(|segment| packets_in(segment)).sum::<usize>(), lengths.len());
        assert_eq!(segments.concat(), stream);
        assert_eq!(segments[0].len(), 100);
    }

    #[test]
    fn a_mark_waits_until_so_many_bytes_are_acknowledged() {
        let id = connection(0, 1);
        let mut outbox = outbox_with(&[id]);
        outbox.send(id, &line(40));
        drain(&mut outbox, id);
        assert_eq!(outbox.marked(id), None);
        outbox.send(id, &line(20));
        let mark = outbox.mark(id);
        outbox.send(id, &line(10));
        assert_eq!((mark, outbox.marked(id)), (60, Some(60)));
        drain(&mut outbox, id);
        outbox.acknowledged(id, 59);
        assert_eq!((outbox.has_acknowledged(id, mark), outbox.marked(id)), (false, Some(60)));
        outbox.acknowledged(id, 70);
        assert_eq!((outbox.has_acknowledged(id, mark), outbox.marked(id)), (true, None));
        let next = connection(0, 2);
        outbox.open(next, LIMIT);
        assert_eq!(outbox.mark(next), 0, "another connection counts anew");
    }

    #[test]
    fn marks_count_what_went_before_however_much_it_was() {
        let id = connection(0, 1);
        let mut outbox = outbox_with(&[id]);
        let mut written = 0;
        for _ in 0..2_000 {
            outbox.send(id, &line(97));
            written += 97;
            assert_eq!(outbox.mark(id), written);
            if outbox.waiting(id) > BUFFER_LIMIT * 3 / 4 {
                while outbox.waiting(id) > BUFFER_LIMIT / 4 {
                    outbox.segment_sent(id);
                }
            }
        }
    }

    #[test]
    fn a_packet_longer_than_the_limit_has_a_segment_of_its_own() {
        let id = connection(0, 1);
        let mut outbox = outbox_with(&[id]);
        [20, 150, 20].iter().for_each(|&length| outbox.send(id, &line(length)));
        let lengths: Vec<_> = drain(&mut outbox, id).iter().map(Vec::len).collect();
        assert_eq!(lengths, [20, 150, 20]);
    }

    #[test]
    fn packets_go_on_joining_the_last_segment_after_one_has_gone() {
        let id = connection(0, 1);
        let mut outbox = outbox_with(&[id]);
        [90, 30].iter().for_each(|&length| outbox.send(id, &line(length)));
        outbox.segment_sent(id);
        outbox.send(id, &line(50));
        outbox.send(id, &line(50));
        assert_eq!(outbox.waiting(id), 130);
        let lengths: Vec<_> = drain(&mut outbox, id).iter().map(Vec::len).collect();
        assert_eq!(lengths, [80, 50]);
        assert_eq!(outbox.waiting(id), 0);
    }

    #[test]
    fn a_broadcast_reaches_each_once_and_marks_them_dirty_once() {
        let ids = [connection(0, 1), connection(5, 9)];
        let mut outbox = outbox_with(&ids);
        outbox.broadcast(ids, &ServerPacket::Pong);
        outbox.send(ids[0], &ServerPacket::Pong);
        assert!(outbox.is_dirty());
        assert_eq!(dirty(&mut outbox), ids);
        assert!(!outbox.is_dirty());
        assert_eq!(outbox.segment(ids[0]), Some(&[88, 88][..]));
        assert_eq!(outbox.segment(ids[1]), Some(&[88][..]));
        outbox.send(ids[1], &ServerPacket::Pong);
        assert_eq!(dirty(&mut outbox), [ids[1]]);
    }

    #[test]
    fn an_overflow_is_reported_once_and_takes_nothing_more() {
        let (slow, other) = (connection(0, 1), connection(1, 1));
        let mut outbox = outbox_with(&[slow, other]);
        for _ in 0..BUFFER_LIMIT / 1000 + 3 {
            outbox.send(slow, &line(1000));
        }
        let mut overflowed = Vec::new();
        outbox.take_overflowed(&mut overflowed);
        assert_eq!(overflowed, [slow]);
        let waiting = outbox.waiting(slow);
        assert!(waiting <= BUFFER_LIMIT);
        outbox.send(slow, &ServerPacket::Pong);
        assert_eq!(outbox.waiting(slow), waiting);
        overflowed.clear();
        outbox.take_overflowed(&mut overflowed);
        assert_eq!(overflowed, []);
        outbox.send(other, &ServerPacket::Pong);
        assert_eq!(outbox.waiting(other), 1);
    }

    #[test]
    fn a_long_lived_buffer_does_not_grow_with_what_was_sent() {
        let id = connection(0, 1);
        let mut outbox = outbox_with(&[id]);
        outbox.send(id, &line(90));
        for _ in 0..2000 {
            outbox.send(id, &line(90));
            outbox.segment_sent(id);
        }
        assert_eq!(outbox.waiting(id), 90);
        assert!(outbox.buffers[0].bytes.len() <= BUFFER_LIMIT);
    }

    #[test]
    fn a_buffer_that_was_full_once_gives_its_room_back_and_a_small_one_keeps_it() {
        let id = connection(0, 1);
        let mut outbox = outbox_with(&[id]);
        outbox.send(id, &line(90));
        drain(&mut outbox, id);
        let small = outbox.buffers[0].bytes.capacity();
        assert!(small >= 90);
        (0..100).for_each(|_| outbox.send(id, &line(90)));
        assert!(outbox.buffers[0].bytes.capacity() >= 9_000);
        drain(&mut outbox, id);
        assert_eq!(outbox.buffers[0].bytes.capacity(), ROOM_KEPT);
    }

    #[test]
    fn another_use_of_the_slot_takes_and_shows_nothing() {
        let (old, new) = (connection(3, 1), connection(3, 2));
        let mut outbox = outbox_with(&[old]);
        outbox.send(old, &ServerPacket::Pong);
        outbox.open(new, LIMIT);
        outbox.send(old, &ServerPacket::Pong);
        outbox.segment_sent(old);
        outbox.close(old);
        assert_eq!((outbox.segment(old), outbox.segment(new)), (None, None));
        assert_eq!((outbox.waiting(old), outbox.waiting(new)), (0, 0));
        outbox.send(new, &ServerPacket::Pong);
        assert_eq!(outbox.segment(new), Some(&[88][..]));
        assert!(dirty(&mut outbox).contains(&new));
    }

    #[test]
    fn a_closed_or_unknown_connection_takes_nothing() {
        let id = connection(0, 1);
        let mut outbox = outbox_with(&[id]);
        outbox.send(id, &ServerPacket::Pong);
        outbox.close(id);
        outbox.send(id, &ServerPacket::Pong);
        outbox.send(connection(70, 1), &ServerPacket::Pong);
        assert_eq!((outbox.segment(id), outbox.waiting(id)), (None, 0));
    }

    #[test]
    fn packets_the_client_cannot_read_are_refused_and_counted() {
        let id = connection(0, 1);
        let mut outbox = outbox_with(&[id]);
        outbox.send(id, &ServerPacket::AddSlots { backpack_slots: 5 });
        assert_eq!((outbox.segment(id), outbox.refused()), (None, 1));
        assert!(!outbox.is_dirty());
    }

    #[test]
    fn a_thinning_outbox_leaves_out_what_only_decorates() {
        let id = connection(0, 1);
        let mut outbox = outbox_with(&[id]);
        let effect = |fx, fx_loops| ServerPacket::CreateFX { char_index: 1, fx, fx_loops };
        outbox.thin(true);
        outbox.send(id, &ServerPacket::PlayWave { wave: 1, x: 0, y: 0 });
        outbox.send(id, &effect(1, 0));
        assert_eq!((outbox.thinned(), outbox.waiting(id)), (2, 0));
        // An effect that would stay on the screen, and its end.
        outbox.send(id, &effect(4, -1));
        outbox.send(id, &effect(0, 0));
        assert_eq!((outbox.thinned(), outbox.waiting(id)), (2, 14));
        outbox.thin(false);
        outbox.send(id, &effect(1, 0));
        assert_eq!((outbox.thinned(), outbox.waiting(id)), (2, 21));
    }

    #[test]
    fn packets_are_counted_for_each_who_gets_them() {
        let ids = [connection(0, 1), connection(1, 1)];
        let mut outbox = outbox_with(&ids);
        outbox.broadcast([ids[0], ids[1], connection(7, 1)], &ServerPacket::Pong);
        assert_eq!(outbox.queued()[88], 2);
        assert_eq!(outbox.queued().iter().sum::<u64>(), 2);
    }

    #[test]
    fn each_connection_gets_texts_in_its_own_encoding() {
        let ids = [connection(0, 1), connection(1, 1), connection(2, 1), connection(3, 1)];
        let mut outbox = outbox_with(&ids);
        outbox.set_encoding(ids[1], TextEncoding::Utf8);
        outbox.set_encoding(ids[2], TextEncoding::Ascii);
        outbox.set_encoding(connection(3, 9), TextEncoding::Utf8);
        outbox.broadcast(ids, &ServerPacket::console("ñ", Font::Talk));
        let texts: [&[u8]; 4] =
            [b"\x18\x01\0\xF1\0", b"\x18\x02\0\xC3\xB1\0", b"\x18\x01\0n\0", b"\x18\x01\0\xF1\0"];
        for (id, text) in ids.into_iter().zip(texts) {
            assert_eq!(outbox.segment(id), Some(text));
        }
        assert_eq!(outbox.queued()[24], 4);
        // The next use of the slot begins anew.
        let next = connection(1, 2);
        outbox.open(next, LIMIT);
        outbox.send(next, &ServerPacket::console("ñ", Font::Talk));
        assert_eq!(outbox.segment(next), Some(texts[0]));
    }

    #[test]
    fn a_sealed_segment_takes_no_more_packets() {
        let id = connection(1, 0);
        let mut outbox = outbox_with(&[id]);
        outbox.start_segment(id);
        outbox.send(id, &ServerPacket::Pong);
        outbox.send(id, &ServerPacket::Pong);
        outbox.start_segment(id);
        outbox.send(id, &ServerPacket::Pong);
        assert_eq!(outbox.segment(id).map(<[u8]>::len), Some(2));
        outbox.segment_sent(id);
        assert_eq!(outbox.segment(id).map(<[u8]>::len), Some(1));
    }
}
