//! Connections as the game knows them: their stages between the first packet and the last.

use crate::base::Millis;
use crate::base::ids::ConnectionId;
use crate::base::ids::PlayerKey;
use crate::game::account::rolls::Rolls;
use crate::records::Ticket;
use core::net::IpAddr;

/// Stage of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Connected; may throw dice, log in, create a character.
    Lobby,
    /// Waits for the store or the password check; its packets meanwhile are dropped.
    Waiting(Ticket),
    /// Plays.
    Playing(PlayerKey),
}

/// A connection as the game sees it.
#[derive(Debug)]
pub struct Connection {
    /// Its id.
    pub id: ConnectionId,
    /// Address of its client.
    pub address: IpAddr,
    /// Its stage.
    pub stage: Stage,
    /// Time of its last packet; `None` before the first.
    pub last_packet: Option<Millis>,
    /// Time at which its silence is looked at next; timers set for other times mean nothing.
    pub silence_watch: Millis,
    /// Its throws of the dice.
    pub rolls: Rolls,
}

/// Iterates over all connections, by slot.
#[derive(Debug, Default)]
pub struct Connections {
    slots: Vec<Option<Connection>>,
    count: usize,
}

impl Connections {
    /// Adds a fresh connection in the lobby.
    pub fn open(&mut self, id: ConnectionId, address: IpAddr) {
        let slot = id.slot as usize;
        if self.slots.len() <= slot {
            self.slots.resize_with(slot + 1, || None);
        }
        let fresh = Connection {
            id,
            address,
            stage: Stage::Lobby,
            last_packet: None,
            silence_watch: 0,
            rolls: Rolls::default(),
        };
        if self.slots[slot].replace(fresh).is_none() {
            self.count += 1;
        }
    }

    /// Returns the connection `id`, unless it has gone.
    #[must_use]
    pub fn get(&self, id: ConnectionId) -> Option<&Connection> {
        self.slots.get(id.slot as usize)?.as_ref().filter(|connection| connection.id == id)
    }

    /// Returns the connection for changes, as [`Self::get`] does for reading.
    pub fn get_mut(&mut self, id: ConnectionId) -> Option<&mut Connection> {
        self.slots.get_mut(id.slot as usize)?.as_mut().filter(|connection| connection.id == id)
    }

    /// Forgets `id` and gives what was known of it.
    pub fn remove(&mut self, id: ConnectionId) -> Option<Connection> {
        self.get(id)?;
        self.count -= 1;
        self.slots.get_mut(id.slot as usize)?.take()
    }

    /// Iterates over all ids, by slot.
    pub fn ids(&self) -> impl Iterator<Item = ConnectionId> + '_ {
        self.slots.iter().flatten().map(|connection| connection.id)
    }

    /// Returns all connections, by slot.
    pub fn iter(&self) -> impl Iterator<Item = &Connection> {
        self.slots.iter().flatten()
    }

    /// Returns the number of them.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::net::Ipv4Addr;

    #[test]
    fn a_reused_slot_does_not_answer_for_its_former_connection() {
        let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let (old, new) = (ConnectionId { slot: 4, generation: 0 }, ConnectionId { slot: 4, generation: 1 });
        let mut connections = Connections::default();
        connections.open(old, address);
        assert!(connections.remove(old).is_some());
        connections.open(new, address);
        assert!(connections.get(old).is_none());
        assert!(connections.remove(old).is_none());
        assert_eq!(connections.count(), 1);
        assert!(connections.get(new).is_some());
    }
}
