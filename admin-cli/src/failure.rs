//! Errors, each in one line with a line of advice, and the exit codes.

use std::io;

use pyao_config::store_choice::ChoiceError;
use pyao_store::redis::RedisError;
use pyao_store::sqlite::{CopyError, RestoreError};
use pyao_store::{CreateError, StoreError};

/// The kind of a failure. The discriminant is the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Code {
    /// It failed.
    Failed = 1,
    /// Wrong usage, or a value that is not valid.
    Usage = 2,
    /// No such account, session, backup or Redis.
    NotFound = 3,
    /// The store may not be used by this user.
    NotAllowed = 4,
    /// The store cannot be reached.
    Unreachable = 5,
    /// The value is not what `--if-value` expected.
    Conflict = 6,
    /// The new password was not given, or not twice the same; or a server runs that must not.
    Refused = 7,
    /// A live server refused the new value.
    ServerRefused = 9,
    /// A live server did not answer in time.
    NoAnswer = 124,
}

/// Exit codes for `--help` and the man page.
pub const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  failed
  2  wrong usage, a value that is not valid, or a fault in the configuration
  3  not found: no such account, session or backup; redis-check without a Redis
  4  not allowed: this user or password may not use the store
  5  the store cannot be reached, or is none
  6  conflict: the value is not what --if-value expected
  7  refused: no new password was given, or two that differ; restore while a server runs
  9  written, but a live server refused the new value
  124  written, but a live server has not answered within 3 s";

/// A failed command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The kind, and exit code.
    pub code: Code,
    /// The failure, in one line.
    pub message: String,
    /// Advice, in one line.
    pub hint: Option<String>,
}

impl Failure {
    /// Makes a failure without advice.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: None }
    }

    /// Adds advice.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl From<RedisError> for Failure {
    fn from(error: RedisError) -> Self {
        let code = match error {
            RedisError::BadAddress { .. } | RedisError::Encrypted => Code::Usage,
            RedisError::WrongPassword { .. }
            | RedisError::NotAllowed { .. }
            | RedisError::ReadOnly { .. } => Code::NotAllowed,
            RedisError::Unreachable { .. }
            | RedisError::TimedOut { .. }
            | RedisError::Lost { .. }
            | RedisError::NotRedis { .. }
            | RedisError::TooOld { .. } => Code::Unreachable,
            RedisError::WrongType { .. }
            | RedisError::NoNumber { .. }
            | RedisError::Newer(_)
            | RedisError::OlderServer { .. }
            | RedisError::OutOfMemory { .. }
            | RedisError::Refused { .. } => Code::Failed,
        };
        let text = error.to_string();
        match text.split_once("; ") {
            Some((what, what_to_do)) => Self::new(code, what).hint(what_to_do),
            None => Self::new(code, text),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        if let Some(error) = RedisError::of(&error) {
            return error.clone().into();
        }
        let code = match error {
            StoreError::Unavailable(_) => Code::Unreachable,
            StoreError::UnknownUser(_) => Code::NotFound,
            StoreError::UnknownSetting(_) => Code::Usage,
            _ => Code::Failed,
        };
        Self::new(code, error.to_string())
    }
}

impl From<CreateError> for Failure {
    fn from(error: CreateError) -> Self {
        match error {
            CreateError::NameTaken => {
                Self::new(Code::Failed, "the name is taken").hint("choose another name")
            }
            CreateError::Store(error) => error.into(),
        }
    }
}

impl From<ChoiceError> for Failure {
    fn from(error: ChoiceError) -> Self {
        use std::io::ErrorKind::{NotFound, PermissionDenied};
        let message = error.to_string();
        match error {
            ChoiceError::Redis(error) => error.into(),
            ChoiceError::File { source, .. } => match source.kind() {
                PermissionDenied => Self::new(Code::NotAllowed, message).hint("run as the server's user"),
                NotFound => Self::new(Code::Unreachable, message)
                    .hint("name the store with --store FILE or --redis URL, or start the server once"),
                _ => Self::new(Code::Unreachable, message),
            },
            ChoiceError::Embedded(_) => Self::new(Code::Unreachable, message),
        }
    }
}

impl From<CopyError> for Failure {
    fn from(error: CopyError) -> Self {
        let message = error.to_string();
        match error {
            CopyError::Exists { .. } => match message.split_once(": ") {
                Some((what, what_to_do)) => Self::new(Code::Usage, what).hint(what_to_do),
                None => Self::new(Code::Usage, message),
            },
            CopyError::File { source, .. } => Self::new(code_of(&source), message),
            CopyError::Database { .. } | CopyError::Damaged { .. } => Self::new(Code::Failed, message),
        }
    }
}

impl From<RestoreError> for Failure {
    fn from(error: RestoreError) -> Self {
        let message = error.to_string();
        match error {
            RestoreError::Running { .. } => Self::new(Code::Refused, message).hint("stop the server first"),
            RestoreError::Leased { .. } => {
                Self::new(Code::Refused, message).hint("stop the server, or wait until the lease has ended")
            }
            RestoreError::NoBackup { .. } => Self::new(Code::Failed, message).hint("nothing was changed"),
            RestoreError::Copy(error) => error.into(),
            RestoreError::File { source, .. } => Self::new(code_of(&source), message),
        }
    }
}

/// Returns the code for an error of the file system.
fn code_of(error: &io::Error) -> Code {
    match error.kind() {
        io::ErrorKind::PermissionDenied => Code::NotAllowed,
        io::ErrorKind::NotFound => Code::NotFound,
        _ => Code::Failed,
    }
}
