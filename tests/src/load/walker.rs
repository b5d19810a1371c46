//! One bot's legs: where it wants to go, and which key it presses for it.

use pyao_server::content::{Map, Position};
use pyao_server::protocol::client::ClientPacket;
use pyao_server::world::heading::Heading;
use pyao_server::world::random::Random;

use super::places::Distances;
use crate::shadow::ShadowClient;

/// One bot of so many goes to an exit now and then; the others stay around their start.
const TRAVELLER_EVERY: usize = 16;
/// Steps along one heading, at most.
const STRAIGHT_MAX: u32 = 6;
/// Steps of a traveller between two journeys.
const STROLL: (u32, u32) = (5, 40);
/// Headings tried before a bot that is hemmed in presses one that leads nowhere.
const TRIES: u32 = 6;

/// What a bot sees: its map's data and its client's picture.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// What its client believes.
    pub shadow: &'a ShadowClient,
    /// The data of its map.
    pub map: &'a Map,
    /// The way to the map's exits.
    pub to_exits: &'a Distances,
    /// Where it believes it stands.
    pub position: Position,
}

impl View<'_> {
    /// Whether its client lets it step there: the map's data as changed by what it was told, and nobody in the way.
    fn looks_free(&self, (x, y): (u8, u8)) -> bool {
        let told = self.shadow.blocked.get(&(x, y)).copied();
        let blocked = told.unwrap_or_else(|| self.map.blocked(x, y));
        !blocked && !self.map.water(x, y) && !self.shadow.looks_blocked((x, y))
    }

    fn target(&self, heading: Heading) -> (u8, u8) {
        heading.step(self.position.x, self.position.y)
    }

    /// Whether the server would agree, too, and the step stays on the map.
    fn is_open(&self, heading: Heading) -> bool {
        let (x, y) = self.target(heading);
        self.map.in_bounds(x, y) && self.looks_free((x, y)) && self.map.exit(x, y).is_none()
    }

    /// A heading that leads nearer to an exit.
    fn towards_exit(&self) -> Option<Heading> {
        let here = self.to_exits.at(self.position.x, self.position.y)?;
        Heading::ALL.into_iter().find(|heading| {
            let (x, y) = self.target(*heading);
            self.to_exits.at(x, y).is_some_and(|steps| steps < here) && self.looks_free((x, y))
        })
    }
}

/// See the module.
#[derive(Debug)]
pub struct Walker {
    random: Random,
    radius: u8,
    is_traveller: bool,
    home: Option<Position>,
    heading: Heading,
    /// Steps still to go along `heading`.
    straight: u32,
    /// Steps still to go before the next journey.
    stroll: u32,
}

impl Walker {
    /// Bot number `number`, which stays about `radius` tiles around where it comes to a map, unless it travels.
    #[must_use]
    pub fn new(number: usize, seed: u64, radius: u8) -> Self {
        let mut random = Random::new(seed.wrapping_add(number as u64));
        let stroll = random.between(STROLL.0, STROLL.1);
        Self {
            random,
            radius,
            is_traveller: number % TRAVELLER_EVERY == TRAVELLER_EVERY - 1,
            home: None,
            heading: Heading::South,
            straight: 0,
            stroll,
        }
    }

    /// The key it presses now.
    pub fn heading(&mut self, view: &View<'_>) -> Heading {
        if self.home.is_none_or(|home| home.map != view.position.map) {
            self.home = Some(view.position);
            self.stroll = self.random.between(STROLL.0, STROLL.1);
        }
        if self.is_traveller && self.stroll == 0 {
            if let Some(heading) = view.towards_exit() {
                return heading;
            }
            self.stroll = STRAIGHT_MAX;
        }
        self.stroll = self.stroll.saturating_sub(1);
        if self.straight > 0 && view.is_open(self.heading) {
            self.straight -= 1;
            return self.heading;
        }
        self.straight = self.random.between(0, STRAIGHT_MAX - 1);
        self.heading = self.new_heading(view);
        self.heading
    }

    fn new_heading(&mut self, view: &View<'_>) -> Heading {
        if let Some(heading) = self.homeward(view.position).filter(|heading| view.is_open(*heading)) {
            return heading;
        }
        for _ in 0..TRIES {
            let heading = self.any_heading();
            if view.is_open(heading) {
                return heading;
            }
        }
        self.any_heading()
    }

    fn any_heading(&mut self) -> Heading {
        Heading::ALL[self.random.between(0, 3) as usize]
    }

    /// The way back, when it has gone too far.
    fn homeward(&self, at: Position) -> Option<Heading> {
        let home = self.home?;
        if at.x.abs_diff(home.x) > self.radius {
            Some(if at.x > home.x { Heading::West } else { Heading::East })
        } else if at.y.abs_diff(home.y) > self.radius {
            Some(if at.y > home.y { Heading::North } else { Heading::South })
        } else {
            None
        }
    }
}

/// What the client sends when that key is pressed: a step that it takes at once, or a turn where its map or its
/// picture is in the way.
pub fn press(shadow: &mut ShadowClient, map: &Map, heading: Heading) -> Option<ClientPacket> {
    let own = shadow.own()?;
    let (x, y) = heading.step(own.x, own.y);
    let told = shadow.blocked.get(&(x, y)).copied();
    if told.unwrap_or_else(|| map.blocked(x, y)) || map.water(x, y) {
        let heading = heading.wire();
        return (own.heading != heading).then_some(ClientPacket::ChangeHeading { heading });
    }
    shadow.predict_walk(heading.wire())
}

#[cfg(test)]
mod tests {
    use pyao_server::content::Content;
    use pyao_server::protocol::server::ServerPacket;
    use pyao_server::protocol::wire::TextEncoding;

    use super::super::places::start_on;
    use super::*;
    use crate::shadow::Screen;

    /// The client of a bot that has just come to `start`.
    fn client_at(start: Position) -> ShadowClient {
        let map = i16::try_from(start.map).unwrap();
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

    /// Lets one bot walk where nobody else is; returns the tiles it came to and whether it stepped on an exit.
    fn walk(number: usize, radius: u8, steps: usize) -> (Position, Vec<(u8, u8)>, bool) {
        let content = Content::starter();
        let start = content.maps().find_map(|map| start_on(map, radius)).unwrap();
        let map = content.map(start.map).unwrap();
        let to_exits = Distances::to_exits(&content, map);
        let mut shadow = client_at(start);
        let mut walker = Walker::new(number, 1, radius);
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
                return (start, tiles, true);
            }
        }
        (start, tiles, false)
    }

    #[test]
    fn a_bot_keeps_walking_on_legal_tiles_around_its_start() {
        let radius = 10;
        let (start, tiles, left) = walk(0, radius, 2_000);
        assert!(!left);
        let reach = radius + u8::try_from(STRAIGHT_MAX).unwrap() + 1;
        assert!(tiles.iter().all(|(x, y)| x.abs_diff(start.x) <= reach && y.abs_diff(start.y) <= reach));
        let moved = tiles.windows(2).filter(|pair| pair[0] != pair[1]).count();
        assert!(moved > 1_900, "{moved} steps moved it");
    }

    #[test]
    fn a_traveller_finds_an_exit() {
        let (_, _, left) = walk(TRAVELLER_EVERY - 1, 10, 1_000);
        assert!(left);
    }
}
