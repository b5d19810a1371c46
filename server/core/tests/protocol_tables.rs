//! The packet tables of the code against independent ones: every id, name, field, type and size.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::path::Path;

use pyao_core::protocol::client::ClientPacket;
use pyao_core::protocol::gm::GmCommand;
use pyao_core::protocol::multi_message::MultiMessage;
use pyao_core::protocol::server::ServerPacket;
use pyao_core::protocol::table::{PacketLayout, Wire};
use pyao_core::protocol::wire::TextEncoding;
use serde::Deserialize;

#[derive(Deserialize)]
struct Table {
    meta: Meta,
    packet: Vec<Packet>,
    #[serde(default)]
    multi_message: Vec<Packet>,
}

#[derive(Deserialize)]
struct Meta {
    first_id: u8,
    last_id: u8,
    count: usize,
}

#[derive(Deserialize)]
struct Packet {
    id: u8,
    name: String,
    fields: Vec<Field>,
    size: Option<usize>,
    min_size: Option<usize>,
    send: Option<String>,
}

#[derive(Deserialize)]
struct Field {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    count: Option<usize>,
    count_prefix: Option<String>,
    entry: Option<Vec<Field>>,
}

fn table(file: &str) -> Table {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/protocol").join(file);
    toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Spells a field of a fixture as the code displays its own.
fn spelled(field: &Field) -> String {
    let entry = match &field.entry {
        None => field.kind.clone(),
        Some(fields) => {
            let fields: Vec<_> = fields.iter().map(|f| format!("{} {}", f.name, spelled(f))).collect();
            format!("({})", fields.join(", "))
        }
    };
    match (field.count, &field.count_prefix) {
        (Some(count), _) => format!("{entry} x {count}"),
        (None, Some(prefix)) => format!("{prefix} * {entry}"),
        (None, None) => entry,
    }
}

/// Returns the fewest bytes of a field, and true if it can have more.
fn size(wire: &Wire) -> (usize, bool) {
    match *wire {
        Wire::Plain("u8" | "bool") => (1, false),
        Wire::Plain("i16") => (2, false),
        Wire::Plain("i32" | "f32") => (4, false),
        Wire::Plain("str" | "strz") => (2, true),
        Wire::Plain("gm" | "multi") => (1, true),
        Wire::Plain(other) => panic!("no size for {other}"),
        Wire::Record(fields) => fields.iter().fold((0, false), |(least, grows), field| {
            let (more, also) = size(&field.wire);
            (least + more, grows || also)
        }),
        Wire::Repeated { count, entry } => {
            let (least, grows) = size(entry);
            (least * count, grows)
        }
        Wire::Counted { prefix, .. } => (size(&Wire::Plain(prefix)).0, true),
    }
}

fn compare(ours: &[PacketLayout], theirs: &[Packet]) {
    assert_eq!(ours.len(), theirs.len());
    for (our, their) in ours.iter().zip(theirs) {
        assert_eq!((our.id, our.name), (their.id, their.name.as_str()));
        let our_fields: Vec<_> = our.fields.iter().map(|f| (f.name.to_owned(), f.wire.to_string())).collect();
        let their_fields: Vec<_> = their.fields.iter().map(|f| (f.name.clone(), spelled(f))).collect();
        assert_eq!(our_fields, their_fields, "fields of {} {}", our.id, our.name);
    }
}

fn compare_sizes(ours: &[PacketLayout], theirs: &[Packet]) {
    for (our, their) in ours.iter().zip(theirs) {
        let (least, grows) = size(&Wire::Record(our.fields));
        let expected = if grows { (None, Some(least)) } else { (Some(least), None) };
        assert_eq!(expected, (their.size, their.min_size), "size of {} {}", our.id, our.name);
    }
}

fn compare_ids(ours: &[PacketLayout], meta: &Meta) {
    let ids: Vec<_> = ours.iter().map(|packet| packet.id).collect();
    let expected: Vec<_> = (meta.first_id..=meta.last_id).collect();
    assert_eq!(ids, expected);
    assert_eq!(ids.len(), meta.count);
}

#[test]
fn client_packets_are_those_of_the_table() {
    let table = table("client_packets.toml");
    compare_ids(ClientPacket::LAYOUT, &table.meta);
    compare(ClientPacket::LAYOUT, &table.packet);
    compare_sizes(ClientPacket::LAYOUT, &table.packet);
}

#[test]
fn server_packets_are_those_of_the_table() {
    let table = table("server_packets.toml");
    compare_ids(ServerPacket::LAYOUT, &table.meta);
    compare(ServerPacket::LAYOUT, &table.packet);
    compare_sizes(ServerPacket::LAYOUT, &table.packet);
}

#[test]
fn fixed_messages_are_those_of_the_table() {
    let messages = table("server_packets.toml").multi_message;
    compare(MultiMessage::LAYOUT, &messages);
    assert_eq!(messages.len(), 24);
}

#[test]
fn game_master_commands_are_those_of_the_table() {
    let table = table("gm_commands.toml");
    compare_ids(GmCommand::LAYOUT, &table.meta);
    compare(GmCommand::LAYOUT, &table.packet);
}

#[test]
fn packets_with_a_payload_the_client_does_not_read_are_known_as_such() {
    for packet in table("server_packets.toml").packet {
        // The id and zeros are a whole packet of any layout: zero numbers, empty texts, empty lists.
        let mut bytes = vec![packet.id];
        bytes.resize(128, 0);
        let (decoded, _) = ServerPacket::decode(&bytes, TextEncoding::Ascii).unwrap().unwrap();
        assert_eq!(decoded.name(), packet.name);
        let never = packet.send.as_deref() == Some("never");
        assert_eq!(decoded.is_consumed_by_client(), !never, "{}", packet.name);
    }
}
