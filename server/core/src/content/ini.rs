//! AO's text files: sections of `key=value` lines, read as leniently as AO 0.13 does.
//!
//! The files have free text between sections, rulers, comments of three kinds, duplicate keys and remarks after
//! numbers. Nothing of that is an error: what is not a section or a `key=value` line is passed over, and of two
//! sections or keys with one name the first counts. Names compare without case.

use std::collections::BTreeMap;

/// A parsed text file.
#[derive(Debug)]
pub(super) struct Ini<'a> {
    sections: Vec<Section<'a>>,
    /// Place of each section by its lower-case name.
    by_name: BTreeMap<String, usize>,
}

/// A section and its entries.
#[derive(Debug)]
pub(super) struct Section<'a> {
    /// As written, trimmed.
    pub name: &'a str,
    /// Line of its head, from 1.
    pub line: u32,
    entries: Vec<Entry<'a>>,
}

/// One `key=value` line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry<'a> {
    key: &'a str,
    /// Everything right of the first `=`, blanks included.
    pub value: &'a str,
    /// From 1.
    pub line: u32,
}

impl<'a> Ini<'a> {
    pub(super) fn parse(text: &'a str) -> Self {
        let mut ini = Self { sections: Vec::new(), by_name: BTreeMap::new() };
        // `None` before the first section and inside a repeated one.
        let mut current: Option<usize> = None;
        for (line, number) in text.lines().zip(1u32..) {
            if let Some(head) = line.strip_prefix('[') {
                let name = head.split(']').next().unwrap_or_default().trim();
                current = ini.open_section(name, number);
            } else if let Some(entry) = parse_entry(line, number)
                && let Some(section) = current.and_then(|index| ini.sections.get_mut(index))
            {
                section.entries.push(entry);
            }
        }
        ini
    }

    /// Opens a section and returns its place, `None` if the name is taken.
    fn open_section(&mut self, name: &'a str, line: u32) -> Option<usize> {
        let place = self.sections.len();
        let key = name.to_lowercase();
        if self.by_name.contains_key(&key) {
            return None;
        }
        self.by_name.insert(key, place);
        self.sections.push(Section { name, line, entries: Vec::new() });
        Some(place)
    }

    /// The section of that name in any case.
    pub(super) fn section(&self, name: &str) -> Option<&Section<'a>> {
        self.by_name.get(&name.to_lowercase()).and_then(|&place| self.sections.get(place))
    }

    /// The sections named `prefix` and a number, such as `[OBJ12]`, in file order. The number is as written and may
    /// be too large for anything.
    pub(super) fn numbered(&self, prefix: &str) -> impl Iterator<Item = (&'a str, &Section<'a>)> {
        self.sections.iter().filter_map(move |section| {
            let (head, digits) = section.name.split_at_checked(prefix.len())?;
            let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            (is_number && same_name(head, prefix)).then_some((digits, section))
        })
    }
}

impl<'a> Section<'a> {
    /// The first entry with that key in any case.
    pub(super) fn entry(&self, key: &str) -> Option<Entry<'a>> {
        self.entries.iter().find(|entry| same_name(entry.key, key)).copied()
    }
}

/// Parses a `key=value` line; `None` for comments, lines without `=` and lines that start with it.
fn parse_entry(line: &str, number: u32) -> Option<Entry<'_>> {
    if line.trim_start().starts_with([';', '\'', '#']) {
        return None;
    }
    let (key, value) = line.split_once('=')?;
    (!key.is_empty()).then(|| Entry { key: key.trim(), value, line: number })
}

/// Returns true if two names are equal without regard to case, `ñ` included.
fn same_name(one: &str, other: &str) -> bool {
    one.len() == other.len()
        && one.chars().flat_map(char::to_lowercase).eq(other.chars().flat_map(char::to_lowercase))
}

/// The number at the start of `text`, as Visual Basic's `Val` finds it.
///
/// Blanks and tabs count for nothing wherever they are; the longest prefix of sign, digits, point and exponent is
/// the number; without one it is 0.
pub(super) fn number(text: &str) -> f64 {
    let mut digits = String::new();
    let mut best = 0.0;
    for character in text.chars().filter(|character| !matches!(character, ' ' | '\t')) {
        match character {
            '0'..='9' | '.' | '+' | '-' | 'e' | 'E' => digits.push(character),
            'd' | 'D' => digits.push('e'),
            _ => break,
        }
        // `parse` also knows words such as "inf", which cannot be spelled with these characters.
        if let Ok(value) = digits.parse() {
            best = value;
        } else if !may_continue(&digits) {
            break;
        }
    }
    best
}

/// Returns true if `digits`, not a number yet, can become one: `-`, `.`, `1e`, `1e-`.
fn may_continue(digits: &str) -> bool {
    let mantissa = digits.trim_end_matches(['+', '-']);
    matches!(digits, "+" | "-" | "." | "+." | "-.")
        || mantissa.strip_suffix(['e', 'E']).is_some_and(|number| number.parse::<f64>().is_ok())
            && digits.len() <= mantissa.len() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value<'a>(ini: &Ini<'a>, section: &str, key: &str) -> Option<&'a str> {
        ini.section(section)?.entry(key).map(|entry| entry.value)
    }

    #[test]
    fn sections_and_keys_compare_without_case_and_with_enye() {
        let ini = Ini::parse("[MODDAÑOARMAS]\nApuÑala = 1\n");
        assert_eq!(value(&ini, "moddañoarmas", "APUñALA"), Some(" 1"));
    }

    #[test]
    fn the_first_of_two_keys_and_of_two_sections_counts() {
        let ini = Ini::parse("[A]\nx=1\nX=2\n[B]\n[a]\nx=3\ny=4\n");
        assert_eq!(value(&ini, "A", "x"), Some("1"));
        assert_eq!(value(&ini, "A", "y"), None);
    }

    #[test]
    fn comments_free_text_and_remarks_are_passed_over() {
        let text = "key=before\n[CLASE1] ' Mago\n;a=1\n'b=1\n #c=1\n####\nfree text\n=d\nname= O'Riley \n";
        let ini = Ini::parse(text);
        for key in ["key", "a", "b", "c", "", "'b"] {
            assert_eq!(value(&ini, "CLASE1", key), None, "{key}");
        }
        assert_eq!(value(&ini, "clase1", "Name"), Some(" O'Riley "));
    }

    #[test]
    fn all_line_ends_are_accepted_and_lines_counted() {
        let ini = Ini::parse("[A]\r\nx=1\r\n\r\ny=2");
        assert_eq!(value(&ini, "A", "x"), Some("1"));
        assert_eq!(ini.section("A").unwrap().entry("y").unwrap().line, 4);
        assert_eq!(ini.section("A").unwrap().line, 1);
    }

    #[test]
    fn numbered_sections_need_a_number_and_nothing_else() {
        let ini = Ini::parse("[OBJ1]\n[INIT]\n[obj20] 'x\n[OBJ]\n[OBJx]\n[OBJ99999999999]\n[ÑBJ1]\n");
        let found: Vec<_> = ini.numbered("OBJ").map(|(digits, section)| (digits, section.line)).collect();
        assert_eq!(found, [("1", 1), ("20", 3), ("99999999999", 6)]);
    }

    #[test]
    fn a_number_is_the_longest_numeric_start() {
        for (text, expected) in [
            ("", 0.0),
            (" 200", 200.0),
            ("26 ", 26.0),
            ("+2", 2.0),
            ("-3", -3.0),
            ("180 'Cantidad de minutos", 180.0),
            ("38      '*** Cambiar", 38.0),
            ("1 2\t3", 123.0),
            ("0.9", 0.9),
            (".5x", 0.5),
            ("7.5.1", 7.5),
            ("1e3", 1000.0),
            ("1d2", 100.0),
            ("12e", 12.0),
            ("12e-", 12.0),
            ("25 de mayo", 25.0),
            ("1-2", 1.0),
            ("--1", 0.0),
            ("inf", 0.0),
            ("'1", 0.0),
            ("x1", 0.0),
        ] {
            let found = number(text);
            assert!((found - expected).abs() < 1e-9, "{text:?} gave {found}");
        }
    }
}
