//! Accounts to keys and back: for each question the commands that ask it, and the reading of the answer.

use redis::Value;

use super::characters;
use super::commands::Commands;
use super::scripts;
use super::values::{Hash, Replies, integer, list, lossy_text};
use super::{PAGE, RedisStore, names};
use crate::fields::{WORD, number};
use crate::keyspace::{
    ACCOUNT_DATA, ACCOUNT_USERNAME, ACCOUNTS_COUNTER, ACCOUNTS_NAMES, PLAYER_DESCRIPTION, PLAYER_NOTICES,
    of_name,
};
use crate::records::{AccountRecord, CharacterRecord, NewAccount, UserId, name_key};
use crate::{Accounts, CreateError, StoreError, StoredAccount};

/// Asks for an account with its character.
pub(super) fn load(commands: &mut Commands, name: &str) {
    let name = name_key(name);
    let (name_key, data_key) = (of_name(ACCOUNT_USERNAME, &name), of_name(ACCOUNT_DATA, &name));
    scripts::call(commands, scripts::LOAD_ACCOUNT, &[&name_key, &data_key])
        .args([PLAYER_DESCRIPTION, PLAYER_NOTICES])
        .args(characters::hashes());
}

/// Reads what [`load`] asked.
pub(super) fn loaded(replies: &mut Replies, name: &str) -> Result<Option<StoredAccount>, StoreError> {
    let mut found = list(replies.next()?).into_iter();
    let Some(id) = found.next() else { return Ok(None) };
    let mut next = || found.next().unwrap_or(Value::Nil);
    let account = read_account(name, id, next())?;
    let (description, notices) = (next(), next());
    let character = characters::read(account.user_id, description, notices, found.collect())?;
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
        .arg(&character.description)
        .arg(PLAYER_NOTICES)
        .arg(character.notices.len());
    characters::write_notices(commands, &character.notices);
    write_account(commands, account, is_gm);
    commands.arg(END);
    characters::write_arguments(commands, character, END);
}

/// Asks who has the numbers and the names of accounts that were not written.
pub(super) fn look_who_is_there(commands: &mut Commands, refused: &[&AccountRecord]) {
    let numbers: Vec<u32> = refused.iter().map(|account| account.user_id.0).collect();
    names::ask(commands, &numbers);
    commands.add("MGET");
    for AccountRecord { account, .. } in refused {
        commands.arg(of_name(ACCOUNT_USERNAME, &name_key(&account.username)));
    }
}

/// Reads what [`look_who_is_there`] asked: one line a rejected account, naming the holder of its number or name.
pub(super) fn why_refused(
    replies: &mut Replies,
    refused: &[&AccountRecord],
) -> Result<Vec<String>, StoreError> {
    let (names, numbers) = (names::read(replies)?, list(replies.next()?));
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

impl RedisStore {
    /// Looks why accounts were not written back. Most are there already; the log tells of the others.
    fn tell_of_refused(&mut self, refused: &[&AccountRecord]) -> Result<(), StoreError> {
        if refused.is_empty() {
            return Ok(());
        }
        let reasons = self
            .ask(|commands| look_who_is_there(commands, refused), |replies| why_refused(replies, refused))?;
        reasons.iter().for_each(|reason| log::error!("{reason}"));
        Ok(())
    }
}

impl Accounts for RedisStore {
    fn load_account(&mut self, name: &str) -> Result<Option<StoredAccount>, StoreError> {
        self.ask(|commands| load(commands, name), |replies| loaded(replies, name))
    }

    fn create_account(
        &mut self,
        account: &NewAccount,
        character: &CharacterRecord,
    ) -> Result<UserId, CreateError> {
        let number = self.new_number();
        let created = self.ask(|commands| create(commands, account, character, false, number), created)?;
        self.has_met(created);
        Ok(created)
    }

    fn restore_accounts(&mut self, accounts: &[StoredAccount]) -> Result<(), StoreError> {
        let mut commands = Commands::transaction();
        for stored in accounts {
            let AccountRecord { user_id, account, is_gm } = &stored.account;
            create(&mut commands, account, &stored.character, *is_gm, Number::Known(*user_id));
        }
        let answers = self.link.transaction(commands)?.unwrap_or_default();
        self.store_id.clone_from(&self.told_store_id);
        let refused = accounts.iter().zip(answers).filter(|(_, answer)| *answer == Value::Int(0));
        self.tell_of_refused(&refused.map(|(stored, _)| &stored.account).collect::<Vec<_>>())
    }

    fn find_account(&mut self, name: &str) -> Result<Option<AccountRecord>, StoreError> {
        self.ask(|commands| find(commands, name), |replies| found(replies, name))
    }

    fn list_accounts(
        &mut self,
        after: Option<UserId>,
        limit: usize,
    ) -> Result<Vec<AccountRecord>, StoreError> {
        let last = integer(ACCOUNTS_COUNTER, self.command("GET", &[ACCOUNTS_COUNTER])?)?;
        let last = u32::try_from(last).unwrap_or(u32::MAX);
        let mut listed = Vec::new();
        let mut next = after.map_or(1, |user_id| user_id.0.saturating_add(1));
        while next <= last && listed.len() < limit {
            let ids: Vec<u32> = (next..=last).take(PAGE).collect();
            next = next.saturating_add(PAGE as u32);
            let names = self.ask(|commands| names::ask(commands, &ids), names::read)?;
            let names: Vec<String> = names.into_iter().flatten().take(limit - listed.len()).collect();
            let accounts = self.ask(
                |commands| names.iter().for_each(|name| find(commands, name)),
                |replies| {
                    let read = |name: &String| found(replies, name);
                    Ok::<_, StoreError>(names.iter().map(read).collect::<Vec<_>>())
                },
            )?;
            for account in accounts {
                match account {
                    Ok(account) => listed.extend(account),
                    Err(error) if error.is_temporary() => return Err(error),
                    Err(error) => log::warn!("an account cannot be read: {error}"),
                }
            }
        }
        Ok(listed)
    }

    fn set_password_hash(&mut self, user_id: UserId, password_hash: &str) -> Result<(), StoreError> {
        self.ask(
            |commands| change(commands, user_id, PASSWORD_HASH, password_hash),
            |replies| changed(replies, user_id),
        )
    }

    fn set_gm(&mut self, user_id: UserId, is_gm: bool) -> Result<(), StoreError> {
        self.ask(
            |commands| change(commands, user_id, IS_GM, flag(is_gm)),
            |replies| changed(replies, user_id),
        )
    }
}
