//! The records a store keeps, in plain numbers and text.
//!
//! A character is saved in parts, so that a step costs a position and not the whole sheet. Numbers are those of the
//! protocol (class 1 is Mage, heading 3 is south); meaning them is the game's business.

mod error;
mod request;
pub mod server;
pub mod session;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use error::{BackendError, CreateError, StoreError};
pub use request::{Reply, Request, Ticket};

/// Number of inventory slots of a player.
pub const INVENTORY_SLOTS: usize = 25;
/// Number of spell slots of a player.
pub const SPELL_SLOTS: usize = 35;
/// Number of skills.
pub const SKILLS: usize = 20;

/// Number of an account and of its character; the first is 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct UserId(pub u32);

impl std::fmt::Display for UserId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(formatter)
    }
}

/// The form of a name under which it is unique: names that differ by case alone are one name.
#[must_use]
pub fn name_key(name: &str) -> String {
    name.to_lowercase()
}

/// What a new account is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAccount {
    /// The name as typed; unique without regard to case.
    pub username: String,
    /// argon2id, in PHC form.
    pub password_hash: String,
    /// As typed.
    pub email: String,
    /// Unix seconds.
    pub created_at: u64,
    /// 1 human, 2 elf, 3 drow, 4 gnome, 5 dwarf.
    pub race: u8,
    /// 1 male, 2 female.
    pub gender: u8,
    /// 1..=12, see the protocol.
    pub class: u8,
    /// Graphic of the head.
    pub head: u16,
    /// Home city, 1..=6.
    pub home: u8,
}

/// A stored account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountRecord {
    /// Number of the account.
    pub user_id: UserId,
    /// Everything given at creation.
    pub account: NewAccount,
    /// Whether this is a game master.
    pub is_gm: bool,
}

/// Where a character stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PositionRecord {
    /// Map number.
    pub map: u16,
    /// 1..=100.
    pub x: u8,
    /// 1..=100.
    pub y: u8,
    /// 1 north, 2 east, 3 south, 4 west.
    pub heading: u8,
}

/// Which maps a world has: what the positions in a store stand on.
///
/// As text, in the store: the number of maps and the fingerprint, `290:93ac01f2b7d4c5e8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MapsRecord {
    /// How many maps.
    pub count: u32,
    /// A number that changes with the ground and the exits of any map.
    pub fingerprint: u64,
}

impl MapsRecord {
    /// Reads the text of a store; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (count, fingerprint) = text.split_once(':')?;
        Some(Self { count: count.parse().ok()?, fingerprint: u64::from_str_radix(fingerprint, 16).ok()? })
    }
}

impl std::fmt::Display for MapsRecord {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}:{:016x}", self.count, self.fingerprint)
    }
}

/// Attributes with race modifiers, in the protocol's order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttributesRecord {
    /// Fuerza.
    pub strength: u8,
    /// Agilidad.
    pub agility: u8,
    /// Inteligencia.
    pub intelligence: u8,
    /// Carisma.
    pub charisma: u8,
    /// Constitución.
    pub constitution: u8,
}

/// Bars, level, purse and counters: what changes in play.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatsRecord {
    /// Most hit points.
    pub max_hp: u16,
    /// Hit points; 0 is dead.
    pub hp: u16,
    /// Most mana.
    pub max_mana: u16,
    /// Mana.
    pub mana: u16,
    /// Most stamina.
    pub max_stamina: u16,
    /// Stamina.
    pub stamina: u16,
    /// Smallest blow without a weapon.
    pub min_hit: u16,
    /// Largest blow without a weapon.
    pub max_hit: u16,
    /// Gold carried.
    pub gold: u32,
    /// Level, from 1.
    pub level: u8,
    /// Experience in this level.
    pub experience: u32,
    /// Experience that completes this level.
    pub experience_to_next: u32,
    /// Thirst bar, 0..=100; 0 is thirsty.
    pub water: u8,
    /// Hunger bar, 0..=100; 0 is hungry.
    pub food: u8,
    /// Skill points not yet assigned.
    pub free_skill_points: u16,
    /// Skill points ever assigned, counted to 10.
    pub assigned_skill_points: u8,
    /// Citizens killed.
    pub citizens_killed: u32,
    /// Criminals killed.
    pub criminals_killed: u32,
    /// Users killed.
    pub users_killed: u32,
    /// NPCs killed.
    pub npcs_killed: u32,
    /// Minutes of jail left.
    pub jail_minutes: u32,
}

/// Reputation counters, each 0..=6,000,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReputationRecord {
    /// Asesino.
    pub assassin: u32,
    /// Bandido.
    pub bandit: u32,
    /// Burgués.
    pub bourgeois: u32,
    /// Ladrón.
    pub thief: u32,
    /// Noble.
    pub noble: u32,
    /// Plebe.
    pub plebeian: u32,
}

/// One skill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SkillRecord {
    /// 0..=100.
    pub level: u8,
    /// Experience gathered towards the next point.
    pub experience: u32,
}

/// One inventory slot in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ItemRecord {
    /// Object number.
    pub object: u16,
    /// 1..=10,000.
    pub amount: u16,
    /// Whether it is worn or wielded.
    pub equipped: bool,
}

/// A whole character.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CharacterRecord {
    /// Where it stands.
    pub position: PositionRecord,
    /// Its attributes.
    pub attributes: AttributesRecord,
    /// Its bars and counters.
    pub stats: StatsRecord,
    /// Its reputation.
    pub reputation: ReputationRecord,
    /// Its skills, in the protocol's order.
    pub skills: [SkillRecord; SKILLS],
    /// What it carries.
    pub inventory: [Option<ItemRecord>; INVENTORY_SLOTS],
    /// What it can cast: spell numbers, 0 for an empty slot.
    pub spells: [u16; SPELL_SLOTS],
    /// The description it gave itself.
    pub description: String,
}

/// The changed parts of a character since its last save.
#[derive(Debug, Clone, PartialEq)]
pub struct CharacterSave {
    /// Whose.
    pub user_id: UserId,
    /// Where it stands now, when nothing else changed.
    pub position: Option<PositionRecord>,
    /// The whole character, when anything but its position changed; then `position` is `None`.
    pub sheet: Option<Box<CharacterRecord>>,
}

/// An account with its character.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredAccount {
    /// Who may enter.
    pub account: AccountRecord,
    /// What enters.
    pub character: CharacterRecord,
}

/// Live settings that are set: raw text by name, for instance `server.port` and `7666`. The store knows which there are.
pub type Settings = BTreeMap<String, String>;

/// Live settings as one server finds them in the store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServerSettings {
    /// Those of all servers.
    pub shared: Settings,
    /// Those that this server has of its own.
    pub own: Settings,
    /// Name of the store that has them: settings are gone with the store, or were removed.
    pub store_id: Option<String>,
}

impl ServerSettings {
    /// What counts for the server: its own settings win.
    #[must_use]
    pub fn effective(&self) -> Settings {
        self.shared.iter().chain(&self.own).map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    /// The value that counts for the server.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.own.get(name).or_else(|| self.shared.get(name)).map(String::as_str)
    }
}

/// Changes of the settings that a server has of its own, by name; `None` removes one.
pub type OwnChanges = BTreeMap<String, Option<String>>;
