//! A log line for each connection that ends, but never a flood of them.

use crate::game::{CloseReason, Millis};

/// Lines a second for one reason; what goes beyond is counted and told in one line.
const LINES_PER_SECOND: u32 = 10;

/// What was logged for one reason in the current second.
#[derive(Debug)]
struct Window {
    label: &'static str,
    began: Millis,
    lines: u32,
    suppressed: u32,
}

/// Decides which closings get a line of their own.
#[derive(Debug, Default)]
pub(super) struct CloseLog {
    windows: Vec<Window>,
}

impl CloseLog {
    /// Whether a closing for `reason` gets its own line; if not it is counted.
    pub(super) fn admit(&mut self, reason: &CloseReason, now: Millis) -> bool {
        let label = reason.label();
        let Some(window) = self.windows.iter_mut().find(|window| window.label == label) else {
            self.windows.push(Window { label, began: now, lines: 1, suppressed: 0 });
            return true;
        };
        if window.suppressed == 0 && now.saturating_sub(window.began) >= 1000 {
            window.began = now;
            window.lines = 0;
        }
        if window.lines < LINES_PER_SECOND {
            window.lines += 1;
            return true;
        }
        window.suppressed += 1;
        false
    }

    /// When [`Self::summaries`] next has something to say.
    pub(super) fn next_deadline(&self) -> Option<Millis> {
        self.windows.iter().filter(|window| window.suppressed > 0).map(|window| window.began + 1000).min()
    }

    /// Reason and count of the closings without a line of their own, for every second that is over.
    pub(super) fn summaries(&mut self, now: Millis) -> impl Iterator<Item = (&'static str, u32)> + '_ {
        self.windows
            .iter_mut()
            .filter(move |window| window.suppressed > 0 && now.saturating_sub(window.began) >= 1000)
            .map(move |window| {
                window.began = now;
                window.lines = 0;
                (window.label, std::mem::take(&mut window.suppressed))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_closings_is_ten_lines_and_a_count() {
        let mut log = CloseLog::default();
        let lines = (0..500).filter(|_| log.admit(&CloseReason::Flood, 100)).count();
        assert_eq!(lines, 10);
        assert!(log.admit(&CloseReason::Quit, 100), "other reasons have their own lines");
        assert_eq!(log.next_deadline(), Some(1100));
        assert_eq!(log.summaries(1099).count(), 0);
        assert_eq!(log.summaries(1100).collect::<Vec<_>>(), [("flood", 490)]);
        assert_eq!(log.next_deadline(), None);
        assert!(log.admit(&CloseReason::Flood, 1101));
    }

    #[test]
    fn a_quiet_server_logs_every_closing_and_has_no_deadline() {
        let mut log = CloseLog::default();
        for second in 0..100 {
            assert!(log.admit(&CloseReason::Quit, second * 500));
            assert_eq!(log.next_deadline(), None);
        }
    }
}
