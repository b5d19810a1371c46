//! The answers of live servers to a setting: the value in force at each, and waiting for them after a change.

use std::time::{Duration, Instant};

use pyao_store::server::LiveServer;

use super::Context;
use super::scope::{Scope, may_be_own};
use crate::failure::Failure;
use crate::output::{Answer, ServerAnswer};

/// Longest wait for servers to follow a change. They look once a second, and tell at once what came of it.
const WAIT: Duration = Duration::from_secs(3);
/// Between two looks at what they tell.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Waits until every live server that the setting is for has followed or refused `value`, for at most [`WAIT`]; what
/// each of them makes of it.
pub fn wait_for(context: &mut Context, scope: &Scope, value: &str) -> Result<Vec<ServerAnswer>, Failure> {
    let end = Instant::now() + WAIT;
    loop {
        let live = context.store.servers()?;
        let answers = answers(context, scope, value, &live)?;
        let is_waiting = answers.iter().any(|answer| matches!(answer.answer, Answer::None));
        if !is_waiting || Instant::now() >= end {
            return Ok(answers);
        }
        std::thread::sleep(LOOK_EVERY);
    }
}

/// Returns the answer of each live server to `value`, which is in the store.
pub fn answers(
    context: &mut Context,
    scope: &Scope,
    value: &str,
    live: &[LiveServer],
) -> Result<Vec<ServerAnswer>, Failure> {
    let mut answers = Vec::new();
    for server in live.iter().filter(|live| scope.server.as_ref().is_none_or(|id| *id == live.run.server)) {
        let own = match &scope.server {
            Some(_) => None,
            None => own_value(context, scope, server)?,
        };
        let answer = match own {
            Some(own) => Answer::KeepsOwn(own),
            None => answer_of(server, &scope.name, value),
        };
        answers.push(ServerAnswer {
            server: server.run.server.to_string(),
            setting: scope.name.clone(),
            in_force: server.status.settings.get(&scope.name).cloned(),
            answer,
        });
    }
    Ok(answers)
}

/// Returns the value that wins at this server over the one of all servers.
fn own_value(context: &mut Context, scope: &Scope, server: &LiveServer) -> Result<Option<String>, Failure> {
    if !may_be_own(&scope.name) {
        return Ok(None);
    }
    Ok(context.store.settings_of(&server.run.server)?.own.remove(&scope.name))
}

fn answer_of(server: &LiveServer, name: &str, value: &str) -> Answer {
    let (settings, refused) = (&server.status.settings, &server.status.refused);
    match (refused.get(name), settings.get(name)) {
        (Some(refusal), _) if refusal.value == value => Answer::Refused(refusal.reason.clone()),
        (_, Some(in_force)) if in_force == value => Answer::Follows,
        _ => Answer::None,
    }
}
