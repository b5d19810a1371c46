//! Password hashing on threads of its own.
//!
//! A password hash is meant to be slow (argon2id: tens of milliseconds and megabytes of memory), so the loop never
//! computes one. It submits a [`Job`] and goes on; a [`Reply`] with the job's ticket comes back. The queue is short: the
//! game keeps what has to wait, and knows from [`Hasher::cost`] how long that takes.
//!
//! Somebody who guesses names must not learn from the time an answer takes which ones exist. So a login with an unknown
//! name is verified as well, against a hash that nothing matches.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, Sender, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use std::{io, thread};

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use pyao_core::passwords::{HashError, Job, Reply};

/// Most jobs that wait for a thread: two for each of as many threads as there may be.
pub const QUEUE_LIMIT: usize = 2 * THREADS_MAX as usize;
/// Hashes over which the cost of one is averaged.
const COST_AVERAGED: u64 = 8;

/// Most memory of one hash, configured or stored: 1 GiB.
const MEMORY_MAX_KIB: u32 = 1024 * 1024;
/// Most passes of one hash, configured or stored.
const PASSES_MAX: u32 = 100;
/// Most threads.
const THREADS_MAX: u32 = 64;

/// Cost of a new hash, and number of hashes computed at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordCost {
    /// Memory of one hash in KiB, 8..=1,048,576.
    pub memory_kib: u32,
    /// Passes over that memory, 1..=100.
    pub passes: u32,
    /// Threads that compute hashes, 1..=64; a hash is computed by one of them.
    pub threads: u32,
}

impl Default for PasswordCost {
    /// Returns the least that OWASP recommends: 19 MiB, 2 passes; one thread.
    fn default() -> Self {
        Self { memory_kib: 19 * 1024, passes: 2, threads: 1 }
    }
}

/// The queue is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{QUEUE_LIMIT} password hashes are waiting already")]
pub struct Busy;

/// Reason for which hashing did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A setting is out of its range.
    #[error("[security] {setting} is {value}, it must be {least} to {most}")]
    Cost {
        /// Name of the setting.
        setting: &'static str,
        /// Its value.
        value: u32,
        /// The least possible.
        least: u32,
        /// The most possible.
        most: u32,
    },
    /// The first hash failed.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// The operating system gives no thread.
    #[error("cannot start a thread for passwords: {0}")]
    Thread(#[from] io::Error),
}

/// The loop's end of the hashing threads. They end when it is dropped.
#[derive(Debug)]
pub struct Hasher {
    jobs: SyncSender<Job>,
    replies: Receiver<Reply>,
    cost: Arc<Cost>,
}

/// Time of one hash, in microseconds: an average that follows the latest ones.
#[derive(Debug)]
struct Cost(AtomicU64);

impl Cost {
    fn new(first: Duration) -> Self {
        Self(AtomicU64::new(microseconds(first)))
    }

    /// Adds a measurement. Two threads that finish together may lose one, which does not matter.
    fn measured(&self, took: Duration) {
        let average = self.0.load(Ordering::Relaxed);
        let next = (average * (COST_AVERAGED - 1) + microseconds(took)) / COST_AVERAGED;
        self.0.store(next, Ordering::Relaxed);
    }
}

fn microseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX / COST_AVERAGED)
}

impl Hasher {
    /// Starts the threads. After a reply is queued they call `notify`; the loop passes its waker. Takes as long as one
    /// hash.
    ///
    /// # Errors
    /// See [`StartError`].
    pub fn start(cost: PasswordCost, notify: impl Fn() + Clone + Send + 'static) -> Result<Self, StartError> {
        let began = Instant::now();
        let engine = Engine::new(cost)?;
        let measured = Arc::new(Cost::new(began.elapsed()));
        let (jobs, inbox) = mpsc::sync_channel(QUEUE_LIMIT);
        let (outbox, replies) = mpsc::channel();
        let inbox = Arc::new(Mutex::new(inbox));
        for number in 1..=cost.threads {
            let engine = engine.clone();
            let (inbox, outbox, notify) = (Arc::clone(&inbox), outbox.clone(), notify.clone());
            let measured = Arc::clone(&measured);
            thread::Builder::new().name(format!("password {number}")).spawn(move || {
                serve(&engine, &inbox, &outbox, &measured, notify);
            })?;
        }
        Ok(Self { jobs, replies, cost: measured })
    }

    /// Queues a job; never blocks. Each job taken is answered by exactly one reply, in no promised order.
    ///
    /// # Errors
    /// [`Busy`] when [`QUEUE_LIMIT`] jobs wait; the job is dropped.
    pub fn submit(&self, job: Job) -> Result<(), Busy> {
        self.jobs.try_send(job).map_err(|_| Busy)
    }

    /// Returns the next reply, if one is there.
    pub fn try_recv(&self) -> Option<Reply> {
        self.replies.try_recv().ok()
    }

    /// Returns the time that one hash takes a thread on this machine now, as measured.
    #[must_use]
    pub fn cost(&self) -> Duration {
        Duration::from_micros(self.cost.0.load(Ordering::Relaxed))
    }
}

/// Hashes one password on the calling thread, for tools. Takes as long as two hashes.
///
/// # Errors
/// See [`StartError`].
pub fn hash_password(cost: PasswordCost, password: String) -> Result<String, StartError> {
    let engine = Engine::new(cost)?;
    let hash = hash(&engine.argon2, password.as_bytes())?;
    wipe(password);
    Ok(hash.to_string())
}

/// Works off jobs until there can be no more.
fn serve(
    engine: &Engine,
    inbox: &Mutex<Receiver<Job>>,
    outbox: &Sender<Reply>,
    cost: &Cost,
    notify: impl Fn(),
) {
    loop {
        // The lock is held while waiting for a job, not while working on it.
        let job = inbox.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { return };
        let began = Instant::now();
        let reply = engine.work(job);
        cost.measured(began.elapsed());
        if outbox.send(reply).is_err() {
            return;
        }
        notify();
    }
}

/// Computes hashes.
#[derive(Clone)]
struct Engine {
    argon2: Argon2<'static>,
    /// Stands in for the hash of an account that is not there.
    nobody: PasswordHash,
}

impl Engine {
    fn new(cost: PasswordCost) -> Result<Self, StartError> {
        in_range("password_memory_kib", cost.memory_kib, Params::MIN_M_COST, MEMORY_MAX_KIB)?;
        in_range("password_passes", cost.passes, Params::MIN_T_COST, PASSES_MAX)?;
        in_range("password_threads", cost.threads, 1, THREADS_MAX)?;
        let params = Params::new(cost.memory_kib, cost.passes, 1, None)
            .map_err(|error| HashError(error.to_string()))?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let mut unguessable = [0; 32];
        getrandom::fill(&mut unguessable).map_err(|error| HashError(error.to_string()))?;
        let nobody = hash(&argon2, &unguessable)?;
        Ok(Self { argon2, nobody })
    }

    fn work(&self, job: Job) -> Reply {
        match job {
            Job::Hash { ticket, password } => {
                let hash = hash(&self.argon2, password.as_bytes()).map(|hash| hash.to_string());
                wipe(password);
                Reply::Hashed { ticket, hash }
            }
            Job::Verify { ticket, password, hash } => {
                let stored = hash.as_deref().and_then(readable);
                let matches = self.matches(&password, stored.as_ref());
                wipe(password);
                let rehash = matches && !stored.is_some_and(|stored| self.has_todays_cost(&stored));
                Reply::Verified { ticket, matches, rehash }
            }
        }
    }

    /// Returns true if `password` is that of `stored`; takes as long if nothing usable is stored.
    fn matches(&self, password: &str, stored: Option<&PasswordHash>) -> bool {
        let hash = stored.unwrap_or(&self.nobody);
        let verified = self.argon2.verify_password(password.as_bytes(), hash).is_ok();
        verified && stored.is_some()
    }

    fn has_todays_cost(&self, stored: &PasswordHash) -> bool {
        let today = &self.nobody;
        (&stored.algorithm, stored.version, &stored.params)
            == (&today.algorithm, today.version, &today.params)
    }
}

fn in_range(setting: &'static str, value: u32, least: u32, most: u32) -> Result<(), StartError> {
    if (least..=most).contains(&value) {
        Ok(())
    } else {
        Err(StartError::Cost { setting, value, least, most })
    }
}

/// Hashes with a new salt from the operating system.
fn hash(argon2: &Argon2<'_>, password: &[u8]) -> Result<PasswordHash, HashError> {
    argon2.hash_password(password).map_err(|error| HashError(error.to_string()))
}

/// Overwrites a password before its memory is free for others.
fn wipe(password: String) {
    let mut bytes = password.into_bytes();
    bytes.fill(0);
    // Keeps the compiler from leaving out a write that nobody reads.
    std::hint::black_box(&bytes);
}

/// Reads a stored hash, if it can be verified at a bearable cost. A hash written by an operator's hand or a damaged
/// disk must neither stop the server nor take all of its memory.
fn readable(stored: &str) -> Option<PasswordHash> {
    let usable = PasswordHash::new(stored).ok().filter(|hash| {
        let bearable = |params: Params| {
            params.m_cost() <= MEMORY_MAX_KIB
                && params.t_cost() <= PASSES_MAX
                && params.p_cost() <= THREADS_MAX
        };
        hash.salt.is_some() && hash.hash.is_some() && Params::try_from(hash).is_ok_and(bearable)
    });
    if usable.is_none() {
        log::error!("a stored password hash cannot be used; its account cannot log in");
    }
    usable
}

#[cfg(test)]
mod tests;
