//! The store on a Redis, which several servers and their tools may share.
//!
//! Everything is text under the names of [`keyspace`], so that an operator reads and changes it with
//! `redis-cli`. One connection carries all questions; those that wait together go in one round trip.
//!
//! **Decisions in one step** are scripts (`scripts/`): a name is taken once, a character is claimed by one
//! server. Everything else is plain commands, in a transaction where several belong together.
//!
//! **No old state over a newer one.** A run of a server may write the characters that it claimed, until another run
//! claims them. A claim notes the character in the *taken* set of the run that had it. A run writes under
//! WATCH of its own taken set: if the character is in it, the write is refused; if it comes in meanwhile, Redis does
//! nothing of the transaction and the run looks again. So a save costs one key to watch, however many characters it
//! has, and stays plain HSETs; a script that carried thousands of fields would block Redis far longer.
//!
//! **Nothing for a Redis that was emptied**, or that is another one. In the same round trip a write reads the name of the
//! store; if it is not the name that this run knows, nothing is written and nothing is believed to be deleted. The name is
//! known from the registration, and anew once the characters in memory were written back.
//!
//! **No character under the number of another.** After Redis was emptied in play, servers write back the accounts they
//! hold, and new accounts get numbers above all that were there. If a number was given to another account all the same,
//! the old holder is not restored and its saves are refused: they go by the name under which it was claimed.
//!
//! **No field of a later schema is dropped.** A Redis that a newer program wrote to is refused at the start and
//! with each heartbeat, and a server does not begin beside one of an earlier schema.
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
mod names;
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

use super::keyspace::{self, ACCOUNTS_NAMES, MAPS, SCHEMA, SERVER_TAKEN, SESSIONS, STORE_ID};
use super::records::{MapsRecord, UserId, name_key};
use super::schema::Noted;
use super::server::{Heartbeat, ServerRun};
use super::session::Session;
use super::{Reply, Request, Store, StoreDescription, StoreError, carry_out_one};
use accounts::Number;
use commands::Commands;
use link::{Link, Traffic};
use servers::Heard;
use values::{Replies, list, lossy_text, text};

/// Most keys asked for in one round trip where there may be many.
const PAGE: usize = 1000;
/// Most attempts of a write during which characters are claimed.
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
        store.check_schema()?;
        Ok(store)
    }

    /// Refuses a Redis with data of a later schema than this program reads.
    fn check_schema(&mut self) -> Result<(), RedisError> {
        let mut answers = self.link.exchange(&mut Commands::of("GET", &[SCHEMA]))?;
        let noted = lossy_text(&answers.pop().unwrap_or(Ok(Value::Nil))?);
        Noted::parse(&noted).check(|| self.place()).map_err(RedisError::Newer)
    }

    /// Returns the name of this Redis in messages.
    fn place(&self) -> String {
        format!("Redis at {}", self.link.address.place())
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

    /// Returns the number of a new account. A tool holds no characters, so for a tool any free one will do.
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
    fn has_heard(&mut self, heard: Heard) -> Result<Heartbeat, StoreError> {
        match heard {
            Heard::Alive { heartbeat, last_account } => {
                self.told_store_id.clone_from(&heartbeat.store_id);
                self.has_met(last_account);
                Ok(heartbeat)
            }
            Heard::OnNewer(noted) => Err(self.newer(noted)),
        }
    }

    /// Returns the refusal of a store that a later version of the program has written to.
    fn newer(&self, noted: Noted) -> StoreError {
        match noted.check(|| self.place()) {
            Err(newer) => StoreError::Newer(newer),
            // The script compares the same numbers.
            Ok(()) => StoreError::Unavailable("its schema has changed meanwhile".to_owned()),
        }
    }
}

impl Store for RedisStore {
    fn store_id(&mut self) -> Result<Option<String>, StoreError> {
        text(STORE_ID, self.command("GET", &[STORE_ID])?)
    }

    fn maps(&mut self) -> Result<Option<MapsRecord>, StoreError> {
        let stored = text(MAPS, self.command("GET", &[MAPS])?)?;
        Ok(stored.as_deref().and_then(MapsRecord::parse))
    }

    fn set_maps(&mut self, maps: &MapsRecord) -> Result<(), StoreError> {
        self.command("SET", &[MAPS, &maps.to_string()]).map(drop)
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
