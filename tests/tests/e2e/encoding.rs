//! Texts in the encoding that each client's system reads.

use std::net::SocketAddr;

use pyao_core::protocol::wire::TextEncoding;
use pyao_simulator::forms::login_packet;
use pyao_simulator::shadow::{Screen, ShadowClient};
use pyao_tests::bot::Bot;
use socket2::{Domain, Socket, Type};

use crate::support::{LONG, PASSWORD, create, setup};

/// Opens a client whose packets leave with `hop_limit`, and which reads texts as `reads`.
fn client(address: SocketAddr, hop_limit: u32, reads: TextEncoding) -> Bot {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None).unwrap();
    match address {
        SocketAddr::V4(_) => socket.set_ttl_v4(hop_limit).unwrap(),
        SocketAddr::V6(_) => socket.set_unicast_hops_v6(hop_limit).unwrap(),
    }
    socket.connect(&address.into()).unwrap();
    let mut bot = Bot::over(socket.into(), Screen::Login);
    bot.shadow = ShadowClient::new(Screen::Login, reads);
    bot
}

fn log_in(bot: &mut Bot, name: &str) {
    bot.send(&login_packet(name, PASSWORD)).unwrap();
    bot.enter_game().unwrap();
}

/// Returns the bytes of a line of chat as a client writes them.
fn talk(text: &[u8]) -> Vec<u8> {
    let length = u16::try_from(text.len()).unwrap().to_le_bytes();
    [&[3][..], &length, text].concat()
}

fn hear(bot: &mut Bot, text: &str) {
    let heard = |shadow: &ShadowClient| shadow.chat.iter().any(|line| line.text == text);
    bot.wait_for(text, LONG, heard).unwrap();
    bot.check().unwrap();
}

fn each_client_reads_every_text(host: &str) {
    let server = setup().set("server.host", host).start().unwrap();
    for name in ["Ana", "Beto", "Caro"] {
        create(&server, name).quit(LONG).unwrap();
    }
    // Refusals come before anything is known but the first packet.
    for (hop_limit, reads) in [(64, TextEncoding::Utf8), (128, TextEncoding::Latin1)] {
        let mut refused = client(server.address(), hop_limit, reads);
        refused.send(&login_packet("Ana", "wrong pass")).unwrap();
        refused.wait_for("a refusal", LONG, |shadow| !shadow.errors.is_empty()).unwrap();
        refused.check().unwrap();
        assert_eq!(refused.shadow.errors, ["El nombre o la contraseña no son correctos."]);
    }
    let mut linux = client(server.address(), 64, TextEncoding::Utf8);
    let mut windows = client(server.address(), 128, TextEncoding::Latin1);
    let mut other = client(server.address(), 255, TextEncoding::Ascii);
    for (bot, name) in [(&mut linux, "Ana"), (&mut windows, "Beto"), (&mut other, "Caro")] {
        log_in(bot, name);
    }
    // All of them write Latin-1, as the client does on every system.
    for bot in [&mut linux, &mut windows, &mut other] {
        bot.sync().unwrap();
    }
    for line in [&b"\xA1\xD1and\xFA!"[..], b"\xBFvamos?"] {
        linux.send_raw(&talk(line)).unwrap();
        let text: String = line.iter().map(|byte| char::from(*byte)).collect();
        hear(&mut linux, &text);
        hear(&mut windows, &text);
    }
    hear(&mut other, "Nandu!");
    // A client that writes UTF-8 reads it too, whatever its packets look like.
    windows.shadow.set_encoding(TextEncoding::Utf8);
    windows.send_raw(&talk("año".as_bytes())).unwrap();
    for bot in [&mut linux, &mut windows] {
        hear(bot, "año");
    }
    hear(&mut other, "ano");
}

#[test]
fn each_client_reads_every_text_over_ipv4() {
    each_client_reads_every_text("127.0.0.1");
}

#[test]
fn each_client_reads_every_text_over_ipv6() {
    if std::net::TcpListener::bind("[::1]:0").is_err() {
        println!("skipped: this machine has no IPv6");
        return;
    }
    each_client_reads_every_text("::1");
}

#[test]
fn a_fixed_encoding_is_everybodys() {
    let server = setup().set("server.text_encoding", "ascii").start().unwrap();
    create(&server, "Ana").quit(LONG).unwrap();
    let mut ana = client(server.address(), 64, TextEncoding::Ascii);
    log_in(&mut ana, "Ana");
    ana.send_raw(&talk(b"\xA1\xD1and\xFA!")).unwrap();
    hear(&mut ana, "Nandu!");
}
