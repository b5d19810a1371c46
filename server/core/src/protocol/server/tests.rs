//! Golden bytes of packets to the client.

use super::*;

fn assert_bytes(packet: &ServerPacket<'_>, bytes: &[u8]) {
    let mut out = Vec::new();
    packet.encode(&mut out, TextEncoding::Latin1);
    assert_eq!(out, bytes);
    assert_eq!(ServerPacket::decode(bytes, TextEncoding::Latin1), Ok(Some((packet.clone(), bytes.len()))));
}

#[test]
fn a_character_has_its_golden_bytes() {
    let character = ServerPacket::CharacterCreate {
        char_index: 300,
        body: 1,
        head: 70,
        heading: 3,
        x: 50,
        y: 60,
        weapon: 2,
        shield: 2,
        helmet: 2,
        fx: 0,
        fx_loops: -1,
        name: "Ñu".into(),
        nick_color: 2,
        privileges: 1,
    };
    let bytes = b"\x1D\x2C\x01\x01\0\x46\0\x03\x32\x3C\x02\0\x02\0\x02\0\0\0\xFF\xFF\x02\0\xD1u\x02\x01";
    assert_bytes(&character, bytes);
}

#[test]
fn an_inventory_slot_has_its_golden_bytes() {
    let slot = ServerPacket::ChangeInventorySlot {
        slot: 1,
        obj_index: 460,
        name: "Daga".into(),
        amount: 3,
        equipped: true,
        grh_index: 510,
        obj_type: 2,
        max_hit: 4,
        min_hit: 2,
        max_def: 0,
        min_def: 0,
        sale_price: 1.5,
    };
    let bytes = b"\x2F\x01\xCC\x01\x04\0Daga\x03\0\x01\xFE\x01\x02\x04\0\x02\0\0\0\0\0\0\0\xC0\x3F";
    assert_bytes(&slot, bytes);
}

#[test]
fn small_packets_have_their_golden_bytes() {
    assert_bytes(&ServerPacket::Logged { class: 4 }, b"\x00\x04");
    assert_bytes(&ServerPacket::ChangeMap { map: 34, version: 0 }, b"\x15\x22\0\0\0");
    assert_bytes(&ServerPacket::PosUpdate { x: 50, y: 60 }, b"\x16\x32\x3C");
    let chat = ServerPacket::ChatOverHead { text: "hola".into(), char_index: 7, r: 255, g: 0, b: 1 };
    assert_bytes(&chat, b"\x17\x04\0hola\x07\0\xFF\0\x01");
    assert_bytes(&ServerPacket::console("¡ay!", Font::Fight), b"\x18\x04\0\xA1ay!\x01");
    let step = ServerPacket::CharacterMove { char_index: 7, x: 51, y: 60 };
    assert_bytes(&step, b"\x20\x07\0\x33\x3C");
    let hit = MultiMessage::UserHittedByUser { attacker_char_index: 7, body_part: 6, damage: 20 };
    assert_bytes(&ServerPacket::multi(hit), b"\x68\x0F\x07\0\x06\x14\0");
    let members = ["uno", "dos"].into_iter().collect();
    let guild = ServerPacket::GuildMemberInfo { guild_names: TextList::default(), members };
    assert_bytes(&guild, b"\x4F\0\0\x07\0uno\0dos");
}

#[test]
fn an_encoding_changes_texts_alone() {
    let packet = ServerPacket::console("¡ñ!", Font::God);
    let encoded = |encoding| {
        let mut out = Vec::new();
        packet.encode(&mut out, encoding);
        out
    };
    assert_eq!(encoded(TextEncoding::Latin1), b"\x18\x03\0\xA1\xF1!\x14");
    assert_eq!(encoded(TextEncoding::Utf8), b"\x18\x05\0\xC2\xA1\xC3\xB1!\x14");
    assert_eq!(encoded(TextEncoding::Ascii), b"\x18\x02\0n!\x14");
}

#[test]
fn ids_outside_the_tables_are_errors() {
    for id in 107..=255 {
        let decoded = ServerPacket::decode(&[id], TextEncoding::Latin1);
        assert_eq!(decoded, Err(DecodeError::UnknownId(id)));
    }
    let decoded = ServerPacket::decode(&[104, 24], TextEncoding::Latin1);
    assert_eq!(decoded, Err(DecodeError::UnknownMultiMessage(24)));
}
