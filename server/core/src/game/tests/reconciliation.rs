//! Steps that a client sent before it heard where it stands.

use super::*;
use crate::base::ids::MapId;

const WALK_WEST: ClientPacket = ClientPacket::Walk { heading: 4 };

fn is_correction(packet: &Packet) -> bool {
    matches!(packet, ServerPacket::PosUpdate { .. })
}

/// Counts the positions that the client on `connection` was sent since the last look.
fn corrections(table: &mut Table, connection: ConnectionId) -> usize {
    table.read(connection).iter().filter(|packet| is_correction(packet)).count()
}

/// Enters Ana, one tile east of Bea.
fn neighbours() -> (Table, ConnectionId, ConnectionId) {
    let start = |x| Position { map: MapId::new(2), x, y: 50 };
    let start_positions = vec![start(51), start(50)];
    let mut table = Table::with(Settings { start_positions, ..Settings::default() });
    let (ana, bea) = (table.player("Ana"), table.player("Bea"));
    table.read(ana);
    table.pass(1_000);
    (table, ana, bea)
}

#[test]
fn a_step_whose_client_has_not_the_correction_yet_is_dropped_in_silence() {
    let (mut table, ana, bea) = neighbours();
    let before = table.position("Ana");
    table.send(ana, WALK_WEST);
    assert!(table.receive(ana).iter().any(is_correction));
    // Even when the tile is free again.
    table.walk(bea, 1, 1);
    table.send(ana, WALK_WEST);
    let told = table.receive(ana);
    assert!(!told.iter().any(is_correction), "{told:?}");
    assert_eq!(table.position("Ana"), before);
    table.acknowledge(ana);
    table.send(ana, WALK_WEST);
    assert_eq!(table.position("Ana").x, before.x - 1);
}

#[test]
fn a_correction_is_not_in_the_first_segment_that_follows_a_step() {
    let (mut table, ana, _) = neighbours();
    table.send(ana, WALK_WEST);
    let first = table.game.outbox().segment(ana).unwrap();
    let first = ServerPacket::decode(first, TextEncoding::Latin1).unwrap().unwrap();
    assert!(
        matches!(first, (ServerPacket::CharacterChange { .. }, length) if length < table.game.outbox().waiting(ana))
    );
    table.game.outbox().segment_sent(ana);
    assert!(is_correction(&table.read(ana)[0]));
}

/// Lets Ana, a round trip of 300 ms away, be refused a step, Bea leave that tile, and tells that Ana's system has the
/// correction after `milliseconds`, for which it was sent again. A step comes `stale` milliseconds before that.
fn late_correction(milliseconds: u64, stale: Option<u64>) -> (Table, ConnectionId) {
    let (mut table, ana, bea) = neighbours();
    table.game.handle(table.now, Input::RoundTrip { connection: ana, milliseconds: 300 });
    table.send(ana, WALK_WEST);
    table.walk(bea, 1, 1);
    hear_late(&mut table, ana, milliseconds.saturating_sub(267), stale);
    (table, ana)
}

/// As much later, with a step so long before.
fn hear_late(table: &mut Table, ana: ConnectionId, milliseconds: u64, stale: Option<u64>) {
    table.pass(milliseconds - stale.unwrap_or(0));
    if let Some(later) = stale {
        table.send(ana, WALK_WEST);
        table.pass(later);
    }
    table.receive(ana);
    let bytes = table.game.outbox().marked(ana).unwrap();
    table.game.handle(table.now, Input::Acknowledged { connection: ana, bytes, is_late: true });
}

#[test]
fn a_step_that_follows_a_stale_one_after_a_late_correction_is_answered_once() {
    let (mut table, ana) = late_correction(700, Some(300));
    let before = table.position("Ana");
    table.send(ana, WALK_WEST);
    assert_eq!(table.receive(ana).iter().filter(|packet| is_correction(packet)).count(), 1);
    assert_eq!(table.position("Ana"), before);
    hear_late(&mut table, ana, 700, Some(300));
    table.send(ana, WALK_WEST);
    assert_eq!((corrections(&mut table, ana), table.position("Ana").x), (0, before.x - 1), "no chain");
}

#[test]
fn a_step_after_a_late_correction_is_taken_where_nothing_can_have_kept_it_back() {
    let sooner_than_it_could_be_sent_again = late_correction(590, Some(300));
    let without_a_stale_step = late_correction(700, None);
    let long_after_the_stale_step = late_correction(900, Some(500));
    for (mut table, ana) in
        [sooner_than_it_could_be_sent_again, without_a_stale_step, long_after_the_stale_step]
    {
        let before = table.position("Ana");
        table.send(ana, WALK_WEST);
        assert_eq!((corrections(&mut table, ana), table.position("Ana").x), (0, before.x - 1));
    }
}

#[test]
fn steps_that_would_have_been_kept_back_are_not_waited_for_any_longer() {
    for (later, steps) in [(300, 0), (500, 1)] {
        let (mut table, ana, _) = neighbours();
        let before = table.position("Ana");
        table.game.handle(table.now, Input::RoundTrip { connection: ana, milliseconds: 300 });
        table.send(ana, ClientPacket::RequestPositionUpdate);
        table.receive(ana);
        table.pass(10);
        table.send(ana, ClientPacket::Walk { heading: 2 });
        table.pass(later);
        table.acknowledge(ana);
        table.send(ana, ClientPacket::Walk { heading: 2 });
        assert_eq!(table.position("Ana").x, before.x + steps, "{later} ms later");
    }
}

#[test]
fn the_last_word_far_away_waits_for_a_client_that_surely_has_the_position() {
    let (mut table, ana, bea) = neighbours();
    table.game.handle(table.now, Input::RoundTrip { connection: ana, milliseconds: 400 });
    table.send(ana, WALK_WEST);
    // Held back since before, and acknowledged with what came right behind.
    table.acknowledge(ana);
    table.send(ana, WALK_WEST);
    assert_eq!(corrections(&mut table, ana), 1);
    table.walk(bea, 1, 1);
    table.pass(3_199 - 267);
    assert_eq!(corrections(&mut table, ana), 0, "it may walk on any time");
    table.pass(1);
    assert_eq!(corrections(&mut table, ana), 1);
    table.pass(60_000);
    assert_eq!(corrections(&mut table, ana), 0);
}

#[test]
fn a_step_that_was_meant_on_the_map_before_is_not_taken_on_the_next() {
    let mut table = Table::with(Settings {
        start_positions: vec![Position { map: MapId::new(1), x: 50, y: 9 }],
        ..Settings::default()
    });
    let ana = table.player("Ana");
    for _ in 0..2 {
        table.pass(267);
        table.send(ana, ClientPacket::Walk { heading: 1 });
    }
    let arrived = table.position("Ana");
    assert_ne!(arrived.map, MapId::new(1));
    table.receive(ana);
    table.pass(267);
    table.send(ana, WALK_WEST);
    assert_eq!((table.receive(ana), table.position("Ana")), (vec![], arrived));
    table.acknowledge(ana);
    table.walk(ana, 4, 1);
    assert_eq!(table.position("Ana").x, arrived.x - 1);
}

#[test]
fn a_step_sent_before_the_asked_position_arrived_is_dropped() {
    let (mut table, ana, _) = neighbours();
    let before = table.position("Ana");
    table.send(ana, ClientPacket::RequestPositionUpdate);
    assert!(table.receive(ana).iter().any(is_correction));
    table.send(ana, ClientPacket::Walk { heading: 2 });
    assert_eq!((table.receive(ana), table.position("Ana")), (vec![], before));
}

#[test]
fn a_player_who_is_silent_after_a_refusal_is_told_the_position_once_more() {
    let (mut table, ana, _) = neighbours();
    table.send(ana, WALK_WEST);
    assert_eq!(corrections(&mut table, ana), 1);
    table.pass(499);
    assert_eq!(corrections(&mut table, ana), 0);
    table.pass(1);
    assert_eq!(corrections(&mut table, ana), 1);
    table.pass(60_000);
    assert_eq!(corrections(&mut table, ana), 0, "that settles it");
}

#[test]
fn every_step_puts_the_last_word_off() {
    let (mut table, ana, _) = neighbours();
    table.send(ana, WALK_WEST);
    table.read(ana);
    for heading in [2, 2, 2, 1, 1] {
        table.pass(300);
        table.send(ana, ClientPacket::Walk { heading });
        assert_eq!(corrections(&mut table, ana), 0);
    }
    table.pass(500);
    assert_eq!(corrections(&mut table, ana), 1);
}

#[test]
fn a_player_far_away_whose_step_may_be_stale_is_silent_two_round_trips_after_that_left() {
    let (mut table, ana, bea) = neighbours();
    table.game.handle(table.now, Input::RoundTrip { connection: ana, milliseconds: 400 });
    table.send(ana, WALK_WEST);
    table.read(ana);
    table.walk(bea, 1, 1);
    table.pass(400 - 267);
    table.send(ana, WALK_WEST);
    // It left half a round trip before it came.
    table.pass(599);
    assert_eq!(corrections(&mut table, ana), 0);
    table.pass(1);
    assert_eq!(corrections(&mut table, ana), 1);
}

#[test]
fn a_doubtful_step_long_after_the_correction_is_followed_by_the_last_word_as_soon() {
    let (mut table, ana, _) = neighbours();
    table.game.handle(table.now, Input::RoundTrip { connection: ana, milliseconds: 400 });
    table.send(ana, ClientPacket::RequestPositionUpdate);
    table.receive(ana);
    table.pass(590);
    table.send(ana, ClientPacket::Walk { heading: 2 });
    table.pass(400);
    table.acknowledge(ana);
    table.send(ana, ClientPacket::Walk { heading: 2 });
    table.pass(599);
    assert_eq!(corrections(&mut table, ana), 0);
    table.pass(1);
    assert_eq!(corrections(&mut table, ana), 1);
}

#[test]
fn a_step_dropped_in_silence_is_a_refusal_too() {
    let (mut table, ana, _) = neighbours();
    table.send(ana, ClientPacket::RequestPositionUpdate);
    table.receive(ana);
    // Its answer is long in coming.
    table.pass(5_000);
    table.send(ana, ClientPacket::Walk { heading: 2 });
    table.pass(500);
    assert_eq!(corrections(&mut table, ana), 1);
}

#[test]
fn a_step_taken_soon_after_a_correction_may_be_stale_and_the_last_word_puts_it_right() {
    let (mut table, ana, bea) = neighbours();
    table.send(ana, WALK_WEST);
    table.read(ana);
    table.walk(bea, 1, 1);
    // Behind a proxy, which has acknowledged the correction: sent before the client had it.
    table.send(ana, WALK_WEST);
    let here = table.position("Ana");
    assert_eq!(here.x, 50);
    table.pass(500);
    let told = table.read(ana);
    assert!(told.contains(&ServerPacket::PosUpdate { x: here.x, y: here.y }), "{told:?}");
}

#[test]
fn the_same_step_to_a_taken_tile_is_answered_once_in_a_while() {
    let (mut table, ana, _) = neighbours();
    table.send(ana, WALK_WEST);
    assert_eq!(corrections(&mut table, ana), 1);
    table.pass(240);
    table.send(ana, WALK_WEST);
    assert_eq!(corrections(&mut table, ana), 0, "a client that had heard would not ask");
    table.pass(260);
    table.send(ana, WALK_WEST);
    assert_eq!(corrections(&mut table, ana), 1, "a client that goes on asking has it wrong");
}

#[test]
fn nobody_who_was_refused_nothing_is_told_a_position() {
    let (mut table, ana, _) = neighbours();
    table.walk(ana, 2, 3);
    table.pass(60_000);
    assert_eq!(corrections(&mut table, ana), 0);
}

#[test]
fn a_new_client_of_a_refused_player_is_believed_at_once() {
    let (mut table, ana, _) = neighbours();
    let before = table.position("Ana");
    table.send(ana, WALK_WEST);
    table.receive(ana);
    let again = table.connect();
    table.send(again, login("Ana", "secret1"));
    table.read(again);
    table.pass(267);
    table.send(again, ClientPacket::Walk { heading: 2 });
    assert_eq!(table.position("Ana").x, before.x + 1);
}
