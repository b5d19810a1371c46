//! One value of the configuration: how it is checked, set and shown.

use std::fmt;
use std::ops::RangeInclusive;

use super::describe::excerpt;
use pyao_core::content::{Position, motd};
use pyao_core::protocol::encoding_choice::EncodingChoice;
use pyao_store::server::ServerId;

/// A value as a layer gives it. Flags and variables give text only; a field reads text as what it needs.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Given {
    /// A flag, a variable or a string of the file.
    Text(String),
    /// A whole number of the file.
    Integer(i64),
    /// A truth value of the file.
    Boolean(bool),
    /// A list of strings of the file.
    List(Vec<String>),
    /// Anything else in the file, by the name of its type.
    Other(&'static str),
}

impl fmt::Display for Given {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(formatter, "{:?}", excerpt(text)),
            Self::Integer(number) => write!(formatter, "{number}"),
            Self::Boolean(value) => write!(formatter, "{value}"),
            Self::List(items) => write!(formatter, "{items:?}"),
            Self::Other(type_name) => write!(formatter, "a value of type {type_name}"),
        }
    }
}

/// A place in the configuration, with what may stand there.
pub(super) enum Field<'a> {
    /// Any text.
    Text(&'a mut String),
    /// Text that players read at login.
    Motd(&'a mut String),
    /// Text that is shown with its password hidden: a URL.
    Url(&'a mut String),
    /// `host:port`, or empty for off.
    Listen(&'a mut String),
    /// The name of a server, or empty for one that nobody chose.
    ServerId(&'a mut String),
    /// A TCP port.
    Port(&'a mut u16),
    /// A whole number in a range.
    Integer(&'a mut u32, RangeInclusive<u32>),
    /// Yes or no.
    Boolean(&'a mut bool),
    /// Yes, no, or for the server to decide.
    OptionalBoolean(&'a mut Option<bool>),
    /// How text is sent.
    Encoding(&'a mut EncodingChoice),
    /// Places, each as `map:x:y`.
    Positions(&'a mut Vec<Position>),
}

impl Field<'_> {
    /// Sets the value, or says what was expected.
    pub(super) fn assign(self, given: &Given) -> Result<(), String> {
        match self {
            Self::Text(text) | Self::Url(text) => *text = read_text(given).ok_or("a text")?,
            Self::Motd(text) => {
                *text = read_text(given).filter(|text| motd::is_short(text)).ok_or(motd::EXPECTED)?;
            }
            Self::Listen(text) => *text = read_listen(given).ok_or("\"address:port\", or \"\" for off")?,
            Self::ServerId(name) => {
                *name =
                    read_server_id(given).ok_or("1 to 40 letters, digits, \".\", \"_\" or \"-\", or \"\"")?;
            }
            Self::Port(port) => *port = read_integer(given, &(0..=65_535))?,
            Self::Integer(number, range) => *number = read_integer(given, &range)?,
            Self::Boolean(value) => *value = read_boolean(given).ok_or("true or false")?,
            Self::OptionalBoolean(value) => *value = Some(read_boolean(given).ok_or("true or false")?),
            Self::Encoding(encoding) => {
                *encoding = read_encoding(given).ok_or("\"auto\", \"latin1\", \"utf8\" or \"ascii\"")?;
            }
            Self::Positions(positions) => {
                *positions =
                    read_positions(given).ok_or("a list of \"map:x:y\", with x and y from 1 to 100")?;
            }
        }
        Ok(())
    }

    /// The value as the configuration file writes it; a password in a URL as `***`.
    pub(super) fn show(self) -> String {
        match self {
            Self::Text(text) | Self::Motd(text) | Self::Listen(text) | Self::ServerId(text) => {
                format!("{text:?}")
            }
            Self::Url(text) => format!("{:?}", hide_password(text)),
            Self::Port(port) => port.to_string(),
            Self::Integer(number, _) => number.to_string(),
            Self::Boolean(value) => value.to_string(),
            Self::OptionalBoolean(value) => {
                value.map_or_else(|| "unset".to_owned(), |value| value.to_string())
            }
            Self::Encoding(encoding) => format!("\"{encoding}\""),
            Self::Positions(positions) => {
                let texts: Vec<_> = positions.iter().map(Position::to_string).collect();
                format!("{texts:?}")
            }
        }
    }
}

impl Field<'_> {
    /// The value as plain text, as a flag or a variable would give it.
    pub(super) fn text(self) -> String {
        match self {
            Self::Text(text)
            | Self::Motd(text)
            | Self::Url(text)
            | Self::Listen(text)
            | Self::ServerId(text) => text.clone(),
            Self::Encoding(encoding) => encoding.to_string(),
            Self::OptionalBoolean(value) => value.map_or_else(String::new, |value| value.to_string()),
            Self::Positions(positions) => {
                positions.iter().map(Position::to_string).collect::<Vec<_>>().join(",")
            }
            plain @ (Self::Port(_) | Self::Integer(..) | Self::Boolean(_)) => plain.show(),
        }
    }
}

fn read_text(given: &Given) -> Option<String> {
    match given {
        Given::Text(text) => Some(text.clone()),
        _ => None,
    }
}

fn read_listen(given: &Given) -> Option<String> {
    let text = read_text(given)?;
    let is_address = || {
        let (host, port) = text.rsplit_once(':')?;
        (!host.is_empty()).then_some(())?;
        port.parse::<u16>().ok()
    };
    (text.is_empty() || is_address().is_some()).then_some(text)
}

fn read_server_id(given: &Given) -> Option<String> {
    read_text(given).filter(|name| name.is_empty() || ServerId::new(name).is_ok())
}

fn read_integer<Number: TryFrom<u32>>(given: &Given, range: &RangeInclusive<u32>) -> Result<Number, String> {
    let number = match given {
        Given::Integer(number) => u32::try_from(*number).ok(),
        Given::Text(text) => text.trim().parse().ok(),
        _ => None,
    };
    number
        .filter(|number| range.contains(number))
        .and_then(|number| Number::try_from(number).ok())
        .ok_or_else(|| format!("a whole number from {} to {}", range.start(), range.end()))
}

fn read_boolean(given: &Given) -> Option<bool> {
    match given {
        Given::Boolean(value) => Some(*value),
        Given::Text(text) => match text.trim().to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" => Some(true),
            "false" | "0" | "no" | "off" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

fn read_encoding(given: &Given) -> Option<EncodingChoice> {
    read_text(given)?.parse().ok()
}

/// A list, or in a variable the places separated by commas.
fn read_positions(given: &Given) -> Option<Vec<Position>> {
    match given {
        Given::List(items) => items.iter().map(|item| item.parse().ok()).collect(),
        Given::Text(text) if text.trim().is_empty() => Some(Vec::new()),
        Given::Text(text) => text.split(',').map(|item| item.parse().ok()).collect(),
        _ => None,
    }
}

/// `redis://user:secret@host` as `redis://user:***@host`, and `…?pass=secret` as `…?pass=***`.
fn hide_password(url: &str) -> String {
    if let Some((start, rest)) = ["?pass=", "&pass="].into_iter().find_map(|key| url.split_once(key)) {
        let key = url.get(start.len()..url.len() - rest.len()).unwrap_or_default();
        let end = rest.find('&').and_then(|end| rest.get(end..)).unwrap_or_default();
        return format!("{start}{key}***{end}");
    }
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let Some((user_info, host)) = rest.rsplit_once('@') else {
        return url.to_owned();
    };
    let user = user_info.split_once(':').map_or(user_info, |(user, _)| user);
    format!("{scheme}://{user}:***@{host}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_in_a_url_is_never_shown() {
        assert_eq!(hide_password("redis://ana:s3cret@db:6379/0"), "redis://ana:***@db:6379/0");
        assert_eq!(hide_password("redis://:p@ss@db"), "redis://:***@db");
        assert_eq!(hide_password("redis://db:6379"), "redis://db:6379");
        assert_eq!(hide_password("redis+unix:///a.sock?db=1&pass=s3"), "redis+unix:///a.sock?db=1&pass=***");
        assert_eq!(hide_password("redis+unix:///a.sock?pass=s3&db=1"), "redis+unix:///a.sock?pass=***&db=1");
        assert_eq!(hide_password(""), "");
    }

    #[test]
    fn a_server_has_a_name_that_fits_into_a_key_or_none() {
        let read = |text: &str| read_server_id(&Given::Text(text.to_owned()));
        assert_eq!(read("norte-1").as_deref(), Some("norte-1"));
        assert_eq!(read("").as_deref(), Some(""));
        for wrong in ["nor te", "norte:1", "ñ", &"n".repeat(41)] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn an_address_to_listen_on_needs_a_port() {
        let read = |text: &str| read_listen(&Given::Text(text.to_owned()));
        assert!(read("127.0.0.1:7667").is_some());
        assert!(read("[::1]:7667").is_some());
        assert!(read("localhost:0").is_some());
        assert!(read("").is_some());
        for wrong in ["7667", "127.0.0.1", ":7667", "127.0.0.1:70000", "127.0.0.1:"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
