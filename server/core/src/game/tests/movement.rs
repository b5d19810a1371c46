//! Walking, turning, and crossing to other maps.

use super::*;
use crate::base::ids::MapId;
use crate::world::heading::Heading;

fn at(map: u16, x: u8, y: u8) -> Settings {
    Settings { start_positions: vec![Position { map: MapId::new(map), x, y }], ..Settings::default() }
}

#[test]
fn a_good_step_is_told_to_the_others_and_not_to_the_walker() {
    let mut table = Table::new();
    let ana = table.player("Ana");
    let bea = table.player("Bea");
    table.read(bea);
    let from = table.position("Ana");
    let (x, y) = Heading::West.step(from.x, from.y);
    assert!(table.walk(ana, 4, 1).is_empty());
    assert_eq!(table.position("Ana"), Position { x, y, ..from });
    let key = table.game.play.players.by_name("Ana").unwrap();
    let char_index = table.game.play.players.get(key).unwrap().index.wire();
    assert_eq!(table.read(bea), [ServerPacket::CharacterMove { char_index, x, y }]);
}

#[test]
fn a_taken_tile_refuses_the_step_with_the_true_position_and_heading() {
    let mut table = Table::new();
    let ana = table.player("Ana");
    table.player("Bea");
    let (here, there) = (table.position("Ana"), table.position("Bea"));
    let toward = Heading::ALL.into_iter().find(|heading| heading.step(here.x, here.y) == (there.x, there.y));
    // The second player was put on the square around the first: walk until it stands in line.
    let heading = toward.unwrap_or_else(|| {
        table.walk(ana, if there.y < here.y { 1 } else { 3 }, 1);
        let here = table.position("Ana");
        Heading::ALL.into_iter().find(|heading| heading.step(here.x, here.y) == (there.x, there.y)).unwrap()
    });
    let here = table.position("Ana");
    let told = table.walk(ana, heading.wire(), 1);
    assert_eq!(names(&told), ["CharacterChange", "PosUpdate", "CharacterChange"]);
    assert_eq!(told[1], ServerPacket::PosUpdate { x: here.x, y: here.y });
    assert_eq!(table.position("Ana"), here);
}

#[test]
fn headings_that_do_not_exist_move_and_turn_nobody() {
    let mut table = Table::new();
    let ana = table.player("Ana");
    let here = table.position("Ana");
    for heading in [0, 5, 9, 255] {
        let told = table.walk(ana, heading, 1);
        assert_eq!(told[1], ServerPacket::PosUpdate { x: here.x, y: here.y });
        table.pass(200);
        let told = table.ask(ana, ClientPacket::ChangeHeading { heading });
        assert!(matches!(told[..], [ServerPacket::CharacterChange { heading: 1..=4, .. }]), "{told:?}");
    }
    assert_eq!(table.position("Ana"), here);
}

#[test]
fn a_client_twice_as_fast_gets_no_further_than_allowed() {
    let mut table = Table::with(at(2, 50, 50));
    let ana = table.player("Ana");
    let start = table.position("Ana");
    let mut corrections = 0;
    for step in 0..40 {
        table.pass(133);
        let heading = if step % 2 == 0 { 4 } else { 2 };
        let told = table.ask(ana, ClientPacket::Walk { heading });
        corrections += told.iter().filter(|packet| matches!(packet, ServerPacket::PosUpdate { .. })).count();
    }
    let taken = 40 - corrections;
    assert!((24..=28).contains(&taken), "{taken} steps in 5.3 s");
    let here = table.position("Ana");
    assert!(here.x.abs_diff(start.x) <= 20);
}

#[test]
fn a_turn_is_told_to_everybody_and_repeated_asking_is_answered_now_and_then() {
    let mut table = Table::new();
    let ana = table.player("Ana");
    let bea = table.player("Bea");
    table.read(bea);
    table.pass(1_000);
    let told = table.ask(ana, ClientPacket::ChangeHeading { heading: 1 });
    assert!(matches!(told[..], [ServerPacket::CharacterChange { heading: 1, .. }]));
    assert!(matches!(table.read(bea)[..], [ServerPacket::CharacterChange { heading: 1, .. }]));
    let mut answers = 0;
    for _ in 0..60 {
        table.pass(16);
        answers += table.ask(ana, ClientPacket::ChangeHeading { heading: 1 }).len();
    }
    assert!((8..=10).contains(&answers), "{answers} answers in a second");
    assert!(table.read(bea).is_empty(), "nothing changed for the others");
}

#[test]
fn an_exit_leads_to_the_next_map_and_back() {
    let mut table = Table::with(at(1, 50, 9));
    let ana = table.player("Ana");
    let bea = table.player("Bea");
    table.read(bea);
    let old_index = table.game.play.players.iter().next().unwrap().1.index.wire();
    let told = table.walk(ana, 1, 2);
    assert_eq!(names(&told)[..3], ["ChangeMap", "CharacterCreate", "UserCharIndexInServer"]);
    assert!(matches!(told[0], ServerPacket::ChangeMap { map: 5, .. }));
    let here = table.position("Ana");
    assert_eq!((here.map.get(), here.y), (5, 93));
    let seen = table.read(bea);
    assert_eq!(seen.last(), Some(&ServerPacket::CharacterRemove { char_index: old_index }));
    let told = table.walk(ana, 3, 1);
    assert!(matches!(told[0], ServerPacket::ChangeMap { map: 1, .. }), "{told:?}");
    assert_eq!(table.position("Ana").map.get(), 1);
    assert!(table.read(bea).iter().any(|packet| matches!(packet, ServerPacket::CharacterCreate { .. })));
}

#[test]
fn a_taken_arrival_puts_the_next_one_beside_it() {
    let mut table = Table::with(at(1, 50, 9));
    let (ana, bea) = (table.player("Ana"), table.player("Bea"));
    table.walk(ana, 1, 2);
    let first = table.position("Ana");
    while table.position("Bea").x != first.x {
        let heading = if table.position("Bea").x < first.x { 2 } else { 4 };
        table.walk(bea, heading, 1);
    }
    while table.position("Bea").map.get() == 1 {
        table.walk(bea, 1, 1);
    }
    let second = table.position("Bea");
    assert_eq!(second.map, first.map);
    assert_ne!(second, first);
    assert!(second.x.abs_diff(first.x) <= 1 && second.y.abs_diff(first.y) <= 1);
}

#[test]
fn walking_out_of_sight_and_back_removes_and_creates_on_both_sides() {
    let mut table = Table::with(at(2, 50, 50));
    let (ana, bea) = (table.player("Ana"), table.player("Bea"));
    table.read(bea);
    let told = table.walk(ana, 4, 22);
    let removed = |packets: &[Packet]| {
        packets.iter().filter(|packet| matches!(packet, ServerPacket::CharacterRemove { .. })).count()
    };
    assert!(removed(&told) >= 1, "the walker loses the one who stays");
    assert_eq!(removed(&table.read(bea)), 1, "who stays loses the walker");
    let told = table.walk(ana, 2, 22);
    let bea_shown =
        |packet: &Packet| matches!(packet, ServerPacket::CharacterCreate { name, .. } if name == "Bea");
    assert_eq!(told.iter().filter(|packet| bea_shown(packet)).count(), 1);
}

#[test]
fn a_step_sent_before_a_turn_was_heard_of_is_told_to_the_walker_as_a_heading() {
    let mut table = Table::new();
    let ana = table.player("Ana");
    table.pass(1_000);
    table.send(ana, ClientPacket::ChangeHeading { heading: 1 });
    table.receive(ana);
    for heading in [4, 2] {
        table.pass(267);
        table.send(ana, ClientPacket::Walk { heading });
        let packets = table.receive(ana);
        let is_shown =
            matches!(packets[..], [ServerPacket::CharacterChange { heading: shown, .. }] if shown == heading);
        assert!(is_shown, "{packets:?}");
    }
    table.acknowledge(ana);
    table.pass(267);
    assert_eq!(table.ask(ana, ClientPacket::Walk { heading: 4 }), [], "it shows that by itself");
}
