//! One bot's legs: where it wants to go, and which key it presses for it.

use pyao_core::base::random::Random;
use pyao_core::content::{Map, Position};
use pyao_core::world::heading::Heading;
use pyao_simulator::shadow::ShadowClient;

use crate::distances::Distances;
use crate::places::Bounds;

/// Steps along one heading, at most.
const STRAIGHT_MAX: u32 = 6;
/// Steps of a traveller between two journeys.
const STROLL: (u32, u32) = (5, 40);

/// View of a bot: its map's data and its client's picture.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// Picture of its client.
    pub shadow: &'a ShadowClient,
    /// The data of its map.
    pub map: &'a Map,
    /// The way to the map's exits.
    pub to_exits: &'a Distances,
    /// Position of its character in that picture.
    pub position: Position,
}

impl View<'_> {
    /// Returns true if its client lets it step there: by the map's data, changed by the blocks it received, and no
    /// character in the way.
    fn looks_free(&self, (x, y): (u8, u8)) -> bool {
        let told = self.shadow.blocked.get(&(x, y)).copied();
        let blocked = told.unwrap_or_else(|| self.map.blocked(x, y));
        !blocked && !self.map.water(x, y) && !self.shadow.looks_blocked((x, y))
    }

    fn target(&self, heading: Heading) -> (u8, u8) {
        heading.step(self.position.x, self.position.y)
    }

    /// Returns true if the server would agree, too, and the step stays on the map.
    fn is_open(&self, heading: Heading) -> bool {
        let (x, y) = self.target(heading);
        self.map.in_bounds(x, y) && self.looks_free((x, y)) && self.map.exit(x, y).is_none()
    }

    /// Returns a heading that leads nearer to an exit.
    fn towards_exit(&self) -> Option<Heading> {
        let here = self.to_exits.at(self.position.x, self.position.y)?;
        Heading::ALL.into_iter().find(|heading| {
            let (x, y) = self.target(*heading);
            self.to_exits.at(x, y).is_some_and(|steps| steps < here) && self.looks_free((x, y))
        })
    }
}

/// Range of a bot's ways.
#[derive(Debug, Clone, Copy)]
pub struct Habits {
    /// Tiles around its entry to a map beyond which it does not go, roughly, unless it travels.
    pub radius: u8,
    /// It never leaves these tiles, unless it travels.
    pub bounds: Bounds,
    /// True if it goes to an exit now and then.
    pub travels: bool,
}

/// See the module.
#[derive(Debug)]
pub struct Walker {
    random: Random,
    habits: Habits,
    home: Option<Position>,
    heading: Heading,
    /// Steps still to go along `heading`.
    straight: u32,
    /// Steps still to go before the next journey.
    stroll: u32,
}

impl Walker {
    /// Creates bot number `number`.
    #[must_use]
    pub fn new(number: usize, seed: u64, habits: Habits) -> Self {
        let mut random = Random::new(seed.wrapping_add(number as u64));
        let stroll = random.between(STROLL.0, STROLL.1);
        Self { random, habits, home: None, heading: Heading::South, straight: 0, stroll }
    }

    /// Returns the key that it presses now.
    pub fn heading(&mut self, view: &View<'_>) -> Heading {
        if self.home.is_none_or(|home| home.map != view.position.map) {
            self.home = Some(view.position);
            self.stroll = self.random.between(STROLL.0, STROLL.1);
        }
        if self.habits.travels && self.stroll == 0 {
            if let Some(heading) = view.towards_exit() {
                return heading;
            }
            self.stroll = STRAIGHT_MAX;
        }
        self.stroll = self.stroll.saturating_sub(1);
        if self.straight > 0 && self.may_go(view, self.heading) {
            self.straight -= 1;
            return self.heading;
        }
        self.straight = self.random.between(0, STRAIGHT_MAX - 1);
        self.heading = self.new_heading(view);
        self.heading
    }

    /// Chooses the way home from too far away, else any way that is open; hemmed in, one that leads nowhere.
    fn new_heading(&mut self, view: &View<'_>) -> Heading {
        if let Some(heading) = self.homeward(view.position).filter(|heading| self.may_go(view, *heading)) {
            return heading;
        }
        let first = self.random.between(0, 3) as usize;
        let headings = (first..first + 4).map(|heading| Heading::ALL[heading % 4]);
        headings.clone().find(|heading| self.may_go(view, *heading)).unwrap_or(Heading::ALL[first])
    }

    fn may_go(&self, view: &View<'_>, heading: Heading) -> bool {
        let (x, y) = view.target(heading);
        (self.habits.travels || self.habits.bounds.contains(x, y)) && view.is_open(heading)
    }

    /// Returns the way back, if it has gone too far.
    fn homeward(&self, at: Position) -> Option<Heading> {
        let home = self.home?;
        if at.x.abs_diff(home.x) > self.habits.radius {
            Some(if at.x > home.x { Heading::West } else { Heading::East })
        } else if at.y.abs_diff(home.y) > self.habits.radius {
            Some(if at.y > home.y { Heading::North } else { Heading::South })
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use pyao_core::content::Content;
    use pyao_core::protocol::server::ServerPacket;
    use pyao_core::protocol::wire::TextEncoding;
    use pyao_simulator::shadow::Screen;
    use pyao_tests::frames::press;

    use super::*;
    use crate::places::Places;

    /// Returns the client of a bot that has just come to `start`.
    fn client_at(start: Position) -> ShadowClient {
        let map = i16::try_from(start.map.get()).unwrap();
        let mut bytes = Vec::new();
        let packets = [
            ServerPacket::Logged { class: 1 },
            ServerPacket::ChangeMap { map, version: 1 },
            ServerPacket::CharacterCreate {
                char_index: 1,
                body: 1,
                head: 1,
                heading: 3,
                x: start.x,
                y: start.y,
                weapon: 2,
                shield: 2,
                helmet: 2,
                fx: 0,
                fx_loops: 0,
                name: "Uno".into(),
                nick_color: 2,
                privileges: 0,
            },
            ServerPacket::UserCharIndexInServer { char_index: 1 },
        ];
        packets.iter().for_each(|packet| packet.encode(&mut bytes, TextEncoding::Latin1));
        let mut shadow = ShadowClient::new(Screen::Login, TextEncoding::Latin1);
        shadow.read(&bytes).unwrap();
        shadow
    }

    /// Lets one bot walk on an empty map; returns the tiles it came to and whether it stepped on an exit.
    fn walk(places: &Places, habits: Habits, steps: usize) -> (Vec<(u8, u8)>, bool) {
        let content = Content::starter();
        let start = places.starts[0];
        let map = content.map(start.map).unwrap();
        let to_exits = Distances::to_exits(&content, map);
        let mut shadow = client_at(start);
        let mut walker = Walker::new(0, 1, habits);
        let mut tiles = Vec::new();
        for _ in 0..steps {
            let (x, y) = shadow.position().unwrap();
            let position = Position::new(start.map, x, y);
            let heading = walker.heading(&View { shadow: &shadow, map, to_exits: &to_exits, position });
            press(&mut shadow, map, heading);
            let (x, y) = shadow.position().unwrap();
            assert!(map.walkable(x, y), "the server would refuse {x},{y}");
            tiles.push((x, y));
            if map.exit(x, y).is_some() {
                return (tiles, true);
            }
        }
        (tiles, false)
    }

    fn keeps_walking(tiles: &[(u8, u8)]) {
        let moved = tiles.windows(2).filter(|pair| pair[0] != pair[1]).count();
        assert!(moved > tiles.len() * 9 / 10, "{moved} steps moved it");
    }

    #[test]
    fn a_bot_keeps_walking_on_legal_tiles_around_its_start() {
        // The second of three starts is in the middle of the map.
        let mut places = Places::spread(&Content::starter(), 1, 3);
        places.starts.rotate_left(1);
        let habits = Habits { radius: 10, bounds: places.bounds, travels: false };
        let (tiles, left) = walk(&places, habits, 2_000);
        assert!(!left);
        let (start, reach) = (places.starts[0], 10 + u8::try_from(STRAIGHT_MAX).unwrap() + 1);
        assert!(tiles.iter().all(|(x, y)| x.abs_diff(start.x) <= reach && y.abs_diff(start.y) <= reach));
        keeps_walking(&tiles);
    }

    #[test]
    fn a_bot_of_a_crowd_stays_in_its_square() {
        let places = Places::crowd(&Content::starter(), 3);
        let habits = Habits { radius: 100, bounds: places.bounds, travels: false };
        let (tiles, _) = walk(&places, habits, 2_000);
        assert!(tiles.iter().all(|(x, y)| places.bounds.contains(*x, *y)));
        keeps_walking(&tiles);
    }

    #[test]
    fn a_traveller_finds_an_exit() {
        let places = Places::spread(&Content::starter(), 1, 1);
        let habits = Habits { radius: 10, bounds: places.bounds, travels: true };
        let (_, left) = walk(&places, habits, 1_000);
        assert!(left);
    }
}
