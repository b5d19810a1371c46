//! The answer of a command, before it has a form.

use serde_json::Value as Json;

use super::servers::{Answer, ServerAnswer};
use super::time;
use crate::failure::Code;

/// The answer of a command.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// One value; the object is its JSON.
    Value {
        /// As people and scripts read it.
        text: String,
        /// The fields of its JSON.
        fields: Vec<(&'static str, Json)>,
        /// Remarks beside it.
        notes: Vec<String>,
    },
    /// Rows.
    Table(Table),
    /// One thing with its fields.
    Record(Record),
    /// A change, done or only shown.
    Change(Change),
    /// Checks, each done or failed.
    Checks(Vec<Check>),
    /// Text as it is, such as a man page.
    Text(String),
}

/// A column: its title on screen and its field in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Title, upper case.
    pub title: &'static str,
    /// Field, a contract with programs.
    pub field: &'static str,
    /// Its turn to be left out where a terminal is narrow: of several the highest goes first. 0 always stays.
    pub dropped: u8,
}

/// Makes a [`Column`] that always stays.
pub const fn column(title: &'static str, field: &'static str) -> Column {
    Column { title, field, dropped: 0 }
}

impl Column {
    /// Marks it as left out where a terminal is narrow, after those with a higher number.
    pub const fn dropped(mut self, turn: u8) -> Self {
        self.dropped = turn;
        self
    }
}

/// Rows under columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Field of the list in JSON.
    pub name: &'static str,
    /// Its columns.
    pub columns: &'static [Column],
    /// Its rows, each with a cell a column.
    pub rows: Vec<Vec<Cell>>,
    /// Further fields of the JSON object.
    pub fields: Vec<(&'static str, Json)>,
    /// Remarks beside it.
    pub notes: Vec<String>,
}

/// One thing.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Its fields in order.
    pub fields: Vec<(&'static str, Cell)>,
}

/// A change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    /// Of what.
    pub what: String,
    /// Value before; `None` when there was none.
    pub old: Option<String>,
    /// Value after; `None` when there is none any more.
    pub new: Option<String>,
    /// True if nothing was written.
    pub dry_run: bool,
    /// The effect, and its time.
    pub effect: String,
    /// The answers of live servers, if they were waited for.
    pub servers: Vec<ServerAnswer>,
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// The thing that was tried.
    pub name: &'static str,
    /// The finding, or the reason of the failure.
    pub outcome: Result<String, String>,
    /// Its duration.
    pub microseconds: u64,
}

/// One value in a table or record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// Nothing.
    None,
    /// Text; may hold anything.
    Text(String),
    /// A number.
    Number(u64),
    /// Yes or no.
    Flag(bool),
    /// A moment, Unix seconds.
    Moment(u64),
    /// Seconds.
    Duration(u64),
    /// An amount of data.
    Bytes(u64),
}

impl Cell {
    /// Makes a cell of text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// Makes a cell of a moment, if there is one.
    pub fn moment(moment: Option<u64>) -> Self {
        moment.map_or(Self::None, Self::Moment)
    }

    /// Writes it for people.
    pub fn for_people(&self, now: u64) -> String {
        match self {
            Self::None => "-".to_owned(),
            Self::Flag(flag) => if *flag { "yes" } else { "no" }.to_owned(),
            Self::Moment(moment) => time::ago(now, *moment),
            Self::Duration(seconds) => time::duration(*seconds),
            Self::Bytes(count) => time::bytes(*count),
            Self::Text(_) | Self::Number(_) => self.for_scripts(),
        }
    }

    /// Writes it for tab-separated lines: one line, no tabs, units as in JSON.
    pub fn for_scripts(&self) -> String {
        match self {
            Self::None => String::new(),
            Self::Text(text) => visible(text),
            Self::Flag(flag) => flag.to_string(),
            Self::Moment(moment) => time::rfc3339(*moment),
            Self::Number(number) | Self::Duration(number) | Self::Bytes(number) => number.to_string(),
        }
    }

    /// Writes it for programs.
    pub fn json(&self) -> Json {
        match self {
            Self::None => Json::Null,
            Self::Text(text) => text.as_str().into(),
            Self::Flag(flag) => (*flag).into(),
            Self::Moment(moment) => time::rfc3339(*moment).into(),
            Self::Number(number) | Self::Duration(number) | Self::Bytes(number) => (*number).into(),
        }
    }

    /// Returns true if it stands at the right of its column.
    pub fn is_number(&self) -> bool {
        matches!(self, Self::Number(_) | Self::Bytes(_))
    }
}

/// Spells out the control characters of `text` that a terminal would obey (line ends, escapes).
pub fn visible(text: &str) -> String {
    text.chars().flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] }).collect()
}

impl Change {
    /// Returns the remarks beside the change: the answer of each server, or the effect to expect.
    fn notes(&self) -> Vec<String> {
        let lines = self.servers.iter().map(|answer| answer.line(&self.effect));
        let is_answered = !self.servers.is_empty() && self.old != self.new;
        let effect = (!is_answered).then(|| self.effect.clone());
        effect.into_iter().chain(lines).collect()
    }

    /// Returns the exit code when a server has refused the change, or has not answered.
    fn failure(&self) -> Option<Code> {
        let mut answers = self.servers.iter().map(|answer| &answer.answer);
        let is_refused = answers.clone().any(|answer| matches!(answer, Answer::Refused(_)));
        let is_open = answers.any(|answer| *answer == Answer::None);
        is_refused.then_some(Code::ServerRefused).or(is_open.then_some(Code::NoAnswer))
    }
}

impl Reply {
    /// Returns the remarks beside the data.
    pub fn notes(&self) -> Vec<String> {
        match self {
            Self::Value { notes, .. } => notes.clone(),
            Self::Table(table) => table.notes.clone(),
            Self::Change(change) if change.dry_run => {
                vec![format!("dry run: nothing was written; otherwise: {}", change.effect)]
            }
            Self::Change(change) => change.notes(),
            Self::Record(_) | Self::Checks(_) | Self::Text(_) => Vec::new(),
        }
    }

    /// Returns the exit code of an answer that tells of a failure.
    pub fn failure(&self) -> Option<Code> {
        match self {
            Self::Checks(checks) => checks.iter().any(|check| check.outcome.is_err()).then_some(Code::Failed),
            Self::Change(change) => change.failure(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_never_reach_a_terminal_or_split_a_line() {
        let cell = Cell::text("a\tb\nc\u{1b}[2Jñ");
        assert_eq!(cell.for_scripts(), "a\\tb\\nc\\u{1b}[2Jñ");
        assert_eq!(cell.for_people(0), cell.for_scripts());
    }

    #[test]
    fn scripts_get_units_and_people_get_words() {
        assert_eq!(
            (Cell::Duration(61).for_people(0), Cell::Duration(61).for_scripts()),
            ("1 min 1 s".into(), "61".into())
        );
        assert_eq!(Cell::Moment(0).for_people(5), "5 s ago");
        assert_eq!(Cell::Moment(0).for_scripts(), "1970-01-01T00:00:00Z");
        assert_eq!((Cell::None.for_people(0), Cell::None.for_scripts()), ("-".into(), String::new()));
    }
}
