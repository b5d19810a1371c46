//! Whether a client can have heard what it was told last.
//!
//! What is written for a client waits until the loop sends it, and then is on its way for half a round trip. Whatever
//! the client says meanwhile, it said without knowing; it is heard here half a round trip later. So a word counts as
//! heard one round trip after it was sent, and never before it was.

use super::players::PlayerKey;
use super::{Game, Millis};

/// The last word of one kind to a client.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Told {
    /// Nothing that it would not know.
    #[default]
    Nothing,
    /// It is written and not sent.
    Unsent,
    /// It was sent at that time.
    Sent(Millis),
}

impl Told {
    /// Whether what comes at `now` from a client `round_trip` away was said in knowledge of it.
    #[must_use]
    pub fn is_heard(self, now: Millis, round_trip: Millis) -> bool {
        match self {
            Self::Nothing => true,
            Self::Unsent => false,
            Self::Sent(at) => now >= at + round_trip,
        }
    }

    fn sent(&mut self, at: Millis) {
        if *self == Self::Unsent {
            *self = Self::Sent(at);
        }
    }
}

/// What a player was told that its client has to know to be understood.
#[derive(Debug, Clone, Copy, Default)]
pub struct Words {
    /// Where its character stands.
    pub position: Told,
    /// Where its character looks.
    pub heading: Told,
}

impl Words {
    fn wait(&self) -> bool {
        [self.position, self.heading].contains(&Told::Unsent)
    }
}

impl Game {
    /// A word was written for the client of `key`; `which` it is.
    pub(super) fn word_written(&mut self, key: PlayerKey, which: impl FnOnce(&mut Words) -> &mut Told) {
        let Some(player) = self.players.get_mut(key) else { return };
        if !player.words.wait() {
            self.unsent_words.push(key);
        }
        *which(&mut player.words) = Told::Unsent;
    }

    /// Everything that waited was sent just now, but to clients that take no more.
    pub(super) fn words_sent(&mut self) {
        let (now, players, outbox) = (self.now, &mut self.players, &self.outbox);
        self.unsent_words.retain(|key| {
            let Some(player) = players.get_mut(*key) else { return false };
            let still_waits = player.connection.is_some_and(|connection| outbox.waiting(connection) > 0);
            if !still_waits {
                player.words.position.sent(now);
                player.words.heading.sent(now);
            }
            still_waits
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_heard_a_round_trip_after_it_was_sent() {
        let mut told = Told::Unsent;
        assert!(!told.is_heard(1_000_000, 0));
        told.sent(1_000);
        assert_eq!([1_000, 1_079, 1_080].map(|now| told.is_heard(now, 80)), [false, false, true]);
        told.sent(2_000);
        assert_eq!(told, Told::Sent(1_000), "what was sent once is on its way");
    }
}
