//! What must hold after every step.

use super::Simulation;
use crate::shadow::{SeenCharacter, ShadowClient};
use pyao_server::game::players::Player;
use pyao_server::store::records::PositionRecord;
use pyao_server::world::area::Block;
use pyao_server::world::character::Character;
use std::collections::{BTreeMap, BTreeSet};

impl Simulation {
    /// Every rule.
    pub(super) fn check(&mut self) -> Result<(), String> {
        self.check_world()?;
        for number in 0..self.players.len() {
            let player = &self.players[number];
            if let Some(fault) = player.shadow.faults.first() {
                return Err(format!("the client of player {number} was sent what it cannot take: {fault}"));
            }
            self.note_place(number);
            if self.players[number].is_playing() {
                self.check_picture(number).map_err(|what| format!("player {number}: {what}"))?;
            }
        }
        Ok(())
    }

    /// One character a tile, one index a character, books that agree.
    fn check_world(&self) -> Result<(), String> {
        let world = self.game.world();
        let mut tiles = BTreeSet::new();
        let mut count = 0;
        for character in world.characters() {
            count += 1;
            if !tiles.insert(character.position) {
                return Err(format!("two characters at {}", character.position));
            }
            if world.occupant(character.position) != Some(character.index) {
                return Err(format!("{} does not know who stands there", character.position));
            }
        }
        if count != world.population() {
            return Err(format!("{count} characters but {} indices in use", world.population()));
        }
        for (key, player) in self.game.players().iter() {
            if world.character(player.index).is_none() {
                return Err(format!("player {key} ({}) has no character", player.name()));
            }
        }
        Ok(())
    }

    /// Remembers where a player's character stands, to find it again in the store when it has left.
    fn note_place(&mut self, number: usize) {
        let Some(character) =
            self.player_of(number).and_then(|player| self.game.world().character(player.index))
        else {
            return;
        };
        let place = PositionRecord {
            map: character.position.map,
            x: character.position.x,
            y: character.position.y,
            heading: character.heading.wire(),
        };
        let before = self.players[number].last_place.replace(place);
        match before {
            Some(before) if before.map != place.map => self.report.map_changes += 1,
            Some(before) if before != place => self.report.steps_walked += 1,
            None => self.report.entries += 1,
            _ => {}
        }
    }

    fn player_of(&self, number: usize) -> Option<&Player> {
        let players = self.game.players();
        players.by_name(&self.players[number].name).and_then(|key| players.get(key))
    }

    /// What the client of one player shows is what that player should see.
    fn check_picture(&mut self, number: usize) -> Result<(), String> {
        let Some(player) = self.player_of(number) else {
            return Err("plays, but is not in the world".into());
        };
        let shadow = &self.players[number].shadow;
        let world = self.game.world();
        let Some(own) = world.character(player.index) else { return Err("has no character".into()) };
        same("own index", shadow.own_index, Some(own.index.wire()))?;
        same("map", shadow.map, i16::try_from(own.position.map).ok())?;
        let here = Block::of(own.position.x, own.position.y);
        let mut expected = BTreeMap::new();
        let mut objects = BTreeMap::new();
        for state in here.around().filter_map(|block| world.block(own.position.map, block)) {
            let characters = state.characters.iter().filter_map(|index| world.character(*index));
            expected.extend(characters.map(|character| (character.index.wire(), picture(character))));
            for object in &state.objects {
                let template = self.content.object(object.object).filter(|template| !template.is_fixture());
                let grh = template.and_then(|template| i16::try_from(template.grh_index).ok());
                objects.extend(grh.map(|grh| ((object.x, object.y), grh)));
            }
        }
        let shown: BTreeMap<i16, Picture<'_>> =
            shadow.characters.iter().map(|(index, seen)| (*index, shown_picture(seen))).collect();
        same_map("characters", &shown, &expected)?;
        same_map("objects", &shadow.objects, &objects)?;
        check_sheet(shadow, player)?;
        self.report.characters_compared += expected.len() as u64;
        Ok(())
    }

    /// After everybody has left, nothing of them is.
    pub(super) fn check_nothing_is_left(&self) -> Result<(), String> {
        same("players", self.game.players().len(), 0)?;
        same("connections", self.game.connection_count(), 0)?;
        let npcs: usize = self.content.maps().map(|map| map.npc_placements().len()).sum();
        same("characters", self.game.world().population(), npcs)?;
        same("open sessions", self.store.open_sessions(), 0)?;
        for player in &self.players {
            let Some(place) = player.last_place else { continue };
            same(
                &format!("stored place of {}", player.name),
                self.store.position(&player.name),
                Some(place),
            )?;
        }
        Ok(())
    }
}

/// What is drawn of a character: tile, heading, graphics, name, colour, rank.
type Picture<'a> = ((u8, u8), u8, [i16; 5], &'a str, u8, u8);

fn picture(character: &Character) -> Picture<'_> {
    let look = character.look;
    (
        (character.position.x, character.position.y),
        character.heading.wire(),
        [look.body, look.head, look.weapon, look.shield, look.helmet],
        &character.name,
        character.nick_color,
        character.privileges,
    )
}

fn shown_picture(seen: &SeenCharacter) -> Picture<'_> {
    let look = [seen.body, seen.head, seen.weapon, seen.shield, seen.helmet];
    ((seen.x, seen.y), seen.heading, look, &seen.name, seen.nick_color, seen.privileges)
}

/// Bars, inventory, spells and free points.
fn check_sheet(shadow: &ShadowClient, player: &Player) -> Result<(), String> {
    let stats = player.character.stats;
    same("hit points", shadow.stats.hp, stats.hp.cast_signed())?;
    same("mana", shadow.stats.mana, stats.mana.cast_signed())?;
    same("stamina", shadow.stats.stamina, stats.stamina.cast_signed())?;
    same("gold", shadow.stats.gold, stats.gold.cast_signed())?;
    same("free skill points", shadow.free_skill_points, stats.free_skill_points.cast_signed())?;
    let carried: BTreeMap<u8, (i16, i16, bool)> = (1..)
        .zip(&player.character.inventory)
        .filter_map(|(slot, item)| {
            item.map(|item| (slot, (item.object.cast_signed(), item.amount.cast_signed(), item.equipped)))
        })
        .collect();
    let shown: BTreeMap<u8, (i16, i16, bool)> = shadow
        .inventory
        .iter()
        .map(|(slot, item)| (*slot, (item.obj_index, item.amount, item.equipped)))
        .collect();
    same_map("inventory", &shown, &carried)?;
    let known: BTreeMap<u8, i16> = (1..)
        .zip(&player.character.spells)
        .filter(|(_, spell)| **spell != 0)
        .map(|(slot, spell)| (slot, spell.cast_signed()))
        .collect();
    let shown: BTreeMap<u8, i16> = shadow.spells.iter().map(|(slot, (spell, _))| (*slot, *spell)).collect();
    same_map("spells", &shown, &known)
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, shown: T, expected: T) -> Result<(), String> {
    if shown == expected { Ok(()) } else { Err(format!("{what}: {shown:?}, should be {expected:?}")) }
}

fn same_map<K, V>(what: &str, shown: &BTreeMap<K, V>, expected: &BTreeMap<K, V>) -> Result<(), String>
where
    K: Ord + std::fmt::Debug,
    V: PartialEq + std::fmt::Debug,
{
    for (key, value) in expected {
        match shown.get(key) {
            None => return Err(format!("{what}: {key:?} is missing, should be {value:?}")),
            Some(seen) if seen != value => {
                return Err(format!("{what}: {key:?} is {seen:?}, should be {value:?}"));
            }
            Some(_) => {}
        }
    }
    match shown.iter().find(|(key, _)| !expected.contains_key(key)) {
        Some((key, value)) => Err(format!("{what}: {key:?} should not be there, is {value:?}")),
        None => Ok(()),
    }
}
