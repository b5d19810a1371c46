//! Resources used during a run by a server, the load program and the rest of the machine.

use anyhow::Result;
use pyao_tests::usage::{Usage, machine_seconds};

/// One look at all three.
#[derive(Debug, Clone, Copy)]
struct Look {
    server: Option<Usage>,
    own: Usage,
    machine_seconds: f64,
}

/// Resources used between two readings; unknown if the server's process is not known.
#[derive(Debug, Clone, Copy, Default)]
pub struct Used {
    /// Processor seconds of the server.
    pub server_seconds: Option<f64>,
    /// Those of them in user mode.
    pub server_user_seconds: Option<f64>,
    /// Processor seconds of the load program.
    pub own_seconds: f64,
    /// Processor seconds of everything else.
    pub others_seconds: Option<f64>,
    /// The server's resident memory at the end, in bytes.
    pub resident: Option<u64>,
    /// Growth since before the first connection.
    pub grown: Option<u64>,
}

/// See the module.
#[derive(Debug)]
pub struct Meter {
    process: Option<u32>,
    resident_before: Option<u64>,
    start: Look,
}

impl Meter {
    /// Creates a meter for the server with that process number, before the first connection.
    ///
    /// # Errors
    /// Fails if there is no such process.
    pub fn new(process: Option<u32>) -> Result<Self> {
        let start = look(process)?;
        Ok(Self { process, resident_before: start.server.map(|usage| usage.resident), start })
    }

    /// Measures from now on.
    ///
    /// # Errors
    /// Fails if the process has gone.
    pub fn start(&mut self) -> Result<()> {
        self.start = look(self.process)?;
        Ok(())
    }

    /// Returns the resources used since [`Self::start`].
    ///
    /// # Errors
    /// Fails if the process has gone.
    pub fn used(&self) -> Result<Used> {
        let now = look(self.process)?;
        let server = self.start.server.zip(now.server);
        let server_seconds = server.map(|(start, end)| end.cpu_seconds - start.cpu_seconds);
        let own_seconds = now.own.cpu_seconds - self.start.own.cpu_seconds;
        let machine_seconds = now.machine_seconds - self.start.machine_seconds;
        let resident = now.server.map(|usage| usage.resident);
        Ok(Used {
            server_seconds,
            server_user_seconds: server.map(|(start, end)| end.user_seconds - start.user_seconds),
            own_seconds,
            others_seconds: server_seconds.map(|server| (machine_seconds - server - own_seconds).max(0.0)),
            resident,
            grown: resident.zip(self.resident_before).map(|(now, before)| now.saturating_sub(before)),
        })
    }
}

fn look(process: Option<u32>) -> Result<Look> {
    Ok(Look {
        server: process.map(Usage::of).transpose()?,
        own: Usage::own()?,
        machine_seconds: machine_seconds()?,
    })
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};

    use super::*;
    use crate::PATIENCE;

    #[test]
    fn a_busy_process_is_told_from_the_load_program() {
        let mut child =
            Command::new("sh").args(["-c", "while :; do :; done"]).stdout(Stdio::null()).spawn().unwrap();
        let mut meter = Meter::new(Some(child.id())).unwrap();
        meter.start().unwrap();
        let end = Instant::now() + PATIENCE;
        let mut used = meter.used().unwrap();
        while used.server_seconds.unwrap() <= 0.03 && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(10));
            used = meter.used().unwrap();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(used.server_seconds.unwrap() > 0.03, "{used:?}");
        assert!(used.resident.unwrap() > 0);
    }

    #[test]
    fn a_server_elsewhere_has_no_figures_but_the_load_program_has() {
        let meter = Meter::new(None).unwrap();
        let used = meter.used().unwrap();
        assert_eq!((used.server_seconds, used.resident, used.grown), (None, None, None));
    }
}
