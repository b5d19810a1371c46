//! Resources used by a process, from Linux's `/proc`.

use std::fs;

use anyhow::{Context, Result};

/// Processor time and memory of one process.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Usage {
    /// Seconds of processor time of all its threads so far, in user and kernel mode.
    pub cpu_seconds: f64,
    /// Those of them in user mode, roughly: the kernel samples.
    pub user_seconds: f64,
    /// Bytes of memory resident.
    pub resident: u64,
}

impl Usage {
    /// Returns the resources used so far by the process of that number.
    ///
    /// # Errors
    /// Fails if there is no such process.
    pub fn of(process: u32) -> Result<Self> {
        let read = |file: &str| {
            let path = format!("/proc/{process}/{file}");
            fs::read_to_string(&path).with_context(|| format!("reading {path}"))
        };
        let [user, system] = processor_ticks(&read("stat")?).context("a process's stat without times")?;
        let ticks = (user + system) as f64 / ticks_per_second();
        let kib = resident_kib(&read("status")?).context("a process's status without VmRSS")?;
        Ok(Self {
            cpu_seconds: precise_seconds(process).unwrap_or(ticks),
            user_seconds: user as f64 / ticks_per_second(),
            resident: kib * 1024,
        })
    }

    /// Returns the resources used so far by this program.
    ///
    /// # Errors
    /// Fails if there is no `/proc`.
    pub fn own() -> Result<Self> {
        Self::of(std::process::id())
    }
}

/// Seconds of processor time that the whole machine has spent on anything so far, all cores together.
///
/// # Errors
/// Fails if there is no `/proc`.
pub fn machine_seconds() -> Result<f64> {
    let stat = fs::read_to_string("/proc/stat").context("reading /proc/stat")?;
    let ticks = machine_ticks(&stat).context("/proc/stat without times")?;
    Ok(ticks as f64 / ticks_per_second())
}

/// Reads the first line, which counts ticks by kind: the 4th and 5th kind are idle, those after the 8th are counted
/// twice.
fn machine_ticks(stat: &str) -> Option<u64> {
    let kinds = stat.strip_prefix("cpu ")?.lines().next()?;
    let kinds: Vec<u64> = kinds.split_whitespace().take(8).flat_map(str::parse).collect();
    let idle: u64 = kinds.get(3..5)?.iter().sum();
    Some(kinds.iter().sum::<u64>() - idle)
}

/// Reads utime and stime, the 14th and 15th field; the second one is a name that may hold anything but ends in the last
/// `)`.
fn processor_ticks(stat: &str) -> Option<[u64; 2]> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some([user, system])
}

/// Reads the same from the scheduler's own books, which are kept in nanoseconds, if the kernel shows them.
fn precise_seconds(process: u32) -> Option<f64> {
    let mut nanoseconds = 0;
    for thread in fs::read_dir(format!("/proc/{process}/task")).ok()? {
        // A thread that has just ended has no books any more.
        let Ok(books) = fs::read_to_string(thread.ok()?.path().join("schedstat")) else { continue };
        nanoseconds += books.split_whitespace().next()?.parse::<u64>().ok()?;
    }
    (nanoseconds > 0).then_some(nanoseconds as f64 / 1e9)
}

fn resident_kib(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

fn ticks_per_second() -> f64 {
    // SAFETY: sysconf takes a number and returns one; it has no memory to misuse.
    let ticks = unsafe { libc::sysconf(libc::_SC_CLK_TCK) };
    if ticks > 0 { ticks as f64 } else { 100.0 }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn a_name_with_spaces_and_brackets_does_not_shift_the_fields() {
        let stat = "7 (a) b) (c) S 1 7 7 0 -1 4194560 1 2 3 4 500 61 8 9 20 0 1 0 100";
        assert_eq!(processor_ticks(stat), Some([500, 61]));
        assert_eq!(processor_ticks("7 (a) S 1"), None);
    }

    #[test]
    fn the_machines_idle_time_does_not_count() {
        let stat = "cpu  100 20 30 9000 800 1 2 3 50 60\ncpu0 1 1 1 1 1 1 1 1 1 1\n";
        assert_eq!(machine_ticks(stat), Some(156));
        assert_eq!(machine_ticks("cpu  1 2"), None);
    }

    #[test]
    fn a_busy_thread_shows() {
        let before = Usage::own().unwrap();
        let end = Instant::now() + Duration::from_secs(30);
        let mut after = before;
        // The kernel counts in ticks, and on a machine that is full they come late.
        while after.cpu_seconds <= before.cpu_seconds && Instant::now() < end {
            after = Usage::own().unwrap();
        }
        assert!(after.cpu_seconds > before.cpu_seconds);
        assert!(after.resident > 1_000_000);
        assert!(machine_seconds().unwrap() > after.cpu_seconds);
    }

    #[test]
    fn a_process_that_is_not_there_is_an_error() {
        assert!(Usage::of(u32::MAX).is_err());
    }
}
