//! Effects: the requests of rules to the rest of the game, carried out after the rule and in their order.

use crate::base::close_reason::CloseReason;
use crate::base::ids::{ConnectionId, PlayerKey};
use crate::content::Position;
use crate::game::player::table::Player;
use crate::records::UserId;
use crate::world::heading::Heading;

/// Something that a rule asks for.
#[derive(Debug)]
pub enum Effect {
    /// A connection is closed. Its last bytes are in the outbox.
    Close(ConnectionId, CloseReason),
    /// A player has something to save that had nothing to save before.
    Unsaved(PlayerKey),
    /// A player's session has changed.
    SessionChanged(PlayerKey),
    /// All changes of characters and sessions are written now.
    Save,
    /// Something happened that others may want to know.
    Event(Event),
}

/// An event of the world, for the log and for what will listen outside.
#[derive(Debug)]
pub enum Event {
    /// A character is in the world, played by that connection.
    Entered {
        /// Its name.
        name: String,
        /// Its account.
        user_id: UserId,
        /// Its connection.
        connection: ConnectionId,
    },
    /// The connection of a player has gone. The character still stands.
    ConnectionLost {
        /// The player.
        player: PlayerKey,
        /// The connection that has gone.
        connection: ConnectionId,
        /// Its end.
        reason: CloseReason,
    },
    /// A character has left the world.
    Left {
        /// The player, who is in no table any more.
        player: Box<Player>,
        /// Its last place; `None` if it had fallen out of the world.
        standing: Option<(Position, Heading)>,
    },
}
