//! Sessions and claims, and another server that has characters.

use std::collections::BTreeSet;

use super::{Contents, MemoryStore};
use crate::records::server::{ServerId, ServerRun, ServerStart};
use crate::records::session::{Claim, Session, SessionWrite, StoredSession};
use crate::records::{StoreError, UserId};

/// Name of the server of [`MemoryStore::play_elsewhere`].
const OTHER: &str = "other";

impl Contents {
    pub(super) fn is_taken(&self, run: &ServerRun, user_id: UserId) -> bool {
        self.taken.get(&key(run)).is_some_and(|taken| taken.contains(&user_id))
    }

    pub(super) fn taken_from(&self, run: &ServerRun) -> Vec<UserId> {
        self.taken.get(&key(run)).into_iter().flatten().copied().collect()
    }

    /// Marks the sessions of servers that are gone as disconnected, and drops those of them whose time is over; returns
    /// how many were marked.
    pub(super) fn disconnect_orphans(&mut self) -> usize {
        let (mut sessions, now) = (std::mem::take(&mut self.sessions), self.now_ms() / 1_000);
        sessions.retain(|_, stored| is_shown(stored, now) || self.is_held(stored));
        let mut marked = 0;
        for stored in sessions.values_mut().filter(|stored| !self.is_held(stored)) {
            if stored.session.disconnected_at.is_none() {
                stored.session.disconnected_at = Some(now);
                marked += 1;
            }
        }
        self.sessions = sessions;
        marked
    }

    /// Returns true if the server of that session lives.
    fn is_held(&self, stored: &StoredSession) -> bool {
        stored.run.as_ref().is_some_and(|run| self.lives(run))
    }

    fn put(&mut self, run: &ServerRun, session: &Session) {
        let stored =
            StoredSession { session: session.clone(), run: Some(run.clone()), missing: BTreeSet::new() };
        self.sessions.insert(session.user_id, stored);
    }

    fn claim(&mut self, run: &ServerRun, session: &Session) {
        let user_id = session.user_id;
        if let Some(owner) = self.owners.insert(user_id, run.clone()).filter(|owner| owner != run) {
            self.taken.entry(key(&owner)).or_default().insert(user_id);
        }
        if let Some(taken) = self.taken.get_mut(&key(run)) {
            taken.remove(&user_id);
        }
        self.put(run, session);
    }

    fn is_of(&self, user_id: UserId, run: &ServerRun) -> bool {
        self.sessions.get(&user_id).is_some_and(|stored| stored.run.as_ref() == Some(run))
    }
}

fn key(run: &ServerRun) -> (ServerId, u64) {
    (run.server.clone(), run.epoch)
}

fn is_shown(stored: &StoredSession, now: u64) -> bool {
    stored.session.expires_at(now).is_none_or(|end| end > now)
}

impl MemoryStore {
    /// Claims a character for the registered server and opens its session.
    ///
    /// # Errors
    /// [`StoreError::NotRegistered`].
    pub fn open_session(&mut self, session: &Session) -> Result<Claim, StoreError> {
        let run = self.registered()?.run.clone();
        let mut contents = self.contents();
        let holder = contents.sessions.get(&session.user_id).filter(|stored| contents.is_held(stored));
        if let Some(holder) = holder.and_then(|stored| stored.run.as_ref()).filter(|holder| **holder != run) {
            return Ok(Claim::Held { server: holder.server.clone() });
        }
        contents.claim(&run, session);
        Ok(Claim::Granted)
    }

    /// Changes sessions of the registered server; those of characters that another server has claimed are left out.
    ///
    /// # Errors
    /// [`StoreError::NotRegistered`] or [`StoreError::OtherStore`]; then nothing was written.
    pub fn write_sessions(&mut self, writes: &[SessionWrite]) -> Result<(), StoreError> {
        let run = self.registered()?.run.clone();
        self.check_store()?;
        let mut contents = self.contents();
        for write in writes {
            let user_id = write.user_id();
            match write {
                _ if contents.is_taken(&run, user_id) => {}
                SessionWrite::Put(session) => contents.put(&run, session),
                SessionWrite::Close { .. } if contents.is_of(user_id, &run) => {
                    contents.sessions.remove(&user_id);
                }
                SessionWrite::Close { .. } => {}
            }
        }
        Ok(())
    }

    /// Lists the sessions that are shown, of every server, by user.
    #[must_use]
    pub fn stored_sessions(&self) -> Vec<StoredSession> {
        let contents = self.contents();
        let now = contents.now_ms() / 1_000;
        contents.sessions.values().filter(|stored| is_shown(stored, now)).cloned().collect()
    }

    /// Returns the session that the registered server has of that user.
    #[must_use]
    pub fn session(&self, user_id: UserId) -> Option<Session> {
        self.sessions().into_iter().find(|session| session.user_id == user_id)
    }

    /// Returns the sessions of the registered server, by user.
    #[must_use]
    pub fn sessions(&self) -> Vec<Session> {
        let run = self.registered.as_ref().map(|registered| &registered.run);
        let contents = self.contents();
        let own = contents.sessions.values().filter(|stored| run.is_some() && stored.run.as_ref() == run);
        own.map(|stored| stored.session.clone()).collect()
    }

    /// Claims the character and plays it as another server does that believes ours gone: it stands elsewhere and says
    /// something else of itself.
    pub fn play_elsewhere(&mut self, user_id: UserId) {
        let other = self.other_server();
        let mut contents = self.contents();
        let Some(stored) = contents.accounts.get_mut(&user_id) else { return };
        let character = &mut stored.character;
        character.position.heading = character.position.heading % 4 + 1;
        character.description = format!("played elsewhere, then {}", character.description);
        character.description.truncate(60);
        let session = Session {
            user_id,
            username: stored.account.account.username.clone(),
            level: 1,
            class: String::new(),
            location_id: character.position.map,
            hp: 0,
            last_seen: 0,
            disconnected_at: None,
        };
        contents.claim(&other, &session);
    }

    /// Ends the session of the other server.
    pub fn release(&mut self, user_id: UserId) {
        let other = self.other_server();
        let mut contents = self.contents();
        if contents.is_of(user_id, &other) {
            contents.sessions.remove(&user_id);
        }
    }

    /// Returns the run of the other server, which is registered when it is first asked for.
    fn other_server(&mut self) -> ServerRun {
        let live = self.servers().into_iter().map(|live| live.run).find(|run| run.server.as_str() == OTHER);
        live.unwrap_or_else(|| {
            let server = ServerId::new(OTHER).unwrap_or_else(|_| ServerId::from_host(OTHER, 0));
            let start = ServerStart { server, started_at: 0, lease: super::LEASE };
            self.connect().register_server(&start).run
        })
    }
}
