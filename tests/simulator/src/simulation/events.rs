//! Events of a run, and their counts: a run in which some event of the table never happens proves nothing about it.

use pyao_store::Request;

macro_rules! events {
    ($($name:ident),* $(,)?) => {
        /// Something that a run counts.
        #[expect(missing_docs, reason = "each is what its name says")]
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Event { $($name),* }

        impl Event {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];
        }
    };
}

events! {
    // Actions of players.
    Create, LogIn, LoseInterest, Walk, WalkIntoWall, Turn, Talk, Whisper, Ask, Order, SkillPoints, Describe,
    ChangePassword, Spam, Quit, Vanish, TakeOver, WrongPassword, Garbage, StopReading, ReadAgain, Knock,
    // Time and operators.
    WaitLong, WaitHours, ClockLeap, RoundTrip, ChangeSettings, Terminate, Crash, OtherServer, EmptyStore,
    // Faults.
    StoreSlow, StoreHangs, StoreAway, StoreFails, StoreDies, Refusal, ReplyLost, Latency, BytesSplit, BytesMerged,
    ReadsMerged, WriteHeld, Proxy, SocketFull, WindowClosed, PartialWrite, DoorShown,
    // Consequences.
    SettingFollowed, SettingRefused, AddressKept, SettingsSeeded, EmptiedNoticedLate,
    Entry, Step, ThrownBack, Disagreement, MapChange, ReturnToWorld, PasswordChanged, Replaced, TakenOver, IdleClose, HandshakeClose,
    MalformedClose, Overflow, LoginRefused, SaveRefused, UnsavedAtCrash, DrainedAtOnce, DrainedLate,
    // Checks.
    BlockRead, PictureCompared, LineHeard, AnswerHeard, SaveCompared, RecordConverged,
}

/// Counts of the events of one run or several.
#[derive(Debug, Clone)]
pub struct Report {
    counts: Vec<u64>,
    /// Hash of every byte that the server sent, with the connection it went to, and of every request to the store.
    pub fingerprint: u64,
}

/// Returns true for a number and for a truth value as debug output writes them.
fn is_value(word: &str) -> bool {
    word.starts_with(|first: char| first.is_ascii_digit()) || matches!(word, "true" | "false")
}

impl Default for Report {
    fn default() -> Self {
        Self { counts: vec![0; Event::ALL.len()], fingerprint: 0xcbf2_9ce4_8422_2325 }
    }
}

impl Report {
    /// Counts one.
    pub fn note(&mut self, event: Event) {
        self.counts[event as usize] += 1;
    }

    /// Returns the count of an event.
    #[must_use]
    pub fn count(&self, event: Event) -> u64 {
        self.counts[event as usize]
    }

    /// Returns the events that never happened.
    #[must_use]
    pub fn missing(&self) -> Vec<Event> {
        Event::ALL.iter().copied().filter(|event| self.count(*event) == 0).collect()
    }

    /// Adds the counts of another run.
    pub fn add(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
        self.fingerprint ^= other.fingerprint;
    }

    /// Takes sent bytes into the fingerprint.
    pub fn sent(&mut self, slot: u32, bytes: &[u8]) {
        self.mix(&slot.to_le_bytes());
        self.mix(bytes);
    }

    /// Takes a request to the store into the fingerprint: its kind and every number, truth and text in it, in their
    /// order. The names of fields and types do not count, so that values may be given better types.
    pub fn asked(&mut self, request: &Request) {
        let text = format!("{request:?}");
        let (kind, fields) = text.split_once(' ').unwrap_or((&text, ""));
        self.mix(kind.as_bytes());
        for (part, between) in fields.split('"').enumerate() {
            let is_quoted = part % 2 == 1;
            if is_quoted {
                self.mix(between.as_bytes());
                continue;
            }
            let words = between.split(|character: char| !character.is_ascii_alphanumeric());
            for word in words.filter(|word| is_value(word)) {
                self.mix(word.as_bytes());
                self.mix(b" ");
            }
        }
    }

    /// Mixes bytes into the hash by FNV-1a.
    fn mix(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.fingerprint = (self.fingerprint ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

impl std::fmt::Display for Report {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for event in Event::ALL {
            write!(formatter, "{event:?} {}, ", self.count(*event))?;
        }
        write!(formatter, "fingerprint {:016x}", self.fingerprint)
    }
}
