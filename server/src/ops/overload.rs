//! Levels of overload: the measures that the server takes when it has more work than time.
//!
//! While the loop is at work for most of the time, the level rises: the server sends less often, then leaves out what only
//! decorates, then refuses logins. Each level is given time to help before the next one is entered; when there is time
//! again, the level falls. A player in the world is never dropped for it.

use std::fmt;
use std::time::Duration;

use pyao_core::base::Millis;

/// Time over which the busyness of the loop is measured.
const WINDOW: Duration = Duration::from_millis(500);
/// The level falls after so many windows in a row with time to spare.
const CALM_WINDOWS: u32 = 4;
/// Time to spare: less than this share, in percent, of the busyness that raises the level.
const CALM_BELOW_PERCENT: u32 = 60;

/// A level of overload. Each includes the measures of those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum OverloadLevel {
    /// No measures: there is time for everything.
    Calm,
    /// Written packets wait for up to 50 ms.
    Coalesce,
    /// Written packets wait for up to 100 ms.
    CoalesceMore,
    /// Sounds and passing effects are left out.
    ThinCosmetics,
    /// Logins and creations are refused.
    RefuseLogins,
}

impl OverloadLevel {
    /// Every level, the lowest first.
    pub const ALL: [Self; 5] =
        [Self::Calm, Self::Coalesce, Self::CoalesceMore, Self::ThinCosmetics, Self::RefuseLogins];

    /// Returns the name in logs and metrics.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Calm => "calm",
            Self::Coalesce => "coalesce",
            Self::CoalesceMore => "coalesce_more",
            Self::ThinCosmetics => "thin_cosmetics",
            Self::RefuseLogins => "refuse_logins",
        }
    }

    /// Returns the longest time that written packets may wait to be sent together. A client looks at its socket once a
    /// frame, every 16 ms.
    #[must_use]
    pub fn longest_wait_ms(self) -> Millis {
        match self {
            Self::Calm => 25,
            Self::Coalesce => 50,
            Self::CoalesceMore | Self::ThinCosmetics | Self::RefuseLogins => 100,
        }
    }

    /// Returns the number of the level, from 0.
    #[must_use]
    pub fn number(self) -> u64 {
        self as u64
    }

    fn up(self) -> Self {
        Self::ALL.into_iter().find(|level| *level > self).unwrap_or(self)
    }

    fn down(self) -> Self {
        Self::ALL.into_iter().rev().find(|level| *level < self).unwrap_or(self)
    }
}

impl fmt::Display for OverloadLevel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.label())
    }
}

/// A change of the level, up or down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LevelChange {
    /// Level before.
    pub from: OverloadLevel,
    /// Level after.
    pub to: OverloadLevel,
    /// Share of its time for which the loop was at work, in percent.
    pub busy_percent: u32,
}

/// See the module.
#[derive(Debug)]
pub struct Overload {
    /// Busyness above which the level rises, in percent; 0 = never.
    above_percent: u32,
    level: OverloadLevel,
    worked: Duration,
    total: Duration,
    calm_windows: u32,
}

impl Overload {
    /// Creates the lowest level. It rises while the loop is at work for more than `above_percent` of the time; 0 = never.
    #[must_use]
    pub fn new(above_percent: u32) -> Self {
        let (worked, total) = (Duration::ZERO, Duration::ZERO);
        Self { above_percent, level: OverloadLevel::Calm, worked, total, calm_windows: 0 }
    }

    /// Replaces the busyness above which the level rises.
    pub fn set_limit(&mut self, above_percent: u32) {
        self.above_percent = above_percent;
    }

    /// Returns the level.
    #[must_use]
    pub fn level(&self) -> OverloadLevel {
        self.level
    }

    /// Takes note of a turn of the loop that waited and then worked so long. Returns the change of the level, if there is
    /// one.
    pub fn turn(&mut self, waited: Duration, worked: Duration) -> Option<LevelChange> {
        self.worked += worked;
        self.total += waited + worked;
        if self.total < WINDOW {
            return None;
        }
        let busy_percent = (self.worked.as_micros() * 100 / self.total.as_micros().max(1)) as u32;
        (self.worked, self.total) = (Duration::ZERO, Duration::ZERO);
        let from = self.level;
        self.level = self.judge(busy_percent);
        (self.level != from).then_some(LevelChange { from, to: self.level, busy_percent })
    }

    fn judge(&mut self, busy_percent: u32) -> OverloadLevel {
        if self.above_percent > 0 && busy_percent > self.above_percent {
            self.calm_windows = 0;
            return self.level.up();
        }
        let is_calm = self.above_percent == 0 || busy_percent * 100 < self.above_percent * CALM_BELOW_PERCENT;
        self.calm_windows = if is_calm { self.calm_windows + 1 } else { 0 };
        if self.calm_windows < CALM_WINDOWS {
            return self.level;
        }
        self.calm_windows = 0;
        self.level.down()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Passes a quarter of a window, of which `percent` at work.
    fn quarter(overload: &mut Overload, percent: u32) -> Option<LevelChange> {
        let worked = WINDOW * percent / 400;
        overload.turn(WINDOW / 4 - worked, worked)
    }

    fn windows(overload: &mut Overload, count: u32, percent: u32) -> Vec<OverloadLevel> {
        (0..count * 4).filter_map(|_| quarter(overload, percent)).map(|change| change.to).collect()
    }

    #[test]
    fn a_busy_server_rises_level_by_level_to_the_highest_and_stays_there() {
        let mut overload = Overload::new(75);
        assert_eq!(windows(&mut overload, 10, 90), OverloadLevel::ALL[1..]);
        assert_eq!(overload.level(), OverloadLevel::RefuseLogins);
    }

    #[test]
    fn the_level_falls_more_slowly_than_it_rises() {
        let mut overload = Overload::new(75);
        windows(&mut overload, 10, 90);
        assert_eq!(windows(&mut overload, 3, 20), []);
        assert_eq!(windows(&mut overload, 1, 20), [OverloadLevel::ThinCosmetics]);
        assert_eq!(
            windows(&mut overload, 12, 20),
            [OverloadLevel::CoalesceMore, OverloadLevel::Coalesce, OverloadLevel::Calm]
        );
    }

    #[test]
    fn a_server_that_is_just_busy_enough_stays_where_it_is() {
        let mut overload = Overload::new(75);
        assert_eq!(windows(&mut overload, 100, 70), []);
        windows(&mut overload, 2, 90);
        assert_eq!(windows(&mut overload, 100, 60), []);
        assert_eq!(overload.level(), OverloadLevel::CoalesceMore);
    }

    #[test]
    fn one_long_turn_after_idling_is_no_load() {
        let mut overload = Overload::new(75);
        assert_eq!(overload.turn(Duration::from_secs(10), Duration::from_millis(400)), None);
    }

    #[test]
    fn a_change_of_the_level_tells_how_busy_the_loop_was() {
        let mut overload = Overload::new(50);
        let change = (0..4).find_map(|_| quarter(&mut overload, 80));
        assert_eq!(
            change,
            Some(LevelChange { from: OverloadLevel::Calm, to: OverloadLevel::Coalesce, busy_percent: 80 })
        );
    }

    #[test]
    fn without_a_limit_the_level_never_rises_and_falls_to_the_lowest() {
        let mut overload = Overload::new(0);
        assert_eq!(windows(&mut overload, 10, 100), []);
        overload.set_limit(75);
        windows(&mut overload, 1, 100);
        overload.set_limit(0);
        assert_eq!(windows(&mut overload, 4, 100), [OverloadLevel::Calm]);
    }
}
