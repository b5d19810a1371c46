//! Actions of bots in the world: walking, chat, and the other packets in the mixture of the scenario.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::Result;
use pyao_core::base::ids::MapId;
use pyao_core::base::random::Random;
use pyao_core::content::Position;
use pyao_core::protocol::client::ClientPacket;
use pyao_core::world::heading::Heading;
use serde::Serialize;

use pyao_tests::frames::press;

use crate::PACE;
use crate::arrivals::{Arrivals, Way};
use crate::distances::Distances;
use crate::options::{Options, Scenario};
use crate::places::Places;
use crate::stage::Stage;
use crate::walker::{Habits, View, Walker};

/// From one line of a bot to its next, at least.
const TALK_PACE: Duration = Duration::from_secs(3);
/// In the mixture, one bot of this number goes to other maps now and then.
const TRAVELLER_EVERY: usize = 16;

/// One thing that a bot does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    Walk,
    Talk,
    Turn,
    Click,
    Ask,
    Reconnect,
}

/// The mixture: how many of a thousand deeds are which.
const MIXTURE: [(u32, Deed); 6] = [
    (700, Deed::Walk),
    (100, Deed::Turn),
    (80, Deed::Click),
    (79, Deed::Ask),
    (40, Deed::Talk),
    (1, Deed::Reconnect),
];

/// Number of actions of each kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Deeds {
    /// Steps sent.
    pub steps: u64,
    /// Changes of heading sent without a step.
    pub turns: u64,
    /// Lines of chat.
    pub lines: u64,
    /// Clicks on a tile.
    pub clicks: u64,
    /// Questions about the own numbers.
    pub questions: u64,
    /// Connections that bots closed to log in again.
    pub reconnects: u64,
}

impl Deeds {
    /// Returns the number of actions that others see.
    #[must_use]
    pub fn seen(&self) -> u64 {
        self.steps + self.turns + self.lines
    }
}

/// See the module.
#[derive(Debug)]
pub struct Players {
    scenario: Scenario,
    walkers: Vec<Walker>,
    to_exits: BTreeMap<MapId, Distances>,
    /// Time before which each bot may not talk again.
    silent_until: Vec<Instant>,
    random: Random,
    /// Bots that left and are coming back.
    returning: Arrivals,
    /// Actions since the last reset.
    pub deeds: Deeds,
}

impl Players {
    /// Creates the players of a run.
    #[must_use]
    pub fn new(options: &Options, places: &Places) -> Self {
        let habits = |number: usize| Habits {
            radius: options.radius,
            bounds: places.bounds,
            travels: options.scenario == Scenario::Mixed && number % TRAVELLER_EVERY == TRAVELLER_EVERY - 1,
        };
        let walker = |number| Walker::new(number, options.seed, habits(number));
        Self {
            scenario: options.scenario,
            walkers: (0..options.bots).map(walker).collect(),
            to_exits: BTreeMap::new(),
            silent_until: vec![Instant::now(); options.bots],
            random: Random::new(options.seed),
            returning: Arrivals::default(),
            deeds: Deeds::default(),
        }
    }

    /// Returns the number of players.
    #[must_use]
    pub fn count(&self) -> usize {
        self.walkers.len()
    }

    /// Returns the time from one action of a bot to its next.
    #[must_use]
    pub fn pace(&self) -> Duration {
        if self.scenario == Scenario::Chat { TALK_PACE } else { PACE }
    }

    /// Does the next action of bot `number`.
    ///
    /// # Errors
    /// Fails if the bot left and cannot connect again.
    pub fn act(&mut self, stage: &mut Stage, number: usize) -> Result<()> {
        let client = &stage.crowd.clients[number];
        if client.closed.is_some() || client.shadow.position().is_none() {
            return Ok(());
        }
        match self.next_deed(number) {
            Deed::Walk => self.walk(stage, number),
            Deed::Talk => self.talk(stage, number),
            Deed::Turn => {
                let heading = Heading::ALL[self.random.between(0, 3) as usize].wire();
                self.deeds.turns += u64::from(stage.send(number, &ClientPacket::ChangeHeading { heading }));
            }
            Deed::Click => self.click(stage, number),
            Deed::Ask => {
                let questions = [ClientPacket::RequestMiniStats, ClientPacket::RequestStats];
                let question = &questions[self.random.between(0, 1) as usize];
                self.deeds.questions += u64::from(stage.send(number, question));
            }
            Deed::Reconnect => {
                self.deeds.reconnects += 1;
                stage.leave(number);
                self.returning.begin(stage, number, Way::Login)?;
            }
        }
        Ok(())
    }

    /// Goes on with those that are coming back, after the bots were heard.
    ///
    /// # Errors
    /// Fails if a bot cannot come in again.
    pub fn go_on(&mut self, stage: &mut Stage) -> Result<()> {
        self.returning.go_on(stage)
    }

    /// Returns true if every bot is in the world whose connection the server has not closed.
    #[must_use]
    pub fn are_all_in(&self) -> bool {
        self.returning.is_empty()
    }

    fn next_deed(&mut self, number: usize) -> Deed {
        match self.scenario {
            Scenario::Chat => Deed::Talk,
            Scenario::Mixed => {
                let mut dice = self.random.between(0, 999);
                let drawn = MIXTURE.iter().find(|(share, _)| {
                    let is_it = dice < *share;
                    dice = dice.saturating_sub(*share);
                    is_it
                });
                let may_talk = self.silent_until[number] <= Instant::now();
                drawn
                    .map(|(_, deed)| *deed)
                    .filter(|deed| *deed != Deed::Talk || may_talk)
                    .unwrap_or(Deed::Walk)
            }
            _ => Deed::Walk,
        }
    }

    /// Presses a movement key.
    fn walk(&mut self, stage: &mut Stage, number: usize) {
        let client = &mut stage.crowd.clients[number];
        let map = client.shadow.map.and_then(|map| stage.content.map(MapId::new(u16::try_from(map).ok()?)));
        let (Some(map), Some((x, y))) = (map, client.shadow.position()) else { return };
        let to_exits = self.to_exits.entry(map.number);
        let to_exits = to_exits.or_insert_with(|| Distances::to_exits(&stage.content, map));
        let position = Position::new(map.number, x, y);
        let heading = self.walkers[number].heading(&View { shadow: &client.shadow, map, to_exits, position });
        let Some(packet) = press(&mut client.shadow, map, heading) else { return };
        if matches!(packet, ClientPacket::Walk { .. }) {
            self.deeds.steps += 1;
            let tile = client.shadow.position().unwrap_or((x, y));
            stage.crowd.stepped(number, tile);
        } else {
            self.deeds.turns += 1;
        }
        stage.send(number, &packet);
    }

    fn talk(&mut self, stage: &mut Stage, number: usize) {
        let text = stage.crowd.line();
        self.deeds.lines += u64::from(stage.send(number, &ClientPacket::Talk { text }));
        self.silent_until[number] = Instant::now() + TALK_PACE;
    }

    /// Clicks on a tile beside the bot.
    fn click(&mut self, stage: &mut Stage, number: usize) {
        let Some((x, y)) = stage.crowd.clients[number].shadow.position() else { return };
        let (x, y) = Heading::ALL[self.random.between(0, 3) as usize].step(x, y);
        self.deeds.clicks += u64::from(stage.send(number, &ClientPacket::LeftClick { x, y }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mixture_is_a_thousand() {
        assert_eq!(MIXTURE.iter().map(|(share, _)| share).sum::<u32>(), 1000);
    }
}
