//! The least that a server of this kind can do: copy bytes. What the game server costs is measured against it.
//!
//! A client's step is two bytes; for each step the relay appends five to the buffers of a given number of other
//! clients of its group, as a game server does for those who see it on their map. Everything around that is the game server's way: the same
//! poll, the same reads, the same [`Cadence`], one write with the same flags for each buffer. What the game server needs
//! above it is decoding, rules, sight and encoding.

use std::io::{self, ErrorKind, Read};
use std::time::{Duration, Instant};

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use pyao_server::net::{Cadence, SEND_FLAGS};
use socket2::SockRef;

/// Bytes of a client's step: the packet's id and one more, which is handed on.
pub const STEP_BYTES: usize = 2;
/// Bytes of what the others get: the step's id, the client's number as two bytes, the step's second byte, 0.
pub const SEEN_BYTES: usize = 5;

const DOOR: Token = Token(usize::MAX);
const EVENTS: usize = 1024;
/// Most bytes waiting for one client.
const BUFFER_LIMIT: usize = 64 * 1024;

#[derive(Debug)]
struct Client {
    stream: TcpStream,
    /// A step's first byte, when it came alone.
    partial: Option<u8>,
    buffer: Vec<u8>,
    is_dirty: bool,
    is_open: bool,
    viewers: usize,
}

/// See the module.
#[derive(Debug)]
pub struct Relay {
    poll: Poll,
    listener: TcpListener,
    groups: usize,
    viewers: f64,
    clients: Vec<Client>,
    open: usize,
    dirty: Vec<usize>,
    cadence: Cadence,
    started: Instant,
}

impl Relay {
    /// A relay behind `listener` that deals its clients out to `groups` in turn and hands each step to `viewers` others
    /// of the group on average.
    ///
    /// # Errors
    /// When the system has no poll to give.
    pub fn new(mut listener: TcpListener, groups: usize, viewers: f64) -> io::Result<Self> {
        let poll = Poll::new()?;
        poll.registry().register(&mut listener, DOOR, Interest::READABLE)?;
        Ok(Self {
            poll,
            listener,
            groups: groups.max(1),
            viewers: viewers.max(0.0),
            clients: Vec::new(),
            open: 0,
            dirty: Vec::new(),
            cadence: Cadence::default(),
            started: Instant::now(),
        })
    }

    /// Runs until its last client has gone.
    ///
    /// # Errors
    /// When waiting or accepting fails.
    pub fn run(mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(EVENTS);
        let mut scratch = vec![0; 8 * 1024];
        while self.clients.is_empty() || self.open > 0 {
            match self.poll.poll(&mut events, self.timeout()) {
                Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error),
                _ => {}
            }
            let now = self.now();
            for event in &events {
                match event.token() {
                    DOOR => self.accept()?,
                    Token(client) => self.serve(client, &mut scratch),
                }
            }
            if !self.dirty.is_empty() && self.cadence.next_flush(now) <= now {
                let began = Instant::now();
                self.flush();
                self.cadence.flushed(now, began.elapsed());
            }
        }
        Ok(())
    }

    fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn timeout(&self) -> Option<Duration> {
        let deadline = (!self.dirty.is_empty()).then(|| self.cadence.next_flush(self.now()))?;
        Some(Duration::from_millis(deadline).saturating_sub(self.started.elapsed()))
    }

    fn accept(&mut self) -> io::Result<()> {
        loop {
            let mut stream = match self.listener.accept() {
                Ok((stream, _)) => stream,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            };
            stream.set_nodelay(true)?;
            let number = self.clients.len();
            self.poll.registry().register(&mut stream, Token(number), Interest::READABLE)?;
            let whole = |clients: usize| (clients as f64 * self.viewers) as usize;
            self.clients.push(Client {
                stream,
                partial: None,
                buffer: Vec::new(),
                is_dirty: false,
                is_open: true,
                viewers: whole(number + 1) - whole(number),
            });
            self.open += 1;
        }
    }

    /// Reads until the socket has no more, as the game server does.
    fn serve(&mut self, number: usize, scratch: &mut [u8]) {
        loop {
            let Some(client) = self.clients.get_mut(number).filter(|client| client.is_open) else {
                return;
            };
            match client.stream.read(scratch) {
                Ok(count @ 1..) => {
                    for &byte in &scratch[..count] {
                        match self.clients[number].partial.take() {
                            None => self.clients[number].partial = Some(byte),
                            Some(id) => self.hand_on(number, [id, byte]),
                        }
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Ok(0) | Err(_) => return self.close(number),
            }
        }
    }

    /// Appends a step to the buffers of those that see it: the next ones of the client's group, which is a ring.
    fn hand_on(&mut self, number: usize, [id, byte]: [u8; STEP_BYTES]) {
        let [low, high] = u16::try_from(number).unwrap_or(u16::MAX).to_le_bytes();
        let seen: [u8; SEEN_BYTES] = [id, low, high, byte, 0];
        let (group, place) = (number % self.groups, number / self.groups);
        let members = (self.clients.len() - group).div_ceil(self.groups);
        let viewers = self.clients[number].viewers.min(members - 1);
        for offset in 1..=viewers {
            let viewer = (place + offset) % members * self.groups + group;
            let client = &mut self.clients[viewer];
            if !client.is_open || client.buffer.len() + SEEN_BYTES > BUFFER_LIMIT {
                continue;
            }
            client.buffer.extend_from_slice(&seen);
            if !client.is_dirty {
                client.is_dirty = true;
                self.dirty.push(viewer);
            }
        }
    }

    fn flush(&mut self) {
        for number in std::mem::take(&mut self.dirty) {
            let client = &mut self.clients[number];
            client.is_dirty = false;
            if !client.is_open {
                continue;
            }
            match SockRef::from(&client.stream).send_with_flags(&client.buffer, SEND_FLAGS) {
                Ok(count) if count == client.buffer.len() => client.buffer.clear(),
                // A client that does not read is none that is measured.
                _ => self.close(number),
            }
        }
    }

    fn close(&mut self, number: usize) {
        let client = &mut self.clients[number];
        if std::mem::replace(&mut client.is_open, false) {
            self.open -= 1;
            client.buffer = Vec::new();
            // A socket that has gone already needs no word.
            let _ = client.stream.shutdown(std::net::Shutdown::Both);
            let _ = self.poll.registry().deregister(&mut client.stream);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::net;

    use super::*;

    fn start(groups: usize, viewers: f64) -> (net::SocketAddr, std::thread::JoinHandle<io::Result<()>>) {
        let listener = TcpListener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = listener.local_addr().unwrap();
        let relay = Relay::new(listener, groups, viewers).unwrap();
        (address, std::thread::spawn(|| relay.run()))
    }

    #[test]
    fn a_step_reaches_the_next_clients_and_nobody_else() {
        let (address, relay) = start(1, 2.0);
        let mut clients: Vec<_> = (0..4).map(|_| net::TcpStream::connect(address).unwrap()).collect();
        std::thread::sleep(Duration::from_millis(100));
        clients[2].write_all(&[9]).unwrap();
        std::thread::sleep(Duration::from_millis(20));
        clients[2].write_all(&[5, 9, 6]).unwrap();
        for viewer in [3, 0] {
            let mut seen = [0; 2 * SEEN_BYTES];
            clients[viewer].read_exact(&mut seen).unwrap();
            assert_eq!(seen, [9, 2, 0, 5, 0, 9, 2, 0, 6, 0]);
        }
        for other in [1, 2] {
            clients[other].set_read_timeout(Some(Duration::from_millis(50))).unwrap();
            let mut byte = [0];
            assert_eq!(clients[other].read(&mut byte).unwrap_err().kind(), ErrorKind::WouldBlock);
        }
        drop(clients);
        relay.join().unwrap().unwrap();
    }

    #[test]
    fn half_a_viewer_is_every_other_client() {
        let (address, relay) = start(1, 0.5);
        let mut clients: Vec<_> = (0..4).map(|_| net::TcpStream::connect(address).unwrap()).collect();
        std::thread::sleep(Duration::from_millis(100));
        clients.iter_mut().for_each(|client| client.write_all(&[9, 5]).unwrap());
        let mut total = 0;
        for client in &mut clients {
            client.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
            total += client.read(&mut [0; 64]).unwrap_or(0);
        }
        assert_eq!(total, 2 * SEEN_BYTES);
        drop(clients);
        relay.join().unwrap().unwrap();
    }

    #[test]
    fn a_step_stays_in_its_group() {
        let (address, relay) = start(2, 5.0);
        let mut clients: Vec<_> = (0..5).map(|_| net::TcpStream::connect(address).unwrap()).collect();
        std::thread::sleep(Duration::from_millis(100));
        clients[1].write_all(&[9, 7]).unwrap();
        for (number, client) in clients.iter_mut().enumerate() {
            client.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
            let count = client.read(&mut [0; 64]).unwrap_or(0);
            assert_eq!(count, if number == 3 { SEEN_BYTES } else { 0 }, "client {number}");
        }
        drop(clients);
        relay.join().unwrap().unwrap();
    }
}
