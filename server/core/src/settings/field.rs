//! The place of one value in the settings: how the value is checked, set and shown.

use core::net::IpAddr;
use std::ops::RangeInclusive;

use super::given::Given;
use crate::content::{Position, motd};
use crate::protocol::encoding_choice::EncodingChoice;
use crate::records::server::ServerId;

/// Ports that a server can be told to listen on while it runs.
const LIVE_PORTS: RangeInclusive<u32> = 1..=65_535;

/// A place in the settings, with the kind of value that may stand there.
pub(super) enum Field<'a> {
    /// Any text.
    Text(&'a mut String),
    /// Text that players read at login.
    Motd(&'a mut String),
    /// Text that is shown with its password hidden: a URL.
    Url(&'a mut String),
    /// An address or a host name to listen on.
    Host(&'a mut String),
    /// `host:port`, or empty for off.
    Listen(&'a mut String),
    /// The name of a server, or empty for a drawn one.
    ServerId(&'a mut String),
    /// A TCP port.
    Port(&'a mut u16),
    /// A whole number in a range.
    Integer(&'a mut u32, RangeInclusive<u32>),
    /// A truth value.
    Boolean(&'a mut bool),
    /// A truth value, or unset for the server to decide.
    OptionalBoolean(&'a mut Option<bool>),
    /// The encoding of text that is sent.
    Encoding(&'a mut EncodingChoice),
    /// Places, each as `map:x:y`.
    Positions(&'a mut Vec<Position>),
}

impl Field<'_> {
    /// Sets the value, or returns what was expected.
    pub(super) fn assign(self, given: &Given) -> Result<(), String> {
        match self {
            Self::Text(text) | Self::Url(text) | Self::Host(text) => *text = given.text().ok_or("a text")?,
            Self::Motd(text) => {
                *text = given.text().filter(|text| motd::is_short(text)).ok_or(motd::EXPECTED)?;
            }
            Self::Listen(text) => {
                *text =
                    given.text().filter(|text| is_listen(text)).ok_or("\"address:port\", or \"\" for off")?;
            }
            Self::ServerId(name) => {
                let is_id = |name: &String| name.is_empty() || ServerId::new(name).is_ok();
                *name = (given.text().filter(is_id))
                    .ok_or("1 to 40 letters, digits, \".\", \"_\" or \"-\", or \"\"")?;
            }
            Self::Port(port) => *port = given.integer(&(0..=65_535))?,
            Self::Integer(number, range) => *number = given.integer(&range)?,
            Self::Boolean(value) => *value = given.boolean().ok_or("true or false")?,
            Self::OptionalBoolean(value) => *value = Some(given.boolean().ok_or("true or false")?),
            Self::Encoding(encoding) => {
                let read = given.text().and_then(|text| text.parse().ok());
                *encoding = read.ok_or("\"auto\", \"latin1\", \"utf8\" or \"ascii\"")?;
            }
            Self::Positions(positions) => {
                *positions = given.positions().ok_or("a list of \"map:x:y\", with x and y from 1 to 100")?;
            }
        }
        Ok(())
    }

    /// Sets the value of a running server, or returns what was expected. Any free port is for a start alone: the address
    /// of a running server has to be known.
    pub(super) fn assign_live(self, text: &str) -> Result<(), String> {
        let given = Given::Text(text.to_owned());
        match self {
            Self::Port(port) => {
                *port = given.integer(&LIVE_PORTS)?;
                Ok(())
            }
            other => other.assign(&given),
        }
    }

    /// Checks a new value beyond what [`Self::assign_live`] does, or returns what was expected.
    pub(super) fn check_new(self, text: &str) -> Result<(), String> {
        match self {
            Self::Host(_) if !is_host(text) => Err("an IP address or a host name".to_owned()),
            _ => Ok(()),
        }
    }

    /// See [`super::Setting::is_storable`].
    pub(super) fn is_storable(&self) -> bool {
        !matches!(self, Self::Port(0))
    }

    /// Describes the values that may be set while servers run, or at the start where they cannot follow.
    pub(super) fn allowed(self) -> String {
        match self {
            Self::Text(_) => "text".to_owned(),
            Self::Motd(_) => "text: 20 lines, 2 KiB".to_owned(),
            Self::Url(_) => "URL".to_owned(),
            Self::Host(_) => "IP address or host name".to_owned(),
            Self::Listen(_) => "address:port or empty".to_owned(),
            Self::Port(_) => format!("{}..{}", LIVE_PORTS.start(), LIVE_PORTS.end()),
            Self::Integer(_, range) => format!("{}..{}", range.start(), range.end()),
            Self::Boolean(_) | Self::OptionalBoolean(_) => "true or false".to_owned(),
            Self::Encoding(_) => "auto, latin1, utf8 or ascii".to_owned(),
            Self::Positions(_) => "map:x:y, separated by commas".to_owned(),
            Self::ServerId(_) => "1 to 40 letters, digits, . _ -".to_owned(),
        }
    }

    /// Returns a value that was typed as one word in the form that is kept.
    pub(super) fn typed(self, typed: &str) -> String {
        match self {
            Self::Motd(_) => typed.replace("\\n", "\n"),
            _ => typed.to_owned(),
        }
    }

    /// Returns the value as the configuration file writes it; a password in a URL as `***`.
    pub(super) fn show(self) -> String {
        match self {
            Self::Text(text)
            | Self::Motd(text)
            | Self::Host(text)
            | Self::Listen(text)
            | Self::ServerId(text) => {
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

    /// Returns the value as plain text, as a flag or a variable would give it.
    pub(super) fn text(self) -> String {
        match self {
            Self::Text(text)
            | Self::Motd(text)
            | Self::Url(text)
            | Self::Host(text)
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

/// Returns true if `text` is empty or ends in a port.
fn is_listen(text: &str) -> bool {
    let is_port = |port: &str| port.parse::<u16>().is_ok();
    text.is_empty() || text.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && is_port(port))
}

/// Returns true if `text` is an IP address, or a host name: dotted labels of letters, digits and inner hyphens.
fn is_host(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let looks_like_address = text.split('.').all(|label| label.chars().all(|c| c.is_ascii_digit()));
    text.parse::<IpAddr>().is_ok()
        || (text.len() <= 253 && !looks_like_address && text.split('.').all(is_label))
}

/// Returns `redis://user:secret@host` as `redis://user:***@host`, and `…?pass=secret` as `…?pass=***`.
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

    fn takes(field: Field<'_>, text: &str) -> bool {
        field.assign(&Given::Text(text.to_owned())).is_ok()
    }

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
        let read = |text: &str| takes(Field::ServerId(&mut String::new()), text);
        assert!(read("norte-1") && read(""));
        for wrong in ["nor te", "norte:1", "ñ", &"n".repeat(41)] {
            assert!(!read(wrong), "{wrong}");
        }
    }

    #[test]
    fn an_address_to_listen_on_needs_a_port() {
        let read = |text: &str| takes(Field::Listen(&mut String::new()), text);
        for good in ["127.0.0.1:7667", "[::1]:7667", "localhost:0", ""] {
            assert!(read(good), "{good}");
        }
        for wrong in ["7667", "127.0.0.1", ":7667", "127.0.0.1:70000", "127.0.0.1:"] {
            assert!(!read(wrong), "{wrong}");
        }
    }

    #[test]
    fn hosts_are_addresses_or_names() {
        for good in ["0.0.0.0", "::1", "localhost", "norte-1.example.org", "3com.example"] {
            assert!(is_host(good), "{good}");
        }
        for bad in
            ["", "a b", "256.1.1.1", "1.2.3", "-a", "a-", "a..b", "a:80", "http://a", "ñ", &"a".repeat(64)]
        {
            assert!(!is_host(bad), "{bad:?}");
        }
    }
}
