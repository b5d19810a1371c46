//! The address of a Redis, with the user and password to enter it.

use std::fmt;
use std::path::{Path, PathBuf};

use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo};

use super::error::RedisError;

/// Port of a Redis that was given without one.
pub const DEFAULT_PORT: u16 = 6379;
/// Beginning of an address that asks for TLS.
const TLS: &str = "rediss://";

/// The other end of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// A host name or address, and a port.
    Tcp(String, u16),
    /// A socket file on this machine.
    Unix(PathBuf),
}

/// Address of a Redis. `Display` shows it as a URL without the password; there is no `Debug` that shows it either.
#[derive(Clone, PartialEq, Eq)]
pub struct RedisAddress {
    /// The other end.
    pub endpoint: Endpoint,
    /// Number of the database on it, from 0.
    pub db: i64,
    /// User of its access list; `None` is the default user.
    pub username: Option<String>,
    /// `None` when it asks for none.
    pub password: Option<String>,
}

impl RedisAddress {
    /// Names a Redis without password, on its database 0.
    #[must_use]
    pub fn new(host: &str, port: u16) -> Self {
        Self { endpoint: Endpoint::Tcp(host.into(), port), db: 0, username: None, password: None }
    }

    /// Reads `redis://user:password@host:port/db`, of which all but the host may be left out, or
    /// `redis+unix:///path/of/socket?db=1&user=name&pass=word`.
    ///
    /// # Errors
    /// [`RedisError::BadAddress`], which does not repeat the text: it may hold a password; or
    /// [`RedisError::Encrypted`].
    pub fn parse(url: &str) -> Result<Self, RedisError> {
        if url.get(..TLS.len()).is_some_and(|scheme| scheme.eq_ignore_ascii_case(TLS)) {
            return Err(RedisError::Encrypted);
        }
        let info: ConnectionInfo = url
            .into_connection_info()
            .map_err(|error| bad_address(error.detail().unwrap_or("not a Redis URL")))?;
        let endpoint = match info.addr() {
            ConnectionAddr::Tcp(host, port) => Endpoint::Tcp(host.clone(), *port),
            ConnectionAddr::Unix(path) => Endpoint::Unix(path.clone()),
            _ => return Err(RedisError::Encrypted),
        };
        let settings = info.redis_settings();
        if settings.db() < 0 {
            return Err(bad_address("the database number is negative"));
        }
        let filled = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
        Ok(Self {
            endpoint,
            db: settings.db(),
            username: filled(settings.username()),
            password: filled(settings.password()),
        })
    }

    /// Returns the URL that [`RedisAddress::parse`] reads as this address. It shows the password: not for people.
    #[must_use]
    pub fn to_url(&self) -> String {
        let text = |text: &Option<String>| percent_encoded(text.as_deref().unwrap_or_default());
        let (user, password, db) = (text(&self.username), text(&self.password), self.db);
        match &self.endpoint {
            Endpoint::Tcp(..) => format!("redis://{user}:{password}@{}/{db}", self.place()),
            Endpoint::Unix(path) => {
                format!("redis+unix://{}?db={db}&user={user}&pass={password}", path.display())
            }
        }
    }

    /// Returns `host:port`, or the path of the socket: its name in messages.
    #[must_use]
    pub fn place(&self) -> String {
        match &self.endpoint {
            Endpoint::Tcp(host, port) if host.contains(':') => format!("[{host}]:{port}"),
            Endpoint::Tcp(host, port) => format!("{host}:{port}"),
            Endpoint::Unix(path) => path.display().to_string(),
        }
    }

    /// Returns the `redis-cli` command that goes there, for messages that say what to try.
    pub(super) fn redis_cli(&self) -> String {
        let socket = |path: &Path| format!("redis-cli -s {}", path.display());
        let mut command = match &self.endpoint {
            Endpoint::Tcp(host, port) => format!("redis-cli -h {host} -p {port}"),
            Endpoint::Unix(path) => socket(path),
        };
        if self.password.is_some() {
            command.push_str(" --askpass");
        }
        command
    }
}

impl fmt::Display for RedisAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let user = match (&self.username, &self.password) {
            (None, None) => String::new(),
            (user, None) => format!("{}@", user.as_deref().unwrap_or_default()),
            (user, Some(_)) => format!("{}:***@", user.as_deref().unwrap_or_default()),
        };
        match &self.endpoint {
            Endpoint::Tcp(..) => write!(formatter, "redis://{user}{}/{}", self.place(), self.db),
            Endpoint::Unix(path) => write!(formatter, "redis+unix://{user}{}?db={}", path.display(), self.db),
        }
    }
}

impl fmt::Debug for RedisAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// Encodes `text` so that it may stand anywhere in a URL.
#[must_use]
pub fn percent_encoded(text: &str) -> String {
    let encoded = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(encoded).collect()
}

fn bad_address(reason: &str) -> RedisError {
    RedisError::BadAddress { reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(url: &str) -> (String, i64, Option<String>, Option<String>) {
        let address = RedisAddress::parse(url).unwrap();
        (address.place(), address.db, address.username, address.password)
    }

    #[test]
    fn a_url_gives_each_part() {
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(
            parsed("redis://juan:se%2Fcreto@norte.example.org:7000/3"),
            ("norte.example.org:7000".into(), 3, text("juan"), text("se/creto"))
        );
        assert_eq!(parsed("redis://127.0.0.1"), ("127.0.0.1:6379".into(), 0, None, None));
        assert_eq!(parsed("redis://:clave@[::1]:7000"), ("[::1]:7000".into(), 0, None, text("clave")));
        assert_eq!(
            parsed("redis+unix:///run/redis.sock?db=2&pass=clave"),
            ("/run/redis.sock".into(), 2, None, text("clave"))
        );
    }

    #[test]
    fn a_wrong_url_is_an_error_that_keeps_the_password_to_itself() {
        for url in [
            "",
            "localhost:6379",
            "http://:clave@host",
            "redis://:clave@",
            "redis://:clave@host:port",
            "redis://:clave@host/x",
            "redis://:clave@host/-1",
        ] {
            let error = RedisAddress::parse(url).unwrap_err();
            assert!(matches!(error, RedisError::BadAddress { .. }), "{url}: {error}");
            assert!(!error.to_string().contains("clave"), "{error}");
        }
    }

    #[test]
    fn an_address_that_asks_for_tls_is_told_what_to_do_instead() {
        for url in ["rediss://:clave@host", "REDISS://host:6380/0", "rediss://"] {
            let error = RedisAddress::parse(url).unwrap_err();
            assert_eq!(error, RedisError::Encrypted);
            let text = error.to_string();
            assert!(text.contains("TLS is not supported") && text.contains("redis://"), "{text}");
        }
    }

    #[test]
    fn an_address_is_read_back_from_its_url() {
        for url in [
            "redis://juan:se%2Fc%40reto@norte.example.org:7000/3",
            "redis://:clave%20%3A@[::1]:7000",
            "redis://127.0.0.1",
            "redis+unix:///run/redis.sock?db=2&user=juan&pass=cl%26ve",
            "redis+unix:///run/redis.sock",
        ] {
            let address = RedisAddress::parse(url).unwrap();
            assert_eq!(RedisAddress::parse(&address.to_url()).unwrap(), address, "{url}");
        }
    }

    #[test]
    fn a_password_is_never_shown() {
        let address = RedisAddress::parse("redis://juan:clave@host/3").unwrap();
        assert_eq!(address.to_string(), "redis://juan:***@host:6379/3");
        assert_eq!(format!("{address:?}"), "redis://juan:***@host:6379/3");
        assert_eq!(RedisAddress::new("::1", 1).to_string(), "redis://[::1]:1/0");
    }
}
