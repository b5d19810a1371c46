//! The one connection to a Redis: opened when needed, dropped at the first sign of trouble.
//!
//! A connection that failed is never used again: an answer that came late would be taken for that to another question.
//! It is opened anew with the next question, at the time that the caller chooses (the worker pauses between attempts).

use redis::{ErrorKind, RedisResult, ServerError, Value};

use super::address::RedisAddress;
use super::commands::Commands;
use super::error::RedisError;
use super::options::RedisOptions;
use super::values::{Answers, lossy_text};
use super::wire::Wire;

/// Oldest Redis that knows every command used here.
const NEEDED_VERSION: &str = "7.0";
/// Name of the connection in `CLIENT LIST`.
const CLIENT_NAME: &str = "pyao-store";

/// Traffic of the connection since the start of the program.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Traffic {
    pub(super) connections_opened: u64,
    pub(super) round_trips: u64,
    pub(super) commands: u64,
}

/// See the module.
pub(super) struct Link {
    pub(super) address: RedisAddress,
    options: RedisOptions,
    connection: Option<Wire>,
    pub(super) traffic: Traffic,
}

impl Link {
    /// A link that is not yet connected.
    pub(super) fn new(address: RedisAddress, options: RedisOptions) -> Self {
        Self { address, options, connection: None, traffic: Traffic::default() }
    }

    /// Sends all commands at once and reads the answer to each.
    ///
    /// # Errors
    /// The exchange failed as a whole; some commands may have been carried out.
    pub(super) fn exchange(&mut self, commands: &mut Commands) -> Result<Answers, RedisError> {
        if commands.is_empty() {
            return Ok(Vec::new());
        }
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.connect()?,
        };
        self.traffic.round_trips += 1;
        self.traffic.commands += commands.len() as u64;
        let values = self.send(&mut connection, commands)?;
        let answers: Answers = values
            .into_iter()
            .enumerate()
            .map(|(number, value)| self.without_error(value, || commands.key(number)))
            .collect();
        let trouble =
            |answer: &Result<Value, RedisError>| answer.as_ref().is_err_and(RedisError::is_temporary);
        if !answers.iter().any(trouble) {
            self.connection = Some(connection);
        }
        Ok(answers)
    }

    /// Carries out [`Commands::transaction`]; `None` when a watched key has changed, and nothing was done.
    ///
    /// # Errors
    /// The transaction was refused, and nothing was done; or the exchange failed, and the outcome is not known.
    pub(super) fn transaction(&mut self, mut commands: Commands) -> Result<Option<Vec<Value>>, RedisError> {
        commands.add("EXEC");
        let mut answers = self.exchange(&mut commands)?;
        let executed = answers.pop().unwrap_or(Ok(Value::Nil));
        // A command that could not be queued says why; EXEC only says that one could not.
        for queued in answers {
            queued?;
        }
        let Value::Array(values) = executed? else { return Ok(None) };
        // The first command is MULTI, which EXEC does not answer.
        let without_error = |(number, value)| self.without_error(value, || commands.key(number));
        (1..).zip(values).map(without_error).collect::<Result<_, _>>().map(Some)
    }

    fn send(&self, connection: &mut Wire, commands: &mut Commands) -> Result<Vec<Value>, RedisError> {
        let mut exchange = || -> RedisResult<Vec<Value>> {
            connection.send(commands.bytes())?;
            (0..commands.len()).map(|_| connection.answer()).collect()
        };
        exchange().map_err(|error| exchanging(&self.address, &error, self.options.answer_timeout.as_millis()))
    }

    /// Turns the refusal of a command into an error that names the command's key.
    fn without_error(&self, value: Value, key: impl FnOnce() -> String) -> Result<Value, RedisError> {
        match value {
            Value::ServerError(error) => Err(answered(&self.address, &error, &key())),
            value => Ok(value),
        }
    }

    /// Connects now rather than with the next question.
    ///
    /// # Errors
    /// The connection fails.
    pub(super) fn connect_if_needed(&mut self) -> Result<(), RedisError> {
        if self.connection.is_none() {
            self.connection = Some(self.connect()?);
        }
        Ok(())
    }

    fn connect(&mut self) -> Result<Wire, RedisError> {
        let mut connection = Wire::connect(&self.address.endpoint, &self.options)
            .map_err(|error| connecting(&self.address, &error.into()))?;
        self.introduce(&mut connection)?;
        self.traffic.connections_opened += 1;
        Ok(connection)
    }

    /// Enters with the password, selects the database, and makes sure that this is a Redis we can use.
    fn introduce(&self, connection: &mut Wire) -> Result<(), RedisError> {
        if let Some(password) = &self.address.password {
            let mut enter = Commands::new();
            enter.add("AUTH").args(&self.address.username).arg(password);
            self.question(connection, enter).map_err(|error| match error {
                RedisError::Refused { place, reason, redis_cli } => {
                    RedisError::WrongPassword { place, reason, redis_cli }
                }
                other => other,
            })?;
        }
        self.question(connection, Commands::of("PING", &[]))?;
        if self.address.db != 0 {
            self.question(connection, Commands::of("SELECT", &[&self.address.db.to_string()]))?;
        }
        // A restricted user may not be allowed these; both are only for people to look at.
        let allowed = |answer| match answer {
            Err(RedisError::NotAllowed { .. }) => Ok(Value::Nil),
            other => other,
        };
        allowed(self.question(connection, Commands::of("CLIENT", &["SETNAME", CLIENT_NAME])))?;
        let info = allowed(self.question(connection, Commands::of("INFO", &["server"])))?;
        self.check_version(&lossy_text(&info))
    }

    /// Sends one command on a connection that is being made.
    fn question(&self, connection: &mut Wire, mut command: Commands) -> Result<Value, RedisError> {
        let answer = self.send(connection, &mut command)?.pop().unwrap_or(Value::Nil);
        self.without_error(answer, || command.key(0))
    }

    fn check_version(&self, info: &str) -> Result<(), RedisError> {
        let Some(version) = info.lines().find_map(|line| line.strip_prefix("redis_version:")) else {
            return Ok(());
        };
        let major: Option<u32> = version.split('.').next().and_then(|number| number.parse().ok());
        if major.is_some_and(|major| major >= 7) {
            return Ok(());
        }
        let (place, version) = (self.address.place(), version.trim().to_owned());
        Err(RedisError::TooOld { place, version, needed: NEEDED_VERSION })
    }
}

/// Describes an error on the way to a Redis.
fn connecting(address: &RedisAddress, error: &redis::RedisError) -> RedisError {
    let (place, redis_cli) = (address.place(), address.redis_cli());
    match error.kind() {
        ErrorKind::Io => RedisError::Unreachable { place, reason: plain(&error.to_string()), redis_cli },
        _ => exchanging(address, error, 0),
    }
}

/// Describes an error of a connection that was there. `milliseconds` is the time that it had to answer.
fn exchanging(address: &RedisAddress, error: &redis::RedisError, milliseconds: u128) -> RedisError {
    let (place, redis_cli) = (address.place(), address.redis_cli());
    let reason = plain(&error.to_string());
    if error.is_timeout() {
        return RedisError::TimedOut { place, milliseconds, redis_cli };
    }
    match error.kind() {
        ErrorKind::Parse => RedisError::NotRedis { place, reason },
        _ => RedisError::Lost { place, reason, redis_cli },
    }
}

/// Describes the refusal of a command. `key` is the command's key, as far as known.
fn answered(address: &RedisAddress, error: &ServerError, key: &str) -> RedisError {
    let (place, redis_cli) = (address.place(), address.redis_cli());
    let details = plain(error.details().unwrap_or_default());
    let reason = format!("{} {details}", error.code());
    let key = script_key(&details).unwrap_or(key).to_owned();
    match error.code() {
        "WRONGTYPE" => RedisError::WrongType { place, key, redis_cli },
        "ERR" if details.starts_with("value is not an integer") => {
            RedisError::NoNumber { place, key, redis_cli }
        }
        "WRONGPASS" | "NOAUTH" => RedisError::WrongPassword { place, reason, redis_cli },
        "NOPERM" => RedisError::NotAllowed { place, reason, redis_cli },
        "READONLY" => RedisError::ReadOnly { place, redis_cli },
        "OOM" => RedisError::OutOfMemory { place, redis_cli },
        _ => RedisError::Refused { place, reason, redis_cli },
    }
}

/// Returns the key that a script of ours was at when it failed; see `scripts/prelude.lua`.
fn script_key(details: &str) -> Option<&str> {
    let (_, rest) = details.split_once("(key ")?;
    rest.split_once(')').map(|(key, _)| key)
}

/// Makes one line of an error that may have several.
fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
