//! Accounts to keys and back: for each question the commands that ask it, and the reading of the answer.

use redis::{Pipeline, Value};

use super::characters;
use super::scripts;
use super::values::{Hash, Replies, integer, list, text};
use crate::store::fields::{WORD, number};
use crate::store::keyspace::{
    ACCOUNT_DATA, ACCOUNT_USERNAME, ACCOUNTS_COUNTER, ACCOUNTS_NAMES, PLAYER_DESCRIPTION, of_name,
};
use crate::store::records::{AccountRecord, CharacterRecord, NewAccount, UserId, name_key};
use crate::store::{CreateError, StoreError, StoredAccount};

/// Asks for an account with its character.
pub(super) fn load(commands: &mut Pipeline, name: &str) {
    let name = name_key(name);
    let (name_key, data_key) = (of_name(ACCOUNT_USERNAME, &name), of_name(ACCOUNT_DATA, &name));
    let mut templates = vec![PLAYER_DESCRIPTION];
    templates.extend(characters::HASHES);
    scripts::call(commands, scripts::LOAD_ACCOUNT, &[&name_key, &data_key], &templates);
}

/// Reads what [`load`] asked.
pub(super) fn loaded(replies: &mut Replies, name: &str) -> Result<Option<StoredAccount>, StoreError> {
    let mut found = list(replies.next()?).into_iter();
    let Some(id) = found.next() else { return Ok(None) };
    let mut next = || found.next().unwrap_or(Value::Nil);
    let account = read_account(name, id, next())?;
    let description = next();
    let character = characters::read(account.user_id, description, found.collect())?;
    Ok(Some(StoredAccount { account, character }))
}

/// Asks for an account alone.
pub(super) fn find(commands: &mut Pipeline, name: &str) {
    let name = name_key(name);
    commands.cmd("GET").arg(of_name(ACCOUNT_USERNAME, &name));
    commands.cmd("HGETALL").arg(of_name(ACCOUNT_DATA, &name));
}

/// Reads what [`find`] asked.
pub(super) fn found(replies: &mut Replies, name: &str) -> Result<Option<AccountRecord>, StoreError> {
    let (id, data) = (replies.next()?, replies.next()?);
    if id == Value::Nil { Ok(None) } else { read_account(name, id, data).map(Some) }
}

/// Creates an account with its character; under the number `wanted` when it had one.
pub(super) fn create(
    commands: &mut Pipeline,
    account: &NewAccount,
    character: &CharacterRecord,
    is_gm: bool,
    wanted: Option<UserId>,
) {
    let name = name_key(&account.username);
    let (name_key, data_key) = (of_name(ACCOUNT_USERNAME, &name), of_name(ACCOUNT_DATA, &name));
    let wanted = wanted.map_or_else(String::new, |user_id| user_id.to_string());
    let mut arguments = vec![name, wanted];
    append(&mut arguments, account_fields(account, is_gm));
    for (template, written) in characters::parts(character) {
        arguments.push(template.to_owned());
        append(&mut arguments, written);
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let keys = [&name_key, &data_key, ACCOUNTS_COUNTER, ACCOUNTS_NAMES];
    scripts::call(commands, scripts::CREATE_ACCOUNT, &keys, &arguments);
}

fn append(arguments: &mut Vec<String>, fields: Vec<String>) {
    arguments.push(fields.len().to_string());
    arguments.extend(fields);
}

/// Reads what [`create`] did.
pub(super) fn created(replies: &mut Replies) -> Result<UserId, CreateError> {
    let id = integer(ACCOUNTS_COUNTER, replies.next()?)?;
    match u32::try_from(id) {
        Ok(0) => Err(CreateError::NameTaken),
        Ok(id) => Ok(UserId(id)),
        Err(_) => Err(super::values::damaged(ACCOUNTS_COUNTER, "user ids are used up").into()),
    }
}

/// Sets one field of an account.
pub(super) fn change(commands: &mut Pipeline, user_id: UserId, field: &str, value: &str) {
    let id = user_id.to_string();
    scripts::call(commands, scripts::CHANGE_ACCOUNT, &[ACCOUNTS_NAMES], &[&id, ACCOUNT_DATA, field, value]);
}

/// Reads what [`change`] did.
pub(super) fn changed(replies: &mut Replies, user_id: UserId) -> Result<(), StoreError> {
    match integer(ACCOUNTS_NAMES, replies.next()?)? {
        0 => Err(StoreError::UnknownUser(user_id)),
        _ => Ok(()),
    }
}

/// Asks for the names of accounts by number.
pub(super) fn names(commands: &mut Pipeline, user_ids: &[u32]) {
    commands.cmd("HMGET").arg(ACCOUNTS_NAMES).arg(user_ids);
}

/// Reads what [`names`] asked; `None` where no account has the number.
pub(super) fn named(replies: &mut Replies) -> Result<Vec<Option<String>>, StoreError> {
    list(replies.next()?).into_iter().map(|name| text(ACCOUNTS_NAMES, name)).collect()
}

pub(super) const PASSWORD_HASH: &str = "password_hash";
pub(super) const IS_GM: &str = "is_gm";

/// `1` or `0`.
pub(super) fn flag(value: bool) -> &'static str {
    if value { "1" } else { "0" }
}

fn account_fields(account: &NewAccount, is_gm: bool) -> Vec<String> {
    let fields = [
        ("username", account.username.clone()),
        (PASSWORD_HASH, account.password_hash.clone()),
        ("email", account.email.clone()),
        ("created_at", account.created_at.to_string()),
        ("char_race", account.race.to_string()),
        ("char_gender", account.gender.to_string()),
        ("char_job", account.class.to_string()),
        ("char_head", account.head.to_string()),
        ("char_home", account.home.to_string()),
        (IS_GM, flag(is_gm).to_owned()),
    ];
    fields.into_iter().flat_map(|(field, value)| [field.to_owned(), value]).collect()
}

/// Builds an account from its number and the answer to HGETALL.
fn read_account(name: &str, id: Value, data: Value) -> Result<AccountRecord, StoreError> {
    let name = name_key(name);
    let id_key = of_name(ACCOUNT_USERNAME, &name);
    let id = i64::try_from(integer(&id_key, id)?).unwrap_or(i64::MAX);
    let user_id = number("user_id", id, 1..=i64::from(u32::MAX))
        .map_err(|error| super::values::damaged(&id_key, &error.to_string()))?;
    let data = Hash::new(&of_name(ACCOUNT_DATA, &name), data)?;
    Ok(AccountRecord {
        user_id: UserId(user_id),
        account: NewAccount {
            username: data.text("username")?.to_owned(),
            password_hash: data.text(PASSWORD_HASH)?.to_owned(),
            email: data.text("email")?.to_owned(),
            created_at: data.number("created_at", 0..=i64::MAX)?,
            race: data.number("char_race", 1..=5)?,
            gender: data.number("char_gender", 1..=2)?,
            class: data.number("char_job", 1..=12)?,
            head: data.number("char_head", WORD)?,
            home: data.number("char_home", 1..=6)?,
        },
        is_gm: data.number::<u8>(IS_GM, 0..=1)? == 1,
    })
}
