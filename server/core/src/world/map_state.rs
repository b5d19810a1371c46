//! The moving part of one map: characters on their tiles and objects on the floor, block by block.

use super::area::{BLOCKS, Block};
use super::char_index::CharIndex;
use crate::base::ids::ConnectionId;
use crate::content::FloorObject;

/// Contents of one block of a map.
#[derive(Debug, Default)]
pub struct BlockState {
    /// Characters standing here.
    pub characters: Vec<CharIndex>,
    /// The connections that see through the eyes of somebody standing here.
    pub viewers: Vec<ConnectionId>,
    /// Objects on the floor here.
    pub objects: Vec<FloorObject>,
}

/// See the module.
#[derive(Debug)]
pub struct MapState {
    /// Character on each tile, row by row; 0 is nobody.
    occupants: Box<[u16; 100 * 100]>,
    blocks: Vec<BlockState>,
}

fn tile(x: u8, y: u8) -> Option<usize> {
    let inside = (1..=100).contains(&x) && (1..=100).contains(&y);
    inside.then(|| (usize::from(y) - 1) * 100 + usize::from(x) - 1)
}

impl MapState {
    /// Creates an empty map with `objects` on its floor.
    #[must_use]
    pub fn new(objects: &[FloorObject]) -> Self {
        let mut blocks: Vec<BlockState> = (0..BLOCKS).map(|_| BlockState::default()).collect();
        for object in objects {
            blocks[Block::of(object.x, object.y).number()].objects.push(*object);
        }
        Self { occupants: Box::new([0; 100 * 100]), blocks }
    }

    /// Returns the contents of `block`.
    #[must_use]
    pub fn block(&self, block: Block) -> &BlockState {
        &self.blocks[block.number()]
    }

    /// Returns the character on (`x`, `y`).
    #[must_use]
    pub fn occupant(&self, x: u8, y: u8) -> Option<CharIndex> {
        tile(x, y).and_then(|tile| CharIndex::from_number(self.occupants[tile]))
    }

    /// Returns the object on (`x`, `y`).
    #[must_use]
    pub fn object(&self, x: u8, y: u8) -> Option<&FloorObject> {
        let here = |object: &&FloorObject| object.x == x && object.y == y;
        tile(x, y).and_then(|_| self.block(Block::of(x, y)).objects.iter().find(here))
    }

    /// Puts `index` on the free tile (`x`, `y`).
    pub fn enter(&mut self, index: CharIndex, viewer: Option<ConnectionId>, x: u8, y: u8) {
        self.occupy(index, x, y);
        let block = &mut self.blocks[Block::of(x, y).number()];
        block.characters.push(index);
        block.viewers.extend(viewer);
    }

    /// Takes `index` off its tile (`x`, `y`).
    pub fn leave(&mut self, index: CharIndex, viewer: Option<ConnectionId>, x: u8, y: u8) {
        self.vacate(index, x, y);
        let block = &mut self.blocks[Block::of(x, y).number()];
        remove(&mut block.characters, &index);
        if let Some(viewer) = viewer {
            remove(&mut block.viewers, &viewer);
        }
    }

    /// Moves `index` from tile `from` to the free tile `to`.
    pub fn shift(&mut self, index: CharIndex, viewer: Option<ConnectionId>, from: (u8, u8), to: (u8, u8)) {
        if Block::of(from.0, from.1) != Block::of(to.0, to.1) {
            self.leave(index, viewer, from.0, from.1);
            self.enter(index, viewer, to.0, to.1);
            return;
        }
        self.vacate(index, from.0, from.1);
        self.occupy(index, to.0, to.1);
    }

    /// Lets `new` see through the character on (`x`, `y`) in place of `old`.
    pub fn change_viewer(&mut self, old: Option<ConnectionId>, new: Option<ConnectionId>, x: u8, y: u8) {
        let viewers = &mut self.blocks[Block::of(x, y).number()].viewers;
        if let Some(old) = old {
            remove(viewers, &old);
        }
        viewers.extend(new);
    }

    /// Returns the number of characters, and of connections that see, in the blocks of this map.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        let counts = self.blocks.iter().map(|block| (block.characters.len(), block.viewers.len()));
        counts.fold((0, 0), |all, block| (all.0 + block.0, all.1 + block.1))
    }

    fn occupy(&mut self, index: CharIndex, x: u8, y: u8) {
        let Some(tile) = tile(x, y) else { return };
        debug_assert_eq!(self.occupants[tile], 0, "two characters on ({x},{y})");
        self.occupants[tile] = index.number();
    }

    fn vacate(&mut self, index: CharIndex, x: u8, y: u8) {
        let Some(tile) = tile(x, y) else { return };
        debug_assert_eq!(self.occupants[tile], index.number(), "{index:?} does not stand on ({x},{y})");
        self.occupants[tile] = 0;
    }
}

fn remove<T: PartialEq>(list: &mut Vec<T>, item: &T) {
    let place = list.iter().position(|other| other == item);
    debug_assert!(place.is_some(), "a block does not list what leaves it");
    if let Some(place) = place {
        list.swap_remove(place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::ids::ObjectId;

    fn index(number: u16) -> CharIndex {
        CharIndex::from_number(number).unwrap()
    }

    #[test]
    fn a_character_is_where_it_was_put_and_nowhere_else() {
        let mut map = MapState::new(&[]);
        map.enter(index(7), None, 53, 50);
        assert_eq!(map.occupant(53, 50), Some(index(7)));
        map.shift(index(7), None, (53, 50), (54, 50));
        assert_eq!((map.occupant(53, 50), map.occupant(54, 50)), (None, Some(index(7))));
        assert!(map.block(Block::of(53, 50)).characters.is_empty());
        assert_eq!(map.block(Block::of(54, 50)).characters, [index(7)]);
        map.leave(index(7), None, 54, 50);
        assert!(map.block(Block::of(54, 50)).characters.is_empty());
    }

    #[test]
    fn the_viewer_follows_its_character() {
        let viewer = ConnectionId { slot: 3, generation: 1 };
        let mut map = MapState::new(&[]);
        map.enter(index(1), Some(viewer), 10, 10);
        map.shift(index(1), Some(viewer), (10, 10), (10, 18));
        assert!(map.block(Block::of(10, 10)).viewers.is_empty());
        assert_eq!(map.block(Block::of(10, 18)).viewers, [viewer]);
        map.change_viewer(Some(viewer), None, 10, 18);
        assert!(map.block(Block::of(10, 18)).viewers.is_empty());
    }

    #[test]
    fn tiles_off_the_map_hold_nobody() {
        let map = MapState::new(&[FloorObject { x: 5, y: 5, object: ObjectId::new(12), amount: 3 }]);
        assert_eq!(map.occupant(0, 1), None);
        assert_eq!(map.occupant(101, 255), None);
        assert!(map.object(255, 255).is_none());
        assert_eq!(map.object(5, 5).map(|object| object.amount), Some(3));
    }
}
