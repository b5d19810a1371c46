//! Reconciliation after a refused step: client and server come to mean the same tile.
//!
//! The client takes a step before the server agrees. A refused step is answered with the true position, to which the
//! client goes back. The steps that it sent meanwhile are stale and must not be answered too: each answer throws the client back
//! once more and makes one more step stale.
//!
//! * A step that is surely stale is dropped in silence: the correction on its way puts the client right.
//! * A step that may be fresh is taken, or answered when it cannot be taken.
//! * The first step after the acknowledgement of a correction that was lost on the way and sent again may be one that
//!   the client's system had kept back since before: it comes one round trip after a stale one. Nothing tells, so it is
//!   answered; once, because answers get lost too.
//! * A step that is stale shows when it left; what its client then did until it heard, its system still keeps back and
//!   sends next. The client takes a step in [`STEP_MS`], so those are counted and dropped too.
//! * A step taken for fresh may have been stale: said in the moment in which the correction came, or by a client behind
//!   a proxy, which acknowledges for it. So while a correction is young nothing is certain, and once the player has
//!   asked for no step for a while, its client is told the position once more. That throws a client back that has just
//!   begun to walk; so a client of which only surely stale steps came has more time.

use crate::base::Millis;
use crate::content::Position;

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

/// A player who asks for no step for so many milliseconds, or two round trips from when the last one left the client if
/// those take longer, is silent: nothing that was sent earlier is still on its way.
pub(super) const SILENCE_MS: Millis = 500;
/// Round trips that a player must be silent for where every step since the last correction was surely stale.
pub(super) const SETTLED_ROUND_TRIPS: u64 = 8;
/// Milliseconds that a client takes for a step.
const STEP_MS: Millis = 267;
/// Milliseconds until a client looks at what has arrived, with some for its way: a frame and a little.
const FRAME_MS: Millis = 30;

/// Knowledge about a client: whether it shows its own character on the character's tile.
#[derive(Debug, Clone, Copy, Default)]
pub struct Reconciliation {
    /// Time at which the client was last sent the position.
    pub(super) sent_at: Option<Millis>,
    /// Time at which it last asked for a step.
    pub(super) asked_at: Millis,
    /// Both tiles of the last step that was refused because the tile was taken.
    pub(super) refused: Option<[Position; 2]>,
    /// True if the last correction came late, so that the next step may be stale.
    pub(super) is_late: bool,
    /// True if the last correction answered a step after one that came late.
    pub(super) has_answered_late: bool,
    /// Time of the last stale step since the correction.
    pub(super) stale_at: Option<Millis>,
    /// Stale steps that are still to come after the client has heard.
    pub(super) held_back: u64,
    /// Time at which the client was last sent its character's direction.
    pub(super) heading_sent_at: Option<Millis>,
    /// True if the client is to be sent the position once more.
    pub(super) is_uncertain: bool,
    /// True if a step since the last correction was taken or dropped that may have meant another tile.
    pub(super) is_doubtful: bool,
    /// True if the client is to be sent its character's direction once more.
    pub(super) is_heading_uncertain: bool,
    /// True while a timer is set.
    pub(super) is_watched: bool,
}

impl Reconciliation {
    /// Returns true if the client surely shows its character on its tile, once nothing is on its way.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        !self.is_uncertain && !self.is_heading_uncertain
    }

    /// Returns true if a step that comes now may have been asked for before the client heard: it takes a round trip to hear and
    /// answer, and as long again for what the client's system keeps back; and some time for what nobody measures.
    pub(super) fn is_young(&self, now: Millis, round_trip: Millis) -> bool {
        self.sent_at.is_some_and(|at| now < at + SILENCE_MS + 2 * round_trip)
    }

    /// Returns true if the client's system may have kept a step back that comes now. It keeps steps back until the one before,
    /// which was stale too, is acknowledged, so they come one round trip after that.
    fn may_be_held_back(&self, now: Millis, round_trip: Millis) -> bool {
        self.stale_at.is_some_and(|at| now <= at + answer_time(round_trip))
    }

    /// Returns true if the last correction came late, and a step that comes now may be stale for that. A segment that is sent
    /// again arrives and is answered two round trips after it was sent first, or later.
    fn is_in_doubt(&self, now: Millis, round_trip: Millis) -> bool {
        let is_late = self.is_late && self.sent_at.is_some_and(|at| now >= at + 2 * round_trip);
        is_late && !self.has_answered_late && self.may_be_held_back(now, round_trip)
    }

    /// Decides about a step that comes now.
    pub(super) fn judge(&mut self, now: Millis, round_trip: Millis, may_be_fresh: bool) -> Step {
        self.asked_at = now;
        if !may_be_fresh {
            let heard_at = self.sent_at.unwrap_or(now) + round_trip + FRAME_MS;
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

/// Returns the milliseconds within which an answer comes, unless something gets lost.
fn answer_time(round_trip: Millis) -> Millis {
    round_trip * 5 / 4 + 2 * FRAME_MS
}

/// Kind of a step, as far as known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Asked for by a client that did not know its position: dropped.
    Stale,
    /// One or the other, about as likely: answered.
    InDoubt,
    /// Probably asked for in knowledge of the position: taken if it can be.
    Fresh,
}
