//! Signals as events of the poll.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use mio::{Interest, Registry, Token};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook_mio::v1_0::Signals;

/// Exit code of a server that was told twice to stop.
const STOPPED_AT_ONCE: i32 = 130;

/// The signals of the process.
pub(super) struct SignalSource {
    signals: Signals,
}

impl SignalSource {
    /// Takes over SIGTERM and SIGINT, which ask to stop, and SIGHUP, which does nothing yet.
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
        let mut signals = Signals::new([SIGTERM, SIGINT, SIGHUP])?;
        registry.register(&mut signals, token, Interest::READABLE)?;
        Ok(Self { signals })
    }

    /// The name of a signal to stop that came since the last call.
    pub(super) fn stop_asked(&mut self) -> Option<&'static str> {
        let mut asked = None;
        for signal in self.signals.pending() {
            match signal {
                SIGTERM => asked = Some("SIGTERM"),
                SIGINT => asked = Some("SIGINT"),
                _ => log::info!("SIGHUP ignored: the configuration file is read at the start only"),
            }
        }
        asked
    }
}
