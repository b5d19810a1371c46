//! The store on a Redis, which several servers and their tools may share.
//!
//! Everything is text under the names of [`keyspace`], so that an operator reads and changes it with
//! `redis-cli`. One connection carries all questions; those that wait together go in one round trip.
//!
//! **What is decided in one step** is a script (`scripts/`): a name is taken once, a character is claimed by one
//! server. Everything else is plain commands, in a transaction where several belong together.
//!
//! **No old state over a newer one.** A run of a server may write the characters that it claimed, until another run
//! claims them. Whoever claims a character notes it in the *taken* set of the run that had it. A run writes under
//! WATCH of its own taken set: if the character is in it, the write is refused; if it comes in meanwhile, Redis does
//! nothing of the transaction and the run looks again. So a save costs one key to watch, however many characters it
//! has, and stays plain HSETs; a script that carried thousands of fields would block Redis far longer.
//!
//! **Nothing for a Redis that was emptied**, or that is another one. In the same round trip a write reads the name of the
//! store; when it is not the one that this run knows, nothing is written and nothing is believed to be deleted. It is
//! known from the registration, and anew when what the server holds was written back.
//!
//! **No character under the number of another.** When Redis is emptied in play, servers write back what they hold, and
//! new accounts get numbers above all that were there. Should a number have gone to somebody else all the same, whoever
//! had it is not written back, and saves of him are refused: they go by the name under which he was claimed.
//!
//! **Durability** is that of the Redis: see [`StoreDescription::loss_window`].

mod accounts;
mod address;
mod batch;
mod characters;
mod check;
mod commands;
mod description;
mod error;
mod link;
mod options;
mod scripts;
mod servers;
mod sessions;
mod settings;
mod snapshot;
mod values;
mod wire;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use redis::Value;

pub use address::{DEFAULT_PORT, Endpoint, RedisAddress, percent_encoded};
pub use check::{RedisCheck, check};
pub use error::RedisError;
pub use options::{Keepalive, RedisOptions};
pub use snapshot::Snapshot;

use super::clock::unix_seconds;
use super::keyspace::{
    self, ACCOUNTS_COUNTER, ACCOUNTS_NAMES, CONNECTIONS_COUNT, MAPS, SERVER_TAKEN, SESSIONS, STORE_ID,
};
use super::records::{
    AccountRecord, CharacterRecord, CharacterSave, MapsRecord, NewAccount, PositionRecord, UserId, name_key,
};
use super::server::{Heartbeat, LiveServer, Registration, ServerId, ServerRun, ServerStart, ServerStatus};
use super::session::{Claim, Session, SessionWrite, StoredSession};
use super::{
    CreateError, OwnChanges, Reply, Request, ServerSettings, Settings, Store, StoreDescription, StoreError,
    StoredAccount, carry_out_one, fresh_store_id,
};
use accounts::Number;
use commands::Commands;
use link::{Link, Traffic};
use values::{Replies, integer, list, lossy_text, text};

/// Most keys asked for in one round trip where there may be many.
const PAGE: usize = 1000;
/// How often a write is tried again because a character was claimed meanwhile.
const CLAIMED_MEANWHILE: u32 = 10;

/// A store on a Redis. See the module.
pub struct RedisStore {
    link: Link,
    /// The run that this connection writes for, and its lease.
    registered: Option<(ServerRun, Duration)>,
    /// Name of the store that this run saves to: the one it registered on, or last wrote everything back to.
    store_id: String,
    /// Name of the store as the last heartbeat told it.
    told_store_id: String,
    /// The largest number of an account that it has met, or that there was at the last heartbeat. A new one gets a larger
    /// one even on a Redis that was emptied: servers may still hold characters of these numbers, and write them back.
    largest: UserId,
    /// Names, in lower case, under which this run claimed the characters that it has.
    claimed: HashMap<UserId, String>,
}

impl std::fmt::Debug for RedisStore {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "RedisStore({})", self.link.address)
    }
}

impl RedisStore {
    /// Connects to the Redis at `address`.
    ///
    /// # Errors
    /// See [`RedisError`]; each says in one line what to try.
    pub fn open(address: RedisAddress, options: RedisOptions) -> Result<Self, RedisError> {
        let mut store = Self {
            link: Link::new(address, options),
            registered: None,
            store_id: String::new(),
            told_store_id: String::new(),
            largest: UserId(0),
            claimed: HashMap::new(),
        };
        store.link.connect_if_needed()?;
        Ok(store)
    }

    /// Asks and reads the answer, in one round trip.
    fn ask<T, E: From<StoreError>>(
        &mut self,
        ask: impl FnOnce(&mut Commands),
        read: impl FnOnce(&mut Replies) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut commands = Commands::new();
        ask(&mut commands);
        let answers = self.link.exchange(&mut commands).map_err(StoreError::from)?;
        read(&mut Replies::new(answers))
    }

    /// Sends one command.
    fn command(&mut self, name: &str, arguments: &[&str]) -> Result<Value, StoreError> {
        let answers = self.link.exchange(&mut Commands::of(name, arguments))?;
        Replies::new(answers).next()
    }

    fn has_met(&mut self, user_id: UserId) {
        self.largest = self.largest.max(user_id);
    }

    fn will_claim(&mut self, session: &Session) {
        self.has_met(session.user_id);
        self.claimed.insert(session.user_id, name_key(&session.username));
    }

    /// The number of a new account. A tool holds no characters, so for a tool any free one will do.
    fn new_number(&self) -> Number {
        Number::Above(if self.registered.is_some() { self.largest } else { UserId(0) })
    }

    fn registered(&self) -> Result<(ServerRun, Duration), StoreError> {
        self.registered.clone().ok_or(StoreError::NotRegistered)
    }

    /// Writes what `write` adds in one transaction, in which neither the store nor what it saw as taken has changed.
    ///
    /// `look` may ask more in the round trip before; `write` reads that, and may refuse.
    fn write_unless_taken(
        &mut self,
        look: impl Fn(&mut Commands),
        write: impl Fn(&mut Commands, &HashSet<UserId>, &mut Replies) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        for _ in 0..CLAIMED_MEANWHILE {
            let mut commands = Commands::new();
            if let Some((run, _)) = &self.registered {
                let taken_key = keyspace::of_run(SERVER_TAKEN, run);
                commands.add("WATCH").arg(&taken_key).arg(STORE_ID);
                commands.add("GET").arg(STORE_ID);
                commands.add("SMEMBERS").arg(&taken_key);
            }
            look(&mut commands);
            let mut replies = Replies::new(self.link.exchange(&mut commands)?);
            let mut writes = Commands::transaction();
            let taken = self.taken_on_our_store(&mut replies);
            if let Err(refusal) = taken.and_then(|taken| write(&mut writes, &taken, &mut replies)) {
                self.command("UNWATCH", &[])?;
                return Err(refusal);
            }
            if self.link.transaction(writes)?.is_some() {
                return Ok(());
            }
        }
        Err(StoreError::Unavailable("characters of this server are claimed faster than it saves".into()))
    }

    /// Reads what a write of a registered server asked first: that this is its store, and the characters taken from it.
    fn taken_on_our_store(&self, replies: &mut Replies) -> Result<HashSet<UserId>, StoreError> {
        if self.registered.is_none() {
            return Ok(HashSet::new());
        }
        replies.next()?;
        if text(STORE_ID, replies.next()?)?.as_ref() != Some(&self.store_id) {
            return Err(StoreError::OtherStore);
        }
        let users = list(replies.next()?);
        Ok(users.iter().filter_map(|user| lossy_text(user).parse().ok()).map(UserId).collect())
    }

    /// Notes what a heartbeat told.
    fn has_heard(&mut self, heartbeat: &Heartbeat, last_account: UserId) {
        self.told_store_id.clone_from(&heartbeat.store_id);
        self.has_met(last_account);
    }

    /// Looks why accounts were not written back. Most are there already; the log tells of the others.
    fn tell_of_refused(&mut self, refused: &[&AccountRecord]) -> Result<(), StoreError> {
        if refused.is_empty() {
            return Ok(());
        }
        let reasons = self.ask(
            |commands| accounts::look_who_is_there(commands, refused),
            |replies| accounts::why_refused(replies, refused),
        )?;
        reasons.iter().for_each(|reason| log::error!("{reason}"));
        Ok(())
    }

    /// Users that have a session, as the index has them.
    fn session_users(&mut self) -> Result<Vec<UserId>, StoreError> {
        let mut users = Vec::new();
        let mut cursor = 0;
        loop {
            let (next, some) = self.ask(|commands| sessions::scan(commands, cursor), sessions::scanned)?;
            users.extend(some);
            cursor = next;
            if cursor == 0 {
                users.sort_unstable();
                users.dedup();
                return Ok(users);
            }
        }
    }

    /// The users whose session key is there, also where somebody wrote it by hand and the index does not know of it.
    fn users_with_session_key(&mut self) -> Result<Vec<UserId>, StoreError> {
        let (mut users, mut cursor) = (Vec::new(), 0);
        loop {
            let (next, some) =
                self.ask(|commands| sessions::scan_keys(commands, cursor), sessions::scanned_keys)?;
            users.extend(some);
            cursor = next;
            if cursor == 0 {
                return Ok(users);
            }
        }
    }

    /// The sessions of `users`; `None` for one that has expired.
    fn read_sessions(&mut self, users: &[UserId]) -> Result<Vec<Option<StoredSession>>, StoreError> {
        let ask =
            |commands: &mut Commands| users.iter().for_each(|user_id| sessions::look(commands, *user_id));
        let read = |replies: &mut Replies| -> Result<Vec<_>, StoreError> {
            let seen = |user_id: &UserId| (*user_id, sessions::seen(replies, *user_id));
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
    fn disconnect_orphans(&mut self) -> Result<usize, StoreError> {
        let alive: Vec<ServerRun> = self.live_runs()?;
        let now = unix_seconds();
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
                    sessions::disconnect_orphan(&mut commands, *user_id, run, now);
                }
            }
            let mut replies = Replies::new(self.link.exchange(&mut commands)?);
            for _ in 0..commands.len() {
                marked += usize::from(integer(SESSIONS, replies.next()?)? == 1);
            }
        }
        Ok(marked)
    }

    fn live_runs(&mut self) -> Result<Vec<ServerRun>, StoreError> {
        let ids = self.ask(servers::ids, servers::read_ids)?;
        self.ask(
            |commands| ids.iter().for_each(|id| servers::lease(commands, id)),
            |replies| ids.iter().filter_map(|id| servers::leased(replies, id).transpose()).collect(),
        )
    }
}

fn setting_key(name: &str) -> Result<&'static str, StoreError> {
    keyspace::setting_key(name).ok_or_else(|| StoreError::UnknownSetting(name.to_owned()))
}

fn own_setting_key(name: &str, server: &ServerId) -> Result<String, StoreError> {
    keyspace::own_setting_key(name)
        .map(|template| keyspace::of_server(template, server))
        .ok_or_else(|| StoreError::UnknownSetting(name.to_owned()))
}

impl Store for RedisStore {
    fn load_account(&mut self, name: &str) -> Result<Option<StoredAccount>, StoreError> {
        self.ask(|commands| accounts::load(commands, name), |replies| accounts::loaded(replies, name))
    }

    fn create_account(
        &mut self,
        account: &NewAccount,
        character: &CharacterRecord,
    ) -> Result<UserId, CreateError> {
        let number = self.new_number();
        let created = self.ask(
            |commands| accounts::create(commands, account, character, false, number),
            accounts::created,
        )?;
        self.has_met(created);
        Ok(created)
    }

    fn save_characters(&mut self, saves: &[CharacterSave]) -> Result<(), StoreError> {
        if saves.is_empty() {
            return Ok(());
        }
        let users: Vec<u32> = saves.iter().map(|save| save.user_id.0).collect();
        saves.iter().for_each(|save| self.has_met(save.user_id));
        let expected: Vec<Option<String>> =
            saves.iter().map(|save| self.claimed.get(&save.user_id).cloned()).collect();
        self.write_unless_taken(
            |commands| accounts::names(commands, &users),
            |commands, taken, replies| {
                let names = accounts::named(replies)?;
                for ((save, name), expected) in saves.iter().zip(names).zip(&expected) {
                    if name.is_none() || (expected.is_some() && name != *expected) {
                        return Err(StoreError::UnknownUser(save.user_id));
                    }
                    if taken.contains(&save.user_id) {
                        return Err(StoreError::CharacterTaken(save.user_id));
                    }
                }
                characters::write(commands, saves);
                Ok(())
            },
        )
    }

    fn restore_accounts(&mut self, accounts: &[StoredAccount]) -> Result<(), StoreError> {
        let mut commands = Commands::transaction();
        for stored in accounts {
            let AccountRecord { user_id, account, is_gm } = &stored.account;
            accounts::create(&mut commands, account, &stored.character, *is_gm, Number::Known(*user_id));
        }
        let answers = self.link.transaction(commands)?.unwrap_or_default();
        self.store_id.clone_from(&self.told_store_id);
        let refused = accounts.iter().zip(answers).filter(|(_, answer)| *answer == Value::Int(0));
        self.tell_of_refused(&refused.map(|(stored, _)| &stored.account).collect::<Vec<_>>())
    }

    fn find_account(&mut self, name: &str) -> Result<Option<AccountRecord>, StoreError> {
        self.ask(|commands| accounts::find(commands, name), |replies| accounts::found(replies, name))
    }

    fn list_accounts(
        &mut self,
        after: Option<UserId>,
        limit: usize,
    ) -> Result<Vec<AccountRecord>, StoreError> {
        let last = integer(ACCOUNTS_COUNTER, self.command("GET", &[ACCOUNTS_COUNTER])?)?;
        let last = u32::try_from(last).unwrap_or(u32::MAX);
        let mut found = Vec::new();
        let mut next = after.map_or(1, |user_id| user_id.0.saturating_add(1));
        while next <= last && found.len() < limit {
            let ids: Vec<u32> = (next..=last).take(PAGE).collect();
            next = next.saturating_add(PAGE as u32);
            let names = self.ask(|commands| accounts::names(commands, &ids), accounts::named)?;
            let names: Vec<String> = names.into_iter().flatten().take(limit - found.len()).collect();
            let accounts = self.ask(
                |commands| names.iter().for_each(|name| accounts::find(commands, name)),
                |replies| {
                    Ok::<_, StoreError>(
                        names.iter().map(|name| accounts::found(replies, name)).collect::<Vec<_>>(),
                    )
                },
            )?;
            for account in accounts {
                match account {
                    Ok(account) => found.extend(account),
                    Err(error) if error.is_temporary() => return Err(error),
                    Err(error) => log::warn!("an account cannot be read: {error}"),
                }
            }
        }
        Ok(found)
    }

    fn set_password_hash(&mut self, user_id: UserId, password_hash: &str) -> Result<(), StoreError> {
        self.ask(
            |commands| accounts::change(commands, user_id, accounts::PASSWORD_HASH, password_hash),
            |replies| accounts::changed(replies, user_id),
        )
    }

    fn set_gm(&mut self, user_id: UserId, is_gm: bool) -> Result<(), StoreError> {
        self.ask(
            |commands| accounts::change(commands, user_id, accounts::IS_GM, accounts::flag(is_gm)),
            |replies| accounts::changed(replies, user_id),
        )
    }

    fn register_server(&mut self, start: &ServerStart) -> Result<Registration, StoreError> {
        let fresh_id = fresh_store_id()?;
        let (epoch, store_id) =
            self.ask(|commands| servers::register(commands, start, &fresh_id), servers::registered)?;
        let run = ServerRun { server: start.server.clone(), epoch };
        let status = ServerStatus { started_at: start.started_at, ..ServerStatus::default() };
        let told = |replies: &mut Replies| replies.next().map(drop);
        self.ask(|commands| servers::tell(commands, &run, start.lease, &status), told)?;
        let last = integer(ACCOUNTS_COUNTER, self.command("GET", &[ACCOUNTS_COUNTER])?)?;
        self.has_met(UserId(u32::try_from(last).unwrap_or(0)));
        let sessions_disconnected = self.disconnect_orphans()?;
        self.registered = Some((run.clone(), start.lease));
        (self.store_id, self.told_store_id) = (store_id.clone(), store_id.clone());
        Ok(Registration { run, store_id, sessions_disconnected })
    }

    fn heartbeat(&mut self, status: &ServerStatus) -> Result<Heartbeat, StoreError> {
        let (run, lease) = self.registered()?;
        let fresh_id = fresh_store_id()?;
        let (heartbeat, last_account) = self.ask(
            |commands| servers::heartbeat(commands, &run, lease, &fresh_id, status),
            |replies| servers::heard(replies, &run),
        )?;
        self.has_heard(&heartbeat, last_account);
        Ok(heartbeat)
    }

    fn deregister_server(&mut self) -> Result<(), StoreError> {
        let Ok((run, lease)) = self.registered() else { return Ok(()) };
        self.ask(|commands| servers::deregister(commands, &run, lease), |replies| replies.next().map(drop))?;
        self.registered = None;
        Ok(())
    }

    fn servers(&mut self) -> Result<Vec<LiveServer>, StoreError> {
        let ids = self.ask(servers::ids, servers::read_ids)?;
        self.ask(
            |commands| ids.iter().for_each(|id| servers::look(commands, id)),
            |replies| ids.iter().filter_map(|id| servers::seen(replies, id).transpose()).collect(),
        )
    }

    fn connections_count(&mut self) -> Result<u64, StoreError> {
        integer(CONNECTIONS_COUNT, self.command("GET", &[CONNECTIONS_COUNT])?)
    }

    fn open_session(&mut self, session: &Session) -> Result<Claim, StoreError> {
        let (run, _) = self.registered()?;
        self.will_claim(session);
        self.ask(|commands| sessions::open(commands, &run, session), sessions::opened)
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
                sessions::write(commands, &run, ours);
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
        self.ask(|commands| sessions::look(commands, user_id), |replies| sessions::seen(replies, user_id))
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

    fn settings(&mut self) -> Result<Settings, StoreError> {
        self.ask(settings::ask, settings::read)
    }

    fn check_settings(&mut self) -> Result<(), StoreError> {
        let Some(key) = self.ask(settings::ask_types, settings::no_text)? else { return Ok(()) };
        let address = &self.link.address;
        let (place, redis_cli) = (address.place(), address.redis_cli());
        Err(RedisError::WrongType { place, key: key.to_owned(), redis_cli }.into())
    }

    fn set_setting(&mut self, name: &str, value: &str) -> Result<(), StoreError> {
        let key = setting_key(name)?;
        self.command("SET", &[key, value]).map(drop)
    }

    fn unset_setting(&mut self, name: &str) -> Result<bool, StoreError> {
        let key = setting_key(name)?;
        Ok(integer(key, self.command("DEL", &[key])?)? == 1)
    }

    fn replace_setting(
        &mut self,
        name: &str,
        old: Option<&str>,
        new: Option<&str>,
    ) -> Result<bool, StoreError> {
        let key = setting_key(name)?;
        self.ask(
            |commands| settings::replace(commands, key, old, new),
            |replies| Ok(integer(key, replies.next()?)? == 1),
        )
    }

    fn seed_settings(&mut self, defaults: &Settings) -> Result<(), StoreError> {
        if defaults.is_empty() {
            return Ok(());
        }
        // A key of another type would look like a setting that is there.
        self.check_settings()?;
        let mut commands = Commands::transaction();
        for (name, value) in defaults {
            commands.add("SET").arg(setting_key(name)?).arg(value).arg("NX").arg("GET");
        }
        self.link.transaction(commands)?;
        Ok(())
    }

    fn maps(&mut self) -> Result<Option<MapsRecord>, StoreError> {
        let stored = text(MAPS, self.command("GET", &[MAPS])?)?;
        Ok(stored.as_deref().and_then(MapsRecord::parse))
    }

    fn set_maps(&mut self, maps: &MapsRecord) -> Result<(), StoreError> {
        self.command("SET", &[MAPS, &maps.to_string()]).map(drop)
    }

    fn visit_positions(&mut self, visit: &mut dyn FnMut(PositionRecord)) -> Result<(), StoreError> {
        let last = integer(ACCOUNTS_COUNTER, self.command("GET", &[ACCOUNTS_COUNTER])?)?;
        let last = u32::try_from(last).unwrap_or(u32::MAX);
        let mut next = 1;
        while next <= last {
            let page = (next..=last).take(PAGE).map(UserId);
            let found = self.ask(
                |commands| page.clone().for_each(|user_id| characters::look_at_position(commands, user_id)),
                |replies| page.clone().map(|user_id| characters::position_seen(replies, user_id)).collect(),
            );
            let found: Vec<Option<PositionRecord>> = found?;
            found.into_iter().flatten().for_each(&mut *visit);
            next = next.saturating_add(PAGE as u32);
        }
        Ok(())
    }

    fn settings_of(&mut self, server: &ServerId) -> Result<ServerSettings, StoreError> {
        self.ask(|commands| settings::ask_of(commands, server), settings::read_of)
    }

    fn change_own_settings(&mut self, server: &ServerId, changes: &OwnChanges) -> Result<(), StoreError> {
        if changes.is_empty() {
            return Ok(());
        }
        let mut by_key = OwnChanges::new();
        for (name, value) in changes {
            by_key.insert(own_setting_key(name, server)?, value.clone());
        }
        let mut commands = Commands::transaction();
        settings::change(&mut commands, &by_key);
        self.link.transaction(commands)?;
        Ok(())
    }

    fn replace_own_setting(
        &mut self,
        server: &ServerId,
        name: &str,
        old: Option<&str>,
        new: Option<&str>,
    ) -> Result<bool, StoreError> {
        let key = own_setting_key(name, server)?;
        self.ask(
            |commands| settings::replace(commands, &key, old, new),
            |replies| Ok(integer(&key, replies.next()?)? == 1),
        )
    }

    fn store_id(&mut self) -> Result<Option<String>, StoreError> {
        text(STORE_ID, self.command("GET", &[STORE_ID])?)
    }

    fn describe(&mut self) -> Result<StoreDescription, StoreError> {
        let address = self.link.address.clone();
        self.ask(description::ask, |replies| description::described(replies, &address))
    }

    fn statistics(&mut self) -> Result<BTreeMap<String, u64>, StoreError> {
        let counts = self.ask(
            |commands| {
                commands.add("HLEN").arg(ACCOUNTS_NAMES);
                commands.add("SCARD").arg(SESSIONS);
                commands.add("DBSIZE");
                commands.add("INFO").arg("memory");
            },
            |replies| {
                let [accounts, sessions, keys] = [replies.next()?, replies.next()?, replies.next()?]
                    .map(|value| lossy_text(&value).parse());
                let memory = lossy_text(&replies.next().unwrap_or(Value::Nil));
                let used = memory.lines().find_map(|line| line.strip_prefix("used_memory:")).map(str::parse);
                Ok::<_, StoreError>([
                    ("accounts", accounts.unwrap_or(0)),
                    ("sessions", sessions.unwrap_or(0)),
                    ("redis.keys", keys.unwrap_or(0)),
                    ("redis.used_memory_bytes", used.and_then(Result::ok).unwrap_or(0)),
                ])
            },
        )?;
        let Traffic { connections_opened, round_trips, commands } = self.link.traffic;
        let ours = [
            ("redis.connections_opened", connections_opened),
            ("redis.round_trips", round_trips),
            ("redis.commands", commands),
        ];
        Ok(counts.into_iter().chain(ours).map(|(name, count)| (name.to_owned(), count)).collect())
    }

    fn carry_out(&mut self, requests: &[Request]) -> Vec<Reply> {
        let mut replies = Vec::with_capacity(requests.len());
        for group in
            requests.chunk_by(|one, next| batch::is_one_question(one) && batch::is_one_question(next))
        {
            match group {
                [alone] => replies.push(carry_out_one(self, alone)),
                together => self.carry_out_together(together, &mut replies),
            }
        }
        replies
    }
}

#[cfg(test)]
mod tests;
