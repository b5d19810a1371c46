//! Names of the metrics, with what each means. Dashboards depend on them: change none.

/// A metric as Prometheus knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Name {
    /// The name.
    pub name: &'static str,
    /// What it counts, in its unit.
    pub help: &'static str,
}

const fn name(name: &'static str, help: &'static str) -> Name {
    Name { name, help }
}

/// Counter.
pub const ACCEPTS: Name = name("pyao_accepts_total", "Sockets accepted on the players' port.");
/// Counter by `reason`.
pub const REFUSALS: Name = name("pyao_refusals_total", "Connections refused at the door, by reason.");
/// Counter by `reason`.
pub const CLOSES: Name = name("pyao_closes_total", "Connections closed, by reason.");
/// Counter by `packet`.
pub const PACKETS_IN: Name = name("pyao_packets_in_total", "Packets received, by name.");
/// Counter.
pub const BYTES_IN: Name = name("pyao_bytes_in_total", "Bytes received from players.");
/// Counter.
pub const SEGMENTS_OUT: Name = name("pyao_segments_out_total", "Segments of whole packets sent to players.");
/// Counter.
pub const BYTES_OUT: Name = name("pyao_bytes_out_total", "Bytes sent to players.");
/// Counter.
pub const FLUSHES: Name = name("pyao_flushes_total", "Times the loop sent what was waiting.");
/// Counter.
pub const SENDS_BLOCKED: Name = name(
    "pyao_sends_blocked_total",
    "Times a player had no room for what was to be sent; a standstill counts once.",
);
/// Counter.
pub const THROTTLES: Name =
    name("pyao_throttles_total", "Times a connection had to wait for its packet budget.");
/// Counter.
pub const SLOW_TURNS: Name =
    name("pyao_slow_turns_total", "Turns of the loop that worked for 100 ms or more.");
/// Counter.
pub const THINNED: Name =
    name("pyao_packets_thinned_total", "Sounds and passing effects left out because of overload.");
/// Counter by `step`.
pub const OVERLOAD_STEPS: Name = name(
    "pyao_overload_steps_total",
    "Times the server climbed up to a step of the overload ladder, by step.",
);
/// Gauge.
pub const OVERLOAD: Name = name(
    "pyao_overload_step",
    "Step of the overload ladder: 0 calm, 1 coalesce, 2 coalesce_more, 3 thin_cosmetics, 4 refuse_logins.",
);
/// Counter by `packet`.
pub const PACKETS_OUT: Name = name("pyao_packets_out_total", "Packets queued for players, by name.");
/// Counter.
pub const CHAT_DROPPED: Name =
    name("pyao_chat_dropped_total", "Lines of chat dropped because their player said too much.");
/// Counter.
pub const ACCEPT_ERRORS: Name =
    name("pyao_accept_errors_total", "Failed accepts, such as no file descriptor left.");
/// Counter.
pub const POLL_ERRORS: Name = name("pyao_poll_errors_total", "Failed waits for events.");
/// Counter.
pub const SETTINGS_REFUSED: Name = name(
    "pyao_settings_refused_total",
    "Live settings of the store that were not valid or could not be followed.",
);
/// Counter.
pub const STORE_REQUESTS: Name = name(
    "pyao_store_requests_total",
    "Requests of the game to the store; heartbeats and looks at settings do not count.",
);
/// Counter.
pub const STORE_FAILURES: Name = name(
    "pyao_store_failures_total",
    "Requests that the store could not carry out, heartbeats and looks at settings included.",
);
/// Counter.
pub const PASSWORD_JOBS: Name = name("pyao_password_jobs_total", "Passwords given to be hashed or checked.");
/// Counter.
pub const OPS_REQUESTS: Name = name("pyao_ops_requests_total", "Requests to the ops port.");
/// Counter.
pub const TURNS: Name = name("pyao_turns_total", "Turns of the loop.");
/// Gauge.
pub const CONNECTIONS: Name = name("pyao_connections", "Open connections, those being closed included.");
/// Gauge.
pub const PLAYERS: Name = name("pyao_players", "Players in the world whose connection stands.");
/// Gauge.
pub const ABSENT_CHARACTERS: Name =
    name("pyao_absent_characters", "Characters in the world whose connection was lost.");
/// Gauge.
pub const CHARACTER_NUMBERS_FREE: Name = name(
    "pyao_character_numbers_free",
    "Players and creatures that the world has numbers left for, of 32,767.",
);
/// Gauge.
pub const STORE_WAITING: Name = name("pyao_store_requests_waiting", "Store requests not answered yet.");
/// Gauge.
pub const STORE_SUCCESS: Name = name(
    "pyao_store_last_success_seconds",
    "Seconds since a save, a change of sessions or a heartbeat last succeeded on the store.",
);
/// Gauge.
pub const PASSWORDS_WAITING: Name =
    name("pyao_password_jobs_waiting", "Password jobs the hasher had no room for.");
/// Gauge.
pub const THROTTLED: Name =
    name("pyao_connections_throttled", "Connections waiting for their packet budget.");
/// Gauge.
pub const UPTIME: Name = name("pyao_uptime_seconds", "Seconds since the server started.");
/// Histogram.
pub const STORE_SECONDS: Name = name(
    "pyao_store_answer_seconds",
    "Time until the store answered, waiting behind other requests included; measured once a second.",
);
/// Histogram.
pub const TURN_SECONDS: Name =
    name("pyao_turn_seconds", "Time one turn of the loop worked, waiting excluded.");
