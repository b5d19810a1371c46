//! The four directions a character can face and step in.

/// A direction. North is up, where y shrinks. On the wire 1 to 4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Heading {
    /// y - 1.
    North = 1,
    /// x + 1.
    East = 2,
    /// y + 1.
    South = 3,
    /// x - 1.
    West = 4,
}

impl Heading {
    /// All four, in wire order.
    pub const ALL: [Self; 4] = [Self::North, Self::East, Self::South, Self::West];

    /// Returns the direction with that wire number, if there is one.
    #[must_use]
    pub fn from_wire(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|heading| heading.wire() == number)
    }

    /// Its number on the wire.
    #[must_use]
    pub fn wire(self) -> u8 {
        self as u8
    }

    /// Returns the tile one step from (`x`, `y`); coordinates saturate, so a step off the map stays off the map.
    #[must_use]
    pub fn step(self, x: u8, y: u8) -> (u8, u8) {
        match self {
            Self::North => (x, y.saturating_sub(1)),
            Self::East => (x.saturating_add(1), y),
            Self::South => (x, y.saturating_add(1)),
            Self::West => (x.saturating_sub(1), y),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_to_four_are_headings() {
        assert_eq!(Heading::from_wire(0), None);
        assert_eq!(Heading::from_wire(5), None);
        assert_eq!(Heading::from_wire(9), None);
        for heading in Heading::ALL {
            assert_eq!(Heading::from_wire(heading.wire()), Some(heading));
        }
    }

    #[test]
    fn a_step_changes_one_coordinate_by_one() {
        assert_eq!(Heading::North.step(50, 50), (50, 49));
        assert_eq!(Heading::East.step(50, 50), (51, 50));
        assert_eq!(Heading::South.step(50, 50), (50, 51));
        assert_eq!(Heading::West.step(50, 50), (49, 50));
        assert_eq!(Heading::North.step(1, 0), (1, 0));
    }
}
