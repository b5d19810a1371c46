//! Tests of the outbox: segments, marks, overflow and encodings.

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
