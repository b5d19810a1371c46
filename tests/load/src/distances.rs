//! Walking distances between tiles of a map.

use std::collections::VecDeque;

use pyao_core::content::{Content, MAP_SIZE, Map, Position, Restriction};
use pyao_core::world::heading::Heading;

/// Number of steps from each tile of a map to the nearest of some tiles.
#[derive(Debug)]
pub struct Distances {
    steps: Vec<Option<u16>>,
}

impl Distances {
    /// Measures the distances to the nearest exit of `map` that every player may take and that leads to a map of
    /// `content`.
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
    pub(super) fn from(tiles: impl IntoIterator<Item = (u8, u8)>, may_pass: impl Fn(u8, u8) -> bool) -> Self {
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
