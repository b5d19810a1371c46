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
use crate::base::ids::ConnectionId;
use crate::base::ids::PlayerKey;
use crate::content::Position;
use crate::game::Play;
use crate::game::play::Actor;
use crate::game::player::table::Player;
use crate::game::timers::Timer;

/// A player who asks for no step for so many milliseconds, or two round trips from when the last one left the client if
/// those take longer, is silent: nothing that was sent earlier is still on its way.
const SILENCE_MS: Millis = 500;
/// Round trips that a player must be silent for where every step since the last correction was surely stale.
const SETTLED_ROUND_TRIPS: u64 = 8;
/// Milliseconds that a client takes for a step.
const STEP_MS: Millis = 267;
/// Milliseconds until a client looks at what has arrived, with some for its way: a frame and a little.
const FRAME_MS: Millis = 30;

/// Knowledge about a client: whether it shows its own character on the character's tile.
#[derive(Debug, Clone, Copy, Default)]
pub struct Reconciliation {
    /// Time at which the client was last sent the position.
    sent_at: Option<Millis>,
    /// Time at which it last asked for a step.
    asked_at: Millis,
    /// Both tiles of the last step that was refused because the tile was taken.
    refused: Option<[Position; 2]>,
    /// True if the last correction came late, so that the next step may be stale.
    is_late: bool,
    /// True if the last correction answered a step after one that came late.
    has_answered_late: bool,
    /// Time of the last stale step since the correction.
    stale_at: Option<Millis>,
    /// Stale steps that are still to come after the client has heard.
    held_back: u64,
    /// Time at which the client was last sent its character's direction.
    heading_sent_at: Option<Millis>,
    /// True if the client is to be sent the position once more.
    is_uncertain: bool,
    /// True if a step since the last correction was taken or dropped that may have meant another tile.
    is_doubtful: bool,
    /// True if the client is to be sent its character's direction once more.
    is_heading_uncertain: bool,
    /// True while a timer is set.
    is_watched: bool,
}

impl Reconciliation {
    /// Returns true if the client surely shows its character on its tile, once nothing is on its way.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        !self.is_uncertain && !self.is_heading_uncertain
    }

    /// Returns true if a step that comes now may have been asked for before the client heard: it takes a round trip to hear and
    /// answer, and as long again for what the client's system keeps back; and some time for what nobody measures.
    fn is_young(&self, now: Millis, round_trip: Millis) -> bool {
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
    fn judge(&mut self, now: Millis, round_trip: Millis, may_be_fresh: bool) -> Step {
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
enum Step {
    /// Asked for by a client that did not know its position: dropped.
    Stale,
    /// One or the other, about as likely: answered.
    InDoubt,
    /// Probably asked for in knowledge of the position: taken if it can be.
    Fresh,
}

impl Play {
    /// Returns the round trip to a client, in milliseconds, as the kernel measures it.
    pub fn round_trip(&self, connection: ConnectionId) -> Millis {
        self.round_trips.get(connection)
    }

    /// Returns the milliseconds of silence after which everything has come that a player sent before.
    fn silence(&self, connection: ConnectionId) -> Millis {
        // The last step left the client half a round trip before it came.
        SILENCE_MS.max(self.round_trip(connection) * 3 / 2)
    }

    /// Judges a step that a client asks for. Returns true if it is stale or may well be, and has been dealt with.
    pub fn is_stale_step(&mut self, actor: Actor) -> bool {
        let may_be_fresh = self.may_have_received(actor, |marks| marks.position);
        let (now, round_trip) = (self.now, self.round_trip(actor.connection));
        let Some(Player { reconciliation, .. }) = self.players.get_mut(actor.player) else { return true };
        let step = reconciliation.judge(now, round_trip, may_be_fresh);
        if step == Step::InDoubt {
            self.refuse_step(actor);
            if let Some(Player { reconciliation, .. }) = self.players.get_mut(actor.player) {
                reconciliation.has_answered_late = true;
            }
        } else if step == Step::Stale || reconciliation.is_young(now, round_trip) {
            self.is_uncertain(actor);
        }
        step != Step::Fresh
    }

    /// Notes the bytes that a client's system has; see [`crate::game::Input::Acknowledged`].
    pub fn acknowledged(
        &mut self,
        connection: ConnectionId,
        key: Option<PlayerKey>,
        bytes: u64,
        is_late: bool,
    ) {
        let position = key.and_then(|key| self.players.get(key)).map(|player| player.corrections.position);
        let is_news = position.is_some_and(|mark| !self.outbox.has_acknowledged(connection, mark));
        self.outbox.acknowledged(connection, bytes);
        let has_position = position.is_some_and(|mark| self.outbox.has_acknowledged(connection, mark));
        if let Some(player) =
            key.and_then(|key| self.players.get_mut(key)).filter(|_| is_news && has_position)
        {
            player.reconciliation.is_late = is_late;
        }
    }

    /// Answers a step that cannot be taken with the position.
    pub fn refuse_step(&mut self, actor: Actor) {
        if let Some(player) = self.players.get_mut(actor.player) {
            player.reconciliation.refused = None;
        }
        self.correct_position(actor);
        self.is_uncertain(actor);
    }

    /// Answers a step to a taken tile with the position. The same step asked for again is stale: a client that
    /// had heard of the refusal would show the tile as taken.
    pub fn refuse_step_to_taken(&mut self, actor: Actor, step: [Position; 2]) {
        let (now, silence) = (self.now, self.silence(actor.connection));
        let Some(reconciliation) = self.players.get(actor.player).map(|player| player.reconciliation) else {
            return;
        };
        if reconciliation.refused == Some(step) && reconciliation.sent_at.is_some_and(|at| now < at + silence)
        {
            if let Some(player) = self.players.get_mut(actor.player) {
                player.reconciliation.is_doubtful = false;
            }
            return self.is_uncertain(actor);
        }
        self.refuse_step(actor);
        if let Some(player) = self.players.get_mut(actor.player) {
            player.reconciliation.refused = Some(step);
        }
    }

    /// Notes that the position was written for a client.
    pub fn position_sent(&mut self, key: PlayerKey) {
        self.mark_correction(key, |marks| &mut marks.position);
        if let Some(player) = self.players.get_mut(key) {
            let reconciliation = &mut player.reconciliation;
            (reconciliation.sent_at, reconciliation.stale_at, reconciliation.held_back) =
                (Some(self.now), None, 0);
            (reconciliation.is_late, reconciliation.has_answered_late) = (false, false);
            reconciliation.is_doubtful = false;
        }
    }

    /// Notes that the direction of its own character was written for a client.
    pub fn heading_sent(&mut self, key: PlayerKey) {
        self.mark_correction(key, |marks| &mut marks.heading);
        if let Some(player) = self.players.get_mut(key) {
            player.reconciliation.heading_sent_at = Some(self.now);
        }
    }

    /// Sends the direction anew to a client that takes a step, which turns its character, before it has heard of an earlier
    /// turn: it would show that one last.
    pub fn confirm_heading(&mut self, actor: Actor) {
        if !self.may_have_received(actor, |marks| marks.heading) {
            return self.tell_heading(actor);
        }
        let (now, silence) = (self.now, self.silence(actor.connection));
        let Some(Player { reconciliation, .. }) = self.players.get_mut(actor.player) else { return };
        if reconciliation.heading_sent_at.is_some_and(|at| now < at + silence) {
            reconciliation.asked_at = now;
            reconciliation.is_heading_uncertain = true;
            self.watch(actor);
        }
    }

    /// Notes that client and server may mean different tiles: the client is sent the position when its player is silent.
    fn is_uncertain(&mut self, actor: Actor) {
        if let Some(player) = self.players.get_mut(actor.player) {
            player.reconciliation.is_uncertain = true;
            self.watch(actor);
        }
    }

    /// Looks at a player again once it may have been silent for long enough.
    fn watch(&mut self, actor: Actor) {
        let deadline = self.now + self.silence(actor.connection);
        let Some(player) = self.players.get_mut(actor.player) else { return };
        if !std::mem::replace(&mut player.reconciliation.is_watched, true) {
            self.timers.set(deadline, Timer::Reconcile(actor.player));
        }
    }

    /// Sends a client the position once more, or its character's direction, if its player has been silent for long enough.
    pub fn reconcile_timer(&mut self, key: PlayerKey) {
        let Some(player) = self.players.get(key) else { return };
        let Some(connection) = player.connection else { return };
        let actor = Actor { connection, player: key, character: player.index };
        let reconciliation = player.reconciliation;
        if reconciliation.is_certain() {
            return;
        }
        let short = self.silence(actor.connection);
        let is_settled = reconciliation.is_uncertain && !reconciliation.is_doubtful;
        let long = if is_settled { SETTLED_ROUND_TRIPS * self.round_trip(actor.connection) } else { 0 };
        let silent_at = reconciliation.asked_at + short.max(long);
        if self.now < silent_at {
            // A doubtful step may come meanwhile, after which the shorter time counts.
            return self.timers.set(silent_at.min(self.now + short), Timer::Reconcile(key));
        }
        if reconciliation.is_uncertain {
            self.correct_position(actor);
        } else {
            self.tell_heading(actor);
        }
        if let Some(Player { reconciliation, .. }) = self.players.get_mut(key) {
            reconciliation.is_watched = false;
            (reconciliation.is_uncertain, reconciliation.is_heading_uncertain) = (false, false);
        }
    }
}
