//! Encoding of the texts sent to a client: the operator's choice, or the one that this client most likely reads.
//!
//! A client reads texts with its system's own code page. Nothing in the protocol names the system, but its packets do:
//! Windows sends them with a time to live of 128, Linux and macOS with 64, and each router on the way takes one off. A
//! wrong guess costs most in one direction: a client that expects UTF-8 loses every text that is not.

use std::fmt;
use std::str::FromStr;

use super::wire::{TextEncoding, UnknownEncoding};

/// Largest time to live of packets from Linux and macOS.
const UNIX_HOPS_MAX: u8 = 64;
/// Largest time to live of packets from Windows.
const WINDOWS_HOPS_MAX: u8 = 128;

/// Rule by which the encoding of a connection is chosen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum EncodingChoice {
    /// By connection, from the knowledge of its client.
    #[default]
    Auto,
    /// The same for every connection.
    Fixed(TextEncoding),
}

impl EncodingChoice {
    /// Returns the encoding that a client reads. `hop_limit` is the time to live of its first packet as it arrived;
    /// `writes` is the encoding of the first text beyond ASCII that it sent.
    ///
    /// A text in UTF-8 proves a client that reads UTF-8. One in Latin-1 proves nothing: the client writes Latin-1 on
    /// every system. Without any knowledge the answer is ASCII, which every client reads.
    #[must_use]
    pub fn for_client(self, hop_limit: Option<u8>, writes: Option<TextEncoding>) -> TextEncoding {
        match self {
            Self::Fixed(encoding) => encoding,
            Self::Auto if writes == Some(TextEncoding::Utf8) => TextEncoding::Utf8,
            Self::Auto => match hop_limit.filter(|hops| *hops > 0) {
                Some(hops) if hops <= UNIX_HOPS_MAX => TextEncoding::Utf8,
                Some(hops) if hops <= WINDOWS_HOPS_MAX => TextEncoding::Latin1,
                _ => TextEncoding::Ascii,
            },
        }
    }
}

impl FromStr for EncodingChoice {
    type Err = UnknownEncoding;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        if name == "auto" { Ok(Self::Auto) } else { name.parse().map(Self::Fixed) }
    }
}

impl fmt::Display for EncodingChoice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => formatter.write_str("auto"),
            Self::Fixed(encoding) => encoding.fmt(formatter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_packets_time_to_live_tells_windows_from_the_others() {
        let guess = |hop_limit| EncodingChoice::Auto.for_client(hop_limit, None);
        for hop_limit in [1, 40, 57, 64] {
            assert_eq!(guess(Some(hop_limit)), TextEncoding::Utf8, "{hop_limit}");
        }
        for hop_limit in [65, 100, 128] {
            assert_eq!(guess(Some(hop_limit)), TextEncoding::Latin1, "{hop_limit}");
        }
        for hop_limit in [None, Some(0), Some(129), Some(255)] {
            assert_eq!(guess(hop_limit), TextEncoding::Ascii, "{hop_limit:?}");
        }
    }

    #[test]
    fn a_text_in_utf8_corrects_the_guess_and_one_in_latin1_does_not() {
        for hop_limit in [None, Some(64), Some(128)] {
            let with = |writes| EncodingChoice::Auto.for_client(hop_limit, Some(writes));
            assert_eq!(with(TextEncoding::Utf8), TextEncoding::Utf8);
            assert_eq!(with(TextEncoding::Latin1), EncodingChoice::Auto.for_client(hop_limit, None));
        }
    }

    #[test]
    fn what_the_operator_sets_holds_for_everybody() {
        let fixed = EncodingChoice::Fixed(TextEncoding::Latin1);
        assert_eq!(fixed.for_client(Some(64), Some(TextEncoding::Utf8)), TextEncoding::Latin1);
    }

    #[test]
    fn configuration_values_name_choices() {
        for name in ["auto", "latin1", "utf8", "ascii"] {
            assert_eq!(name.parse::<EncodingChoice>().unwrap().to_string(), name);
        }
        let error = "UTF-8".parse::<EncodingChoice>().unwrap_err();
        let expected = r#"unknown text encoding "UTF-8": expected auto, latin1, utf8 or ascii"#;
        assert_eq!(error.to_string(), expected);
    }
}
