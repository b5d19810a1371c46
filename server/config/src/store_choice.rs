//! The store that a configuration means, and opening it.
//!
//! Server and tools ask here, so that both look at the same place. Redis is tried when it is enabled: at its address,
//! or on this machine when none is given. The embedded store stands in for one that cannot be reached, unless the operator
//! asked for Redis: a second, empty world would be worse than none.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use crate::Config;
use pyao_store::Store;
use pyao_store::redis::{RedisAddress, RedisError, RedisOptions, RedisStore};
use pyao_store::sqlite::{OpenError, SqliteStore};

/// Address of Redis when none is given.
pub const DEFAULT_REDIS: &str = "redis://127.0.0.1:6379/0";

/// A store that a configuration means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreChoice {
    /// Redis at that address.
    Redis {
        /// May hold a password.
        url: String,
        /// The file of the embedded store that stands in when Redis is away; `None` when nothing may.
        otherwise: Option<PathBuf>,
    },
    /// The embedded store in that file.
    Embedded {
        /// The file.
        path: PathBuf,
    },
}

/// The place of a store.
pub enum Place {
    /// On this Redis, which answers.
    Redis(Box<RedisStore>),
    /// In this file, which need not be there.
    Embedded(PathBuf),
}

/// A place that was found.
pub struct Found {
    /// The place of the store.
    pub place: Place,
    /// The reason why it is not Redis, if Redis was tried first.
    pub redis_failure: Option<RedisError>,
}

impl Found {
    /// Returns true if [`Self::open_for_server`] makes a new file.
    #[must_use]
    pub fn makes_file(&self) -> bool {
        matches!(&self.place, Place::Embedded(path) if !path.exists())
    }

    /// Opens it for a server: the embedded store exclusively, made when it is not there.
    ///
    /// # Errors
    /// See [`ChoiceError`].
    pub fn open_for_server(self) -> Result<OpenedStore, ChoiceError> {
        self.open(|path| Ok(SqliteStore::open(path)?))
    }

    fn open(
        self,
        open_file: impl Fn(&Path) -> Result<SqliteStore, ChoiceError>,
    ) -> Result<OpenedStore, ChoiceError> {
        let (store, is_redis): (Box<dyn Store>, bool) = match self.place {
            Place::Redis(store) => (store, true),
            Place::Embedded(path) => (Box::new(open_file(&path)?), false),
        };
        Ok(OpenedStore { store, is_redis, redis_failure: self.redis_failure })
    }
}

/// An opened store.
pub struct OpenedStore {
    /// The store.
    pub store: Box<dyn Store>,
    /// True if it is a Redis.
    pub is_redis: bool,
    /// The reason why it is not Redis, if Redis was tried first.
    pub redis_failure: Option<RedisError>,
}

/// The reason why a store was not opened. Each says in one line what to do.
#[derive(Debug, thiserror::Error)]
pub enum ChoiceError {
    /// Redis was asked for and cannot be used.
    #[error(transparent)]
    Redis(#[from] RedisError),
    /// A file that a tool cannot read.
    #[error("cannot open the store {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// The embedded store cannot be used.
    #[error(transparent)]
    Embedded(#[from] OpenError),
}

impl StoreChoice {
    /// Returns the store that `config` means.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        let redis = &config.redis;
        let path = PathBuf::from(&config.store.path);
        if !redis.enabled {
            return Self::Embedded { path };
        }
        let url = if redis.url.is_empty() { DEFAULT_REDIS.to_owned() } else { redis.url.clone() };
        let otherwise = (!redis.is_asked_for()).then_some(path);
        Self::Redis { url, otherwise }
    }

    /// Looks where the store is, without opening a file.
    ///
    /// # Errors
    /// A Redis that was asked for and cannot be used.
    pub fn find(&self) -> Result<Found, RedisError> {
        let (url, otherwise) = match self {
            Self::Embedded { path } => {
                return Ok(Found { place: Place::Embedded(path.clone()), redis_failure: None });
            }
            Self::Redis { url, otherwise } => (url, otherwise),
        };
        match (open_redis(url), otherwise) {
            (Ok(store), _) => Ok(Found { place: Place::Redis(Box::new(store)), redis_failure: None }),
            // A fallback would be an empty world beside the one that is there.
            (Err(error @ RedisError::Newer(_)), _) => Err(error),
            (Err(error), Some(path)) => {
                Ok(Found { place: Place::Embedded(path.clone()), redis_failure: Some(error) })
            }
            (Err(error), None) => Err(error),
        }
    }

    /// Finds it and opens it for a server.
    ///
    /// # Errors
    /// See [`ChoiceError`].
    pub fn open_for_server(&self) -> Result<OpenedStore, ChoiceError> {
        self.find()?.open_for_server()
    }

    /// Opens it for a tool: beside whichever server uses it, and only when it is there.
    ///
    /// # Errors
    /// See [`ChoiceError`].
    pub fn open_for_tool(&self) -> Result<OpenedStore, ChoiceError> {
        self.find()?.open(open_file_for_tool)
    }
}

fn open_redis(url: &str) -> Result<RedisStore, RedisError> {
    RedisStore::open(RedisAddress::parse(url)?, RedisOptions::default())
}

/// Opens the embedded store in a file that is there, beside whichever server uses it.
///
/// # Errors
/// [`ChoiceError::File`] or [`ChoiceError::Embedded`].
pub fn open_file_for_tool(path: &Path) -> Result<SqliteStore, ChoiceError> {
    File::open(path).map_err(|source| ChoiceError::File { path: path.to_owned(), source })?;
    Ok(SqliteStore::open_shared(path)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use pyao_core::settings::table;

    /// An address where nothing listens.
    const NOBODY: &str = "redis://:secret@127.0.0.1:1/0";

    fn choice(enabled: bool, url: &str, required: Option<bool>) -> StoreChoice {
        StoreChoice::of(&Config {
            redis: table::Redis { enabled, url: url.to_owned(), required },
            store: table::Store { path: "world.db".to_owned() },
            ..Config::default()
        })
    }

    fn redis(url: &str, otherwise: Option<&str>) -> StoreChoice {
        StoreChoice::Redis { url: url.to_owned(), otherwise: otherwise.map(PathBuf::from) }
    }

    #[test]
    fn without_anything_given_redis_on_this_machine_is_tried_first() {
        assert_eq!(choice(true, "", None), redis(DEFAULT_REDIS, Some("world.db")));
        assert_eq!(choice(true, "", Some(true)), redis(DEFAULT_REDIS, None));
    }

    #[test]
    fn a_given_address_is_required_unless_the_operator_says_otherwise() {
        assert_eq!(choice(true, NOBODY, None), redis(NOBODY, None));
        assert_eq!(choice(true, NOBODY, Some(true)), redis(NOBODY, None));
        assert_eq!(choice(true, NOBODY, Some(false)), redis(NOBODY, Some("world.db")));
    }

    #[test]
    fn a_disabled_redis_is_never_tried() {
        for required in [None, Some(true), Some(false)] {
            assert_eq!(choice(false, NOBODY, required), StoreChoice::Embedded { path: "world.db".into() });
        }
    }

    #[test]
    fn a_redis_that_is_away_stops_or_gives_way_and_its_password_is_not_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("world.db");
        let required = StoreChoice::Redis { url: NOBODY.to_owned(), otherwise: None };
        let error = required.open_for_server().err().unwrap().to_string();
        assert!(error.contains("127.0.0.1:1"), "{error}");
        assert!(!error.contains("secret"), "{error}");

        let optional = StoreChoice::Redis { url: NOBODY.to_owned(), otherwise: Some(path) };
        let opened = optional.open_for_server().unwrap();
        assert!(matches!(opened.redis_failure, Some(RedisError::Unreachable { .. })));
    }

    #[test]
    fn a_tool_opens_beside_the_server_and_makes_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("world.db");
        let choice = StoreChoice::Embedded { path: path.clone() };
        let error = choice.open_for_tool().err().unwrap();
        assert!(matches!(error, ChoiceError::File { .. }), "{error}");
        assert!(!path.exists());

        let mut server = choice.open_for_server().unwrap();
        let mut tool = choice.open_for_tool().unwrap();
        server.store.set_setting("server.port", "7000").unwrap();
        assert_eq!(tool.store.settings().unwrap()["server.port"], "7000");
        assert!(choice.open_for_server().is_err(), "a second server");
    }
}
