//! A log line for each event that clients cause, but never a flood of them.

use super::Millis;

/// Lines a second of one kind; what goes beyond is counted and told in one line.
const LINES_PER_SECOND: u32 = 10;

/// Lines of one kind in the current second.
#[derive(Debug)]
struct Window {
    label: &'static str,
    began: Millis,
    lines: u32,
    suppressed: u32,
}

/// Decides which events get a line of their own.
#[derive(Debug, Default)]
pub struct LineLimit {
    windows: Vec<Window>,
}

impl LineLimit {
    /// Returns true when an event of the kind `label` gets its own line; otherwise it is counted.
    pub fn admit(&mut self, label: &'static str, now: Millis) -> bool {
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

    /// Returns the time at which [`Self::summaries`] has something to say next.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Millis> {
        self.windows.iter().filter(|window| window.suppressed > 0).map(|window| window.began + 1000).min()
    }

    /// Returns the kind and the count of the events without a line of their own, for every second that is over.
    pub fn summaries(&mut self, now: Millis) -> impl Iterator<Item = (&'static str, u32)> + '_ {
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
    fn a_flood_of_events_is_ten_lines_and_a_count() {
        let mut log = LineLimit::default();
        let lines = (0..500).filter(|_| log.admit("flood", 100)).count();
        assert_eq!(lines, 10);
        assert!(log.admit("quit", 100), "other kinds have their own lines");
        assert_eq!(log.next_deadline(), Some(1100));
        assert_eq!(log.summaries(1099).count(), 0);
        assert_eq!(log.summaries(1100).collect::<Vec<_>>(), [("flood", 490)]);
        assert_eq!(log.next_deadline(), None);
        assert!(log.admit("flood", 1101));
    }

    #[test]
    fn a_quiet_server_logs_every_event_and_has_no_deadline() {
        let mut log = LineLimit::default();
        for second in 0..100 {
            assert!(log.admit("quit", second * 500));
            assert_eq!(log.next_deadline(), None);
        }
    }
}
