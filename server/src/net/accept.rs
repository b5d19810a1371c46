//! Taking in sockets from a listening port.

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
/// Such failures are logged once in this time.
const COMPLAINT_MS: Millis = 10_000;
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

/// What came of an accept.
pub(super) enum Knock {
    /// A socket.
    Socket(TcpStream, SocketAddr),
    /// Nobody waits, or this is not the time to ask.
    Nobody,
    /// The accept failed; the door asks again later.
    Failed,
}

/// A listening port. Edge-triggered: once somebody knocked, sockets are taken until nobody waits.
#[derive(Debug)]
pub(super) struct Door {
    listener: TcpListener,
    somebody_waits: bool,
    ask_again: Option<Millis>,
    complained: Option<Millis>,
}

impl Door {
    /// A door at `listener`, whose events carry `token`.
    pub(super) fn open(mut listener: TcpListener, registry: &Registry, token: Token) -> io::Result<Self> {
        registry.register(&mut listener, token, Interest::READABLE)?;
        Ok(Self { listener, somebody_waits: true, ask_again: None, complained: None })
    }

    /// The poll says that somebody is there.
    pub(super) fn knocked(&mut self) {
        self.somebody_waits = true;
    }

    /// When to ask next without a new knock.
    pub(super) fn next_deadline(&self, now: Millis) -> Option<Millis> {
        self.somebody_waits.then(|| self.ask_again.unwrap_or(now))
    }

    /// Takes the next socket.
    ///
    /// When there are no file descriptors or no memory left the waiting sockets stay where they are, and the door asks
    /// again after a pause: the poll would not report them a second time.
    pub(super) fn accept(&mut self, now: Millis) -> Knock {
        if !self.somebody_waits || self.ask_again.is_some_and(|later| now < later) {
            return Knock::Nobody;
        }
        self.ask_again = None;
        match self.listener.accept() {
            Ok((stream, address)) => Knock::Socket(stream, address),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                self.somebody_waits = false;
                Knock::Nobody
            }
            // The client gave up in the queue, or a signal came between: the next one may be fine.
            Err(error) if matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::Interrupted) => {
                Knock::Failed
            }
            Err(error) => {
                self.back_off(now, &error);
                Knock::Failed
            }
        }
    }

    fn back_off(&mut self, now: Millis, error: &io::Error) {
        self.ask_again = Some(now + BACK_OFF_MS);
        if self.complained.is_none_or(|last| now.saturating_sub(last) >= COMPLAINT_MS) {
            self.complained = Some(now);
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

    fn door() -> (mio::Poll, Door) {
        let poll = mio::Poll::new().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let door = Door::open(listener, poll.registry(), Token(0)).unwrap();
        (poll, door)
    }

    /// The next socket and where it comes from. A client may be connected a moment before the door has it.
    fn taken(door: &mut Door, now: Millis) -> (TcpStream, SocketAddr) {
        for _ in 0..60_000 {
            door.knocked();
            if let Knock::Socket(stream, from) = door.accept(now) {
                return (stream, from);
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        panic!("nobody");
    }

    #[test]
    fn waiting_sockets_are_taken_until_nobody_waits() {
        let (_poll, mut door) = door();
        let address = door.listener.local_addr().unwrap();
        let clients: Vec<_> = (0..3).map(|_| std::net::TcpStream::connect(address).unwrap()).collect();
        let mut from: Vec<_> = clients.iter().map(|_| taken(&mut door, 0).1).collect();
        let mut expected: Vec<_> = clients.iter().map(|client| client.local_addr().unwrap()).collect();
        from.sort();
        expected.sort();
        assert_eq!(from, expected);
        assert!(matches!(door.accept(0), Knock::Nobody));
        assert_eq!(door.next_deadline(0), None, "an idle door wakes nobody");
    }

    #[test]
    fn after_a_failure_the_door_pauses_and_then_asks_by_itself() {
        let (_poll, mut door) = door();
        let _client = std::net::TcpStream::connect(door.listener.local_addr().unwrap()).unwrap();
        door.knocked();
        door.back_off(1000, &io::Error::from_raw_os_error(libc::EMFILE));
        assert_eq!(door.next_deadline(1000), Some(1500));
        assert!(matches!(door.accept(1499), Knock::Nobody));
        taken(&mut door, 1500);
    }

    #[test]
    fn a_prepared_socket_sends_at_once_and_knows_its_segment() {
        let (_poll, mut door) = door();
        let _client = std::net::TcpStream::connect(door.listener.local_addr().unwrap()).unwrap();
        let (stream, _) = taken(&mut door, 0);
        prepare(&stream).unwrap();
        assert!(stream.nodelay().unwrap());
        assert!((500..=SEGMENT_LIMIT_MAX).contains(&segment_limit(&stream)));
    }
}
