//! Areas: the blocks of a map, and sight from one to another.
//!
//! A map is cut into blocks of 9 × 9 tiles, 12 × 12 of them (AO 0.13). A character sees what is in its own block and in
//! the eight around it: up to 27 × 27 tiles, always more than the client's window of 17 × 13. Seeing is mutual.

/// Tiles along a block's side.
pub const BLOCK_SIDE: u8 = 9;
/// Blocks along a map's side: coordinates 1..=100 fall into blocks 0..=11.
pub const BLOCKS_PER_SIDE: u8 = 12;
/// Blocks of a map.
pub const BLOCKS: usize = BLOCKS_PER_SIDE as usize * BLOCKS_PER_SIDE as usize;

/// One block of a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    column: u8,
    row: u8,
}

impl Block {
    /// Returns the block of tile (`x`, `y`), each 1..=100: the coordinate divided by 9.
    #[must_use]
    pub fn of(x: u8, y: u8) -> Self {
        Self {
            column: (x / BLOCK_SIDE).min(BLOCKS_PER_SIDE - 1),
            row: (y / BLOCK_SIDE).min(BLOCKS_PER_SIDE - 1),
        }
    }

    /// Its place among a map's [`BLOCKS`].
    #[must_use]
    pub fn number(self) -> usize {
        usize::from(self.row) * usize::from(BLOCKS_PER_SIDE) + usize::from(self.column)
    }

    /// Returns true if `other` is seen from here.
    #[must_use]
    pub fn sees(self, other: Self) -> bool {
        self.column.abs_diff(other.column) <= 1 && self.row.abs_diff(other.row) <= 1
    }

    /// This block and those around it that the map has, row by row.
    pub fn around(self) -> impl Iterator<Item = Self> {
        let columns = self.column.saturating_sub(1)..=(self.column + 1).min(BLOCKS_PER_SIDE - 1);
        let rows = self.row.saturating_sub(1)..=(self.row + 1).min(BLOCKS_PER_SIDE - 1);
        rows.flat_map(move |row| columns.clone().map(move |column| Self { column, row }))
    }

    /// Returns the blocks seen from here and not from `other`.
    pub fn around_but_not(self, other: Self) -> impl Iterator<Item = Self> {
        self.around().filter(move |block| !block.sees(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worked_example_of_the_rules_holds() {
        let actor = Block::of(58, 45);
        assert_eq!((actor.column, actor.row), (6, 5));
        assert!(!Block::of(72, 45).sees(actor), "two blocks away hears nothing");
        assert!(Block::of(71, 45).sees(actor));
    }

    #[test]
    fn sight_is_mutual_and_covers_the_clients_window() {
        for x in 1..=100_u8 {
            for other in 1..=100_u8 {
                let (a, b) = (Block::of(x, 50), Block::of(other, 50));
                assert_eq!(a.sees(b), b.sees(a));
                assert!(
                    x.abs_diff(other) > 9 || a.sees(b),
                    "{other} from {x} is in the window but not in sight"
                );
            }
        }
    }

    #[test]
    fn around_is_nine_blocks_inside_and_four_in_a_corner() {
        assert_eq!(Block::of(50, 50).around().count(), 9);
        assert_eq!(Block::of(1, 1).around().count(), 4);
        assert_eq!(Block::of(100, 100).around().count(), 4);
    }

    #[test]
    fn a_step_into_the_next_block_shows_three_new_ones() {
        let (west, east) = (Block::of(53, 50), Block::of(54, 50));
        assert_eq!(east.around_but_not(west).count(), 3);
        assert_eq!(west.around_but_not(east).count(), 3);
        assert_eq!(west.around_but_not(west).count(), 0);
    }
}
