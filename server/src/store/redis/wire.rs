//! The socket to a Redis, and the answers that come from it.
//!
//! The crate's own connection gives up when a signal interrupts it while it waits for an answer, and then takes that
//! answer, when it comes, for a late one. Nothing is wrong with a Redis then, so this one goes on waiting. Answers are
//! parsed by the crate.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixStream;

use redis::{Parser, RedisResult, Value};
use socket2::{SockRef, TcpKeepalive};

use super::address::Endpoint;
use super::link::RedisOptions;

/// See the module.
pub(super) struct Wire {
    socket: Socket,
    parser: Parser,
}

impl Wire {
    /// Connects, with the time limits of `options` for each address of a name, each send and each read.
    ///
    /// # Errors
    /// When nobody answers there, or the socket takes no setting.
    pub(super) fn connect(endpoint: &Endpoint, options: &RedisOptions) -> io::Result<Self> {
        let socket = match endpoint {
            Endpoint::Tcp(host, port) => Socket::Tcp(connect_tcp((host.as_str(), *port), options)?),
            Endpoint::Unix(path) => Socket::Unix(uninterrupted(|| UnixStream::connect(path))?),
        };
        let setting = socket.as_ref();
        setting.set_read_timeout(Some(options.answer_timeout))?;
        setting.set_write_timeout(Some(options.answer_timeout))?;
        Ok(Self { socket, parser: Parser::new() })
    }

    /// Sends commands.
    ///
    /// # Errors
    /// When the connection is gone, or has no room for too long.
    pub(super) fn send(&mut self, commands: &[u8]) -> io::Result<()> {
        self.socket.write_all(commands)
    }

    /// The answer to the next command.
    ///
    /// # Errors
    /// When the connection is gone, nothing comes for too long, or what comes is no answer of a Redis.
    pub(super) fn answer(&mut self) -> RedisResult<Value> {
        self.parser.parse_value(&mut self.socket)
    }
}

/// The first address of that name that answers.
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

enum Socket {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Socket {
    fn as_ref(&self) -> SockRef<'_> {
        match self {
            Self::Tcp(stream) => SockRef::from(stream),
            Self::Unix(stream) => SockRef::from(stream),
        }
    }
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        uninterrupted(|| match self {
            Self::Tcp(stream) => stream.read(buffer),
            Self::Unix(stream) => stream.read(buffer),
        })
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.write(bytes),
            Self::Unix(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Does `action` once more whenever a signal interrupts it. A socket with a time limit is not started again by the system.
fn uninterrupted<T>(mut action: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match action() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
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

    #[test]
    fn a_signal_does_not_end_the_wait_for_an_answer() {
        // SAFETY: the handler touches nothing; no other test uses this signal.
        unsafe {
            libc::signal(libc::SIGUSR2, nothing as extern "C" fn(libc::c_int) as libc::sighandler_t);
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let listener = UnixListener::bind(&path).unwrap();
        let options = RedisOptions { answer_timeout: Duration::from_secs(60), ..RedisOptions::default() };
        let mut wire = Wire::connect(&Endpoint::Unix(path), &options).unwrap();
        let (mut server, _) = listener.accept().unwrap();
        let asker = thread::spawn(move || wire.answer().unwrap());
        let thread = asker.as_pthread_t();
        for byte in b":42\r\n" {
            for _ in 0..20 {
                // SAFETY: the thread has not been joined, so its number is its own.
                unsafe { libc::pthread_kill(thread, libc::SIGUSR2) };
                thread::sleep(Duration::from_millis(1));
            }
            server.write_all(&[*byte]).unwrap();
        }
        assert_eq!(asker.join().unwrap(), Value::Int(42));
    }
}
