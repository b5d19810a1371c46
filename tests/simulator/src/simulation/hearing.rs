//! Receivers of chat and of answers: each line that is said carries a number, each question has its answer. And no
//! character is shown to a client twice: the client takes that without harm, but the server knows what it has sent.

use super::Simulation;
use super::events::Event;
use pyao_core::game::player::table::Player;
use pyao_core::protocol::client::ClientPacket;
use pyao_core::protocol::outbox::ConnectionId;
use pyao_core::protocol::server::ServerPacket;
use pyao_core::world::area::Block;
use std::collections::BTreeSet;

/// Before the number of a line.
pub const MARK: char = '#';

/// Lines and answers that one client should receive and has received.
#[derive(Debug, Default)]
pub struct Hearing {
    expected_lines: Vec<u32>,
    heard_lines: Vec<u32>,
    expected_answers: u32,
    heard_answers: u32,
    /// Characters it was shown.
    known: BTreeSet<i16>,
    shown_twice: Option<i16>,
}

/// Returns the number in a line; the rest of it may have been changed on the way.
fn number_of(text: &str) -> Option<u32> {
    let (_, rest) = text.split_once(MARK)?;
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    rest[..digits].parse().ok()
}

impl Hearing {
    /// Takes `packet`, which the client received.
    pub fn hear(&mut self, packet: &ServerPacket<'_>) {
        match packet {
            ServerPacket::ChatOverHead { text, .. } | ServerPacket::ConsoleMsg { text, .. } => {
                self.heard_lines.extend(number_of(text));
            }
            ServerPacket::Pong
            | ServerPacket::Atributes { .. }
            | ServerPacket::Fame { .. }
            | ServerPacket::MiniStats { .. }
            | ServerPacket::SendSkills { .. } => self.heard_answers += 1,
            ServerPacket::ChangeMap { .. } => self.known.clear(),
            ServerPacket::CharacterRemove { char_index } => {
                self.known.remove(char_index);
            }
            ServerPacket::CharacterCreate { char_index, .. } => {
                let is_new = self.known.insert(*char_index);
                self.shown_twice = self.shown_twice.or((!is_new).then_some(*char_index));
            }
            _ => {}
        }
    }

    /// Checks that the received lines and answers are the expected ones, once nothing is on its way.
    ///
    /// # Errors
    /// Fails if something is missing, or too much.
    pub fn check(&mut self) -> Result<(u64, u64), String> {
        if let Some(char_index) = self.shown_twice {
            return Err(format!("character {char_index} was created twice"));
        }
        let heard = (self.heard_lines.len() as u64, u64::from(self.heard_answers));
        if self.expected_lines != self.heard_lines {
            return Err(format!("heard lines {:?}, should be {:?}", self.heard_lines, self.expected_lines));
        }
        if self.expected_answers != self.heard_answers {
            return Err(format!("got {} answers to {} questions", self.heard_answers, self.expected_answers));
        }
        let known = std::mem::take(&mut self.known);
        *self = Self { known, ..Self::default() };
        Ok(heard)
    }
}

impl Simulation {
    /// Notes the receivers of `packet`, which the server is about to take.
    pub(super) fn expect_answers(&mut self, id: ConnectionId, packet: &ClientPacket) {
        let mut players = self.game.players().iter().map(|(_, player)| player);
        let Some(speaker) = players.find(|player| player.connection == Some(id)) else { return };
        let (text, hearers) = match packet {
            ClientPacket::Talk { text } | ClientPacket::Yell { text } => (text, self.in_earshot(speaker)),
            ClientPacket::Whisper { target_name, text } => (text, self.whisper_pair(id, target_name)),
            ClientPacket::Ping
            | ClientPacket::RequestAtributes
            | ClientPacket::RequestFame
            | ClientPacket::RequestMiniStats
            | ClientPacket::RequestSkills
            | ClientPacket::ModifySkills { .. } => {
                if let Some(client) = self.network.clients.get_mut(&id) {
                    client.hearing.expected_answers += 1;
                }
                return;
            }
            _ => return,
        };
        let Some(number) = number_of(text) else { return };
        for hearer in hearers {
            if let Some(client) = self.network.clients.get_mut(&hearer) {
                client.hearing.expected_lines.push(number);
            }
        }
    }

    /// Returns the connections of all players who see `speaker`, the speaker's own included.
    fn in_earshot(&self, speaker: &Player) -> Vec<ConnectionId> {
        let place_of = |player: &Player| Some(self.game.world().character(player.index)?.position);
        let Some(here) = place_of(speaker) else { return Vec::new() };
        let hears = |player: &&Player| {
            place_of(player).is_some_and(|there| {
                there.map == here.map && Block::of(there.x, there.y).sees(Block::of(here.x, here.y))
            })
        };
        let players = self.game.players().iter().map(|(_, player)| player);
        players.filter(hears).filter_map(|player| player.connection).collect()
    }

    /// Returns the sender and the receiver of a whisper; none if there is no such player.
    fn whisper_pair(&self, id: ConnectionId, target_name: &str) -> Vec<ConnectionId> {
        let players = self.game.players();
        let target = players.by_name(&target_name.replace('+', " ")).and_then(|key| players.get(key));
        let target = target.and_then(|target| target.connection).filter(|target| *target != id);
        target.into_iter().flat_map(|target| [id, target]).collect()
    }

    /// A line that is like no other.
    pub(super) fn numbered_line(&mut self, text: &str) -> String {
        self.lines_said += 1;
        format!("{MARK}{} {text}", self.lines_said)
    }

    /// Checks that every client that is up to date has received its lines and answers.
    pub(super) fn check_hearing(&mut self, id: ConnectionId) -> Result<(), String> {
        let Some(client) = self.network.clients.get_mut(&id) else { return Ok(()) };
        let (lines, answers) = client.hearing.check()?;
        (0..lines).for_each(|_| self.report.note(Event::LineHeard));
        (0..answers).for_each(|_| self.report.note(Event::AnswerHeard));
        Ok(())
    }
}
