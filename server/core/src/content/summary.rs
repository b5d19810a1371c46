//! Counts of all loaded content, for operators.

use std::fmt;

use super::{Content, MAP_SIZE};

/// Totals over all maps and records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Summary {
    /// Maps.
    pub maps: usize,
    /// Tiles of all maps.
    pub tiles: usize,
    /// Tiles on which no character can stand.
    pub blocked: usize,
    /// Tiles of water.
    pub water: usize,
    /// Tiles of lava.
    pub lava: usize,
    /// Tiles with a trigger.
    pub triggers: usize,
    /// Tiles that lead elsewhere.
    pub exits: usize,
    /// NPCs on the maps at start.
    pub npc_placements: usize,
    /// Objects on the floor at start.
    pub floor_objects: usize,
    /// Object records.
    pub objects: usize,
    /// NPC records.
    pub npcs: usize,
    /// Spell records.
    pub spells: usize,
}

impl Summary {
    pub(super) fn of(content: &Content) -> Self {
        let mut summary = Self {
            objects: content.objects.len(),
            npcs: content.npcs.len(),
            spells: content.spells.len(),
            ..Self::default()
        };
        for map in content.maps() {
            summary.maps += 1;
            summary.exits += map.exits().count();
            summary.npc_placements += map.npc_placements().len();
            summary.floor_objects += map.floor_objects().len();
            for (x, y) in (1..=MAP_SIZE).flat_map(|y| (1..=MAP_SIZE).map(move |x| (x, y))) {
                summary.tiles += 1;
                summary.blocked += usize::from(map.blocked(x, y));
                summary.water += usize::from(map.water(x, y));
                summary.lava += usize::from(map.lava(x, y));
                summary.triggers += usize::from(map.trigger(x, y) != super::Trigger::None);
            }
        }
        summary
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = [
            ("maps", self.maps),
            ("tiles", self.tiles),
            ("blocked tiles", self.blocked),
            ("water tiles", self.water),
            ("lava tiles", self.lava),
            ("trigger tiles", self.triggers),
            ("exits", self.exits),
            ("NPCs placed", self.npc_placements),
            ("floor objects", self.floor_objects),
            ("object records", self.objects),
            ("NPC records", self.npcs),
            ("spell records", self.spells),
        ];
        for (place, (name, value)) in rows.into_iter().enumerate() {
            if place > 0 {
                writeln!(formatter)?;
            }
            write!(formatter, "{name:<14} {value:>9}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_starter_world_is_counted_and_shown_in_aligned_lines() {
        let summary = Content::starter().summary();
        assert_eq!((summary.maps, summary.tiles, summary.water), (5, 50_000, 0));
        let text = summary.to_string();
        assert_eq!(text.lines().count(), 12);
        assert!(text.starts_with("maps                   5\ntiles              50000\n"), "{text}");
        assert!(text.lines().all(|line| line.chars().count() == 24), "{text}");
    }
}
