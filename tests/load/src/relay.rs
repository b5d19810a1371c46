//! The least that a server of this kind can do: copy bytes. It is the baseline for the cost of the game server.
//!
//! A client's step is two bytes; for each step the relay appends five to the buffers of a given number of other clients
//! of its group, as a game server does for those who see it on their map. A line of chat is a step with more bytes.
//! Everything around that is the game server's way: the same poll, the same reads, one write with the same flags for
//! each buffer, at once or in the cadence that is asked for. The game server adds decoding, rules, sight and encoding.

use std::fmt;
use std::io::{self, ErrorKind, Read};
use std::str::FromStr;
use std::time::{Duration, Instant};

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use pyao_server::net::{Cadence, SEND_FLAGS};
use pyao_server::ops::overload::Overload;
use socket2::SockRef;

/// Bytes of a client's step: the packet's id and one more, which is handed on.
pub const STEP_BYTES: usize = 2;
/// Bytes of what the others get: the step's id, the client's number as two bytes, the step's second byte, 0.
pub const SEEN_BYTES: usize = 5;

/// Percent of its time above which the game server sends less often, by default.
const OVERLOAD_PERCENT: u32 = 75;
const DOOR: Token = Token(usize::MAX);
const EVENTS: usize = 1024;
/// Most bytes waiting for one client.
const BUFFER_LIMIT: usize = 64 * 1024;

/// Rule by which pending bytes are flushed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlushRule {
    /// At the end of each turn of the loop.
    AtOnce,
    /// At most once in this number of milliseconds.
    Every(u64),
    /// Times of the game server, as busy as the relay is: its cadence and its overload levels.
    Server,
}

impl FromStr for FlushRule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "at-once" => Ok(Self::AtOnce),
            "server" => Ok(Self::Server),
            _ => text.parse().map(Self::Every).map_err(|_| "at-once, server or milliseconds".to_owned()),
        }
    }
}

impl fmt::Display for FlushRule {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtOnce => out.write_str("at-once"),
            Self::Every(milliseconds) => milliseconds.fmt(out),
            Self::Server => out.write_str("server"),
        }
    }
}

/// Task of a relay.
#[derive(Debug, Clone, Copy)]
pub struct Duty {
    /// Groups that clients are dealt out to in turn; a step stays in its group.
    pub groups: usize,
    /// Other clients of the group that get each step, on average.
    pub viewers: f64,
    /// Bytes that each step has besides [`STEP_BYTES`], and that are handed on besides [`SEEN_BYTES`].
    pub padding: usize,
    /// Rule by which pending bytes are flushed.
    pub flush: FlushRule,
}

#[derive(Debug)]
struct Client {
    stream: TcpStream,
    /// A step's first bytes, when its rest has not come.
    partial: Vec<u8>,
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
    duty: Duty,
    clients: Vec<Client>,
    open: usize,
    dirty: Vec<usize>,
    /// From one viewer to the next in the ring of a group, by the number of its members.
    strides: Vec<usize>,
    /// Followed only when the duty says so.
    cadence: Cadence,
    overload: Overload,
    flushed_at: u64,
    started: Instant,
}

impl Relay {
    /// Creates a relay behind `listener`.
    ///
    /// # Errors
    /// Fails if the system has no poll to give.
    pub fn new(mut listener: TcpListener, duty: Duty) -> io::Result<Self> {
        let poll = Poll::new()?;
        poll.registry().register(&mut listener, DOOR, Interest::READABLE)?;
        Ok(Self {
            poll,
            listener,
            duty: Duty { groups: duty.groups.max(1), viewers: duty.viewers.max(0.0), ..duty },
            clients: Vec::new(),
            open: 0,
            dirty: Vec::new(),
            strides: vec![1],
            cadence: Cadence::default(),
            overload: Overload::new(OVERLOAD_PERCENT),
            flushed_at: 0,
            started: Instant::now(),
        })
    }

    /// Runs until its last client has gone.
    ///
    /// # Errors
    /// Fails if waiting or accepting fails.
    pub fn run(mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(EVENTS);
        let mut scratch = vec![0; 8 * 1024];
        let mut turn_ended = Instant::now();
        while self.clients.is_empty() || self.open > 0 {
            match self.poll.poll(&mut events, self.timeout()) {
                Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error),
                _ => {}
            }
            let turn_began = Instant::now();
            let now = self.now();
            for event in &events {
                match event.token() {
                    DOOR => self.accept()?,
                    Token(client) => self.serve(client, &mut scratch),
                }
            }
            if !self.dirty.is_empty() && self.next_flush(now) <= now {
                let began = Instant::now();
                let sends = self.flush();
                self.cadence.flushed(now, sends, began.elapsed());
                self.flushed_at = now;
            }
            let waited = turn_began - turn_ended;
            turn_ended = Instant::now();
            if let Some(change) = self.overload.turn(waited, turn_ended - turn_began) {
                self.cadence.set_longest_wait(change.to.longest_wait_ms());
            }
        }
        Ok(())
    }

    fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn next_flush(&self, now: u64) -> u64 {
        match self.duty.flush {
            FlushRule::AtOnce => now,
            FlushRule::Every(milliseconds) => now.max(self.flushed_at + milliseconds),
            FlushRule::Server => self.cadence.next_flush(now),
        }
    }

    fn timeout(&self) -> Option<Duration> {
        let deadline = (!self.dirty.is_empty()).then(|| self.next_flush(self.now()))?;
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
            let whole = |clients: usize| (clients as f64 * self.duty.viewers) as usize;
            self.clients.push(Client {
                stream,
                partial: Vec::new(),
                buffer: Vec::new(),
                is_dirty: false,
                is_open: true,
                viewers: whole(number + 1) - whole(number),
            });
            self.open += 1;
            self.strides.push(stride(number + 1));
        }
    }

    /// Reads until the socket has no more, as the game server does.
    fn serve(&mut self, number: usize, scratch: &mut [u8]) {
        loop {
            let Some(client) = self.clients.get_mut(number).filter(|client| client.is_open) else {
                return;
            };
            match client.stream.read(scratch) {
                Ok(count @ 1..) => self.take(number, &scratch[..count]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Ok(0) | Err(_) => return self.close(number),
            }
        }
    }

    /// Hands on the whole steps that are there and keeps the rest.
    fn take(&mut self, number: usize, bytes: &[u8]) {
        let mut waiting = std::mem::take(&mut self.clients[number].partial);
        waiting.extend_from_slice(bytes);
        let steps = waiting.chunks_exact(STEP_BYTES + self.duty.padding);
        let rest = steps.remainder().len();
        steps.for_each(|step| self.hand_on(number, step));
        waiting.drain(..waiting.len() - rest);
        self.clients[number].partial = waiting;
    }

    /// Appends a step to the buffers of those that see it: others of the client's group, which is a ring. They are not
    /// its neighbours, since those take their steps one after another: whom they shared as viewers would get all these
    /// steps in one send.
    fn hand_on(&mut self, number: usize, step: &[u8]) {
        let [low, high] = u16::try_from(number).unwrap_or(u16::MAX).to_le_bytes();
        let (id, byte, padding) = (step[0], step[1], &step[STEP_BYTES..]);
        let seen: [u8; SEEN_BYTES] = [id, low, high, byte, 0];
        let groups = self.duty.groups;
        let (group, place) = (number % groups, number / groups);
        let members = (self.clients.len() - group).div_ceil(groups);
        let viewers = self.clients[number].viewers.min(members - 1);
        let stride = self.strides[members];
        for offset in 1..=viewers {
            let viewer = (place + offset * stride) % members * groups + group;
            let client = &mut self.clients[viewer];
            if !client.is_open || client.buffer.len() + SEEN_BYTES + padding.len() > BUFFER_LIMIT {
                continue;
            }
            client.buffer.extend_from_slice(&seen);
            client.buffer.extend_from_slice(padding);
            if !client.is_dirty {
                client.is_dirty = true;
                self.dirty.push(viewer);
            }
        }
    }

    /// Flushes each client, and returns the number of sends.
    fn flush(&mut self) -> u64 {
        let dirty = std::mem::take(&mut self.dirty);
        let sends = dirty.len() as u64;
        for number in dirty {
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
        sends
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

/// Returns about three fifths of the ring, so that no member is met twice before every member was met once.
fn stride(members: usize) -> usize {
    let have_no_common_divisor = |stride: &usize| {
        let (mut one, mut other) = (members, *stride);
        while other > 0 {
            (one, other) = (other, one % other);
        }
        one == 1
    };
    (members * 3 / 5..members).find(have_no_common_divisor).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::net;

    use super::*;

    fn start(groups: usize, viewers: f64) -> (net::SocketAddr, std::thread::JoinHandle<io::Result<()>>) {
        start_with(Duty { groups, viewers, padding: 0, flush: FlushRule::Server })
    }

    fn start_with(duty: Duty) -> (net::SocketAddr, std::thread::JoinHandle<io::Result<()>>) {
        let listener = TcpListener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = listener.local_addr().unwrap();
        let relay = Relay::new(listener, duty).unwrap();
        (address, std::thread::spawn(|| relay.run()))
    }

    fn connect(address: net::SocketAddr, count: usize) -> Vec<net::TcpStream> {
        let clients = (0..count).map(|_| net::TcpStream::connect(address).unwrap()).collect();
        // A client may be connected a moment before the relay's port has it, and the relay takes in who is there.
        std::thread::sleep(Duration::from_millis(100));
        clients
    }

    /// Reads until all clients together have had as many bytes as `expected`, and then whether there is more: what each
    /// had.
    fn received(clients: &mut [net::TcpStream], expected: usize) -> Vec<Vec<u8>> {
        let mut had = vec![Vec::new(); clients.len()];
        let end = Instant::now() + Duration::from_secs(60);
        let mut is_last_look = false;
        while !is_last_look {
            is_last_look = had.iter().map(Vec::len).sum::<usize>() >= expected || Instant::now() > end;
            for (client, had) in clients.iter_mut().zip(&mut had) {
                client.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
                let mut bytes = [0; 64];
                let count = client.read(&mut bytes).unwrap_or(0);
                had.extend_from_slice(&bytes[..count]);
            }
        }
        had
    }

    #[test]
    fn a_step_reaches_so_many_other_clients_and_nobody_else() {
        let (address, relay) = start(1, 2.0);
        let mut clients = connect(address, 4);
        clients[2].write_all(&[9]).unwrap();
        std::thread::sleep(Duration::from_millis(20));
        clients[2].write_all(&[5, 9, 6]).unwrap();
        let seen = vec![9, 2, 0, 5, 0, 9, 2, 0, 6, 0];
        assert_eq!(received(&mut clients, 2 * seen.len()), [seen.clone(), seen, Vec::new(), Vec::new()]);
        drop(clients);
        relay.join().unwrap().unwrap();
    }

    #[test]
    fn half_a_viewer_is_every_other_client() {
        let (address, relay) = start(1, 0.5);
        let mut clients = connect(address, 4);
        clients.iter_mut().for_each(|client| client.write_all(&[9, 5]).unwrap());
        let had = received(&mut clients, 2 * SEEN_BYTES);
        assert_eq!(had.iter().map(Vec::len).sum::<usize>(), 2 * SEEN_BYTES);
        drop(clients);
        relay.join().unwrap().unwrap();
    }

    #[test]
    fn a_step_stays_in_its_group() {
        let (address, relay) = start(2, 5.0);
        let mut clients = connect(address, 5);
        clients[1].write_all(&[9, 7]).unwrap();
        let had = received(&mut clients, SEEN_BYTES);
        assert_eq!(had.iter().map(Vec::len).collect::<Vec<_>>(), [0, 0, 0, SEEN_BYTES, 0]);
        drop(clients);
        relay.join().unwrap().unwrap();
    }

    #[test]
    fn what_a_step_has_more_is_handed_on_whatever_the_rule_of_flushing() {
        for flush in [FlushRule::AtOnce, FlushRule::Every(30), FlushRule::Server] {
            let (address, relay) = start_with(Duty { groups: 1, viewers: 1.0, padding: 3, flush });
            let mut clients = connect(address, 2);
            clients[0].write_all(b"\x09\x01uno\x09\x02").unwrap();
            clients[0].write_all(b"dos").unwrap();
            let mut seen = [0; 2 * (SEEN_BYTES + 3)];
            clients[1].read_exact(&mut seen).unwrap();
            assert_eq!(&seen, b"\x09\0\0\x01\0uno\x09\0\0\x02\0dos");
            drop(clients);
            relay.join().unwrap().unwrap();
        }
    }

    #[test]
    fn rules_of_flushing_are_read_as_they_are_written() {
        for rule in [FlushRule::AtOnce, FlushRule::Every(25), FlushRule::Server] {
            assert_eq!(rule.to_string().parse(), Ok(rule));
        }
        assert!("soon".parse::<FlushRule>().is_err());
    }
}
