//! The configuration file: TOML, a table a section.

use std::ops::Range;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Given, Layers, SETTINGS, Setting, Source, suggest};

/// Lays the file's values over the defaults. Every unknown or wrong one is a fault with its line and column.
pub(super) fn apply(path: &Path, text: &str, layers: &mut Layers) {
    let at = |span: Range<usize>| {
        let (line, column) = line_and_column(text, span.start);
        Source::File { path: path.to_owned(), line, column }
    };
    let (document, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        layers.fault(at(error.span().unwrap_or(0..0)), error.message().to_owned());
    }
    if !errors.is_empty() {
        return;
    }
    for (section, value) in in_file_order(document.get_ref()) {
        let name = section.get_ref();
        match value.get_ref() {
            DeValue::Table(settings) if is_section(name) => {
                for (key, value) in in_file_order(settings) {
                    let full_key = format!("{name}.{}", key.get_ref());
                    let is_known = Setting::named(&full_key).is_some();
                    let span = if is_known { value.span() } else { key.span() };
                    layers.set(&full_key, &given(value.get_ref()), at(span));
                }
            }
            DeValue::Table(_) => {
                let hint = suggest::hint(name, sections());
                layers.fault(at(section.span()), format!("[{name}]: no such section{hint}"));
            }
            _ => layers
                .fault(at(section.span()), format!("{name}: a setting outside every section{}", moved(name))),
        }
    }
}

fn in_file_order<'table, 'text>(
    table: &'table DeTable<'text>,
) -> Vec<(&'table Spanned<std::borrow::Cow<'text, str>>, &'table Spanned<DeValue<'text>>)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}

fn sections() -> impl Iterator<Item = &'static str> {
    SETTINGS.iter().map(Setting::section)
}

fn is_section(name: &str) -> bool {
    sections().any(|section| section == name)
}

/// Names the section of a setting that stands outside of every section.
fn moved(name: &str) -> String {
    let setting = SETTINGS.iter().find(|setting| setting.name() == name);
    setting.map_or_else(String::new, |setting| format!("; it belongs under [{}]", setting.section()))
}

fn given(value: &DeValue<'_>) -> Given {
    let number = |text: &str, radix| i64::from_str_radix(text, radix).ok();
    match value {
        DeValue::String(text) => Given::Text(text.to_string()),
        DeValue::Boolean(value) => Given::Boolean(*value),
        DeValue::Integer(integer) => {
            number(integer.as_str(), integer.radix()).map_or(Given::Other("huge integer"), Given::Integer)
        }
        DeValue::Array(items) => {
            let texts: Option<Vec<String>> =
                items.iter().map(|item| item.get_ref().as_str().map(str::to_owned)).collect();
            texts.map_or(Given::Other("list of something else than strings"), Given::List)
        }
        other => Given::Other(other.type_str()),
    }
}

/// Returns the line and the column, both from 1, of a byte of `text`; columns count characters.
fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (line, before[line_start..].chars().count() + 1)
}
