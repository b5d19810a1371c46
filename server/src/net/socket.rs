//! The part of a client's socket that sending needs.

use std::io;
use std::os::fd::AsFd;

use socket2::SockRef;

use super::{acknowledgement, round_trip};

/// Never wait; no SIGPIPE; and the end of this send is a border that the kernel does not merge over, so that one read
/// of the client never ends inside a packet.
pub const SEND_FLAGS: libc::c_int = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL | libc::MSG_EOR;

/// The part of a client's socket that sending needs.
pub trait Socket {
    /// Sends as much of `segment` as the socket takes at once, and returns how many bytes that was.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] when the socket takes nothing for now; others as the system tells them.
    fn send(&self, segment: &[u8]) -> io::Result<usize>;

    /// Returns what the client offers to take; `None` when the system does not tell.
    fn receive_window(&self) -> Option<ReceiveWindow>;
}

impl<T: AsFd> Socket for T {
    fn send(&self, segment: &[u8]) -> io::Result<usize> {
        SockRef::from(self).send_with_flags(segment, SEND_FLAGS)
    }

    fn receive_window(&self) -> Option<ReceiveWindow> {
        measure(self)
    }
}

/// The receive window of a client, as the kernel knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReceiveWindow {
    /// Bytes that the client offers to take, from the last one it acknowledged on.
    pub offered: usize,
    /// Bytes that were sent and that it has not acknowledged.
    pub outstanding: usize,
}

/// Asks the kernel for the receive window of a client; `None` when it does not tell: before Linux 5.4, or on something
/// that is no TCP socket.
fn measure(socket: &impl AsFd) -> Option<ReceiveWindow> {
    // Asked first: what is acknowledged between the two questions is then counted as outstanding, never as free.
    let outstanding = acknowledgement::outstanding(socket)?;
    let (info, length) = round_trip::tcp_info(socket)?;
    let is_told = length >= std::mem::offset_of!(libc::tcp_info, tcpi_snd_wnd) + size_of::<u32>();
    if !is_told {
        return None;
    }
    Some(ReceiveWindow { offered: usize::try_from(info.tcpi_snd_wnd).ok()?, outstanding })
}
