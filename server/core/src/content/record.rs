//! One section of a text file, read field by field.

use serde::Deserialize;

use super::Position;
use super::fault::Fault;
use super::ini::{Section, number};
use crate::base::ids::ObjectId;

/// An object and how many of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ItemAmount {
    /// Object number.
    pub object: ObjectId,
    /// Number of pieces; 0 in a merchant's stock is an object that it trades in but does not have. Gold goes beyond a
    /// slot's 10,000.
    pub amount: u32,
}

/// Reads the fields of a section. A missing field is 0 or the empty text; a number that does not fit is a fault.
pub(super) struct Record<'a, 'f> {
    file: &'a str,
    section: &'a Section<'a>,
    faults: &'f mut Vec<Fault>,
}

impl<'a, 'f> Record<'a, 'f> {
    pub(super) fn new(file: &'a str, section: &'a Section<'a>, faults: &'f mut Vec<Fault>) -> Self {
        Self { file, section, faults }
    }

    /// The text right of `=`, blanks included.
    pub(super) fn text(&self, key: &str) -> &'a str {
        self.section.entry(key).map_or("", |entry| entry.value)
    }

    /// The text without blanks around it and without one pair of quotes.
    pub(super) fn trimmed(&self, key: &str) -> &'a str {
        let text = self.text(key).trim();
        text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text)
    }

    /// Returns true if the key is present.
    pub(super) fn has(&self, key: &str) -> bool {
        self.section.entry(key).is_some()
    }

    /// A whole number; fractions are rounded half to even.
    pub(super) fn number<T: TryFrom<i64> + Default>(&mut self, key: &str) -> T {
        self.section
            .entry(key)
            .and_then(|entry| self.convert(key, entry.value, entry.line))
            .unwrap_or_default()
    }

    /// Returns true if the number is not 0.
    pub(super) fn flag(&mut self, key: &str) -> bool {
        self.section.entry(key).is_some_and(|entry| number(entry.value) != 0.0)
    }

    /// `object-amount`, `None` when missing or without an object.
    pub(super) fn item(&mut self, key: &str) -> Option<ItemAmount> {
        let entry = self.section.entry(key)?;
        let mut fields = entry.value.split('-');
        let object = ObjectId::new(self.convert(key, fields.next()?, entry.line)?);
        let amount = self.convert(key, fields.next().unwrap_or_default(), entry.line)?;
        (object != ObjectId::NONE).then_some(ItemAmount { object, amount })
    }

    /// `map-x-y`, `None` when missing or 0.
    pub(super) fn position(&mut self, key: &str) -> Option<Position> {
        let entry = self.section.entry(key)?;
        let fields: Vec<f64> = entry.value.split('-').take(3).map(number).collect();
        let &[map, x, y] = fields.as_slice() else {
            return None;
        };
        if map == 0.0 {
            return None;
        }
        let position = format!("{map}:{x}:{y}").parse();
        position.map_err(|error| self.fault(entry.line, format!("{key}: {error}"))).ok()
    }

    /// Lists `prefix1`, `prefix2` … up to `count`: what `read` makes of each key, the missing ones left out.
    pub(super) fn list<T>(
        &mut self,
        prefix: &str,
        count: u16,
        mut read: impl FnMut(&mut Self, &str) -> Option<T>,
    ) -> Vec<T> {
        (1..=count).filter_map(|place| read(self, &format!("{prefix}{place}"))).collect()
    }

    fn convert<T: TryFrom<i64>>(&mut self, key: &str, text: &str, line: u32) -> Option<T> {
        let value = number(text).round_ties_even();
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a float beyond i64 saturates and then does not fit"
        )]
        let converted = T::try_from(value as i64).ok();
        if converted.is_none() {
            self.fault(line, format!("[{}] {key}={value} is out of range", self.section.name));
        }
        converted
    }

    fn fault(&mut self, line: u32, message: String) {
        self.faults.push(Fault::on_line(self.file, line, message));
    }
}
