//! The codec as a whole: every packet there and back, hostile bytes, and streams cut anywhere.
//!
//! Packets are made from the tables' own layouts, so that none can be forgotten.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use proptest::prelude::*;
use pyao_core::protocol::client::ClientPacket;
use pyao_core::protocol::gm::GmCommand;
use pyao_core::protocol::multi_message::MultiMessage;
use pyao_core::protocol::server::ServerPacket;
use pyao_core::protocol::table::{PacketLayout, Wire};
use pyao_core::protocol::wire::{MAX_SENT_PACKET, TextEncoding};

const ENCODINGS: [TextEncoding; 3] = [TextEncoding::Latin1, TextEncoding::Utf8, TextEncoding::Ascii];

/// Appends a valid value of `wire`, its numbers and lengths drawn from `bytes`, its texts of up to `longest` bytes.
fn append_value(wire: &Wire, bytes: &mut impl FnMut() -> u8, longest: usize, out: &mut Vec<u8>) {
    match *wire {
        Wire::Plain("u8") => out.push(bytes()),
        Wire::Plain("bool") => out.push(bytes() & 1),
        Wire::Plain("i16") => out.extend([bytes(), bytes()]),
        Wire::Plain("i32" | "f32") => out.extend([bytes(), bytes(), bytes(), bytes()]),
        Wire::Plain("str") => {
            append_text(bytes, longest, out, |byte| if byte % 3 == 0 { byte | 0xE0 } else { byte & 0x3F });
        }
        Wire::Plain("strz") => append_text(bytes, longest, out, |byte| b'a' + byte % 26),
        Wire::Plain("gm") => append_entry(GmCommand::LAYOUT, bytes, longest, out),
        Wire::Plain("multi") => append_entry(MultiMessage::LAYOUT, bytes, longest, out),
        Wire::Plain("ip_or_name") => {
            let by_ip = bytes() & 1;
            out.push(by_ip);
            let target = if by_ip == 1 { "i32" } else { "str" };
            append_value(&Wire::Plain(target), bytes, longest, out);
        }
        Wire::Plain(other) => panic!("no sample of {other}"),
        Wire::Record(fields) => {
            fields.iter().for_each(|field| append_value(&field.wire, bytes, longest, out));
        }
        Wire::Repeated { count, entry } => {
            (0..count).for_each(|_| append_value(entry, bytes, longest, out));
        }
        Wire::Counted { prefix, entry } => {
            let count = bytes() % 4;
            out.push(count);
            out.resize(out.len() + if prefix == "i16" { 1 } else { 0 }, 0);
            (0..count).for_each(|_| append_value(entry, bytes, longest, out));
        }
    }
}

fn append_text(bytes: &mut impl FnMut() -> u8, longest: usize, out: &mut Vec<u8>, byte: fn(u8) -> u8) {
    let length = usize::from(bytes()) * longest / 255;
    out.extend(u16::try_from(length).unwrap().to_le_bytes());
    out.extend((0..length).map(|_| byte(bytes())));
}

fn append_entry(layout: &[PacketLayout], bytes: &mut impl FnMut() -> u8, longest: usize, out: &mut Vec<u8>) {
    append_packet(&layout[usize::from(bytes()) % layout.len()], bytes, longest, out);
}

fn append_packet(layout: &PacketLayout, bytes: &mut impl FnMut() -> u8, longest: usize, out: &mut Vec<u8>) {
    out.push(layout.id);
    layout.fields.iter().for_each(|field| append_value(&field.wire, bytes, longest, out));
}

/// Bytes of one packet for each of several edges: all zero, all ones, the largest and the smallest numbers, a mix.
fn edges(layout: &PacketLayout) -> Vec<Vec<u8>> {
    let mut counter = 0u8;
    let mut mix = move || {
        counter = counter.wrapping_mul(197).wrapping_add(71);
        counter
    };
    let mut samples = vec![Vec::new(); 5];
    append_packet(layout, &mut || 0, 40, &mut samples[0]);
    append_packet(layout, &mut || 0xFF, 40, &mut samples[1]);
    append_packet(layout, &mut || 0x7F, 40, &mut samples[2]);
    append_packet(layout, &mut || 0x80, 40, &mut samples[3]);
    append_packet(layout, &mut mix, 40, &mut samples[4]);
    samples
}

fn client_round_trip(layout: &PacketLayout, bytes: &[u8]) -> ClientPacket {
    let (packet, consumed) = ClientPacket::decode(bytes).unwrap().unwrap();
    assert_eq!(consumed, bytes.len(), "{}", layout.name);
    let mut again = Vec::new();
    packet.encode(&mut again);
    assert_eq!(again, bytes, "{}", layout.name);
    for end in 0..bytes.len() {
        assert_eq!(ClientPacket::decode(&bytes[..end]), Ok(None), "{} cut at {end}", layout.name);
    }
    packet
}

#[test]
fn every_client_packet_comes_back_and_waits_for_its_last_byte() {
    for layout in ClientPacket::LAYOUT {
        for bytes in edges(layout) {
            let packet = client_round_trip(layout, &bytes);
            assert_eq!((packet.id(), packet.name()), (layout.id, layout.name));
        }
    }
}

#[test]
fn every_game_master_command_comes_back_and_waits_for_its_last_byte() {
    for layout in GmCommand::LAYOUT {
        for mut bytes in edges(layout) {
            bytes.insert(0, 122);
            let packet = client_round_trip(layout, &bytes);
            let ClientPacket::GMCommands { command } = packet else { panic!("{packet:?}") };
            assert_eq!((command.id(), command.name()), (layout.id, layout.name));
        }
    }
}

fn server_round_trip(layout: &PacketLayout, bytes: &[u8]) -> ServerPacket<'static> {
    let (packet, consumed) = ServerPacket::decode(bytes, TextEncoding::Latin1).unwrap().unwrap();
    assert_eq!(consumed, bytes.len(), "{}", layout.name);
    let mut again = Vec::new();
    packet.encode(&mut again, TextEncoding::Latin1);
    assert_eq!(again, bytes, "{}", layout.name);
    for end in 0..bytes.len() {
        let cut = ServerPacket::decode(&bytes[..end], TextEncoding::Latin1);
        assert_eq!(cut, Ok(None), "{} cut at {end}", layout.name);
    }
    packet
}

#[test]
fn every_server_packet_comes_back_and_waits_for_its_last_byte() {
    for layout in ServerPacket::LAYOUT {
        for bytes in edges(layout) {
            let packet = server_round_trip(layout, &bytes);
            assert_eq!((packet.id(), packet.name()), (layout.id, layout.name));
        }
    }
}

#[test]
fn every_fixed_message_comes_back_and_waits_for_its_last_byte() {
    for layout in MultiMessage::LAYOUT {
        for mut bytes in edges(layout) {
            bytes.insert(0, 104);
            let packet = server_round_trip(layout, &bytes);
            let ServerPacket::MultiMessage { message } = packet else { panic!("{packet:?}") };
            assert_eq!((message.id(), message.name()), (layout.id, layout.name));
        }
    }
}

/// Generates a packet of any layout of `table`, as bytes.
fn any_packet(table: &'static [PacketLayout], longest: usize) -> impl Strategy<Value = Vec<u8>> {
    (0..table.len(), proptest::collection::vec(any::<u8>(), 64)).prop_map(move |(index, entropy)| {
        let mut entropy = entropy.into_iter().cycle();
        let mut bytes = Vec::new();
        append_packet(&table[index], &mut || entropy.next().unwrap(), longest, &mut bytes);
        bytes
    })
}

/// Returns the bytes of each whole packet of `stream`, and the rest behind them.
fn server_packets(mut stream: &[u8]) -> (Vec<Vec<u8>>, &[u8]) {
    let mut packets = Vec::new();
    while let Some((_, consumed)) = ServerPacket::decode(stream, TextEncoding::Latin1).unwrap() {
        packets.push(stream[..consumed].to_vec());
        stream = &stream[consumed..];
    }
    (packets, stream)
}

proptest! {
    #[test]
    fn arbitrary_bytes_from_a_client_are_a_packet_or_an_error_or_wait(
        bytes in proptest::collection::vec(any::<u8>(), 0..600),
    ) {
        if let Ok(Some((_, consumed))) = ClientPacket::decode(&bytes) {
            prop_assert!(0 < consumed && consumed <= bytes.len());
        }
    }

    #[test]
    fn arbitrary_bytes_from_a_server_are_a_packet_or_an_error_or_wait(
        bytes in proptest::collection::vec(any::<u8>(), 0..600),
    ) {
        for encoding in ENCODINGS {
            if let Ok(Some((_, consumed))) = ServerPacket::decode(&bytes, encoding) {
                prop_assert!(0 < consumed && consumed <= bytes.len());
            }
        }
    }

    #[test]
    fn more_bytes_never_change_what_was_decoded(
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
        more in proptest::collection::vec(any::<u8>(), 1..200),
    ) {
        let before = ClientPacket::decode(&bytes);
        let all = [bytes, more].concat();
        if before != Ok(None) {
            prop_assert_eq!(ClientPacket::decode(&all), before);
        }
    }

    #[test]
    fn a_stream_cut_anywhere_gives_the_same_packets(
        packets in proptest::collection::vec(any_packet(ClientPacket::LAYOUT, 60), 1..8),
        cut in 1usize..40,
    ) {
        let stream = packets.concat();
        let mut buffer = Vec::new();
        let mut seen = Vec::new();
        for piece in stream.chunks(cut) {
            buffer.extend_from_slice(piece);
            while let Some((packet, consumed)) = ClientPacket::decode(&buffer).unwrap() {
                let mut bytes = Vec::new();
                packet.encode(&mut bytes);
                seen.push(bytes);
                buffer.drain(..consumed);
            }
        }
        prop_assert!(buffer.is_empty());
        prop_assert_eq!(seen, packets);
    }

    #[test]
    fn a_stream_split_in_two_at_any_byte_gives_the_same_packets(
        packets in proptest::collection::vec(any_packet(ServerPacket::LAYOUT, 30), 1..6),
    ) {
        let stream = packets.concat();
        for split in 0..=stream.len() {
            // The bytes left over by the first part are all that the second needs.
            let (whole, waiting) = server_packets(&stream[..split]);
            let second = [waiting, &stream[split..]].concat();
            let (rest, left) = server_packets(&second);
            prop_assert!(left.is_empty(), "split at {split}");
            prop_assert_eq!([whole, rest].concat(), packets.clone(), "split at {}", split);
        }
    }

    #[test]
    fn a_sent_packet_fits_one_segment_however_long_its_texts(
        bytes in any_packet(ServerPacket::LAYOUT, 1500),
    ) {
        let decoded = ServerPacket::decode(&bytes, TextEncoding::Latin1);
        // A few layouts hold so many texts that these bytes pass the bound on arrival.
        let Ok(Some((packet, _))) = decoded else { return Ok(()) };
        for encoding in ENCODINGS {
            let mut sent = Vec::new();
            packet.encode(&mut sent, encoding);
            prop_assert!(sent.len() <= MAX_SENT_PACKET, "{} has {} bytes", packet.name(), sent.len());
            let (again, consumed) = ServerPacket::decode(&sent, encoding).unwrap().unwrap();
            prop_assert_eq!(consumed, sent.len());
            prop_assert_eq!(again.id(), packet.id());
        }
    }
}
