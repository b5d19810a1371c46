//! Coming in: creating a character, logging in, taking over, and the client's reaction to the answers.

use super::Simulation;
use super::events::Event;
use super::player::Existence;
use crate::shadow::Screen;
use pyao_core::game::{CloseReason, texts};
use pyao_core::protocol::client::ClientPacket;
use pyao_core::protocol::outbox::ConnectionId;

impl Simulation {
    /// A player comes in.
    pub(super) fn join(&mut self, player: usize) -> Event {
        let event = if self.players[player].existence == Existence::Yes {
            self.log_in(player);
            Event::LogIn
        } else {
            let id = self.connect(player, Screen::Creation);
            self.players[player].client = Some(id);
            self.send(id, &ClientPacket::ThrowDices);
            Event::Create
        };
        self.report.note(event);
        event
    }

    fn log_in(&mut self, player: usize) {
        let id = self.connect(player, Screen::Login);
        self.players[player].client = Some(id);
        let passwords = &self.players[player].passwords;
        let (password, is_sure) = (passwords.first().cloned().unwrap_or_default(), passwords.len() == 1);
        if let Some(client) = self.network.clients.get_mut(&id) {
            client.password = (password.clone(), is_sure);
            client.met_emptied = self.emptied_at.is_some();
        }
        self.apply(id, player, password);
    }

    fn apply(&mut self, id: ConnectionId, player: usize, password: String) {
        let username = self.players[player].name.to_uppercase();
        let login =
            ClientPacket::LoginExistingChar { username, password, ver_major: 0, ver_minor: 13, ver_rev: 0 };
        self.send(id, &login);
    }

    /// The same person connects a second time while the first connection still stands.
    pub(super) fn take_over(&mut self, player: usize) -> bool {
        if self.players[player].existence != Existence::Yes {
            return false;
        }
        self.log_in(player);
        true
    }

    /// Tries to log in as another player without that player's password.
    pub(super) fn try_wrong_password(&mut self, player: usize) -> bool {
        let victim = self.players.len() - 1 - player;
        let id = self.connect(victim, Screen::Login);
        if let Some(client) = self.network.clients.get_mut(&id) {
            client.is_impostor = true;
        }
        self.apply(id, victim, "not-it".into());
        true
    }

    /// Opens a connection on which the client sends no packet.
    pub(super) fn knock(&mut self, player: usize) -> bool {
        let silent = self.network.clients.values().filter(|client| !client.has_spoken).count();
        if silent < 3 {
            self.connect(player, Screen::Login);
        }
        silent < 3
    }

    /// Takes the roll, throws again, or does both before the next roll comes.
    fn use_roll(&mut self, id: ConnectionId, player: usize) {
        let (throws, takes) = [(false, true), (true, false), (true, true)][self.draw(3)];
        if throws {
            self.send(id, &ClientPacket::ThrowDices);
        }
        if takes {
            self.send_form(id, player);
        }
    }

    fn send_form(&mut self, id: ConnectionId, player: usize) {
        let class = u8::try_from(self.draw(12)).unwrap_or(0) + 1;
        let player = &mut self.players[player];
        player.existence = Existence::Maybe;
        let packet = ClientPacket::LoginNewChar {
            username: player.name.clone(),
            password: player.passwords.first().cloned().unwrap_or_default(),
            ver_major: 0,
            ver_minor: 13,
            ver_rev: 0,
            race: 1,
            gender: 1,
            class,
            head: 5,
            email: "bot@example.org".into(),
            home: 1,
        };
        self.send(id, &packet);
    }

    /// A client has read something and acts upon it.
    pub(super) fn react(&mut self, id: ConnectionId) {
        let Some(client) = self.network.clients.get_mut(&id) else { return };
        let player = client.player;
        match client.shadow.screen {
            Screen::Game if !client.has_entered => {
                client.has_entered = true;
                self.entered(id, player);
            }
            Screen::Creation if client.shadow.dice.take().is_some() => self.use_roll(id, player),
            _ => {}
        }
        self.read_texts(id, player);
    }

    fn entered(&mut self, id: ConnectionId, player: usize) {
        self.report.note(Event::Entry);
        let is_impostor = self.network.clients.get(&id).is_some_and(|client| client.is_impostor);
        if is_impostor {
            self.blame(format!("player {player} was entered with a wrong password"));
        }
        if self.players[player].existence == Existence::Yes {
            self.report.note(Event::ReturnToWorld);
        }
        self.players[player].existence = Existence::Yes;
        self.players[player].wrong_in_a_row = 0;
    }

    /// Takes the lines of the player's console.
    fn read_texts(&mut self, id: ConnectionId, player: usize) {
        let Some(client) = self.network.clients.get_mut(&id) else { return };
        let shadow = &mut client.shadow;
        let console = std::mem::take(&mut shadow.console);
        let errors = std::mem::take(&mut shadow.errors);
        let (leaves, is_creation) = (shadow.leaves, shadow.screen == Screen::Creation);
        shadow.chat.clear();
        shadow.messages.clear();
        shadow.boxes.clear();
        for line in &console {
            self.read_console(id, player, &line.text);
        }
        for error in &errors {
            self.read_error(id, player, error);
        }
        if leaves || (is_creation && !errors.is_empty()) {
            self.lose(id, CloseReason::LostSocket);
        }
    }

    /// Takes the outcome of a change of the password from a console line.
    fn read_console(&mut self, id: ConnectionId, player: usize, text: &str) {
        let answers = [
            texts::PASSWORD_CHANGED,
            texts::WRONG_PASSWORD,
            texts::TOO_MANY_ATTEMPTS,
            texts::STORE_AWAY,
            texts::INTERNAL_ERROR,
        ];
        if !answers.contains(&text) {
            return;
        }
        let client = self.network.clients.get_mut(&id);
        let Some(asked) = client.and_then(|client| client.new_password.take()) else { return };
        let passwords = &mut self.players[player].passwords;
        match text {
            texts::PASSWORD_CHANGED => {
                *passwords = vec![asked];
                self.report.note(Event::PasswordChanged);
            }
            texts::WRONG_PASSWORD | texts::TOO_MANY_ATTEMPTS => {
                passwords.retain(|password| *password != asked);
            }
            // The outcome in the store is unknown.
            _ => {}
        }
    }

    fn read_error(&mut self, id: ConnectionId, player: usize, text: &str) {
        let is_impostor = self.network.clients.get(&id).is_some_and(|client| client.is_impostor);
        if text == texts::of_close(CloseReason::Shutdown).unwrap_or_default() {
            self.goodbyes.push(id);
        }
        if is_impostor {
            return;
        }
        match text {
            // By an earlier try that got no answer: no other player has that name.
            texts::NAME_TAKEN => self.players[player].existence = Existence::Yes,
            texts::WRONG_CREDENTIALS if self.players[player].existence == Existence::Yes => {
                let Some(client) = self.network.clients.get(&id) else { return };
                if client.met_emptied {
                    return;
                }
                let (password, was_sure) = client.password.clone();
                if self.players[player].was_refused(&password, was_sure) {
                    let name = &self.players[player].name;
                    self.blame(format!("{name} is refused with its own password"));
                }
            }
            _ => {}
        }
    }
}
