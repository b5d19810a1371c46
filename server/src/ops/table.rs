//! The table of metrics: name, kind, labels and help of each, in the order of the output.
//!
//! Dashboards depend on the names: change none.

/// Kind of a metric, as Prometheus knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts durations by size.
    Histogram,
}

impl Kind {
    /// Returns the word for it in the output.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// One metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// The name.
    pub name: &'static str,
    /// Its kind.
    pub kind: Kind,
    /// Names of the labels that tell its values apart.
    pub labels: &'static [&'static str],
    /// The meaning of a value, with its unit.
    pub help: &'static str,
}

/// Declares groups of metrics: an enum each, with the row of every variant.
macro_rules! metrics {
    ($($(#[$doc:meta])* $group:ident {
        $($metric:ident, $kind:ident, $name:literal, [$($label:literal),*], $help:literal;)+
    })+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $group {$(
            #[doc = $help]
            $metric,
        )+}

        impl $group {
            /// Every metric of the group, in the order of the output.
            pub const ALL: &'static [Self] = &[$(Self::$metric),+];

            /// Returns the row of the metric.
            #[must_use]
            pub const fn row(self) -> Row {
                match self {$(
                    Self::$metric => Row { name: $name, kind: Kind::$kind, labels: &[$($label),*], help: $help },
                )+}
            }
        }
    )+};
}

metrics! {
    /// One number each that only grows; tools show these too.
    Counter {
        Accepts, Counter, "pyao_accepts_total", [], "Sockets accepted on the players' port.";
        BytesIn, Counter, "pyao_bytes_in_total", [], "Bytes received from players.";
        SegmentsOut, Counter, "pyao_segments_out_total", [], "Segments of whole packets sent to players.";
        BytesOut, Counter, "pyao_bytes_out_total", [], "Bytes sent to players.";
        Flushes, Counter, "pyao_flushes_total", [], "Times the loop sent what was waiting.";
        SendsBlocked, Counter, "pyao_sends_blocked_total", [],
            "Times a player had no room for what was to be sent; a standstill counts once.";
        Throttles, Counter, "pyao_throttles_total", [], "Times a connection had to wait for its packet budget.";
        ChatDropped, Counter, "pyao_chat_dropped_total", [],
            "Lines of chat dropped because their player said too much.";
        AcceptErrors, Counter, "pyao_accept_errors_total", [], "Failed accepts, such as no file descriptor left.";
        PollErrors, Counter, "pyao_poll_errors_total", [], "Failed waits for events.";
        SettingsRefused, Counter, "pyao_settings_refused_total", [],
            "Live settings of the store that were not valid or could not be followed.";
        StoreRequests, Counter, "pyao_store_requests_total", [],
            "Requests of the game to the store; heartbeats and looks at settings do not count.";
        StoreFailures, Counter, "pyao_store_failures_total", [],
            "Requests that the store could not carry out, heartbeats and looks at settings included.";
        PasswordJobs, Counter, "pyao_password_jobs_total", [], "Passwords given to be hashed or checked.";
        OpsRequests, Counter, "pyao_ops_requests_total", [], "Requests to the ops port.";
        Faults, Counter, "pyao_faults_total", [],
            "Faults of the server's own: states that cannot be, of which the log names the first of each kind.";
        Turns, Counter, "pyao_turns_total", [], "Turns of the loop.";
        SlowTurns, Counter, "pyao_slow_turns_total", [], "Turns of the loop that worked for 100 ms or more.";
    }

    /// One number each that goes up and down; set just before the output is written.
    Gauge {
        Connections, Gauge, "pyao_connections", [], "Open connections, those being closed included.";
        Players, Gauge, "pyao_players", [], "Players in the world whose connection stands.";
        AbsentCharacters, Gauge, "pyao_absent_characters", [], "Characters in the world whose connection was lost.";
        CharacterNumbersFree, Gauge, "pyao_character_numbers_free", [],
            "Players and creatures that the world has numbers left for, of 32,767.";
        Throttled, Gauge, "pyao_connections_throttled", [], "Connections waiting for their packet budget.";
        StoreWaiting, Gauge, "pyao_store_requests_waiting", [], "Store requests not answered yet.";
        StoreSuccess, Gauge, "pyao_store_last_success_seconds", [],
            "Seconds since a save, a change of sessions or a heartbeat last succeeded on the store.";
        PasswordsWaiting, Gauge, "pyao_password_jobs_waiting", [], "Password jobs that wait for a thread.";
        Uptime, Gauge, "pyao_uptime_seconds", [], "Seconds since the server started.";
        Overload, Gauge, "pyao_overload_step", [],
            "Step of the overload ladder: 0 calm, 1 coalesce, 2 coalesce_more, 3 thin_cosmetics, 4 refuse_logins.";
    }

    /// Everything else: several values each, or a number that another part of the server counts.
    Family {
        Thinned, Counter, "pyao_packets_thinned_total", [], "Sounds and passing effects left out because of overload.";
        Refusals, Counter, "pyao_refusals_total", ["reason"], "Connections refused at the door, by reason.";
        Closes, Counter, "pyao_closes_total", ["reason"], "Connections closed, by reason.";
        OverloadSteps, Counter, "pyao_overload_steps_total", ["step"],
            "Times the server climbed up to a step of the overload ladder, by step.";
        PacketsIn, Counter, "pyao_packets_in_total", ["id", "packet"], "Packets received, by name.";
        PacketsOut, Counter, "pyao_packets_out_total", ["id", "packet"], "Packets queued for players, by name.";
        TurnSeconds, Histogram, "pyao_turn_seconds", [], "Time one turn of the loop worked, waiting excluded.";
        StoreSeconds, Histogram, "pyao_store_answer_seconds", [],
            "Time until the store answered, waiting behind other requests included; measured once a second.";
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_has_a_name_of_its_own_that_tells_its_kind() {
        let counters = Counter::ALL.iter().map(|counter| counter.row());
        let gauges = Gauge::ALL.iter().map(|gauge| gauge.row());
        let families = Family::ALL.iter().map(|family| family.row());
        let rows: Vec<Row> = counters.chain(gauges).chain(families).collect();
        for row in &rows {
            assert!(row.name.starts_with("pyao_") && row.help.ends_with('.'), "{row:?}");
            assert_eq!(row.kind == Kind::Counter, row.name.ends_with("_total"), "{row:?}");
        }
        let names: std::collections::BTreeSet<&str> = rows.iter().map(|row| row.name).collect();
        assert_eq!(names.len(), rows.len());
        assert!(Counter::ALL.iter().all(|counter| counter.row().kind == Kind::Counter));
        assert!(Gauge::ALL.iter().all(|gauge| gauge.row().kind == Kind::Gauge));
    }
}
