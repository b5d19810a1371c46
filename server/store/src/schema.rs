//! The number of the form in which data is stored, the same for every kind of store.
//!
//! It counts up with everything that is added: a table, a part of a character, a field with a default. An older program
//! would drop what it does not know when it saves a character, so each store carries the number of what is in it, with
//! the version of the program that wrote that first, and a program leaves a store with a larger number alone.

use super::records::NewerStore;
use super::{parts, tables};

/// Schema of a store without a note: the last that Redis did not note.
pub(super) const UNNOTED: u32 = 3;
/// Version of this program.
pub(super) const PROGRAM: &str = env!("CARGO_PKG_VERSION");

/// Schema of what this program writes, and the latest that it reads.
pub(super) fn current() -> u32 {
    let additions = tables::STEPS.len() + parts::additions();
    u32::try_from(additions).unwrap_or(u32::MAX)
}

/// The note of a store on its data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Noted {
    /// The schema.
    pub(super) schema: u32,
    /// Version of the program that wrote data of this schema first; empty where it is unknown.
    pub(super) writer: String,
}

impl Noted {
    /// Reads `schema:version`; a text that is none counts as no note.
    pub(super) fn parse(text: &str) -> Self {
        let (schema, writer) = text.split_once(':').unwrap_or((text, ""));
        Self { schema: schema.parse().unwrap_or(UNNOTED), writer: writer.to_owned() }
    }

    /// Refuses a store with data of a later schema than this program reads.
    ///
    /// # Errors
    /// Names the version that reads it.
    pub(super) fn check(self, place: impl FnOnce() -> String) -> Result<(), NewerStore> {
        let known = current();
        if self.schema <= known {
            return Ok(());
        }
        Err(NewerStore { place: place(), found: self.schema, writer: self.writer, known, own: PROGRAM })
    }
}

/// The note of this program.
pub(super) fn note() -> String {
    format!("{}:{PROGRAM}", current())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_note_of_this_program_is_read_back() {
        assert_eq!(Noted::parse(&note()), Noted { schema: current(), writer: PROGRAM.to_owned() });
        assert_eq!(Noted::parse("12"), Noted { schema: 12, writer: String::new() });
        for nothing in ["", "x:1"] {
            assert_eq!(Noted::parse(nothing).schema, UNNOTED, "{nothing}");
        }
    }

    #[test]
    fn a_store_of_a_later_schema_is_refused_with_the_version_that_reads_it() {
        let place = || "pyao.db".to_owned();
        assert_eq!(Noted::parse(&note()).check(place), Ok(()));
        let refused = Noted { schema: current() + 1, writer: "7.8.9".to_owned() }.check(place).unwrap_err();
        let expected = format!(
            "pyao.db holds data of schema {}, written by version 7.8.9, and this program, version {PROGRAM}, reads \
             schemas up to {}; use version 7.8.9 or a later one, or a backup from before",
            current() + 1,
            current()
        );
        assert_eq!(refused.to_string(), expected);
    }
}
