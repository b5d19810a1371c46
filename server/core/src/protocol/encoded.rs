//! One packet for many receivers: encoded once for each encoding that they read, or once for all of them.

use super::server::ServerPacket;
use super::wire::TextEncoding;

/// Number of encodings.
const ENCODINGS: usize = 3;

/// See the module. Its buffers are used again for the next packet.
#[derive(Debug, Default)]
pub(super) struct Encoded {
    /// The packet, by encoding.
    bytes: [Vec<u8>; ENCODINGS],
    /// True for each of `bytes` that holds this packet.
    is_done: [bool; ENCODINGS],
    /// The packet for every encoding, when it has no text beyond ASCII.
    for_all: Vec<u8>,
    /// True if `for_all` holds this packet.
    is_for_all: bool,
}

impl Encoded {
    /// Another packet follows.
    pub(super) fn begin(&mut self) {
        self.is_done = [false; ENCODINGS];
        self.is_for_all = false;
    }

    /// The bytes of `packet`, which is the same at every call until [`Self::begin`].
    #[inline(always)]
    pub(super) fn get(&mut self, packet: &ServerPacket<'_>, encoding: TextEncoding) -> &[u8] {
        if self.is_for_all { &self.for_all } else { self.encode(packet, encoding) }
    }

    fn encode(&mut self, packet: &ServerPacket<'_>, encoding: TextEncoding) -> &[u8] {
        let place = encoding as usize;
        let bytes = &mut self.bytes[place];
        if !std::mem::replace(&mut self.is_done[place], true) {
            bytes.clear();
            self.is_for_all = packet.encode_for(bytes, encoding);
        }
        if self.is_for_all {
            std::mem::swap(bytes, &mut self.for_all);
            return &self.for_all;
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::font::Font;

    const ALL: [TextEncoding; ENCODINGS] = [TextEncoding::Latin1, TextEncoding::Utf8, TextEncoding::Ascii];

    #[test]
    fn a_text_is_encoded_once_for_each_encoding() {
        let mut encoded = Encoded::default();
        let packet = ServerPacket::console("ñ", Font::Info);
        for _ in 0..2 {
            for (encoding, text) in ALL.into_iter().zip([&b"\xF1"[..], b"\xC3\xB1", b"n"]) {
                let bytes = encoded.get(&packet, encoding);
                assert_eq!(&bytes[3..bytes.len() - 1], text);
            }
        }
        // An encoded packet is not encoded again: another packet under the same name shows nothing new.
        assert_eq!(encoded.get(&ServerPacket::console("ú", Font::Info), TextEncoding::Latin1)[3], 0xF1);
        encoded.begin();
        assert_eq!(encoded.get(&ServerPacket::console("ú", Font::Info), TextEncoding::Latin1)[3], 0xFA);
    }

    #[test]
    fn a_packet_without_a_text_beyond_ascii_is_encoded_once_for_all() {
        let mut encoded = Encoded::default();
        // The index has a byte beyond ASCII, which is no text.
        for packet in [
            ServerPacket::CharacterMove { char_index: 255, x: 1, y: 2 },
            ServerPacket::console("hola", Font::Info),
        ] {
            encoded.begin();
            ALL.iter().for_each(|encoding| assert!(!encoded.get(&packet, *encoding).is_empty()));
            assert_eq!(encoded.is_done.iter().filter(|is_done| **is_done).count(), 1, "{packet:?}");
        }
    }
}
