//! The picture that a Godot client has, built only from the bytes it received and by its own rules.
//!
//! The client keeps nothing between two reads, so [`ShadowClient::read`] takes one read and wants whole packets. It
//! moves its own character before the server agrees, derives other characters' steps from differences, and forgets no
//! character by itself. Packets that this client would take amiss land in [`ShadowClient::faults`]: a suite or the
//! simulator compares the picture with the world and wants no faults. There is no I/O here.

mod apply;
mod assets;
mod combat;
mod compare;
mod picture;
mod walk;

use std::collections::BTreeMap;
use std::fmt;

use pyao_core::protocol::multi_message::MultiMessage;
use pyao_core::protocol::server::ServerPacket;
use pyao_core::protocol::table::decode_learning;
use pyao_core::protocol::wire::{DecodeError, TextEncoding};

pub use picture::{ChatLine, ConsoleLine, ItemSlot, Received, Screen, SeenCharacter, State, Stats};

/// Reason for which a block cannot be read to its end; the client would take garbage for packets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BlockError {
    /// The block ends inside a packet.
    Cut {
        /// First byte of that packet.
        id: u8,
        /// Offset in the block at which it starts.
        offset: usize,
    },
    /// The bytes are no packet of the table.
    Unreadable(DecodeError),
    /// The client does not read this packet's payload, on this screen.
    NotConsumed(&'static str),
}

impl fmt::Display for BlockError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cut { id, offset } => {
                write!(formatter, "a read ends inside packet {id}, which starts at {offset}")
            }
            Self::Unreadable(error) => write!(formatter, "{error}"),
            Self::NotConsumed(name) => write!(formatter, "the client cannot read {name} here"),
        }
    }
}

impl std::error::Error for BlockError {}

/// See the module.
#[derive(Debug, Clone)]
pub struct ShadowClient {
    encoding: TextEncoding,
    /// Screen shown.
    pub screen: Screen,
    /// The loaded map.
    pub map: Option<i16>,
    /// Every character the client knows, the own one too, by index.
    pub characters: BTreeMap<i16, SeenCharacter>,
    /// Graphics of the objects on the floor, by tile.
    pub objects: BTreeMap<(u8, u8), i16>,
    /// Tiles whose blocking differs from the map's file, by packets received.
    pub blocked: BTreeMap<(u8, u8), bool>,
    /// Index of the own character.
    pub own_index: Option<i16>,
    /// Bars and numbers.
    pub stats: Stats,
    /// Toggles and locks.
    pub state: State,
    /// Free skill points; survives from one character to the next in the real client.
    pub free_skill_points: i16,
    /// Inventory slots that hold something, from 1.
    pub inventory: BTreeMap<u8, ItemSlot>,
    /// Bank slots that hold something, from 1.
    pub bank: BTreeMap<u8, ItemSlot>,
    /// Merchant slots that hold something, from 1.
    pub merchant: BTreeMap<u8, ItemSlot>,
    /// Number and name of the known spells, by slot from 1.
    pub spells: BTreeMap<u8, (i16, String)>,
    /// Lines of the console, oldest first. Clear it when it gets long.
    pub console: Vec<ConsoleLine>,
    /// Texts over heads, oldest first. Clear it when it gets long.
    pub chat: Vec<ChatLine>,
    /// Fixed messages, oldest first. Clear it when it gets long.
    pub messages: Vec<MultiMessage<'static>>,
    /// Dialogs over the game.
    pub boxes: Vec<String>,
    /// Error dialogs.
    pub errors: Vec<String>,
    /// The time, in milliseconds of a clock of the owner's.
    pub now: u64,
    /// Time of the throw of the dice, until a roll comes.
    threw_dice: Option<u64>,
    /// True if the last packet was a `LevelUp`.
    is_after_level_up: bool,
    /// The rolled attributes: strength, agility, intelligence, charisma, constitution.
    pub dice: Option<[u8; 5]>,
    /// Number of pings without an answer; the sender of a ping adds it here.
    pub pings: u32,
    /// True if the client closes the connection after a packet that it received.
    pub leaves: bool,
    /// Every packet by kind.
    pub received: Received,
    /// Every rule of the client that the server broke, oldest first.
    pub faults: Vec<String>,
}

impl ShadowClient {
    /// Creates a client on the login or the creation screen that reads texts as `encoding`.
    #[must_use]
    pub fn new(screen: Screen, encoding: TextEncoding) -> Self {
        Self {
            encoding,
            screen,
            map: None,
            characters: BTreeMap::new(),
            objects: BTreeMap::new(),
            blocked: BTreeMap::new(),
            own_index: None,
            stats: Stats::default(),
            state: State::default(),
            free_skill_points: 0,
            inventory: BTreeMap::new(),
            bank: BTreeMap::new(),
            merchant: BTreeMap::new(),
            spells: BTreeMap::new(),
            console: Vec::new(),
            chat: Vec::new(),
            messages: Vec::new(),
            boxes: Vec::new(),
            errors: Vec::new(),
            now: 0,
            threw_dice: None,
            is_after_level_up: false,
            dice: None,
            pings: 0,
            leaves: false,
            received: Received::default(),
            faults: Vec::new(),
        }
    }

    /// Makes the client's system read texts as `encoding` from now on.
    pub fn set_encoding(&mut self, encoding: TextEncoding) {
        self.encoding = encoding;
    }

    /// Takes one read of the client: whole packets, each acted upon.
    ///
    /// # Errors
    /// Returns the [`BlockError`] that stops the reading, which is a fault too. The packets before it have been
    /// applied.
    pub fn read(&mut self, block: &[u8]) -> Result<(), BlockError> {
        self.read_with(block, |_| {})
    }

    /// As [`Self::read`]; `observe` sees each packet before it is acted upon.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn read_with(
        &mut self,
        block: &[u8],
        observe: impl FnMut(&ServerPacket<'static>),
    ) -> Result<(), BlockError> {
        let outcome = self.read_packets(block, observe);
        if let Err(error) = &outcome {
            self.fault(error.to_string());
        }
        outcome
    }

    fn read_packets(
        &mut self,
        block: &[u8],
        mut observe: impl FnMut(&ServerPacket<'static>),
    ) -> Result<(), BlockError> {
        let mut offset = 0;
        while offset < block.len() {
            let rest = &block[offset..];
            if let Some(packet) = whole_move(rest).filter(|_| self.screen == Screen::Game) {
                observe(&packet);
                self.take_move(packet);
                offset += MOVE_BYTES;
                continue;
            }
            let mut written = None;
            let decoded = decode_learning(rest, &mut written).map_err(BlockError::Unreadable)?;
            let Some((packet, consumed)) = decoded else {
                return Err(BlockError::Cut { id: rest[0], offset });
            };
            self.check_encoding(&packet, written);
            observe(&packet);
            self.take(packet, offset)?;
            offset += consumed;
        }
        Ok(())
    }

    /// Checks a text's encoding. A client loses a text that its system cannot decode, and shows one in UTF-8 as
    /// gibberish if it reads Latin-1.
    fn check_encoding(&mut self, packet: &ServerPacket<'_>, written: Option<TextEncoding>) {
        let reads = self.encoding;
        let is_readable = written.is_none_or(|written| written == reads);
        self.check(is_readable, || format!("{} has a text that is not in {reads}", packet.name()));
    }

    /// As [`Self::take`] for a move on the game screen, which needs no long way to the one part that it concerns.
    fn take_move(&mut self, packet: ServerPacket<'static>) {
        self.is_after_level_up = false;
        if let ServerPacket::CharacterMove { char_index, x, y } = packet {
            self.move_other(char_index, x, y);
        }
        self.received.note(packet);
    }

    fn take(&mut self, packet: ServerPacket<'static>, offset: usize) -> Result<(), BlockError> {
        if !packet.is_consumed_by_client() {
            return Err(BlockError::NotConsumed(packet.name()));
        }
        self.received.note(packet.clone());
        let is_level_up = matches!(packet, ServerPacket::LevelUp { .. });
        self.take_on_screen(packet, offset)?;
        self.is_after_level_up = is_level_up;
        Ok(())
    }

    fn take_on_screen(&mut self, packet: ServerPacket<'static>, offset: usize) -> Result<(), BlockError> {
        match (self.screen, packet) {
            (Screen::Login, ServerPacket::ErrorMsg { text }) => {
                self.errors.push(text.into_owned());
                self.leaves = true;
            }
            (Screen::Creation, ServerPacket::ErrorMsg { text }) => self.errors.push(text.into_owned()),
            (
                Screen::Creation,
                ServerPacket::DiceRoll { strength, agility, intelligence, charisma, constitution },
            ) => {
                self.check_roll();
                self.dice = Some([strength, agility, intelligence, charisma, constitution]);
            }
            (_, packet @ ServerPacket::DiceRoll { .. }) => {
                return Err(BlockError::NotConsumed(packet.name()));
            }
            (Screen::Game, packet) => self.apply(packet),
            (Screen::Login | Screen::Creation, packet) => {
                self.open_game(&packet, offset);
                self.apply(packet);
            }
        }
        Ok(())
    }

    /// Notes a throw of the dice, by the player or by the screen itself, at the time [`Self::now`].
    pub fn throws_dice(&mut self) {
        self.threw_dice.get_or_insert(self.now);
    }

    /// Checks a roll. The screen throws the dice while it opens, and a roll that the socket has before the next frame
    /// is taken by the screen that closes for the beginning of the game.
    fn check_roll(&mut self) {
        let Some(thrown) = self.threw_dice.take() else { return };
        let waited = self.now.saturating_sub(thrown);
        self.check(waited >= ROLL_MS_MIN, || format!("DiceRoll {waited} ms after its ThrowDices"));
    }

    /// Opens the game screen at any packet but an error; the game screen reads the whole block again from its start.
    fn open_game(&mut self, packet: &ServerPacket<'_>, offset: usize) {
        if offset > 0 {
            self.fault(format!("{} opens the game in the middle of a read", packet.name()));
        }
        if !matches!(packet, ServerPacket::Logged { .. }) {
            self.fault(format!("{} opens the game instead of Logged", packet.name()));
        }
        self.screen = Screen::Game;
    }

    /// Returns the own character, once both it and its index are known.
    #[must_use]
    pub fn own(&self) -> Option<&SeenCharacter> {
        self.characters.get(&self.own_index?)
    }

    /// Returns the position of the own character, as the client believes.
    #[must_use]
    pub fn position(&self) -> Option<(u8, u8)> {
        self.own().map(|own| (own.x, own.y))
    }

    /// Returns the lowest index of a character whose shown name is `name` or `name <some guild>`.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<i16> {
        let shown = |character: &SeenCharacter| {
            character.name.split(" <").next().is_some_and(|shown| shown.eq_ignore_ascii_case(name))
        };
        self.characters.iter().find(|(_, character)| shown(character)).map(|(&index, _)| index)
    }

    /// Returns true if a console line holds `part`.
    #[must_use]
    pub fn console_has(&self, part: &str) -> bool {
        self.console.iter().any(|line| line.text.contains(part))
    }

    fn fault(&mut self, fault: impl Into<String>) {
        self.faults.push(fault.into());
    }

    fn check(&mut self, holds: bool, fault: impl FnOnce() -> String) {
        if !holds {
            self.fault(fault());
        }
    }
}

/// From a throw of the dice to its roll, at least, in milliseconds: some frames of the client.
const ROLL_MS_MIN: u64 = 50;

/// Bytes of a `CharacterMove`.
const MOVE_BYTES: usize = 5;

/// Returns the `CharacterMove` that `bytes` begin with, read without the table of all packets: with many players
/// around, nearly all packets are moves.
fn whole_move(bytes: &[u8]) -> Option<ServerPacket<'static>> {
    let [id, low, high, x, y] = *bytes.first_chunk::<MOVE_BYTES>()?;
    let packet = ServerPacket::CharacterMove { char_index: i16::from_le_bytes([low, high]), x, y };
    (id == packet.id()).then_some(packet)
}

#[cfg(test)]
mod tests;
