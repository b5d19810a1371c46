//! Many client sockets on one thread.
//!
//! Each client of a server on this machine has an address of its own, 127.1.x.y, so that the server's limits by address
//! can stay as they are for players.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use socket2::{Domain, Socket, Type};

use crate::PATIENCE;

/// More than a server may have waiting for one client, so that one read takes all that is there.
const READ_BUFFER: usize = 256 * 1024;
const EVENTS: usize = 1024;
/// The net of their addresses.
const NET: u8 = 1;
/// Addresses that differ in their last byte alone.
const ADDRESSES: usize = 250;

/// Event of a client's socket.
#[derive(Debug)]
pub enum Heard<'a> {
    /// One read.
    Bytes(&'a [u8]),
    /// It has gone; the cause in a few words.
    Closed(&'static str),
}

/// See the module.
#[derive(Debug)]
pub struct Fleet {
    poll: Poll,
    events: Events,
    streams: Vec<Option<TcpStream>>,
    buffer: Vec<u8>,
    /// Reads that brought something.
    pub reads: u64,
    /// Bytes that they brought.
    pub bytes: u64,
}

impl Fleet {
    /// Creates a fleet without clients.
    ///
    /// # Errors
    /// Fails if the system has no poll to give.
    pub fn new() -> io::Result<Self> {
        Ok(Self {
            poll: Poll::new()?,
            events: Events::with_capacity(EVENTS),
            streams: Vec::new(),
            buffer: vec![0; READ_BUFFER],
            reads: 0,
            bytes: 0,
        })
    }

    /// Connects client number `client`, which is not connected.
    ///
    /// # Errors
    /// Fails if the address does not accept the connection.
    pub fn connect(&mut self, client: usize, address: SocketAddr) -> io::Result<()> {
        let stream = connect_from(source(NET, client), address, None)?;
        stream.set_nonblocking(true)?;
        let mut stream = TcpStream::from_std(stream);
        self.poll.registry().register(&mut stream, Token(client), Interest::READABLE)?;
        if self.streams.len() <= client {
            self.streams.resize_with(client + 1, || None);
        }
        self.streams[client] = Some(stream);
        Ok(())
    }

    /// Closes a client's socket; no event of it comes any more.
    pub fn close(&mut self, client: usize) {
        if let Some(stream) = self.streams.get_mut(client) {
            *stream = None;
        }
    }

    /// Sends all of `bytes` with one write. `false` when the client has gone or its socket does not take them; a
    /// client that has gone says so when it is next heard.
    pub fn send(&mut self, client: usize, bytes: &[u8]) -> bool {
        let Some(Some(stream)) = self.streams.get_mut(client) else {
            return false;
        };
        matches!(stream.write(bytes), Ok(count) if count == bytes.len())
    }

    /// Waits until some sockets are ready, at most until `until`, and reads them.
    ///
    /// # Errors
    /// Fails if waiting fails.
    pub fn turn(&mut self, until: Instant, mut hear: impl FnMut(usize, Heard<'_>)) -> io::Result<()> {
        let wait = until.saturating_duration_since(Instant::now());
        match self.poll.poll(&mut self.events, Some(wait)) {
            Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error),
            _ => {}
        }
        for event in &self.events {
            let client = event.token().0;
            let Some(Some(stream)) = self.streams.get_mut(client) else {
                continue;
            };
            let closed = loop {
                match stream.read(&mut self.buffer) {
                    Ok(0) => break Some("closed by the server"),
                    Ok(count) => {
                        self.reads += 1;
                        self.bytes += count as u64;
                        hear(client, Heard::Bytes(&self.buffer[..count]));
                        // Less than there was room for: that was all, and the poll reports later bytes.
                        if count < self.buffer.len() && !event.is_read_closed() {
                            break None;
                        }
                    }
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break None,
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    Err(_) => break Some("reset"),
                }
            };
            if let Some(cause) = closed {
                self.streams[client] = None;
                hear(client, Heard::Closed(cause));
            }
        }
        Ok(())
    }

    /// Reads the clients until none sends anything for `pause`, at most for `patience`. Returns true if it became
    /// quiet.
    ///
    /// # Errors
    /// Fails if waiting fails.
    pub fn until_quiet(
        &mut self,
        pause: Duration,
        patience: Duration,
        mut hear: impl FnMut(usize, Heard<'_>),
    ) -> io::Result<bool> {
        let end = Instant::now() + patience;
        let mut quiet_since = Instant::now();
        while Instant::now() < end {
            let reads = self.reads;
            self.turn(quiet_since + pause, &mut hear)?;
            if self.reads > reads {
                quiet_since = Instant::now();
            } else if quiet_since.elapsed() >= pause {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// The address that client number `client` of a net 127.`net` has on this machine.
pub(super) fn source(net: u8, client: usize) -> Ipv4Addr {
    let byte = |value: usize| u8::try_from(value % ADDRESSES).unwrap_or(0);
    Ipv4Addr::new(127, net, byte(client / ADDRESSES), byte(client) + 1)
}

/// Connects from `source` if the server is on this machine, else from wherever the system says. With a
/// `receive_buffer`, the system keeps about so many bytes that are not read yet.
pub(super) fn connect_from(
    source: Ipv4Addr,
    address: SocketAddr,
    receive_buffer: Option<usize>,
) -> io::Result<std::net::TcpStream> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    if let Some(bytes) = receive_buffer {
        // Only a buffer set before connecting bounds the window.
        socket.set_recv_buffer_size(bytes)?;
    }
    if address.is_ipv4() && address.ip().is_loopback() {
        socket.bind(&SocketAddr::from((source, 0)).into())?;
    }
    socket.connect_timeout(&address.into(), PATIENCE)?;
    // As the real client, they do not set TCP_NODELAY.
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    const SOON: Duration = Duration::from_millis(200);

    #[test]
    fn clients_are_heard_until_they_close_and_then_no_more() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut fleet = Fleet::new().unwrap();
        let (first, second) = (0, 1);
        fleet.connect(first, listener.local_addr().unwrap()).unwrap();
        fleet.connect(second, listener.local_addr().unwrap()).unwrap();
        let (mut one, mut two) = (listener.accept().unwrap().0, listener.accept().unwrap().0);
        one.write_all(b"uno").unwrap();
        two.write_all(b"adios").unwrap();
        drop(two);
        let mut heard = Vec::new();
        let mut hear = |client, what: Heard<'_>| {
            heard.push((
                client,
                match what {
                    Heard::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
                    Heard::Closed(cause) => cause.to_owned(),
                },
            ));
        };
        while fleet.bytes < 8 || fleet.streams[second].is_some() {
            fleet.turn(Instant::now() + PATIENCE, &mut hear).unwrap();
        }
        assert!(fleet.until_quiet(SOON, PATIENCE, &mut hear).unwrap());
        heard.sort();
        let said = |client: usize, what: &str| (client, what.to_owned());
        assert_eq!(heard, [said(first, "uno"), said(second, "adios"), said(second, "closed by the server")]);
        assert!(fleet.send(first, b"x") && !fleet.send(second, b"x"));
        assert_eq!((fleet.reads, fleet.bytes), (2, 8));
        assert_ne!(one.peer_addr().unwrap().ip(), Ipv4Addr::LOCALHOST);
    }

    #[test]
    fn addresses_of_clients_differ() {
        let addresses: std::collections::BTreeSet<_> = (0..30_000).map(|client| source(1, client)).collect();
        assert_eq!(addresses.len(), 30_000);
    }
}
