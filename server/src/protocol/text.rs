//! Making text that players wrote fit to be shown to others.
//!
//! The client's console reads markup: `[b]`, `[color=...]` and `[url=...]` take effect, and a link in a stranger's
//! line can open a file. Whatever a player wrote goes through [`neutralise_markup`] before it enters a
//! [`ConsoleMsg`](super::server::ServerPacket::ConsoleMsg): whispers, guild and party chat, descriptions, names.

use std::borrow::Cow;

/// `text` without what the console would act upon: `[` becomes `(`, control characters (line breaks, tabs, NUL) go.
#[must_use]
pub fn neutralise_markup(text: &str) -> Cow<'_, str> {
    if !text.contains(|character: char| character == '[' || character.is_control()) {
        return Cow::Borrowed(text);
    }
    let kept = text.chars().filter(|character| !character.is_control());
    Cow::Owned(
        kept.map(|character| if character == '[' { '(' } else { character })
            .collect(),
    )
}

/// The start of `text`, at most `limit` bytes (of UTF-8), ending at a whole character.
#[must_use]
pub fn cap(text: &str, limit: usize) -> &str {
    let mut end = limit.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// `text` in pieces of at most `limit` bytes (of UTF-8): its own lines, long ones broken at a space where there is
/// one, else at a character. Empty lines are kept as empty pieces. A limit under four bytes counts as four.
pub fn split_lines(text: &str, limit: usize) -> impl Iterator<Item = &str> {
    text.split('\n')
        .flat_map(move |line| split_line(line.trim_end_matches('\r'), limit.max(4)))
}

fn split_line(line: &str, limit: usize) -> impl Iterator<Item = &str> {
    let mut rest = Some(line);
    std::iter::from_fn(move || {
        let text = rest?;
        let fitting = cap(text, limit);
        if fitting.len() == text.len() {
            rest = None;
            return Some(text);
        }
        let end = match fitting.rfind(' ') {
            Some(space) if space > 0 => space,
            _ => fitting.len(),
        };
        rest = Some(text[end..].trim_start_matches(' ')).filter(|text| !text.is_empty());
        Some(&text[..end])
    })
}
