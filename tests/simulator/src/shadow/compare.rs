//! The picture against the world: the display of a client, and the view of its player.

use std::collections::BTreeMap;
use std::fmt::Debug;

use pyao_core::base::ids::SpellId;
use pyao_core::game::Game;
use pyao_core::game::player::table::Player;
use pyao_core::world::area::Block;
use pyao_core::world::character::Character;

use super::{SeenCharacter, ShadowClient};

/// Drawn attributes of a character: tile, heading, graphics, name, colour, rank.
type Drawn<'a> = ((u8, u8), u8, [i16; 5], &'a str, u8, u8);

impl ShadowClient {
    /// Checks that this client, which has read everything, shows exactly the view of `player` in `game`: the characters
    /// and objects in sight, the own numbers, inventory and spells.
    ///
    /// # Errors
    /// The first difference.
    pub fn check_against(&self, game: &Game, player: &Player) -> Result<(), String> {
        let world = game.world();
        let own = world.character(player.index).ok_or("the player has no character")?;
        same("own index", self.own_index, Some(own.index.wire()))?;
        same("map", self.map, i16::try_from(own.position.map.get()).ok())?;
        let here = Block::of(own.position.x, own.position.y);
        let (mut characters, mut objects) = (BTreeMap::new(), BTreeMap::new());
        for state in here.around().filter_map(|block| world.block(own.position.map, block)) {
            let in_sight = state.characters.iter().filter_map(|index| world.character(*index));
            characters.extend(in_sight.map(|character| (character.index.wire(), drawn(character))));
            for object in &state.objects {
                let template = world.content().object(object.object).filter(|object| !object.is_fixture());
                let graphic = template.and_then(|template| i16::try_from(template.grh_index).ok());
                objects.extend(graphic.map(|graphic| ((object.x, object.y), graphic)));
            }
        }
        let shown = self.characters.iter().map(|(index, seen)| (*index, shown(seen))).collect();
        same_map("characters", &shown, &characters)?;
        same_map("objects", &self.objects, &objects)?;
        self.check_sheet(player)
    }

    fn check_sheet(&self, player: &Player) -> Result<(), String> {
        let stats = player.character.stats;
        same("hit points", self.stats.hp, stats.hp.cast_signed())?;
        same("mana", self.stats.mana, stats.mana.cast_signed())?;
        same("stamina", self.stats.stamina, stats.stamina.cast_signed())?;
        same("gold", self.stats.gold, stats.gold.cast_signed())?;
        same("free skill points", self.free_skill_points, stats.free_skill_points.cast_signed())?;
        let carried = (1..).zip(&player.character.inventory).filter_map(|(slot, item)| {
            item.map(|item| {
                (slot, (item.object.get().cast_signed(), item.amount.cast_signed(), item.equipped))
            })
        });
        let shown = self.inventory.iter();
        let shown = shown.map(|(slot, item)| (*slot, (item.obj_index, item.amount, item.equipped)));
        same_map("inventory", &shown.collect(), &carried.collect())?;
        let known = (1..).zip(&player.character.spells).filter(|(_, spell)| **spell != SpellId::NONE);
        let known = known.map(|(slot, spell)| (slot, spell.get().cast_signed()));
        let shown = self.spells.iter().map(|(slot, (spell, _))| (*slot, *spell));
        same_map("spells", &shown.collect(), &known.collect())
    }
}

fn drawn(character: &Character) -> Drawn<'_> {
    let (look, tile) = (character.look, (character.position.x, character.position.y));
    let graphics = [look.body, look.head, look.weapon, look.shield, look.helmet];
    let heading = character.heading.wire();
    (tile, heading, graphics, &character.name, character.nick_color, character.privileges)
}

fn shown(seen: &SeenCharacter) -> Drawn<'_> {
    let graphics = [seen.body, seen.head, seen.weapon, seen.shield, seen.helmet];
    ((seen.x, seen.y), seen.heading, graphics, &seen.name, seen.nick_color, seen.privileges)
}

fn same<T: PartialEq + Debug>(what: &str, shown: T, expected: T) -> Result<(), String> {
    if shown == expected { Ok(()) } else { Err(format!("{what}: {shown:?}, should be {expected:?}")) }
}

fn same_map<K, V>(what: &str, shown: &BTreeMap<K, V>, expected: &BTreeMap<K, V>) -> Result<(), String>
where
    K: Ord + Debug,
    V: PartialEq + Debug,
{
    for (key, value) in expected {
        same(&format!("{what}, {key:?}"), shown.get(key), Some(value))?;
    }
    match shown.iter().find(|(key, _)| !expected.contains_key(key)) {
        Some((key, value)) => Err(format!("{what}, {key:?}: {value:?}, should not be there")),
        None => Ok(()),
    }
}
