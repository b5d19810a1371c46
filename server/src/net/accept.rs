//! Accepting sockets from a listening port.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::time::Duration;

use mio::net::{TcpListener, TcpStream};
use mio::{Interest, Registry, Token};
use socket2::{SockRef, TcpKeepalive};

use pyao_core::game::Millis;
use pyao_core::protocol::outbox::SEGMENT_LIMIT_MAX;

/// Pause after an accept failed for want of something, such as file descriptors.
const BACK_OFF_MS: Millis = 500;
/// Such failures are logged once in this time, in milliseconds.
const WARN_EVERY_MS: Millis = 10_000;
/// Segments when the kernel does not tell the MSS.
const SEGMENT_LIMIT_DEFAULT: usize = 1200;

const KEEPALIVE_IDLE: Duration = Duration::from_secs(60);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(15);
const KEEPALIVE_PROBES: u32 = 4;
/// A client without room is asked this often whether it has some again: what it says of itself may be lost on the way,
/// and it says so once.
const ROOM_PROBE_IDLE: Duration = Duration::from_secs(2);
/// A client that acknowledges nothing for this long has gone.
const UNACKNOWLEDGED_LIMIT: Duration = Duration::from_secs(30);

/// The outcome of an accept.
pub(super) enum Accepted {
    /// A socket.
    Socket(TcpStream, SocketAddr),
    /// No socket waits, or it is not time to try again.
    Nothing,
    /// The accept failed; the listener tries again later.
    Failed,
}

/// A listening port. Edge-triggered: after an event, sockets are accepted until none waits.
#[derive(Debug)]
pub(super) struct Listener {
    socket: TcpListener,
    may_have_more: bool,
    retry_at: Option<Millis>,
    warned_at: Option<Millis>,
}

impl Listener {
    /// Registers `socket` with the poll; its events carry `token`.
    pub(super) fn new(mut socket: TcpListener, registry: &Registry, token: Token) -> io::Result<Self> {
        registry.register(&mut socket, token, Interest::READABLE)?;
        Ok(Self { socket, may_have_more: true, retry_at: None, warned_at: None })
    }

    /// Takes note of an event of the poll.
    pub(super) fn became_readable(&mut self) {
        self.may_have_more = true;
    }

    /// Returns the time of the next accept without a new event.
    pub(super) fn next_deadline(&self, now: Millis) -> Option<Millis> {
        self.may_have_more.then(|| self.retry_at.unwrap_or(now))
    }

    /// Accepts the next socket.
    ///
    /// If there are no file descriptors or no memory left the waiting sockets stay in the backlog, and the listener
    /// asks again after a pause: the poll would not report them a second time.
    pub(super) fn accept(&mut self, now: Millis) -> Accepted {
        if !self.may_have_more || self.retry_at.is_some_and(|later| now < later) {
            return Accepted::Nothing;
        }
        self.retry_at = None;
        match self.socket.accept() {
            Ok((stream, address)) => Accepted::Socket(stream, address),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                self.may_have_more = false;
                Accepted::Nothing
            }
            // The client gave up in the queue, or a signal came between: the next one may be fine.
            Err(error) if matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::Interrupted) => {
                Accepted::Failed
            }
            Err(error) => {
                self.back_off(now, &error);
                Accepted::Failed
            }
        }
    }

    fn back_off(&mut self, now: Millis, error: &io::Error) {
        self.retry_at = Some(now + BACK_OFF_MS);
        if self.warned_at.is_none_or(|last| now.saturating_sub(last) >= WARN_EVERY_MS) {
            self.warned_at = Some(now);
            log::warn!("cannot accept connections: {error}; trying again every {BACK_OFF_MS} ms");
        }
    }
}

/// Prepares a player's socket: sent at once, and given up when the other side has silently gone.
pub(super) fn prepare(stream: &TcpStream) -> io::Result<()> {
    let socket = SockRef::from(stream);
    socket.set_tcp_nodelay(true)?;
    socket.set_tcp_keepalive(
        &TcpKeepalive::new()
            .with_time(KEEPALIVE_IDLE)
            .with_interval(KEEPALIVE_INTERVAL)
            .with_retries(KEEPALIVE_PROBES),
    )?;
    socket.set_tcp_user_timeout(Some(UNACKNOWLEDGED_LIMIT))
}

/// Has the kernel ask a client often, or seldom again, whether it is there; its answer also says how much room it has.
pub(super) fn probe(stream: &TcpStream, often: bool) -> io::Result<()> {
    let idle = if often { ROOM_PROBE_IDLE } else { KEEPALIVE_IDLE };
    SockRef::from(stream).set_tcp_keepalive(&TcpKeepalive::new().with_time(idle))
}

/// Most bytes of one send to this socket: one TCP segment on the path to the client.
pub(super) fn segment_limit(stream: &TcpStream) -> usize {
    let mss = SockRef::from(stream).tcp_mss().ok().and_then(|mss| usize::try_from(mss).ok());
    mss.filter(|mss| *mss > 0).unwrap_or(SEGMENT_LIMIT_DEFAULT).min(SEGMENT_LIMIT_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listener() -> (mio::Poll, Listener) {
        let poll = mio::Poll::new().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = Listener::new(listener, poll.registry(), Token(0)).unwrap();
        (poll, listener)
    }

    /// Accepts the next socket and returns it with its address. A client may be connected a moment before the listener
    /// has it.
    fn taken(listener: &mut Listener, now: Millis) -> (TcpStream, SocketAddr) {
        for _ in 0..60_000 {
            listener.became_readable();
            if let Accepted::Socket(stream, from) = listener.accept(now) {
                return (stream, from);
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        panic!("no socket");
    }

    #[test]
    fn waiting_sockets_are_accepted_until_none_waits() {
        let (_poll, mut listener) = listener();
        let address = listener.socket.local_addr().unwrap();
        let clients: Vec<_> = (0..3).map(|_| std::net::TcpStream::connect(address).unwrap()).collect();
        let mut from: Vec<_> = clients.iter().map(|_| taken(&mut listener, 0).1).collect();
        let mut expected: Vec<_> = clients.iter().map(|client| client.local_addr().unwrap()).collect();
        from.sort();
        expected.sort();
        assert_eq!(from, expected);
        assert!(matches!(listener.accept(0), Accepted::Nothing));
        assert_eq!(listener.next_deadline(0), None, "an idle listener wakes no thread");
    }

    #[test]
    fn after_a_failure_the_door_pauses_and_then_asks_by_itself() {
        let (_poll, mut listener) = listener();
        let _client = std::net::TcpStream::connect(listener.socket.local_addr().unwrap()).unwrap();
        listener.became_readable();
        listener.back_off(1000, &io::Error::from_raw_os_error(libc::EMFILE));
        assert_eq!(listener.next_deadline(1000), Some(1500));
        assert!(matches!(listener.accept(1499), Accepted::Nothing));
        taken(&mut listener, 1500);
    }

    #[test]
    fn a_prepared_socket_sends_at_once_and_knows_its_segment() {
        let (_poll, mut listener) = listener();
        let _client = std::net::TcpStream::connect(listener.socket.local_addr().unwrap()).unwrap();
        let (stream, _) = taken(&mut listener, 0);
        prepare(&stream).unwrap();
        assert!(stream.nodelay().unwrap());
        assert!((500..=SEGMENT_LIMIT_MAX).contains(&segment_limit(&stream)));
    }
}
