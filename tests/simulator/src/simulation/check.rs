//! Checks after every step: the picture of each client equals the view of its player.

use super::Simulation;
use super::events::Event;
use crate::shadow::{SeenCharacter, ShadowClient};
use pyao_core::base::ids::SpellId;
use pyao_core::content::ObjectType;
use pyao_core::game::player::table::Player;
use pyao_core::protocol::outbox::ConnectionId;
use pyao_core::world::area::Block;
use pyao_core::world::character::Character;

impl Simulation {
    /// Every rule that can be looked at without disturbing anything.
    pub(super) fn check(&mut self) -> Result<(), String> {
        if let Some(what) = self.fault.take() {
            return Err(what);
        }
        self.check_players()?;
        self.check_sessions()?;
        self.ledger.check_age(self.now)?;
        self.check_settings()?;
        let ids: Vec<ConnectionId> = self.network.clients.keys().copied().collect();
        for id in ids {
            let Some(client) = self.network.clients.get(&id) else { continue };
            let name = &self.players[client.player].name;
            if let Some(fault) = client.shadow.faults.first() {
                return Err(format!("the client of {name} was sent what it cannot take: {fault}"));
            }
            if client.is_up_to_date() {
                let name = name.clone();
                self.check_picture(id).map_err(|what| format!("{name}: {what}"))?;
                self.check_hearing(id).map_err(|what| format!("{name}: {what}"))?;
            }
        }
        Ok(())
    }

    /// Checks that the picture of one client equals the view of its player.
    fn check_picture(&mut self, id: ConnectionId) -> Result<(), String> {
        let mut players = self.game.players().iter().map(|(_, player)| player);
        let Some(player) = players.find(|player| player.connection == Some(id)) else {
            return Err("plays, but is not in the world".into());
        };
        let Some(client) = self.network.clients.get(&id) else { return Ok(()) };
        same("the player", self.players[client.player].name.as_str(), player.name())?;
        let shadow = &client.shadow;
        let world = self.game.world();
        let Some(own) = world.character(player.index) else { return Err("has no character".into()) };
        same("own index", shadow.own_index, Some(own.index.wire()))?;
        same("map", shadow.map, i16::try_from(own.position.map.get()).ok())?;
        let (mut characters, mut objects, mut blocked) = (Vec::new(), Vec::new(), Vec::new());
        for block in Block::of(own.position.x, own.position.y).around() {
            let Some(state) = world.block(own.position.map, block) else { continue };
            let indices = state.characters.iter();
            let seen = indices.filter_map(|index| world.character(*index));
            characters.extend(seen.map(|character| (character.index.wire(), picture(character))));
            for object in &state.objects {
                let template = self.content.object(object.object);
                let Some(template) = template.filter(|template| !template.is_fixture()) else { continue };
                let grh_index = i16::try_from(template.grh_index).unwrap_or_default();
                objects.push(((object.x, object.y), grh_index));
                if template.object_type == ObjectType::DOOR {
                    blocked.extend([object.x, object.x.saturating_sub(1)].map(|x| (x, object.y)));
                }
            }
        }
        let shown = shadow.characters.iter().map(|(index, seen)| (*index, shown_picture(seen)));
        let own_shown = shadow.own().map(shown_picture);
        let own_drawn = characters.iter_mut().find(|(index, _)| *index == own.index.wire());
        if let (false, Some(shown), Some((_, drawn))) =
            (player.reconciliation.is_certain(), own_shown, own_drawn)
        {
            // The server knows that they may differ, and is about to send a correction.
            if shown != *drawn {
                self.report.note(Event::Disagreement);
            }
            *drawn = shown;
        }
        same_set("characters", shown, &mut characters)?;
        same_set("objects", shadow.objects.iter().map(|(tile, grh)| (*tile, *grh)), &mut objects)?;
        if let Some(map) = self.content.map(own.position.map) {
            if !blocked.is_empty() {
                self.report.note(Event::DoorShown);
            }
            for (x, y) in blocked {
                same("a door", shadow.blocked.get(&(x, y)), Some(&map.blocked(x, y)))?;
            }
            let lies = shadow.blocked.iter().find(|((x, y), blocked)| map.blocked(*x, *y) != **blocked);
            same("a wrong door", lies, None)?;
        }
        check_sheet(shadow, player)?;
        self.report.note(Event::PictureCompared);
        Ok(())
    }
}

/// Drawn attributes of a character: tile, heading, graphics, name, colour, rank.
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
    let (stats, attributes, shown) = (player.character.stats, player.character.attributes, &shadow.stats);
    let bars = [stats.hp, stats.max_hp, stats.mana, stats.max_mana, stats.stamina, stats.max_stamina];
    let shown_bars = [shown.hp, shown.max_hp, shown.mana, shown.max_mana, shown.stamina, shown.max_stamina];
    same("bars", shown_bars, bars.map(u16::cast_signed))?;
    let numbers = [stats.gold, stats.experience, stats.experience_to_next];
    let shown_numbers = [shown.gold, shown.experience, shown.experience_for_next_level];
    same("gold and experience", shown_numbers, numbers.map(u32::cast_signed))?;
    let small = [stats.level, stats.water, stats.food, attributes.strength, attributes.agility];
    same(
        "level, thirst, hunger, strength, agility",
        [shown.level, shown.thirst, shown.hunger, shown.strength, shown.agility],
        small,
    )?;
    same("free skill points", shadow.free_skill_points, stats.free_skill_points.cast_signed())?;
    same("safe mode", shadow.state.safe_mode, Some(player.safe_mode))?;
    same("resurrection safe", shadow.state.resuscitation_safe, Some(player.resurrection_safe))?;
    let mut carried: Vec<_> = (1..)
        .zip(&player.character.inventory)
        .filter_map(|(slot, item)| {
            item.map(|item| {
                (slot, (item.object.get().cast_signed(), item.amount.cast_signed(), item.equipped))
            })
        })
        .collect();
    let items = shadow.inventory.iter();
    let shown = items.map(|(slot, item)| (*slot, (item.obj_index, item.amount, item.equipped)));
    same_set("inventory", shown, &mut carried)?;
    let spells = (1..).zip(&player.character.spells).filter(|(_, spell)| **spell != SpellId::NONE);
    let mut known: Vec<(u8, i16)> = spells.map(|(slot, spell)| (slot, spell.get().cast_signed())).collect();
    same_set("spells", shadow.spells.iter().map(|(slot, (spell, _))| (*slot, *spell)), &mut known)
}

/// Checks that `shown` is `expected`.
pub fn same<T: PartialEq + std::fmt::Debug>(what: &str, shown: T, expected: T) -> Result<(), String> {
    if shown == expected { Ok(()) } else { Err(format!("{what}: {shown:?}, should be {expected:?}")) }
}

/// Checks that `shown`, in the order of its keys, has the same entries as `expected`.
fn same_set<K, V>(
    what: &str,
    mut shown: impl Iterator<Item = (K, V)>,
    expected: &mut [(K, V)],
) -> Result<(), String>
where
    K: Ord + std::fmt::Debug,
    V: PartialEq + std::fmt::Debug,
{
    expected.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
    for (key, value) in expected {
        match shown.next() {
            Some((shown_key, seen)) if shown_key == *key => {
                same(&format!("{what}: {key:?} is"), &seen, value)?;
            }
            Some((shown_key, seen)) if shown_key < *key => {
                return Err(format!("{what}: {shown_key:?} should not be there, is {seen:?}"));
            }
            _ => return Err(format!("{what}: {key:?} is missing, should be {value:?}")),
        }
    }
    match shown.next() {
        Some((key, value)) => Err(format!("{what}: {key:?} should not be there, is {value:?}")),
        None => Ok(()),
    }
}
