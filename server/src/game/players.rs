//! Players in the world: those who are connected, and those whose socket was lost and who still stand there.

use super::Millis;
use super::agreement::Agreement;
use super::chat_limit::ChatLimit;
use super::names::name_key;
use super::pace::Pace;
use super::told::Words;
use crate::protocol::outbox::ConnectionId;
use crate::store::records::{AccountRecord, CharacterRecord, UserId};
use crate::world::char_index::CharIndex;
use std::collections::BTreeMap;

/// Key of a player in the table, for as long as it is in the world.
pub type PlayerKey = usize;

/// What of a player is not yet written to the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unsaved {
    /// Nothing.
    Nothing,
    /// Where it stands.
    Position,
    /// More than that.
    Sheet,
}

/// A player in the world.
#[derive(Debug)]
pub struct Player {
    /// Its account.
    pub account: AccountRecord,
    /// Its character. The position in it is brought up to date when it is saved; the world knows the true one.
    pub character: CharacterRecord,
    /// Its character in the world.
    pub index: CharIndex,
    /// Its client, while there is one.
    pub connection: Option<ConnectionId>,
    /// How fast it walks.
    pub pace: Pace,
    /// How much it may say.
    pub chat: ChatLimit,
    /// When it leaves, once a countdown runs.
    pub leaves_at: Option<Millis>,
    /// When its socket was lost; meaningless while there is a client.
    pub absent_since: Millis,
    /// When it last turned without stepping.
    pub turned_at: Millis,
    /// What its client may not have heard yet.
    pub words: Words,
    /// Whether its client shows it where it stands.
    pub agreement: Agreement,
    /// Safe mode: no attacks on citizens.
    pub safe_mode: bool,
    /// Resurrection safe: cannot be resurrected by spell.
    pub resurrection_safe: bool,
    /// What has to be written.
    pub unsaved: Unsaved,
}

impl Player {
    /// The name as its owner typed it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.account.account.username
    }
}

/// All players in the world.
#[derive(Debug, Default)]
pub struct Players {
    slab: slab::Slab<Player>,
    by_name: BTreeMap<String, PlayerKey>,
    by_user: BTreeMap<UserId, PlayerKey>,
    connected: usize,
}

impl Players {
    /// Adds a player; nobody of that name may be there.
    pub fn insert(&mut self, player: Player) -> PlayerKey {
        let (name, user_id) = (name_key(player.name()), player.account.user_id);
        self.connected += usize::from(player.connection.is_some());
        let key = self.slab.insert(player);
        let namesake = self.by_name.insert(name, key);
        let twin = self.by_user.insert(user_id, key);
        debug_assert!(namesake.is_none() && twin.is_none(), "a character entered twice");
        key
    }

    /// Takes a player out.
    pub fn remove(&mut self, key: PlayerKey) -> Option<Player> {
        let player = self.slab.try_remove(key)?;
        self.by_name.remove(&name_key(player.name()));
        self.by_user.remove(&player.account.user_id);
        self.connected -= usize::from(player.connection.is_some());
        Some(player)
    }

    /// The player with that key.
    #[must_use]
    pub fn get(&self, key: PlayerKey) -> Option<&Player> {
        self.slab.get(key)
    }

    /// See [`Self::get`]. Connections change through [`Self::connect`] only.
    pub fn get_mut(&mut self, key: PlayerKey) -> Option<&mut Player> {
        self.slab.get_mut(key)
    }

    /// Gives a player another client, or none, and tells which it had.
    pub fn connect(&mut self, key: PlayerKey, connection: Option<ConnectionId>) -> Option<ConnectionId> {
        let player = self.slab.get_mut(key)?;
        let old = std::mem::replace(&mut player.connection, connection);
        self.connected = self.connected + usize::from(connection.is_some()) - usize::from(old.is_some());
        old
    }

    /// The player of that name, in whatever case.
    #[must_use]
    pub fn by_name(&self, name: &str) -> Option<PlayerKey> {
        self.by_name.get(&name_key(name)).copied()
    }

    /// The player of that account.
    #[must_use]
    pub fn by_user(&self, user_id: UserId) -> Option<PlayerKey> {
        self.by_user.get(&user_id).copied()
    }

    /// The key that the next player inserted will have.
    #[must_use]
    pub fn next_key(&self) -> PlayerKey {
        self.slab.vacant_key()
    }

    /// All players, by key.
    pub fn iter(&self) -> impl Iterator<Item = (PlayerKey, &Player)> {
        self.slab.iter()
    }

    /// All keys, in order.
    #[must_use]
    pub fn keys(&self) -> Vec<PlayerKey> {
        self.slab.iter().map(|(key, _)| key).collect()
    }

    /// How many have a client.
    #[must_use]
    pub fn connected(&self) -> usize {
        self.connected
    }

    /// How many there are, with or without a client.
    #[must_use]
    pub fn len(&self) -> usize {
        self.slab.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.slab.is_empty()
    }
}
