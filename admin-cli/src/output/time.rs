//! Moments and durations: relative for people, RFC 3339 for programs.

use jiff::Timestamp;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// Writes a moment as RFC 3339 in UTC: `2026-11-20T11:26:00Z`. The end of the year 9999 stands for every later moment.
pub fn rfc3339(unix_seconds: u64) -> String {
    let last = Timestamp::MAX.as_second();
    let seconds = i64::try_from(unix_seconds).unwrap_or(last).min(last);
    Timestamp::from_second(seconds).unwrap_or_default().to_string()
}

/// Writes the time since a moment, as `3 min ago`.
pub fn ago(now: u64, then: u64) -> String {
    match now.checked_sub(then) {
        Some(0) => "now".to_owned(),
        Some(seconds) => format!("{} ago", rough(seconds)),
        None => format!("in {}", rough(then - now)),
    }
}

/// Writes a duration in its largest unit.
fn rough(seconds: u64) -> String {
    match seconds {
        0..MINUTE => format!("{seconds} s"),
        MINUTE..HOUR => format!("{} min", seconds / MINUTE),
        HOUR..DAY => format!("{} h", seconds / HOUR),
        _ => format!("{} d", seconds / DAY),
    }
}

/// Writes a duration in its two largest units, as `3 h 12 min`.
pub fn duration(seconds: u64) -> String {
    match seconds {
        0..MINUTE => format!("{seconds} s"),
        MINUTE..HOUR => format!("{} min {} s", seconds / MINUTE, seconds % MINUTE),
        HOUR..DAY => format!("{} h {} min", seconds / HOUR, seconds % HOUR / MINUTE),
        _ => format!("{} d {} h", seconds / DAY, seconds % DAY / HOUR),
    }
}

/// Writes an amount of bytes as `1.2 MiB`.
pub fn bytes(count: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if count < 1024 {
        return format!("{count} B");
    }
    let mut tenths = u128::from(count) * 10 / 1024;
    let mut unit = 0;
    while tenths >= 10_240 && unit + 1 < UNITS.len() {
        tenths /= 1024;
        unit += 1;
    }
    format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_follow_the_calendar() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_700_000_000, "2023-11-14T22:13:20Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(rfc3339(seconds), text);
        }
        assert!(rfc3339(u64::MAX).ends_with('Z'), "no overflow");
    }

    #[test]
    fn people_read_relative_times() {
        assert_eq!(ago(100, 100), "now");
        assert_eq!(ago(159, 100), "59 s ago");
        assert_eq!(ago(4_000, 100), "1 h ago");
        assert_eq!(ago(1_000_000, 100), "11 d ago");
        assert_eq!(ago(100, 400), "in 5 min");
        assert_eq!(duration(59), "59 s");
        assert_eq!(duration(11_520), "3 h 12 min");
        assert_eq!(duration(100_000), "1 d 3 h");
    }

    #[test]
    fn bytes_have_the_unit_that_fits() {
        assert_eq!(bytes(1_023), "1023 B");
        assert_eq!(bytes(1_536), "1.5 KiB");
        assert_eq!(bytes(5 << 20), "5.0 MiB");
        assert_eq!(bytes(u64::MAX), "16777215.9 TiB");
    }
}
