//! Whether a client has heard what it was told last.
//!
//! What a client says before it hears of a new position was meant from another tile. Times do not tell such steps from
//! later ones: networks jitter and lose, and a client that gathers small writes (it does not set `TCP_NODELAY`) keeps a
//! step back until what it said before is acknowledged. The acknowledgements do: each segment of a client says how many
//! bytes its system had when the segment left. So a word is a place in the stream of bytes to the client, and what
//! comes before the client's system has acknowledged that place was said without knowing.
//!
//! What comes after may still have been said without knowing, though seldom; see [`crate::game::agreement`].

use crate::base::ids::PlayerKey;
use crate::game::Play;
use crate::protocol::outbox::ConnectionId;

/// Where in the stream of bytes to a client the last word of one kind ends; 0 before the first.
pub type Told = u64;

/// What a player was told that its client has to know to be understood.
#[derive(Debug, Clone, Copy, Default)]
pub struct Words {
    /// Where its character stands.
    pub position: Told,
    /// Where its character looks.
    pub heading: Told,
}

impl Play {
    /// What was just written for the client of `key` ends with such a word.
    pub(super) fn word_written(&mut self, key: PlayerKey, which: impl FnOnce(&mut Words) -> &mut Told) {
        let Some(player) = self.players.get_mut(key) else { return };
        if let Some(connection) = player.connection {
            *which(&mut player.words) = self.outbox.mark(connection);
        }
    }

    /// Whether what comes now from a client may have been said in knowledge of that word. If not, it surely was not.
    pub(super) fn may_have_heard(
        &self,
        connection: ConnectionId,
        key: PlayerKey,
        which: impl FnOnce(&Words) -> Told,
    ) -> bool {
        self.players.get(key).is_none_or(|player| {
            let word = which(&player.words);
            self.outbox.has_acknowledged(connection, word)
        })
    }
}
