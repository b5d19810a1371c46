//! Bytes of a text file to text.
//!
//! AO's files are Windows-1252; later ports converted them to UTF-8. A file that is valid UTF-8 is taken as such
//! (plain ASCII is the same in both), anything else is Windows-1252, in which every byte means something.

/// Characters that Windows-1252 has in place of Latin-1's control characters; the five unused bytes keep their number.
const WINDOWS_1252_80_TO_9F: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}',
    '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// The text of a file, without a byte order mark.
pub(super) fn decode(bytes: Vec<u8>) -> String {
    match String::from_utf8(bytes) {
        Ok(text) => match text.strip_prefix('\u{feff}') {
            Some(rest) => rest.to_owned(),
            None => text,
        },
        Err(error) => error.as_bytes().iter().map(|&byte| windows_1252(byte)).collect(),
    }
}

fn windows_1252(byte: u8) -> char {
    let index = usize::from(byte).wrapping_sub(0x80);
    WINDOWS_1252_80_TO_9F.get(index).copied().unwrap_or(char::from(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_1252_is_decoded() {
        assert_eq!(decode(b"Apu\xf1ala \x80 \x93x\x94".to_vec()), "Apuñala € “x”");
    }

    #[test]
    fn utf_8_is_kept_and_a_byte_order_mark_dropped() {
        assert_eq!(decode("Apuñala".as_bytes().to_vec()), "Apuñala");
        assert_eq!(decode(b"\xef\xbb\xbf[INIT]".to_vec()), "[INIT]");
        assert_eq!(decode(b"[INIT]".to_vec()), "[INIT]");
    }
}
