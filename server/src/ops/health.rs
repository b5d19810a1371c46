//! The health report: whether the server serves, and whether what it leans on does.

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// As it should be.
    Healthy,
    /// It serves, but something needs a look.
    Degraded,
    /// It does not serve.
    Unhealthy,
}

impl Status {
    /// The word in the report.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Degraded => "degraded",
            Self::Unhealthy => "unhealthy",
        }
    }
}

/// What the report tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Health {
    /// Whether the store carried out what it was last asked.
    pub store_answers: bool,
    /// Store requests not answered yet.
    pub store_waiting: u64,
    /// Whether the server is shutting down.
    pub is_shutting_down: bool,
    /// Players in the world.
    pub players: u64,
    /// Open connections.
    pub connections: u64,
    /// Seconds since the start.
    pub uptime_seconds: u64,
}

impl Health {
    /// The whole: as bad as its worst part.
    #[must_use]
    pub fn status(&self) -> Status {
        self.game().max(self.store())
    }

    fn game(&self) -> Status {
        if self.is_shutting_down { Status::Unhealthy } else { Status::Healthy }
    }

    /// A store that is away degrades: play goes on from memory.
    fn store(&self) -> Status {
        if self.store_answers { Status::Healthy } else { Status::Degraded }
    }

    /// The report as JSON. Every value is a number or one of our own words, so nothing needs escaping.
    #[must_use]
    pub fn to_json(&self) -> String {
        format!(
            "{{\"status\":\"{}\",\"services\":{{\"game\":\"{}\",\"store\":\"{}\"}},\"players\":{},\"connections\":{},\
             \"store_requests_waiting\":{},\"uptime_seconds\":{}}}\n",
            self.status().label(),
            self.game().label(),
            self.store().label(),
            self.players,
            self.connections,
            self.store_waiting,
            self.uptime_seconds,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WELL: Health = Health {
        store_answers: true,
        store_waiting: 0,
        is_shutting_down: false,
        players: 2,
        connections: 3,
        uptime_seconds: 60,
    };

    #[test]
    fn a_server_that_serves_is_healthy() {
        let json = WELL.to_json();
        assert!(
            json.starts_with(
                "{\"status\":\"healthy\",\"services\":{\"game\":\"healthy\",\"store\":\"healthy\"}"
            ),
            "{json}"
        );
        assert!(json.contains("\"players\":2"), "{json}");
    }

    #[test]
    fn a_store_that_is_away_degrades_and_a_shutdown_is_unhealthy() {
        let away = Health { store_answers: false, ..WELL };
        assert_eq!(away.status(), Status::Degraded);
        assert!(away.to_json().contains("\"store\":\"degraded\""));
        let ending = Health { is_shutting_down: true, ..away };
        assert_eq!(ending.status(), Status::Unhealthy);
    }
}
