//! Making text that players wrote fit to be shown to others.
//!
//! The client's console reads markup: `[b]`, `[color=...]` and `[url=...]` take effect, and a link in a stranger's line
//! can open a file. Text written by a player goes through [`neutralise_markup`] before it enters a
//! [`ConsoleMsg`](super::server::ServerPacket::ConsoleMsg): whispers, guild and party chat, descriptions, names.

use std::borrow::Cow;

/// Returns `text` without the console's markup: `[` becomes `(`, control characters (line breaks, tabs, NUL)
/// go.
#[must_use]
pub fn neutralise_markup(text: &str) -> Cow<'_, str> {
    if !text.contains(|character: char| character == '[' || character.is_control()) {
        return Cow::Borrowed(text);
    }
    let kept = text.chars().filter(|character| !character.is_control());
    Cow::Owned(kept.map(|character| if character == '[' { '(' } else { character }).collect())
}

/// Returns the start of `text`, at most `limit` bytes (of UTF-8), ending at a whole character.
#[must_use]
pub fn cap(text: &str, limit: usize) -> &str {
    let mut end = limit.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Splits `text` into pieces of at most `limit` bytes (of UTF-8): its own lines, long ones broken at a space if there
/// is one, else at a character. Empty lines are kept as empty pieces. A limit under four bytes counts as four.
pub fn split_lines(text: &str, limit: usize) -> impl Iterator<Item = &str> {
    text.split('\n').flat_map(move |line| split_line(line.trim_end_matches('\r'), limit.max(4)))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str, limit: usize) -> Vec<&str> {
        split_lines(text, limit).collect()
    }

    #[test]
    fn markup_and_control_characters_are_taken_out_of_players_texts() {
        let text = "[url=/etc/passwd]hola[/url]\nadmin: oro\0\t\u{85}";
        assert_eq!(neutralise_markup(text), "(url=/etc/passwd]hola(/url]admin: oro");
    }

    #[test]
    fn a_harmless_text_is_not_copied() {
        assert!(matches!(neutralise_markup("¡hola, ñandú!"), Cow::Borrowed("¡hola, ñandú!")));
    }

    #[test]
    fn a_cap_never_cuts_a_character() {
        assert_eq!(cap("añb", 0), "");
        assert_eq!(cap("añb", 2), "a");
        assert_eq!(cap("añb", 3), "añ");
        assert_eq!(cap("añb", 99), "añb");
    }

    #[test]
    fn a_long_text_breaks_at_spaces_and_long_words_anywhere() {
        assert_eq!(split("uno dos tres", 8), ["uno dos", "tres"]);
        assert_eq!(split("abcdefghij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(split("ññññ", 5), ["ññ", "ññ"]);
        assert_eq!(split("abcd    ", 4), ["abcd"]);
    }

    #[test]
    fn a_text_keeps_its_own_lines() {
        assert_eq!(split("uno\r\n\ndos", 40), ["uno", "", "dos"]);
        assert_eq!(split("", 40), [""]);
    }

    #[test]
    fn a_limit_too_small_for_a_character_still_ends() {
        assert_eq!(split("漢漢", 0), ["漢", "漢"]);
    }
}
