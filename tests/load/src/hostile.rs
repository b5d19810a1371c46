//! Attackers beside the players: each on an address of its own, all on one thread of their own.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use clap::ValueEnum;
use pyao_core::protocol::client::ClientPacket;
use pyao_simulator::forms::{NewCharacter, login_packet};
use pyao_simulator::shadow::Screen;
use pyao_tests::bot::Bot;
use serde::Serialize;

use crate::fleet::{connect_from, source};

/// The net of the attackers' addresses: 127.2.x.y.
const NET: u8 = 2;
/// Period of an attacker's actions.
const BEAT: Duration = Duration::from_millis(5);
/// Bytes that a flooding attacker writes at each beat, if its socket takes them.
const FLOOD_BYTES: usize = 4096;
/// From one byte of a slow attacker to its next.
const SLOW_BEAT: Duration = Duration::from_secs(2);
/// Questions that an attacker that never reads asks at each beat: some two kilobytes of answers.
const QUESTIONS: usize = 8;
/// Bytes that an attacker that never reads lets the system keep for it: the server soon feels it.
const LITTLE_ROOM: usize = 4096;
const PASSWORD: &str = "secreto1";

/// Kind of attack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Attack {
    /// They log in and send steps as fast as their sockets take them.
    Flood,
    /// They connect and close, two hundred times a second each.
    Connect,
    /// They log in, ask all the time and never read the answers.
    NeverRead,
    /// They log in and talk two hundred times a second each.
    Chat,
    /// They send a login one byte every two seconds.
    SlowLoris,
}

/// Work of the attackers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Effort {
    /// Connections that they made, the first ones too.
    pub connections: u64,
    /// Connections that the server closed on them, or refused.
    pub thrown_out: u64,
    /// Bytes that they sent.
    pub bytes: u64,
}

/// Attackers at work. Dropping them ends the attack.
#[derive(Debug)]
pub struct Attackers {
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<Effort>>,
}

impl Attackers {
    /// Lets `count` attackers come in, if the attack needs that, and begin. Their names begin with `series`.
    ///
    /// # Errors
    /// Fails if an attacker cannot come in.
    pub fn begin(attack: Attack, count: usize, address: SocketAddr, series: &str) -> Result<Self> {
        let attacker = |number| Attacker::new(attack, number, address, &format!("{series}a{number}"));
        let mut attackers = (0..count).map(attacker).collect::<Result<Vec<_>>>()?;
        let is_over = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&is_over);
        let thread = thread::spawn(move || {
            while !told.load(Ordering::Relaxed) {
                attackers.iter_mut().for_each(Attacker::act);
                thread::sleep(BEAT);
            }
            let efforts = attackers.iter().map(|attacker| attacker.effort);
            efforts.fold(Effort::default(), |sum, one| Effort {
                connections: sum.connections + one.connections,
                thrown_out: sum.thrown_out + one.thrown_out,
                bytes: sum.bytes + one.bytes,
            })
        });
        Ok(Self { is_over, thread: Some(thread) })
    }

    /// Ends the attack. Returns its effort.
    ///
    /// # Errors
    /// Fails if the attackers' thread panicked.
    pub fn end(mut self) -> Result<Effort> {
        self.is_over.store(true, Ordering::Relaxed);
        let thread = self.thread.take().ok_or_else(|| anyhow!("an attack that is over"))?;
        thread.join().map_err(|_| anyhow!("the attackers panicked"))
    }
}

impl Drop for Attackers {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // Its result is not needed any more.
            let _ = thread.join();
        }
    }
}

#[derive(Debug)]
struct Attacker {
    attack: Attack,
    number: usize,
    address: SocketAddr,
    stream: Option<TcpStream>,
    /// Bytes sent at each beat.
    payload: Vec<u8>,
    /// Offset in the payload of the next byte of a slow attacker.
    place: usize,
    acts_at: Instant,
    effort: Effort,
}

impl Attacker {
    fn new(attack: Attack, number: usize, address: SocketAddr, name: &str) -> Result<Self> {
        let stream = match attack {
            Attack::Connect | Attack::SlowLoris => None,
            Attack::Flood | Attack::NeverRead | Attack::Chat => {
                let room = (attack == Attack::NeverRead).then_some(LITTLE_ROOM);
                let socket = connect_from(source(NET, number), address, room)?;
                let mut bot = Bot::over(socket, Screen::Creation);
                bot.throw_dice()?;
                bot.send(&NewCharacter::named(name, PASSWORD).packet())?;
                bot.enter_game()?;
                Some(bot.into_stream())
            }
        };
        if let Some(stream) = &stream {
            stream.set_nonblocking(true)?;
        }
        let connections = u64::from(stream.is_some());
        Ok(Self {
            attack,
            number,
            address,
            stream,
            payload: payload(attack),
            place: 0,
            acts_at: Instant::now(),
            effort: Effort { connections, ..Effort::default() },
        })
    }

    fn act(&mut self) {
        if self.acts_at > Instant::now() {
            return;
        }
        if self.attack == Attack::Connect {
            self.stream = None;
        }
        if self.stream.is_none() && !self.connect() {
            self.acts_at = Instant::now() + SLOW_BEAT;
            return;
        }
        if self.attack == Attack::SlowLoris {
            self.acts_at = Instant::now() + SLOW_BEAT;
        }
        if self.attack != Attack::NeverRead {
            self.read();
        }
        self.write();
    }

    /// Opens a connection without a login, once one that had logged in was closed by the server.
    fn connect(&mut self) -> bool {
        let connected = connect_from(source(NET, self.number), self.address, None);
        self.stream = connected.ok().filter(|stream| stream.set_nonblocking(true).is_ok());
        self.effort.connections += u64::from(self.stream.is_some());
        self.place = 0;
        self.stream.is_some()
    }

    fn read(&mut self) {
        let mut buffer = [0; 64 * 1024];
        let Some(stream) = &mut self.stream else { return };
        loop {
            match stream.read(&mut buffer) {
                Ok(count) if count == buffer.len() => {}
                Ok(0) => break self.thrown_out(),
                Err(error) if error.kind() != ErrorKind::WouldBlock => break self.thrown_out(),
                _ => break,
            }
        }
    }

    fn write(&mut self) {
        let Some(stream) = &mut self.stream else { return };
        let bytes = match self.attack {
            Attack::SlowLoris => self.payload.get(self.place..=self.place).unwrap_or_default(),
            _ => &self.payload,
        };
        match stream.write(bytes) {
            Ok(count) => {
                self.effort.bytes += count as u64;
                self.place += 1;
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(_) => self.thrown_out(),
        }
    }

    fn thrown_out(&mut self) {
        self.stream = None;
        self.effort.thrown_out += 1;
    }
}

/// Returns the bytes that an attacker sends at each beat.
fn payload(attack: Attack) -> Vec<u8> {
    let mut bytes = Vec::new();
    match attack {
        Attack::Flood => {
            while bytes.len() < FLOOD_BYTES {
                ClientPacket::Walk { heading: 1 + u8::from(bytes.len() % 4 == 0) * 2 }.encode(&mut bytes);
            }
        }
        Attack::Connect => {}
        Attack::NeverRead => (0..QUESTIONS).for_each(|_| ClientPacket::RequestStats.encode(&mut bytes)),
        Attack::Chat => {
            ClientPacket::Talk { text: "compren, compren, compren".to_owned() }.encode(&mut bytes)
        }
        Attack::SlowLoris => login_packet("Lentisimo", PASSWORD).encode(&mut bytes),
    }
    bytes
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn attackers_send_until_the_attack_ends_and_count_what_befell_them() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let attackers = Attackers::begin(Attack::SlowLoris, 2, address, "Z").unwrap();
        let victims = [listener.accept().unwrap().0, listener.accept().unwrap().0];
        for mut victim in victims {
            let mut byte = [9];
            victim.read_exact(&mut byte).unwrap();
            assert_eq!(byte, [0], "the login's first byte");
        }
        let effort = attackers.end().unwrap();
        assert!(effort.connections >= 2 && effort.bytes >= 2, "{effort:?}");
    }

    #[test]
    fn every_attack_has_something_to_send_except_connecting() {
        for attack in Attack::value_variants() {
            assert_eq!(payload(*attack).is_empty(), *attack == Attack::Connect, "{attack:?}");
        }
        assert_eq!(payload(Attack::Flood).len(), FLOOD_BYTES);
    }
}
