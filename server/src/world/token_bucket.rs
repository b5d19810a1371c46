//! A token bucket: how often something may happen, with room for a burst.

/// Holds up to `capacity` tokens and gains one every `interval` milliseconds. Each event takes one.
///
/// Time is counted in the milliseconds the caller passes in; going back in time gains nothing.
#[derive(Debug, Clone, Copy)]
pub struct TokenBucket {
    capacity: u32,
    interval: u64,
    tokens: u32,
    /// When the tokens counted in `tokens` had just been gained.
    counted_at: u64,
}

impl TokenBucket {
    /// A full bucket at time `now`. An `interval` of 0 never runs dry.
    #[must_use]
    pub fn new(capacity: u32, interval: u64, now: u64) -> Self {
        Self { capacity, interval, tokens: capacity, counted_at: now }
    }

    /// Takes one token if there is one.
    pub fn take(&mut self, now: u64) -> bool {
        self.refill(now);
        if self.interval == 0 {
            return true;
        }
        if self.tokens == 0 {
            return false;
        }
        self.tokens -= 1;
        true
    }

    /// Whether the bucket is full at `now`: nothing happened for so long that it need not be remembered.
    pub fn is_full(&mut self, now: u64) -> bool {
        self.refill(now);
        self.tokens == self.capacity
    }

    fn refill(&mut self, now: u64) {
        if self.interval == 0 {
            return;
        }
        let gained = now.saturating_sub(self.counted_at) / self.interval;
        if gained == 0 {
            return;
        }
        let room = self.capacity - self.tokens;
        match u32::try_from(gained) {
            Ok(gained) if gained < room => {
                self.tokens += gained;
                self.counted_at += u64::from(gained) * self.interval;
            }
            _ => {
                self.tokens = self.capacity;
                self.counted_at = now;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_then_the_pace_holds() {
        let mut bucket = TokenBucket::new(4, 230, 1_000);
        assert_eq!((0..10).filter(|_| bucket.take(1_000)).count(), 4);
        assert!(!bucket.take(1_229));
        assert!(bucket.take(1_230));
        assert!(!bucket.take(1_231));
    }

    #[test]
    fn a_steady_pace_slower_than_the_refill_is_never_refused() {
        let mut bucket = TokenBucket::new(4, 230, 0);
        assert!((1..1_000).all(|step| bucket.take(step * 250)));
    }

    #[test]
    fn fractions_of_an_interval_are_not_lost() {
        let mut bucket = TokenBucket::new(1, 100, 0);
        assert!(bucket.take(0));
        assert!(bucket.take(150), "one token at 100");
        assert!(!bucket.take(199));
        assert!(bucket.take(250), "the bucket was full at 150, so the next token comes at 250");
    }

    #[test]
    fn an_interval_of_zero_never_refuses_and_time_may_jump_back() {
        let mut unlimited = TokenBucket::new(1, 0, 0);
        assert!((0..100).all(|_| unlimited.take(5)));
        let mut bucket = TokenBucket::new(2, 100, 1_000);
        assert!(bucket.take(1_000) && bucket.take(500));
        assert!(!bucket.take(10));
    }

    #[test]
    fn a_bucket_left_alone_is_full_again() {
        let mut bucket = TokenBucket::new(3, 100, 0);
        assert!(bucket.take(0));
        assert!(!bucket.is_full(99));
        assert!(bucket.is_full(100));
    }
}
