//! A server with more work than time: it climbs its ladder step by step, keeps who plays, and comes down again.
//!
//! The servers here count as overloaded when they are at work for one percent of their time, which one player who asks
//! all the time brings about.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use pyao_server::protocol::client::ClientPacket;
use pyao_tests::bot::{Bot, NewCharacter, login_packet};
use pyao_tests::process::{Server, ServerSetup};

use crate::support::{
    LONG, PASSWORD, at_creation, at_login, check, create, last_words, login, read, see, setup, wait_until,
};

/// Enough to keep the server at work for a good part of the time.
const QUESTIONS_AT_ONCE: u32 = 5_000;
const OVERLOADED: &str = "El servidor está sobrecargado; probá en un momento.";
/// A place outside any safe one, where a lost connection leaves its character standing.
const DANGEROUS: [&str; 2] = ["2:80:60", "2:80:62"];

fn easily_overloaded() -> ServerSetup {
    setup().set("limits.overload_percent", 1).set("limits.packets_per_second", 0)
}

/// A player who keeps the server at work until told to stop.
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

fn wait_for_step(server: &Server, step: &str) {
    server.wait_for_log(&format!("-> {step}: the loop was at work for "), LONG).unwrap();
}

#[test]
fn an_overloaded_server_climbs_its_ladder_and_comes_down_again() {
    let server = easily_overloaded().start().unwrap();
    let (ana, mut beto) = (create(&server, "Ana"), create(&server, "Beto"));
    let ana = Busy::start(ana);
    wait_for_step(&server, "refuse_logins");
    let mut ana = ana.stop();
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
    let server = easily_overloaded().set("world.start_positions", DANGEROUS.to_vec()).start().unwrap();
    let ana = create(&server, "Ana");
    create(&server, "Beto").quit(LONG).unwrap();
    drop(create(&server, "Caro"));
    server.wait_for_log("\"Caro\" lost its connection", LONG).unwrap();
    let ana = Busy::start(ana);
    wait_for_step(&server, "refuse_logins");
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

#[test]
fn an_overloaded_server_leaves_out_what_only_decorates() {
    let server = easily_overloaded().start().unwrap();
    let ana = Busy::start(create(&server, "Ana"));
    wait_for_step(&server, "thin_cosmetics");
    let before = server.metric("pyao_packets_thinned_total").unwrap();
    let mut ana = ana.stop();
    // Who enters is shown with an effect, unless there is no time for that.
    let mut beto = create(&server, "Beto");
    wait_until("an effect left out", || server.metric("pyao_packets_thinned_total").unwrap() > before);
    check([&mut ana, &mut beto]);
}
