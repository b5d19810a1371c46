//! Agreement after a refused step: client and server come to mean the same tile.
//!
//! The client takes a step before the server agrees. A refused step is answered with the true position, to which the
//! client goes back. What it sent meanwhile is stale and must not be answered too: each answer throws the client back
//! once more and makes one more step stale.
//!
//! * A step that is surely stale is dropped in silence: the correction on its way puts the client right.
//! * A step that may be fresh is taken, or answered when it cannot be taken.
//! * When the correction was lost on the way and sent again, the first step after its acknowledgement may be one that
//!   the client's system had kept back since before. Nothing tells, so it is answered.
//! * A step that is stale shows when it left; what its client then did until it heard, its system still keeps back and
//!   sends next. The client takes a step in [`STEP_MS`], so those are counted and dropped too.
//! * A step taken for fresh may have been stale: said in the moment in which the correction came, or by a client behind
//!   a proxy, which acknowledges for it. So while a correction is young nothing is certain, and once the player has
//!   asked for no step for a while, its client is told the position once more.

use crate::content::Position;
use crate::game::player::table::{Player, PlayerKey};
use crate::game::timers::Timer;
use crate::game::{Millis, Play};
use crate::protocol::outbox::ConnectionId;

/// A player who asks for no step for so many milliseconds, or two round trips if those take longer, is silent: nothing
/// that was sent earlier is still on its way.
const SILENCE_MS: Millis = 500;
/// Milliseconds that a client takes for a step.
const STEP_MS: Millis = 267;
/// Milliseconds until a client looks at what has arrived, with some for its way: a frame and a little.
const FRAME_MS: Millis = 30;

/// What is known of whether a client shows its own character where it stands.
#[derive(Debug, Clone, Copy, Default)]
pub struct Agreement {
    /// When the client was last told the position.
    told_at: Option<Millis>,
    /// When it last asked for a step.
    asked_at: Millis,
    /// From where to where the last step was refused because that tile was taken.
    refused: Option<[Position; 2]>,
    /// True if the last correction came late, so that the next step may be stale.
    is_late: bool,
    /// Stale steps that are still to come after the client has heard.
    held_back: u64,
    /// When the client was last told where its character looks.
    heading_told_at: Option<Millis>,
    /// True if the client is to be told the position once more.
    is_uncertain: bool,
    /// True if the client is to be told once more where its character looks.
    is_heading_uncertain: bool,
    /// True while a timer is set.
    is_watched: bool,
}

impl Agreement {
    /// Whether the client surely shows its character where it stands, once nothing is on its way.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        !self.is_uncertain && !self.is_heading_uncertain
    }

    /// Whether a step that comes now may have been asked for before the client heard: it takes a round trip to hear and
    /// answer, and as long again for what the client's system keeps back; and some time for what nobody measures.
    fn is_young(&self, now: Millis, round_trip: Millis) -> bool {
        self.told_at.is_some_and(|at| now < at + SILENCE_MS + 2 * round_trip)
    }
}

impl Play {
    /// The least time from a word to the answer, as the kernel measures it.
    fn round_trip(&self, connection: ConnectionId) -> Millis {
        self.round_trips.get(connection)
    }

    /// How long a player must be silent for everything that was sent before to have come.
    fn silence(&self, connection: ConnectionId) -> Millis {
        SILENCE_MS.max(2 * self.round_trip(connection))
    }

    /// A client asks for a step. Whether it is stale or may well be; then it has been dealt with.
    pub(super) fn is_stale_step(&mut self, connection: ConnectionId, key: PlayerKey) -> bool {
        let may_be_fresh = self.may_have_heard(connection, key, |words| words.position);
        let (now, round_trip) = (self.now, self.round_trip(connection));
        let Some(Player { agreement, .. }) = self.players.get_mut(key) else { return true };
        agreement.asked_at = now;
        if !may_be_fresh {
            let told_at = agreement.told_at.unwrap_or(now);
            agreement.held_back = (told_at + round_trip + FRAME_MS).saturating_sub(now) / STEP_MS;
        } else if agreement.is_late {
            self.refuse_step(connection, key);
            return true;
        }
        let is_held_back = may_be_fresh && agreement.held_back > 0;
        agreement.held_back -= u64::from(is_held_back);
        let is_stale = !may_be_fresh || is_held_back;
        if is_stale || agreement.is_young(now, round_trip) {
            self.is_uncertain(connection, key);
        }
        is_stale
    }

    /// A client's system has so many bytes; see [`crate::game::Input::Acknowledged`].
    pub(super) fn acknowledged(
        &mut self,
        connection: ConnectionId,
        key: Option<PlayerKey>,
        bytes: u64,
        is_late: bool,
    ) {
        let position = key.and_then(|key| self.players.get(key)).map(|player| player.words.position);
        let is_news = position.is_some_and(|mark| !self.outbox.has_acknowledged(connection, mark));
        self.outbox.acknowledged(connection, bytes);
        let has_position = position.is_some_and(|mark| self.outbox.has_acknowledged(connection, mark));
        if let Some(player) =
            key.and_then(|key| self.players.get_mut(key)).filter(|_| is_news && has_position)
        {
            player.agreement.is_late = is_late;
        }
    }

    /// A client cannot take a step: tells it where it stands.
    pub(super) fn refuse_step(&mut self, connection: ConnectionId, key: PlayerKey) {
        if let Some(player) = self.players.get_mut(key) {
            player.agreement.refused = None;
        }
        self.correct_position(connection, key);
        self.is_uncertain(connection, key);
    }

    /// A client cannot take that step because the tile is taken. The same step asked for again is stale: a client that
    /// had heard of the refusal would show the tile as taken.
    pub(super) fn refuse_step_to_taken(
        &mut self,
        connection: ConnectionId,
        key: PlayerKey,
        step: [Position; 2],
    ) {
        let (now, silence) = (self.now, self.silence(connection));
        let Some(agreement) = self.players.get(key).map(|player| player.agreement) else { return };
        if agreement.refused == Some(step) && agreement.told_at.is_some_and(|at| now < at + silence) {
            return self.is_uncertain(connection, key);
        }
        self.refuse_step(connection, key);
        if let Some(player) = self.players.get_mut(key) {
            player.agreement.refused = Some(step);
        }
    }

    /// The position was written for a client.
    pub(super) fn position_told(&mut self, key: PlayerKey) {
        self.word_written(key, |words| &mut words.position);
        if let Some(player) = self.players.get_mut(key) {
            player.agreement.told_at = Some(self.now);
            (player.agreement.is_late, player.agreement.held_back) = (false, 0);
        }
    }

    /// Where its own character looks was written for a client.
    pub(super) fn heading_told(&mut self, key: PlayerKey) {
        self.word_written(key, |words| &mut words.heading);
        if let Some(player) = self.players.get_mut(key) {
            player.agreement.heading_told_at = Some(self.now);
        }
    }

    /// A player took a step, which turns the character on its own client. One that has not heard of a turn before shows
    /// that last, and is told anew where its character looks.
    pub(super) fn confirm_heading(&mut self, connection: ConnectionId, key: PlayerKey) {
        if !self.may_have_heard(connection, key, |words| words.heading) {
            return self.tell_heading(connection, key);
        }
        let (now, silence) = (self.now, self.silence(connection));
        let Some(Player { agreement, .. }) = self.players.get_mut(key) else { return };
        if agreement.heading_told_at.is_some_and(|at| now < at + silence) {
            agreement.asked_at = now;
            agreement.is_heading_uncertain = true;
            self.watch(connection, key);
        }
    }

    /// Client and server may mean different tiles: the client is told the position when its player is silent.
    fn is_uncertain(&mut self, connection: ConnectionId, key: PlayerKey) {
        if let Some(player) = self.players.get_mut(key) {
            player.agreement.is_uncertain = true;
            self.watch(connection, key);
        }
    }

    /// Looks at a player again once it may have been silent for long enough.
    fn watch(&mut self, connection: ConnectionId, key: PlayerKey) {
        let deadline = self.now + self.silence(connection);
        let Some(player) = self.players.get_mut(key) else { return };
        if !std::mem::replace(&mut player.agreement.is_watched, true) {
            self.timers.set(deadline, Timer::Agree(key));
        }
    }

    /// Tells a client the position once more, or where its character looks, if its player has been silent for long
    /// enough.
    pub(super) fn agree_timer(&mut self, key: PlayerKey) {
        let Some((player, connection)) =
            self.players.get(key).and_then(|player| Some((player, player.connection?)))
        else {
            return;
        };
        let agreement = player.agreement;
        if agreement.is_certain() {
            return;
        }
        let silent_at = agreement.asked_at + self.silence(connection);
        if self.now < silent_at {
            return self.timers.set(silent_at, Timer::Agree(key));
        }
        if agreement.is_uncertain {
            self.correct_position(connection, key);
        } else {
            self.tell_heading(connection, key);
        }
        if let Some(Player { agreement, .. }) = self.players.get_mut(key) {
            agreement.is_watched = false;
            (agreement.is_uncertain, agreement.is_heading_uncertain) = (false, false);
        }
    }
}
