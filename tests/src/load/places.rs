//! Where bots start, and the ways from a map's tiles to its exits.

use std::collections::VecDeque;

use pyao_server::content::{Content, MAP_SIZE, Map, Position, Restriction};
use pyao_server::world::heading::Heading;

/// Tiles that must be reachable near a start, so that a crowd has room to walk.
const ROOM_NEEDED: usize = 250;

/// `count` starts on maps spread evenly over those that have room within `radius` of their middle; fewer when fewer do.
#[must_use]
pub fn spread_starts(content: &Content, count: usize, radius: u8) -> Vec<Position> {
    let starts: Vec<Position> = content.maps().filter_map(|map| start_on(map, radius)).collect();
    let count = count.min(starts.len());
    (0..count).map(|number| starts[number * starts.len() / count]).collect()
}

/// The start on one map: the free tile nearest to its middle, if there is room around it and everybody may enter.
#[must_use]
pub fn start_on(map: &Map, radius: u8) -> Option<Position> {
    let (x, y) = map.nearest_walkable(MAP_SIZE / 2, MAP_SIZE / 2)?;
    let start = Position::new(map.number, x, y);
    let fits = map.info.restriction == Restriction::None && room_around(map, start, radius) >= ROOM_NEEDED;
    fits.then_some(start)
}

/// Tiles that can be walked to from `start` without going further away than `radius` or over an exit.
fn room_around(map: &Map, start: Position, radius: u8) -> usize {
    let near = |x: u8, y: u8| x.abs_diff(start.x) <= radius && y.abs_diff(start.y) <= radius;
    let distances = Distances::from([(start.x, start.y)], |x, y| {
        near(x, y) && map.walkable(x, y) && map.exit(x, y).is_none()
    });
    distances.reached()
}

/// How many steps it is from each tile of a map to the nearest of some tiles.
#[derive(Debug)]
pub struct Distances {
    steps: Vec<Option<u16>>,
}

impl Distances {
    /// To the nearest exit of `map` that anybody may take and that leads to a map of `content`.
    #[must_use]
    pub fn to_exits(content: &Content, map: &Map) -> Self {
        let is_open = |destination: &Position| {
            let map = content.map(destination.map);
            map.is_some_and(|map| map.info.restriction == Restriction::None)
        };
        let exits: Vec<_> = map
            .exits()
            .filter(|(x, y, destination)| map.walkable(*x, *y) && is_open(destination))
            .map(|(x, y, _)| (x, y))
            .collect();
        Self::from(exits, |x, y| map.walkable(x, y) && map.exit(x, y).is_none())
    }

    /// To the nearest of `tiles`, over tiles for which `may_pass` holds.
    fn from(tiles: impl IntoIterator<Item = (u8, u8)>, may_pass: impl Fn(u8, u8) -> bool) -> Self {
        let mut distances = Self { steps: vec![None; usize::from(MAP_SIZE) * usize::from(MAP_SIZE)] };
        let mut waiting = VecDeque::new();
        for (x, y) in tiles {
            distances.set(x, y, 0);
            waiting.push_back((x, y, 0));
        }
        while let Some((x, y, steps)) = waiting.pop_front() {
            for heading in Heading::ALL {
                let (x, y) = heading.step(x, y);
                if may_pass(x, y) && distances.at(x, y).is_none() && distances.set(x, y, steps + 1) {
                    waiting.push_back((x, y, steps + 1));
                }
            }
        }
        distances
    }

    /// Steps from that tile; `None` when there is no way, or no such tile.
    #[must_use]
    pub fn at(&self, x: u8, y: u8) -> Option<u16> {
        place(x, y).and_then(|place| self.steps[place])
    }

    fn set(&mut self, x: u8, y: u8, steps: u16) -> bool {
        let Some(place) = place(x, y) else { return false };
        self.steps[place] = Some(steps);
        true
    }

    fn reached(&self) -> usize {
        self.steps.iter().flatten().count()
    }
}

fn place(x: u8, y: u8) -> Option<usize> {
    let inside = (1..=MAP_SIZE).contains(&x) && (1..=MAP_SIZE).contains(&y);
    inside.then(|| (usize::from(y) - 1) * usize::from(MAP_SIZE) + usize::from(x) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_go_around_what_is_in_the_way() {
        // A wall along x = 5 that is open at y = 3 alone.
        let distances =
            Distances::from([(4, 1)], |x, y| (1..=9).contains(&x) && y <= 9 && (x != 5 || y == 3));
        assert_eq!(distances.at(4, 1), Some(0));
        assert_eq!(distances.at(4, 3), Some(2));
        assert_eq!(distances.at(6, 1), Some(6));
        assert_eq!(distances.at(5, 1), None);
        assert_eq!((distances.at(0, 0), distances.at(101, 5)), (None, None));
    }

    #[test]
    fn starts_are_free_tiles_with_room_on_different_maps() {
        let content = Content::starter();
        let starts = spread_starts(&content, 1_000, 12);
        assert!(!starts.is_empty());
        for (number, start) in starts.iter().enumerate() {
            let map = content.map(start.map).unwrap();
            assert!(map.walkable(start.x, start.y), "{start}");
            assert!(starts[..number].iter().all(|other| other.map != start.map), "{start} twice");
        }
        assert_eq!(spread_starts(&content, 1, 12).len(), 1);
    }

    #[test]
    fn every_step_downhill_ends_on_an_exit() {
        let content = Content::starter();
        let mut found = 0;
        for map in content.maps() {
            let distances = Distances::to_exits(&content, map);
            for (x, y) in (1..=MAP_SIZE).flat_map(|y| (1..=MAP_SIZE).map(move |x| (x, y))) {
                match distances.at(x, y) {
                    Some(0) => assert!(map.exit(x, y).is_some(), "{x},{y} of map {}", map.number),
                    Some(steps) => {
                        let downhill = |heading: Heading| {
                            let (x, y) = heading.step(x, y);
                            distances.at(x, y) == Some(steps - 1)
                        };
                        assert!(Heading::ALL.into_iter().any(downhill), "{x},{y} of map {}", map.number);
                        found += 1;
                    }
                    None => {}
                }
            }
        }
        assert!(found > 0, "the starter world has exits");
    }
}
