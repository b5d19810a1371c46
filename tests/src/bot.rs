//! A Godot client without a screen: a real socket, blocking, with the picture of a [`ShadowClient`].
//!
//! It reads as the real client does, one read a look with nothing kept between two, so a server that splits a packet
//! over reads is caught. Sends are one write each. Waiting methods name what they wait for: a time-out's error says
//! it, with the faults and the last console lines.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail, ensure};
use pyao_core::protocol::client::ClientPacket;
use pyao_core::protocol::wire::TextEncoding;
use pyao_simulator::forms::{NewCharacter, login_packet};
use pyao_simulator::shadow::{Screen, ShadowClient};
use socket2::{Domain, SockRef, Socket, Type};

/// Timeout for events that must happen soon, on a machine that is busy with other work.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// Pause between two looks of a waiting bot.
const LOOK: Duration = Duration::from_millis(20);
/// One step of the real client, which never walks faster.
pub const STEP: Duration = Duration::from_millis(267);

/// See the module.
#[derive(Debug)]
pub struct Bot {
    stream: TcpStream,
    buffer: Vec<u8>,
    closed: bool,
    /// Time zero of its clock, the client's.
    born: Instant,
    /// Picture of its client.
    pub shadow: ShadowClient,
}

impl Bot {
    /// Opens a connection that shows `screen`. As the system's other programs do, its client reads texts as UTF-8.
    ///
    /// # Errors
    /// Fails if the server does not accept the connection.
    pub fn connect(address: SocketAddr, screen: Screen) -> Result<Self> {
        let stream = TcpStream::connect_timeout(&address, PATIENCE)
            .with_context(|| format!("connecting to {address}"))?;
        Ok(Self::over(stream, screen))
    }

    /// As [`Self::connect`], from an address of this machine that is not the usual one: `127.0.0.2` for instance.
    ///
    /// # Errors
    /// Fails if the server does not accept the connection, or this machine has no such address.
    pub fn connect_from(source: IpAddr, address: SocketAddr, screen: Screen) -> Result<Self> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
        socket.bind(&SocketAddr::new(source, 0).into())?;
        socket
            .connect_timeout(&address.into(), PATIENCE)
            .with_context(|| format!("connecting to {address} from {source}"))?;
        Ok(Self::over(socket.into(), screen))
    }

    /// As [`Self::connect`], with room for no more than `receive_buffer` bytes that are not read yet, or what the
    /// system makes of it: a client that reads slowly is soon felt by the server.
    ///
    /// # Errors
    /// Fails if the server does not accept the connection.
    pub fn connect_narrow(address: SocketAddr, screen: Screen, receive_buffer: usize) -> Result<Self> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
        // Only a buffer set before connecting bounds the window.
        socket.set_recv_buffer_size(receive_buffer)?;
        socket
            .connect_timeout(&address.into(), PATIENCE)
            .with_context(|| format!("connecting to {address}"))?;
        Ok(Self::over(socket.into(), screen))
    }

    /// Takes a connection that is there already.
    #[must_use]
    pub fn over(stream: TcpStream, screen: Screen) -> Self {
        // As the real client, it does not set TCP_NODELAY.
        let shadow = ShadowClient::new(screen, TextEncoding::Utf8);
        Self { stream, buffer: vec![0; 256 * 1024], closed: false, born: Instant::now(), shadow }
    }

    /// Returns the socket alone, for actions that no client has.
    #[must_use]
    pub fn into_stream(self) -> TcpStream {
        self.stream
    }

    /// Connects, logs in and waits for the own character.
    ///
    /// # Errors
    /// The server's refusal, or a time-out.
    pub fn login(address: SocketAddr, name: &str, password: &str) -> Result<Self> {
        let mut bot = Self::connect(address, Screen::Login)?;
        bot.send(&login_packet(name, password))?;
        bot.enter_game()?;
        Ok(bot)
    }

    /// Connects, rolls the dice, creates the default character and waits for it.
    ///
    /// # Errors
    /// The server's refusal, or a time-out.
    pub fn create(address: SocketAddr, name: &str, password: &str) -> Result<Self> {
        Self::create_as(address, &NewCharacter::named(name, password))
    }

    /// As [`Self::create`], with every choice of the creation screen.
    ///
    /// # Errors
    /// The server's refusal, or a time-out.
    pub fn create_as(address: SocketAddr, character: &NewCharacter) -> Result<Self> {
        let mut bot = Self::connect(address, Screen::Creation)?;
        bot.throw_dice()?;
        bot.send(&character.packet())?;
        bot.enter_game()?;
        Ok(bot)
    }

    /// Rolls the dice of the creation screen: strength, agility, intelligence, charisma, constitution.
    ///
    /// # Errors
    /// No answer in time.
    pub fn throw_dice(&mut self) -> Result<[u8; 5]> {
        self.shadow.dice = None;
        self.send(&ClientPacket::ThrowDices)?;
        self.wait_for("the dice", PATIENCE, |shadow| shadow.dice.is_some())?;
        self.shadow.dice.context("no dice")
    }

    /// Waits until the own character stands on a map.
    ///
    /// # Errors
    /// The server's refusal, or a time-out.
    pub fn enter_game(&mut self) -> Result<()> {
        let refused = self.shadow.errors.len();
        self.wait_for("the game", PATIENCE, |shadow| {
            shadow.position().is_some() || shadow.errors.len() > refused
        })?;
        match self.shadow.errors.get(refused) {
            Some(error) => bail!("refused: {error}"),
            None => Ok(()),
        }
    }

    /// Sends one packet.
    ///
    /// # Errors
    /// Fails if the connection is closed.
    pub fn send(&mut self, packet: &ClientPacket) -> Result<()> {
        self.send_all(std::slice::from_ref(packet))
    }

    /// Sends packets in one write, as the client does within a frame.
    ///
    /// # Errors
    /// Fails if the connection is closed.
    pub fn send_all(&mut self, packets: &[ClientPacket]) -> Result<()> {
        let mut bytes = Vec::new();
        packets.iter().for_each(|packet| packet.encode(&mut bytes));
        self.tell_time();
        if packets.contains(&ClientPacket::ThrowDices) {
            self.shadow.throws_dice();
        }
        self.send_raw(&bytes)
    }

    /// Sends any bytes.
    ///
    /// # Errors
    /// Fails if the connection is closed.
    pub fn send_raw(&mut self, bytes: &[u8]) -> Result<()> {
        self.stream.write_all(bytes).context("sending")
    }

    /// Reads what is there, waiting up to `timeout` for the first bytes. Returns the bytes read; none after the
    /// server closed the connection, see [`Self::is_closed`].
    ///
    /// # Errors
    /// A read that the client could not follow, or a fault of the socket.
    pub fn pump(&mut self, timeout: Duration) -> Result<usize> {
        let mut total = 0;
        let mut wait = timeout.max(Duration::from_millis(1));
        while !self.closed {
            self.stream.set_read_timeout(Some(wait))?;
            match self.stream.read(&mut self.buffer) {
                Ok(0) => self.closed = true,
                Ok(count) => {
                    total += count;
                    self.tell_time();
                    self.shadow.read(&self.buffer[..count])?;
                    wait = Duration::from_millis(1);
                }
                Err(error) if is_timeout(&error) => break,
                Err(error) if error.kind() == ErrorKind::ConnectionReset => self.closed = true,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error).context("reading"),
            }
        }
        Ok(total)
    }

    fn tell_time(&mut self) {
        self.shadow.now = u64::try_from(self.born.elapsed().as_millis()).unwrap_or(u64::MAX);
    }

    /// Reads the bytes that are there, without waiting. As [`Self::pump`] otherwise.
    ///
    /// # Errors
    /// As [`Self::pump`].
    pub fn poll(&mut self) -> Result<usize> {
        self.stream.set_nonblocking(true)?;
        let outcome = self.pump(Duration::ZERO);
        self.stream.set_nonblocking(false)?;
        outcome
    }

    /// Reads for the whole of `duration`.
    ///
    /// # Errors
    /// As [`Self::pump`].
    pub fn pump_for(&mut self, duration: Duration) -> Result<()> {
        let end = Instant::now() + duration;
        while let Some(left) = remaining(end) {
            if self.closed {
                std::thread::sleep(left);
            } else {
                self.pump(left.min(LOOK))?;
            }
        }
        Ok(())
    }

    /// Reads until `condition` holds.
    ///
    /// # Errors
    /// Fails if the time is over, or the connection closes before; the error names `what` was awaited.
    pub fn wait_for(
        &mut self,
        what: &str,
        timeout: Duration,
        mut condition: impl FnMut(&ShadowClient) -> bool,
    ) -> Result<()> {
        let end = Instant::now() + timeout;
        loop {
            if condition(&self.shadow) {
                return Ok(());
            }
            if self.closed {
                bail!("closed while waiting for {what}; {}", self.situation());
            }
            let Some(left) = remaining(end) else {
                bail!("waited in vain for {what}; {}", self.situation());
            };
            self.pump(left.min(LOOK))?;
        }
    }

    /// Waits for a new console line that holds `part` and returns it.
    ///
    /// # Errors
    /// As [`Self::wait_for`].
    pub fn wait_for_console(&mut self, part: &str, timeout: Duration) -> Result<String> {
        let seen = self.shadow.console.len();
        self.wait_for(&format!("a console line with {part:?}"), timeout, |shadow| {
            shadow.console.iter().skip(seen).any(|line| line.text.contains(part))
        })?;
        let lines = self.shadow.console.iter().skip(seen);
        let line = lines.map(|line| &line.text).find(|text| text.contains(part));
        line.cloned().context("the line has gone")
    }

    /// Sends a ping and waits for its answer: everything sent before has then been served.
    ///
    /// # Errors
    /// As [`Self::wait_for`].
    pub fn sync(&mut self) -> Result<()> {
        self.shadow.pings += 1;
        self.send(&ClientPacket::Ping)?;
        self.wait_for("the answer to a ping", PATIENCE, |shadow| shadow.pings == 0)
    }

    /// Waits until the server closes the connection.
    ///
    /// # Errors
    /// Fails if it stays open.
    pub fn expect_closed(&mut self, timeout: Duration) -> Result<()> {
        let end = Instant::now() + timeout;
        while !self.closed {
            let left = remaining(end).ok_or_else(|| anyhow!("still connected; {}", self.situation()))?;
            self.pump(left.min(LOOK))?;
        }
        Ok(())
    }

    /// Closes the connection in order: reads what the server still says, so that there is nothing unread for which the
    /// kernel would reset it.
    ///
    /// # Errors
    /// Fails if the server does not close its side.
    pub fn hang_up(mut self) -> Result<()> {
        self.stream.shutdown(Shutdown::Write).context("closing")?;
        self.expect_closed(PATIENCE)
    }

    /// Breaks the connection off with a reset, as a crashed machine's router does: what was sent and not yet
    /// received is lost.
    ///
    /// # Errors
    /// Fails if the socket refuses.
    pub fn reset(self) -> Result<()> {
        SockRef::from(&self.stream).set_linger(Some(Duration::ZERO)).context("resetting")
    }

    /// Returns true if the server closed the connection, as far as read.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// Checks that the server broke no rule of the client.
    ///
    /// # Errors
    /// The faults.
    pub fn check(&self) -> Result<()> {
        ensure!(self.shadow.faults.is_empty(), "faults: {}", self.shadow.faults.join("; "));
        Ok(())
    }

    /// Presses a movement key: walks, turns or does nothing, as the client would. Returns the packet sent.
    ///
    /// # Errors
    /// Fails if the connection is closed.
    pub fn walk(&mut self, heading: u8) -> Result<Option<ClientPacket>> {
        let packet = self.shadow.predict_walk(heading);
        if let Some(packet) = &packet {
            self.send(packet)?;
        }
        Ok(packet)
    }

    /// Walks along `headings` at the client's pace.
    ///
    /// # Errors
    /// Fails if the connection is closed.
    pub fn walk_path(&mut self, headings: &[u8]) -> Result<()> {
        for &heading in headings {
            self.walk(heading)?;
            self.pump_for(STEP)?;
        }
        Ok(())
    }

    /// Says something, or gives a command when the text starts with `/`.
    ///
    /// # Errors
    /// Fails if the connection is closed.
    pub fn talk(&mut self, text: &str) -> Result<()> {
        self.send(&ClientPacket::Talk { text: text.to_owned() })
    }

    /// Leaves the game the proper way and waits for the end of the connection.
    ///
    /// # Errors
    /// Fails if the connection stays open for `timeout`.
    pub fn quit(&mut self, timeout: Duration) -> Result<()> {
        self.send(&ClientPacket::Quit)?;
        self.expect_closed(timeout)
    }

    fn situation(&self) -> String {
        let shadow = &self.shadow;
        let lines = shadow.console.iter().rev().take(5).map(|line| line.text.as_str());
        let lines: Vec<_> = lines.collect();
        format!(
            "on {:?}, map {:?} at {:?}, errors {:?}, faults {:?}, last console lines {lines:?}",
            shadow.screen,
            shadow.map,
            shadow.position(),
            shadow.errors,
            shadow.faults
        )
    }
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

fn remaining(end: Instant) -> Option<Duration> {
    end.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
}

#[cfg(test)]
mod tests;
