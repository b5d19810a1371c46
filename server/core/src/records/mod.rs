//! The records a store keeps, in plain numbers and text.
//!
//! A character is saved in parts, so that a step costs a position and not the whole sheet. Numbers are those of the
//! protocol (class 1 is Mage, heading 3 is south); meaning them is the game's business.

mod character;
mod error;
mod fields;
mod life;
mod request;
pub mod server;
pub mod session;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use character::*;
pub use error::{BackendError, CreateError, NewerStore, StoreError};
pub use fields::{BadField, Field, FieldKind, FieldType, Fields, Slot, StoredValue, number};
pub use life::*;
pub use request::{Reply, Request, Ticket};

/// Number of an account and of its character; the first is 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct UserId(pub u32);

impl std::fmt::Display for UserId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(formatter)
    }
}

/// Returns the form of a name under which it is unique: names that differ by case alone are one name.
#[must_use]
pub fn name_key(name: &str) -> String {
    name.to_lowercase()
}

/// The data of a new account.
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
    /// True if this is a game master.
    pub is_gm: bool,
}

/// The maps of a world: the ground of the positions in a store.
///
/// As text, in the store: the number of maps and the fingerprint, `290:93ac01f2b7d4c5e8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MapsRecord {
    /// Number of maps.
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

/// An account with its character.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredAccount {
    /// The account.
    pub account: AccountRecord,
    /// Its character.
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
    /// Returns the settings that count for the server: its own win.
    #[must_use]
    pub fn effective(&self) -> Settings {
        self.shared.iter().chain(&self.own).map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    /// Returns the value that counts for the server.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.own.get(name).or_else(|| self.shared.get(name)).map(String::as_str)
    }
}

/// Changes of the settings that a server has of its own, by name; `None` removes one.
pub type OwnChanges = BTreeMap<String, Option<String>>;
