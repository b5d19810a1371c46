//! The health report: whether the server serves, and whether what it leans on does.

use super::overload::OverloadLevel;

/// The state of a part.
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
    /// Returns the word in the report.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Degraded => "degraded",
            Self::Unhealthy => "unhealthy",
        }
    }
}

/// A store that took no save and no heartbeat for longer than this needs a look.
const SUCCESS_SECONDS_MAX: u64 = 15;
/// So does one that leaves a question unanswered for so long.
const QUESTION_MS_MAX: u64 = 2_000;

/// The state of the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreHealth {
    /// True if it takes saves; false from its first failure until it has taken all that waits.
    pub takes_saves: bool,
    /// True if it was found emptied, or swapped for another one, a short while ago.
    pub was_emptied: bool,
    /// Seconds since a save, a change of sessions or a heartbeat last succeeded.
    pub seconds_since_success: u64,
    /// Milliseconds that the oldest unanswered question has waited; 0 when none waits.
    pub oldest_question_ms: u64,
    /// Requests not answered yet.
    pub waiting: u64,
}

impl StoreHealth {
    fn is_well(&self) -> bool {
        self.takes_saves
            && self.seconds_since_success <= SUCCESS_SECONDS_MAX
            && self.oldest_question_ms < QUESTION_MS_MAX
    }
}

/// The contents of the report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// True if the store is a Redis.
    pub uses_redis: bool,
    /// The state of the store.
    pub store: StoreHealth,
    /// Live settings whose value in the store is not in force, because it is not valid or cannot be followed.
    pub settings_not_followed: Vec<&'static str>,
    /// Level of overload.
    pub overload: OverloadLevel,
    /// True if the server is shutting down.
    pub is_shutting_down: bool,
    /// Players in the world whose connection stands.
    pub players: u64,
    /// Open connections.
    pub connections: u64,
    /// Faults of the server's own, which are counted alone: play goes on.
    pub faults: u64,
    /// Seconds since the start.
    pub uptime_seconds: u64,
}

impl Health {
    /// Returns the state of the whole, which is that of its worst part. A store that is away degrades: play goes on from memory. So does a setting
    /// that cannot be followed, such as a port that is taken: the old one stays in force.
    #[must_use]
    pub fn status(&self) -> Status {
        let is_well = self.store.is_well() && self.settings_not_followed.is_empty();
        self.game().max(if is_well { Status::Healthy } else { Status::Degraded })
    }

    /// Returns the state of the game: sending less often is no degradation, leaving things out is.
    fn game(&self) -> Status {
        match self.overload {
            _ if self.is_shutting_down => Status::Unhealthy,
            OverloadLevel::Calm | OverloadLevel::Coalesce | OverloadLevel::CoalesceMore => Status::Healthy,
            OverloadLevel::ThinCosmetics | OverloadLevel::RefuseLogins => Status::Degraded,
        }
    }

    /// Writes the report as JSON. Every value is a number or one of our own words, so nothing needs escaping. Its beginning is
    /// what monitors of other servers of this family look for.
    #[must_use]
    pub fn to_json(&self) -> String {
        let api = match self.game() {
            Status::Healthy => "ok",
            Status::Degraded => "overloaded",
            Status::Unhealthy => "stopping",
        };
        let database = if self.store.is_well() { "ok" } else { "error" };
        let redis = if self.uses_redis { database } else { "off" };
        let not_followed: Vec<_> =
            self.settings_not_followed.iter().map(|key| format!("\"{key}\"")).collect();
        format!(
            "{{\"status\":\"{}\",\"services\":{{\"api\":\"{api}\",\"database\":\"{database}\",\"redis\":\"{redis}\"}},\
             \"settings_not_followed\":[{}],\"overload\":\"{}\",\"players\":{},\"connections\":{},\
             \"store_emptied\":{},\"store_last_success_seconds\":{},\"store_oldest_question_ms\":{},\
             \"store_requests_waiting\":{},\"faults\":{},\"uptime_seconds\":{}}}\n",
            self.status().label(),
            not_followed.join(","),
            self.overload,
            self.players,
            self.connections,
            self.store.was_emptied,
            self.store.seconds_since_success,
            self.store.oldest_question_ms,
            self.store.waiting,
            self.faults,
            self.uptime_seconds,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WELL: Health = Health {
        uses_redis: true,
        store: STORE,
        settings_not_followed: Vec::new(),
        overload: OverloadLevel::Calm,
        is_shutting_down: false,
        players: 2,
        connections: 3,
        faults: 0,
        uptime_seconds: 60,
    };
    const STORE: StoreHealth = StoreHealth {
        takes_saves: true,
        was_emptied: false,
        seconds_since_success: 5,
        oldest_question_ms: 3,
        waiting: 1,
    };

    fn with_store(store: StoreHealth) -> Health {
        Health { store, ..WELL }
    }

    #[test]
    fn the_report_begins_with_the_words_that_monitors_know() {
        let literal = r#"{"status":"healthy","services":{"api":"ok","database":"ok","redis":"ok"}"#;
        let json = WELL.to_json();
        assert!(json.starts_with(literal), "{json}");
        assert!(json.contains("\"players\":2") && json.ends_with("}\n"), "{json}");
        let embedded = Health { uses_redis: false, ..WELL };
        assert!(embedded.to_json().starts_with(&literal.replace("\"redis\":\"ok\"", "\"redis\":\"off\"")));
    }

    #[test]
    fn a_store_that_takes_nothing_degrades_and_a_shutdown_is_unhealthy() {
        let away = with_store(StoreHealth { takes_saves: false, ..STORE });
        assert_eq!(away.status(), Status::Degraded);
        assert!(away.to_json().contains(r#""database":"error","redis":"error"}"#), "{}", away.to_json());
        let embedded = Health { uses_redis: false, ..away.clone() };
        assert!(embedded.to_json().contains(r#""database":"error","redis":"off"}"#));
        let ending = Health { is_shutting_down: true, ..away };
        assert_eq!(ending.status(), Status::Unhealthy);
        assert!(ending.to_json().contains("\"api\":\"stopping\""));
    }

    #[test]
    fn a_store_that_has_taken_nothing_for_more_than_15_seconds_degrades() {
        let since = |seconds_since_success| with_store(StoreHealth { seconds_since_success, ..STORE });
        assert_eq!(since(15).status(), Status::Healthy);
        assert_eq!(since(16).status(), Status::Degraded);
        assert!(since(16).to_json().contains("\"store_last_success_seconds\":16"));
    }

    #[test]
    fn a_question_that_waits_for_two_seconds_degrades() {
        let oldest = |oldest_question_ms| with_store(StoreHealth { oldest_question_ms, ..STORE });
        assert_eq!(oldest(1_999).status(), Status::Healthy);
        assert_eq!(oldest(2_000).status(), Status::Degraded);
        assert!(oldest(2_000).to_json().contains("\"redis\":\"error\""));
    }

    #[test]
    fn a_store_that_was_emptied_and_is_filled_again_is_told_and_healthy() {
        let emptied = with_store(StoreHealth { was_emptied: true, ..STORE });
        assert_eq!(emptied.status(), Status::Healthy);
        assert!(emptied.to_json().contains("\"store_emptied\":true"));
        assert!(WELL.to_json().contains("\"store_emptied\":false"));
    }

    #[test]
    fn faults_of_the_server_are_told_and_degrade_nothing() {
        let faulty = Health { faults: 7, ..WELL };
        assert_eq!(faulty.status(), Status::Healthy);
        assert!(faulty.to_json().contains("\"faults\":7,"), "{}", faulty.to_json());
    }

    #[test]
    fn an_overloaded_server_is_degraded_once_it_leaves_things_out() {
        assert_eq!(Health { overload: OverloadLevel::CoalesceMore, ..WELL }.status(), Status::Healthy);
        let thinning = Health { overload: OverloadLevel::ThinCosmetics, ..WELL };
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
