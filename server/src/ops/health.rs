//! The health report: whether the server serves, and whether what it leans on does.

use super::overload::Step;

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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// Whether the store carried out what it was last asked.
    pub store_answers: bool,
    /// Store requests not answered yet.
    pub store_waiting: u64,
    /// Live settings whose value in the store is not in force, because it is not valid or cannot be followed.
    pub settings_not_followed: Vec<&'static str>,
    /// How far up the ladder of overload the server is.
    pub overload: Step,
    /// Whether the server is shutting down.
    pub is_shutting_down: bool,
    /// Players in the world whose connection stands.
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
        self.game().max(self.store()).max(self.settings())
    }

    /// Sending less often is not worth a look; leaving things out is.
    fn game(&self) -> Status {
        match self.overload {
            _ if self.is_shutting_down => Status::Unhealthy,
            Step::Calm | Step::Coalesce | Step::CoalesceMore => Status::Healthy,
            Step::ThinCosmetics | Step::RefuseLogins => Status::Degraded,
        }
    }

    /// A store that is away degrades: play goes on from memory.
    fn store(&self) -> Status {
        if self.store_answers { Status::Healthy } else { Status::Degraded }
    }

    /// A setting that cannot be followed, such as a port that is taken, leaves the old one in force.
    fn settings(&self) -> Status {
        if self.settings_not_followed.is_empty() { Status::Healthy } else { Status::Degraded }
    }

    /// The report as JSON. Every value is a number or one of our own words, so nothing needs escaping.
    #[must_use]
    pub fn to_json(&self) -> String {
        let not_followed: Vec<_> =
            self.settings_not_followed.iter().map(|key| format!("\"{key}\"")).collect();
        format!(
            "{{\"status\":\"{}\",\"services\":{{\"game\":\"{}\",\"store\":\"{}\",\"settings\":\"{}\"}},\
             \"settings_not_followed\":[{}],\"overload\":\"{}\",\"players\":{},\"connections\":{},\"store_requests_waiting\":{},\
             \"uptime_seconds\":{}}}\n",
            self.status().label(),
            self.game().label(),
            self.store().label(),
            self.settings().label(),
            not_followed.join(","),
            self.overload,
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
        settings_not_followed: Vec::new(),
        overload: Step::Calm,
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
                "{\"status\":\"healthy\",\"services\":{\"game\":\"healthy\",\"store\":\"healthy\",\"settings\":\"healthy\"}"
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

    #[test]
    fn an_overloaded_server_is_degraded_once_it_leaves_things_out() {
        assert_eq!(Health { overload: Step::CoalesceMore, ..WELL }.status(), Status::Healthy);
        let thinning = Health { overload: Step::ThinCosmetics, ..WELL };
        assert_eq!(thinning.status(), Status::Degraded);
        assert!(thinning.to_json().contains("\"overload\":\"thin_cosmetics\""));
    }

    #[test]
    fn a_setting_that_cannot_be_followed_degrades_and_is_named() {
        let taken = Health { settings_not_followed: vec!["server.port", "game.motd"], ..WELL };
        assert_eq!(taken.status(), Status::Degraded);
        let json = taken.to_json();
        assert!(json.contains("\"settings_not_followed\":[\"server.port\",\"game.motd\"]"), "{json}");
    }
}
