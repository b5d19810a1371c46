//! Effects of TCP on the bytes of one connection: acknowledgements, and small writes that wait for them.
//!
//! The client's system keeps back what its client writes while something before it is not acknowledged (the real client
//! does not set `TCP_NODELAY`). The server's acknowledges with whatever it sends, or a little later alone, or at once
//! when it is told to. Every segment says how many bytes its sender's system had when it left. Behind a proxy, that
//! system is the proxy's, which has everything at once.

use std::collections::VecDeque;

use pyao_core::base::random::Random;

/// The server's system acknowledges after so many milliseconds if it sends nothing meanwhile.
const ACKNOWLEDGE_MS: u64 = 40;

/// Something on its way.
#[derive(Debug)]
pub struct Segment {
    /// Time of its arrival.
    pub due: u64,
    /// Its bytes; none if it only acknowledges.
    pub bytes: Vec<u8>,
    /// Bytes that its sender's system had.
    pub acknowledged: u64,
}

/// Distance of a client.
#[derive(Debug, Clone, Copy, Default)]
pub struct Way {
    /// Milliseconds to the server.
    pub up: u64,
    /// Milliseconds from the server.
    pub down: u64,
    /// Milliseconds that a segment may take longer.
    pub jitter: u32,
    /// True if a proxy acknowledges for the client and passes everything on at once.
    pub has_proxy: bool,
}

/// One connection's bytes between the two programs.
#[derive(Debug, Default)]
pub struct Tcp {
    /// Its distance.
    pub way: Way,
    /// On its way to the server.
    pub up: VecDeque<Segment>,
    /// On its way to the client.
    pub down: VecDeque<Segment>,
    /// Bytes that the client wrote and its system keeps back.
    pub held: Vec<u8>,
    /// Time at which the server's system acknowledges alone, if it has something to acknowledge.
    pub acknowledges_at: Option<u64>,
    /// Bytes that left each side, that arrived there, and that it knows to have arrived at the other.
    client: Counts,
    server: Counts,
}

#[derive(Debug, Default)]
struct Counts {
    sent: u64,
    received: u64,
    acknowledged: u64,
}

impl Tcp {
    /// Returns a fresh connection.
    #[must_use]
    pub fn new(way: Way) -> Self {
        Self { way, ..Self::default() }
    }

    /// Returns true if nothing is on its way or kept back.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.held.is_empty() && self.up.is_empty() && self.down.iter().all(|segment| segment.bytes.is_empty())
    }

    /// Returns the time of the next event.
    #[must_use]
    pub fn next_due(&self) -> Option<u64> {
        let up = self.up.front().map(|segment| segment.due);
        let down = self.down.front().map(|segment| segment.due);
        [up, down, self.acknowledges_at].into_iter().flatten().min()
    }

    /// Writes bytes of the client. Returns true if its system keeps them back for now.
    pub fn write(&mut self, now: u64, bytes: &[u8], random: &mut Random) -> bool {
        self.held.extend_from_slice(bytes);
        let is_held = self.client.sent > self.client.acknowledged && !self.way.has_proxy;
        if !is_held {
            self.release(now, random);
        }
        is_held
    }

    fn release(&mut self, now: u64, random: &mut Random) {
        let bytes = std::mem::take(&mut self.held);
        if bytes.is_empty() {
            return;
        }
        self.client.sent += bytes.len() as u64;
        let earliest = self.up.back().map_or(0, |last| last.due);
        let due = (now + self.way.up + jitter(self.way, random)).max(earliest);
        self.up.push_back(Segment { due, bytes, acknowledged: self.client.received });
    }

    /// Takes the next segment of the client: its bytes, and how many of the server's the client's system had.
    pub fn arrive_up(&mut self, now: u64) -> Option<(Vec<u8>, u64)> {
        let segment = self.up.pop_front()?;
        self.server.received += segment.bytes.len() as u64;
        self.server.acknowledged = self.server.acknowledged.max(segment.acknowledged);
        self.acknowledges_at.get_or_insert(now + ACKNOWLEDGE_MS);
        let has = if self.way.has_proxy { self.server.sent } else { self.server.acknowledged };
        Some((segment.bytes, has))
    }

    /// Sends bytes of the server.
    pub fn send(&mut self, now: u64, bytes: Vec<u8>, random: &mut Random) {
        self.server.sent += bytes.len() as u64;
        self.acknowledges_at = None;
        let earliest = self.down.back().map_or(0, |last| last.due);
        let due = (now + self.way.down + jitter(self.way, random)).max(earliest);
        self.down.push_back(Segment { due, bytes, acknowledged: self.server.received });
    }

    /// Acknowledges what the server's system has, unless that is done.
    pub fn acknowledge(&mut self, now: u64, random: &mut Random) {
        if self.acknowledges_at.is_some() {
            self.send(now, Vec::new(), random);
        }
    }

    /// Bytes that the server has sent.
    #[must_use]
    pub fn sent_down(&self) -> u64 {
        self.server.sent
    }

    /// Takes the next segment of the server: the client's system sends what it kept back for that. Returns the bytes
    /// that the client can read.
    pub fn arrive_down(&mut self, now: u64, random: &mut Random) -> Option<Vec<u8>> {
        let segment = self.down.pop_front()?;
        self.client.acknowledged = self.client.acknowledged.max(segment.acknowledged);
        self.client.received += segment.bytes.len() as u64;
        if self.client.acknowledged >= self.client.sent {
            self.release(now, random);
        }
        Some(segment.bytes)
    }

    /// Drops everything on its way from the client.
    pub fn close_up(&mut self) {
        self.up.clear();
        self.held.clear();
        self.acknowledges_at = None;
    }
}

fn jitter(way: Way, random: &mut Random) -> u64 {
    if way.jitter == 0 { 0 } else { u64::from(random.between(0, way.jitter)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_write_waits_for_the_acknowledgement_of_the_one_before() {
        let mut random = Random::new(1);
        let mut tcp = Tcp::new(Way { up: 100, down: 100, ..Way::default() });
        assert!(!tcp.write(0, b"one", &mut random));
        assert!(tcp.write(10, b"two", &mut random));
        assert!(tcp.write(20, b"three", &mut random));
        assert_eq!(tcp.arrive_up(100), Some((b"one".to_vec(), 0)));
        assert_eq!(tcp.acknowledges_at, Some(140));
        tcp.send(110, b"answer".to_vec(), &mut random);
        assert_eq!(tcp.arrive_down(210, &mut random), Some(b"answer".to_vec()));
        assert_eq!(tcp.next_due(), Some(310));
        assert_eq!(tcp.arrive_up(310), Some((b"twothree".to_vec(), 6)), "it left with what released it");
    }

    #[test]
    fn a_write_that_an_acknowledgement_alone_lets_go_does_not_acknowledge_what_follows() {
        let mut random = Random::new(1);
        let mut tcp = Tcp::new(Way { up: 100, down: 100, ..Way::default() });
        tcp.write(0, b"one", &mut random);
        tcp.write(10, b"two", &mut random);
        tcp.arrive_up(100);
        tcp.acknowledge(110, &mut random);
        tcp.send(110, b"answer".to_vec(), &mut random);
        assert_eq!(tcp.arrive_down(210, &mut random), Some(Vec::new()));
        assert_eq!(tcp.arrive_down(210, &mut random), Some(b"answer".to_vec()));
        assert_eq!(tcp.arrive_up(310), Some((b"two".to_vec(), 0)));
        assert!(tcp.is_quiet());
    }
}
