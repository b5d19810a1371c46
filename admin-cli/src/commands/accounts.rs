//! Accounts: list, show, set the password, make game masters.

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use pyao_config::suggest;
use pyao_core::game::accounts::{Gender, Race, check_password, name_from_command};
use pyao_store::records::{AccountRecord, UserId};

use super::arguments::{HowToChange, Who};
use super::kinds::{GENDERS, RACES, class_word, word};
use super::{Context, new_password, settings};
use crate::failure::{Code, Failure};
use crate::output::{Cell, Change, Column, Record, Reply, Table, column};

const COLUMNS: &[Column] = &[
    column("ID", "user_id"),
    column("NAME", "username"),
    column("GM", "gm").dropped(4),
    column("RACE", "race").dropped(3),
    column("CLASS", "class").dropped(2),
    column("HOME", "home").dropped(5),
    column("CREATED", "created_at").dropped(1),
];

const LIST_THEM: &str = "`pyao-admin accounts` lists them";

/// Most accounts that are looked through for one with a similar name.
const SUGGESTION_LIMIT: usize = 10_000;

/// Finds the account of that number, or of the character of that name; `+` stands for a space, as in the game. No name is a
/// number: names begin with a letter.
pub fn find(context: &mut Context, who: &str) -> Result<AccountRecord, Failure> {
    if let Ok(number) = who.parse::<u32>() {
        return find_number(context, UserId(number));
    }
    let name = name_from_command(who);
    if let Some(account) = context.store.find_account(&name)? {
        return Ok(account);
    }
    let names: Vec<String> = context
        .store
        .list_accounts(None, SUGGESTION_LIMIT)?
        .into_iter()
        .map(|account| account.account.username)
        .collect();
    let near = suggest::hint(&name, names.iter().map(String::as_str));
    Err(Failure::new(Code::NotFound, format!("there is no account {name:?}{near}")).hint(LIST_THEM))
}

fn find_number(context: &mut Context, user_id: UserId) -> Result<AccountRecord, Failure> {
    let before = user_id.0.checked_sub(1).map(UserId);
    let found = context.store.list_accounts(before, 1)?.pop();
    found.filter(|account| account.user_id == user_id).ok_or_else(|| {
        Failure::new(Code::NotFound, format!("there is no account with the number {user_id}")).hint(LIST_THEM)
    })
}

/// A page of accounts.
#[derive(Debug, Args)]
pub struct Page {
    /// Begin after this account
    #[arg(long, value_name = "ID|NAME")]
    after: Option<String>,
    /// Most accounts of a page
    #[arg(long, value_name = "NUMBER", default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    limit: u16,
}

/// Lists accounts: `accounts`.
pub fn list(context: &mut Context, page: Page) -> Result<Reply, Failure> {
    let limit = usize::from(page.limit);
    let after = match page.after.as_deref().map(|after| (after, after.parse())) {
        // Also a number that no account has any more.
        Some((_, Ok(number))) => Some(UserId(number)),
        Some((name, Err(_))) => Some(find(context, name)?.user_id),
        None => None,
    };
    let mut accounts = context.store.list_accounts(after, limit + 1)?;
    let has_more = accounts.len() > limit;
    accounts.truncate(limit);
    let next = accounts.last().filter(|_| has_more).map(|account| account.user_id.0);
    let row = |record: &AccountRecord| {
        let account = &record.account;
        vec![
            Cell::Number(record.user_id.0.into()),
            Cell::text(&account.username),
            Cell::Flag(record.is_gm),
            Cell::Text(word(RACES, Race::from_wire(account.race), account.race)),
            Cell::Text(class_word(account.class)),
            Cell::Number(account.home.into()),
            Cell::Moment(account.created_at),
        ]
    };
    Ok(Reply::Table(Table {
        name: "accounts",
        columns: COLUMNS,
        rows: accounts.iter().map(row).collect(),
        fields: vec![("next_after", next.into())],
        notes: next.map(|next| format!("more: pyao-admin accounts --after {next}")).into_iter().collect(),
    }))
}

/// Shows an account: `account show`.
pub fn show(context: &mut Context, Who { who }: Who) -> Result<Reply, Failure> {
    let record = find(context, &who)?;
    let Some(stored) = context.store.load_account(&record.account.username)? else {
        return Err(Failure::new(Code::NotFound, format!("{who} has just gone")));
    };
    let session = context.store.session(record.user_id)?;
    let (account, character) = (&stored.account.account, &stored.character);
    let (position, stats) = (character.position, character.stats);
    Ok(Reply::Record(Record {
        fields: vec![
            ("user_id", Cell::Number(record.user_id.0.into())),
            ("username", Cell::text(&account.username)),
            ("gm", Cell::Flag(record.is_gm)),
            ("email", Cell::text(&account.email)),
            ("created_at", Cell::Moment(account.created_at)),
            ("race", Cell::Text(word(RACES, Race::from_wire(account.race), account.race))),
            ("gender", Cell::Text(word(GENDERS, Gender::from_wire(account.gender), account.gender))),
            ("class", Cell::Text(class_word(account.class))),
            ("home", Cell::Number(account.home.into())),
            ("level", Cell::Number(stats.level.into())),
            ("experience", Cell::Number(stats.experience.into())),
            ("hp", Cell::Number(stats.hp.into())),
            ("max_hp", Cell::Number(stats.max_hp.into())),
            ("gold", Cell::Number(stats.gold.into())),
            ("map", Cell::Number(position.map.get().into())),
            ("x", Cell::Number(position.x.into())),
            ("y", Cell::Number(position.y.into())),
            ("connected", Cell::Flag(session.is_some_and(|stored| stored.session.disconnected_at.is_none()))),
        ],
    }))
}

/// The account that gets a new password.
#[derive(Debug, Args)]
pub struct NewPassword {
    /// Its account.
    #[command(flatten)]
    account: Who,
    /// Show what would be done and write nothing
    #[arg(long)]
    dry_run: bool,
}

/// Replaces a password: `account set-password`.
pub fn set_password(context: &mut Context, arguments: NewPassword) -> Result<Reply, Failure> {
    let dry_run = arguments.dry_run;
    let account = find(context, &arguments.account.who)?;
    let password = new_password::read(&account.account.username)?;
    check_password(&password)
        .map_err(|fault| Failure::new(Code::Usage, fault.to_string()).hint("nothing was written"))?;
    if !dry_run {
        let hash = new_password::hash(context, password)?;
        context.store.set_password_hash(account.user_id, &hash)?;
    }
    Ok(Reply::Change(Change {
        what: format!("password of {}", account.account.username),
        old: Some("***".to_owned()),
        new: Some("*** (new)".to_owned()),
        dry_run,
        effect: "counts from the next login on; a player who is in the game stays".to_owned(),
        ..Change::default()
    }))
}

/// The account that becomes a game master's, or no longer is one.
#[derive(Debug, Args)]
pub struct GameMaster {
    /// Its account.
    #[command(flatten)]
    account: Who,
    /// On for a game master
    #[arg(value_name = "on|off", action = clap::ArgAction::Set, value_parser = PossibleValuesParser::new(["on", "off"]).map(|word| word == "on"))]
    value: bool,
    /// The manner of the change.
    #[command(flatten)]
    how: HowToChange,
}

/// Makes a game master, or no longer: `account set-gm`.
pub fn set_gm(context: &mut Context, arguments: GameMaster) -> Result<Reply, Failure> {
    let GameMaster { account, value, how } = arguments;
    let account = find(context, &account.who)?;
    let word = |is_gm| if is_gm { "on" } else { "off" };
    let what = format!("game master {}", account.account.username);
    settings::expect_value(&what, word(account.is_gm), &how)?;
    let is_change = account.is_gm != value;
    if is_change && !how.dry_run {
        context.store.set_gm(account.user_id, value)?;
    }
    let effect = if is_change { "counts from the next login on" } else { "nothing to change" };
    Ok(Reply::Change(Change {
        what,
        old: Some(word(account.is_gm).to_owned()),
        new: Some(word(value).to_owned()),
        dry_run: how.dry_run,
        effect: effect.to_owned(),
        ..Change::default()
    }))
}
