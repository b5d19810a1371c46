//! All bots: the pictures of their clients, their counts, and the latency with which others saw them.

use std::collections::BTreeMap;
use std::time::Instant;

use pyao_core::protocol::server::ServerPacket;
use pyao_core::protocol::wire::TextEncoding;
use pyao_simulator::shadow::{Screen, ShadowClient};

use crate::fleet::Heard;
use crate::histogram::Histogram;

/// Steps of a bot that are remembered until others have seen them: two seconds at its pace.
const TRAIL: usize = 8;
/// Digits that a line of chat begins with: its number.
const LINE_DIGITS: usize = 8;
/// Rest of a line of chat, which gives it the length that most lines have.
const LINE_WORDS: &str = " vendo pociones y flechas";
/// Characters of a line.
pub const LINE_LENGTH: usize = LINE_DIGITS + LINE_WORDS.len();
/// Lines over heads and on the console that a client keeps.
const LINES_KEPT: usize = 64;
/// Char indices are 1 to 32,767.
const CHAR_INDICES: usize = 32_768;
/// Character names are at most 15 characters, and a letter comes first.
const NAME_SERIES: u64 = 1_000_000;

/// One bot's client.
#[derive(Debug)]
pub struct Client {
    /// Its character's name.
    pub name: String,
    /// Picture of its client.
    pub shadow: ShadowClient,
    /// Cause for which its connection closed, if it has.
    pub closed: Option<String>,
}

/// Counts of the packets that all bots received since the last reset.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Packets about other characters: one came, moved, turned, spoke or went.
    pub deliveries: u64,
    /// `PosUpdate`: each is a refused step, unless it was asked for.
    pub refusals: u64,
    /// `ChangeMap`.
    pub map_changes: u64,
    /// Packets of any kind.
    pub packets: u64,
}

impl Tally {
    /// Takes note of a packet for the bot that has index `own`.
    fn note(&mut self, packet: &ServerPacket<'_>, own: Option<i16>) {
        self.packets += 1;
        match packet {
            ServerPacket::CharacterMove { .. }
            | ServerPacket::CharacterCreate { .. }
            | ServerPacket::CharacterRemove { .. } => self.deliveries += 1,
            // The own character was among those created.
            ServerPacket::UserCharIndexInServer { .. } => self.deliveries = self.deliveries.saturating_sub(1),
            ServerPacket::CharacterChange { char_index, .. }
            | ServerPacket::ChatOverHead { char_index, .. } => {
                self.deliveries += u64::from(Some(*char_index) != own);
            }
            ServerPacket::PosUpdate { .. } => self.refusals += 1,
            ServerPacket::ChangeMap { .. } => self.map_changes += 1,
            _ => {}
        }
    }
}

/// The last steps of one bot and when it took them, in microseconds.
#[derive(Debug, Clone, Copy, Default)]
struct Trail {
    steps: [((u8, u8), u64); TRAIL],
    next: usize,
}

impl Trail {
    fn note(&mut self, tile: (u8, u8), at: u64) {
        self.steps[self.next] = (tile, at);
        self.next = (self.next + 1) % TRAIL;
    }

    /// Returns the microseconds at which the bot last stepped on `tile`.
    fn stepped(&self, tile: (u8, u8)) -> Option<u64> {
        let newest_first = (1..=TRAIL).map(|back| &self.steps[(self.next + TRAIL - back) % TRAIL]);
        newest_first.filter(|(_, at)| *at > 0).find(|(step, _)| *step == tile).map(|(_, at)| *at)
    }
}

/// See the module.
#[derive(Debug)]
pub struct Crowd {
    /// The bots, by their numbers in the fleet.
    pub clients: Vec<Client>,
    /// Counts of received packets.
    pub tally: Tally,
    /// Microseconds from a step's or a line's write to each read in which another sees it.
    pub latency: Histogram,
    trails: Vec<Trail>,
    /// Microseconds at which each line of chat was sent.
    lines: Vec<u64>,
    /// Bot of each char index.
    by_index: Vec<Option<u32>>,
    started: Instant,
}

impl Crowd {
    /// Creates `count` bots on the creation screen, with names that differ from those of runs before.
    #[must_use]
    pub fn new(count: usize) -> Self {
        let series = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |elapsed| elapsed.as_secs() % NAME_SERIES);
        let client = |number| Client {
            name: format!("Z{series:06}x{number}"),
            shadow: ShadowClient::new(Screen::Creation, TextEncoding::Utf8),
            closed: None,
        };
        Self {
            clients: (0..count).map(client).collect(),
            tally: Tally::default(),
            latency: Histogram::default(),
            trails: vec![Trail::default(); count],
            lines: Vec::new(),
            by_index: vec![None; CHAR_INDICES],
            started: Instant::now(),
        }
    }

    /// Counts from zero.
    pub fn reset(&mut self) {
        self.tally = Tally::default();
        self.latency = Histogram::default();
    }

    fn now(&self) -> u64 {
        // 0 is a step that was never taken.
        u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX).max(1)
    }

    /// Notes that bot `number` is about to send a step on to `tile`.
    pub fn stepped(&mut self, number: usize, tile: (u8, u8)) {
        let now = self.now();
        self.trails[number].note(tile, now);
    }

    /// Returns a line for some bot to say now.
    pub fn line(&mut self) -> String {
        let number = self.lines.len();
        self.lines.push(self.now());
        format!("{number:0LINE_DIGITS$}{LINE_WORDS}")
    }

    /// Notes that bot `number` has left by itself and is going to log in.
    pub fn leave(&mut self, number: usize) {
        let client = &mut self.clients[number];
        if let Some(slot) = client.shadow.own_index.and_then(slot) {
            self.by_index[slot] = None;
        }
        client.shadow = ShadowClient::new(Screen::Login, TextEncoding::Utf8);
        self.trails[number] = Trail::default();
    }

    /// Takes an event of a bot's socket.
    pub fn hear(&mut self, number: usize, heard: Heard<'_>) {
        match heard {
            Heard::Bytes(block) => self.read(number, block),
            Heard::Closed(cause) => {
                let client = &mut self.clients[number];
                let last_words = client.shadow.errors.last();
                client.closed =
                    Some(last_words.map_or_else(|| cause.to_owned(), |text| format!("{cause}: {text}")));
            }
        }
    }

    fn read(&mut self, number: usize, block: &[u8]) {
        let now = self.now();
        let Self { clients, tally, latency, trails, lines, by_index, .. } = self;
        let shadow = &mut clients[number].shadow;
        let own = shadow.own_index;
        // A packet that the client cannot follow is one of its faults, which are all reported at the end.
        let _ = shadow.read_with(block, |packet| {
            tally.note(packet, own);
            let sent = match packet {
                ServerPacket::CharacterMove { char_index, x, y } => {
                    let bot = slot(*char_index).and_then(|slot| by_index[slot]);
                    bot.and_then(|bot| trails.get(bot as usize)?.stepped((*x, *y)))
                }
                ServerPacket::ChatOverHead { text, char_index, .. } if Some(*char_index) != own => {
                    line_number(text).and_then(|line| lines.get(line).copied())
                }
                ServerPacket::UserCharIndexInServer { char_index } => {
                    if let Some(slot) = slot(*char_index) {
                        by_index[slot] = u32::try_from(number).ok();
                    }
                    None
                }
                _ => None,
            };
            if let Some(sent) = sent {
                latency.record(now - sent);
            }
        });
        if shadow.chat.len() > LINES_KEPT || shadow.console.len() > LINES_KEPT {
            shadow.chat.clear();
            shadow.console.clear();
        }
    }

    /// Returns the number of closed connections by cause.
    #[must_use]
    pub fn disconnects(&self) -> BTreeMap<String, usize> {
        let mut causes = BTreeMap::new();
        for cause in self.clients.iter().filter_map(|client| client.closed.as_ref()) {
            *causes.entry(cause.clone()).or_insert(0) += 1;
        }
        causes
    }

    /// Yields every fault of every client, with the name of its bot.
    pub fn faults(&self) -> impl Iterator<Item = String> {
        self.clients.iter().flat_map(|client| {
            client.shadow.faults.iter().map(move |fault| format!("{}: {fault}", client.name))
        })
    }
}

fn line_number(text: &str) -> Option<usize> {
    text.get(..LINE_DIGITS)?.parse().ok()
}

fn slot(char_index: i16) -> Option<usize> {
    usize::try_from(char_index).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(packets: &[ServerPacket<'_>]) -> Vec<u8> {
        let mut bytes = Vec::new();
        packets.iter().for_each(|packet| packet.encode(&mut bytes, TextEncoding::Utf8));
        bytes
    }

    fn create(char_index: i16, x: u8) -> ServerPacket<'static> {
        ServerPacket::CharacterCreate {
            char_index,
            body: 1,
            head: 1,
            heading: 3,
            x,
            y: 50,
            weapon: 2,
            shield: 2,
            helmet: 2,
            fx: 0,
            fx_loops: 0,
            name: "Alguien".into(),
            nick_color: 2,
            privileges: 0,
        }
    }

    /// Creates two bots side by side who know each other: bot 0 has index 10, bot 1 has 20.
    fn two() -> Crowd {
        let mut crowd = Crowd::new(2);
        for (number, own, other) in [(0, 10, 20), (1, 20, 10)] {
            let x = |index| if index == 10 { 50 } else { 60 };
            let packets = [
                ServerPacket::Logged { class: 1 },
                ServerPacket::ChangeMap { map: 1, version: 1 },
                create(own, x(own)),
                ServerPacket::UserCharIndexInServer { char_index: own },
                create(other, x(other)),
            ];
            crowd.hear(number, Heard::Bytes(&bytes(&packets)));
        }
        crowd.reset();
        crowd
    }

    #[test]
    fn what_is_told_of_others_is_a_delivery_and_the_own_character_is_none() {
        let mut crowd = two();
        let step = ServerPacket::CharacterMove { char_index: 20, x: 61, y: 50 };
        let packets = [
            step,
            ServerPacket::PosUpdate { x: 50, y: 50 },
            ServerPacket::CharacterRemove { char_index: 20 },
        ];
        crowd.hear(0, Heard::Bytes(&bytes(&packets)));
        assert_eq!((crowd.tally.deliveries, crowd.tally.refusals), (2, 1));
        crowd.hear(0, Heard::Bytes(&bytes(&[create(20, 60)])));
        assert_eq!(crowd.tally.deliveries, 3);
        assert_eq!(crowd.faults().count(), 0);
    }

    #[test]
    fn a_line_is_a_delivery_for_all_but_who_said_it() {
        let mut crowd = two();
        let text = crowd.line();
        let said = ServerPacket::ChatOverHead { text: text.into(), char_index: 20, r: 255, g: 255, b: 255 };
        for number in [0, 1] {
            crowd.hear(number, Heard::Bytes(&bytes(std::slice::from_ref(&said))));
        }
        assert_eq!((crowd.tally.deliveries, crowd.latency.total()), (1, 1));
    }

    #[test]
    fn who_left_by_itself_is_not_gone_and_starts_again() {
        let mut crowd = two();
        crowd.leave(1);
        assert!(crowd.disconnects().is_empty());
        assert_eq!(
            (crowd.clients[1].shadow.screen, crowd.clients[1].shadow.own_index),
            (Screen::Login, None)
        );
    }

    #[test]
    fn latency_is_from_the_last_step_on_that_tile() {
        let mut crowd = two();
        crowd.stepped(1, (61, 50));
        std::thread::sleep(std::time::Duration::from_millis(30));
        crowd.stepped(1, (60, 50));
        let last_step = Instant::now();
        crowd.stepped(1, (61, 50));
        let step = ServerPacket::CharacterMove { char_index: 20, x: 61, y: 50 };
        crowd.hear(0, Heard::Bytes(&bytes(&[step])));
        assert_eq!(crowd.latency.total(), 1);
        let since_last_step = u64::try_from(last_step.elapsed().as_micros()).unwrap() + 1;
        assert!(crowd.latency.largest() <= since_last_step, "{} us", crowd.latency.largest());
    }

    #[test]
    fn a_creature_and_a_step_nobody_sent_have_no_latency() {
        let mut crowd = two();
        let packets = [create(77, 40), ServerPacket::CharacterMove { char_index: 77, x: 41, y: 50 }];
        crowd.hear(0, Heard::Bytes(&bytes(&packets)));
        crowd.hear(0, Heard::Bytes(&bytes(&[ServerPacket::CharacterMove { char_index: 20, x: 61, y: 50 }])));
        assert_eq!((crowd.latency.total(), crowd.tally.deliveries), (0, 3));
    }

    #[test]
    fn a_cut_packet_is_a_fault_and_a_lost_connection_has_its_cause() {
        let mut crowd = two();
        crowd.hear(0, Heard::Bytes(&bytes(&[ServerPacket::PosUpdate { x: 50, y: 50 }])[..2]));
        assert_eq!(crowd.faults().count(), 1);
        crowd.hear(1, Heard::Bytes(&bytes(&[ServerPacket::ErrorMsg { text: "Chau".into() }])));
        crowd.hear(1, Heard::Closed("closed by the server"));
        assert_eq!(crowd.disconnects(), BTreeMap::from([("closed by the server: Chau".to_owned(), 1)]));
    }
}
