//! A server with more work than time: it raises its overload level step by step, keeps its players, and lowers it
//! again.
//!
//! The servers here never count as overloaded until a test asks for it. Then one percent of their time at work is too
//! much, which one player who asks all the time brings about; and at the end only three quarters of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use pyao_core::protocol::client::ClientPacket;
use pyao_simulator::forms::{NewCharacter, login_packet};
use pyao_store::prelude::*;
use pyao_store::sqlite::SqliteStore;
use pyao_tests::bot::Bot;
use pyao_tests::process::{Server, ServerSetup};

use crate::support::{
    LONG, PASSWORD, at_creation, at_login, check, create, last_words, login, read, see, setup, wait_until,
};

/// Enough to keep the server at work for a good part of the time.
const QUESTIONS_AT_ONCE: u32 = 5_000;
const OVERLOADED: &str = "El servidor está sobrecargado; probá en un momento.";
/// A place outside any safe one, where a lost connection leaves its character standing.
const DANGEROUS: [&str; 2] = ["2:80:60", "2:80:62"];

/// Values of `limits.overload_percent`.
const EASILY: &str = "1";
const HARDLY: &str = "75";
/// The height of the ladder.
const TOP: u64 = 4;

fn unlimited() -> ServerSetup {
    setup().set("limits.packets_per_second", 0)
}

/// Makes the server raise its level from now on when its loop is busy for `percent` of its time.
fn climb_above(setup: &ServerSetup, server: &Server, percent: &str) {
    let follows = format!("limits.overload_percent is now {percent:?}");
    let before = server.log().matches(&follows).count();
    let mut store = SqliteStore::open_shared(&setup.store()).unwrap();
    store.set_setting("limits.overload_percent", percent).unwrap();
    wait_until(&follows, || server.log().matches(&follows).count() > before);
}

fn wait_for_top(server: &Server) {
    wait_until("the top of the ladder", || server.metric("pyao_overload_step").unwrap() == TOP);
}

/// A player that sends packets without pause until told to stop.
struct Busy {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Bot>,
}

impl Busy {
    fn start(mut bot: Bot) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            while !told.load(Ordering::Relaxed) {
                bot.shadow.pings += QUESTIONS_AT_ONCE;
                bot.send_all(&vec![ClientPacket::Ping; QUESTIONS_AT_ONCE as usize]).unwrap();
                bot.sync().unwrap();
            }
            bot
        });
        Self { stop, thread }
    }

    fn stop(self) -> Bot {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

#[test]
fn an_overloaded_server_climbs_its_ladder_and_comes_down_again() {
    let setup = unlimited();
    let server = setup.start().unwrap();
    let (ana, mut beto) = (create(&server, "Ana"), create(&server, "Beto"));
    let ana = Busy::start(ana);
    climb_above(&setup, &server, EASILY);
    wait_for_top(&server);
    server.wait_for_log("-> refuse_logins: the loop was at work for ", LONG).unwrap();
    let mut ana = ana.stop();
    climb_above(&setup, &server, HARDLY);
    let metrics = server.request("GET", "/metrics").unwrap();
    for step in ["coalesce", "coalesce_more", "thin_cosmetics", "refuse_logins"] {
        assert!(metrics.contains(&format!("pyao_overload_steps_total{{step=\"{step}\"}} ")), "{metrics}");
    }
    server.wait_for_log("overload: coalesce -> calm", LONG).unwrap();
    assert_eq!(server.metric("pyao_overload_step").unwrap(), 0);
    assert!(server.request("GET", "/health").unwrap().contains("\"overload\":\"calm\""));
    check([&mut ana, &mut beto, &mut create(&server, "Caro")]);
}

#[test]
fn an_overloaded_server_lets_only_those_in_whose_characters_stand_in_the_world() {
    let setup = unlimited().set("world.start_positions", DANGEROUS.to_vec());
    let server = setup.start().unwrap();
    let ana = create(&server, "Ana");
    create(&server, "Beto").quit(LONG).unwrap();
    drop(create(&server, "Caro"));
    server.wait_for_log("connection lost: name=\"Caro\"", LONG).unwrap();
    let ana = Busy::start(ana);
    climb_above(&setup, &server, EASILY);
    wait_for_top(&server);
    let (mut newcomer, mut beto) = (at_creation(&server), at_login(&server));
    newcomer.send(&NewCharacter::named("Dora", PASSWORD).packet()).unwrap();
    beto.send(&login_packet("Beto", PASSWORD)).unwrap();
    assert_eq!([last_words(&mut newcomer), last_words(&mut beto)], [OVERLOADED, OVERLOADED]);
    wait_until("two refusals in the metrics", || {
        let metrics = server.request("GET", "/metrics").unwrap();
        metrics.contains("pyao_closes_total{reason=\"overloaded\"} 2")
    });
    let mut caro = login(&server, "Caro");
    let mut ana = ana.stop();
    see(&mut ana, "Caro");
    ana.send(&ClientPacket::Online).unwrap();
    read(&mut ana, "2");
    check([&mut ana, &mut caro]);
}

/// Below the top of the ladder, where it lets newcomers in, the server leaves out the effect that shows them.
#[test]
fn an_overloaded_server_leaves_out_what_only_decorates() {
    let setup = unlimited();
    let server = setup.start().unwrap();
    let thinned = || server.metric("pyao_packets_thinned_total").unwrap();
    let (mut ana, before, mut newcomers) = (create(&server, "Ana"), thinned(), Vec::new());
    // The server stays two seconds on each step down. A bot that comes in later is shown with the effect: then once
    // more.
    while thinned() == before {
        let busy = Busy::start(ana);
        climb_above(&setup, &server, EASILY);
        wait_for_top(&server);
        ana = busy.stop();
        climb_above(&setup, &server, HARDLY);
        let name = format!("Beto{}", newcomers.len());
        let mut newcomer = None;
        wait_until("a newcomer who is let in", || {
            newcomer = Bot::create(server.address(), &name, PASSWORD).ok();
            newcomer.is_some()
        });
        newcomers.extend(newcomer);
        assert!(newcomers.len() < 10, "every effect was shown");
    }
    check(newcomers.iter_mut().chain([&mut ana]));
}
