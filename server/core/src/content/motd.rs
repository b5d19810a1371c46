//! Limits of the message of the day: each line is a packet to every player who enters, at once.

/// Most lines.
pub const LINES_MAX: usize = 20;
/// Most bytes of all lines together, in UTF-8.
pub const BYTES_MAX: usize = 2 * 1024;
/// Description of a valid message of the day.
pub const EXPECTED: &str = "a text of at most 20 lines and 2,048 bytes";

/// Returns true if the message, its lines separated by `
/// `, may be sent.
#[must_use]
pub fn is_short(text: &str) -> bool {
    text.len() <= BYTES_MAX && text.lines().count() <= LINES_MAX
}

/// Takes away the last lines of a message that is too long. Returns true if there were such lines.
pub fn shorten(lines: &mut Vec<String>) -> bool {
    let before = lines.len();
    lines.truncate(LINES_MAX);
    // Each but the last ends in a `\n`.
    while lines.iter().map(|line| line.len() + 1).sum::<usize>() > BYTES_MAX + 1 {
        lines.pop();
    }
    lines.len() < before
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twenty_lines_and_two_kib_are_the_most() {
        assert!(is_short("") && is_short(&"hola\n".repeat(20)) && is_short(&"a".repeat(2_048)));
        assert!(!is_short(&"hola\n".repeat(21)) && !is_short(&"a".repeat(2_049)));
    }

    #[test]
    fn a_message_that_is_too_long_loses_its_last_lines() {
        let lines = |count, length| vec!["a".repeat(length); count];
        for (count, length, left) in [(20, 5, 20), (1_200, 5, 20), (4, 511, 4), (5, 511, 4), (1, 2_049, 0)] {
            let mut message = lines(count, length);
            assert_eq!(shorten(&mut message), left < count, "{count} lines of {length}");
            assert_eq!(message, lines(left, length));
            assert!(is_short(&message.join("\n")));
        }
    }
}
