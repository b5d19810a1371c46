//! Sessions: telling the store who plays, so that tools and other servers know.
//!
//! A login claims its character before it is loaded for the last time; from then on no other server saves it. Changes
//! of a session (another map, a lost connection, an end) are gathered and written together; while players are
//! connected, all of theirs are refreshed every half minute.

use super::kinds::Class;
use super::pending::Pending;
use super::players::{Player, PlayerKey};
use super::refusal::Refusal;
use super::timers::Timer;
use super::{CloseReason, Game, Millis};
use crate::protocol::outbox::ConnectionId;
use crate::records::UserId;
use crate::records::session::{Claim, Session, SessionWrite};
use crate::records::{Request, StoreError, StoredAccount, Ticket};

/// How often the sessions of all connected players are written.
const REFRESH_MS: Millis = 30_000;

/// What is to be written of sessions.
#[derive(Debug, Default)]
pub struct Sessions {
    /// Players whose session changed; some twice, some gone meanwhile.
    changed: Vec<PlayerKey>,
    ended: Vec<SessionWrite>,
    /// Whether [`Timer::RefreshSessions`] is set.
    refreshing: bool,
}

impl Game {
    pub(super) fn unix_now(&self) -> u64 {
        self.unix_start + self.now / 1_000
    }

    /// The session that a login is about to open.
    pub(super) fn session_of_stored(&self, stored: &StoredAccount) -> Session {
        Session {
            user_id: stored.account.user_id,
            username: stored.account.account.username.clone(),
            level: stored.character.stats.level,
            class: class_name(stored.account.account.class),
            location_id: stored.character.position.map,
            hp: stored.character.stats.hp,
            last_seen: self.unix_now(),
            disconnected_at: None,
        }
    }

    fn session_of_player(&self, player: &Player) -> Session {
        let location_id = match self.world.character(player.index) {
            Some(character) => character.position.map,
            None => player.character.position.map,
        };
        let absent_since = self.unix_start + player.absent_since / 1_000;
        let disconnected_at = player.connection.is_none().then_some(absent_since);
        Session {
            user_id: player.account.user_id,
            username: player.name().to_string(),
            level: player.character.stats.level,
            class: class_name(player.account.account.class),
            location_id,
            hp: player.character.stats.hp,
            last_seen: disconnected_at.unwrap_or_else(|| self.unix_now()),
            disconnected_at,
        }
    }

    /// Claims the character of a login whose password was right.
    pub(super) fn claim(&mut self, connection: ConnectionId, session: Box<Session>, rehash: Option<String>) {
        let (name, user_id) = (session.username.clone(), session.user_id);
        let ticket = self.wait_for(connection, Pending::LoginClaim { connection, name, user_id, rehash });
        self.store_requests.push(Request::OpenSession { ticket, session });
    }

    /// The store has decided on a claim.
    pub(super) fn session_opened(&mut self, ticket: Ticket, result: Result<Claim, StoreError>) {
        let Some(Pending::LoginClaim { connection, name, user_id, rehash }) = self.pending.take(ticket)
        else {
            return;
        };
        let is_ours = self.players.by_name(&name).is_some() || self.saving.departed(&name).is_some();
        match result {
            Ok(Claim::Granted) if self.connections.get(connection).is_none() => self.give_up_claim(user_id),
            Ok(Claim::Granted) => self.load_character(connection, name, user_id, rehash),
            Ok(Claim::Held { server }) => {
                let refusal = Refusal::OnAnotherServer(server);
                self.refuse_login(connection, &name, Some(user_id), &refusal);
            }
            // What we hold in memory we have claimed before.
            Err(error) if is_ours && error.is_temporary() => {
                self.load_character(connection, name, user_id, rehash)
            }
            Err(error) => {
                self.log_store_failure(&name, &error);
                self.refuse_login(connection, &name, Some(user_id), &Refusal::from(&error));
                // The claim may have been granted and only the answer lost.
                self.give_up_claim(user_id);
            }
        }
    }

    fn load_character(
        &mut self,
        connection: ConnectionId,
        name: String,
        user_id: UserId,
        rehash: Option<String>,
    ) {
        let load = Pending::LoginLoad { connection, name: name.clone(), user_id, rehash };
        let ticket = self.wait_for(connection, load);
        self.store_requests.push(Request::LoadAccount { ticket, name });
    }

    /// A login that claimed its character may not have entered after all: then its claim ends.
    pub(super) fn give_up_claim(&mut self, user_id: UserId) {
        if self.players.by_user(user_id).is_none() {
            self.sessions.ended.push(SessionWrite::Close { user_id, at: self.unix_now() });
            self.write_sessions();
        }
    }

    /// Something of a player's session changed; it is written with the next batch.
    pub(super) fn session_changed(&mut self, key: PlayerKey) {
        self.sessions.changed.push(key);
        self.schedule_save();
        if !self.sessions.refreshing {
            self.sessions.refreshing = true;
            self.timers.set(self.now + REFRESH_MS, Timer::RefreshSessions);
        }
    }

    /// A player has left the world.
    pub(super) fn session_ended(&mut self, user_id: UserId) {
        self.sessions.ended.push(SessionWrite::Close { user_id, at: self.unix_now() });
    }

    /// Everybody who is connected has been seen.
    pub(super) fn refresh_sessions(&mut self) {
        self.sessions.refreshing = false;
        let connected: Vec<_> = self
            .players
            .iter()
            .filter(|(_, player)| player.connection.is_some())
            .map(|(key, _)| key)
            .collect();
        for key in connected {
            self.session_changed(key);
        }
        self.write_sessions();
    }

    /// Writes all changes of sessions as one batch.
    pub(super) fn write_sessions(&mut self) {
        let mut changed = std::mem::take(&mut self.sessions.changed);
        changed.sort_unstable();
        changed.dedup();
        if self.saves_wait() {
            self.sessions.changed = changed;
            return;
        }
        let mut writes = std::mem::take(&mut self.sessions.ended);
        let players = changed.drain(..).filter_map(|key| self.players.get(key));
        writes.extend(players.map(|player| SessionWrite::Put(self.session_of_player(player))));
        self.sessions.changed = changed;
        if writes.is_empty() {
            return;
        }
        let ticket = self.pending.add(Pending::Sessions);
        self.saving.asked();
        self.store_requests.push(Request::WriteSessions { ticket, writes });
    }

    /// These characters are no longer ours: whoever plays them here has to go, and nothing of them is saved.
    /// Whether there was one to give up.
    pub(super) fn give_up_characters(&mut self, users: &[UserId], reason: CloseReason) -> bool {
        let mut gave_up = self.forget_departed(users);
        for key in users.iter().filter_map(|user_id| self.players.by_user(*user_id)).collect::<Vec<_>>() {
            let Some(player) = self.players.get(key) else { continue };
            gave_up = true;
            log::warn!("{:?} leaves without being saved: {reason}", player.name());
            let (index, connection) = (player.index, player.connection);
            self.hide_from_others(index);
            self.world.leave(index);
            self.players.remove(key);
            if let Some(connection) = connection {
                self.close(connection, reason);
            }
        }
        gave_up
    }

    /// The store was emptied or swapped while we play: what we hold in memory is written back.
    pub(super) fn restore_store(&mut self) {
        let keys = self.players.keys();
        let mut accounts: Vec<StoredAccount> = self.saving.all_departed().cloned().collect();
        accounts.extend(keys.iter().filter_map(|key| self.stored_account(*key)));
        log::warn!("the store is empty: writing back {} characters held in memory", accounts.len());
        let ticket = self.pending.add(Pending::Restore);
        self.saving.asked();
        self.saving.restore_begins();
        self.store_requests.push(Request::RestoreAccounts { ticket, accounts });
        for key in keys {
            let Some(player) = self.players.get(key) else { continue };
            let session = Box::new(self.session_of_player(player));
            let ticket = self.pending.add(Pending::Reclaim);
            self.store_requests.push(Request::OpenSession { ticket, session });
            self.session_changed(key);
        }
    }
}

fn class_name(number: u8) -> String {
    Class::from_wire(number).map_or("", Class::word).to_string()
}
