//! Checks of the world as a whole, and of the stored data once everything has come to rest.

use super::Simulation;
use super::check::same;
use super::events::Event;
use super::network::Client;
use super::player::Existence;
use pyao_core::base::ids::MapId;
use pyao_core::content::Position;
use pyao_core::game::Settings;
use pyao_core::game::player::table::Player;
use pyao_core::protocol::outbox::ConnectionId;
use pyao_core::testing::hash_of;
use pyao_core::world::area::Block;
use std::collections::{BTreeMap, BTreeSet};

impl Simulation {
    /// Every player has a character, alone on its tile. Looks at players only, so it costs little.
    pub(super) fn check_players(&self) -> Result<(), String> {
        let world = self.game.world();
        for (key, player) in self.game.players().iter() {
            let Some(character) = world.character(player.index) else {
                return Err(format!("player {key} ({}) has no character", player.name()));
            };
            same("the connection that sees", character.viewer, player.connection)?;
            if let Some(id) = player.connection.filter(|id| !self.is_open(*id)) {
                return Err(format!("{} is played by connection {id}, which is closed", player.name()));
            }
            if world.occupant(character.position) != Some(character.index) {
                return Err(format!(
                    "{} does not know that {} stands there",
                    character.position,
                    player.name()
                ));
            }
            let map = world.content().map(character.position.map);
            if !map.is_some_and(|map| map.walkable(character.position.x, character.position.y)) {
                return Err(format!("{} stands on {}, where nobody can", player.name(), character.position));
            }
        }
        self.check_absent()
    }

    /// Checks that no more characters stand without a player than allowed, in all and of an address.
    fn check_absent(&self) -> Result<(), String> {
        let mut of_address = BTreeMap::new();
        for (_, player) in self.game.players().iter().filter(|(_, player)| player.connection.is_none()) {
            let address = self.players.iter().find(|known| known.name == player.name());
            *of_address.entry(address.map(|known| known.address)).or_insert(0) += 1;
        }
        let count = of_address.values().sum::<u32>();
        same("absent characters in the table", self.game.players().absent().len(), count as usize)?;
        let most = of_address.values().copied().max().unwrap_or(0);
        let Settings { absent_characters, absent_characters_per_ip, .. } = self.settings;
        for (what, found, limit) in
            [("in all", count, absent_characters), ("of an address", most, absent_characters_per_ip)]
        {
            if limit > 0 && found > limit {
                return Err(format!("{found} absent characters {what}, {limit} are allowed"));
            }
        }
        Ok(())
    }

    fn is_open(&self, id: ConnectionId) -> bool {
        self.network.clients.get(&id).is_some_and(Client::is_open)
    }

    /// While no request is on its way to the store, only the players in the world have a session there.
    pub(super) fn check_sessions(&self) -> Result<(), String> {
        if !self.store.is_idle() || self.game.pending_answers() > 0 {
            return Ok(());
        }
        let is_gone = |user_id| self.game.players().by_user(user_id).is_none();
        match self.store.contents.sessions().iter().find(|session| is_gone(session.user_id)) {
            Some(session) => Err(format!("{} has a session and is not in the world", session.username)),
            None => Ok(()),
        }
    }

    /// One character a tile, one index a character, books that agree, and as much on the floors as at the start.
    pub(super) fn check_world(&self) -> Result<(), String> {
        self.game.check_invariants()?;
        let world = self.game.world();
        let (mut tiles, mut names, mut count) = (BTreeSet::new(), BTreeSet::new(), 0);
        for character in world.characters() {
            count += 1;
            if !tiles.insert(character.position) {
                return Err(format!("two characters at {}", character.position));
            }
            if !character.name.is_empty() && !names.insert(&character.name) {
                return Err(format!("{} is in the world twice", character.name));
            }
        }
        same("characters", count, world.population())?;
        same("players and NPCs", count, self.game.players().len() + self.npcs)?;
        let (mut standing, mut lying) = (0, 0);
        for map in self.content.maps() {
            // One tile of each block.
            let corners = (0..12_u8).flat_map(|row| (0..12_u8).map(move |column| (column * 9, row * 9)));
            for (x, y) in corners {
                let state = world.block(map.number, Block::of(x, y));
                standing += state.map_or(0, |state| state.characters.len());
                lying += state.map_or(0, |state| state.objects.len());
            }
        }
        same("characters by block", standing, count)?;
        self.check_tiles()?;
        let placed: usize = self.content.maps().map(|map| map.floor_objects().len()).sum();
        same("objects on the floors", lying, placed)?;
        self.ledger.check_wealth()
    }

    /// Checks that on the maps with players, tiles are taken by the characters that stand there and by no others.
    fn check_tiles(&self) -> Result<(), String> {
        let world = self.game.world();
        let map_of = |player: &Player| Some(world.character(player.index)?.position.map);
        let maps: BTreeSet<MapId> =
            self.game.players().iter().filter_map(|(_, player)| map_of(player)).collect();
        for map in maps {
            let tiles = (1..=100_u8).flat_map(|x| (1..=100_u8).map(move |y| Position { map, x, y }));
            let taken = tiles.filter(|tile| world.occupant(*tile).is_some()).count();
            let standing = world.characters().filter(|character| character.position.map == map).count();
            same(&format!("taken tiles of map {map}"), taken, standing)?;
        }
        Ok(())
    }

    /// Every character is stored as it is, sessions are those of the players in the world, passwords are the players'
    /// own.
    pub(super) fn check_everything_is_stored(&mut self) -> Result<(), String> {
        let users: Vec<_> =
            self.ledger.users().filter(|user_id| !self.ledger.is_elsewhere(*user_id)).collect();
        for user_id in users {
            let stored = self.store.contents.by_user(user_id).map(|stored| stored.character);
            same(&format!("user {user_id} as stored"), stored.as_ref(), self.ledger.record(user_id))?;
            self.report.note(Event::RecordConverged);
        }
        let stored = self.store.contents.account_count();
        same("accounts", stored, self.ledger.users().count())?;
        let mut sessions: Vec<_> = self
            .store
            .contents
            .sessions()
            .into_iter()
            .map(|session| (session.user_id, session.location_id, session.disconnected_at.is_some()))
            .collect();
        sessions.sort_unstable();
        let players = self.game.players();
        let mut playing: Vec<_> = players
            .iter()
            .filter_map(|(_, player)| {
                let map = self.game.world().character(player.index)?.position.map;
                Some((player.account.user_id, map, player.connection.is_none()))
            })
            .collect();
        playing.sort_unstable();
        same("sessions", sessions, playing)?;
        for player in &self.players {
            let stored = self.store.contents.by_name(&player.name);
            let hash = stored.map(|stored| stored.account.account.password_hash);
            if player.existence == Existence::Yes
                && !player.passwords.iter().any(|password| hash == Some(hash_of(password)))
            {
                return Err(format!("{} is stored with {hash:?}, not {:?}", player.name, player.passwords));
            }
        }
        Ok(())
    }

    /// Checks that nothing is left of players once all have left.
    pub(super) fn check_nothing_is_left(&mut self) -> Result<(), String> {
        self.check_world()?;
        same("players", self.game.players().len(), 0)?;
        same("connections", self.game.connection_count(), 0)?;
        same("answers still expected", self.game.pending_answers(), 0)?;
        let closed: Vec<_> = self.network.closed().collect();
        for id in closed {
            same(&format!("bytes that wait for {id}"), self.game.outbox().waiting(id), 0)?;
        }
        same("packets that no client can read", self.game.outbox().refused(), 0)?;
        self.check_everything_is_stored()
    }
}
