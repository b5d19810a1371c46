//! Macros of the packet tables: one declaration a packet, from which the code and its description both come.
//!
//! `packets!` turns a table (id, name, fields) into an enum that can be read and written, and into a `LAYOUT` that
//! says the same as data, which the tests hold against independent tables. A field is anything that implements
//! [`Field`]: the wire's plain types here, nested tables elsewhere.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use super::wire::{DecodeError, ReadError, Reader, TextEncoding, Writer};

/// One packet as the wire sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PacketLayout {
    /// The packet's first byte.
    pub id: u8,
    /// Its name in the 0.13.3 tables.
    pub name: &'static str,
    /// Its fields, in order.
    pub fields: &'static [FieldLayout],
}

/// One field of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldLayout {
    /// The field's name.
    pub name: &'static str,
    /// Form on the wire.
    pub wire: Wire,
}

/// Form of a field on the wire. Displayed as `u8`, `str`, `i16 x 8`, `i16 * (nick str)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// `u8`, `i16`, `i32`, `f32`, `bool`, `str`, `strz`, or the name of a nested table.
    Plain(&'static str),
    /// These fields, one after the other.
    Record(&'static [FieldLayout]),
    /// Exactly `count` entries, with no prefix.
    Repeated {
        /// Number of entries.
        count: usize,
        /// Form of each entry.
        entry: &'static Wire,
    },
    /// A number of type `prefix`, then that many entries.
    Counted {
        /// Type of the number.
        prefix: &'static str,
        /// Form of each entry.
        entry: &'static Wire,
    },
}

impl fmt::Display for Wire {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(name) => formatter.write_str(name),
            Self::Repeated { count, entry } => write!(formatter, "{entry} x {count}"),
            Self::Counted { prefix, entry } => write!(formatter, "{prefix} * {entry}"),
            Self::Record(fields) => {
                formatter.write_str("(")?;
                for (index, field) in fields.iter().enumerate() {
                    let comma = if index > 0 { ", " } else { "" };
                    write!(formatter, "{comma}{} {}", field.name, field.wire)?;
                }
                formatter.write_str(")")
            }
        }
    }
}

/// Something that stands in a packet.
pub trait Field: Sized {
    /// Form of the type on the wire.
    const WIRE: Wire;

    /// Reads one.
    ///
    /// # Errors
    /// [`ReadError::Incomplete`] when the bytes end inside it, a [`DecodeError`] when no more bytes would help.
    fn read(reader: &mut Reader<'_>) -> Result<Self, ReadError>;

    /// Writes one.
    fn write(&self, writer: &mut Writer<'_>);
}

/// Reads one packet from the start of `bytes`: it and its length, or `None` while it is not all there.
///
/// # Errors
/// The [`DecodeError`] that makes the stream unreadable. The outcome does not depend on the split of the bytes.
pub fn decode<P: Field>(bytes: &[u8], encoding: TextEncoding) -> Result<Option<(P, usize)>, DecodeError> {
    decode_learning(bytes, &mut Some(encoding))
}

/// As [`decode`]. Without an `encoding` the packet's first text beyond ASCII tells it, and it is noted with the packet.
///
/// # Errors
/// As [`decode`].
pub fn decode_learning<P: Field>(
    bytes: &[u8],
    encoding: &mut Option<TextEncoding>,
) -> Result<Option<(P, usize)>, DecodeError> {
    let mut reader = Reader::new(bytes, *encoding);
    match P::read(&mut reader) {
        Ok(packet) => {
            *encoding = reader.encoding();
            Ok(Some((packet, reader.position())))
        }
        Err(ReadError::Incomplete) => Ok(None),
        Err(ReadError::Malformed(error)) => Err(error),
    }
}

macro_rules! number_fields {
    ($($number:ident),*) => {$(
        impl Field for $number {
            const WIRE: Wire = Wire::Plain(stringify!($number));

            fn read(reader: &mut Reader<'_>) -> Result<Self, ReadError> {
                Ok(Self::from_le_bytes(reader.array()?))
            }

            fn write(&self, writer: &mut Writer<'_>) {
                writer.bytes(&self.to_le_bytes());
            }
        }
    )*};
}

number_fields!(u8, i16, i32, f32);

/// Written as 0 or 1; anything but 0 is read as true.
impl Field for bool {
    const WIRE: Wire = Wire::Plain("bool");

    fn read(reader: &mut Reader<'_>) -> Result<Self, ReadError> {
        Ok(u8::read(reader)? != 0)
    }

    fn write(&self, writer: &mut Writer<'_>) {
        u8::from(*self).write(writer);
    }
}

impl Field for String {
    const WIRE: Wire = Wire::Plain("str");

    fn read(reader: &mut Reader<'_>) -> Result<Self, ReadError> {
        reader.text()
    }

    fn write(&self, writer: &mut Writer<'_>) {
        writer.text(self);
    }
}

impl Field for Cow<'_, str> {
    const WIRE: Wire = String::WIRE;

    fn read(reader: &mut Reader<'_>) -> Result<Self, ReadError> {
        Ok(Cow::Owned(reader.text()?))
    }

    fn write(&self, writer: &mut Writer<'_>) {
        writer.text(self);
    }
}

/// A text of a packet, borrowed while it is sent, owned when it was decoded.
pub type Text<'a> = Cow<'a, str>;

/// A list of names in one text, apart by NUL bytes. On the wire it is ASCII and has no empty entries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TextList(pub Vec<String>);

impl<T: Into<String>> FromIterator<T> for TextList {
    fn from_iter<I: IntoIterator<Item = T>>(entries: I) -> Self {
        Self(entries.into_iter().map(Into::into).collect())
    }
}

impl Field for TextList {
    const WIRE: Wire = Wire::Plain("strz");

    fn read(reader: &mut Reader<'_>) -> Result<Self, ReadError> {
        let bytes = reader.text_bytes()?;
        let entries = bytes.split(|&byte| byte == 0).filter(|entry| !entry.is_empty());
        Ok(entries.map(|entry| TextEncoding::Ascii.decode(entry)).collect())
    }

    fn write(&self, writer: &mut Writer<'_>) {
        writer.list(self.0.iter().map(String::as_str));
    }
}

impl<T: Field + Default, const N: usize> Field for [T; N] {
    const WIRE: Wire = Wire::Repeated { count: N, entry: &T::WIRE };

    fn read(reader: &mut Reader<'_>) -> Result<Self, ReadError> {
        let mut entries = std::array::from_fn(|_| T::default());
        for entry in &mut entries {
            *entry = T::read(reader)?;
        }
        Ok(entries)
    }

    fn write(&self, writer: &mut Writer<'_>) {
        self.iter().for_each(|entry| entry.write(writer));
    }
}

impl<T: Field> Field for Box<T> {
    const WIRE: Wire = T::WIRE;

    fn read(reader: &mut Reader<'_>) -> Result<Self, ReadError> {
        T::read(reader).map(Box::new)
    }

    fn write(&self, writer: &mut Writer<'_>) {
        T::write(self, writer);
    }
}

/// A number that can stand before a list: how many entries follow.
pub trait Count: Field + TryFrom<usize> + TryInto<usize> + Copy + Default {}

impl Count for u8 {}
impl Count for i16 {}

/// A list with its length, a `C`, before it. Entries that would make the packet too long are left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted<C, T> {
    /// The entries.
    pub items: Vec<T>,
    count: PhantomData<C>,
}

impl<C, T> From<Vec<T>> for Counted<C, T> {
    fn from(items: Vec<T>) -> Self {
        Self { items, count: PhantomData }
    }
}

impl<C: Count, T: Field> Field for Counted<C, T> {
    const WIRE: Wire = match C::WIRE {
        Wire::Plain(prefix) => Wire::Counted { prefix, entry: &T::WIRE },
        _ => panic!("a count is a plain number"),
    };

    fn read(reader: &mut Reader<'_>) -> Result<Self, ReadError> {
        let count: usize = C::read(reader)?.try_into().unwrap_or(0);
        let mut items = Vec::new();
        for _ in 0..count {
            items.push(T::read(reader)?);
        }
        Ok(items.into())
    }

    fn write(&self, writer: &mut Writer<'_>) {
        let position = writer.position();
        let mut count = C::default();
        count.write(writer);
        for (index, item) in self.items.iter().enumerate() {
            let Ok(next) = C::try_from(index + 1) else { break };
            if !writer.try_append(|writer| item.write(writer)) {
                break;
            }
            count = next;
        }
        writer.rewrite(position, |writer| count.write(writer));
    }
}

/// Declares a table of packets; see `client.rs` for an example.
///
/// `enum Name: "wire", UnknownVariant { 6 Walk { heading: u8 } 7 Stop }` gives the enum, its [`Field`] implementation
/// (id byte, then the fields in order; an id outside the table is `DecodeError::UnknownVariant`), `id()`, `name()`
/// and `LAYOUT`.
macro_rules! packets {
    (
        $(#[$enum_meta:meta])*
        pub enum $table:ident $(<$life:lifetime>)? : $wire:literal, $unknown:ident {
            $(
                $(#[$meta:meta])*
                $id:literal $packet:ident $({
                    $( $(#[$field_meta:meta])* $field:ident : $type:ty ),+ $(,)?
                })?
            )+
        }
    ) => {
        $(#[$enum_meta])*
        pub enum $table $(<$life>)? {
            $(
                $(#[$meta])*
                #[doc = concat!("\n\nId ", $id, ".")]
                $packet $({
                    $(
                        $(#[$field_meta])*
                        #[doc = concat!("`", stringify!($field), "`, a `", stringify!($type), "`.")]
                        $field: $type
                    ),+
                })?,
            )+
        }

        impl $(<$life>)? $table $(<$life>)? {
            /// Every entry of the table, in the order of its ids.
            pub const LAYOUT: &'static [$crate::protocol::table::PacketLayout] = &[
                $(
                    $crate::protocol::table::PacketLayout {
                        id: $id,
                        name: stringify!($packet),
                        fields: &[$($(
                            $crate::protocol::table::FieldLayout {
                                name: stringify!($field),
                                wire: <$type as $crate::protocol::table::Field>::WIRE,
                            }
                        ),+)?],
                    },
                )+
            ];

            /// Returns the byte that stands first on the wire.
            #[must_use]
            pub const fn id(&self) -> u8 {
                match self {
                    $( Self::$packet { .. } => $id, )+
                }
            }

            /// Returns the name in the 0.13.3 tables.
            #[must_use]
            pub const fn name(&self) -> &'static str {
                match self {
                    $( Self::$packet { .. } => stringify!($packet), )+
                }
            }
        }

        impl $(<$life>)? $crate::protocol::table::Field for $table $(<$life>)? {
            const WIRE: $crate::protocol::table::Wire = $crate::protocol::table::Wire::Plain($wire);

            fn read(
                reader: &mut $crate::protocol::wire::Reader<'_>,
            ) -> Result<Self, $crate::protocol::wire::ReadError> {
                Ok(match <u8 as $crate::protocol::table::Field>::read(reader)? {
                    $(
                        $id => Self::$packet $({
                            $( $field: <$type as $crate::protocol::table::Field>::read(reader)? ),+
                        })?,
                    )+
                    other => return Err($crate::protocol::wire::DecodeError::$unknown(other).into()),
                })
            }

            fn write(&self, writer: &mut $crate::protocol::wire::Writer<'_>) {
                writer.bytes(&[self.id()]);
                match self {
                    $(
                        Self::$packet $({ $($field),+ })? => {
                            $($( $crate::protocol::table::Field::write($field, writer); )+)?
                        }
                    )+
                }
            }
        }
    };
}

/// Declares a struct whose fields stand on the wire one after the other.
macro_rules! record {
    (
        $(#[$meta:meta])*
        pub struct $record:ident $(<$life:lifetime>)? {
            $( $(#[$field_meta:meta])* $field:ident : $type:ty ),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        pub struct $record $(<$life>)? {
            $( $(#[$field_meta])* pub $field: $type, )+
        }

        impl $(<$life>)? $crate::protocol::table::Field for $record $(<$life>)? {
            const WIRE: $crate::protocol::table::Wire = $crate::protocol::table::Wire::Record(&[
                $(
                    $crate::protocol::table::FieldLayout {
                        name: stringify!($field),
                        wire: <$type as $crate::protocol::table::Field>::WIRE,
                    },
                )+
            ]);

            fn read(
                reader: &mut $crate::protocol::wire::Reader<'_>,
            ) -> Result<Self, $crate::protocol::wire::ReadError> {
                Ok(Self { $( $field: <$type as $crate::protocol::table::Field>::read(reader)? ),+ })
            }

            fn write(&self, writer: &mut $crate::protocol::wire::Writer<'_>) {
                $( $crate::protocol::table::Field::write(&self.$field, writer); )+
            }
        }
    };
}

pub(super) use {packets, record};

#[cfg(test)]
mod tests {
    use super::*;

    fn read<T: Field>(bytes: &[u8]) -> Result<T, ReadError> {
        T::read(&mut Reader::new(bytes, Some(TextEncoding::Latin1)))
    }

    fn written(field: &impl Field) -> Vec<u8> {
        let mut out = Vec::new();
        field.write(&mut Writer::to_client(&mut out, TextEncoding::Latin1));
        out
    }

    #[test]
    fn any_byte_but_zero_is_true_and_true_is_one() {
        assert_eq!(read(&[0]), Ok(false));
        assert_eq!(read(&[1]), Ok(true));
        assert_eq!(read(&[200]), Ok(true));
        assert_eq!((written(&true), written(&false)), (vec![1], vec![0]));
    }

    #[test]
    fn a_list_of_names_is_the_same_with_and_without_a_final_nul() {
        let list: TextList = ["uno", "dos"].into_iter().collect();
        assert_eq!(read(b"\x07\0uno\0dos"), Ok(list.clone()));
        assert_eq!(read(b"\x08\0uno\0dos\0"), Ok(list));
        assert_eq!(read(b"\0\0"), Ok(TextList::default()));
    }

    #[test]
    fn a_claimed_count_waits_for_its_entries() {
        type Numbers = Counted<i16, i16>;
        assert_eq!(read::<Numbers>(b"\xFF\x7F\x01\0"), Err(ReadError::Incomplete));
        assert_eq!(read(b"\xFF\xFF"), Ok(Numbers::from(vec![])));
        assert_eq!(read(b"\x02\0\x01\0\x02\0"), Ok(Numbers::from(vec![1, 2])));
    }

    #[test]
    fn a_counted_list_counts_only_the_entries_that_fit() {
        let numbers = Counted::<i16, i32>::from(vec![7; 5000]);
        let bytes = written(&numbers);
        assert!(bytes.len() <= crate::protocol::wire::MAX_SENT_PACKET);
        let again = read::<Counted<i16, i32>>(&bytes).unwrap();
        assert_eq!(again.items.len(), (bytes.len() - 2) / 4);
        let many = written(&Counted::<u8, u8>::from(vec![7; 300]));
        assert_eq!((many[0], many.len()), (255, 256));
    }
}
