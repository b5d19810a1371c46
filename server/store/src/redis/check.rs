//! A check that a Redis does all that a server needs: tried on scratch keys of its own, a line a check.

use std::time::{Duration, Instant};

use super::commands::Commands;
use super::values::{Replies, list, lossy_text};
use super::{RedisAddress, RedisError, RedisOptions, RedisStore};
use crate::keyspace::{CHECK_SCRATCH, CONNECTIONS_COUNT, of_check};
use crate::{Servers, Store, StoreError};

/// Scratch keys go by themselves after this long, also when the check is interrupted.
const SCRATCH_SECONDS: &str = "60";
/// Time that the last check waits for an answer that does not come. A Redis on a busy machine says hello in that time.
const SHORT_TIMEOUT: Duration = Duration::from_secs(1);
/// Life of a key that is to expire: time to see it before.
const SHORT_LIFE: Duration = Duration::from_millis(500);

/// One thing that was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedisCheck {
    /// Name of the check.
    pub name: &'static str,
    /// The finding, or the failure.
    pub outcome: Result<String, String>,
    /// Time taken.
    pub took: Duration,
}

/// Tries everything on the Redis at `address`. Keys of the game are read, not written.
///
/// # Errors
/// There is no connection; then nothing else was tried.
pub fn check(address: &RedisAddress, options: &RedisOptions) -> Result<Vec<RedisCheck>, RedisError> {
    let start = Instant::now();
    let mut store = RedisStore::open(address.clone(), options.clone())?;
    let described = store.describe();
    let connection = described.as_ref().map(|found| found.summary.clone()).map_err(StoreError::to_string);
    let mut checks = vec![RedisCheck { name: "connection", outcome: connection, took: start.elapsed() }];
    let key = of_check(CHECK_SCRATCH, getrandom::u32().unwrap_or_default());
    let mut run = |name, check: &mut dyn FnMut(&mut RedisStore) -> Result<String, String>| {
        let start = Instant::now();
        let outcome = check(&mut store);
        checks.push(RedisCheck { name, outcome, took: start.elapsed() });
    };
    run("basic operations", &mut |store| basic_operations(store, &key));
    run("lists", &mut |store| lists(store, &key));
    run("counting", &mut |store| counting(store, &key));
    run("expiry", &mut |store| expiry(store, &key));
    run("scripts", &mut |store| scripts(store, &key));
    run("counters", &mut counters);
    run("time-outs", &mut |_| time_outs(address, options, &key));
    let durability = |_: &mut RedisStore| match &described {
        Ok(found) if found.warnings.is_empty() => Ok(format!("lost at worst: {}", found.loss_window)),
        Ok(found) => Ok(format!("lost at worst: {}; {}", found.loss_window, found.warnings.join("; "))),
        Err(error) => Err(error.to_string()),
    };
    run("durability", &mut { durability });
    Ok(checks)
}

/// A command with its arguments, and the answer that it must get.
type Expectation<'a> = (&'a [&'a str], &'a str);

/// Asks several commands at once and compares their answers with those expected.
fn ask(store: &mut RedisStore, expectations: &[Expectation<'_>]) -> Result<String, String> {
    let question = |commands: &mut Commands| {
        for (command, _) in expectations {
            if let [name, arguments @ ..] = command {
                commands.add(name).args(arguments);
            }
        }
    };
    let read = |replies: &mut Replies| {
        expectations.iter().map(|_| shown(replies)).collect::<Result<Vec<String>, StoreError>>()
    };
    let found = store.ask(question, read).map_err(|error| error.to_string())?;
    for (found, (command, expected)) in found.iter().zip(expectations) {
        if found != expected {
            return Err(format!("{} answered {found:?} instead of {expected:?}", command.join(" ")));
        }
    }
    let names: Vec<&str> = expectations.iter().filter_map(|(command, _)| command.first().copied()).collect();
    Ok(names.join(" "))
}

/// Shows an answer as text; the members of a list with commas between.
fn shown(replies: &mut Replies) -> Result<String, StoreError> {
    Ok(match replies.next()? {
        redis::Value::Okay => "OK".to_owned(),
        redis::Value::Nil => "nothing".to_owned(),
        redis::Value::Array(values) => {
            list(redis::Value::Array(values)).iter().map(lossy_text).collect::<Vec<_>>().join(",")
        }
        other => lossy_text(&other),
    })
}

fn basic_operations(store: &mut RedisStore, key: &str) -> Result<String, String> {
    let expectations: &[Expectation<'_>] = &[
        (&["PING"], "PONG"),
        (&["SET", key, "ñandú", "EX", SCRATCH_SECONDS], "OK"),
        (&["GET", key], "ñandú"),
        (&["EXISTS", key], "1"),
        (&["DEL", key], "1"),
        (&["GET", key], "nothing"),
    ];
    ask(store, expectations)
}

/// Tries the operations that a cache of messages needs.
fn lists(store: &mut RedisStore, key: &str) -> Result<String, String> {
    let expectations: &[Expectation<'_>] = &[
        (&["RPUSH", key, "a", "b", "c"], "3"),
        (&["EXPIRE", key, SCRATCH_SECONDS], "1"),
        (&["LTRIM", key, "-2", "-1"], "OK"),
        (&["LRANGE", key, "0", "-1"], "b,c"),
        (&["DEL", key], "1"),
    ];
    ask(store, expectations)
}

fn counting(store: &mut RedisStore, key: &str) -> Result<String, String> {
    let expectations: &[Expectation<'_>] = &[
        (&["SET", key, "0", "EX", SCRATCH_SECONDS], "OK"),
        (&["INCR", key], "1"),
        (&["INCRBY", key, "41"], "42"),
        (&["DECR", key], "41"),
        (&["DEL", key], "1"),
    ];
    ask(store, expectations)
}

fn expiry(store: &mut RedisStore, key: &str) -> Result<String, String> {
    let life = SHORT_LIFE.as_millis().to_string();
    ask(store, &[(&["SET", key, "soon gone", "PX", &life], "OK"), (&["EXISTS", key], "1")])?;
    std::thread::sleep(SHORT_LIFE * 2);
    ask(store, &[(&["EXISTS", key], "0")])?;
    Ok(format!("a key of {life} ms is gone after {} ms", (SHORT_LIFE * 2).as_millis()))
}

fn scripts(store: &mut RedisStore, key: &str) -> Result<String, String> {
    ask(store, &[(&["EVAL", "return redis.call('EXISTS', KEYS[1])", "1", key], "0")])
}

/// Checks the game's own numbers.
fn counters(store: &mut RedisStore) -> Result<String, String> {
    let statistics = store.statistics().map_err(|error| error.to_string())?;
    let connections = store.connections_count().map_err(|error| error.to_string())?;
    let of = |name: &str| statistics.get(name).copied().unwrap_or_default();
    Ok(format!("{CONNECTIONS_COUNT} {connections}, accounts {}, sessions {}", of("accounts"), of("sessions")))
}

fn is_time_out(error: &StoreError) -> bool {
    matches!(RedisError::of(error), Some(RedisError::TimedOut { .. }))
}

/// Checks that a Redis that does not answer does not hold us up.
fn time_outs(address: &RedisAddress, options: &RedisOptions, key: &str) -> Result<String, String> {
    let impatient = RedisOptions { answer_timeout: SHORT_TIMEOUT, ..options.clone() };
    let mut store = RedisStore::open(address.clone(), impatient).map_err(|error| error.to_string())?;
    let start = Instant::now();
    match store.command("BLPOP", &[key, "10"]) {
        Ok(_) => Err("an answer came where none was expected".to_owned()),
        Err(error) if is_time_out(&error) && start.elapsed() < SHORT_TIMEOUT * 8 => {
            Ok(format!("given up after {} ms as set", SHORT_TIMEOUT.as_millis()))
        }
        Err(error) => Err(error.to_string()),
    }
}
