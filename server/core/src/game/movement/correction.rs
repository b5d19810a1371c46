//! Pending corrections: positions and directions that a client may not have received yet.
//!
//! A step that a client sends before it hears of a new position was meant from another tile. Times do not tell such
//! steps from later ones: networks jitter and lose, and a client that gathers small writes (it does not set
//! `TCP_NODELAY`) keeps a step back until its bytes before are acknowledged. The acknowledgements do: each segment of a
//! client says how many bytes its system had when the segment left. So a correction is a mark in the stream of bytes to
//! the client, and packets that come before the client's system has acknowledged that mark were sent without knowing.
//!
//! Packets that come after may still have been sent without knowing, though seldom; see [`super::reconciliation`].

use crate::base::ids::PlayerKey;
use crate::game::Play;
use crate::game::play::Actor;

/// Place in the stream of bytes to a client; 0 is its beginning.
pub type Mark = u64;

/// Ends of the last corrections in the stream of bytes to a client; 0 before the first.
#[derive(Debug, Clone, Copy, Default)]
pub struct PendingCorrections {
    /// The character's position.
    pub position: Mark,
    /// The character's direction.
    pub heading: Mark,
}

impl Play {
    /// Marks the end of a correction that was just written for the client of `key`.
    pub fn mark_correction(
        &mut self,
        key: PlayerKey,
        which: impl FnOnce(&mut PendingCorrections) -> &mut Mark,
    ) {
        let Some(player) = self.players.get_mut(key) else { return };
        if let Some(connection) = player.connection {
            *which(&mut player.corrections) = self.outbox.mark(connection);
        }
    }

    /// Returns true if a client may have sent the packet that comes now in knowledge of that correction. If false, it
    /// surely did not know.
    pub fn may_have_received(&self, actor: Actor, which: impl FnOnce(&PendingCorrections) -> Mark) -> bool {
        self.players.get(actor.player).is_none_or(|player| {
            let mark = which(&player.corrections);
            self.outbox.has_acknowledged(actor.connection, mark)
        })
    }
}
