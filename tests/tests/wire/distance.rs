//! A link to far away: a namespace in which packets take their time, jitter and get lost.
//!
//! A device of the kernel hands every packet to a thread here, which gives it back later with its addresses exchanged:
//! what goes to [`FAR_HOST`] comes back as if from there. So server and clients share a namespace and one address, and
//! their TCP sees the delay, the jitter and the loss of a real network; it needs no kernel that can delay packets.

use std::collections::{BTreeMap, BinaryHeap};
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::net::UdpSocket;
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use pyao_core::base::random::Random;

use crate::network::Namespace;

/// Address on which a server listens.
pub const HOST: &str = "10.78.0.1";
/// Address at which clients reach it.
pub const FAR_HOST: &str = "10.78.0.2";
/// The name of the device.
const DEVICE: &str = "far";
/// More than any packet on the device.
const PACKET_MAX: usize = 2_048;
/// IPv4's version and shortest header in the first byte of a packet.
const IPV4: u8 = 0x45;

/// Properties of a way to the server and back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Distance {
    /// Milliseconds there and back.
    pub round_trip_ms: u32,
    /// Milliseconds that a packet takes longer, at most; packets of one connection stay in order.
    pub jitter_ms: u32,
    /// Packets lost of a hundred.
    pub loss_percent: u32,
}

impl Distance {
    /// Milliseconds there and back on average: the jitter of both ways adds to it, half of each on average.
    #[must_use]
    pub fn mean_round_trip_ms(&self) -> u32 {
        self.round_trip_ms + self.jitter_ms
    }
}

/// See the module.
pub struct FarAway {
    /// Namespace in which everything happens.
    pub namespace: Namespace,
    is_over: Arc<AtomicBool>,
}

impl FarAway {
    /// Makes a namespace with such a link.
    ///
    /// # Errors
    /// Fails if this machine makes none.
    pub fn new(distance: Distance) -> Result<Self> {
        let namespace = Namespace::new()?;
        let device = Arc::new(namespace.run(open_device)??);
        namespace.ip(&["address", "add", &format!("{HOST}/24"), "dev", DEVICE])?;
        namespace.ip(&["link", "set", DEVICE, "up"])?;
        namespace.ip(&["link", "set", "lo", "up"])?;
        let is_over = Arc::new(AtomicBool::new(false));
        let (to_link, arrivals) = channel();
        let (reader, over) = (Arc::clone(&device), Arc::clone(&is_over));
        thread::spawn(move || take_packets(&reader, &over, &to_link));
        thread::spawn(move || carry(&device, &arrivals, distance));
        Ok(Self { namespace, is_over })
    }
}

impl Drop for FarAway {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        // Any packet wakes the thread that waits for one.
        let farewell =
            || UdpSocket::bind((HOST, 0)).and_then(|socket| socket.send_to(b"over", (FAR_HOST, 9)));
        let _ = self.namespace.run(farewell);
    }
}

/// A packet and when it was sent.
type Taken = (Instant, Vec<u8>);

fn take_packets(mut device: &File, is_over: &AtomicBool, to_link: &Sender<Taken>) {
    let mut buffer = [0; PACKET_MAX];
    while let Ok(length) = device.read(&mut buffer) {
        let packet = buffer[..length].to_vec();
        if is_over.load(Ordering::Relaxed) || to_link.send((Instant::now(), packet)).is_err() {
            return;
        }
    }
}

/// Gives every packet back when it is due.
fn carry(mut device: &File, arrivals: &Receiver<Taken>, distance: Distance) {
    let mut link = Link { distance, random: Random::new(1), last_due: BTreeMap::new(), number: 0 };
    let mut waiting: BinaryHeap<std::cmp::Reverse<(Instant, u64, Vec<u8>)>> = BinaryHeap::new();
    loop {
        let next = waiting.peek().map(|std::cmp::Reverse((due, ..))| *due);
        let pause = next.map_or(Duration::MAX, |due| due.saturating_duration_since(Instant::now()));
        match arrivals.recv_timeout(pause) {
            Ok((sent, packet)) => {
                if let Some(on_its_way) = link.send(sent, packet) {
                    waiting.push(std::cmp::Reverse(on_its_way));
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        while waiting.peek().is_some_and(|std::cmp::Reverse((due, ..))| *due <= Instant::now()) {
            let Some(std::cmp::Reverse((_, _, packet))) = waiting.pop() else { break };
            // A packet for a socket that has gone is as good as lost.
            let _ = device.write(&packet);
        }
    }
}

struct Link {
    distance: Distance,
    random: Random,
    /// Time at which the last packet of each connection and direction is due, by ports.
    last_due: BTreeMap<[u8; 4], Instant>,
    number: u64,
}

impl Link {
    /// Returns the time at which a packet is due and the bytes that then arrive, unless it gets lost.
    fn send(&mut self, sent: Instant, mut packet: Vec<u8>) -> Option<(Instant, u64, Vec<u8>)> {
        let Distance { round_trip_ms, jitter_ms, loss_percent } = self.distance;
        let is_lost = self.random.between(1, 100) <= loss_percent;
        if packet.len() < 24 || packet[0] != IPV4 || is_lost {
            return None;
        }
        let (source, destination) = packet[12..20].split_at_mut(4);
        source.swap_with_slice(destination);
        let ports = [packet[20], packet[21], packet[22], packet[23]];
        let jitter = Duration::from_micros(u64::from(self.random.between(0, jitter_ms * 1_000)));
        let due = sent + Duration::from_millis(u64::from(round_trip_ms)) / 2 + jitter;
        let last = self.last_due.entry(ports).or_insert(due);
        *last = due.max(*last);
        self.number += 1;
        Some((*last, self.number, packet))
    }
}

/// Opens a device that hands packets to its holder, in the namespace of the calling thread.
fn open_device() -> Result<File> {
    /// No header before the packet.
    const FLAGS: i32 = libc::IFF_TUN | libc::IFF_NO_PI;
    let path = "/dev/net/tun";
    let options = OpenOptions::new().read(true).write(true).custom_flags(libc::O_CLOEXEC).open(path);
    let device = options.context(path)?;
    // SAFETY: ifreq is plain numbers, addresses and pointers that nobody follows, for which all zeroes is a value.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (to, from) in request.ifr_name.iter_mut().zip(DEVICE.bytes()) {
        *to = libc::c_char::try_from(from)?;
    }
    request.ifr_ifru.ifru_flags = libc::c_short::try_from(FLAGS)?;
    // SAFETY: the device is open; this command reads and writes an ifreq, which lives through the call.
    let outcome = unsafe { libc::ioctl(device.as_raw_fd(), libc::TUNSETIFF, &raw mut request) };
    ensure!(outcome == 0, "{path}: {}", std::io::Error::last_os_error());
    Ok(device)
}
