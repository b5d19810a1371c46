//! The game by itself: everything from the decoded packet to the segments that would be sent.

use std::sync::Arc;

use pyao_core::base::ids::MapId;
use pyao_core::content::{Content, Position};
use pyao_core::protocol::client::ClientPacket;
use pyao_core::protocol::outbox::ConnectionId;
use pyao_simulator::driver::{Driver, player_name};

use crate::counting;

const WEST: u8 = 4;
const EAST: u8 = 2;
/// Steps in one direction: over at least one border of blocks.
const STRIDE: usize = 10;

/// Puts 64 players in sight of one another, in columns so far apart that they do not meet.
fn crowd() -> (Driver, Vec<ConnectionId>) {
    let columns = [20, 40, 60, 80];
    let places: Vec<_> =
        (76..92).flat_map(|y| columns.map(|x| Position { map: MapId::new(8), x, y })).collect();
    let count = places.len();
    let mut driver = Driver::new(Arc::new(Content::starter()), places);
    let players = (0..count).map(|number| driver.create(&player_name(number))).collect();
    driver.stop_checking();
    (driver, players)
}

/// Walks all to the west and back again. Returns the number of bytes that they were sent.
fn walk_to_and_fro(driver: &mut Driver, players: &[ConnectionId]) -> usize {
    let mut bytes = 0;
    for step in 0..STRIDE * 2 {
        for &player in players {
            driver.walk(player, if step < STRIDE { WEST } else { EAST });
            bytes += driver.deliver();
        }
    }
    bytes
}

fn places(driver: &Driver, players: &[ConnectionId]) -> Vec<Option<Position>> {
    players.iter().map(|&player| driver.position(player)).collect()
}

#[test]
fn walking_in_a_crowd_allocates_nothing() {
    let _turn = counting::turn();
    let (mut driver, players) = crowd();
    walk_to_and_fro(&mut driver, &players);
    let places = places(&driver, &players);

    let ((steps, bytes), allocations) = counting::allocations_of(|| {
        let (mut steps, mut bytes) = (0, 0);
        while steps < 10_000 {
            bytes += walk_to_and_fro(&mut driver, &players);
            steps += players.len() * STRIDE * 2;
        }
        (steps, bytes)
    });

    println!("{steps} steps, {bytes} bytes sent, {allocations} allocations");
    assert!(bytes > steps * 50, "each step is told to ten others or more, five bytes each");
    assert_eq!(self::places(&driver, &players), places, "a step was refused");
    assert_eq!(allocations, 0);
}

#[test]
fn a_save_of_many_positions_allocates_as_often_as_a_save_of_one() {
    let _turn = counting::turn();
    let (mut driver, players) = crowd();
    let mut allocations_of_save = |walkers: &[ConnectionId]| {
        for &walker in walkers {
            driver.send(walker, ClientPacket::Walk { heading: WEST });
            driver.send(walker, ClientPacket::Walk { heading: EAST });
        }
        driver.deliver();
        let ((), allocations) = counting::allocations_of(|| driver.pass(5_000));
        driver.settle();
        allocations
    };
    allocations_of_save(&players);
    let (one, many) = (allocations_of_save(&players[..1]), allocations_of_save(&players));
    println!("a save of one: {one} allocations; of {}: {many}", players.len());
    assert!(one > 0, "nothing was saved");
    assert_eq!(many, one);
}
