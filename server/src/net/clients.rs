//! All connections: how each is taken in, served, flushed and ended.
//!
//! Four lists name connections: `ready` those whose socket or buffer may have packets, `throttled` those that wait for
//! their packet budget, `leaving` those being closed, `awaiting_room` those whose client has no room for the pending
//! bytes. None is both `ready` and `throttled`; a connection that is closing or awaits room may be in other lists too.
//! Entries carry the generation, so a stale entry resolves to nothing.

mod sending;

use std::collections::{BTreeSet, VecDeque};
use std::net::SocketAddr;

use mio::event::Event;
use mio::net::TcpStream;
use mio::{Interest, Registry};
use slab::Slab;

use super::accept;
use super::acknowledgement;
use super::cadence::Cadence;
use super::connection::{Connection, INBOUND_LIMIT, Received, Served, Stage};
use super::limits::{self, AddressCounts, ClientLimits};
use super::tokens::Source;
use super::{round_trip, saved_syn};
use crate::ops::metrics::{Counter, Gauge, Metrics};
use pyao_core::base::line_limit::LineLimit;
use pyao_core::game::{CloseReason, Game, Input, Millis, texts};
use pyao_core::protocol::outbox::ConnectionId;
use pyao_core::protocol::server::ServerPacket;
use pyao_store::server::ConnectionInfo;

/// A connection that is being closed gets this long to take its last bytes and to close its side.
const LEAVE_LIMIT_MS: Millis = 2_000;
/// Connections served in one turn; the rest has the next one.
const CONNECTIONS_PER_TURN: usize = 256;
/// With more connections than this, their number is told and not each.
const DESCRIBED_MAX: usize = 2_000;
/// With more connections than this, debug builds do not check the lists.
const CHECKED_MAX: usize = 500;
/// The round trip of an active connection is measured at most once in this time.
const ROUND_TRIP_EVERY_MS: Millis = 5_000;

/// Parts of the rest of the loop that the work of one turn needs.
pub(super) struct Turn<'a> {
    /// The time of this turn.
    pub now: Millis,
    /// The game.
    pub game: &'a mut Game,
    /// The counters.
    pub metrics: &'a mut Metrics,
    /// Registry of the poll, for new sockets.
    pub registry: &'a Registry,
}

/// See the module.
pub(super) struct Clients {
    limits: ClientLimits,
    connections: Slab<Connection>,
    /// Number of uses of each slot.
    generations: Vec<u32>,
    /// Connections taken in so far.
    taken_in: u64,
    /// Connections that hold a place; the others are being told that there is none.
    counted: usize,
    addresses: AddressCounts,
    ready: VecDeque<ConnectionId>,
    throttled: BTreeSet<(Millis, ConnectionId)>,
    /// Connections being closed, with the time by which they must be gone; in the order of that time.
    leaving: VecDeque<(Millis, ConnectionId)>,
    /// Connections whose client had no room, with the time to ask again; in the order of that time.
    awaiting_room: VecDeque<(Millis, ConnectionId)>,
    cadence: Cadence,
    close_log: LineLimit,
    /// Buffer for reads.
    scratch: Vec<u8>,
    /// Ids on their way from one list to another.
    ids: Vec<ConnectionId>,
    closings: Vec<(ConnectionId, CloseReason)>,
}

impl Clients {
    /// Nobody, under `limits`.
    pub(super) fn new(limits: ClientLimits) -> Self {
        Self {
            limits,
            connections: Slab::new(),
            generations: Vec::new(),
            taken_in: 0,
            counted: 0,
            addresses: AddressCounts::default(),
            ready: VecDeque::new(),
            throttled: BTreeSet::new(),
            leaving: VecDeque::new(),
            awaiting_room: VecDeque::new(),
            cadence: Cadence::default(),
            close_log: LineLimit::default(),
            scratch: vec![0; INBOUND_LIMIT],
            ids: Vec::new(),
            closings: Vec::new(),
        }
    }

    /// Connections that hold a place.
    pub(super) fn counted(&self) -> usize {
        self.counted
    }

    /// Every connection that holds a place, as far as there are few enough to tell.
    pub(super) fn describe(&self, now: Millis, game: &Game) -> Vec<ConnectionInfo> {
        if self.counted > DESCRIBED_MAX {
            return Vec::new();
        }
        let counted = self.connections.iter().filter(|(_, connection)| connection.is_counted);
        counted
            .map(|(_, connection)| {
                let player = game.player_on(connection.id);
                ConnectionInfo {
                    id: connection.number,
                    address: connection.address.to_string(),
                    player: player.map(|(name, _)| name.to_owned()),
                    user_id: player.map(|(_, user_id)| user_id),
                    bytes_in: connection.bytes_in,
                    bytes_out: connection.bytes_out,
                    age_seconds: now.saturating_sub(connection.opened) / 1000,
                }
            })
            .collect()
    }

    /// Follows other limits. Nobody who is there has to go; packet budgets start anew.
    pub(super) fn change_limits(&mut self, limits: ClientLimits, now: Millis) {
        if limits.packets_per_second != self.limits.packets_per_second {
            for (_, connection) in &mut self.connections {
                connection.change_rate(limits.packets_per_second, now);
            }
        }
        self.limits = limits;
    }

    /// Returns true if there are no connections.
    pub(super) fn is_empty(&self) -> bool {
        self.connections.is_empty()
    }

    /// Takes a socket in, or tells it why not.
    pub(super) fn take_in(&mut self, turn: &mut Turn<'_>, stream: TcpStream, address: SocketAddr) {
        turn.metrics.increment(Counter::Accepts);
        let ip = address.ip().to_canonical();
        let admitted = limits::admit(&self.limits, self.counted, &self.addresses, ip);
        if let Err(reason) = admitted {
            turn.metrics.refusals.increment(reason.label());
            if self.connections.len() - self.counted >= self.limits.refusals {
                return;
            }
        }
        let Some(id) = self.insert(turn, stream, address) else {
            return;
        };
        let Some(connection) = self.connections.get_mut(id.slot as usize) else {
            return;
        };
        let segment_limit = accept::segment_limit(&connection.stream);
        connection.hop_limit = saved_syn::hop_limit(&connection.stream);
        match admitted {
            Ok(()) => {
                self.taken_in += 1;
                connection.number = self.taken_in;
                connection.is_counted = true;
                self.counted += 1;
                self.addresses.add(ip);
                log::debug!("connection {id} opened: address={address}");
                let text_clues = connection.text_clues();
                turn.game.handle(turn.now, Input::Opened { connection: id, address: ip, segment_limit });
                turn.game.handle(turn.now, text_clues);
            }
            Err(reason) => self.say_goodbye(turn, id, reason),
        }
    }

    /// Gives a socket a slot and the poll's attention. `None` when it is already broken.
    fn insert(
        &mut self,
        turn: &mut Turn<'_>,
        mut stream: TcpStream,
        address: SocketAddr,
    ) -> Option<ConnectionId> {
        let entry = self.connections.vacant_entry();
        let slot = u32::try_from(entry.key()).ok()?;
        let prepared = accept::prepare(&stream).and_then(|()| {
            turn.registry.register(&mut stream, Source::Client(entry.key()).into(), Interest::READABLE)
        });
        if let Err(error) = prepared {
            log::debug!("connection from {address} dropped: {error}");
            return None;
        }
        if self.generations.len() <= entry.key() {
            self.generations.resize(entry.key() + 1, 0);
        }
        let generation = &mut self.generations[entry.key()];
        *generation = generation.wrapping_add(1);
        let id = ConnectionId { slot, generation: *generation };
        entry.insert(Connection::new(id, stream, address, self.limits.packets_per_second, turn.now));
        Some(id)
    }

    /// The poll has something about the connection in `slot`.
    pub(super) fn event(&mut self, turn: &mut Turn<'_>, slot: usize, event: &Event) {
        let Some(connection) = self.connections.get_mut(slot) else {
            return;
        };
        let id = connection.id;
        let ends = event.is_read_closed() || event.is_error();
        if event.is_readable() || ends {
            connection.readable(ends);
            self.make_ready(id);
        }
        if event.is_writable() {
            self.flush_one(turn, id);
        }
    }

    fn get(&mut self, id: ConnectionId) -> Option<&mut Connection> {
        self.connections.get_mut(id.slot as usize).filter(|connection| connection.id == id)
    }

    /// Lists the connection to be served, unless it is listed or must wait for its budget.
    fn make_ready(&mut self, id: ConnectionId) {
        let Some(connection) = self.get(id) else { return };
        if !connection.is_queued && connection.throttled_until.is_none() {
            connection.is_queued = true;
            self.ready.push_back(id);
        }
    }

    /// Serves every connection that may have packets, each its share of one turn.
    pub(super) fn serve(&mut self, turn: &mut Turn<'_>) {
        while let Some((until, id)) = self.throttled.first().copied() {
            if turn.now < until {
                break;
            }
            self.throttled.pop_first();
            if let Some(connection) = self.get(id) {
                connection.throttled_until = None;
            }
            self.make_ready(id);
        }
        for _ in 0..self.ready.len().min(CONNECTIONS_PER_TURN) {
            let Some(id) = self.ready.pop_front() else { break };
            self.serve_one(turn, id);
        }
    }

    fn serve_one(&mut self, turn: &mut Turn<'_>, id: ConnectionId) {
        let Some(connection) =
            self.connections.get_mut(id.slot as usize).filter(|connection| connection.id == id)
        else {
            return;
        };
        connection.is_queued = false;
        let bytes_before = connection.bytes_in;
        let is_open = connection.stage == Stage::Open;
        connection.is_watched = turn.game.outbox().marked(id).is_some();
        let served = if is_open {
            let (hop_limit, mut known) = (connection.hop_limit, connection.writes);
            connection.serve(turn.now, &mut self.scratch, |received| match received {
                Received::Packet(packet, writes) => {
                    if writes != known {
                        known = writes;
                        turn.game.handle(turn.now, Input::TextClues { connection: id, hop_limit, writes });
                    }
                    turn.metrics.packet_in(packet.id());
                    turn.game.handle(turn.now, Input::Packet { connection: id, packet });
                }
                Received::Acknowledged(bytes, is_late) => {
                    let acknowledged = Input::Acknowledged { connection: id, bytes, is_late };
                    turn.game.handle(turn.now, acknowledged);
                }
            })
        } else {
            connection.drop_input(&mut self.scratch)
        };
        if connection.is_watched {
            // The bytes that its client holds back until then are the first that it sends in knowledge of the mark.
            acknowledgement::send_at_once(&connection.stream);
        }
        let received = connection.bytes_in - bytes_before;
        turn.metrics.add(Counter::BytesIn, received);
        if is_open && received > 0 {
            report_round_trip(turn, connection);
        }
        match served {
            Served::All => {}
            Served::More => self.make_ready(id),
            Served::Throttled(until) => {
                connection.throttled_until = Some(until);
                self.throttled.insert((until, id));
                turn.metrics.increment(Counter::Throttles);
            }
            Served::Gone(reason) => self.lose(turn, id, reason),
        }
    }

    /// Gives a connection up. The game is notified, unless it ended the connection itself.
    fn lose(&mut self, turn: &mut Turn<'_>, id: ConnectionId, reason: CloseReason) {
        let Some(connection) = self.get(id) else { return };
        match connection.stage {
            Stage::Open => {
                turn.game.handle(turn.now, Input::Lost { connection: id, reason });
                if texts::of_close(reason).is_some() {
                    self.say_goodbye(turn, id, reason);
                } else {
                    self.remove(turn, id, reason);
                }
            }
            Stage::Ending(first) | Stage::Lingering(first) => self.remove(turn, id, first),
        }
    }

    /// Ends a connection that the game does not know, or no longer, with the text of `reason`.
    fn say_goodbye(&mut self, turn: &mut Turn<'_>, id: ConnectionId, reason: CloseReason) {
        let Some(connection) = self.get(id) else { return };
        let segment_limit = accept::segment_limit(&connection.stream);
        let text_clues = connection.text_clues();
        turn.game.outbox().open(id, segment_limit);
        turn.game.handle(turn.now, text_clues);
        if let Some(text) = texts::of_close(reason) {
            turn.game.outbox().send(id, &ServerPacket::ErrorMsg { text: text.into() });
        }
        self.end(turn, id, reason);
    }

    /// Ends the connections that the game ended.
    pub(super) fn end_closings(&mut self, turn: &mut Turn<'_>) {
        let mut closings = std::mem::take(&mut self.closings);
        turn.game.take_closings(&mut closings);
        for (id, reason) in closings.drain(..) {
            self.end(turn, id, reason);
        }
        self.closings = closings;
    }

    /// Ends a connection: pending bytes are still sent, incoming ones are dropped.
    fn end(&mut self, turn: &mut Turn<'_>, id: ConnectionId, reason: CloseReason) {
        let Some(connection) = self.get(id).filter(|connection| connection.stage == Stage::Open) else {
            return;
        };
        connection.stage = Stage::Ending(reason);
        if let Some(until) = connection.throttled_until.take() {
            self.throttled.remove(&(until, id));
        }
        self.leaving.push_back((turn.now + LEAVE_LIMIT_MS, id));
        self.make_ready(id);
        self.flush_one(turn, id);
    }

    /// Closes the connections whose time to leave is over.
    pub(super) fn expire(&mut self, turn: &mut Turn<'_>) {
        while let Some((until, id)) = self.leaving.front().copied() {
            if turn.now < until {
                break;
            }
            self.leaving.pop_front();
            self.lose(turn, id, CloseReason::LostSocket);
        }
    }

    /// Forgets a connection and closes its socket.
    fn remove(&mut self, turn: &mut Turn<'_>, id: ConnectionId, reason: CloseReason) {
        if self.get(id).is_none() {
            return;
        }
        let mut connection = self.connections.remove(id.slot as usize);
        if connection.is_counted {
            self.counted -= 1;
            self.addresses.remove(connection.ip());
        }
        if let Some(until) = connection.throttled_until {
            self.throttled.remove(&(until, id));
        }
        turn.game.outbox().close(id);
        turn.metrics.closes.increment(reason.label());
        if self.close_log.admit(reason.label(), turn.now) {
            log::info!(
                "connection {id} closed: reason={reason} address={} age_s={} bytes_in={} bytes_out={}",
                connection.address,
                turn.now.saturating_sub(connection.opened) / 1000,
                connection.bytes_in,
                connection.bytes_out,
            );
        }
        // Closing the socket takes it out of the poll as well; this only says so in order.
        let _ = turn.registry.deregister(&mut connection.stream);
    }

    /// Logs in one line the closings of a flood that got none of their own.
    pub(super) fn log_summaries(&mut self, now: Millis) {
        for (reason, count) in self.close_log.summaries(now) {
            log::info!("{count} more connections closed: reason={reason}");
        }
    }

    /// Sets the longest time, in milliseconds, that pending bytes wait for their flush.
    pub(super) fn set_longest_wait(&mut self, longest_ms: Millis) {
        self.cadence.set_longest_wait(longest_ms);
    }

    /// Returns the time at which something is to be done without an event.
    pub(super) fn next_deadline(&self, now: Millis, outbox_is_dirty: bool) -> Option<Millis> {
        let ready = (!self.ready.is_empty()).then_some(now);
        let throttled = self.throttled.first().map(|(until, _)| *until);
        let leaving = self.leaving.front().map(|(until, _)| *until);
        let room = self.awaiting_room.front().map(|(until, _)| *until);
        let flush = outbox_is_dirty.then(|| self.cadence.next_flush(now));
        [ready, throttled, leaving, room, flush, self.close_log.next_deadline()].into_iter().flatten().min()
    }

    /// Panics in debug builds when the lists and the counts contradict the connections.
    pub(super) fn check_invariants(&self) {
        if !cfg!(debug_assertions) || self.connections.len() > CHECKED_MAX {
            return;
        }
        let counted = self.connections.iter().filter(|(_, connection)| connection.is_counted).count();
        debug_assert_eq!(counted, self.counted, "connections that hold a place");
        debug_assert_eq!(self.addresses.total(), self.counted, "places by address");
        let find = |id: &ConnectionId| {
            self.connections.get(id.slot as usize).filter(|connection| connection.id == *id)
        };
        let queued = self.ready.iter().filter_map(find).filter(|connection| connection.is_queued).count();
        let marked = self.connections.iter().filter(|(_, connection)| connection.is_queued).count();
        debug_assert_eq!(queued, marked, "connections to be served");
        for (until, id) in &self.throttled {
            let is_told = find(id).is_some_and(|connection| connection.throttled_until == Some(*until));
            debug_assert!(is_told, "connection {id} does not know that it is throttled");
        }
        let ids = |list: &VecDeque<(Millis, ConnectionId)>| -> BTreeSet<ConnectionId> {
            list.iter().map(|(_, id)| *id).collect()
        };
        let (leaving, awaiting_room) = (ids(&self.leaving), ids(&self.awaiting_room));
        for (slot, connection) in &self.connections {
            debug_assert_eq!(connection.id.slot as usize, slot, "the slot of {}", connection.id);
            debug_assert_eq!(
                self.generations.get(slot),
                Some(&connection.id.generation),
                "use of slot {slot}"
            );
            connection.check_invariants();
            let is_leaving = leaving.contains(&connection.id);
            debug_assert_eq!(connection.stage != Stage::Open, is_leaving, "the end of {}", connection.id);
            let awaits_room = awaiting_room.contains(&connection.id);
            debug_assert_eq!(connection.awaits_room, awaits_room, "the room of {}", connection.id);
        }
    }

    /// Sets the gauges of connections.
    pub(super) fn set_gauges(&self, metrics: &mut Metrics) {
        metrics.set(Gauge::Connections, self.connections.len() as u64);
        metrics.set(Gauge::Throttled, self.throttled.len() as u64);
    }
}

/// Tells the game the round trip of an active connection now and then.
fn report_round_trip(turn: &mut Turn<'_>, connection: &mut Connection) {
    let is_fresh = connection
        .round_trip_measured
        .is_some_and(|last| turn.now.saturating_sub(last) < ROUND_TRIP_EVERY_MS);
    if is_fresh {
        return;
    }
    connection.round_trip_measured = Some(turn.now);
    if let Some(milliseconds) = round_trip::measure(&connection.stream) {
        turn.game.handle(turn.now, Input::RoundTrip { connection: connection.id, milliseconds });
    }
}
