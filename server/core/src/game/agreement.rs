//! Agreement after a refused step: client and server come to mean the same tile.
//!
//! The client takes a step before the server agrees. A refused step is answered with the true position, to which the
//! client goes back. What it sent meanwhile is stale and must not be answered too: each answer throws the client back
//! once more and makes one more step stale.
//!
//! * A step that is surely stale is dropped in silence: the correction on its way puts the client right.
//! * A step that may be fresh is taken, or answered when it cannot be taken.
//! * When the correction was lost on the way and sent again, the first step after its acknowledgement may be one that
//!   the client's system had kept back since before: it comes one round trip after a stale one. Nothing tells, so it is
//!   answered; once, because answers get lost too.
//! * A step that is stale shows when it left; what its client then did until it heard, its system still keeps back and
//!   sends next. The client takes a step in [`STEP_MS`], so those are counted and dropped too.
//! * A step taken for fresh may have been stale: said in the moment in which the correction came, or by a client behind
//!   a proxy, which acknowledges for it. So while a correction is young nothing is certain, and once the player has
//!   asked for no step for a while, its client is told the position once more. That throws a client back which has just begun to
//!   walk; so where nothing came but what is surely stale, it has more time.

use super::players::{Player, PlayerKey};
use super::timers::Timer;
use super::{Game, Millis};
use crate::content::Position;
use crate::protocol::outbox::ConnectionId;

/// A player who asks for no step for so many milliseconds, or two round trips from when the last one left the client if
/// those take longer, is silent: nothing that was sent earlier is still on its way.
const SILENCE_MS: Millis = 500;
/// Round trips that a player must be silent for where every step since the last correction was surely stale.
const SETTLED_ROUND_TRIPS: u64 = 8;
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
    /// True if the last correction answered a step after one that came late.
    has_answered_late: bool,
    /// When the last stale step since the correction came.
    stale_at: Option<Millis>,
    /// Stale steps that are still to come after the client has heard.
    held_back: u64,
    /// When the client was last told where its character looks.
    heading_told_at: Option<Millis>,
    /// True if the client is to be told the position once more.
    is_uncertain: bool,
    /// True if a step since the last correction was taken or dropped that may have meant another tile.
    is_doubtful: bool,
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

    /// Whether the client's system may have kept a step back that comes now. It keeps steps back until the one before,
    /// which was stale too, is acknowledged, so they come one round trip after that.
    fn may_be_held_back(&self, now: Millis, round_trip: Millis) -> bool {
        self.stale_at.is_some_and(|at| now <= at + answer_time(round_trip))
    }

    /// Whether the last correction came late, and a step that comes now may be stale for that. A segment that is sent
    /// again arrives and is answered two round trips after it was sent first, or later.
    fn is_in_doubt(&self, now: Millis, round_trip: Millis) -> bool {
        let is_late = self.is_late && self.told_at.is_some_and(|at| now >= at + 2 * round_trip);
        is_late && !self.has_answered_late && self.may_be_held_back(now, round_trip)
    }

    /// Decides about a step that comes now.
    fn judge(&mut self, now: Millis, round_trip: Millis, may_be_fresh: bool) -> Step {
        self.asked_at = now;
        if !may_be_fresh {
            let heard_at = self.told_at.unwrap_or(now) + round_trip + FRAME_MS;
            self.held_back = heard_at.saturating_sub(now) / STEP_MS;
            self.stale_at = Some(now);
            return Step::Stale;
        }
        if self.is_in_doubt(now, round_trip) {
            return Step::InDoubt;
        }
        if !self.may_be_held_back(now, round_trip) {
            self.held_back = 0;
        }
        self.is_late = false;
        self.is_doubtful |= self.is_young(now, round_trip);
        if self.held_back > 0 {
            self.held_back -= 1;
            return Step::Stale;
        }
        Step::Fresh
    }
}

/// Milliseconds within which an answer to what was sent comes, unless something gets lost.
fn answer_time(round_trip: Millis) -> Millis {
    round_trip * 5 / 4 + 2 * FRAME_MS
}

/// What a step is, as far as known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// Asked for by a client that had not heard where it stands: dropped.
    Stale,
    /// One or the other, about as likely: answered.
    InDoubt,
    /// Probably asked for in knowledge of the position: taken if it can be.
    Fresh,
}

impl Game {
    /// The least time from a word to the answer, as the kernel measures it.
    pub(super) fn round_trip(&self, connection: ConnectionId) -> Millis {
        self.connections.get(connection).map_or(0, |connection| connection.round_trip)
    }

    /// How long nothing may have come from a player for everything that was sent before to have come.
    fn silence(&self, connection: ConnectionId) -> Millis {
        // The last step left the client half a round trip before it came.
        SILENCE_MS.max(self.round_trip(connection) * 3 / 2)
    }

    /// A client asks for a step. Whether it is stale or may well be; then it has been dealt with.
    pub(super) fn is_stale_step(&mut self, connection: ConnectionId, key: PlayerKey) -> bool {
        let may_be_fresh = self.may_have_heard(connection, key, |words| words.position);
        let (now, round_trip) = (self.now, self.round_trip(connection));
        let Some(Player { agreement, .. }) = self.players.get_mut(key) else { return true };
        let step = agreement.judge(now, round_trip, may_be_fresh);
        if step == Step::InDoubt {
            self.refuse_step(connection, key);
            if let Some(Player { agreement, .. }) = self.players.get_mut(key) {
                agreement.has_answered_late = true;
            }
        } else if step == Step::Stale || agreement.is_young(now, round_trip) {
            self.is_uncertain(connection, key);
        }
        step != Step::Fresh
    }

    /// A client's system has so many bytes; see [`super::Input::Acknowledged`].
    pub(super) fn acknowledged(&mut self, connection: ConnectionId, bytes: u64, is_late: bool) {
        let key = self.player_of(connection);
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
            if let Some(player) = self.players.get_mut(key) {
                player.agreement.is_doubtful = false;
            }
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
            let agreement = &mut player.agreement;
            (agreement.told_at, agreement.stale_at, agreement.held_back) = (Some(self.now), None, 0);
            (agreement.is_late, agreement.has_answered_late) = (false, false);
            agreement.is_doubtful = false;
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
        let short = self.silence(connection);
        let is_settled = agreement.is_uncertain && !agreement.is_doubtful;
        let long = if is_settled { SETTLED_ROUND_TRIPS * self.round_trip(connection) } else { 0 };
        let silent_at = agreement.asked_at + short.max(long);
        if self.now < silent_at {
            // A doubtful step may come meanwhile, after which the shorter time counts.
            return self.timers.set(silent_at.min(self.now + short), Timer::Agree(key));
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
