//! Characters without a player: how many may stay, and who leaves for whom.

use super::*;
use crate::base::ids::{MapId, NpcTemplateId};
use crate::game::npc::table::Npc;
use crate::world::Newcomer;
use crate::world::character::{Look, NOTHING_WORN, Owner};
use crate::world::heading::Heading;

/// Limits the absent characters in all and of an address, and lets everybody start outside the safe town.
fn limited(absent_characters: u32, absent_characters_per_ip: u32) -> Settings {
    Settings {
        start_positions: vec![Position { map: MapId::new(2), x: 50, y: 50 }],
        absent_characters,
        absent_characters_per_ip,
        logins_per_minute_per_ip: 0,
        ..Settings::default()
    }
}

fn name(number: u8) -> String {
    format!("Bot{}", char::from(b'a' + number))
}

/// Adds a character that lost its player.
fn absent(table: &mut Table, host: u8, name: &str) {
    let connection = table.player_from(host, name);
    table.lose(connection);
}

fn in_world(table: &Table) -> Vec<String> {
    table.game.play.players.iter().map(|(_, player)| player.name().to_owned()).collect()
}

fn tiles(map: MapId) -> impl Iterator<Item = Position> {
    (1..=100).flat_map(move |y| (1..=100).map(move |x| Position { map, x, y }))
}

/// Places a creature, if there is room for one.
fn place_creature(table: &mut Table, position: Position) {
    let play = &mut table.game.play;
    let entered = play.world.enter(Newcomer {
        owner: Owner::Npc(play.npcs.next_key()),
        position,
        heading: Heading::South,
        look: Look { body: 1, head: 1, weapon: NOTHING_WORN, shield: NOTHING_WORN, helmet: NOTHING_WORN },
        name: String::new(),
        nick_color: 0,
        viewer: None,
    });
    if let Some(index) = entered {
        play.npcs.insert(Npc { template: NpcTemplateId::new(1), index, home: position });
    }
}

#[test]
fn an_address_leaves_ten_absent_characters_and_the_oldest_goes_first_and_is_saved() {
    let mut table = Table::with(limited(5_000, 10));
    let first = table.player(&name(0));
    table.pass(6_000);
    table.walk(first, 4, 2);
    let place = table.position(&name(0));
    table.lose(first);
    (1..10).for_each(|number| absent(&mut table, 1, &name(number)));
    absent(&mut table, 2, "Vecina");
    assert_eq!(table.game.players().absent().len(), 11, "ten of one address and one of another");
    absent(&mut table, 1, &name(10));
    assert_eq!(table.game.players().absent().len(), 11);
    assert!(
        table.game.play.players.by_name(&name(0)).is_none()
            && table.game.play.players.by_name(&name(1)).is_some()
    );
    let stored = table.store.by_name(&name(0)).unwrap().character.position;
    assert_eq!((stored.map, stored.x, stored.y), (place.map, place.x, place.y));
    // Its player finds it where it stood.
    let back = table.connect();
    table.send(back, login(&name(0), "secret1"));
    assert_eq!(table.position(&name(0)), place);
}

#[test]
fn so_many_absent_characters_stay_in_all_and_the_oldest_goes_first() {
    let mut table = Table::with(limited(3, 0));
    (0..5).for_each(|number| absent(&mut table, number, &name(number)));
    assert_eq!(in_world(&table).len(), 3);
    assert!((0..2).all(|number| table.game.play.players.by_name(&name(number)).is_none()));
    let here = table.player("Ana");
    assert_eq!((in_world(&table).len(), table.game.online()), (4, 1), "who plays does not count");
    table.lose(here);
    assert!(table.game.play.players.by_name("Ana").is_some() && in_world(&table).len() == 3);
}

#[test]
fn a_player_who_comes_back_in_time_makes_room_for_another() {
    let mut table = Table::with(limited(5_000, 1));
    absent(&mut table, 1, "Ana");
    let ana = table.connect();
    table.send(ana, login("Ana", "secret1"));
    absent(&mut table, 1, "Beto");
    assert_eq!((table.game.online(), in_world(&table).len()), (1, 2));
}

#[test]
fn lowered_limits_count_at_once() {
    let mut table = Table::with(limited(0, 0));
    (0..12).for_each(|number| absent(&mut table, 1 + number % 2, &name(number)));
    assert_eq!(in_world(&table).len(), 12, "0 is no limit");
    for (settings, left) in [(limited(0, 4), 8), (limited(5, 4), 5), (limited(0, 1), 2)] {
        table.game.handle(table.now, Input::Settings(Box::new(settings)));
        table.settle();
        assert_eq!(in_world(&table).len(), left);
    }
    assert!(table.game.play.players.by_name(&name(11)).is_some(), "the youngest stays");
}

#[test]
fn a_world_full_of_absent_bodies_keeps_no_player_out() {
    let mut table = Table::with(limited(0, 0));
    (0..4).for_each(|number| absent(&mut table, number, &name(number)));
    for tile in [1, 5, 8, 11].map(MapId::new).into_iter().flat_map(tiles) {
        if table.game.play.world.free_numbers() > 2 {
            place_creature(&mut table, tile);
        }
    }
    assert_eq!(table.game.play.world.free_numbers(), 2);
    // Two numbers are left, and a thousand are kept: all four bodies go.
    let ana = table.player("Ana");
    assert_eq!(in_world(&table), ["Ana"]);
    for number in 0..4 {
        let stored = table.store.by_name(&name(number));
        assert!(stored.is_some_and(|stored| stored.character.position.map.get() == 2), "{}", name(number));
    }
    table.lose(ana);
    assert!(in_world(&table).is_empty(), "a body takes no number that is kept");
    let ana = table.connect();
    let burst = table.ask(ana, login("Ana", "secret1"));
    assert!(names(&burst).starts_with(&["Logged"]), "{burst:?}");
}

#[test]
fn where_bodies_take_every_tile_the_oldest_there_makes_room() {
    let mut table = Table::with(limited(0, 0));
    for number in 0..3 {
        absent(&mut table, 1, &name(number));
    }
    [1, 2].map(MapId::new).into_iter().flat_map(tiles).for_each(|tile| place_creature(&mut table, tile));
    table.player("Ana");
    assert_eq!(in_world(&table).len(), 3);
    assert!(table.game.play.players.by_name(&name(0)).is_none(), "the oldest left");
}
