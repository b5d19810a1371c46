//! Pictures and sounds of the client, and references in the data that go beyond them.
//!
//! The client draws nothing for a picture that it does not have and plays nothing for such a sound; an effect that it
//! does not have stops its script.

mod check;
mod table;

pub use check::check;
pub use table::{BODIES, FX, HEADS, HELMETS, MOVING_GRAPHICS, SHIELDS, SOUNDS, STILL_GRAPHICS, WEAPONS};

/// The head of the dead. The client lets its player walk into a character that has it.
pub const GHOST_HEAD: u16 = 500;

/// Ids of one kind: inclusive ranges in ascending order, at least one.
#[derive(Debug, Clone, Copy)]
pub struct Assets(&'static [(u16, u16)]);

impl Assets {
    /// Returns true if the client has `id`.
    #[must_use]
    pub fn has(self, id: u16) -> bool {
        self.0.get(self.place_of(id)).is_some_and(|(first, _)| *first <= id)
    }

    /// Returns the id nearest to `id` that the client has; of two equally near ones the lower.
    #[must_use]
    pub fn nearest(self, id: u16) -> u16 {
        let place = self.place_of(id);
        let above = self.0.get(place).map(|(first, _)| id.max(*first));
        let below = place.checked_sub(1).and_then(|place| self.0.get(place)).map(|(_, last)| *last);
        match (below, above) {
            (Some(below), Some(above)) if id.abs_diff(below) <= above.abs_diff(id) => below,
            (_, Some(above)) => above,
            (below, None) => below.unwrap_or(id),
        }
    }

    /// Returns the first range that does not end before `id`.
    fn place_of(self, id: u16) -> usize {
        self.0.partition_point(|(_, last)| *last < id)
    }
}

/// Returns the head nearest to `head` that the client has, but the one of the dead.
#[must_use]
pub fn nearest_head(head: u16) -> u16 {
    match HEADS.nearest(head) {
        GHOST_HEAD if head != GHOST_HEAD => GHOST_HEAD + 1,
        near => near,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use std::path::Path;

    const ALL: [(&str, Assets); 9] = [
        ("bodies", BODIES),
        ("heads", HEADS),
        ("weapons", WEAPONS),
        ("shields", SHIELDS),
        ("helmets", HELMETS),
        ("fx", FX),
        ("sounds", SOUNDS),
        ("graphics", STILL_GRAPHICS),
        ("animated_graphics", MOVING_GRAPHICS),
    ];

    #[test]
    fn the_nearest_picture_is_its_own_or_that_beside_the_gap() {
        for (asked, nearest) in [(1, 1), (51, 51), (60, 51), (61, 70), (69, 70), (90, 89), (2_140, 514)] {
            assert_eq!(nearest_head(asked), nearest, "{asked}");
            assert_eq!(HEADS.has(asked), asked == nearest, "{asked}");
        }
        assert_eq!((BODIES.nearest(641), BODIES.nearest(0), WEAPONS.nearest(2)), (548, 1, 1));
    }

    #[test]
    fn nobody_who_lives_gets_the_head_of_the_dead() {
        assert_eq!((nearest_head(493), nearest_head(494), nearest_head(499)), (486, 501, 501));
        assert_eq!(nearest_head(GHOST_HEAD), GHOST_HEAD);
    }

    #[test]
    fn ranges_ascend_and_leave_gaps() {
        for (name, assets) in ALL {
            assert!(assets.0.iter().all(|(first, last)| first <= last), "{name}");
            assert!(assets.0.is_sorted_by(|(_, last), (first, _)| last < first), "{name}");
        }
    }

    #[test]
    fn the_table_is_the_clients() {
        let path =
            Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/protocol/client_assets.toml"));
        let Ok(text) = std::fs::read_to_string(path) else {
            println!("skipped: ../shared/protocol/client_assets.toml is not there");
            return;
        };
        let theirs: BTreeMap<String, Vec<(u16, u16)>> = toml::from_str(&text).unwrap();
        assert_eq!(theirs.len(), ALL.len());
        for (name, assets) in ALL {
            assert_eq!(assets.0, theirs[name], "{name}");
        }
    }
}
