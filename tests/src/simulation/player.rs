//! One simulated player: who it is, and its client.

use crate::shadow::{Screen, ShadowClient};
use pyao_server::protocol::outbox::ConnectionId;
use pyao_server::protocol::wire::TextEncoding;
use pyao_server::store::records::PositionRecord;

/// See the module.
pub struct SimulatedPlayer {
    /// Its name.
    pub name: String,
    /// Its password.
    pub password: String,
    /// Its client's connection, while there is one.
    pub connection: Option<ConnectionId>,
    /// What its client believes.
    pub shadow: ShadowClient,
    /// Whether its character exists in the store.
    pub created: bool,
    /// Whether its client reads what it is sent.
    pub reads: bool,
    /// Whether its client's reads hold several sends at once.
    pub reads_late: bool,
    /// Sends that wait to be read together.
    pub unread: Vec<u8>,
    /// Bytes written and not yet taken by the server.
    pub unsent: Vec<u8>,
    /// Where its character last stood in the world.
    pub last_place: Option<PositionRecord>,
}

impl SimulatedPlayer {
    /// Player number `number`, who has never been here.
    #[must_use]
    pub fn new(number: usize) -> Self {
        Self {
            name: format!("Bot {}", letters(number)),
            password: format!("secret{number}"),
            connection: None,
            shadow: ShadowClient::new(Screen::Login, TextEncoding::Latin1),
            created: false,
            reads: true,
            reads_late: false,
            unread: Vec::new(),
            unsent: Vec::new(),
            last_place: None,
        }
    }

    /// Whether its client shows the game and hears everything.
    #[must_use]
    pub fn is_playing(&self) -> bool {
        self.connection.is_some()
            && self.shadow.screen == Screen::Game
            && self.reads
            && self.unread.is_empty()
    }
}

fn letters(number: usize) -> String {
    let letter = |n: usize| char::from(b'a' + u8::try_from(n % 26).unwrap_or(0));
    format!("x{}{}", letter(number / 26), letter(number))
}
