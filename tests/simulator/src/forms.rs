//! Packets of a client's creation and login screens.

use pyao_core::protocol::client::ClientPacket;

/// Answers to the creation screen, with defaults that a server accepts: a human warrior from Ullathorpe.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each is what its name says")]
pub struct NewCharacter {
    pub name: String,
    pub password: String,
    /// 1 human, 2 elf, 3 drow, 4 gnome, 5 dwarf.
    pub race: u8,
    /// 1 male, 2 female.
    pub gender: u8,
    /// 1 mage to 12 pirate.
    pub class: u8,
    pub head: i16,
    pub email: String,
    /// 1 Ullathorpe to 5 Arghal.
    pub home: u8,
}

impl NewCharacter {
    /// Returns the default character under this name.
    #[must_use]
    pub fn named(name: &str, password: &str) -> Self {
        Self {
            name: name.to_owned(),
            password: password.to_owned(),
            race: 1,
            gender: 1,
            class: 3,
            head: 1,
            email: "bot@example.org".to_owned(),
            home: 1,
        }
    }

    /// Returns the packet of the creation screen's button.
    #[must_use]
    pub fn packet(&self) -> ClientPacket {
        ClientPacket::LoginNewChar {
            username: self.name.clone(),
            password: self.password.clone(),
            ver_major: 0,
            ver_minor: 13,
            ver_rev: 0,
            race: self.race,
            gender: self.gender,
            class: self.class,
            head: self.head,
            email: self.email.clone(),
            home: self.home,
        }
    }
}

/// Returns the packet of the login screen's button.
#[must_use]
pub fn login_packet(name: &str, password: &str) -> ClientPacket {
    ClientPacket::LoginExistingChar {
        username: name.to_owned(),
        password: password.to_owned(),
        ver_major: 0,
        ver_minor: 13,
        ver_rev: 0,
    }
}
