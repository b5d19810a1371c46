//! A place in the world.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

use crate::base::ids::MapId;

/// One tile of one map.
///
/// Written `map:x:y`, as in `1:58:45`. The fields are plain: any value may stand in them, and a map answers
/// "blocked" for coordinates it does not have. Parsing checks the ranges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Position {
    /// Map number, from 1.
    pub map: MapId,
    /// Column, 1..=100, west to east.
    pub x: u8,
    /// Row, 1..=100, north to south.
    pub y: u8,
}

impl Position {
    /// Creates the position of tile `x`, `y` on `map`.
    #[must_use]
    pub const fn new(map: MapId, x: u8, y: u8) -> Self {
        Self { map, x, y }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}:{}", self.map, self.x, self.y)
    }
}

/// A text that is not a [`Position`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a position: {reason} (expected map:x:y, such as 1:58:45)")]
pub struct ParsePositionError {
    text: String,
    reason: &'static str,
}

impl FromStr for Position {
    type Err = ParsePositionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = |reason| ParsePositionError { text: text.to_owned(), reason };
        let mut fields = text.split(':');
        let (Some(map), Some(x), Some(y), None) =
            (fields.next(), fields.next(), fields.next(), fields.next())
        else {
            return Err(error("it does not have three parts"));
        };
        let map = map.trim().parse().ok().filter(|map| (1..=super::MAP_NUMBER_MAX).contains(map));
        let coordinate = |text: &str| text.trim().parse().ok().filter(|value| (1..=100).contains(value));
        Ok(Self {
            map: map.map(MapId::new).ok_or_else(|| error("the map is not a number from 1 to 32767"))?,
            x: coordinate(x).ok_or_else(|| error("x is not a number from 1 to 100"))?,
            y: coordinate(y).ok_or_else(|| error("y is not a number from 1 to 100"))?,
        })
    }
}

impl TryFrom<String> for Position {
    type Error = ParsePositionError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_written_and_read_as_map_x_y() {
        let position: Position = "1:58:45".parse().unwrap();
        assert_eq!(position, Position::new(MapId::new(1), 58, 45));
        assert_eq!(position.to_string(), "1:58:45");
    }

    #[test]
    fn a_wrong_position_says_which_part_is_wrong() {
        for (text, reason) in [
            ("", "three parts"),
            ("1:2", "three parts"),
            ("1:2:3:4", "three parts"),
            ("0:50:50", "the map"),
            ("40000:50:50", "the map"),
            ("1:0:50", "x is not"),
            ("1:50:101", "y is not"),
            ("1:50:-1", "y is not"),
        ] {
            let error = text.parse::<Position>().unwrap_err().to_string();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }
}
