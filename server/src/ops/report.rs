//! The status report: one log line with what an operator asks first, on SIGUSR1.

use super::health::Health;
use super::metrics::{Counter, Gauge, Metrics};

/// Writes the line. Its gauges must have been set.
#[must_use]
pub fn status_report(health: &Health, metrics: &Metrics) -> String {
    let not_followed = health.settings_not_followed.join(",");
    format!(
        "status: {} uptime_s={} players={} connections={} overload={} store={} store_waiting={} passwords_waiting={} \
         settings_not_followed=[{not_followed}] accepted={} refused={} closed={} bytes_in={} bytes_out={}",
        health.status().label(),
        health.uptime_seconds,
        health.players,
        health.connections,
        health.overload,
        if health.store.takes_saves { "answers" } else { "away" },
        health.store.waiting,
        metrics.gauge(Gauge::PasswordsWaiting),
        metrics.count(Counter::Accepts),
        metrics.refusals.total(),
        metrics.closes.total(),
        metrics.count(Counter::BytesIn),
        metrics.count(Counter::BytesOut),
    )
}
