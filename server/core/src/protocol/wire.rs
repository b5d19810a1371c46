//! The primitives of the wire: numbers, texts and the two cursors that read and write them.
//!
//! A packet is one id byte and its fields, with no length and no end mark. Numbers are little endian and signed
//! except the byte; a text is an `i16` byte count and that many bytes. [`Reader`] takes fields out of bytes that may
//! be hostile or not all there yet; [`Writer`] appends them to a buffer and keeps packets within one TCP segment.
//! [`TextEncoding`] is the only place where text becomes bytes.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// Most bytes one text may have on arrival; the client's longest text is a few hundred.
pub const MAX_TEXT: usize = 4096;
/// Most bytes one packet may have on arrival; the longest real one, a new guild, stays under 1.6 KiB.
pub const MAX_PACKET: usize = 8 * 1024;
/// Most bytes of one text that the server sends. Longer ones are cut; split them first if all must be read.
pub const MAX_SENT_TEXT: usize = 1024;
/// Most bytes of one packet that the server sends: one TCP segment on any path.
pub const MAX_SENT_PACKET: usize = 1300;
/// Bytes that a packet keeps free after its last text for the fields that follow.
const ROOM_AFTER_TEXTS: usize = 64;

/// Reason for which bytes can never become a packet. The stream cannot be read any further.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// No packet has this id, so its length is unknown.
    #[error("unknown packet id {0}")]
    UnknownId(u8),
    /// No game master command has this number.
    #[error("unknown game master command {0}")]
    UnknownGmCommand(u8),
    /// No fixed message has this number.
    #[error("unknown fixed message {0}")]
    UnknownMultiMessage(u8),
    /// A text claims this many bytes, above [`MAX_TEXT`].
    #[error("a text of {0} bytes is longer than {MAX_TEXT}")]
    TextTooLong(usize),
    /// The packet's texts together claim more than [`MAX_PACKET`] bytes.
    #[error("a packet is longer than {MAX_PACKET} bytes")]
    PacketTooLong,
}

/// Reason for which a [`Reader`] gave nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadError {
    /// The bytes end inside the field; more may come.
    Incomplete,
    /// More bytes will not help.
    Malformed(DecodeError),
}

impl From<DecodeError> for ReadError {
    fn from(error: DecodeError) -> Self {
        Self::Malformed(error)
    }
}

/// Encoding of texts sent to clients, used by test clients to read them back.
///
/// The Godot client decodes texts with its operating system's own 8-bit code page: Windows-1252 on a Spanish Windows,
/// where Latin-1 shows right, UTF-8 on Linux, where Latin-1 loses the whole line. Plain ASCII is right everywhere.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TextEncoding {
    /// The characters that Latin-1 and Windows-1252 share; any other becomes `?`.
    #[default]
    Latin1,
    /// UTF-8.
    Utf8,
    /// Accents folded (`á` to `a`), `¡` and `¿` left out, anything else outside ASCII becomes `?`.
    Ascii,
}

/// A configuration value that names no [`TextEncoding`] and no
/// [`EncodingChoice`](super::encoding_choice::EncodingChoice).
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("unknown text encoding {0:?}: expected auto, latin1, utf8 or ascii")]
pub struct UnknownEncoding(String);

impl FromStr for TextEncoding {
    type Err = UnknownEncoding;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "latin1" => Ok(Self::Latin1),
            "utf8" => Ok(Self::Utf8),
            "ascii" => Ok(Self::Ascii),
            other => Err(UnknownEncoding(other.to_owned())),
        }
    }
}

impl fmt::Display for TextEncoding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Latin1 => "latin1",
            Self::Utf8 => "utf8",
            Self::Ascii => "ascii",
        })
    }
}

impl TextEncoding {
    /// Appends `text` to `out`, cut before the first character that would pass `limit` bytes.
    pub fn append(self, text: &str, limit: usize, out: &mut Vec<u8>) {
        if text.is_ascii() {
            let length = text.len().min(limit);
            out.extend_from_slice(&text.as_bytes()[..length]);
            return;
        }
        let end = out.len() + limit;
        let mut buffer = [0; 4];
        for character in text.chars() {
            let bytes = self.character(character, &mut buffer);
            if out.len() + bytes.len() > end {
                break;
            }
            out.extend_from_slice(bytes);
        }
    }

    /// Returns the encoding that `bytes` were most likely written in: UTF-8 if they are valid, else Latin-1. `None` for
    /// ASCII, which is the same in all.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Option<Self> {
        if bytes.is_ascii() {
            None
        } else if std::str::from_utf8(bytes).is_ok() {
            Some(Self::Utf8)
        } else {
            Some(Self::Latin1)
        }
    }

    /// Decodes the text that `bytes` stand for; unreadable bytes become a replacement character.
    #[must_use]
    pub fn decode(self, bytes: &[u8]) -> String {
        match self {
            Self::Latin1 => bytes.iter().map(|&byte| char::from(byte)).collect(),
            Self::Utf8 | Self::Ascii => String::from_utf8_lossy(bytes).into_owned(),
        }
    }

    fn character(self, character: char, buffer: &mut [u8; 4]) -> &[u8] {
        match self {
            Self::Utf8 => character.encode_utf8(buffer).as_bytes(),
            Self::Latin1 => {
                let shared = matches!(character, '\0'..='\x7F' | '\u{A0}'..='\u{FF}');
                buffer[0] = if shared { character as u8 } else { b'?' };
                &buffer[..1]
            }
            Self::Ascii => match fold_accent(character) {
                Some(byte) => {
                    buffer[0] = byte;
                    &buffer[..1]
                }
                None => &[],
            },
        }
    }
}

/// Returns the ASCII letter under a character's accent; nothing for the opening marks, which Spanish reads well
/// without.
fn fold_accent(character: char) -> Option<u8> {
    Some(match character {
        '\0'..='\x7F' => character as u8,
        '¡' | '¿' => return None,
        'á' | 'à' | 'â' | 'ã' | 'ä' | 'å' | 'ª' => b'a',
        'Á' | 'À' | 'Â' | 'Ã' | 'Ä' | 'Å' => b'A',
        'é' | 'è' | 'ê' | 'ë' => b'e',
        'É' | 'È' | 'Ê' | 'Ë' => b'E',
        'í' | 'ì' | 'î' | 'ï' => b'i',
        'Í' | 'Ì' | 'Î' | 'Ï' => b'I',
        'ó' | 'ò' | 'ô' | 'õ' | 'ö' | 'º' => b'o',
        'Ó' | 'Ò' | 'Ô' | 'Õ' | 'Ö' => b'O',
        'ú' | 'ù' | 'û' | 'ü' => b'u',
        'Ú' | 'Ù' | 'Û' | 'Ü' => b'U',
        'ñ' => b'n',
        'Ñ' => b'N',
        'ç' => b'c',
        'Ç' => b'C',
        'ý' | 'ÿ' => b'y',
        'Ý' => b'Y',
        _ => b'?',
    })
}

/// A cursor over received bytes. It never passes [`MAX_PACKET`] and never allocates for bytes that are not there.
#[derive(Debug)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    position: usize,
    /// Encoding of the texts read; determined by the first text beyond ASCII if it is not given.
    encoding: Option<TextEncoding>,
}

impl<'a> Reader<'a> {
    /// Creates a cursor at the first of `bytes`. Without an `encoding`, the first text beyond ASCII decides it.
    #[must_use]
    pub fn new(bytes: &'a [u8], encoding: Option<TextEncoding>) -> Self {
        Self { bytes, position: 0, encoding }
    }

    /// Returns the encoding of the texts, as far as it is known.
    #[must_use]
    pub fn encoding(&self) -> Option<TextEncoding> {
        self.encoding
    }

    /// Bytes read so far.
    #[must_use]
    pub fn position(&self) -> usize {
        self.position
    }

    /// Reads the next `N` bytes.
    ///
    /// # Errors
    /// [`ReadError::Incomplete`] when they are not there yet, [`DecodeError::PacketTooLong`] when they never may be.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], ReadError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    /// Reads the bytes of the next text, after its count. A count of zero or below is the empty text.
    ///
    /// # Errors
    /// As [`Self::array`], and [`DecodeError::TextTooLong`] as soon as the count is known.
    pub fn text_bytes(&mut self) -> Result<&'a [u8], ReadError> {
        let count = i16::from_le_bytes(self.array()?);
        let length = usize::try_from(count).unwrap_or(0);
        if length > MAX_TEXT {
            return Err(DecodeError::TextTooLong(length).into());
        }
        self.take(length)
    }

    /// Reads and decodes the next text.
    ///
    /// # Errors
    /// As [`Self::text_bytes`].
    pub fn text(&mut self) -> Result<String, ReadError> {
        let bytes = self.text_bytes()?;
        self.encoding = self.encoding.or_else(|| TextEncoding::of(bytes));
        Ok(self.encoding.unwrap_or_default().decode(bytes))
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], ReadError> {
        let end = self.position + count;
        if end > MAX_PACKET {
            return Err(DecodeError::PacketTooLong.into());
        }
        let bytes = self.bytes.get(self.position..end).ok_or(ReadError::Incomplete)?;
        self.position = end;
        Ok(bytes)
    }
}

/// Appends the fields of one packet to a buffer, and keeps the packet within its bounds by cutting texts.
#[derive(Debug)]
pub struct Writer<'a> {
    out: &'a mut Vec<u8>,
    start: usize,
    encoding: TextEncoding,
    max_text: usize,
    max_packet: usize,
    is_plain: bool,
}

impl<'a> Writer<'a> {
    /// Creates a writer of one packet from the server: at most [`MAX_SENT_TEXT`] bytes a text, [`MAX_SENT_PACKET`] in
    /// all.
    pub fn to_client(out: &'a mut Vec<u8>, encoding: TextEncoding) -> Self {
        let start = out.len();
        Self { out, start, encoding, max_text: MAX_SENT_TEXT, max_packet: MAX_SENT_PACKET, is_plain: true }
    }

    /// Creates a writer of one packet from a client: Latin-1, within the bounds that the server accepts.
    pub fn to_server(out: &'a mut Vec<u8>) -> Self {
        let start = out.len();
        Self {
            out,
            start,
            encoding: TextEncoding::Latin1,
            max_text: MAX_TEXT,
            max_packet: MAX_PACKET,
            is_plain: true,
        }
    }

    /// Appends bytes as they are.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    /// Appends a text: its byte count and its bytes, cut at a character so that the packet stays within bounds.
    pub fn text(&mut self, text: &str) {
        let (encoding, room) = (self.encoding, self.text_room());
        self.is_plain &= text.is_ascii();
        self.counted_bytes(|out| encoding.append(text, room, out));
    }

    /// Appends a list as one text, its entries apart by NUL bytes. The client reads lists as ASCII, so accents are
    /// folded whatever the encoding. Empty entries are left out; entries past the bound too, whole.
    pub fn list<'t>(&mut self, entries: impl IntoIterator<Item = &'t str>) {
        let room = self.text_room();
        self.counted_bytes(|out| {
            let first = out.len();
            let mut entry_bytes = Vec::new();
            for entry in entries {
                entry_bytes.clear();
                TextEncoding::Ascii.append(entry, room, &mut entry_bytes);
                entry_bytes.retain(|&byte| byte != 0);
                let separator = usize::from(out.len() > first);
                if out.len() - first + separator + entry_bytes.len() > room {
                    break;
                }
                if entry_bytes.is_empty() {
                    continue;
                }
                if separator > 0 {
                    out.push(0);
                }
                out.extend_from_slice(&entry_bytes);
            }
        });
    }

    /// Appends what `write` writes, but takes it back and says `false` when the packet would leave its bounds.
    pub fn try_append(&mut self, write: impl FnOnce(&mut Self)) -> bool {
        let before = self.out.len();
        write(self);
        let fits = self.out.len() - self.start + ROOM_AFTER_TEXTS <= self.max_packet;
        if !fits {
            self.out.truncate(before);
        }
        fits
    }

    /// Returns true if any other encoding gives the same bytes: no text so far has a character beyond ASCII.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.is_plain
    }

    /// Bytes of this packet so far.
    #[must_use]
    pub fn position(&self) -> usize {
        self.out.len() - self.start
    }

    /// Writes again, with as many bytes, what was written at `position`.
    pub fn rewrite(&mut self, position: usize, write: impl FnOnce(&mut Self)) {
        let end = self.out.len();
        write(self);
        let bytes = self.out.split_off(end);
        for (place, byte) in self.out.iter_mut().skip(self.start + position).zip(bytes) {
            *place = byte;
        }
    }

    fn text_room(&self) -> usize {
        let left = self.max_packet.saturating_sub(self.position() + ROOM_AFTER_TEXTS);
        left.min(self.max_text)
    }

    /// Appends a byte count and the bytes that `append` appends, of which there are at most [`MAX_TEXT`].
    fn counted_bytes(&mut self, append: impl FnOnce(&mut Vec<u8>)) {
        let count = self.out.len();
        self.out.extend_from_slice(&[0, 0]);
        append(self.out);
        let length = self.out.len() - count - 2;
        debug_assert!(length <= MAX_TEXT);
        self.out[count..count + 2].copy_from_slice(&(length as u16).to_le_bytes());
    }
}

#[cfg(test)]
mod tests;
