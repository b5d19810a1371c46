//! The answers of live servers to a change of a setting.

use pyao_core::settings::{Consumer, Setting};
use serde_json::{Value as Json, json};

/// The answer of one live server to a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerAnswer {
    /// Its id.
    pub server: String,
    /// The setting.
    pub setting: String,
    /// The value in force there, if it tells any.
    pub in_force: Option<String>,
    /// Its answer to the value in the store.
    pub answer: Answer,
}

/// An answer to a value in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It is in force.
    Follows,
    /// It was refused, for this reason.
    Refused(String),
    /// The server has this value of its own, which wins.
    KeepsOwn(String),
    /// Neither followed nor refused yet.
    None,
}

impl ServerAnswer {
    /// Tells in one line of the server after a change; `effect` is that of a value in force.
    pub(super) fn line(&self, effect: &str) -> String {
        let server = &self.server;
        let in_force = self.in_force.as_deref().unwrap_or("nothing");
        let live = Setting::named(&self.setting).and_then(|setting| setting.live);
        let is_address = live.is_some_and(|live| live.consumer == Consumer::Listener);
        match &self.answer {
            Answer::Follows if is_address => format!("{server}: listens on {in_force}"),
            Answer::Follows => format!("{server}: in force: {effect}"),
            Answer::Refused(reason) => format!("{server}: refused: {reason}"),
            Answer::KeepsOwn(own) => format!("{server}: keeps its own: {own}"),
            Answer::None => {
                format!("{server}: no answer yet; {in_force} was in force when it told last")
            }
        }
    }

    /// Writes it for programs.
    pub fn json(&self) -> Json {
        let (answer, reason) = match &self.answer {
            Answer::Follows => ("follows", None),
            Answer::Refused(reason) => ("refused", Some(reason.as_str())),
            Answer::KeepsOwn(_) => ("keeps_own", None),
            Answer::None => ("none", None),
        };
        json!({ "server": self.server, "answer": answer, "in_force": self.in_force, "reason": reason })
    }
}
