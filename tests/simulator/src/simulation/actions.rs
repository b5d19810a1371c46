//! Actions of a run, and their weights.

use super::Simulation;
use super::events::Event;
use super::store::Trouble;
use pyao_core::game::{CloseReason, Input};
use pyao_core::protocol::client::ClientPacket;
use pyao_core::protocol::outbox::ConnectionId;

/// Events of a step and their weights. Most actions of players are steps.
const ACTIONS: [(Event, u32); 34] = [
    (Event::Walk, 1_200),
    (Event::WalkIntoWall, 40),
    (Event::Turn, 80),
    (Event::Talk, 80),
    (Event::Whisper, 40),
    (Event::Ask, 80),
    (Event::Order, 30),
    (Event::SkillPoints, 10),
    (Event::Describe, 20),
    (Event::ChangePassword, 10),
    (Event::Spam, 16),
    (Event::Quit, 24),
    (Event::Vanish, 24),
    (Event::TakeOver, 12),
    (Event::WrongPassword, 6),
    (Event::Garbage, 8),
    (Event::StopReading, 12),
    (Event::Knock, 4),
    (Event::RoundTrip, 12),
    (Event::WaitLong, 8),
    (Event::WaitHours, 2),
    (Event::ClockLeap, 3),
    (Event::ChangeSettings, 6),
    (Event::Terminate, 2),
    (Event::Crash, 2),
    (Event::OtherServer, 6),
    (Event::EmptyStore, 2),
    (Event::StoreSlow, 6),
    (Event::StoreHangs, 4),
    (Event::StoreAway, 4),
    (Event::StoreFails, 6),
    (Event::StoreDies, 8),
    (Event::ReadAgain, 0),
    (Event::LoseInterest, 0),
];

impl Simulation {
    /// One thing happens; a little time passes.
    pub(super) fn act(&mut self) {
        let pause = self.draw(120) as u64;
        self.doing = "time passes".into();
        self.pass(pause);
        let player = self.draw(self.players.len());
        self.draw_event(player);
        self.pass(0);
    }

    fn draw_event(&mut self, player: usize) {
        let Some(id) = self.players[player].client else {
            let event = self.join(player);
            self.doing = format!("player {player}: {event:?}");
            return;
        };
        let Some(client) = self.network.clients.get(&id) else { return };
        let event = match (client.plays(), client.reads) {
            (false, _) => (self.draw(40) == 0).then_some(Event::LoseInterest),
            (true, false) => match self.draw(400) {
                0 => Some(Event::ReadAgain),
                1 => Some(Event::Vanish),
                2 => Some(Event::TakeOver),
                _ => None,
            },
            (true, true) => Some(self.draw_action()),
        };
        if let Some(event) = event {
            self.doing = format!("player {player}: {event:?}");
            self.carry_out(player, id, event);
        }
    }

    fn draw_action(&mut self) -> Event {
        let total: u32 = ACTIONS.iter().map(|(_, weight)| weight).sum();
        let mut roll = self.random.between(0, total - 1);
        for (event, weight) in ACTIONS {
            if roll < weight {
                return if self.faults.allow(event) { event } else { Event::Walk };
            }
            roll -= weight;
        }
        Event::Walk
    }

    /// Does it, and counts it where it could be done.
    fn carry_out(&mut self, player: usize, id: ConnectionId, event: Event) {
        let is_done = match event {
            Event::Walk => self.walk(id),
            Event::WalkIntoWall => self.walk_unpredicted(id),
            Event::Turn => {
                let heading = u8::try_from(self.draw(6)).unwrap_or(1);
                self.send(id, &ClientPacket::ChangeHeading { heading });
                true
            }
            Event::Talk => self.talk(id),
            Event::Whisper => self.whisper(id),
            Event::Ask => self.ask(id),
            Event::Order => self.order(id),
            Event::SkillPoints => self.assign_skill_points(id),
            Event::Describe => self.describe(id),
            Event::ChangePassword => self.change_password(player, id),
            Event::Spam => self.spam(id),
            Event::Quit => {
                self.send(id, &ClientPacket::Quit);
                true
            }
            Event::Vanish | Event::LoseInterest => {
                self.lose(id, CloseReason::LostSocket);
                true
            }
            Event::TakeOver => self.take_over(player),
            Event::WrongPassword => self.try_wrong_password(player),
            Event::Garbage => self.send_garbage(id),
            Event::StopReading => self.stop_reading(id),
            Event::Knock => self.knock(player),
            Event::ReadAgain => {
                self.read_again(id);
                true
            }
            other => self.interfere(id, other),
        };
        if is_done {
            self.report.note(event);
        }
    }

    /// Carries out an event that is not an action of players.
    fn interfere(&mut self, id: ConnectionId, event: Event) -> bool {
        match event {
            Event::RoundTrip => self.measure_round_trip(id),
            Event::WaitLong => {
                let wait = self.draw(20_000) as u64;
                self.pass(wait);
            }
            Event::WaitHours => {
                let wait = self.draw(2 * 3_600_000) as u64;
                self.pass(wait);
            }
            Event::ClockLeap => self.leap(),
            Event::ChangeSettings => self.change_settings(),
            Event::Terminate => self.terminate(),
            Event::Crash => self.crash(),
            Event::OtherServer => return self.take_character(),
            Event::EmptyStore => return self.empty_store(),
            Event::StoreSlow => self.trouble(Trouble::Slow),
            Event::StoreHangs => self.trouble(Trouble::Hangs),
            Event::StoreAway => self.trouble(Trouble::Away),
            Event::StoreFails => self.trouble(Trouble::Fails),
            Event::StoreDies => {
                self.trouble(Trouble::None);
                self.store.die(self.now, &mut self.random, &mut self.report);
            }
            _ => return false,
        }
        true
    }

    fn trouble(&mut self, trouble: Trouble) {
        let until = self.now + self.draw(15_000) as u64;
        self.troubled_until = self.troubled_until.max(until);
        self.store.set_trouble(trouble, until);
    }

    /// Lets the machine stand still for a while: the clock goes on, nothing else happens.
    fn leap(&mut self) {
        let longest = if self.draw(3) == 0 { 3_600_000 } else { 8_000 };
        self.now += self.draw(longest) as u64;
        // No save was possible meanwhile.
        self.troubled_until = self.troubled_until.max(self.now);
        self.game.advance(self.now);
        self.turn();
    }

    /// Draws a new estimate of the kernel's round trip; never below the true one.
    fn measure_round_trip(&mut self, id: ConnectionId) {
        let Some(client) = self.network.clients.get(&id) else { return };
        let least = client.round_trip();
        let milliseconds = self.random.between(least, least + 400);
        self.input(Input::RoundTrip { connection: id, milliseconds });
    }
}
