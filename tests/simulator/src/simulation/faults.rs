//! Faults of one run: each run draws its own, so that faults meet in all combinations and also stay apart.

use super::events::Event;
use pyao_core::base::random::Random;

/// Faults that a run may be spared.
const FAULTS: [Event; 15] = [
    Event::StoreSlow,
    Event::StoreHangs,
    Event::StoreAway,
    Event::StoreFails,
    Event::StoreDies,
    Event::Terminate,
    Event::Crash,
    Event::OtherServer,
    Event::EmptyStore,
    Event::ClockLeap,
    Event::WaitHours,
    Event::Latency,
    Event::BytesSplit,
    Event::ReadsMerged,
    Event::SocketFull,
];

/// See the module.
pub struct Faults {
    spared: Vec<Event>,
    /// True if some clients are far away.
    pub latency: bool,
    /// True if the bytes that clients write arrive cut and joined.
    pub splits: bool,
    /// True if some clients read several sends at once.
    pub merges: bool,
    /// True if sockets are full now and then, or take a part of a segment.
    pub sockets: bool,
}

impl Faults {
    /// Draws the faults of one run: each is as likely as not.
    pub fn draw(random: &mut Random) -> Self {
        let spared: Vec<Event> = FAULTS.into_iter().filter(|_| random.between(0, 1) == 0).collect();
        let is_on = |event| !spared.contains(&event);
        Self {
            latency: is_on(Event::Latency),
            splits: is_on(Event::BytesSplit),
            merges: is_on(Event::ReadsMerged),
            sockets: is_on(Event::SocketFull),
            spared,
        }
    }

    /// Returns true if the event may happen in this run.
    #[must_use]
    pub fn allow(&self, event: Event) -> bool {
        !self.spared.contains(&event)
    }
}
