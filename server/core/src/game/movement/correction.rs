//! Pending corrections: positions and directions that a client may not have received yet.
//!
//! A step that a client sends before it receives a new position was meant from another tile. Times do not tell such
//! steps from later ones: networks jitter and lose, and a client that gathers small writes (it does not set
//! `TCP_NODELAY`) keeps a step back until its bytes before are acknowledged. The acknowledgements do: each segment of a
//! client says how many bytes its system had when the segment left. So a correction is a mark in the stream of bytes to
//! the client, and packets that come before the client's system has acknowledged that mark were sent without knowing.
//!
//! Packets that come after may still have been sent without knowing, though seldom; see [`super::reconciliation`].

use super::reconciliation::{Mark, PendingCorrections, SETTLED_ROUND_TRIPS, SILENCE_MS, Step};
use crate::base::Millis;
use crate::base::ids::{ConnectionId, PlayerKey};
use crate::content::Position;
use crate::game::play::{Actor, Play};
use crate::game::player::table::Player;
use crate::game::timers::Timer;

impl Play {
    /// Marks the end of a correction that was just written for the client of `key`.
    pub fn mark_correction(
        &mut self,
        key: PlayerKey,
        which: impl FnOnce(&mut PendingCorrections) -> &mut Mark,
    ) {
        let Some(player) = self.players.get_mut(key) else {
            return self.fault("a correction for a player who is not there");
        };
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
        let Some(Player { reconciliation, .. }) = self.player(actor) else { return true };
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

    /// Sends the direction anew to a client that takes a step, which turns its character, before it has heard of an
    /// earlier turn: it would show that one last.
    pub fn confirm_heading(&mut self, actor: Actor) {
        if !self.may_have_received(actor, |marks| marks.heading) {
            return self.tell_heading(actor);
        }
        let (now, silence) = (self.now, self.silence(actor.connection));
        let Some(Player { reconciliation, .. }) = self.player(actor) else { return };
        if reconciliation.heading_sent_at.is_some_and(|at| now < at + silence) {
            reconciliation.asked_at = now;
            reconciliation.is_heading_uncertain = true;
            self.watch(actor);
        }
    }

    /// Notes that client and server may mean different tiles: the client is sent the position when its player is
    /// silent.
    fn is_uncertain(&mut self, actor: Actor) {
        if let Some(player) = self.players.get_mut(actor.player) {
            player.reconciliation.is_uncertain = true;
            self.watch(actor);
        }
    }

    /// Looks at a player again once it may have been silent for long enough.
    fn watch(&mut self, actor: Actor) {
        let deadline = self.now + self.silence(actor.connection);
        let Some(player) = self.player(actor) else { return };
        if !std::mem::replace(&mut player.reconciliation.is_watched, true) {
            self.timers.set(deadline, Timer::Reconcile(actor.player));
        }
    }

    /// Sends a client the position once more, or its character's direction, if its player has been silent for long
    /// enough.
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
