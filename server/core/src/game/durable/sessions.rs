//! Sessions: telling the store who plays, so that tools and other servers know.
//!
//! A login claims its character before it is loaded for the last time; from then on no other server saves it. Changes
//! of a session (another map, a lost connection, an end) are gathered and written together; while players are
//! connected, all of theirs are refreshed every half minute.

use crate::base::Millis;
use crate::base::ids::PlayerKey;
use crate::game::durable::pending::Pending;
use crate::game::durable::save::stored_account;
use crate::game::durable::{Durable, PlayState};
use crate::game::player::table::Player;
use crate::game::rules::kinds::Class;
use crate::game::timers::Timer;
use crate::records::session::{Session, SessionWrite};
use crate::records::{Request, StoredAccount, UserId};
use crate::world::World;

/// Interval at which the sessions of all connected players are written.
const REFRESH_MS: Millis = 30_000;

impl Durable {
    /// Returns the Unix time at `now`, in seconds.
    #[must_use]
    pub fn unix_at(&self, now: Millis) -> u64 {
        self.unix_start + now / 1_000
    }

    /// Returns the session that a login is about to open.
    pub fn session_of_stored(&self, stored: &StoredAccount, now: Millis) -> Session {
        Session {
            user_id: stored.account.user_id,
            username: stored.account.account.username.clone(),
            level: stored.character.stats.level,
            class: class_name(stored.account.account.class),
            location_id: stored.character.position.map,
            hp: stored.character.stats.hp,
            last_seen: self.unix_at(now),
            disconnected_at: None,
        }
    }

    fn session_of_player(&self, player: &Player, world: &World, now: Millis) -> Session {
        let location_id = match world.character(player.index) {
            Some(character) => character.position.map,
            None => player.character.position.map,
        };
        let absent_since = self.unix_at(player.absent_since);
        let disconnected_at = player.connection.is_none().then_some(absent_since);
        Session {
            user_id: player.account.user_id,
            username: player.name().to_string(),
            level: player.character.stats.level,
            class: class_name(player.account.account.class),
            location_id,
            hp: player.character.stats.hp,
            last_seen: disconnected_at.unwrap_or_else(|| self.unix_at(now)),
            disconnected_at,
        }
    }

    /// Notes that a player's session has changed; it is written with the next batch.
    pub fn session_changed(&mut self, key: PlayerKey, mut state: PlayState<'_>) {
        self.note_session(key, &mut state);
    }

    fn note_session(&mut self, key: PlayerKey, state: &mut PlayState<'_>) {
        self.sessions.changed.push(key);
        self.schedule_save(state);
        if !self.sessions.refreshing {
            self.sessions.refreshing = true;
            state.timers.set(state.now + REFRESH_MS, Timer::RefreshSessions);
        }
    }

    /// Notes that a player has left the world.
    pub fn session_ended(&mut self, user_id: UserId, now: Millis) {
        self.sessions.ended.push(SessionWrite::Close { user_id, at: self.unix_at(now) });
    }

    /// Notes that all connected players have been seen.
    pub fn refresh_sessions(&mut self, mut state: PlayState<'_>) {
        self.sessions.refreshing = false;
        let connected: Vec<_> = state
            .players
            .iter()
            .filter(|(_, player)| player.connection.is_some())
            .map(|(key, _)| key)
            .collect();
        for key in connected {
            self.note_session(key, &mut state);
        }
        self.write_sessions(&mut state);
    }

    /// Writes all changes of sessions as one batch.
    pub fn write_sessions(&mut self, state: &mut PlayState<'_>) {
        let mut changed = std::mem::take(&mut self.sessions.changed);
        changed.sort_unstable();
        changed.dedup();
        if self.saves_wait(state) {
            self.sessions.changed = changed;
            return;
        }
        let mut writes = std::mem::take(&mut self.sessions.ended);
        let players = changed.drain(..).filter_map(|key| state.players.get(key));
        let put = |player| SessionWrite::Put(self.session_of_player(player, state.world, state.now));
        writes.extend(players.map(put));
        self.sessions.changed = changed;
        if writes.is_empty() {
            return;
        }
        let ticket = self.pending.add(Pending::Sessions);
        self.saving.asked();
        self.ask(Request::WriteSessions { ticket, writes });
    }

    /// Writes all characters in memory back to a store that was emptied or swapped.
    pub fn restore_store(&mut self, state: &mut PlayState<'_>) {
        let keys = state.players.keys();
        let mut accounts: Vec<StoredAccount> = self.saving.all_departed().cloned().collect();
        accounts.extend(keys.iter().filter_map(|key| stored_account(state.players, state.world, *key)));
        log::warn!("the store is empty: writing back {} characters held in memory", accounts.len());
        let ticket = self.pending.add(Pending::Restore);
        self.saving.asked();
        self.saving.restore_begins();
        self.ask(Request::RestoreAccounts { ticket, accounts });
        for key in keys {
            let Some(player) = state.players.get(key) else { continue };
            let session = Box::new(self.session_of_player(player, state.world, state.now));
            let ticket = self.pending.add(Pending::Reclaim);
            self.ask(Request::OpenSession { ticket, session });
            self.note_session(key, state);
        }
    }
}

fn class_name(number: u8) -> String {
    Class::from_wire(number).map_or("", Class::word).to_string()
}
