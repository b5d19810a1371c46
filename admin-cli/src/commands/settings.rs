//! Live settings: `get-…`, `set-…` and `config …`.
//!
//! Values are checked by the server's own table before anything is written, so what it would refuse is refused here.

use std::net::IpAddr;

use pyao_server::config::{Source, describe, live};
use pyao_server::store::{Settings, keyspace};

use super::Context;
use crate::cli::HowToChange;
use crate::failure::{Code, Failure};
use crate::output::{Cell, Change, Column, Reply, Table, column};

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
    column("SOURCE", "source"),
    column("ALLOWED", "allowed"),
    column("RUNNING SERVERS", "effect"),
];

const SOURCE_COLUMNS: &[Column] =
    &[column("SETTING", "setting"), column("VALUE", "value"), column("SOURCE", "source")];

/// Where the value of a live setting is from: the store, or else the configuration.
struct Effective {
    value: String,
    source: String,
}

/// The value in the store, else the one a server with this configuration would start with.
fn effective(context: &Context, stored: &Settings, name: &str) -> Effective {
    match stored.get(name) {
        Some(value) => Effective { value: value.clone(), source: Source::Store.to_string() },
        None => Effective {
            value: live::text(&context.loaded.config, name).unwrap_or_default(),
            source: context.loaded.sources.of(name).to_string(),
        },
    }
}

/// What is wrong with a value that is in the store already.
fn fault(context: &Context, stored: &Settings, name: &str) -> Option<String> {
    check(context, stored, name, stored.get(name)?).err()
}

/// `value` in its usual form, if servers would take it beside what else is set; else what was expected.
fn check(context: &Context, stored: &Settings, name: &str, value: &str) -> Result<String, String> {
    let mut config = context.loaded.config.clone();
    for (other, text) in stored.iter().filter(|(other, _)| *other != name) {
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
pub fn get(context: &mut Context, name: &str) -> Result<Reply, Failure> {
    let stored = context.store.settings()?;
    let Effective { value, source } = effective(context, &stored, name);
    let mut notes = Vec::new();
    if !stored.contains_key(name) {
        notes.push(format!("not set in the store; this is what the configuration says ({source})"));
    }
    if let Some(expected) = fault(context, &stored, name) {
        notes.push(format!("not valid, servers ignore it: expected {expected}"));
    }
    let fields = vec![
        ("setting", name.into()),
        ("value", value.as_str().into()),
        ("source", source.as_str().into()),
        ("valid", fault(context, &stored, name).is_none().into()),
    ];
    Ok(Reply::Value { text: value, fields, notes })
}

/// `set-…` and `config set`.
pub fn set(context: &mut Context, name: &str, value: &str, how: &HowToChange) -> Result<Reply, Failure> {
    let stored = context.store.settings()?;
    let value = if name == "game.motd" { value.replace("\\n", "\n") } else { value.to_owned() };
    let new = check(context, &stored, name, &value).map_err(|expected| {
        Failure::new(
            Code::Usage,
            format!("{name}: expected {expected}, found {:?}", describe::excerpt(&value)),
        )
        .hint("nothing was written; `pyao-admin config list` shows what is allowed")
    })?;
    change(context, name, &stored, Some(new), how)
}

/// `config unset`.
pub fn unset(context: &mut Context, name: &str, how: &HowToChange) -> Result<Reply, Failure> {
    let stored = context.store.settings()?;
    change(context, name, &stored, None, how)
}

fn change(
    context: &mut Context,
    name: &str,
    stored: &Settings,
    new: Option<String>,
    how: &HowToChange,
) -> Result<Reply, Failure> {
    let old = stored.get(name).cloned();
    expect_value(name, &effective(context, stored, name).value, how)?;
    let is_change = old != new;
    if is_change && !how.dry_run {
        write(context, name, old.as_deref(), new.as_deref(), how)?;
    }
    let effect =
        if is_change { effect(context, name, new.is_some())? } else { "nothing to change".to_owned() };
    Ok(Reply::Change(Change { what: name.to_owned(), old, new, dry_run: how.dry_run, effect }))
}

/// Writes a setting; with `--if-value` only when nobody has changed it since it was looked at.
fn write(
    context: &mut Context,
    name: &str,
    old: Option<&str>,
    new: Option<&str>,
    how: &HowToChange,
) -> Result<(), Failure> {
    match (&how.if_value, new) {
        (Some(_), _) => {
            if !context.store.replace_setting(name, old, new)? {
                let stored = context.store.settings()?;
                expect_value(name, &effective(context, &stored, name).value, how)?;
                // Changed, and changed back: the same question may be asked again.
                return Err(Failure::new(Code::Conflict, format!("{name} was changed meanwhile"))
                    .hint("nothing was written; try again"));
            }
        }
        (None, Some(value)) => context.store.set_setting(name, value)?,
        (None, None) => {
            context.store.unset_setting(name)?;
        }
    }
    Ok(())
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

fn effect(context: &mut Context, name: &str, is_set: bool) -> Result<String, Failure> {
    let live = context.store.servers()?.len();
    Ok(match (live, is_set) {
        (0, _) => {
            "no live server: applies at the next start, unless a flag or variable of the server says else"
                .to_owned()
        }
        (1, true) => format!("1 live server applies it within 2 s: {}", effect_of(name)),
        (live, true) => format!("{live} live servers apply it within 2 s: {}", effect_of(name)),
        (_, false) => {
            "live servers keep the value they have; the configuration decides at their next start".to_owned()
        }
    })
}

/// `config list`.
pub fn list(context: &mut Context) -> Result<Reply, Failure> {
    let stored = context.store.settings()?;
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
    let stored = context.store.settings()?;
    let mut loaded = context.loaded.clone();
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
