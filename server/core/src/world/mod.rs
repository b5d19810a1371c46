//! Places and sight: everything that stands or lies on a map, and the connections that see it.
//!
//! The world holds every character (players' and NPCs) and everything on the floors of all maps. It knows tiles,
//! blocks and sight, and no rules: `game` decides what happens, the world keeps the books and answers who is near.

pub mod area;
pub mod char_index;
pub mod character;
pub mod heading;
pub mod map_state;

use crate::base::ids::{ConnectionId, MapId};
use crate::base::table::Table;
use crate::content::{Content, Map, Position};
use area::Block;
use char_index::{CharIndex, CharIndexPool};
use character::{Character, Look, Owner};
use heading::Heading;
use map_state::{BlockState, MapState};
use std::sync::Arc;

/// See the module.
#[derive(Debug)]
pub struct World {
    content: Arc<Content>,
    maps: Table<MapId, MapState>,
    /// By [`CharIndex::slot`].
    characters: Vec<Option<Character>>,
    pool: CharIndexPool,
}

/// A character about to enter the world.
#[derive(Debug, Clone)]
pub struct Newcomer {
    /// See [`Character`].
    pub owner: Owner,
    /// See [`Character`].
    pub position: Position,
    /// See [`Character`].
    pub heading: Heading,
    /// See [`Character`].
    pub look: Look,
    /// See [`Character`].
    pub name: String,
    /// See [`Character`].
    pub nick_color: u8,
    /// See [`Character`].
    pub viewer: Option<ConnectionId>,
}

impl World {
    /// Creates the world of `content`, in which nobody stands yet: objects lie where the maps place them.
    #[must_use]
    pub fn new(content: Arc<Content>) -> Self {
        let mut maps = Table::new();
        for map in content.maps() {
            maps.insert(map.number, MapState::new(map.floor_objects()));
        }
        Self { content, maps, characters: vec![None], pool: CharIndexPool::default() }
    }

    /// Returns the static data this world is made of.
    #[must_use]
    pub fn content(&self) -> &Arc<Content> {
        &self.content
    }

    /// Returns the character with that index.
    #[must_use]
    pub fn character(&self, index: CharIndex) -> Option<&Character> {
        self.characters.get(index.slot()).and_then(Option::as_ref)
    }

    /// Returns all characters of the world, by index.
    pub fn characters(&self) -> impl Iterator<Item = &Character> {
        self.characters.iter().flatten()
    }

    /// Returns the number of characters.
    #[must_use]
    pub fn population(&self) -> usize {
        self.pool.in_use()
    }

    /// Returns the number of further characters that could enter.
    #[must_use]
    pub fn free_numbers(&self) -> usize {
        self.pool.free()
    }

    fn map_state(&self, map: MapId) -> Option<&MapState> {
        self.maps.get(map)
    }

    fn map_state_mut(&mut self, map: MapId) -> Option<&mut MapState> {
        self.maps.get_mut(map)
    }

    /// Returns the contents of one block of a map; `None` for a map that is not there.
    #[must_use]
    pub fn block(&self, map: MapId, block: Block) -> Option<&BlockState> {
        self.map_state(map).map(|state| state.block(block))
    }

    /// Returns the character on that tile.
    #[must_use]
    pub fn occupant(&self, position: Position) -> Option<CharIndex> {
        self.map_state(position.map).and_then(|state| state.occupant(position.x, position.y))
    }

    /// Returns the object that lies on that tile.
    #[must_use]
    pub fn floor_object(&self, position: Position) -> Option<&crate::content::FloorObject> {
        self.map_state(position.map).and_then(|state| state.object(position.x, position.y))
    }

    /// Returns the connections that see what happens on that tile, its own character's included, each once.
    pub fn viewers(&self, position: Position) -> impl Iterator<Item = ConnectionId> + '_ {
        self.map_state(position.map).into_iter().flat_map(move |state| {
            Block::of(position.x, position.y)
                .around()
                .flat_map(|block| state.block(block).viewers.iter().copied())
        })
    }

    /// Returns true if a walker may step on or be put on that tile: inside the playable rectangle, not blocked, no
    /// water, nobody there (AO 0.13 `LegalPos` for walkers).
    #[must_use]
    pub fn is_free(&self, position: Position) -> bool {
        let ground = self.content.map(position.map).is_some_and(|map| map.walkable(position.x, position.y));
        ground && self.occupant(position).is_none()
    }

    /// Returns the free tile nearest to `wanted`: `wanted` itself, else the first free one on growing squares around
    /// it, row by row. `None` when the map is not there or full. With `avoid_exits` tiles that lead elsewhere do not
    /// count.
    #[must_use]
    pub fn free_tile_near(&self, wanted: Position, avoid_exits: bool) -> Option<Position> {
        let map = self.content.map(wanted.map)?;
        (0..100_i16).find_map(|radius| self.free_tile_on_square(map, wanted, radius, avoid_exits))
    }

    fn free_tile_on_square(
        &self,
        map: &Map,
        center: Position,
        radius: i16,
        avoid_exits: bool,
    ) -> Option<Position> {
        (-radius..=radius).find_map(|dy| {
            let edge_row = dy.abs() == radius;
            let step = if edge_row || radius == 0 { 1 } else { usize::try_from(radius * 2).unwrap_or(1) };
            (-radius..=radius).step_by(step).find_map(|dx| {
                let x = u8::try_from(i16::from(center.x) + dx).ok()?;
                let y = u8::try_from(i16::from(center.y) + dy).ok()?;
                let tile = Position { map: center.map, x, y };
                let wanted = !(avoid_exits && map.exit(x, y).is_some());
                (wanted && self.is_free(tile)).then_some(tile)
            })
        })
    }

    /// Puts a character on its tile and gives it an index. `None`, and nothing changed, when the tile is taken, the map
    /// is not there, or all indices are in use. Legality is the caller's business: NPCs stand on blocked tiles too.
    pub fn enter(&mut self, newcomer: Newcomer) -> Option<CharIndex> {
        let Position { map, x, y } = newcomer.position;
        if self.map_state(map).is_none() || self.occupant(newcomer.position).is_some() {
            return None;
        }
        let index = self.pool.take()?;
        if self.characters.len() <= index.slot() {
            self.characters.resize_with(index.slot() + 1, || None);
        }
        if let Some(state) = self.map_state_mut(map) {
            state.enter(index, newcomer.viewer, x, y);
        }
        self.characters[index.slot()] = Some(Character {
            index,
            owner: newcomer.owner,
            position: newcomer.position,
            heading: newcomer.heading,
            look: newcomer.look,
            name: newcomer.name,
            nick_color: newcomer.nick_color,
            privileges: 0,
            viewer: newcomer.viewer,
        });
        debug_assert_eq!(self.occupant(newcomer.position), Some(index), "{index:?} is not where it entered");
        Some(index)
    }

    /// Takes a character out of the world; its index is free again.
    pub fn leave(&mut self, index: CharIndex) -> Option<Character> {
        let character = self.characters.get_mut(index.slot())?.take()?;
        let Position { map, x, y } = character.position;
        if let Some(state) = self.map_state_mut(map) {
            state.leave(index, character.viewer, x, y);
        }
        debug_assert_eq!(character.index, index, "a character under another index");
        debug_assert_eq!(self.occupant(character.position), None, "{index:?} still stands where it left");
        self.pool.give_back(index);
        Some(character)
    }

    /// Puts a character that has left back on another tile, under a new index. `None` as for [`Self::enter`].
    pub fn re_enter(
        &mut self,
        character: Character,
        position: Position,
        heading: Heading,
    ) -> Option<CharIndex> {
        let Character { owner, look, name, nick_color, viewer, .. } = character;
        self.enter(Newcomer { owner, position, heading, look, name, nick_color, viewer })
    }

    /// Moves a character to a free tile of the same map and turns it. The rules are the caller's business.
    pub fn shift(&mut self, index: CharIndex, to: (u8, u8), heading: Heading) {
        let Some(character) = self.characters.get_mut(index.slot()).and_then(Option::as_mut) else { return };
        let Position { map, x, y } = character.position;
        let viewer = character.viewer;
        character.position = Position { map, x: to.0, y: to.1 };
        character.heading = heading;
        if let Some(state) = self.map_state_mut(map) {
            state.shift(index, viewer, (x, y), to);
        }
    }

    /// Turns a character.
    pub fn turn(&mut self, index: CharIndex, heading: Heading) {
        if let Some(character) = self.characters.get_mut(index.slot()).and_then(Option::as_mut) {
            character.heading = heading;
        }
    }

    /// Lets another connection, or none, see through a character's eyes.
    pub fn change_viewer(&mut self, index: CharIndex, viewer: Option<ConnectionId>) {
        let Some(character) = self.characters.get_mut(index.slot()).and_then(Option::as_mut) else { return };
        let Position { map, x, y } = character.position;
        let old = std::mem::replace(&mut character.viewer, viewer);
        if let Some(state) = self.map_state_mut(map) {
            state.change_viewer(old, viewer, x, y);
        }
    }

    /// Checks that every character stands on its tile and in its block and nowhere else, and that the connections that
    /// see are those of the characters.
    ///
    /// # Errors
    /// Describes the first contradiction found.
    pub fn check_invariants(&self) -> Result<(), String> {
        let mut viewers = 0;
        for character in self.characters() {
            let Position { map, x, y } = character.position;
            let index = character.index;
            let block = self.block(map, Block::of(x, y));
            let is_listed = block.is_some_and(|block| block.characters.contains(&index));
            if self.occupant(character.position) != Some(index) || !is_listed {
                return Err(format!("{index:?} is not where it stands, on {}", character.position));
            }
            if let Some(viewer) = character.viewer {
                viewers += 1;
                if !block.is_some_and(|block| block.viewers.contains(&viewer)) {
                    return Err(format!("connection {viewer} does not see through {index:?}"));
                }
            }
        }
        let counted = self.maps.iter().map(MapState::counts);
        let (listed, seeing) = counted.fold((0, 0), |all, map| (all.0 + map.0, all.1 + map.1));
        let population = self.characters().count();
        if (listed, seeing) != (population, viewers) || self.population() != population {
            let found = [self.population(), listed, viewers, seeing];
            return Err(format!(
                "{population} characters; counted, listed, seeing, listed as seeing: {found:?}"
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
