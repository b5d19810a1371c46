//! The load program in small: each scenario on the starter world, a few bots, a second or two. The tests assert that
//! nothing went wrong and that everything was counted, never that it was fast.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use clap::Parser;
use pyao_load::{Options, Report, run};

/// Runs the load program with these arguments and wants no mistake of the server.
fn clean_run(arguments: &str) -> Report {
    let options = Options::try_parse_from(format!("load {arguments}").split_whitespace()).unwrap();
    let report = run::run(&options).unwrap();
    assert!(report.is_clean(), "{report}");
    report
}

#[test]
fn walkers_are_seen_by_those_around_them_and_the_relay_gets_the_same_load() {
    let report = clean_run("--bots 40 --seconds 2 --maps 1 --baseline --baseline-cadence at-once");
    assert!(report.deeds.steps > 0 && report.server.deliveries > 0, "{report}");
    assert!(report.server.latency.is_some() && report.server.turns.is_some(), "{report}");
    let relay = report.baseline.as_ref().unwrap();
    assert!(relay.steps > 0 && relay.deliveries > 0, "{report}");
}

#[test]
fn a_crowd_in_one_square_sees_more_of_each_other_than_bots_on_a_whole_map() {
    let crowd = clean_run("--bots 40 --seconds 2 --scenario crowd");
    let spread = clean_run("--bots 40 --seconds 2 --maps 1");
    assert!(crowd.server.viewers_per_step > 2.0 * spread.server.viewers_per_step, "{crowd}\n{spread}");
}

#[test]
fn who_stands_idle_is_told_nothing() {
    let report = clean_run("--bots 10 --seconds 1 --scenario idle");
    assert_eq!((report.deeds.steps, report.server.deliveries), (0, 0), "{report}");
    assert_eq!(report.logins.count, 10, "{report}");
}

#[test]
fn lines_of_chat_are_heard() {
    let report = clean_run("--bots 30 --seconds 3 --scenario chat --baseline");
    assert!(report.deeds.lines > 0 && report.server.deliveries > 0, "{report}");
    assert!(report.server.latency.is_some(), "{report}");
    assert!(report.baseline.as_ref().unwrap().bytes_received > 0, "{report}");
}

#[test]
fn the_mixture_has_everything_in_it() {
    let report = clean_run("--bots 80 --seconds 4 --scenario mixed");
    let deeds = report.deeds;
    assert!(deeds.steps > 0 && deeds.turns > 0 && deeds.lines > 0, "{report}");
    assert!(deeds.clicks > 0 && deeds.questions > 0, "{report}");
}

#[test]
fn a_login_storm_brings_everybody_in_again() {
    let report = clean_run("--bots 20 --seconds 1 --scenario login-storm --password-kib 64");
    assert_eq!(report.logins.count, 20, "{report}");
    // A bot that leaves while the server is still sending leaves bytes unread, and the kernel then resets the
    // connection.
    let left =
        ["lost_socket", "connection_reset"].map(|reason| report.closes.get(reason).copied().unwrap_or(0));
    assert_eq!(left.iter().sum::<u64>(), 20, "the first visits: {report}");
}

#[test]
fn those_who_stand_idle_beside_walkers_are_none_of_their_viewers() {
    let report = clean_run("--bots 20 --seconds 2 --maps 1 --idle 30");
    let beside = report.beside.as_ref().unwrap();
    assert!(beside.figures.deliveries > 0 && beside.bytes_per_idle.is_some(), "{report}");
    assert!(beside.figures.viewers_per_step < 20.0, "{report}");
}

/// Runs bots beside that attack and wants none of them harmed.
fn attack_harms_no_player(attack: &str) {
    let report = clean_run(&format!("--bots 20 --seconds 1 --hostile {attack} --attackers 3"));
    let effort = report.beside.as_ref().unwrap().effort.unwrap();
    assert!(effort.connections >= 3, "{attack}: {report}");
}

#[test]
fn a_flood_of_packets_harms_no_player() {
    attack_harms_no_player("flood");
}

#[test]
fn a_flood_of_connections_harms_no_player() {
    attack_harms_no_player("connect");
}

#[test]
fn clients_that_never_read_harm_no_player() {
    attack_harms_no_player("never-read");
}

#[test]
fn a_flood_of_chat_harms_no_player() {
    attack_harms_no_player("chat");
}

#[test]
fn packets_sent_byte_by_byte_harm_no_player() {
    attack_harms_no_player("slow-loris");
}
