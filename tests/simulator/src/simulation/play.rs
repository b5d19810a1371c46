//! Actions of players in the world.

use super::Simulation;
use super::events::Event;
use super::network::Client;
use pyao_core::base::ids::MapId;
use pyao_core::content::Map;
use pyao_core::game::CloseReason;
use pyao_core::protocol::client::ClientPacket;
use pyao_core::protocol::outbox::ConnectionId;
use pyao_core::world::heading::Heading;

impl Simulation {
    fn playing(&mut self, id: ConnectionId) -> Option<&mut Client> {
        self.network.clients.get_mut(&id).filter(|client| client.plays())
    }

    /// The client's own rule: it walks where its map and its picture look free, and turns where they do not. A key held
    /// down is a step as soon as the one before is done, or ended by a correction.
    pub(super) fn walk(&mut self, id: ConnectionId) -> bool {
        let heading = u8::try_from(self.draw(4)).unwrap_or(0) + 1;
        let steps = if self.draw(12) == 0 { 12 } else { self.draw(3) };
        for _ in 0..=steps {
            // In a frame, the client reads first.
            self.read(id);
            let map_blocks = self.map_blocks(id, heading);
            let Some(client) = self.playing(id) else { break };
            if map_blocks {
                self.send(id, &ClientPacket::ChangeHeading { heading });
                break;
            }
            let Some(packet) = client.shadow.predict_walk(heading) else { break };
            self.send(id, &packet);
            self.take_step(id);
        }
        true
    }

    /// Takes a step, which takes its time, unless the client receives its position.
    fn take_step(&mut self, id: ConnectionId) {
        let corrections = |simulation: &Self| {
            let client = simulation.network.clients.get(&id);
            client.map_or(0, |client| client.shadow.received.count("PosUpdate"))
        };
        let (before, end) = (corrections(self), self.now + 200 + self.draw(100) as u64);
        // Near by, a correction comes at once or not at all.
        if self.network.clients.get(&id).is_none_or(|client| client.round_trip() < 20) {
            return self.pass(end - self.now);
        }
        while self.now < end && corrections(self) == before {
            let next = self.next_due().map_or(end, |due| due.clamp(self.now, end));
            self.pass(next - self.now);
        }
        if self.now < end {
            self.report.note(Event::ThrownBack);
        }
    }

    fn map_blocks(&self, id: ConnectionId, heading: u8) -> bool {
        let Some(client) = self.network.clients.get(&id) else { return true };
        let map = client.shadow.map.and_then(|map| u16::try_from(map).ok().map(MapId::new));
        let map = map.and_then(|map| self.content.map(map));
        let (Some(map), Some((x, y))) = (map, client.shadow.position()) else { return true };
        let Some(heading) = Heading::from_wire(heading) else { return true };
        let (x, y) = heading.step(x, y);
        is_blocked(map, x, y)
    }

    /// Sends a step as a broken or cheating client: the server must refuse it with a correction.
    pub(super) fn walk_unpredicted(&mut self, id: ConnectionId) -> bool {
        let heading = u8::try_from(self.draw(10)).unwrap_or(0);
        if (1..=4).contains(&heading) && !self.map_blocks(id, heading) {
            return false;
        }
        self.send(id, &ClientPacket::Walk { heading });
        true
    }

    pub(super) fn talk(&mut self, id: ConnectionId) -> bool {
        let odd = ["[b]negrita[/b]", "/comando", "", "\u{1}\u{2}"];
        let plain = ["hola", "ñandú ¡ay!", "[url=x]y[/url]", "largo largo largo largo largo"];
        let text = match self.draw(8) {
            0 => odd[self.draw(odd.len())].to_owned(),
            _ => {
                let words = plain[self.draw(plain.len())];
                self.numbered_line(words)
            }
        };
        let packet =
            if self.draw(4) == 0 { ClientPacket::Yell { text } } else { ClientPacket::Talk { text } };
        self.send(id, &packet);
        true
    }

    pub(super) fn whisper(&mut self, id: ConnectionId) -> bool {
        let other = self.draw(self.players.len());
        let target_name = self.players[other].name.replace(' ', "+");
        let text = self.numbered_line("psst [b]");
        self.send(id, &ClientPacket::Whisper { target_name, text });
        true
    }

    /// A few of these are more than can wait for a client that does not read.
    pub(super) fn spam(&mut self, id: ConnectionId) -> bool {
        for _ in 0..80 {
            let text = self.numbered_line(&"x".repeat(245));
            self.send(id, &ClientPacket::Yell { text });
        }
        true
    }

    pub(super) fn ask(&mut self, id: ConnectionId) -> bool {
        let Some(client) = self.playing(id) else { return false };
        let (x, y) = client.shadow.position().unwrap_or((50, 50));
        let packets = [
            ClientPacket::Ping,
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
            ClientPacket::ResuscitationSafeToggle,
            ClientPacket::Meditate,
        ];
        let chosen = &packets[self.draw(packets.len())];
        if let (ClientPacket::Ping, Some(client)) = (chosen, self.playing(id)) {
            client.shadow.pings += 1;
        }
        self.send(id, chosen);
        true
    }

    pub(super) fn order(&mut self, id: ConnectionId) -> bool {
        let slot = |number: usize| u8::try_from(number).unwrap_or(0);
        let packet = if self.draw(2) == 0 {
            let (from_slot, to_slot) = (slot(self.draw(28)), slot(self.draw(28)));
            ClientPacket::MoveItem { from_slot, to_slot, move_type: 0 }
        } else {
            ClientPacket::MoveSpell { upwards: self.draw(2) == 0, slot: slot(self.draw(38)) }
        };
        self.send(id, &packet);
        true
    }

    pub(super) fn assign_skill_points(&mut self, id: ConnectionId) -> bool {
        let mut points_by_skill = [0; 20];
        points_by_skill[self.draw(20)] = u8::try_from(self.draw(12)).unwrap_or(0);
        self.send(id, &ClientPacket::ModifySkills { points_by_skill });
        true
    }

    pub(super) fn describe(&mut self, id: ConnectionId) -> bool {
        let text = format!("soy el de las {}", self.now);
        self.send(id, &ClientPacket::ChangeDescription { text });
        true
    }

    /// One change of the password at a time: each must be answered before the next.
    pub(super) fn change_password(&mut self, player: usize, id: ConnectionId) -> bool {
        let new_password = format!("clave{}", self.draw(100_000));
        let Some(client) = self.playing(id).filter(|client| client.new_password.is_none()) else {
            return false;
        };
        client.new_password = Some(new_password.clone());
        let player = &mut self.players[player];
        let current_password = player.passwords.first().cloned().unwrap_or_default();
        player.passwords.push(new_password.clone());
        self.send(id, &ClientPacket::ChangePassword { current_password, new_password });
        true
    }

    pub(super) fn stop_reading(&mut self, id: ConnectionId) -> bool {
        self.playing(id).map(|client| client.reads = false).is_some()
    }

    /// Sends random bytes: after them the client's picture can no longer be trusted.
    pub(super) fn send_garbage(&mut self, id: ConnectionId) -> bool {
        let bytes: Vec<u8> = (0..=self.draw(40)).map(|_| u8::try_from(self.draw(256)).unwrap_or(0)).collect();
        self.send_bytes(id, &bytes);
        self.pass(400);
        self.lose(id, CloseReason::LostSocket);
        true
    }
}

fn is_blocked(map: &Map, x: u8, y: u8) -> bool {
    map.blocked(x, y) || map.water(x, y)
}
