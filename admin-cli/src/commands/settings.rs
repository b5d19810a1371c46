//! Live settings: `get-…`, `set-…` and `config …`.
//!
//! Values are checked by the server's own table before anything is written, so what it would refuse is refused here.
//! A server tells with its next heartbeat what it alone can know, such as a port in use: a change waits for that.

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgMatches, Args, Command};
use pyao_config::{Source, live};
use pyao_core::settings::{Setting, excerpt};
use pyao_store::ServerSettings;
use pyao_store::server::{LiveServer, ServerId};

use super::action::{Action, Program, on_store, read};
use super::arguments::{HowToChange, HowToSet, NoArguments, OfServer};
use super::scope::Scope;
use super::{Context, in_force};
use crate::failure::{Code, Failure};
use crate::output::{Answer, Cell, Change, Column, Reply, ServerAnswer, Table, column};

const LIST_COLUMNS: &[Column] = &[
    column("SETTING", "setting"),
    column("VALUE", "value"),
    column("SOURCE", "source").dropped(1),
    column("ALLOWED", "allowed").dropped(2),
    column("RUNNING SERVERS", "effect").dropped(3),
];

const SOURCE_COLUMNS: &[Column] =
    &[column("SETTING", "setting"), column("VALUE", "value"), column("SOURCE", "source").dropped(1)];

/// The effective value of a live setting with its source: the store, or else the configuration.
struct Effective {
    value: String,
    source: String,
}

/// Returns the value in the store, else the one a server with this configuration would start with.
fn effective(context: &Context, stored: &ServerSettings, name: &str) -> Effective {
    match stored.get(name) {
        Some(value) => Effective { value: value.to_owned(), source: Source::Store.to_string() },
        None => Effective {
            value: live::text(&context.loaded.config, name).unwrap_or_default(),
            source: context.loaded.sources.of(name).to_string(),
        },
    }
}

/// Returns the value that was expected, if the one in the store is not valid.
fn fault(context: &Context, stored: &ServerSettings, name: &str) -> Option<String> {
    check(context, stored, name, stored.get(name)?).err()
}

/// Returns `value` in its usual form, if servers would take it beside the other settings; else what was expected.
fn check(context: &Context, stored: &ServerSettings, name: &str, value: &str) -> Result<String, String> {
    let mut config = context.loaded.config.clone();
    for (other, text) in stored.effective().iter().filter(|(other, _)| *other != name) {
        // Servers ignore what is not valid, and so does this check.
        let _ = live::set(&mut config, other, text);
    }
    live::set_new(&mut config, name, value)?;
    Ok(live::text(&config, name).unwrap_or_default())
}

/// Returns the effect on running servers, as the setting's row has it.
fn effect_of(name: &str) -> &'static str {
    Setting::named(name).and_then(|setting| setting.live).map_or("", |live| live.effect)
}

/// Prints one live setting; the command has its name.
pub struct GetOne(pub &'static str);

impl Action for GetOne {
    fn arguments(&self, parser: Command) -> Command {
        OfServer::augment_args(parser)
    }

    fn run(&self, matches: &ArgMatches, program: &Program<'_>) -> Result<Reply, Failure> {
        let OfServer { server } = read(matches)?;
        on_store(program, |context| get(context, self.0, server.as_ref()))
    }
}

/// A live setting by its name.
#[derive(Debug, Args)]
pub struct Named {
    /// The setting
    #[arg(value_parser = PossibleValuesParser::new(live::keys()))]
    name: String,
    /// Of one server, or of all.
    #[command(flatten)]
    of: OfServer,
}

/// Shows a live setting: `config get`.
pub fn get_named(context: &mut Context, Named { name, of }: Named) -> Result<Reply, Failure> {
    get(context, &name, of.server.as_ref())
}

/// Shows a live setting, of one server or of all.
fn get(context: &mut Context, name: &str, server: Option<&ServerId>) -> Result<Reply, Failure> {
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

/// Tells of the value that a server has in force instead of the stored one.
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

/// Changes one live setting, which the command has in its name; then the name of the value in the help.
pub struct SetOne(pub &'static str, pub &'static str);

impl Action for SetOne {
    fn arguments(&self, parser: Command) -> Command {
        let allowed = Setting::named(self.0).map(|setting| setting.allowed().replace("..", " to "));
        let value = Arg::new("value").value_name(self.1).required(true).help(allowed.unwrap_or_default());
        HowToSet::augment_args(parser.arg(value))
    }

    fn run(&self, matches: &ArgMatches, program: &Program<'_>) -> Result<Reply, Failure> {
        let how: HowToSet = read(matches)?;
        let value = matches.get_one::<String>("value").map_or("", String::as_str);
        on_store(program, |context| set(context, self.0, value, &how))
    }
}

/// A new value of a live setting.
#[derive(Debug, Args)]
pub struct NewValue {
    /// The setting
    #[arg(value_parser = PossibleValuesParser::new(live::keys()))]
    name: String,
    /// Its new value; "\n" begins another line of game.motd
    #[arg(allow_hyphen_values = true)]
    value: String,
    /// The manner of the change.
    #[command(flatten)]
    how: HowToSet,
}

/// Changes a live setting: `config set`.
pub fn set_named(context: &mut Context, NewValue { name, value, how }: NewValue) -> Result<Reply, Failure> {
    set(context, &name, &value, &how)
}

/// Changes a live setting, of one server or of all.
fn set(context: &mut Context, name: &str, value: &str, how: &HowToSet) -> Result<Reply, Failure> {
    let live = context.store.servers()?;
    if let ("server.port", None, [_, _, ..]) = (name, &how.server, &live[..]) {
        return Err(several_servers(&live));
    }
    let scope = Scope::of(context, name, how.server.as_ref(), &live)?;
    let stored = scope.stored(context)?;
    let value = Setting::named(name).map_or_else(|| value.to_owned(), |setting| setting.typed(value));
    let new = check(context, &stored, name, &value).map_err(|expected| {
        Failure::new(Code::Usage, format!("{name}: expected {expected}, found {:?}", excerpt(&value)))
            .hint("nothing was written; `pyao-admin config list` shows what is allowed")
    })?;
    change(context, &scope, &stored, Some(new), how)
}

/// Refuses one port for several servers: on one machine only one of them could listen there.
fn several_servers(live: &[LiveServer]) -> Failure {
    let ids: Vec<&str> = live.iter().map(|live| live.run.server.as_str()).collect();
    let message =
        format!("{} servers are live ({}): which one is to have the port?", ids.len(), ids.join(", "));
    Failure::new(Code::Usage, message).hint(format!("nothing was written; name it: --server {}", ids[0]))
}

/// A live setting that is taken out.
#[derive(Debug, Args)]
pub struct OldValue {
    /// The setting
    #[arg(value_parser = PossibleValuesParser::new(live::keys()))]
    name: String,
    /// The manner of the change.
    #[command(flatten)]
    how: HowToSet,
}

/// Takes a live setting out: `config unset`.
pub fn unset(context: &mut Context, OldValue { name, how }: OldValue) -> Result<Reply, Failure> {
    let live = context.store.servers()?;
    let scope = Scope::of(context, &name, how.server.as_ref(), &live)?;
    let stored = scope.stored(context)?;
    change(context, &scope, &stored, None, &how)
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
    // The value that counts from now on: a server without one of its own has that of all servers.
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

/// Tells of the effect of a change that is not waited for.
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

/// Lists live settings: `config list`.
pub fn list(context: &mut Context, _: NoArguments) -> Result<Reply, Failure> {
    let live = context.store.servers()?;
    context.store.check_settings()?;
    let stored = ServerSettings { shared: context.store.settings()?, ..ServerSettings::default() };
    let mut notes = Vec::new();
    let mut rows = Vec::new();
    for (setting, live_row) in live::settings() {
        let name = setting.key;
        let Effective { value, source } = effective(context, &stored, name);
        if let Some(expected) = fault(context, &stored, name) {
            notes.push(format!(
                "{name}: {:?} is not valid, servers ignore it: expected {expected}",
                excerpt(&value)
            ));
        }
        let scope = Scope { name: name.to_owned(), server: None };
        for mut answer in in_force::answers(context, &scope, &value, &live)? {
            let told = difference(context, &stored, &value, &mut answer);
            notes.extend(told.map(|told| format!("{name}: {told}")));
        }
        rows.push(vec![
            Cell::text(name),
            Cell::text(value),
            Cell::text(source),
            Cell::text(setting.allowed()),
            Cell::text(live_row.effect),
        ]);
    }
    Ok(Reply::Table(Table { name: "settings", columns: LIST_COLUMNS, rows, fields: Vec::new(), notes }))
}

/// Lists all settings with their layers: `config sources`.
pub fn sources(context: &mut Context, _: NoArguments) -> Result<Reply, Failure> {
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
