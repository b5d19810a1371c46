//! The socket to a Redis, and the answers that come from it.
//!
//! The crate's own connection gives up when a signal interrupts it while it waits for an answer, and then takes that
//! answer, when it comes, for a late one. Nothing is wrong with a Redis then, so this one goes on waiting. Answers are
//! parsed by the crate.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use redis::{Parser, RedisResult, Value};
use socket2::{SockRef, TcpKeepalive};

use super::address::Endpoint;
use super::options::RedisOptions;

/// See the module.
pub(super) struct Wire {
    socket: Socket,
    parser: Parser,
}

impl Wire {
    /// Connects, with the time limits of `options` for each address of a name, each send and each read.
    ///
    /// # Errors
    /// Nobody answers there, or the socket takes no setting.
    pub(super) fn connect(endpoint: &Endpoint, options: &RedisOptions) -> io::Result<Self> {
        let stream = match endpoint {
            Endpoint::Tcp(host, port) => Stream::Tcp(connect_tcp((host.as_str(), *port), options)?),
            Endpoint::Unix(path) => {
                Stream::Unix(uninterrupted(options.connect_timeout, || UnixStream::connect(path))?)
            }
        };
        let setting = stream.as_ref();
        setting.set_read_timeout(Some(options.answer_timeout))?;
        setting.set_write_timeout(Some(options.answer_timeout))?;
        let socket = Socket { stream, limit: options.answer_timeout };
        Ok(Self { socket, parser: Parser::new() })
    }

    /// Sends commands.
    ///
    /// # Errors
    /// The connection is gone, or has no room for too long.
    pub(super) fn send(&mut self, commands: &[u8]) -> io::Result<()> {
        self.socket.write_all(commands)
    }

    /// The answer to the next command.
    ///
    /// # Errors
    /// The connection is gone, nothing comes for too long, or the bytes are no answer of a Redis.
    pub(super) fn answer(&mut self) -> RedisResult<Value> {
        self.parser.parse_value(&mut self.socket)
    }
}

/// Connects to the first address of that name that answers.
fn connect_tcp(name: impl ToSocketAddrs, options: &RedisOptions) -> io::Result<TcpStream> {
    let mut last_error = io::Error::new(ErrorKind::NotFound, "the name has no address");
    for address in name.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, options.connect_timeout) {
            Ok(stream) => {
                stream.set_nodelay(true)?;
                if let Some(keepalive) = options.keepalive {
                    let probes = TcpKeepalive::new()
                        .with_time(keepalive.idle)
                        .with_interval(keepalive.interval)
                        .with_retries(keepalive.retries);
                    SockRef::from(&stream).set_tcp_keepalive(&probes)?;
                }
                return Ok(stream);
            }
            Err(error) => last_error = error,
        }
    }
    Err(last_error)
}

/// A stream on which no wait is much longer than its limit, signals or not.
struct Socket {
    stream: Stream,
    limit: Duration,
}

enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Stream {
    fn as_ref(&self) -> SockRef<'_> {
        match self {
            Self::Tcp(stream) => SockRef::from(stream),
            Self::Unix(stream) => SockRef::from(stream),
        }
    }
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        uninterrupted(self.limit, || match &mut self.stream {
            Stream::Tcp(stream) => stream.read(buffer),
            Stream::Unix(stream) => stream.read(buffer),
        })
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        uninterrupted(self.limit, || match &mut self.stream {
            Stream::Tcp(stream) => stream.write(bytes),
            Stream::Unix(stream) => stream.write(bytes),
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Does `action` once more when a signal interrupts it: the system does not start a wait with a time limit again. Each wait
/// has the whole limit, so none begins after it is over: signals may come without end.
fn uninterrupted<T>(limit: Duration, mut action: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    let began = Instant::now();
    loop {
        match action() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {
                if began.elapsed() >= limit {
                    return Err(ErrorKind::TimedOut.into());
                }
            }
            outcome => return outcome,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;
    use std::os::unix::thread::JoinHandleExt;
    use std::thread;
    use std::time::Duration;

    use super::*;

    extern "C" fn nothing(_: libc::c_int) {}

    /// Returns a connection that waits so long, and the Redis's end of it. From now on the test's signal does no harm.
    fn pair(answer_timeout: Duration) -> (Wire, UnixStream) {
        // SAFETY: the handler touches nothing; no other test uses this signal.
        unsafe {
            libc::signal(libc::SIGUSR2, nothing as extern "C" fn(libc::c_int) as libc::sighandler_t);
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let listener = UnixListener::bind(&path).unwrap();
        let options = RedisOptions { answer_timeout, ..RedisOptions::default() };
        let wire = Wire::connect(&Endpoint::Unix(path), &options).unwrap();
        (wire, listener.accept().unwrap().0)
    }

    fn signal<T>(thread: &thread::JoinHandle<T>) {
        // SAFETY: the thread has not been joined, so its number is its own.
        unsafe { libc::pthread_kill(thread.as_pthread_t(), libc::SIGUSR2) };
        thread::sleep(Duration::from_millis(1));
    }

    #[test]
    fn a_signal_does_not_end_the_wait_for_an_answer() {
        let (mut wire, mut server) = pair(Duration::from_secs(60));
        let asker = thread::spawn(move || wire.answer().unwrap());
        for byte in b":42\r\n" {
            (0..20).for_each(|_| signal(&asker));
            server.write_all(&[*byte]).unwrap();
        }
        assert_eq!(asker.join().unwrap(), Value::Int(42));
    }

    #[test]
    fn signals_do_not_put_off_the_end_of_the_wait() {
        let (mut wire, _server) = pair(Duration::from_millis(100));
        let asker = thread::spawn(move || wire.answer().unwrap_err());
        for _ in 0..60_000 {
            if asker.is_finished() {
                break;
            }
            signal(&asker);
        }
        assert!(asker.is_finished(), "it waits for ever");
        assert!(asker.join().unwrap().is_timeout());
    }
}
