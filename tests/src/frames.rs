//! A client in its frames, with a key held down: the Godot client at 60 frames a second.
//!
//! In each frame it reads the bytes that have arrived, then looks at its keys, then writes. A step takes sixteen
//! frames, in which keys do nothing; a `PosUpdate` ends it, so that the same frame may begin another. Its writes go out
//! as its system likes: the client does not set `TCP_NODELAY`.

use std::time::Duration;

use anyhow::{Context, Result};
use pyao_core::content::Map;
use pyao_core::protocol::client::ClientPacket;
use pyao_core::world::heading::Heading;

use crate::bot::Bot;
use pyao_simulator::shadow::ShadowClient;

/// One frame.
pub const FRAME: Duration = Duration::from_nanos(1_000_000_000 / 60);
/// Frames that a step takes: 32 pixels at 120 a second.
pub const STEP_FRAMES: u32 = 16;

/// Record of a client's way with keys held down.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Walked {
    /// Steps begun.
    pub steps: u32,
    /// Tiles that corrections took away from those.
    pub tiles_lost: u32,
    /// Corrections that moved the character.
    pub throw_backs: u32,
    /// Corrections that found it where it was.
    pub confirmations: u32,
    /// Frames in which a key was held down.
    pub frames: u32,
    /// Those in which the way looked closed, so that nothing was to be done.
    pub waited: u32,
}

impl Walked {
    /// Tiles gained.
    #[must_use]
    pub fn tiles(&self) -> f64 {
        f64::from(self.steps) - f64::from(self.tiles_lost)
    }

    /// Tiles that the same keys give where no step is refused.
    #[must_use]
    pub fn free_tiles(&self) -> f64 {
        f64::from(self.frames - self.waited) / f64::from(STEP_FRAMES)
    }
}

/// See the module.
#[derive(Debug)]
pub struct FrameClient {
    /// Its connection and its picture.
    pub bot: Bot,
    /// The key that is held down.
    pub key: Option<Heading>,
    /// Record of its way.
    pub walked: Walked,
    /// Frames since the beginning, with and without a key.
    pub frames: u32,
    /// The frames of the corrections that moved the character.
    pub thrown_back_at: Vec<u32>,
    /// Frames until the step that it takes is done.
    moving: u32,
}

impl FrameClient {
    /// Takes a client that is in the game and holds no key.
    #[must_use]
    pub fn new(bot: Bot) -> Self {
        Self { bot, key: None, walked: Walked::default(), frames: 0, thrown_back_at: Vec::new(), moving: 0 }
    }

    /// Plays one frame on `map`, the client's map.
    ///
    /// # Errors
    /// Fails if the connection is closed, or a read is one that the client could not follow.
    pub fn frame(&mut self, map: &Map) -> Result<()> {
        self.frames += 1;
        self.moving = self.moving.saturating_sub(1);
        self.read()?;
        let Some(key) = self.key else { return Ok(()) };
        self.walked.frames += 1;
        if self.moving > 0 {
            return Ok(());
        }
        match press(&mut self.bot.shadow, map, key) {
            Some(packet @ ClientPacket::Walk { .. }) => {
                self.walked.steps += 1;
                self.moving = STEP_FRAMES;
                self.bot.send(&packet)
            }
            turn => {
                self.walked.waited += 1;
                turn.map_or(Ok(()), |packet| self.bot.send(&packet))
            }
        }
    }

    /// Returns the number of corrections of its position.
    #[must_use]
    pub fn corrections(&self) -> u64 {
        self.bot.shadow.received.count("PosUpdate")
    }

    /// Returns the most corrections that moved the character one after another, each at most `pause` frames after the
    /// one before: those belong to one collision.
    #[must_use]
    pub fn longest_chain(&self, pause: u32) -> usize {
        let chains = self.thrown_back_at.chunk_by(|before, after| after - before <= pause);
        chains.map(<[u32]>::len).max().unwrap_or(0)
    }

    fn read(&mut self) -> Result<()> {
        let (corrections, before) = (self.corrections(), self.bot.shadow.position());
        self.bot.poll()?;
        if self.corrections() == corrections {
            return Ok(());
        }
        self.moving = 0;
        let (from, to) = before.zip(self.bot.shadow.position()).context("a client without a character")?;
        let distance = u32::from(from.0.abs_diff(to.0)) + u32::from(from.1.abs_diff(to.1));
        self.walked.tiles_lost += distance;
        self.walked.confirmations += u32::from(distance == 0);
        if distance > 0 {
            self.walked.throw_backs += 1;
            self.thrown_back_at.push(self.frames);
        }
        Ok(())
    }
}

/// Presses a movement key; returns what the client sends for it: a step that it takes at once, or a turn where its map
/// or its picture is in the way.
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
    use super::*;
    use pyao_core::base::ids::MapId;
    use pyao_core::content::Content;
    use pyao_core::protocol::server::ServerPacket;
    use pyao_core::protocol::wire::TextEncoding;
    use pyao_simulator::shadow::Screen;
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};

    fn send(server: &mut TcpStream, packets: &[ServerPacket<'_>]) {
        let mut bytes = Vec::new();
        packets.iter().for_each(|packet| packet.encode(&mut bytes, TextEncoding::Latin1));
        server.write_all(&bytes).unwrap();
    }

    /// Returns a client that stands at 50,50 of map 1 and looks south, with the key to the east, and the server's end
    /// of its connection.
    fn holding_east() -> (FrameClient, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut bot = Bot::connect(listener.local_addr().unwrap(), Screen::Login).unwrap();
        let (mut server, _) = listener.accept().unwrap();
        let own = ServerPacket::CharacterCreate {
            char_index: 1,
            body: 1,
            head: 1,
            heading: 3,
            x: 50,
            y: 50,
            weapon: 2,
            shield: 2,
            helmet: 2,
            fx: 0,
            fx_loops: 0,
            name: "Ana".into(),
            nick_color: 2,
            privileges: 0,
        };
        let known = ServerPacket::UserCharIndexInServer { char_index: 1 };
        let map = ServerPacket::ChangeMap { map: 1, version: 1 };
        send(&mut server, &[ServerPacket::Logged { class: 1 }, map, own, known]);
        bot.enter_game().unwrap();
        let mut client = FrameClient::new(bot);
        client.key = Some(Heading::East);
        (client, server)
    }

    /// Plays `frames` frames on the first map of the starter world, without pauses.
    fn pass(client: &mut FrameClient, frames: u32) {
        let content = Content::starter();
        let map = content.map(MapId::new(1)).unwrap();
        (0..frames).for_each(|_| client.frame(map).unwrap());
    }

    #[test]
    fn a_held_key_is_a_step_every_sixteen_frames_and_one_more_in_the_frame_of_a_correction() {
        let (mut client, mut server) = holding_east();
        pass(&mut client, 33);
        assert_eq!((client.walked.steps, client.bot.shadow.position()), (3, Some((53, 50))));
        send(&mut server, &[ServerPacket::PosUpdate { x: 50, y: 50 }]);
        while client.walked.throw_backs == 0 {
            let frames = client.walked.frames;
            pass(&mut client, 1);
            assert!(frames < 1_000_000, "the correction does not arrive");
        }
        let lost = client.walked.tiles_lost;
        assert_eq!(u64::from(client.walked.steps - lost), 1, "a step in that frame");
        assert_eq!(client.bot.shadow.position(), Some((51, 50)));
        pass(&mut client, 15);
        assert_eq!(client.bot.shadow.position(), Some((51, 50)));
        pass(&mut client, 1);
        assert_eq!(client.bot.shadow.position(), Some((52, 50)));
    }

    #[test]
    fn throw_backs_that_follow_one_another_are_a_chain() {
        let (mut client, _server) = holding_east();
        assert_eq!(client.longest_chain(60), 0);
        client.thrown_back_at = vec![10, 70, 131, 140, 200, 400];
        assert_eq!((client.longest_chain(60), client.longest_chain(61), client.longest_chain(5)), (3, 5, 1));
    }

    #[test]
    fn a_closed_way_is_waited_at() {
        let (mut client, mut server) = holding_east();
        client.bot.shadow.blocked.insert((51, 50), true);
        pass(&mut client, 10);
        let Walked { steps, waited, frames, .. } = client.walked;
        assert_eq!((steps, waited, frames), (0, 10, 10));
        let mut asked = [0; 20];
        server.read_exact(&mut asked).unwrap();
        assert_eq!(asked[..4], [37, 2, 37, 2], "a turn in each frame until it is answered");
    }
}
