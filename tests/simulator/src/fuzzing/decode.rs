//! The codec under arbitrary bytes: it takes whole packets, waits for the rest of others, and gives back what it took.

use pyao_core::protocol::client::ClientPacket;
use pyao_core::protocol::server::ServerPacket;
use pyao_core::protocol::wire::TextEncoding;

use crate::shadow::{Screen, ShadowClient};

const ENCODINGS: [TextEncoding; 3] = [TextEncoding::Latin1, TextEncoding::Utf8, TextEncoding::Ascii];
/// Packets up to this length are cut at every byte, longer ones at this many.
const CUTS: usize = 64;

/// Bytes that a server receives.
///
/// # Panics
/// Panics if a packet claims more than there is, a cut one does not wait, or one does not come back from its own
/// encoding.
pub fn client(data: &[u8]) {
    let mut rest = data;
    while let Ok(Some((packet, length))) = ClientPacket::decode(rest) {
        assert!(0 < length && length <= rest.len(), "{packet:?} takes {length} of {}", rest.len());
        let (own, others) = rest.split_at(length);
        assert_eq!(ClientPacket::decode(own), Ok(Some((packet.clone(), length))), "what follows matters");
        for end in cuts(length) {
            assert_eq!(ClientPacket::decode(&own[..end]), Ok(None), "{packet:?} cut at {end}");
        }
        let mut again = Vec::new();
        packet.encode(&mut again);
        assert_eq!(again.len(), length, "{packet:?}");
        // Control characters from 0x80 on are not sent: each becomes a question mark.
        if !own.iter().any(|byte| (0x80..0xA0).contains(byte)) {
            assert_eq!(ClientPacket::decode(&again), Ok(Some((packet, length))));
        }
        rest = others;
    }
}

/// Bytes that a client receives, in every encoding; and a whole client that reads them, on every screen.
///
/// # Panics
/// As [`client`]. Texts too long to be sent are cut, so it is the cut packet that must come back.
pub fn server(data: &[u8]) {
    ENCODINGS.iter().for_each(|encoding| server_encoding(data, *encoding));
    for screen in [Screen::Login, Screen::Creation, Screen::Game] {
        let mut shadow = ShadowClient::new(screen, TextEncoding::Latin1);
        let outcome = shadow.read(data);
        assert!(outcome.is_ok() || !shadow.faults.is_empty(), "an unreadable block is no fault: {outcome:?}");
    }
}

fn server_encoding(data: &[u8], encoding: TextEncoding) {
    let mut rest = data;
    while let Ok(Some((packet, length))) = ServerPacket::decode(rest, encoding) {
        assert!(0 < length && length <= rest.len(), "{packet:?} takes {length} of {}", rest.len());
        let (own, others) = rest.split_at(length);
        for end in cuts(length) {
            assert_eq!(ServerPacket::decode(&own[..end], encoding), Ok(None), "{packet:?} cut at {end}");
        }
        let sent = encoded(&packet, encoding);
        let decoded = ServerPacket::decode(&sent, encoding);
        let Ok(Some((received, length))) = decoded else { panic!("{packet:?} came back as {decoded:?}") };
        assert_eq!(length, sent.len(), "{packet:?}");
        // The bytes, since a number that is none differs from itself.
        assert_eq!(encoded(&received, encoding), sent, "{packet:?}");
        rest = others;
    }
}

fn encoded(packet: &ServerPacket<'_>, encoding: TextEncoding) -> Vec<u8> {
    let mut bytes = Vec::new();
    packet.encode(&mut bytes, encoding);
    bytes
}

/// Yields the places at which a packet of `length` bytes is cut: everywhere, or places spread over it.
fn cuts(length: usize) -> impl Iterator<Item = usize> {
    (0..length).step_by(length.div_ceil(CUTS).max(1)).chain([length - 1])
}
