//! Sessions to keys and back: for each question the commands that ask it, and the reading of the answer.

use std::collections::BTreeMap;

use pyao_core::base::ids::MapId;
use redis::Value;

use super::commands::Commands;
use super::values::{Hash, Replies, damaged, integer, list, lossy_text, text};
use super::{PAGE, RedisStore, scripts};
use crate::fields::{BYTE, WORD};
use crate::keyspace::{
    PLAYER_OWNER, SERVER_LEASE, SERVER_TAKEN, SESSION, SESSION_LAST_SEEN, SESSIONS, of_run, of_user,
};
use crate::records::UserId;
use crate::server::{ServerId, ServerRun};
use crate::session::{Claim, DISCONNECTED_SESSION_SECONDS, Session, SessionWrite, StoredSession};
use crate::{Sessions, StoreError, clock};

/// Life of the set of characters that were taken from a run: longer than any server sleeps and wakes up again.
const TAKEN_SECONDS: &str = "604800";
const DISCONNECT_TIME: &str = "disconnect_time";
/// The fields without which a session is one all the same: people write sessions by hand.
const MAY_BE_MISSING: [&str; 5] = ["location_id", "hp", "websocket_connected", "server", "epoch"];

/// Claims a character for `run` and opens its session.
pub(super) fn open(commands: &mut Commands, run: &ServerRun, session: &Session) {
    let user_id = session.user_id;
    let of = |template| of_user(template, user_id);
    let keys =
        [of(SESSION), of(SESSION_LAST_SEEN), SESSIONS.into(), of(PLAYER_OWNER), of_run(SERVER_TAKEN, run)];
    scripts::call(commands, scripts::OPEN_SESSION, &keys.each_ref().map(String::as_str))
        .args([SERVER_LEASE, SERVER_TAKEN])
        .arg(user_id)
        .arg(&run.server)
        .arg(run.epoch)
        .arg(TAKEN_SECONDS)
        .arg(session.last_seen);
    write_fields(commands, run, session);
}

/// Reads what [`open`] did.
pub(super) fn opened(replies: &mut Replies) -> Result<Claim, StoreError> {
    let holder = text(SESSION, replies.next()?)?.unwrap_or_default();
    if holder.is_empty() {
        return Ok(Claim::Granted);
    }
    let server = ServerId::new(&holder).map_err(|error| damaged(SESSION, &error.to_string()))?;
    Ok(Claim::Held { server })
}

/// Changes sessions of `run`. Of several changes of one session the last counts. A command that many sessions share is
/// one command for all of them: the refresh of everybody who plays costs one command a player.
pub(super) fn write<'a>(
    commands: &mut Commands,
    run: &ServerRun,
    writes: impl IntoIterator<Item = &'a SessionWrite>,
) {
    let writes: BTreeMap<UserId, &SessionWrite> =
        writes.into_iter().map(|write| (write.user_id(), write)).collect();
    let (mut puts, mut closes) = (Vec::new(), Vec::new());
    for write in writes.into_values() {
        match write {
            SessionWrite::Put(session) => puts.push(session),
            SessionWrite::Close { user_id, at } => closes.push((*user_id, *at)),
        }
    }
    if !puts.is_empty() {
        put(commands, run, &puts);
    }
    closes.chunks(PAGE).for_each(|some| close(commands, run, some));
}

/// Writes sessions whole; one whose hour is over is gone with that.
fn put(commands: &mut Commands, run: &ServerRun, sessions: &[&Session]) {
    let key_of = |session: &Session| of_user(SESSION, session.user_id);
    commands.add("DEL").args(sessions.iter().map(|session| key_of(session)));
    for session in sessions {
        commands.add("HSET").arg(key_of(session));
        write_fields(commands, run, session);
        if let Some(expires_at) = session.expires_at(clock::unix_seconds()) {
            let seconds_left = i128::from(expires_at) - i128::from(clock::unix_seconds());
            commands.add("EXPIRE").arg(key_of(session)).arg(seconds_left);
        }
    }
    commands.add("MSET");
    for session in sessions {
        commands.arg(of_user(SESSION_LAST_SEEN, session.user_id)).arg(session.last_seen);
    }
    commands.add("SADD").arg(SESSIONS).args(sessions.iter().map(|session| session.user_id));
}

/// Ends sessions, each with the time when its player was last seen.
fn close(commands: &mut Commands, run: &ServerRun, closes: &[(UserId, u64)]) {
    let of_each = |(user_id, _): &(UserId, u64)| {
        [SESSION, SESSION_LAST_SEEN, PLAYER_OWNER].map(|key| of_user(key, *user_id))
    };
    let keys: Vec<String> = std::iter::once(SESSIONS.into()).chain(closes.iter().flat_map(of_each)).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    scripts::call(commands, scripts::CLOSE_SESSIONS, &keys).arg(&run.server).arg(run.epoch);
    for (user_id, at) in closes {
        commands.arg(user_id).arg(at);
    }
}

fn write_fields(commands: &mut Commands, run: &ServerRun, session: &Session) {
    commands
        .args(["username", &session.username])
        .args(["class", &session.class])
        .arg("level")
        .arg(session.level)
        .arg("location_id")
        .arg(session.location_id.get())
        .arg("hp")
        .arg(session.hp)
        .arg("websocket_connected")
        .arg(session.disconnected_at.is_none())
        .args(["server", run.server.as_str()])
        .arg("epoch")
        .arg(run.epoch);
    if let Some(at) = session.disconnected_at {
        commands.arg(DISCONNECT_TIME).arg(at);
    }
}

/// Asks for the session of a user.
pub(super) fn look(commands: &mut Commands, user_id: UserId) {
    commands.add("HGETALL").arg(of_user(SESSION, user_id));
    commands.add("GET").arg(of_user(SESSION_LAST_SEEN, user_id));
}

/// Reads what [`look`] asked.
pub(super) fn seen(replies: &mut Replies, user_id: UserId) -> Result<Option<StoredSession>, StoreError> {
    let (hash, last_seen) = (replies.next(), replies.next());
    let hash = Hash::new(&of_user(SESSION, user_id), hash?)?;
    if hash.is_empty() {
        return Ok(None);
    }
    let disconnected_at = match hash.get("websocket_connected") {
        None | Some("true") => None,
        Some("false") => hash.get(DISCONNECT_TIME).map(|_| seconds(&hash, DISCONNECT_TIME)).transpose()?,
        Some(other) => return Err(hash.damaged(&format!("websocket_connected is {other:?}"))),
    };
    let last_seen = last_seen?;
    let missing = MAY_BE_MISSING.into_iter().filter(|field| hash.get(field).is_none());
    let missing = missing.chain((last_seen == Value::Nil).then_some("last_seen")).collect();
    Ok(Some(StoredSession {
        missing,
        session: Session {
            user_id,
            username: hash.text("username")?.to_owned(),
            level: hash.number("level", BYTE)?,
            class: hash.text("class")?.to_owned(),
            location_id: MapId::new(optional_word(&hash, "location_id")?),
            hp: optional_word(&hash, "hp")?,
            last_seen: integer(&of_user(SESSION_LAST_SEEN, user_id), last_seen)?,
            disconnected_at,
        },
        run: run_of(&hash)?,
    }))
}

/// Reads a number, 0 if it is missing.
fn optional_word(hash: &Hash, field: &'static str) -> Result<u16, StoreError> {
    if hash.get(field).is_some() { hash.number(field, WORD) } else { Ok(0) }
}

/// Reads the run that wrote a session; none if the session was written by hand.
fn run_of(hash: &Hash) -> Result<Option<ServerRun>, StoreError> {
    let (Some(server), Some(_)) = (hash.get("server"), hash.get("epoch")) else { return Ok(None) };
    let server = ServerId::new(server).map_err(|error| hash.damaged(&error.to_string()))?;
    Ok(Some(ServerRun { server, epoch: hash.number("epoch", 0..=i64::MAX)? }))
}

/// Reads Unix seconds, of which other writers may have stored a fraction.
fn seconds(hash: &Hash, field: &'static str) -> Result<u64, StoreError> {
    let text = hash.text(field)?;
    let whole = text.split('.').next().unwrap_or_default();
    whole.parse().map_err(|_| hash.damaged(&format!("{field} is {text:?}, no time")))
}

/// Asks for some of the users that have a session, from where the last answer stopped.
pub(super) fn scan(commands: &mut Commands, cursor: u64) {
    commands.add("SSCAN").arg(SESSIONS).arg(cursor).arg("COUNT").arg(1000);
}

/// Reads what [`scan`] asked: where it stopped (0: at the end), and the users.
pub(super) fn scanned(replies: &mut Replies) -> Result<(u64, Vec<UserId>), StoreError> {
    let mut answer = list(replies.next()?).into_iter();
    let mut next = || answer.next().unwrap_or(Value::Nil);
    let cursor = integer(SESSIONS, next())?;
    let mut users = Vec::new();
    for user in list(next()) {
        let id = integer(SESSIONS, user)?;
        users.push(UserId(u32::try_from(id).map_err(|_| damaged(SESSIONS, "a user id is too large"))?));
    }
    Ok((cursor, users))
}

/// Asks for some of the keys that hold a session, from where the last answer stopped.
pub(super) fn scan_keys(commands: &mut Commands, cursor: u64) {
    let pattern = SESSION.replace("{id}", "*");
    commands.add("SCAN").arg(cursor).args(["MATCH", &pattern, "COUNT", "10000", "TYPE", "hash"]);
}

/// Reads what [`scan_keys`] asked: where it stopped (0: at the end), and the users.
pub(super) fn scanned_keys(replies: &mut Replies) -> Result<(u64, Vec<UserId>), StoreError> {
    let mut answer = list(replies.next()?).into_iter();
    let mut next = || answer.next().unwrap_or(Value::Nil);
    let cursor = integer(SESSION, next())?;
    let (prefix, suffix) = SESSION.split_once("{id}").unwrap_or_default();
    let user_of = |key: Value| {
        let key = lossy_text(&key);
        // A key of this pattern without a number is somebody else's.
        key.strip_prefix(prefix)?.strip_suffix(suffix)?.parse().ok().map(UserId)
    };
    Ok((cursor, list(next()).into_iter().filter_map(user_of).collect()))
}

/// Marks a session that its server has left behind; forgets one that has expired (`run` is then any).
pub(super) fn disconnect_orphan(commands: &mut Commands, user_id: UserId, run: Option<&ServerRun>, at: u64) {
    let (server, epoch) =
        run.map_or_else(Default::default, |run| (run.server.to_string(), run.epoch.to_string()));
    let keys = [&of_user(SESSION, user_id), SESSIONS, &of_user(PLAYER_OWNER, user_id)];
    scripts::call(commands, scripts::DISCONNECT_ORPHAN, &keys)
        .arg(user_id)
        .args([server, epoch])
        .arg(at)
        .arg(DISCONNECTED_SESSION_SECONDS)
        .arg(SERVER_LEASE);
}

impl RedisStore {
    /// Users that have a session, as the index has them.
    fn session_users(&mut self) -> Result<Vec<UserId>, StoreError> {
        let mut users = Vec::new();
        let mut cursor = 0;
        loop {
            let (next, some) = self.ask(|commands| scan(commands, cursor), scanned)?;
            users.extend(some);
            cursor = next;
            if cursor == 0 {
                users.sort_unstable();
                users.dedup();
                return Ok(users);
            }
        }
    }

    /// Returns the users whose session key is there, also where somebody wrote it by hand and the index does not know of it.
    fn users_with_session_key(&mut self) -> Result<Vec<UserId>, StoreError> {
        let (mut users, mut cursor) = (Vec::new(), 0);
        loop {
            let (next, some) = self.ask(|commands| scan_keys(commands, cursor), scanned_keys)?;
            users.extend(some);
            cursor = next;
            if cursor == 0 {
                return Ok(users);
            }
        }
    }

    /// Reads the sessions of `users`; `None` for one that has expired.
    fn read_sessions(&mut self, users: &[UserId]) -> Result<Vec<Option<StoredSession>>, StoreError> {
        let ask = |commands: &mut Commands| users.iter().for_each(|user_id| look(commands, *user_id));
        let read = |replies: &mut Replies| -> Result<Vec<_>, StoreError> {
            let seen = |user_id: &UserId| (*user_id, seen(replies, *user_id));
            Ok(users.iter().map(seen).collect())
        };
        let mut found = Vec::new();
        for (user_id, session) in self.ask(ask, read)? {
            match session {
                Ok(session) => found.push(session),
                Err(error) if error.is_temporary() => return Err(error),
                Err(error) => log::warn!("the session of user {user_id} cannot be read: {error}"),
            }
        }
        Ok(found)
    }

    /// Marks the sessions of runs that are gone as disconnected, and forgets expired ones; how many were marked.
    pub(super) fn disconnect_orphans(&mut self) -> Result<usize, StoreError> {
        let alive: Vec<ServerRun> = self.live_runs()?;
        let now = clock::unix_seconds();
        let mut marked = 0;
        for users in self.session_users()?.chunks(PAGE) {
            let found: BTreeMap<UserId, StoredSession> = self
                .read_sessions(users)?
                .into_iter()
                .flatten()
                .map(|stored| (stored.session.user_id, stored))
                .collect();
            let mut commands = Commands::new();
            for user_id in users {
                let run = found.get(user_id).and_then(|stored| stored.run.as_ref());
                if run.is_none_or(|run| !alive.contains(run)) {
                    disconnect_orphan(&mut commands, *user_id, run, now);
                }
            }
            let mut replies = Replies::new(self.link.exchange(&mut commands)?);
            for _ in 0..commands.len() {
                marked += usize::from(integer(SESSIONS, replies.next()?)? == 1);
            }
        }
        Ok(marked)
    }
}

impl Sessions for RedisStore {
    fn open_session(&mut self, session: &Session) -> Result<Claim, StoreError> {
        let (run, _) = self.registered()?;
        self.will_claim(session);
        self.ask(|commands| open(commands, &run, session), opened)
    }

    fn write_sessions(&mut self, writes: &[SessionWrite]) -> Result<(), StoreError> {
        let (run, _) = self.registered()?;
        if writes.is_empty() {
            return Ok(());
        }
        self.write_unless_taken(
            |_| {},
            |commands, taken, _| {
                let ours = writes.iter().filter(|write| !taken.contains(&write.user_id()));
                write(commands, &run, ours);
                Ok(())
            },
        )?;
        for write in writes {
            if let SessionWrite::Close { user_id, .. } = write {
                self.claimed.remove(user_id);
            }
        }
        Ok(())
    }

    fn session(&mut self, user_id: UserId) -> Result<Option<StoredSession>, StoreError> {
        self.ask(|commands| look(commands, user_id), |replies| seen(replies, user_id))
    }

    fn sessions(&mut self) -> Result<Vec<StoredSession>, StoreError> {
        let mut users = self.session_users()?;
        users.extend(self.users_with_session_key()?);
        users.sort_unstable();
        users.dedup();
        let mut found = Vec::new();
        for users in users.chunks(PAGE) {
            found.extend(self.read_sessions(users)?.into_iter().flatten());
        }
        Ok(found)
    }
}
