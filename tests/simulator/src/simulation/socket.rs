//! The server's end of a simulated connection: a socket that takes segments, is full now and then, or takes a part of
//! one; and a client's system with a window.

use pyao_core::base::random::Random;
use pyao_core::protocol::window::{ReceiveWindow, Socket};
use std::cell::{Cell, RefCell};
use std::io::{self, ErrorKind};

/// Bytes that clients' systems keep for them to read.
pub const WINDOWS: [usize; 3] = [2_000, 8_000, 65_535];
/// One send in so many finds the socket full.
const FULL_ONE_IN: u32 = 60;
/// One send in so many is taken in part.
const PARTIAL_ONE_IN: u32 = 4_000;

/// The fault of one flush.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    /// The socket is full after so many segments.
    FullAfter(usize),
    /// It takes a part of the segment after so many.
    PartAfter(usize),
}

/// A socket during one flush. See the module.
pub struct SimulatedSocket {
    window_size: usize,
    /// Bytes sent and not read by the client.
    unread: Cell<usize>,
    /// Those of them that its system has not acknowledged.
    outstanding: Cell<usize>,
    fault: Fault,
    blocks: RefCell<Vec<Vec<u8>>>,
}

impl SimulatedSocket {
    /// Creates a socket to a client whose system keeps `window_size` bytes, of which it has not read the first number of
    /// `unread` and not even received the second.
    pub fn new(window_size: usize, unread: (usize, usize), has_faults: bool, random: &mut Random) -> Self {
        let segments = |random: &mut Random| random.between(0, 2) as usize;
        let fault = match has_faults {
            true if random.between(1, PARTIAL_ONE_IN) == 1 => Fault::PartAfter(segments(random)),
            true if random.between(1, FULL_ONE_IN) == 1 => Fault::FullAfter(segments(random)),
            _ => Fault::None,
        };
        let (unread, outstanding) = (Cell::new(unread.0), Cell::new(unread.1));
        Self { window_size, unread, outstanding, fault, blocks: RefCell::default() }
    }

    /// Returns the blocks that travel to the client, each of which it may read alone.
    pub fn into_blocks(self) -> Vec<Vec<u8>> {
        self.blocks.into_inner()
    }

    fn push(&self, bytes: &[u8]) {
        self.unread.set(self.unread.get() + bytes.len());
        self.outstanding.set(self.outstanding.get() + bytes.len());
        self.blocks.borrow_mut().push(bytes.to_vec());
    }
}

impl Socket for SimulatedSocket {
    fn send(&self, segment: &[u8]) -> io::Result<usize> {
        let sent = self.blocks.borrow().len();
        match self.fault {
            Fault::FullAfter(segments) if sent == segments => return Err(ErrorKind::WouldBlock.into()),
            Fault::PartAfter(segments) if sent == segments => {
                let part = segment.len() / 2;
                self.push(&segment[..part]);
                return Ok(part);
            }
            _ => {}
        }
        // The kernel sends as much as fits into the window, and the rest when there is room again.
        let fits = self.window_size.saturating_sub(self.unread.get()).min(segment.len());
        let (now, later) = segment.split_at(fits);
        [now, later].into_iter().filter(|part| !part.is_empty()).for_each(|part| self.push(part));
        Ok(segment.len())
    }

    fn receive_window(&self) -> Option<ReceiveWindow> {
        let (unread, outstanding) = (self.unread.get(), self.outstanding.get());
        // The part that has arrived and is not read has narrowed the offer.
        let offered = self.window_size.saturating_sub(unread - outstanding);
        Some(ReceiveWindow { offered, outstanding })
    }
}
