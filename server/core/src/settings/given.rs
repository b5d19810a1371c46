//! A value as a layer gives it, and reading it as what a setting needs.

use std::fmt;
use std::ops::RangeInclusive;

use super::excerpt;
use crate::content::Position;

/// A value as a layer gives it. Flags, variables and the store give text only; a setting reads text as what it needs.
#[derive(Debug, Clone, PartialEq)]
pub enum Given {
    /// A flag, a variable, a value of the store, or a string of the file.
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

impl Given {
    pub(super) fn text(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.clone()),
            _ => None,
        }
    }

    pub(super) fn boolean(&self) -> Option<bool> {
        match self {
            Self::Boolean(value) => Some(*value),
            Self::Text(text) => match text.trim().to_ascii_lowercase().as_str() {
                "true" | "1" | "yes" | "on" => Some(true),
                "false" | "0" | "no" | "off" => Some(false),
                _ => None,
            },
            _ => None,
        }
    }

    /// Reads a whole number within `range`, or returns what was expected.
    pub(super) fn integer<Number: TryFrom<u32>>(
        &self,
        range: &RangeInclusive<u32>,
    ) -> Result<Number, String> {
        let number = match self {
            Self::Integer(number) => u32::try_from(*number).ok(),
            Self::Text(text) => text.trim().parse().ok(),
            _ => None,
        };
        number
            .filter(|number| range.contains(number))
            .and_then(|number| Number::try_from(number).ok())
            .ok_or_else(|| format!("a whole number from {} to {}", range.start(), range.end()))
    }

    /// Reads a list, or text in which commas separate the places.
    pub(super) fn positions(&self) -> Option<Vec<Position>> {
        match self {
            Self::List(items) => items.iter().map(|item| item.parse().ok()).collect(),
            Self::Text(text) if text.trim().is_empty() => Some(Vec::new()),
            Self::Text(text) => text.split(',').map(|item| item.parse().ok()).collect(),
            _ => None,
        }
    }
}
