//! Floods of logins: honest ones are served beside them, and a server that stops waits for none of them.

use std::net::{IpAddr, Ipv4Addr};

use pyao_core::game::texts;
use pyao_simulator::forms::login_packet;
use pyao_simulator::shadow::Screen;
use pyao_tests::bot::Bot;
use pyao_tests::process::Server;

use crate::support::{LONG, check, create, login, setup, wait_until};

/// Sends a guess for Ana's password from an address of its own.
fn guess(server: &Server, address: u8) -> Bot {
    let from = IpAddr::V4(Ipv4Addr::new(127, 0, 1, address));
    let mut bot = Bot::connect_from(from, server.address(), Screen::Login).unwrap();
    bot.send(&login_packet("Ana", "adivinada")).unwrap();
    bot
}

#[test]
fn a_flood_of_logins_keeps_neither_an_honest_one_nor_the_end_of_the_server_waiting() {
    // Slow hashes: the queue would take longer than the time of a server that stops.
    let setup = setup().set("security.password_memory_kib", 128 * 1024).set("security.password_passes", 4);
    let mut server = setup.start().unwrap();
    create(&server, "Ana").quit(LONG).unwrap();
    for _ in 0..50 {
        for address in 1..=4 {
            drop(guess(&server, address));
        }
    }
    let waiting = || server.metric("pyao_password_jobs_waiting").unwrap();
    wait_until("no password that waits for nobody", || waiting() == 0);

    let mut crowd: Vec<Bot> = (0..50).flat_map(|_| 1..=4).map(|address| guess(&server, address)).collect();
    let closes =
        |reason: &str| server.metric(&format!("pyao_closes_total{{reason=\"{reason}\"}}")).unwrap_or(0);
    wait_until("logins that are refused for others' sake", || closes("busy") > 0);
    check([&mut login(&server, "Ana")]);
    let is_told = |bot: &mut Bot| {
        let _ = bot.expect_closed(LONG);
        bot.shadow.errors.iter().any(|text| text == texts::BUSY)
    };
    assert!(crowd.iter_mut().rev().take(20).any(is_told), "the newest have to give way");
    server.signal(libc::SIGTERM).unwrap();
    assert_eq!(server.wait(LONG).unwrap().code(), Some(0), "{}", server.log());
    assert!(server.log().contains("saved=all"), "{}", server.log());
}
