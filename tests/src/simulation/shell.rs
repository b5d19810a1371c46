//! What stands between the game and its clients: connections, split bytes, late answers.

use super::Simulation;
use pyao_server::crypto;
use pyao_server::game::{CloseReason, Input};
use pyao_server::protocol::client::ClientPacket;
use pyao_server::protocol::outbox::ConnectionId;

/// Connections and what waits.
#[derive(Default)]
pub struct Shell {
    next_slot: u32,
    free: Vec<ConnectionId>,
    jobs: Vec<crypto::Job>,
}

impl Shell {
    /// A new connection; slots are used again, with another generation.
    pub fn open(&mut self) -> ConnectionId {
        if let Some(old) = self.free.pop() {
            return ConnectionId { slot: old.slot, generation: old.generation + 1 };
        }
        self.next_slot += 1;
        ConnectionId { slot: self.next_slot - 1, generation: 0 }
    }
}

impl Simulation {
    /// Lets everything that was set off come to rest: requests, answers, bytes, closings. Some of it may stay on its
    /// way until a later step.
    pub(super) fn settle(&mut self) {
        for _ in 0..100 {
            let busy = self.carry_requests() | self.carry_answers();
            self.deliver();
            let closed = self.carry_closings();
            if !busy && !closed {
                return;
            }
        }
    }

    fn carry_requests(&mut self) -> bool {
        let mut requests = Vec::new();
        self.game.take_store_requests(&mut requests);
        self.game.take_password_jobs(&mut self.shell.jobs);
        let busy = !requests.is_empty();
        requests.into_iter().for_each(|request| self.store.ask(request));
        busy
    }

    fn carry_answers(&mut self) -> bool {
        if self.random.between(0, 3) > 0 {
            self.store.answer_one();
        }
        let mut busy = false;
        while let Some(reply) = self.store.reply() {
            self.input(Input::Store(reply));
            busy = true;
        }
        if !self.shell.jobs.is_empty() && self.random.between(0, 2) > 0 {
            let job = self.shell.jobs.remove(0);
            self.input(Input::Password(check_password(job)));
            busy = true;
        }
        busy
    }

    /// Sends every segment; clients read each as one block, or several together.
    pub(super) fn deliver(&mut self) {
        let mut dirty = Vec::new();
        self.game.outbox().take_dirty(&mut dirty);
        for player in 0..self.players.len() {
            self.deliver_to(player);
        }
        let mut overflowed = Vec::new();
        self.game.outbox().take_overflowed(&mut overflowed);
        for connection in overflowed {
            self.forget(connection);
            self.input(Input::Lost { connection, reason: CloseReason::OutputOverflow });
        }
    }

    fn deliver_to(&mut self, number: usize) {
        let player = &mut self.players[number];
        let Some(connection) = player.connection else { return };
        if !player.reads {
            return;
        }
        while let Some(segment) = self.game.outbox().segment(connection) {
            player.unread.extend_from_slice(segment);
            self.game.outbox().segment_sent(connection);
            let more = self.game.outbox().segment(connection).is_some();
            if player.reads_late && more {
                continue;
            }
            // Broken rules are kept in the shadow's faults and reported by the check.
            let _ = player.shadow.read(&player.unread);
            player.unread.clear();
            self.report.blocks_read += 1;
        }
        if player.shadow.leaves {
            self.forget(connection);
            self.input(Input::Lost { connection, reason: CloseReason::LostSocket });
        }
    }

    fn carry_closings(&mut self) -> bool {
        let mut closings = Vec::new();
        self.game.take_closings(&mut closings);
        let any = !closings.is_empty();
        for (connection, _) in closings {
            if let Some(player) = self.players.iter().position(|player| player.connection == Some(connection))
            {
                self.deliver_to(player);
            }
            self.forget(connection);
        }
        any
    }

    /// The socket is closed: nothing more goes either way.
    pub(super) fn forget(&mut self, connection: ConnectionId) {
        self.game.outbox().close(connection);
        for player in self.players.iter_mut().filter(|player| player.connection == Some(connection)) {
            player.connection = None;
            player.reads = true;
            player.unread.clear();
            player.unsent.clear();
            self.shell.free.push(connection);
        }
    }

    /// Gives the server bytes of a client, whole packets or not.
    pub(super) fn send_bytes(&mut self, player: usize, bytes: &[u8]) {
        let Some(connection) = self.players[player].connection else { return };
        self.players[player].unsent.extend_from_slice(bytes);
        loop {
            let unsent = &mut self.players[player].unsent;
            match ClientPacket::decode(unsent) {
                Ok(Some((packet, length))) => {
                    unsent.drain(..length);
                    self.input(Input::Packet { connection, packet });
                }
                Ok(None) => return,
                Err(_) => {
                    self.forget(connection);
                    return self.input(Input::Lost { connection, reason: CloseReason::MalformedPacket });
                }
            }
        }
    }

    /// Sends a packet, sometimes in pieces.
    pub(super) fn send(&mut self, player: usize, packet: &ClientPacket) {
        let mut bytes = Vec::new();
        packet.encode(&mut bytes);
        let cut = self.random.between(0, u32::try_from(bytes.len()).unwrap_or(0)) as usize;
        self.send_bytes(player, &bytes[..cut]);
        self.send_bytes(player, &bytes[cut..]);
    }
}

/// Stands in for the password threads: their hashing is real work that a simulation of the game need not do.
fn check_password(job: crypto::Job) -> crypto::Reply {
    match job {
        crypto::Job::Hash { ticket, password } => {
            crypto::Reply::Hashed { ticket, hash: Ok(format!("simulated:{password}")) }
        }
        crypto::Job::Verify { ticket, password, hash } => {
            let matches = hash.is_some_and(|hash| hash == format!("simulated:{password}"));
            crypto::Reply::Verified { ticket, matches, rehash: false }
        }
    }
}
