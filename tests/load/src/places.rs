//! Starting places and bounds of bots: spread over whole maps, or all in one square of 27 × 27 tiles.

use std::collections::BTreeSet;

use pyao_core::base::ids::MapId;
use pyao_core::content::{Content, MAP_SIZE, Map, Position, Restriction};
use pyao_core::world::area::{BLOCK_SIDE, BLOCKS_PER_SIDE};

use crate::distances::Distances;

/// Tiles that a map must have to walk on.
const ROOM_NEEDED: usize = 200;
/// Blocks along the side of a crowd's square: those that its middle block sees.
const SQUARE_BLOCKS: u8 = 3;
/// Maps that are searched for the best square.
const CROWD_MAPS: usize = 8;

/// A rectangle of tiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Smallest x and y.
    pub from: (u8, u8),
    /// Largest x and y.
    pub to: (u8, u8),
}

impl Bounds {
    /// A whole map.
    pub const MAP: Self = Self { from: (1, 1), to: (MAP_SIZE, MAP_SIZE) };

    /// Returns the square whose first block is in that column and row.
    fn square(column: u8, row: u8) -> Self {
        let side = SQUARE_BLOCKS * BLOCK_SIDE;
        let from = (column * BLOCK_SIDE, row * BLOCK_SIDE);
        Self { from, to: (from.0 + side - 1, from.1 + side - 1) }
    }

    /// Returns true if the tile is inside.
    #[must_use]
    pub fn contains(&self, x: u8, y: u8) -> bool {
        (self.from.0..=self.to.0).contains(&x) && (self.from.1..=self.to.1).contains(&y)
    }
}

/// Starting places of the bots of a run.
#[derive(Debug, Clone)]
pub struct Places {
    /// A start for each bot, in order; neighbours in the list are on different maps.
    pub starts: Vec<Position>,
    /// Bounds of the bots' ways on their map.
    pub bounds: Bounds,
    /// Maps that they are on.
    pub maps: usize,
}

impl Places {
    /// Spreads `bots` starts evenly over the walkable tiles of the `maps` maps that have most of them, or of as many as
    /// have enough.
    #[must_use]
    pub fn spread(content: &Content, maps: usize, bots: usize) -> Self {
        Self::on(&roomiest(content, maps, 0), bots, Bounds::MAP)
    }

    /// As [`Self::spread`], on `maps` maps after the `skipped` ones with most room; where there are too few, on those.
    #[must_use]
    pub fn elsewhere(content: &Content, skipped: usize, maps: usize, bots: usize) -> Self {
        let grounds = roomiest(content, maps, skipped);
        if grounds.is_empty() {
            Self::spread(content, maps, bots)
        } else {
            Self::on(&grounds, bots, Bounds::MAP)
        }
    }

    /// Puts all `bots` into a square of 27 × 27 tiles: the one with most room on the maps with most room.
    #[must_use]
    pub fn crowd(content: &Content, bots: usize) -> Self {
        let squares = (1..=BLOCKS_PER_SIDE - SQUARE_BLOCKS)
            .flat_map(|row| (1..=BLOCKS_PER_SIDE - SQUARE_BLOCKS).map(move |column| (column, row)));
        let roomy: Vec<&Map> =
            roomiest(content, CROWD_MAPS, 0).iter().filter_map(|ground| content.map(ground.map)).collect();
        let grounds = squares.flat_map(|(column, row)| {
            let bounds = Bounds::square(column, row);
            roomy.iter().filter_map(move |map| Some((Ground::of(map, bounds)?, bounds)))
        });
        // The first of those with most room, so that the same data gives the same place.
        let best =
            grounds.reduce(|best, next| if next.0.tiles.len() > best.0.tiles.len() { next } else { best });
        best.map_or_else(
            || Self { starts: Vec::new(), bounds: Bounds::MAP, maps: 0 },
            |(ground, bounds)| Self::on(&[ground], bots, bounds),
        )
    }

    fn on(grounds: &[Ground], bots: usize, bounds: Bounds) -> Self {
        let on_each = bots.div_ceil(grounds.len().max(1));
        let starts = (0..bots).filter_map(|bot| {
            let ground = grounds.get(bot % grounds.len().max(1))?;
            let place = bot / grounds.len();
            let (x, y) = ground.tiles[place * ground.tiles.len() / on_each];
            Some(Position::new(ground.map, x, y))
        });
        Self { starts: starts.collect(), bounds, maps: grounds.len().min(bots) }
    }
}

/// Tiles of a map that can be walked to from one another.
#[derive(Debug, Clone)]
struct Ground {
    map: MapId,
    /// Row by row.
    tiles: Vec<(u8, u8)>,
}

impl Ground {
    /// Returns the largest such part of a map within `bounds`, if it is large enough and open to every player.
    fn of(map: &Map, bounds: Bounds) -> Option<Self> {
        let may_stand = |x, y| bounds.contains(x, y) && map.walkable(x, y) && map.exit(x, y).is_none();
        let tiles = (bounds.from.1..=bounds.to.1)
            .flat_map(|y| (bounds.from.0..=bounds.to.0).map(move |x| (x, y)))
            .filter(|(x, y)| may_stand(*x, *y));
        let mut waiting: BTreeSet<(u8, u8)> = tiles.map(|(x, y)| (y, x)).collect();
        let mut largest = Vec::new();
        while waiting.len() > largest.len() {
            let Some(&(y, x)) = waiting.first() else { break };
            let distances = Distances::from([(x, y)], may_stand);
            let part: Vec<_> =
                waiting.iter().map(|&(y, x)| (x, y)).filter(|&(x, y)| distances.at(x, y).is_some()).collect();
            waiting.retain(|&(y, x)| distances.at(x, y).is_none());
            if part.len() > largest.len() {
                largest = part;
            }
        }
        let fits = map.info.restriction == Restriction::None && largest.len() >= ROOM_NEEDED;
        fits.then_some(Self { map: map.number, tiles: largest })
    }
}

/// Returns the `count` maps that have most room, after the first `skipped` of them.
fn roomiest(content: &Content, count: usize, skipped: usize) -> Vec<Ground> {
    let mut grounds: Vec<Ground> = content.maps().filter_map(|map| Ground::of(map, Bounds::MAP)).collect();
    grounds.sort_by_key(|ground| (std::cmp::Reverse(ground.tiles.len()), ground.map));
    grounds.into_iter().skip(skipped).take(count).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn are_walkable(content: &Content, places: &Places) {
        for start in &places.starts {
            let map = content.map(start.map).unwrap();
            assert!(map.walkable(start.x, start.y) && map.exit(start.x, start.y).is_none(), "{start}");
            assert!(places.bounds.contains(start.x, start.y), "{start}");
        }
    }

    #[test]
    fn bots_are_dealt_out_to_maps_and_spread_over_each() {
        let content = Content::starter();
        let places = Places::spread(&content, 2, 100);
        assert_eq!((places.starts.len(), places.maps), (100, 2));
        are_walkable(&content, &places);
        let maps: BTreeSet<MapId> = places.starts.iter().map(|start| start.map).collect();
        assert_eq!(maps.len(), 2);
        let different: BTreeSet<_> =
            places.starts.iter().map(|start| (start.map, start.x, start.y)).collect();
        assert_eq!(different.len(), 100);
        let rows = places.starts.iter().map(|start| start.y);
        assert!(rows.clone().max().unwrap() - rows.min().unwrap() > 50, "over the whole map");
        assert_eq!(Places::spread(&content, 10_000, 3).maps, 3, "no more maps than bots");
    }

    #[test]
    fn a_crowd_is_in_one_square_of_three_blocks() {
        let content = Content::starter();
        let places = Places::crowd(&content, 100);
        assert_eq!((places.starts.len(), places.maps), (100, 1));
        are_walkable(&content, &places);
        let Bounds { from, to } = places.bounds;
        assert_eq!((to.0 - from.0, to.1 - from.1), (26, 26));
        assert_eq!((from.0 % BLOCK_SIDE, from.1 % BLOCK_SIDE), (0, 0));
    }

    #[test]
    fn who_is_put_elsewhere_is_on_other_maps_if_there_are_any() {
        let content = Content::starter();
        let walkers = Places::spread(&content, 1, 10);
        let others = Places::elsewhere(&content, 1, 300, 10);
        assert!(others.starts.iter().all(|start| start.map != walkers.starts[0].map));
        assert_eq!(Places::elsewhere(&content, 300, 1, 10).starts.len(), 10);
    }

    #[test]
    fn ground_is_the_largest_part_that_is_connected() {
        let content = Content::starter();
        for map in content.maps() {
            let Some(ground) = Ground::of(map, Bounds::MAP) else { continue };
            let distances = Distances::from([ground.tiles[0]], |x, y| ground.tiles.contains(&(x, y)));
            assert!(ground.tiles.iter().all(|&(x, y)| distances.at(x, y).is_some()), "map {}", map.number);
        }
    }
}
