//! Signals as events of the poll.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use mio::{Interest, Registry, Token};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1};
use signal_hook_mio::v1_0::Signals;

/// Exit code of a server that was told twice to stop.
const STOPPED_AT_ONCE: i32 = 130;

/// Requests made by signals since the last look.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// The name of the signal that asks to stop.
    pub stop: Option<&'static str>,
    /// True if a status report is wanted.
    pub report: bool,
}

/// The signals of the process.
pub(super) struct SignalSource {
    signals: Signals,
}

impl SignalSource {
    /// Takes over SIGTERM and SIGINT, which ask to stop, SIGUSR1, which asks for a status report, and SIGHUP, which
    /// does nothing yet.
    ///
    /// The first one to stop is an event; a second one ends the process at once, even when the loop hangs.
    pub(super) fn register(registry: &Registry, token: Token) -> io::Result<Self> {
        let asked_before = Arc::new(AtomicBool::new(false));
        for signal in [SIGTERM, SIGINT] {
            // In this order: the first signal finds the flag down and raises it, the second finds it up.
            signal_hook::flag::register_conditional_shutdown(
                signal,
                STOPPED_AT_ONCE,
                Arc::clone(&asked_before),
            )?;
            signal_hook::flag::register(signal, Arc::clone(&asked_before))?;
        }
        let mut signals = Signals::new([SIGTERM, SIGINT, SIGHUP, SIGUSR1])?;
        registry.register(&mut signals, token, Interest::READABLE)?;
        Ok(Self { signals })
    }

    /// Takes the signals that came since the last call.
    pub(super) fn take(&mut self) -> Asked {
        let mut asked = Asked::default();
        for signal in self.signals.pending() {
            match signal {
                SIGTERM => asked.stop = Some("SIGTERM"),
                SIGINT => asked.stop = Some("SIGINT"),
                SIGUSR1 => asked.report = true,
                _ => log::info!("SIGHUP ignored: the configuration file is read at the start only"),
            }
        }
        asked
    }
}
