//! The state of the world once all bots stand still, and the differences of clients' pictures from it.
//!
//! Players stand where their own clients believe they stand; creatures and floor objects are where the data puts them,
//! as long as nothing moves them. A client must show exactly those in its nine blocks.

use std::collections::BTreeMap;
use std::sync::Arc;

use pyao_core::base::ids::MapId;
use pyao_core::content::Content;
use pyao_core::game::npc::inhabited_world;
use pyao_core::world::World;
use pyao_core::world::area::Block;
use pyao_core::world::character::Character;
use pyao_simulator::shadow::SeenCharacter;

use crate::crowd::Client;

/// Drawn attributes of a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Drawn<'a> {
    tile: (u8, u8),
    heading: u8,
    /// Body, head, weapon, shield, helmet.
    look: [i16; 5],
    name: &'a str,
    nick_color: u8,
    privileges: u8,
}

impl<'a> Drawn<'a> {
    fn seen(seen: &'a SeenCharacter) -> Self {
        Self {
            tile: (seen.x, seen.y),
            heading: seen.heading,
            look: [seen.body, seen.head, seen.weapon, seen.shield, seen.helmet],
            name: &seen.name,
            nick_color: seen.nick_color,
            privileges: seen.privileges,
        }
    }

    fn creature(character: &'a Character) -> Self {
        let look = character.look;
        Self {
            tile: (character.position.x, character.position.y),
            heading: character.heading.wire(),
            look: [look.body, look.head, look.weapon, look.shield, look.helmet],
            name: &character.name,
            nick_color: character.nick_color,
            privileges: character.privileges,
        }
    }

    fn block(&self) -> Block {
        Block::of(self.tile.0, self.tile.1)
    }
}

/// See the module.
#[derive(Debug)]
pub struct Truth {
    world: World,
}

impl Truth {
    /// Creates the truth about a server with that content.
    #[must_use]
    pub fn new(content: &Arc<Content>) -> Self {
        Self { world: inhabited_world(content).0 }
    }

    /// Returns the errors in the pictures of connected clients: one text for each client that differs.
    #[must_use]
    pub fn differences(&self, clients: &[Client]) -> Vec<String> {
        let mut players: BTreeMap<i16, Vec<(i16, Drawn<'_>)>> = BTreeMap::new();
        for client in clients.iter().filter(|client| client.closed.is_none()) {
            let shadow = &client.shadow;
            if let (Some(map), Some(index), Some(own)) = (shadow.map, shadow.own_index, shadow.own()) {
                players.entry(map).or_default().push((index, Drawn::seen(own)));
            }
        }
        let connected = clients.iter().filter(|client| client.closed.is_none());
        connected.filter_map(|client| self.difference(client, &players)).collect()
    }

    fn difference(&self, client: &Client, players: &BTreeMap<i16, Vec<(i16, Drawn<'_>)>>) -> Option<String> {
        let shadow = &client.shadow;
        let (Some(map), Some(own)) = (shadow.map, shadow.own()) else {
            return Some(format!("{}: its own character is not known", client.name));
        };
        let place = |what: &str| format!("{} on map {map} at {},{}: {what}", client.name, own.x, own.y);
        let here = Block::of(own.x, own.y);
        let (mut characters, objects) = self.still_life(map, here);
        let in_sight = players.get(&map).into_iter().flatten().filter(|(_, drawn)| drawn.block().sees(here));
        for (index, drawn) in in_sight {
            if let Some(other) = characters.insert(*index, *drawn) {
                return Some(place(&format!("index {index} is both {drawn:?} and {other:?}")));
            }
        }
        let shown = shadow.characters.iter().map(|(index, seen)| (*index, Drawn::seen(seen))).collect();
        first_difference("character", &shown, &characters)
            .or_else(|| first_difference("object", &shadow.objects, &objects))
            .map(|what| place(&what))
    }

    /// Creatures by index and objects' graphics by tile, as the data has them around `here`.
    fn still_life(&self, map: i16, here: Block) -> (BTreeMap<i16, Drawn<'_>>, BTreeMap<(u8, u8), i16>) {
        let (mut creatures, mut objects) = (BTreeMap::new(), BTreeMap::new());
        let map = MapId::new(u16::try_from(map).unwrap_or(0));
        for state in here.around().filter_map(|block| self.world.block(map, block)) {
            let characters = state.characters.iter().filter_map(|index| self.world.character(*index));
            creatures
                .extend(characters.map(|character| (character.index.wire(), Drawn::creature(character))));
            for object in &state.objects {
                let template = self.world.content().object(object.object);
                let shown = template.filter(|template| !template.is_fixture());
                let graphic = shown.and_then(|template| i16::try_from(template.grh_index).ok());
                objects.extend(graphic.map(|graphic| ((object.x, object.y), graphic)));
            }
        }
        (creatures, objects)
    }
}

fn first_difference<K, V>(what: &str, shown: &BTreeMap<K, V>, expected: &BTreeMap<K, V>) -> Option<String>
where
    K: Ord + std::fmt::Debug,
    V: PartialEq + std::fmt::Debug,
{
    for (key, value) in expected {
        match shown.get(key) {
            None => return Some(format!("{what} {key:?} is missing, should be {value:?}")),
            Some(seen) if seen != value => {
                return Some(format!("{what} {key:?} is {seen:?}, should be {value:?}"));
            }
            Some(_) => {}
        }
    }
    let extra = shown.iter().find(|(key, _)| !expected.contains_key(key));
    extra.map(|(key, value)| format!("{what} {key:?} should not be there, is {value:?}"))
}

#[cfg(test)]
mod tests {
    use pyao_core::base::ids::NpcKey;
    use pyao_core::content::Position;
    use pyao_core::game::sight::looks::create_packet;
    use pyao_core::protocol::server::ServerPacket;
    use pyao_core::protocol::wire::TextEncoding;
    use pyao_core::world::Newcomer;
    use pyao_core::world::char_index::CharIndex;
    use pyao_core::world::character::{Look, NOTHING_WORN, Owner};
    use pyao_core::world::heading::Heading;

    use super::*;
    use crate::crowd::Crowd;
    use crate::fleet::Heard;

    /// Creates two players side by side among the creatures and objects of the starter world's first city, with the
    /// pictures that a server without a mistake would have given them.
    fn two_players() -> (Truth, Crowd) {
        let content = Arc::new(Content::starter());
        let mut world = inhabited_world(&content).0;
        let city = content.city(1);
        let mut crowd = Crowd::new(2);
        let players: Vec<CharIndex> = crowd
            .clients
            .iter()
            .map(|client| {
                let position = world.free_tile_near(city, true).unwrap();
                enter(&mut world, &client.name, position)
            })
            .collect();
        for (number, index) in players.into_iter().enumerate() {
            let packets = told(&world, index);
            crowd.hear(number, Heard::Bytes(&packets));
        }
        (Truth::new(&content), crowd)
    }

    fn enter(world: &mut World, name: &str, position: Position) -> CharIndex {
        let newcomer = Newcomer {
            owner: Owner::Npc(NpcKey { slot: 0, generation: 0 }),
            position,
            heading: Heading::South,
            look: Look { body: 1, head: 1, weapon: NOTHING_WORN, shield: NOTHING_WORN, helmet: NOTHING_WORN },
            name: name.to_owned(),
            nick_color: 2,
            viewer: None,
        };
        world.enter(newcomer).unwrap()
    }

    fn told(world: &World, own: CharIndex) -> Vec<u8> {
        let own = world.character(own).unwrap();
        let map = i16::try_from(own.position.map.get()).unwrap();
        let mut packets = vec![
            ServerPacket::Logged { class: 1 },
            ServerPacket::ChangeMap { map, version: 1 },
            create_packet(own),
            ServerPacket::UserCharIndexInServer { char_index: own.index.wire() },
        ];
        let here = Block::of(own.position.x, own.position.y);
        for state in here.around().filter_map(|block| world.block(own.position.map, block)) {
            let others = state.characters.iter().filter(|index| **index != own.index);
            packets.extend(others.map(|index| create_packet(world.character(*index).unwrap())));
            for object in &state.objects {
                let template = world.content().object(object.object).unwrap();
                if !template.is_fixture() {
                    let grh_index = i16::try_from(template.grh_index).unwrap();
                    packets.push(ServerPacket::ObjectCreate { x: object.x, y: object.y, grh_index });
                }
            }
        }
        let mut bytes = Vec::new();
        packets.iter().for_each(|packet| packet.encode(&mut bytes, TextEncoding::Latin1));
        bytes
    }

    /// Returns the one difference that `change` makes for the first player.
    fn difference_after(change: impl FnOnce(&mut SeenCharacter)) -> String {
        let (truth, mut crowd) = two_players();
        let other = crowd.clients[1].shadow.own_index.unwrap();
        change(crowd.clients[0].shadow.characters.get_mut(&other).unwrap());
        let differences = truth.differences(&crowd.clients);
        assert_eq!(differences.len(), 1, "{differences:?}");
        assert!(differences[0].starts_with(&crowd.clients[0].name), "{differences:?}");
        differences[0].clone()
    }

    #[test]
    fn right_pictures_do_not_differ_and_have_creatures_in_them() {
        let (truth, crowd) = two_players();
        assert_eq!(truth.differences(&crowd.clients), Vec::<String>::new());
        assert!(crowd.clients[0].shadow.characters.values().any(|seen| seen.name.is_empty()));
    }

    #[test]
    fn another_tile_heading_or_look_is_a_difference() {
        assert!(difference_after(|seen| seen.x += 1).contains("should be"));
        assert!(difference_after(|seen| seen.heading = 1).contains("heading: 1"));
        assert!(difference_after(|seen| seen.helmet = 9).contains("9]"));
    }

    #[test]
    fn somebody_or_something_missing_or_left_over_is_a_difference() {
        let (truth, mut crowd) = two_players();
        let shadow = &mut crowd.clients[0].shadow;
        let creature = *shadow.characters.iter().find(|(_, seen)| seen.name.is_empty()).unwrap().0;
        let seen = shadow.characters.remove(&creature).unwrap();
        assert!(truth.differences(&crowd.clients)[0].contains("is missing"));
        let shadow = &mut crowd.clients[0].shadow;
        shadow.characters.insert(creature, seen.clone());
        shadow.characters.insert(30_000, seen);
        assert!(truth.differences(&crowd.clients)[0].contains("should not be there"));
        let shadow = &mut crowd.clients[0].shadow;
        shadow.characters.remove(&30_000);
        shadow.objects.insert((1, 1), 5);
        assert!(truth.differences(&crowd.clients)[0].contains("object (1, 1)"));
    }

    #[test]
    fn who_has_gone_is_not_expected_any_more() {
        let (truth, mut crowd) = two_players();
        crowd.hear(1, Heard::Closed("reset"));
        assert_eq!(truth.differences(&crowd.clients).len(), 1, "a picture of somebody who has gone");
    }
}
