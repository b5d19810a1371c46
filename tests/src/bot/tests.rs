//! Tests of the bot against a socket of its own.

use std::net::TcpListener;

use pyao_core::protocol::server::ServerPacket;

use super::*;

const SOON: Duration = Duration::from_millis(200);

/// Returns a bot and the server's end of its connection.
fn pair(screen: Screen) -> (Bot, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let bot = Bot::connect(listener.local_addr().unwrap(), screen).unwrap();
    (bot, listener.accept().unwrap().0)
}

fn bytes(packets: &[ServerPacket<'_>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    packets.iter().for_each(|packet| packet.encode(&mut bytes, TextEncoding::Latin1));
    bytes
}

#[test]
fn a_bot_sends_what_the_server_decodes() {
    let (mut bot, mut server) = pair(Screen::Login);
    let login = login_packet("Ñandú", "secreto");
    bot.send_all(&[login.clone(), ClientPacket::Ping]).unwrap();
    let mut received = [0; 64];
    let count = server.read(&mut received).unwrap();
    let (first, consumed) = ClientPacket::decode(&received[..count]).unwrap().unwrap();
    assert_eq!(first, login);
    let second = ClientPacket::decode(&received[consumed..count]).unwrap();
    assert_eq!(second, Some((ClientPacket::Ping, 1)));
}

#[test]
fn a_refused_login_is_an_error_with_the_servers_words() {
    let (mut bot, mut server) = pair(Screen::Login);
    server.write_all(&bytes(&[ServerPacket::ErrorMsg { text: "Clave incorrecta".into() }])).unwrap();
    let error = bot.enter_game().unwrap_err();
    assert_eq!(error.to_string(), "refused: Clave incorrecta");
}

#[test]
fn a_packet_split_over_two_reads_is_an_error() {
    let (mut bot, mut server) = pair(Screen::Login);
    let logged = bytes(&[ServerPacket::Logged { class: 1 }]);
    server.write_all(&logged[..1]).unwrap();
    assert!(bot.pump(PATIENCE).is_err());
    assert!(bot.check().is_err());
}

#[test]
fn waiting_in_vain_says_for_what() {
    let (mut bot, _server) = pair(Screen::Creation);
    let error = bot.wait_for("a miracle", SOON, |_| false).unwrap_err();
    assert!(error.to_string().starts_with("waited in vain for a miracle; on Creation"), "{error}");
}

#[test]
fn a_closed_connection_is_noticed() {
    let (mut bot, server) = pair(Screen::Creation);
    assert!(bot.expect_closed(SOON).is_err());
    drop(server);
    bot.expect_closed(PATIENCE).unwrap();
    assert!(bot.is_closed());
    assert!(bot.wait_for("anything", PATIENCE, |_| false).is_err());
}
