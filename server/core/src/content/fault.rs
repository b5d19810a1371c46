//! Faults of a data directory, each with its place.

use std::fmt;

/// Most faults that the text of a [`LoadError`] lists.
const LISTED_MAX: usize = 100;

/// One thing wrong in one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The file, relative to the data directory: `Maps/Mapa1.map`.
    pub file: String,
    /// The line, from 1, in a text file.
    pub line: Option<u32>,
    /// Description of the fault in one sentence.
    pub message: String,
}

impl Fault {
    /// A fault of a whole file, or of a binary one.
    pub(super) fn in_file(file: impl Into<String>, message: impl Into<String>) -> Self {
        Self { file: file.into(), line: None, message: message.into() }
    }

    /// A fault on a line of a text file.
    pub(super) fn on_line(file: impl Into<String>, line: u32, message: impl Into<String>) -> Self {
        Self { file: file.into(), line: Some(line), message: message.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(formatter, "{}:{line}: {}", self.file, self.message),
            None => write!(formatter, "{}: {}", self.file, self.message),
        }
    }
}

/// A data directory that cannot be used: every fatal fault of it, in the order of reading.
#[derive(Debug, thiserror::Error)]
#[error("the game data cannot be loaded, {} found:{}", count(.faults), list(.faults))]
pub struct LoadError {
    /// At least one.
    pub faults: Vec<Fault>,
}

fn count(faults: &[Fault]) -> String {
    match faults.len() {
        1 => "1 fault".to_owned(),
        many => format!("{many} faults"),
    }
}

/// Lists the faults a line each, up to a limit: a slip such as a wrong number of maps makes thousands of one kind.
fn list(faults: &[Fault]) -> String {
    let mut text: String = faults.iter().take(LISTED_MAX).map(|fault| format!("\n  {fault}")).collect();
    if let Some(more @ 1..) = faults.len().checked_sub(LISTED_MAX) {
        text.push_str(&format!("\n  and {more} more"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_names_its_file_and_line() {
        assert_eq!(Fault::in_file("Maps/Mapa1.map", "too short").to_string(), "Maps/Mapa1.map: too short");
        assert_eq!(Fault::on_line("Dat/obj.dat", 123, "bad").to_string(), "Dat/obj.dat:123: bad");
    }

    #[test]
    fn a_load_error_lists_every_fault() {
        let faults = vec![Fault::in_file("a", "one"), Fault::on_line("b", 2, "two")];
        let text = LoadError { faults }.to_string();
        assert_eq!(text, "the game data cannot be loaded, 2 faults found:\n  a: one\n  b:2: two");
    }
}
