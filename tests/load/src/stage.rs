//! The bots on their sockets, with everything around them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result};
use pyao_core::content::Content;
use pyao_core::protocol::client::ClientPacket;

use crate::crowd::Crowd;
use crate::fleet::Fleet;
use crate::{PATIENCE, QUIET, QUIET_PATIENCE};

/// See the module. Bots have the same numbers in the fleet and in the crowd.
#[derive(Debug)]
pub struct Stage {
    /// Their sockets.
    pub fleet: Fleet,
    /// Their clients.
    pub crowd: Crowd,
    /// The world's data.
    pub content: Arc<Content>,
    address: SocketAddr,
}

impl Stage {
    /// Creates `bots` that are not connected yet to the server at `address`.
    ///
    /// # Errors
    /// Fails if the system has no poll to give.
    pub fn new(bots: usize, content: Content, address: SocketAddr) -> Result<Self> {
        let content = Arc::new(content);
        Ok(Self { fleet: Fleet::new()?, crowd: Crowd::new(bots), content, address })
    }

    /// Counts from zero.
    pub fn reset(&mut self) {
        self.crowd.reset();
        (self.fleet.reads, self.fleet.bytes) = (0, 0);
    }

    /// Connects a bot.
    ///
    /// # Errors
    /// Fails if the server does not accept the connection.
    pub fn connect(&mut self, number: usize) -> Result<()> {
        let address = self.address;
        self.fleet.connect(number, address).with_context(|| format!("connecting to {address}"))
    }

    /// Closes a bot's socket; the bot is ready to log in.
    pub fn leave(&mut self, number: usize) {
        self.fleet.close(number);
        self.crowd.leave(number);
    }

    /// Sends a packet with one write.
    pub fn send(&mut self, number: usize, packet: &ClientPacket) -> bool {
        let mut bytes = Vec::new();
        packet.encode(&mut bytes);
        self.fleet.send(number, &bytes)
    }

    /// Reads the bots once, at most until `until`.
    ///
    /// # Errors
    /// Fails if waiting fails.
    pub fn turn(&mut self, until: Instant) -> Result<()> {
        let Self { fleet, crowd, .. } = self;
        Ok(fleet.turn(until, |number, heard| crowd.hear(number, heard))?)
    }

    /// Lets everything arrive. Returns true if it became quiet.
    ///
    /// # Errors
    /// Fails if waiting fails.
    pub fn rest(&mut self) -> Result<bool> {
        let Self { fleet, crowd, .. } = self;
        Ok(fleet.until_quiet(QUIET, QUIET_PATIENCE, |number, heard| crowd.hear(number, heard))?)
    }

    /// Sends a ping of each bot in the world and waits for the answers: the server has then served all earlier packets,
    /// and their effects have arrived. Returns true if all answered and no client receives anything more.
    ///
    /// # Errors
    /// Fails if waiting fails.
    pub fn settle(&mut self) -> Result<bool> {
        for number in 0..self.crowd.clients.len() {
            let client = &mut self.crowd.clients[number];
            if client.closed.is_none() && client.shadow.position().is_some() {
                client.shadow.pings += 1;
                self.send(number, &ClientPacket::Ping);
            }
        }
        let end = Instant::now() + PATIENCE;
        while !self.are_answered() && Instant::now() < end {
            self.turn(end)?;
        }
        Ok(self.rest()? && self.are_answered())
    }

    fn are_answered(&self) -> bool {
        let mut connected = self.crowd.clients.iter().filter(|client| client.closed.is_none());
        connected.all(|client| client.shadow.pings == 0)
    }
}
