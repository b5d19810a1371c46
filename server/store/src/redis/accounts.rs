//! Accounts to keys and back: for each question the commands that ask it, and the reading of the answer.

use redis::Value;

use super::characters;
use super::commands::Commands;
use super::scripts;
use super::values::{Hash, Replies, integer, list, lossy_text, text};
use crate::fields::{WORD, number};
use crate::keyspace::{
    ACCOUNT_DATA, ACCOUNT_USERNAME, ACCOUNTS_COUNTER, ACCOUNTS_NAMES, PLAYER_DESCRIPTION, of_name,
};
use crate::records::{AccountRecord, CharacterRecord, NewAccount, UserId, name_key};
use crate::{CreateError, StoreError, StoredAccount};

/// Asks for an account with its character.
pub(super) fn load(commands: &mut Commands, name: &str) {
    let name = name_key(name);
    let (name_key, data_key) = (of_name(ACCOUNT_USERNAME, &name), of_name(ACCOUNT_DATA, &name));
    scripts::call(commands, scripts::LOAD_ACCOUNT, &[&name_key, &data_key])
        .arg(PLAYER_DESCRIPTION)
        .args(characters::hashes());
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
pub(super) fn find(commands: &mut Commands, name: &str) {
    let name = name_key(name);
    commands.add("GET").arg(of_name(ACCOUNT_USERNAME, &name));
    commands.add("HGETALL").arg(of_name(ACCOUNT_DATA, &name));
}

/// Reads what [`find`] asked.
pub(super) fn found(replies: &mut Replies, name: &str) -> Result<Option<AccountRecord>, StoreError> {
    let (id, data) = (replies.next()?, replies.next()?);
    if id == Value::Nil { Ok(None) } else { read_account(name, id, data).map(Some) }
}

/// Creates an account with its character, under `number` or above it.
pub(super) fn create(
    commands: &mut Commands,
    account: &NewAccount,
    character: &CharacterRecord,
    is_gm: bool,
    number: Number,
) {
    let name = name_key(&account.username);
    let (name_key, data_key) = (of_name(ACCOUNT_USERNAME, &name), of_name(ACCOUNT_DATA, &name));
    let keys = [&name_key, &data_key, ACCOUNTS_COUNTER, ACCOUNTS_NAMES];
    scripts::call(commands, scripts::CREATE_ACCOUNT, &keys)
        .arg(name)
        .args(number.arguments())
        .arg(PLAYER_DESCRIPTION)
        .arg(&character.description);
    write_account(commands, account, is_gm);
    commands.arg(END);
    characters::write_arguments(commands, character, END);
}

/// Asks who has the numbers and the names of accounts that were not written.
pub(super) fn look_who_is_there(commands: &mut Commands, refused: &[&AccountRecord]) {
    let numbers: Vec<u32> = refused.iter().map(|account| account.user_id.0).collect();
    names(commands, &numbers);
    commands.add("MGET");
    for AccountRecord { account, .. } in refused {
        commands.arg(of_name(ACCOUNT_USERNAME, &name_key(&account.username)));
    }
}

/// Reads what [`look_who_is_there`] asked: for each that is not there himself, a line that says who is.
pub(super) fn why_refused(
    replies: &mut Replies,
    refused: &[&AccountRecord],
) -> Result<Vec<String>, StoreError> {
    let (names, numbers) = (named(replies)?, list(replies.next()?));
    let mut reasons = Vec::new();
    for ((AccountRecord { user_id, account, .. }, holder), number) in refused.iter().zip(names).zip(numbers) {
        let (name, number) = (&account.username, lossy_text(&number));
        let holder = holder.unwrap_or_default();
        if holder != name_key(name) || number != user_id.to_string() {
            reasons.push(format!(
                "{name:?}, user {user_id}, cannot be written back: now the number has the name {holder:?}, and the name \
                 the number {number:?}"
            ));
        }
    }
    Ok(reasons)
}

/// The number of an account that is written.
#[derive(Debug, Clone, Copy)]
pub(super) enum Number {
    /// This one.
    Known(UserId),
    /// A new one, above all that are known.
    Above(UserId),
}

impl Number {
    fn arguments(self) -> [String; 2] {
        match self {
            Self::Known(user_id) => [user_id.to_string(), "0".to_owned()],
            Self::Above(user_id) => [String::new(), user_id.to_string()],
        }
    }
}

/// After the fields of each hash that a script is given; no field has this name.
const END: &str = "";

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
pub(super) fn change(commands: &mut Commands, user_id: UserId, field: &str, value: &str) {
    scripts::call(commands, scripts::CHANGE_ACCOUNT, &[ACCOUNTS_NAMES])
        .arg(user_id)
        .arg(ACCOUNT_DATA)
        .arg(field)
        .arg(value);
}

/// Reads what [`change`] did.
pub(super) fn changed(replies: &mut Replies, user_id: UserId) -> Result<(), StoreError> {
    match integer(ACCOUNTS_NAMES, replies.next()?)? {
        0 => Err(StoreError::UnknownUser(user_id)),
        _ => Ok(()),
    }
}

/// Asks for the names of accounts by number.
pub(super) fn names(commands: &mut Commands, user_ids: &[u32]) {
    commands.add("HMGET").arg(ACCOUNTS_NAMES).args(user_ids);
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

fn write_account(commands: &mut Commands, account: &NewAccount, is_gm: bool) {
    commands
        .args(["username", &account.username])
        .args([PASSWORD_HASH, &account.password_hash])
        .args(["email", &account.email])
        .args([IS_GM, flag(is_gm)]);
    let numbers = [
        ("created_at", account.created_at),
        ("char_race", account.race.into()),
        ("char_gender", account.gender.into()),
        ("char_job", account.class.into()),
        ("char_head", account.head.into()),
        ("char_home", account.home.into()),
    ];
    for (field, number) in numbers {
        commands.arg(field).arg(number);
    }
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
