//! The answers of Redis as text, numbers and hashes.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use redis::Value;

use super::error::RedisError;
use crate::StoreError;
use crate::fields::{BadField, Field, Fields, StoredValue, number};

/// Answers to commands, in their order; each may be a refusal.
pub(super) type Answers = Vec<Result<Value, RedisError>>;

/// Answers still to be read, in the order of their commands.
pub(super) struct Replies(std::vec::IntoIter<Result<Value, RedisError>>);

impl Replies {
    pub(super) fn new(answers: Answers) -> Self {
        Self(answers.into_iter())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.len() == 0
    }

    /// The next answer.
    ///
    /// # Errors
    /// The command was refused.
    pub(super) fn next(&mut self) -> Result<Value, StoreError> {
        self.0.next().unwrap_or(Ok(Value::Nil)).map_err(StoreError::from)
    }
}

/// Text that is only looked at; `""` for anything else.
pub(super) fn lossy_text(value: &Value) -> String {
    match value {
        Value::BulkString(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Value::SimpleString(text) | Value::VerbatimString { text, .. } => text.clone(),
        Value::Int(number) => number.to_string(),
        _ => String::new(),
    }
}

/// Text, or `None` where there is nothing. `key` is what holds it.
pub(super) fn text(key: &str, value: Value) -> Result<Option<String>, StoreError> {
    match value {
        Value::Nil => Ok(None),
        Value::BulkString(bytes) => {
            String::from_utf8(bytes).map(Some).map_err(|_| damaged(key, "it is not UTF-8"))
        }
        Value::SimpleString(text) => Ok(Some(text)),
        Value::Okay => Ok(Some("OK".into())),
        Value::Int(number) => Ok(Some(number.to_string())),
        _ => Err(damaged(key, "it is no text")),
    }
}

/// A whole number, 0 where there is nothing.
pub(super) fn integer(key: &str, value: Value) -> Result<u64, StoreError> {
    match text(key, value)? {
        None => Ok(0),
        Some(text) => text.trim().parse().map_err(|_| damaged(key, &format!("{text:?} is no whole number"))),
    }
}

/// The members of an answer that has several.
pub(super) fn list(value: Value) -> Vec<Value> {
    match value {
        Value::Array(values) | Value::Set(values) => values,
        Value::Map(pairs) => pairs.into_iter().flat_map(|(field, value)| [field, value]).collect(),
        _ => Vec::new(),
    }
}

pub(super) fn damaged(key: &str, reason: &str) -> StoreError {
    StoreError::Damaged { key: key.to_owned(), reason: reason.to_owned() }
}

/// A hash that was read whole.
pub(super) struct Hash {
    key: String,
    fields: BTreeMap<String, String>,
}

impl Hash {
    /// Takes the answer to HGETALL of `key`.
    ///
    /// # Errors
    /// A field is not text.
    pub(super) fn new(key: &str, value: Value) -> Result<Self, StoreError> {
        let mut fields = BTreeMap::new();
        let mut values = list(value).into_iter();
        while let (Some(field), Some(value)) = (values.next(), values.next()) {
            let field = text(key, field)?.unwrap_or_default();
            fields.insert(field, text(key, value)?.unwrap_or_default());
        }
        Ok(Self { key: key.to_owned(), fields })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// Fields with their values, by name.
    pub(super) fn fields(&self) -> impl DoubleEndedIterator<Item = (&str, &str)> {
        self.fields.iter().map(|(field, value)| (field.as_str(), value.as_str()))
    }

    pub(super) fn get(&self, field: &str) -> Option<&str> {
        self.fields.get(field).map(String::as_str)
    }

    /// A field that must be there.
    pub(super) fn text(&self, field: &str) -> Result<&str, StoreError> {
        self.get(field).ok_or_else(|| self.damaged(&format!("it has no field {field}")))
    }

    /// A number that must be there.
    pub(super) fn number<T: TryFrom<i64>>(
        &self,
        field: &'static str,
        range: RangeInclusive<i64>,
    ) -> Result<T, StoreError> {
        number(field, self.whole(field)?, range).map_err(|error| self.damaged(&error.to_string()))
    }

    /// A record; a field that is not there has its default.
    pub(super) fn record<F: Fields>(&self) -> Result<F, StoreError> {
        self.record_with(|_| None)
    }

    /// A record of which some numbers are stored elsewhere.
    pub(super) fn record_with<F: Fields>(
        &self,
        elsewhere: impl Fn(&str) -> Option<i64>,
    ) -> Result<F, StoreError> {
        let value_of = |field: &Field| match elsewhere(field.name) {
            Some(number) => Ok(Some(StoredValue::Number(number))),
            None => self.get(field.name).map(|text| field.parse(text)).transpose(),
        };
        F::read(value_of).map_err(|error: BadField| self.damaged(&error.to_string()))
    }

    fn whole(&self, field: &str) -> Result<i64, StoreError> {
        let text = self.text(field)?;
        text.parse().map_err(|_| self.damaged(&format!("{field} is {text:?}, no whole number")))
    }

    pub(super) fn damaged(&self, reason: &str) -> StoreError {
        damaged(&self.key, reason)
    }
}
