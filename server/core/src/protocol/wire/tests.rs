//! Tests of texts, lists and their limits.

use super::*;

fn encoded(encoding: TextEncoding, text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    encoding.append(text, MAX_SENT_TEXT, &mut out);
    out
}

fn written(encoding: TextEncoding, write: impl FnOnce(&mut Writer<'_>)) -> Vec<u8> {
    let mut out = Vec::new();
    write(&mut Writer::to_client(&mut out, encoding));
    out
}

fn read_text(bytes: &[u8]) -> Result<String, ReadError> {
    Reader::new(bytes, Some(TextEncoding::Latin1)).text()
}

#[test]
fn latin1_writes_what_it_shares_with_windows_and_marks_the_rest() {
    assert_eq!(encoded(TextEncoding::Latin1, "¡Ñandú!"), b"\xA1\xD1and\xFA!");
    assert_eq!(encoded(TextEncoding::Latin1, "5 € \u{85} 漢"), b"5 ? ? ?");
}

#[test]
fn utf8_writes_every_character_as_it_is() {
    assert_eq!(encoded(TextEncoding::Utf8, "ñ €"), "ñ €".as_bytes());
}

#[test]
fn ascii_folds_accents_and_drops_opening_marks() {
    assert_eq!(encoded(TextEncoding::Ascii, "¿Qué? ¡Pingüino de Ñoño!"), b"Que? Pinguino de Nono!");
    assert_eq!(encoded(TextEncoding::Ascii, "áéíóúÁÉÍÓÚüÜñÑç"), b"aeiouAEIOUuUnNc");
    assert_eq!(encoded(TextEncoding::Ascii, "3 € 漢"), b"3 ? ?");
}

#[test]
fn every_latin1_byte_is_decoded_to_the_character_it_stands_for() {
    let bytes: Vec<u8> = (0..=255).collect();
    let text = TextEncoding::Latin1.decode(&bytes);
    assert!(text.chars().map(u32::from).eq(0..=255));
}

#[test]
fn configuration_values_name_encodings() {
    for encoding in [TextEncoding::Latin1, TextEncoding::Utf8, TextEncoding::Ascii] {
        assert_eq!(encoding.to_string().parse(), Ok(encoding));
    }
    let error = "UTF-8".parse::<TextEncoding>().unwrap_err();
    assert_eq!(error.to_string(), r#"unknown text encoding "UTF-8": expected auto, latin1, utf8 or ascii"#);
}

#[test]
fn the_first_text_beyond_ascii_tells_how_the_others_are_read() {
    let bytes = [&b"\x04\0hola"[..], b"\x02\0\xC3\xB1", b"\x01\0\xF1"].concat();
    let mut reader = Reader::new(&bytes, None);
    assert_eq!((reader.text().unwrap().as_str(), reader.encoding()), ("hola", None));
    assert_eq!((reader.text().unwrap().as_str(), reader.encoding()), ("ñ", Some(TextEncoding::Utf8)));
    assert_eq!(reader.text().unwrap(), "\u{FFFD}");
    let mut reader = Reader::new(b"\x01\0\xF1", None);
    assert_eq!((reader.text().unwrap().as_str(), reader.encoding()), ("ñ", Some(TextEncoding::Latin1)));
}

#[test]
fn a_zero_or_negative_count_is_the_empty_text() {
    for count in [0i16, -1, i16::MIN] {
        assert_eq!(read_text(&count.to_le_bytes()), Ok(String::new()));
    }
}

#[test]
fn a_text_waits_for_all_its_bytes() {
    assert_eq!(read_text(b""), Err(ReadError::Incomplete));
    assert_eq!(read_text(b"\x03"), Err(ReadError::Incomplete));
    assert_eq!(read_text(b"\x03\0ab"), Err(ReadError::Incomplete));
    assert_eq!(read_text(b"\x03\0abc"), Ok("abc".to_owned()));
}

#[test]
fn a_text_that_claims_too_much_is_refused_before_its_bytes_come() {
    let longest = i16::try_from(MAX_TEXT).unwrap();
    assert_eq!(read_text(&longest.to_le_bytes()), Err(ReadError::Incomplete));
    let error = DecodeError::TextTooLong(MAX_TEXT + 1);
    assert_eq!(read_text(&(longest + 1).to_le_bytes()), Err(error.into()));
    assert_eq!(read_text(&i16::MAX.to_le_bytes()), Err(DecodeError::TextTooLong(32767).into()));
}

#[test]
fn texts_that_together_pass_the_packet_bound_are_refused() {
    let text = [&4000i16.to_le_bytes()[..], &[b'a'; 4000]].concat();
    let bytes = [text.clone(), text.clone(), text].concat();
    let mut reader = Reader::new(&bytes, Some(TextEncoding::Latin1));
    assert!(reader.text().is_ok());
    assert!(reader.text().is_ok());
    assert_eq!(reader.text(), Err(DecodeError::PacketTooLong.into()));
}

#[test]
fn a_long_text_is_cut_at_a_character() {
    let text = "a".to_owned() + &"ñ".repeat(1000);
    let bytes = written(TextEncoding::Utf8, |writer| writer.text(&text));
    assert_eq!(bytes.len(), 2 + 1023);
    assert_eq!(&bytes[..2], 1023u16.to_le_bytes());
    assert!(std::str::from_utf8(&bytes[2..]).is_ok());
    let bytes = written(TextEncoding::Latin1, |writer| writer.text(&text));
    assert_eq!(bytes.len(), 2 + 1001);
}

#[test]
fn a_list_is_ascii_with_nul_between_its_entries() {
    let bytes = written(TextEncoding::Utf8, |writer| writer.list(["Ñoños", "", "A\0B", "C"]));
    assert_eq!(bytes, b"\x0A\0Nonos\0AB\0C");
    assert_eq!(written(TextEncoding::Latin1, |writer| writer.list([])), b"\0\0");
}

#[test]
fn a_list_that_is_too_long_loses_whole_entries() {
    let names: Vec<_> = (0..500).map(|n| format!("guild {n:03}")).collect();
    let bytes = written(TextEncoding::Latin1, |writer| writer.list(names.iter().map(String::as_str)));
    let entries: Vec<_> = bytes[2..].split(|&byte| byte == 0).collect();
    assert!(entries.iter().all(|entry| entry.len() == 9));
    assert_eq!(entries.len(), (MAX_SENT_TEXT + 1) / 10);
}
