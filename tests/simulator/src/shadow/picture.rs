//! The things a client has a picture of.

use pyao_core::protocol::server::ServerPacket;

/// Screen that the client shows; it decides which packets the client understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Screen {
    /// A login was sent: an error closes the connection, anything else opens the game.
    Login,
    /// A character is being created: dice and errors leave the connection open, anything else opens the game.
    Creation,
    /// In the world.
    Game,
}

/// A character the client knows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SeenCharacter {
    /// Tile, 1 to 100; the own character's is predicted and may be past the edge until the server answers.
    pub x: u8,
    /// Tile, 1 to 100, as `x`.
    pub y: u8,
    /// 1 north, 2 east, 3 south, 4 west.
    pub heading: u8,
    /// Body graphic.
    pub body: i16,
    /// Head graphic; 500 is a ghost's.
    pub head: i16,
    /// Weapon graphic, 2 for none.
    pub weapon: i16,
    /// Shield graphic, 2 for none.
    pub shield: i16,
    /// Helmet graphic, 2 for none.
    pub helmet: i16,
    /// Shown name, guild included; empty for creatures.
    pub name: String,
    /// Bits: 1 criminal, 2 citizen, 4 may be attacked.
    pub nick_color: u8,
    /// Bits of the rank; 0 for creatures.
    pub privileges: u8,
    /// True if hidden from view.
    pub invisible: bool,
    /// Running effect, 0 for none.
    pub fx: i16,
}

impl SeenCharacter {
    /// Returns true if the client lets its own character walk into this one, expecting to change places: ghosts.
    #[must_use]
    pub fn gives_way(&self) -> bool {
        self.head == 500 || self.body == 87
    }
}

/// The bars and numbers beside the map.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is what its name says")]
pub struct Stats {
    pub hp: i16,
    pub max_hp: i16,
    pub mana: i16,
    pub max_mana: i16,
    pub stamina: i16,
    pub max_stamina: i16,
    pub gold: i32,
    pub level: u8,
    pub experience: i32,
    pub experience_for_next_level: i32,
    pub thirst: u8,
    pub max_thirst: u8,
    pub hunger: u8,
    pub max_hunger: u8,
    pub strength: u8,
    pub agility: u8,
    pub bank_gold: i32,
}

/// State of the client's toggles and locks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is what its name says")]
pub struct State {
    pub sailing: bool,
    pub paused: bool,
    pub resting: bool,
    pub meditating: bool,
    pub paralysed: bool,
    pub blind: bool,
    pub dumb: bool,
    pub travelling_home: bool,
    pub commerce_open: bool,
    pub bank_open: bool,
    pub trading: bool,
    /// The lock against attacking citizens; unknown until a packet sets it.
    pub safe_mode: Option<bool>,
    /// The lock against being resurrected; unknown until a packet sets it.
    pub resuscitation_safe: Option<bool>,
    /// The skill whose target the next click gives.
    pub asked_target: Option<u8>,
}

/// A slot of the inventory, the bank or a merchant.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ItemSlot {
    /// Object number, never 0: empty slots are not kept.
    pub obj_index: i16,
    /// Name.
    pub name: String,
    /// Number of pieces.
    pub amount: i16,
    /// True if worn or wielded; inventory only.
    pub equipped: bool,
    /// Graphic.
    pub grh_index: i16,
    /// Object type.
    pub obj_type: u8,
    /// Price of one, bought or sold.
    pub price: f32,
}

/// A line of the console.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsoleLine {
    /// The text, markup and all.
    pub text: String,
    /// Number of the style.
    pub font: u8,
}

/// A text over a character's head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChatLine {
    /// Char index of the speaker.
    pub char_index: i16,
    /// The text.
    pub text: String,
    /// Red, green, blue.
    pub color: (u8, u8, u8),
}

/// The last packet of each kind, for those that the picture has no field for: windows, skills, fame, sounds.
#[derive(Debug, Clone, Default)]
pub struct Received {
    kinds: Vec<Kind>,
}

#[derive(Debug, Clone, Default)]
struct Kind {
    count: u64,
    last: Option<ServerPacket<'static>>,
}

impl Received {
    pub(super) fn note(&mut self, packet: ServerPacket<'static>) {
        if self.kinds.is_empty() {
            self.kinds.resize_with(ServerPacket::LAYOUT.len(), Kind::default);
        }
        if let Some(kind) = self.kinds.get_mut(usize::from(packet.id())) {
            kind.count += 1;
            kind.last = Some(packet);
        }
    }

    /// Returns the number of packets of this name.
    ///
    /// # Panics
    /// Panics if no packet has the name.
    #[must_use]
    pub fn count(&self, name: &str) -> u64 {
        self.kind(name).map_or(0, |kind| kind.count)
    }

    /// Returns the last packet of this name.
    ///
    /// # Panics
    /// Panics if no packet has the name.
    #[must_use]
    pub fn last(&self, name: &str) -> Option<&ServerPacket<'static>> {
        self.kind(name)?.last.as_ref()
    }

    fn kind(&self, name: &str) -> Option<&Kind> {
        let position = ServerPacket::LAYOUT.iter().position(|packet| packet.name == name);
        assert!(position.is_some(), "no packet is called {name}");
        self.kinds.get(position?)
    }
}
