//! The world's books, on the starter maps.

use super::*;
use crate::base::ids::{MapId, PlayerKey};
use character::NOTHING_WORN;

fn world() -> World {
    World::new(Arc::new(Content::starter()))
}

fn newcomer(position: Position) -> Newcomer {
    Newcomer {
        owner: Owner::Player(PlayerKey { slot: 0, generation: 0 }),
        position,
        heading: Heading::South,
        look: Look { body: 1, head: 1, weapon: NOTHING_WORN, shield: NOTHING_WORN, helmet: NOTHING_WORN },
        name: "Ana".into(),
        nick_color: 2,
        viewer: None,
    }
}

fn home(world: &World) -> Position {
    world.free_tile_near(world.content().city(1), true).unwrap()
}

#[test]
fn a_taken_tile_takes_nobody_else() {
    let mut world = world();
    let position = home(&world);
    let first = world.enter(newcomer(position)).unwrap();
    assert!(world.enter(newcomer(position)).is_none());
    assert!(!world.is_free(position));
    world.leave(first);
    assert!(world.is_free(position));
    assert_eq!(world.enter(newcomer(position)), Some(first), "the lowest free index comes back");
}

#[test]
fn the_free_tile_near_a_taken_one_is_next_to_it() {
    let mut world = world();
    let position = home(&world);
    world.enter(newcomer(position)).unwrap();
    let near = world.free_tile_near(position, true).unwrap();
    assert!(near.x.abs_diff(position.x) <= 1 && near.y.abs_diff(position.y) <= 1 && near != position);
    assert_eq!(world.free_tile_near(Position { map: MapId::new(9_999), x: 50, y: 50 }, true), None);
}

#[test]
fn every_free_tile_of_a_map_is_found_before_it_is_full() {
    let mut world = world();
    let center = home(&world);
    let map = center.map;
    let free = (1..=100_u8)
        .flat_map(|y| (1..=100_u8).map(move |x| Position { map, x, y }))
        .filter(|tile| world.is_free(*tile))
        .count();
    let mut filled = 0;
    while let Some(tile) = world.free_tile_near(center, false) {
        assert!(world.enter(newcomer(tile)).is_some());
        filled += 1;
    }
    assert_eq!(filled, free);
}

#[test]
fn viewers_of_a_tile_are_those_in_sight_of_it() {
    let mut world = world();
    let position = home(&world);
    let near = ConnectionId { slot: 1, generation: 0 };
    let index = world.enter(Newcomer { viewer: Some(near), ..newcomer(position) }).unwrap();
    assert_eq!(world.viewers(position).collect::<Vec<_>>(), [near]);
    let far = Position { x: if position.x > 50 { 12 } else { 90 }, ..position };
    assert_eq!(world.viewers(far).count(), 0);
    world.change_viewer(index, None);
    assert_eq!(world.viewers(position).count(), 0);
}
