//! Live settings: `get-…`, `set-…` and `config …`.
//!
//! Values are checked by the server's own table before anything is written, so what it would refuse is refused here.
//! What only a server can know, such as a port that is in use, it tells with its next heartbeat: a change waits for that.

use std::net::IpAddr;

use pyao_config::{Source, describe, live};
use pyao_store::server::{LiveServer, ServerId};
use pyao_store::{ServerSettings, keyspace};

use super::scope::Scope;
use super::{Context, in_force};
use crate::cli::{HowToChange, HowToSet};
use crate::failure::{Code, Failure};
use crate::output::{Answer, Cell, Change, Column, Reply, ServerAnswer, Table, column};

/// What running servers do when a setting changes.
const EFFECTS: &[(&str, &str)] = &[
    ("server.host", "listens there, players stay"),
    ("server.port", "listens there, players stay"),
    ("server.max_connections", "counts for new connections"),
    ("limits.connections_per_ip", "counts for new connections"),
    ("limits.logins_per_minute_per_ip", "counts for new attempts"),
    ("limits.creations_per_day_per_ip", "counts for new creations"),
    ("limits.packets_per_second", "counts for everybody at once"),
    ("limits.chat_per_second", "counts for everybody at once"),
    ("limits.handshake_seconds", "counts for new connections"),
    ("limits.idle_minutes", "counts for everybody at once"),
    ("limits.absent_characters", "counts at once, the oldest leave"),
    ("limits.absent_characters_per_ip", "counts at once, the oldest leave"),
    ("limits.overload_percent", "counts at once"),
    ("game.disconnect_stay_seconds", "counts for everybody at once"),
    ("game.motd", "shown at the next login"),
    ("game.dice_min", "counts for new throws"),
    ("game.dice_max", "counts for new throws"),
];

const LIST_COLUMNS: &[Column] = &[
    column("SETTING", "setting"),
    column("VALUE", "value"),
    column("SOURCE", "source").dropped(1),
    column("ALLOWED", "allowed").dropped(2),
    column("RUNNING SERVERS", "effect").dropped(3),
];

const SOURCE_COLUMNS: &[Column] =
    &[column("SETTING", "setting"), column("VALUE", "value"), column("SOURCE", "source").dropped(1)];

/// Where the value of a live setting is from: the store, or else the configuration.
struct Effective {
    value: String,
    source: String,
}

/// The value in the store, else the one a server with this configuration would start with.
fn effective(context: &Context, stored: &ServerSettings, name: &str) -> Effective {
    match stored.get(name) {
        Some(value) => Effective { value: value.to_owned(), source: Source::Store.to_string() },
        None => Effective {
            value: live::text(&context.loaded.config, name).unwrap_or_default(),
            source: context.loaded.sources.of(name).to_string(),
        },
    }
}

/// What is wrong with a value that is in the store already.
fn fault(context: &Context, stored: &ServerSettings, name: &str) -> Option<String> {
    check(context, stored, name, stored.get(name)?).err()
}

/// `value` in its usual form, if servers would take it beside what else is set; else what was expected.
fn check(context: &Context, stored: &ServerSettings, name: &str, value: &str) -> Result<String, String> {
    let mut config = context.loaded.config.clone();
    for (other, text) in stored.effective().iter().filter(|(other, _)| *other != name) {
        // Servers ignore what is not valid, and so does this check.
        let _ = live::set(&mut config, other, text);
    }
    live::set(&mut config, name, value).map_err(|expected| match name {
        // The file may say 0, any free port; a running server may not be told so.
        "server.port" => "a whole number from 1 to 65535".to_owned(),
        _ => expected,
    })?;
    let text = live::text(&config, name).unwrap_or_default();
    if name == "server.host" && !is_host(&text) {
        return Err("an IP address or a host name".to_owned());
    }
    Ok(text)
}

/// Whether `text` is an IP address, or a host name: dotted labels of letters, digits and inner hyphens.
fn is_host(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let looks_like_address = text.split('.').all(|label| label.chars().all(|c| c.is_ascii_digit()));
    text.parse::<IpAddr>().is_ok()
        || (text.len() <= 253 && !looks_like_address && text.split('.').all(is_label))
}

fn effect_of(name: &str) -> &'static str {
    EFFECTS.iter().find(|(each, _)| *each == name).map_or("", |(_, effect)| effect)
}

/// `get-…` and `config get`.
pub fn get(context: &mut Context, name: &str, server: Option<&ServerId>) -> Result<Reply, Failure> {
    let live = context.store.servers()?;
    let scope = Scope::of(context, name, server, &live)?;
    let stored = scope.stored(context)?;
    let Effective { value, source } = effective(context, &stored, name);
    let mut notes = Vec::new();
    match (&scope.server, scope.value(&stored)) {
        (_, None) if stored.get(name).is_none() => {
            notes.push(format!("not set in the store; this is what the configuration says ({source})"));
        }
        (Some(server), None) => {
            notes.push(format!("{server} has none of its own; this is that of all servers"))
        }
        (Some(server), Some(_)) => notes.push(format!("{server} has this of its own")),
        (None, _) => {}
    }
    let fault = fault(context, &stored, name);
    if let Some(expected) = &fault {
        notes.push(format!("not valid, servers ignore it: expected {expected}"));
    }
    let mut answers = in_force::answers(context, &scope, &value, &live)?;
    notes.extend(answers.iter_mut().filter_map(|answer| difference(context, &stored, &value, answer)));
    let fields = vec![
        ("setting", name.into()),
        ("value", value.as_str().into()),
        ("source", source.as_str().into()),
        ("valid", fault.is_none().into()),
        ("servers", answers.iter().map(ServerAnswer::json).collect()),
    ];
    Ok(Reply::Value { text: value, fields, notes })
}

/// What a server has in force instead of the stored value, when that is another one.
fn difference(
    context: &Context,
    stored: &ServerSettings,
    value: &str,
    answer: &mut ServerAnswer,
) -> Option<String> {
    let name = answer.setting.as_str();
    let in_force = answer.in_force.as_deref()?;
    // " 7666" in the store is 7666 in force.
    if matches!(answer.answer, Answer::None) {
        if check(context, stored, name, value).is_ok_and(|usual| usual == in_force) {
            answer.answer = Answer::Follows;
        } else {
            return Some(format!("{}: {in_force} is in force", answer.server));
        }
    }
    match &answer.answer {
        Answer::Follows | Answer::None => None,
        Answer::Refused(reason) => {
            Some(format!("{}: {in_force} is in force; {value} was refused: {reason}", answer.server))
        }
        Answer::KeepsOwn(own) if own == in_force => {
            Some(format!("{}: {in_force} is in force, its own", answer.server))
        }
        Answer::KeepsOwn(own) => Some(format!("{}: {in_force} is in force; its own is {own}", answer.server)),
    }
}

/// `set-…` and `config set`.
pub fn set(context: &mut Context, name: &str, value: &str, how: &HowToSet) -> Result<Reply, Failure> {
    let live = context.store.servers()?;
    if let ("server.port", None, [_, _, ..]) = (name, &how.server, &live[..]) {
        return Err(several_servers(&live));
    }
    let scope = Scope::of(context, name, how.server.as_ref(), &live)?;
    let stored = scope.stored(context)?;
    let value = if name == "game.motd" { value.replace("\\n", "\n") } else { value.to_owned() };
    let new = check(context, &stored, name, &value).map_err(|expected| {
        Failure::new(
            Code::Usage,
            format!("{name}: expected {expected}, found {:?}", describe::excerpt(&value)),
        )
        .hint("nothing was written; `pyao-admin config list` shows what is allowed")
    })?;
    change(context, &scope, &stored, Some(new), how)
}

/// One port for several servers: on one machine they would fight for it.
fn several_servers(live: &[LiveServer]) -> Failure {
    let ids: Vec<&str> = live.iter().map(|live| live.run.server.as_str()).collect();
    let message =
        format!("{} servers are live ({}): which one is to have the port?", ids.len(), ids.join(", "));
    Failure::new(Code::Usage, message).hint(format!("nothing was written; name it: --server {}", ids[0]))
}

/// `config unset`.
pub fn unset(context: &mut Context, name: &str, how: &HowToSet) -> Result<Reply, Failure> {
    let live = context.store.servers()?;
    let scope = Scope::of(context, name, how.server.as_ref(), &live)?;
    let stored = scope.stored(context)?;
    change(context, &scope, &stored, None, how)
}

fn change(
    context: &mut Context,
    scope: &Scope,
    stored: &ServerSettings,
    new: Option<String>,
    how: &HowToSet,
) -> Result<Reply, Failure> {
    let old = scope.value(stored).map(str::to_owned);
    expect_value(&scope.what(), &effective(context, stored, &scope.name).value, &how.change)?;
    let is_change = old != new;
    let dry_run = how.change.dry_run;
    if is_change && !dry_run {
        write(context, scope, old.as_deref(), new.as_deref(), &how.change)?;
    }
    // What counts from now on: without a value of its own a server has that of all servers.
    let shared = scope.server.as_ref().and_then(|_| stored.shared.get(&scope.name));
    let counts = new.as_ref().or(shared).cloned();
    let is_set = counts.is_some();
    let mut change = Change { what: scope.what(), old, new, dry_run, ..Change::default() };
    if let Some(value) = counts.filter(|_| !dry_run && !how.no_wait) {
        change.servers = in_force::wait_for(context, scope, &value)?;
        if !is_change {
            change.servers.retain(|answer| answer.answer != Answer::Follows);
        }
    }
    change.effect = match (is_change, change.servers.is_empty()) {
        (false, _) => "nothing to change".to_owned(),
        (true, false) => effect_of(&scope.name).to_owned(),
        (true, true) => effect(context, scope, is_set)?,
    };
    Ok(Reply::Change(change))
}

/// Writes a setting; with `--if-value` only when nobody has changed it since it was looked at.
fn write(
    context: &mut Context,
    scope: &Scope,
    old: Option<&str>,
    new: Option<&str>,
    how: &HowToChange,
) -> Result<(), Failure> {
    if how.if_value.is_none() {
        return scope.write(context, new);
    }
    if scope.replace(context, old, new)? {
        return Ok(());
    }
    let stored = scope.stored(context)?;
    expect_value(&scope.what(), &effective(context, &stored, &scope.name).value, how)?;
    // Changed, and changed back: the same question may be asked again.
    Err(Failure::new(Code::Conflict, format!("{} was changed meanwhile", scope.what()))
        .hint("nothing was written; try again"))
}

/// Refuses when the value is not what `--if-value` says.
pub fn expect_value(what: &str, now: &str, how: &HowToChange) -> Result<(), Failure> {
    match &how.if_value {
        Some(expected) if expected != now => {
            Err(Failure::new(Code::Conflict, format!("{what} is {now:?}, not {expected:?}"))
                .hint("nothing was written; look again and decide"))
        }
        _ => Ok(()),
    }
}

/// What a change does that is not waited for.
fn effect(context: &mut Context, scope: &Scope, is_set: bool) -> Result<String, Failure> {
    let servers = context.store.servers()?;
    let is_meant = |live: &&LiveServer| scope.server.as_ref().is_none_or(|id| *id == live.run.server);
    let live = servers.iter().filter(is_meant).count();
    Ok(match (live, is_set, &scope.server) {
        (0, _, Some(server)) => format!(
            "{server} is not live: applies at its next start, unless one of its flags or variables says else"
        ),
        (0, _, None) => {
            "no live server: applies at the next start, unless a flag or variable of the server says else"
                .to_owned()
        }
        (1, true, _) => format!("1 live server applies it within 2 s: {}", effect_of(&scope.name)),
        (live, true, _) => format!("{live} live servers apply it within 2 s: {}", effect_of(&scope.name)),
        (_, false, _) => {
            "live servers keep the value they have; the configuration decides at their next start".to_owned()
        }
    })
}

/// `config list`.
pub fn list(context: &mut Context) -> Result<Reply, Failure> {
    let live = context.store.servers()?;
    context.store.check_settings()?;
    let stored = ServerSettings { shared: context.store.settings()?, ..ServerSettings::default() };
    let mut notes = Vec::new();
    let mut rows = Vec::new();
    for (name, _) in keyspace::SETTINGS {
        let Effective { value, source } = effective(context, &stored, name);
        if let Some(expected) = fault(context, &stored, name) {
            notes.push(format!(
                "{name}: {:?} is not valid, servers ignore it: expected {expected}",
                describe::excerpt(&value)
            ));
        }
        let scope = Scope { name: (*name).to_owned(), server: None };
        for mut answer in in_force::answers(context, &scope, &value, &live)? {
            let told = difference(context, &stored, &value, &mut answer);
            notes.extend(told.map(|told| format!("{name}: {told}")));
        }
        rows.push(vec![
            Cell::text(*name),
            Cell::text(value),
            Cell::text(source),
            Cell::text(allowed(name)),
            Cell::text(effect_of(name)),
        ]);
    }
    Ok(Reply::Table(Table { name: "settings", columns: LIST_COLUMNS, rows, fields: Vec::new(), notes }))
}

/// What may stand in a live setting.
fn allowed(name: &str) -> String {
    match name {
        "server.host" => "IP address or host name".to_owned(),
        "server.port" => "1..65535".to_owned(),
        _ => describe::allowed(name).unwrap_or_default(),
    }
}

/// `config sources`.
pub fn sources(context: &mut Context) -> Result<Reply, Failure> {
    context.store.check_settings()?;
    let mut loaded = context.loaded.clone();
    let stored = match ServerId::new(&loaded.config.server.id) {
        Ok(server) => context.store.settings_of(&server)?.effective(),
        Err(_) => context.store.settings()?,
    };
    let mut notes = loaded.lay_store_over(&stored).remarks;
    notes.push(
        "these are the layers as this shell sees them; a server may have been given other flags".to_owned(),
    );
    let rows = loaded
        .entries()
        .into_iter()
        .map(|entry| {
            vec![Cell::text(entry.key), Cell::text(entry.value), Cell::text(entry.source.to_string())]
        })
        .collect();
    Ok(Reply::Table(Table { name: "settings", columns: SOURCE_COLUMNS, rows, fields: Vec::new(), notes }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_live_setting_tells_its_effect_and_range() {
        for (name, _) in keyspace::SETTINGS {
            assert!(!effect_of(name).is_empty(), "{name}");
            assert!(!allowed(name).is_empty(), "{name}");
        }
        assert_eq!(EFFECTS.len(), keyspace::SETTINGS.len());
    }

    #[test]
    fn hosts_are_addresses_or_names() {
        for good in ["0.0.0.0", "::1", "localhost", "norte-1.example.org", "3com.example"] {
            assert!(is_host(good), "{good}");
        }
        for bad in
            ["", "a b", "256.1.1.1", "1.2.3", "-a", "a-", "a..b", "a:80", "http://a", "ñ", &"a".repeat(64)]
        {
            assert!(!is_host(bad), "{bad:?}");
        }
    }
}
