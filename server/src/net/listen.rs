//! Binding the ports to listen on.
//!
//! A name may take long to resolve, so a running server binds another address on a thread of its own.

use std::io;
use std::net::ToSocketAddrs;
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use mio::net::TcpListener;
use socket2::SockRef;

use super::saved_syn;

/// Most connections that wait to be taken in; the system may allow fewer. With mio's 128 a burst of players, as after a
/// restart, is dropped by the kernel and tries again a second later.
const WAITING_MAX: i32 = 4096;
/// Between two tries to get an address back.
const RETRY: Duration = Duration::from_secs(1);

/// Listens on the first address of that name that can be bound.
///
/// # Errors
/// The failure of the last address, or that the name has none.
pub fn bind(name: impl ToSocketAddrs) -> io::Result<TcpListener> {
    let mut last_error = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in name.to_socket_addrs()? {
        match TcpListener::bind(address) {
            Ok(listener) => {
                // A second call only changes how many may wait.
                SockRef::from(&listener).listen(WAITING_MAX)?;
                saved_syn::keep(&listener);
                return Ok(listener);
            }
            Err(error) => last_error = error,
        }
    }
    Err(last_error)
}

/// Returns advice about a failed [`bind`].
#[must_use]
pub fn advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::AddrInUse => "another server runs there: stop it, or choose another port",
        io::ErrorKind::PermissionDenied => "ports below 1024 need privileges: choose another port",
        io::ErrorKind::AddrNotAvailable => "this machine does not have that address: choose another host",
        _ => "choose another host or port",
    }
}

/// Names the reason of a failed [`bind`] in a few words.
pub(super) fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => "port in use".to_owned(),
        io::ErrorKind::PermissionDenied => "ports below 1024 need privileges".to_owned(),
        io::ErrorKind::AddrNotAvailable => "this machine does not have that address".to_owned(),
        _ => error.to_string(),
    }
}

/// An address to listen on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    /// Address or name.
    pub host: String,
    /// TCP port.
    pub port: u16,
}

impl Address {
    fn bind(&self) -> io::Result<TcpListener> {
        bind((self.host.as_str(), self.port))
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}:{}", self.host, self.port)
    }
}

/// The end of a [`Rebind`].
pub(super) struct Rebound {
    /// The new listener, or why there is none.
    pub outcome: io::Result<TcpListener>,
    /// The old address, taken again after the new one could not be had.
    pub restored: Option<TcpListener>,
}

/// A change to another address, under way.
pub(super) struct Rebind {
    answer: Receiver<Rebound>,
    /// New address.
    pub to: Address,
}

impl Rebind {
    /// Begins to bind `to`. If that fails, `way_back` is bound again, without a limit of time: a change within one port
    /// has to give it up first. `notify` is called when the end is known.
    ///
    /// # Errors
    /// Fails if the system gives no thread.
    pub(super) fn begin(
        to: Address,
        way_back: Option<Address>,
        notify: impl FnOnce() + Send + 'static,
    ) -> io::Result<Self> {
        let (sender, answer) = mpsc::channel();
        let target = to.clone();
        std::thread::Builder::new().name("listen".to_owned()).spawn(move || {
            let outcome = target.bind();
            let restored = way_back.filter(|_| outcome.is_err()).map(|way_back| bind_patiently(&way_back));
            // The receiver has gone when the server has stopped.
            let _ = sender.send(Rebound { outcome, restored });
            notify();
        })?;
        Ok(Self { answer, to })
    }

    /// Returns the end, once it is known.
    pub(super) fn ended(&self) -> Option<Rebound> {
        self.answer.try_recv().ok()
    }
}

fn bind_patiently(address: &Address) -> TcpListener {
    loop {
        match address.bind() {
            Ok(listener) => return listener,
            Err(error) => log::error!("cannot listen on {address} again: {error}; trying on"),
        }
        std::thread::sleep(RETRY);
    }
}
