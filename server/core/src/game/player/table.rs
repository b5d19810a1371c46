//! Players in the world: those who are connected, and those whose socket was lost and who still stand there.

use crate::base::ids::ConnectionId;
use crate::base::ids::PlayerKey;
use crate::base::slots::Slots;
use crate::game::account::names::name_key;
use crate::game::chat::limit::ChatLimit;
use crate::game::invariants::require;
use crate::game::movement::pace::Pace;
use crate::game::movement::reconciliation::{PendingCorrections, Reconciliation};
use crate::game::session::absent::Absent;
use crate::game::{CloseReason, Millis};
use crate::records::{AccountRecord, CharacterRecord, PositionRecord, UserId};
use crate::world::char_index::CharIndex;
use core::net::IpAddr;
use std::collections::BTreeMap;

/// Part of a player that is not yet written to the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unsaved {
    /// Nothing.
    Nothing,
    /// Its position alone.
    Position,
    /// More than that.
    Sheet,
}

/// A player in the world.
#[derive(Debug)]
pub struct Player {
    /// Its account.
    pub account: AccountRecord,
    /// Its character. The position in it is the one to store, brought up to date when it is saved; the world knows the
    /// true one.
    pub character: CharacterRecord,
    /// True until the first step of a character that had to be put elsewhere than where it was stored: that position
    /// stays stored, so that it counts again once its map is there or its tile is free.
    pub is_displaced: bool,
    /// Its character in the world.
    pub index: CharIndex,
    /// Its client, while there is one.
    pub connection: Option<ConnectionId>,
    /// Address of its client, or of the last one.
    pub address: IpAddr,
    /// End of its last connection, while it has none.
    pub close_reason: Option<CloseReason>,
    /// Limit of its pace.
    pub pace: Pace,
    /// Limit of its chat.
    pub chat: ChatLimit,
    /// Time at which it leaves, once a countdown runs.
    pub leaves_at: Option<Millis>,
    /// Time at which its connection was lost; meaningless while there is a client.
    pub absent_since: Millis,
    /// Time of its last turn without a step.
    pub turned_at: Millis,
    /// Corrections that its client may not have received yet.
    pub corrections: PendingCorrections,
    /// Knowledge about its client's picture of it.
    pub reconciliation: Reconciliation,
    /// True in safe mode: no attacks on citizens.
    pub safe_mode: bool,
    /// True if the player cannot be resurrected by spell.
    pub resurrection_safe: bool,
    /// Part that has to be written.
    pub unsaved: Unsaved,
}

impl Player {
    /// Notes where the character stands, for the store, unless it was put there without its player's doing.
    pub fn bring_position(&mut self, standing: PositionRecord) {
        if !self.is_displaced {
            self.character.position = standing;
        }
    }

    /// Returns the name as its owner typed it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.account.account.username
    }
}

/// All players in the world.
#[derive(Debug, Default)]
pub struct Players {
    slots: Slots<Player>,
    by_name: BTreeMap<String, PlayerKey>,
    by_user: BTreeMap<UserId, PlayerKey>,
    connected: usize,
    /// Players without a client.
    absent: Absent,
}

impl Players {
    /// Adds a player. No player of that name may be there.
    pub fn insert(&mut self, player: Player) -> PlayerKey {
        let (name, user_id) = (name_key(player.name()), player.account.user_id);
        self.connected += usize::from(player.connection.is_some());
        let (slot, generation) = self.slots.insert(player);
        let key = PlayerKey { slot, generation };
        let namesake = self.by_name.insert(name, key);
        let twin = self.by_user.insert(user_id, key);
        debug_assert!(namesake.is_none() && twin.is_none(), "a character entered twice");
        key
    }

    /// Takes a player out.
    pub fn remove(&mut self, key: PlayerKey) -> Option<Player> {
        let player = self.slots.remove(key.slot, key.generation)?;
        let named = self.by_name.remove(&name_key(player.name()));
        let owned = self.by_user.remove(&player.account.user_id);
        debug_assert!(
            named == Some(key) && owned == Some(key),
            "player {key} was listed as {named:?}, {owned:?}"
        );
        self.connected -= usize::from(player.connection.is_some());
        self.absent.remove(key);
        Some(player)
    }

    /// Returns the player with that key.
    #[must_use]
    #[inline]
    pub fn get(&self, key: PlayerKey) -> Option<&Player> {
        self.slots.get(key.slot, key.generation)
    }

    /// Returns the player for changes. Connections change through [`Self::connect`] and [`Self::disconnect`] only.
    #[inline]
    pub fn get_mut(&mut self, key: PlayerKey) -> Option<&mut Player> {
        self.slots.get_mut(key.slot, key.generation)
    }

    /// Gives a player another client, and tells which it had.
    pub fn connect(&mut self, key: PlayerKey, connection: ConnectionId) -> Option<ConnectionId> {
        let player = self.slots.get_mut(key.slot, key.generation)?;
        let old = player.connection.replace(connection);
        self.connected += usize::from(old.is_none());
        self.absent.remove(key);
        debug_assert_ne!(old, Some(connection), "a client takes its own player over");
        debug_assert!(self.connected <= self.slots.len(), "more clients than players");
        old
    }

    /// Takes its client from a player, which was connected from `address` and is absent from now on.
    pub fn disconnect(&mut self, key: PlayerKey, address: IpAddr) {
        let Some(player) = self.slots.get_mut(key.slot, key.generation) else { return };
        let had_client = player.connection.take().is_some();
        debug_assert!(had_client, "player {key} loses a client that it does not have");
        self.connected -= usize::from(had_client);
        self.absent.add(key, address);
    }

    /// Returns the player of that name, in whatever case.
    #[must_use]
    pub fn by_name(&self, name: &str) -> Option<PlayerKey> {
        self.by_name.get(&name_key(name)).copied()
    }

    /// Returns the player of that account.
    #[must_use]
    pub fn by_user(&self, user_id: UserId) -> Option<PlayerKey> {
        self.by_user.get(&user_id).copied()
    }

    /// Returns the key that the next player inserted will have.
    #[must_use]
    pub fn next_key(&self) -> PlayerKey {
        let (slot, generation) = self.slots.next();
        PlayerKey { slot, generation }
    }

    /// Iterates over all players, by key.
    pub fn iter(&self) -> impl Iterator<Item = (PlayerKey, &Player)> {
        self.slots.iter().map(|((slot, generation), player)| (PlayerKey { slot, generation }, player))
    }

    /// Returns all keys, in order.
    #[must_use]
    pub fn keys(&self) -> Vec<PlayerKey> {
        self.iter().map(|(key, _)| key).collect()
    }

    /// Returns the number of those with a client.
    #[must_use]
    pub fn connected(&self) -> usize {
        self.connected
    }

    /// Returns the players without a client.
    #[must_use]
    pub fn absent(&self) -> &Absent {
        &self.absent
    }

    /// Returns the number of all, with or without a client.
    #[must_use]
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Returns true if there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Checks that the indices by name, by account and of absent players name exactly the players in the table.
    ///
    /// # Errors
    /// Describes the first contradiction found.
    pub fn check_invariants(&self) -> Result<(), String> {
        let mut connected = 0;
        for (key, player) in self.iter() {
            connected += usize::from(player.connection.is_some());
            let (named, owned) = (self.by_name(player.name()), self.by_user(player.account.user_id));
            require(named == Some(key) && owned == Some(key), || {
                format!("player {key} is found as {named:?} by name and as {owned:?} by account")
            })?;
            let is_absent = self.absent.contains(key);
            require(is_absent == player.connection.is_none(), || {
                format!("player {key} is listed as absent: {is_absent}")
            })?;
        }
        let found = [self.by_name.len(), self.by_user.len(), self.connected + self.absent.len()];
        require(found == [self.len(); 3] && connected == self.connected, || {
            format!("{} players, {found:?} by name, by account and by presence", self.len())
        })
    }
}
