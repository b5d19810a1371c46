//! A token bucket: how often something may happen, with room for a burst.

/// Holds up to `capacity` tokens, gains them at a steady rate, and loses one with each event.
///
/// Time is counted in the milliseconds the caller passes in; going back in time gains nothing. Inside, tokens are
/// counted in parts, so that no fraction is lost whatever the rate.
#[derive(Debug, Clone, Copy)]
pub struct TokenBucket {
    /// Parts of one token.
    token: u64,
    /// Parts gained a millisecond.
    gain: u64,
    capacity: u64,
    parts: u64,
    counted_at: u64,
}

impl TokenBucket {
    /// Creates a full bucket that gains a token every `interval` milliseconds. An `interval` of 0 never runs dry.
    #[must_use]
    pub fn every(interval: u64, capacity: u32, now: u64) -> Self {
        Self::full(interval, 1, capacity, now)
    }

    /// Creates a full bucket that gains `rate` tokens a second.
    #[must_use]
    pub fn per_second(rate: u32, capacity: u32, now: u64) -> Self {
        Self::full(1_000, u64::from(rate), capacity, now)
    }

    fn full(token: u64, gain: u64, capacity: u32, now: u64) -> Self {
        let capacity = token.saturating_mul(u64::from(capacity));
        Self { token, gain, capacity, parts: capacity, counted_at: now }
    }

    /// Holds up to `capacity` tokens from now on.
    pub fn resize(&mut self, capacity: u32) {
        self.capacity = self.token.saturating_mul(u64::from(capacity));
        self.parts = self.parts.min(self.capacity);
    }

    /// Takes one token if there is one.
    pub fn take(&mut self, now: u64) -> bool {
        self.refill(now);
        let taken = self.parts >= self.token;
        if taken {
            self.parts -= self.token;
        }
        taken
    }

    /// Returns true if the bucket is full at `now`: nothing happened for so long that it need not be remembered.
    pub fn is_full(&mut self, now: u64) -> bool {
        self.refill(now);
        self.parts == self.capacity
    }

    fn refill(&mut self, now: u64) {
        let gained = now.saturating_sub(self.counted_at).saturating_mul(self.gain);
        self.parts = self.parts.saturating_add(gained).min(self.capacity);
        self.counted_at = self.counted_at.max(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_then_the_pace_holds() {
        let mut bucket = TokenBucket::every(230, 4, 1_000);
        assert_eq!((0..10).filter(|_| bucket.take(1_000)).count(), 4);
        assert!(!bucket.take(1_229));
        assert!(bucket.take(1_230));
        assert!(!bucket.take(1_231));
    }

    #[test]
    fn a_steady_pace_slower_than_the_refill_is_never_refused() {
        let mut bucket = TokenBucket::every(230, 4, 0);
        assert!((1..1_000).all(|step| bucket.take(step * 250)));
    }

    #[test]
    fn fractions_of_an_interval_are_not_lost() {
        let mut bucket = TokenBucket::every(100, 1, 0);
        assert!(bucket.take(0));
        assert!(bucket.take(150), "one token at 100");
        assert!(!bucket.take(199));
        assert!(bucket.take(250), "the bucket was full at 150, so the next token comes at 250");
    }

    #[test]
    fn an_interval_of_zero_never_refuses_and_time_may_jump_back() {
        let mut unlimited = TokenBucket::every(0, 1, 0);
        assert!((0..100).all(|_| unlimited.take(5)));
        let mut bucket = TokenBucket::every(100, 2, 1_000);
        assert!(bucket.take(1_000) && bucket.take(500));
        assert!(!bucket.take(10));
    }

    #[test]
    fn a_bucket_left_alone_is_full_again() {
        let mut bucket = TokenBucket::every(100, 3, 0);
        assert!(bucket.take(0));
        assert!(!bucket.is_full(99));
        assert!(bucket.is_full(100));
    }

    #[test]
    fn a_rate_a_second_holds_at_any_height() {
        for rate in [1, 7, 100, 5_000] {
            let mut bucket = TokenBucket::per_second(rate, 1, 0);
            assert!(bucket.take(0));
            let taken: u32 =
                (1..=10_000).map(|now| (0..10).filter(|_| bucket.take(now)).count() as u32).sum();
            assert!(
                taken <= 10 * rate && (rate > 1_000 || taken >= 10 * rate - 1),
                "{taken} at {rate} a second"
            );
        }
    }
}
