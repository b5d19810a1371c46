//! What the server does, step after step, when it has more work than time.
//!
//! Overload is a ladder, not a cliff. While the loop is at work for most of the time, the server climbs: it sends less
//! often, then leaves out what only decorates, then lets nobody new in. Each step is given time to help before the next
//! one is taken; when there is time again, the server climbs down. Nobody who plays is ever dropped for it.

use std::fmt;
use std::time::Duration;

use pyao_core::game::Millis;

/// How busy the loop is, is judged once in this time.
const WINDOW: Duration = Duration::from_millis(500);
/// The server climbs down after so many windows in a row with time to spare.
const CALM_WINDOWS: u32 = 4;
/// Time to spare: less than this share, in percent, of the busyness that makes the server climb.
const CALM_BELOW_PERCENT: u32 = 60;

/// A step of the ladder. Each does what those before it do, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// There is time for everything.
    Calm,
    /// What is written waits for up to 50 ms.
    Coalesce,
    /// It waits for up to 100 ms.
    CoalesceMore,
    /// Sounds and passing effects are left out.
    ThinCosmetics,
    /// Who is not in the world is not let in.
    RefuseLogins,
}

impl Step {
    /// Every step, from the ground up.
    pub const ALL: [Self; 5] =
        [Self::Calm, Self::Coalesce, Self::CoalesceMore, Self::ThinCosmetics, Self::RefuseLogins];

    /// Its name in logs and metrics.
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

    /// Longest time that what is written may wait, to be sent together. A client looks at its socket once a frame, every
    /// 16 ms.
    #[must_use]
    pub fn longest_wait_ms(self) -> Millis {
        match self {
            Self::Calm => 25,
            Self::Coalesce => 50,
            Self::CoalesceMore | Self::ThinCosmetics | Self::RefuseLogins => 100,
        }
    }

    /// Its place on the ladder, from 0.
    #[must_use]
    pub fn height(self) -> u64 {
        self as u64
    }

    fn up(self) -> Self {
        Self::ALL.into_iter().find(|step| *step > self).unwrap_or(self)
    }

    fn down(self) -> Self {
        Self::ALL.into_iter().rev().find(|step| *step < self).unwrap_or(self)
    }
}

impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.label())
    }
}

/// The server has climbed, up or down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Climb {
    /// From here.
    pub from: Step,
    /// To here.
    pub to: Step,
    /// How busy the loop was, in percent of its time.
    pub busy_percent: u32,
}

/// See the module.
#[derive(Debug)]
pub struct Ladder {
    /// The server climbs above this busyness; 0 is never.
    above_percent: u32,
    step: Step,
    worked: Duration,
    total: Duration,
    calm_windows: u32,
}

impl Ladder {
    /// On the ground; climbs while the loop is at work for more than `above_percent` of the time, never when that is 0.
    #[must_use]
    pub fn new(above_percent: u32) -> Self {
        let (worked, total) = (Duration::ZERO, Duration::ZERO);
        Self { above_percent, step: Step::Calm, worked, total, calm_windows: 0 }
    }

    /// Another busyness counts from now on.
    pub fn set_limit(&mut self, above_percent: u32) {
        self.above_percent = above_percent;
    }

    /// Where the server stands.
    #[must_use]
    pub fn step(&self) -> Step {
        self.step
    }

    /// One turn of the loop waited and then worked so long. Whether the server climbs.
    pub fn turn(&mut self, waited: Duration, worked: Duration) -> Option<Climb> {
        self.worked += worked;
        self.total += waited + worked;
        if self.total < WINDOW {
            return None;
        }
        let busy_percent = (self.worked.as_micros() * 100 / self.total.as_micros().max(1)) as u32;
        (self.worked, self.total) = (Duration::ZERO, Duration::ZERO);
        let from = self.step;
        self.step = self.judge(busy_percent);
        (self.step != from).then_some(Climb { from, to: self.step, busy_percent })
    }

    fn judge(&mut self, busy_percent: u32) -> Step {
        if self.above_percent > 0 && busy_percent > self.above_percent {
            self.calm_windows = 0;
            return self.step.up();
        }
        let is_calm = self.above_percent == 0 || busy_percent * 100 < self.above_percent * CALM_BELOW_PERCENT;
        self.calm_windows = if is_calm { self.calm_windows + 1 } else { 0 };
        if self.calm_windows < CALM_WINDOWS {
            return self.step;
        }
        self.calm_windows = 0;
        self.step.down()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A quarter of a window, of which `percent` at work.
    fn quarter(ladder: &mut Ladder, percent: u32) -> Option<Climb> {
        let worked = WINDOW * percent / 400;
        ladder.turn(WINDOW / 4 - worked, worked)
    }

    fn windows(ladder: &mut Ladder, count: u32, percent: u32) -> Vec<Step> {
        (0..count * 4).filter_map(|_| quarter(ladder, percent)).map(|climb| climb.to).collect()
    }

    #[test]
    fn a_busy_server_climbs_step_by_step_to_the_top_and_stays_there() {
        let mut ladder = Ladder::new(75);
        assert_eq!(windows(&mut ladder, 10, 90), Step::ALL[1..]);
        assert_eq!(ladder.step(), Step::RefuseLogins);
    }

    #[test]
    fn a_server_with_time_to_spare_climbs_down_more_slowly() {
        let mut ladder = Ladder::new(75);
        windows(&mut ladder, 10, 90);
        assert_eq!(windows(&mut ladder, 3, 20), []);
        assert_eq!(windows(&mut ladder, 1, 20), [Step::ThinCosmetics]);
        assert_eq!(windows(&mut ladder, 12, 20), [Step::CoalesceMore, Step::Coalesce, Step::Calm]);
    }

    #[test]
    fn a_server_that_is_just_busy_enough_stays_where_it_is() {
        let mut ladder = Ladder::new(75);
        assert_eq!(windows(&mut ladder, 100, 70), []);
        windows(&mut ladder, 2, 90);
        assert_eq!(windows(&mut ladder, 100, 60), []);
        assert_eq!(ladder.step(), Step::CoalesceMore);
    }

    #[test]
    fn one_long_turn_after_idling_is_no_load() {
        let mut ladder = Ladder::new(75);
        assert_eq!(ladder.turn(Duration::from_secs(10), Duration::from_millis(400)), None);
    }

    #[test]
    fn a_climb_tells_how_busy_the_loop_was() {
        let mut ladder = Ladder::new(50);
        let climb = (0..4).find_map(|_| quarter(&mut ladder, 80));
        assert_eq!(climb, Some(Climb { from: Step::Calm, to: Step::Coalesce, busy_percent: 80 }));
    }

    #[test]
    fn a_ladder_without_a_limit_is_never_climbed_and_left_when_it_was() {
        let mut ladder = Ladder::new(0);
        assert_eq!(windows(&mut ladder, 10, 100), []);
        ladder.set_limit(75);
        windows(&mut ladder, 1, 100);
        ladder.set_limit(0);
        assert_eq!(windows(&mut ladder, 4, 100), [Step::Calm]);
    }
}
