//! The way out: pending bytes go to the sockets, and clients without room are asked again.

use std::net::Shutdown;
use std::time::Instant;

use mio::Interest;

use super::{Clients, Turn};
use crate::net::connection::Stage;
use crate::net::socket::KernelSocket;
use crate::net::tokens::Source;
use crate::net::{accept, acknowledgement, round_trip};
use crate::ops::metrics::Counter;
use pyao_core::game::{CloseReason, Millis};
use pyao_core::protocol::flush::{Flushed, flush};
use pyao_core::protocol::outbox::ConnectionId;

/// A client that had no room for its pending bytes is asked again after this long.
const ROOM_RETRY_MS: Millis = 25;

impl Clients {
    /// Sends what waits for everybody, if it is time.
    pub(in crate::net) fn flush(&mut self, turn: &mut Turn<'_>) {
        self.drop_overflowed(turn);
        self.ask_for_room(turn);
        if !turn.game.outbox().is_dirty() || self.cadence.next_flush(turn.now) > turn.now {
            return;
        }
        let began = Instant::now();
        let sent_before = turn.metrics.count(Counter::SegmentsOut);
        let mut ids = std::mem::take(&mut self.ids);
        turn.game.outbox().take_dirty(&mut ids);
        for id in ids.drain(..) {
            self.flush_one(turn, id);
        }
        self.ids = ids;
        let sends = turn.metrics.count(Counter::SegmentsOut) - sent_before;
        self.cadence.flushed(turn.now, sends, began.elapsed());
        turn.metrics.increment(Counter::Flushes);
    }

    /// Sends what waits for clients that had no room and now may have.
    fn ask_for_room(&mut self, turn: &mut Turn<'_>) {
        while let Some((until, id)) = self.awaiting_room.front().copied() {
            if turn.now < until {
                break;
            }
            self.awaiting_room.pop_front();
            if let Some(connection) = self.get(id) {
                connection.awaits_room = false;
                self.flush_one(turn, id);
                self.probe_for_room(id);
            }
        }
    }

    /// Probes a client that has had no room for longer than a moment, until it has.
    fn probe_for_room(&mut self, id: ConnectionId) {
        let Some(connection) =
            self.get(id).filter(|connection| connection.is_probed != connection.awaits_room)
        else {
            return;
        };
        connection.is_probed = connection.awaits_room;
        if let Err(error) = accept::probe(&connection.stream, connection.is_probed) {
            log::debug!("connection {id} cannot be probed: {error}");
        }
    }

    fn drop_overflowed(&mut self, turn: &mut Turn<'_>) {
        let mut ids = std::mem::take(&mut self.ids);
        // The packets that the others receive about a lost one may overflow another's buffer in turn.
        loop {
            turn.game.outbox().take_overflowed(&mut ids);
            if ids.is_empty() {
                break;
            }
            for id in ids.drain(..) {
                self.lose(turn, id, CloseReason::OutputOverflow);
            }
        }
        self.ids = ids;
    }

    /// Sends what waits for one connection. Only one whose socket is full asks the poll to tell when it no longer is.
    pub(super) fn flush_one(&mut self, turn: &mut Turn<'_>, id: ConnectionId) {
        let Some(connection) =
            self.connections.get_mut(id.slot as usize).filter(|connection| connection.id == id)
        else {
            return;
        };
        let mark = turn.game.outbox().marked(id);
        if mark.is_some_and(|mark| mark > connection.bytes_out) {
            acknowledgement::send_at_once(&connection.stream);
            connection.repeated_at_mark = round_trip::segments_repeated(&connection.stream);
        }
        let socket = KernelSocket(&connection.stream);
        let (flushed, sent) = flush(&socket, id, turn.game.outbox(), &mut connection.window);
        connection.bytes_out += sent.bytes as u64;
        turn.metrics.add(Counter::SegmentsOut, sent.segments as u64);
        turn.metrics.add(Counter::BytesOut, sent.bytes as u64);
        let wants_writable = flushed == Flushed::Blocked;
        let is_blocked = wants_writable || flushed == Flushed::NoRoom;
        if is_blocked && !connection.is_blocked {
            turn.metrics.increment(Counter::SendsBlocked);
        }
        connection.is_blocked = is_blocked;
        match flushed {
            Flushed::Broken(reason) => return self.lose(turn, id, reason),
            Flushed::All => {
                if let Stage::Ending(reason) = connection.stage {
                    connection.stage = Stage::Lingering(reason);
                    // A socket that has gone already is found by the read that follows.
                    let _ = connection.stream.shutdown(Shutdown::Write);
                }
            }
            Flushed::NoRoom if !connection.awaits_room => {
                connection.awaits_room = true;
                self.awaiting_room.push_back((turn.now + ROOM_RETRY_MS, id));
            }
            Flushed::NoRoom | Flushed::Blocked => {}
        }
        if connection.wants_writable != wants_writable {
            connection.wants_writable = wants_writable;
            let interest =
                if wants_writable { Interest::READABLE | Interest::WRITABLE } else { Interest::READABLE };
            let token = Source::Client(id.slot as usize).into();
            if let Err(error) = turn.registry.reregister(&mut connection.stream, token, interest) {
                log::warn!("connection {id} cannot be watched: {error}");
                self.lose(turn, id, CloseReason::InternalError);
            }
        }
    }
}
