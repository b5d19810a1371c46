//! What simulated players do, and how often.

use super::Simulation;
use crate::shadow::Screen;
use pyao_server::game::{CloseReason, Input};
use pyao_server::protocol::client::ClientPacket;

/// Something a player does.
#[derive(Debug, Clone, Copy)]
enum Action {
    Walk,
    WalkIntoWall,
    Turn,
    Talk,
    Whisper,
    Ask,
    Order,
    SkillPoints,
    Quit,
    Vanish,
    Takeover,
    WrongPassword,
    Garbage,
    StopReading,
    WaitLong,
}

/// Actions and their weights.
const ACTIONS: [(Action, u32); 15] = [
    (Action::Walk, 600),
    (Action::WalkIntoWall, 20),
    (Action::Turn, 40),
    (Action::Talk, 40),
    (Action::Whisper, 20),
    (Action::Ask, 30),
    (Action::Order, 15),
    (Action::SkillPoints, 5),
    (Action::Quit, 15),
    (Action::Vanish, 12),
    (Action::Takeover, 5),
    (Action::WrongPassword, 3),
    (Action::Garbage, 3),
    (Action::StopReading, 2),
    (Action::WaitLong, 4),
];

impl Simulation {
    /// One player does one thing; a little time passes. Returns what, for a failure to name.
    pub(super) fn act(&mut self) -> String {
        let pause = self.random.between(0, 120);
        self.pass(u64::from(pause));
        let player = self.random.between(0, u32::try_from(self.players.len()).unwrap_or(1) - 1) as usize;
        if self.players[player].connection.is_none() {
            self.join(player);
            return format!("player {player} joins");
        }
        if self.players[player].shadow.screen != Screen::Game {
            return format!("player {player} waits");
        }
        let action = self.draw_action();
        self.carry_out(player, action);
        format!("player {player}: {action:?}")
    }

    fn draw_action(&mut self) -> Action {
        let total: u32 = ACTIONS.iter().map(|(_, weight)| weight).sum();
        let mut roll = self.random.between(0, total - 1);
        for (action, weight) in ACTIONS {
            if roll < weight {
                return action;
            }
            roll -= weight;
        }
        Action::Walk
    }

    fn carry_out(&mut self, player: usize, action: Action) {
        match action {
            Action::Walk => self.walk(player),
            Action::WalkIntoWall => {
                let heading = u8::try_from(self.random.between(0, 9)).unwrap_or(1);
                self.send_unpredicted_walk(player, heading);
            }
            Action::Turn => {
                let heading = u8::try_from(self.random.between(0, 5)).unwrap_or(1);
                self.send(player, &ClientPacket::ChangeHeading { heading });
            }
            Action::Talk => self.talk(player),
            Action::Whisper => {
                let other =
                    self.random.between(0, u32::try_from(self.players.len()).unwrap_or(1) - 1) as usize;
                let target_name = self.players[other].name.replace(' ', "+");
                self.send(player, &ClientPacket::Whisper { target_name, text: "psst [b]".into() });
            }
            Action::Ask => self.ask(player),
            Action::Order => self.order(player),
            Action::SkillPoints => {
                let mut points_by_skill = [0; 20];
                points_by_skill[self.random.between(0, 19) as usize] =
                    u8::try_from(self.random.between(0, 12)).unwrap_or(0);
                self.send(player, &ClientPacket::ModifySkills { points_by_skill });
            }
            Action::Quit => self.send(player, &ClientPacket::Quit),
            Action::Vanish => self.vanish(player),
            Action::Takeover => self.take_over(player),
            Action::WrongPassword => self.try_wrong_password(player),
            Action::Garbage => self.send_garbage(player),
            Action::StopReading => self.players[player].reads = false,
            Action::WaitLong => {
                let wait = self.random.between(1, 20) * 1_000;
                self.pass(u64::from(wait));
            }
        }
    }

    fn join(&mut self, player: usize) {
        let screen = if self.players[player].created { Screen::Login } else { Screen::Creation };
        self.connect(player, screen);
        if screen == Screen::Login {
            let password = self.players[player].password.clone();
            return self.log_in(player, password);
        }
        self.send(player, &ClientPacket::ThrowDices);
        self.deliver();
        let username = self.players[player].name.clone();
        let password = self.players[player].password.clone();
        // The store decides; a second creation of one name is refused and turns into a login at the next try.
        self.players[player].created = true;
        let class = u8::try_from(self.random.between(1, 12)).unwrap_or(1);
        self.send(
            player,
            &ClientPacket::LoginNewChar {
                username,
                password,
                ver_major: 0,
                ver_minor: 13,
                ver_rev: 0,
                race: 1,
                gender: 1,
                class,
                head: 5,
                email: "bot@example.org".into(),
                home: 1,
            },
        );
    }

    fn log_in(&mut self, player: usize, password: String) {
        let username = self.players[player].name.to_uppercase();
        let login =
            ClientPacket::LoginExistingChar { username, password, ver_major: 0, ver_minor: 13, ver_rev: 0 };
        self.send(player, &login);
    }

    /// The client's own rule: it walks where its map and its picture look free, and turns where they do not.
    fn walk(&mut self, player: usize) {
        let heading = u8::try_from(self.random.between(1, 4)).unwrap_or(1);
        let repeat = self.random.between(1, 3);
        for _ in 0..repeat {
            if !self.players[player].is_playing() {
                return;
            }
            if self.map_blocks(player, heading) {
                return self.send(player, &ClientPacket::ChangeHeading { heading });
            }
            let Some(packet) = self.players[player].shadow.predict_walk(heading) else { return };
            self.send(player, &packet);
            self.settle();
            let pace = self.random.between(200, 300);
            self.pass(u64::from(pace));
        }
    }

    fn map_blocks(&self, player: usize, heading: u8) -> bool {
        let shadow = &self.players[player].shadow;
        let map = shadow.map.and_then(|map| u16::try_from(map).ok()).and_then(|map| self.content.map(map));
        let (Some(map), Some((x, y))) = (map, shadow.position()) else { return true };
        let Some(heading) = pyao_server::world::heading::Heading::from_wire(heading) else { return true };
        let (x, y) = heading.step(x, y);
        map.blocked(x, y) || map.water(x, y)
    }

    /// A broken or cheating client: the server must refuse or take the step, and tell.
    fn send_unpredicted_walk(&mut self, player: usize, heading: u8) {
        let valid = (1..=4).contains(&heading);
        if valid && !self.map_blocks(player, heading) {
            return;
        }
        self.send(player, &ClientPacket::Walk { heading });
    }

    fn talk(&mut self, player: usize) {
        let lines =
            ["hola", "[b]negrita[/b]", "/comando", "ñandú ¡ay!", "", "\u{1}\u{2}", "largo largo largo"];
        let text = lines[self.random.between(0, 6) as usize].to_string();
        let packet = if self.random.between(0, 3) == 0 {
            ClientPacket::Yell { text }
        } else {
            ClientPacket::Talk { text }
        };
        self.send(player, &packet);
    }

    fn ask(&mut self, player: usize) {
        let (x, y) = self.players[player].shadow.position().unwrap_or((50, 50));
        let packets = [
            ClientPacket::Online,
            ClientPacket::Uptime,
            ClientPacket::RequestMOTD,
            ClientPacket::Help,
            ClientPacket::RequestStats,
            ClientPacket::RequestAtributes,
            ClientPacket::RequestFame,
            ClientPacket::RequestMiniStats,
            ClientPacket::RequestSkills,
            ClientPacket::RequestPositionUpdate,
            ClientPacket::LeftClick { x, y: y.saturating_sub(1) },
            ClientPacket::SpellInfo { spell_slot: 1 },
            ClientPacket::SafeToggle,
            ClientPacket::Meditate,
        ];
        let chosen = self.random.between(0, u32::try_from(packets.len()).unwrap_or(1) - 1) as usize;
        self.send(player, &packets[chosen]);
    }

    fn order(&mut self, player: usize) {
        let slot = |random: &mut pyao_server::world::random::Random, most| {
            u8::try_from(random.between(0, most)).unwrap_or(0)
        };
        let packet = if self.random.between(0, 1) == 0 {
            let (from_slot, to_slot) = (slot(&mut self.random, 27), slot(&mut self.random, 27));
            ClientPacket::MoveItem { from_slot, to_slot, move_type: 0 }
        } else {
            ClientPacket::MoveSpell {
                upwards: self.random.between(0, 1) == 0,
                slot: slot(&mut self.random, 37),
            }
        };
        self.send(player, &packet);
    }

    /// The socket goes without a word.
    pub(super) fn vanish(&mut self, player: usize) {
        if let Some(connection) = self.players[player].connection {
            self.forget(connection);
            self.input(Input::Lost { connection, reason: CloseReason::LostSocket });
        }
    }

    /// The same person connects a second time while the first connection still stands.
    fn take_over(&mut self, player: usize) {
        let old = self.players[player].connection.take();
        self.connect(player, Screen::Login);
        let password = self.players[player].password.clone();
        self.log_in(player, password);
        self.store.answer_everything();
        for _ in 0..20 {
            self.settle();
            self.store.answer_everything();
        }
        if let Some(old) = old {
            // The server has closed the old connection; nobody reads it any more.
            self.game.outbox().close(old);
            self.input(Input::Lost { connection: old, reason: CloseReason::LostSocket });
        }
    }

    fn try_wrong_password(&mut self, player: usize) {
        let stranger = self.players.len() - 1 - player;
        if self.players[stranger].connection.is_none() && self.players[stranger].created {
            self.connect(stranger, Screen::Login);
            self.log_in(stranger, "not-it".into());
        }
    }

    fn send_garbage(&mut self, player: usize) {
        let length = self.random.between(1, 40);
        let bytes: Vec<u8> =
            (0..length).map(|_| u8::try_from(self.random.between(0, 255)).unwrap_or(0)).collect();
        self.send_bytes(player, &bytes);
        // Whatever it meant, the client that sent it is not one whose picture can be trusted.
        self.settle();
        self.vanish(player);
    }
}
