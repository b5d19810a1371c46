//! Every name in the store that people type: Redis keys and live settings, spelled here and nowhere else.
//!
//! A key is written as a template: `{id}` stands for a user number, `{name}` for a name in lower case, `{server}` and
//! `{epoch}` for a run of a server. Values are text, so that `redis-cli` and Redis Insight show them as they are.
//!
//! | who may write | what |
//! | --- | --- |
//! | anybody, at any time | `config:…`, [`MOTD`], [`DICE_MIN`], [`DICE_MAX`]: live settings |
//! | the server that plays the character | `player:{id}:…`, `session:{id}:…` |
//! | servers and `pyao-admin` | accounts |
//! | servers | everything else |

use std::sync::LazyLock;

use super::records::UserId;
use super::server::{ServerId, ServerRun};
use pyao_core::settings;

// Live settings: strings, no expiry. Written at the first start where absent.

/// Text that players read at login; lines end in `\n`.
pub const MOTD: &str = "server:motd";
/// Smallest number of the dice.
pub const DICE_MIN: &str = "server:dice:min_value";
/// Largest number of the dice.
pub const DICE_MAX: &str = "server:dice:max_value";

/// Live settings whose keys are older than the rule of [`SETTINGS`].
const OLDER_KEYS: [(&str, &str); 3] =
    [("game.motd", MOTD), ("game.dice_min", DICE_MIN), ("game.dice_max", DICE_MAX)];

/// Live settings by name, each with the key that holds it: `limits.idle_minutes` under `config:limits:idle_minutes`.
///
/// A live setting may be changed while servers run; they follow within seconds. Its value is raw text: its meaning and
/// its validity are for the server to say.
pub static SETTINGS: LazyLock<Vec<(&'static str, String)>> = LazyLock::new(|| {
    let key = |name: &str| match OLDER_KEYS.iter().find(|(older, _)| *older == name) {
        Some((_, key)) => (*key).to_owned(),
        None => format!("config:{}", name.replace('.', ":")),
    };
    let live = settings::SETTINGS.iter().filter(|setting| setting.live.is_some());
    live.map(|setting| (setting.key, key(setting.key))).collect()
});

/// Live settings that a server may have of its own, each with the template of the key that holds it: it wins over the
/// key of all servers. Strings, no expiry. Written by servers with a configured id, from their flags and variables.
pub static OWN_SETTINGS: LazyLock<Vec<(&'static str, String)>> = LazyLock::new(|| {
    let own = settings::SETTINGS.iter().filter(|setting| setting.live.is_some_and(|live| live.may_be_own));
    own.map(|setting| {
        let template = format!("config:{}:{{server}}:{}", setting.section(), setting.name());
        (setting.key, template)
    })
    .collect()
});

// Servers.

/// String: name of this store, drawn at the first start. Gone or another: the store was emptied or swapped.
pub const STORE_ID: &str = "server:store_id";
/// String `schema:version`: form of the stored data, and the version of the program that wrote data of this form first.
/// A program leaves a store with a larger number alone. Not there: 3.
pub const SCHEMA: &str = "server:schema";
/// String `maps:fingerprint`: the maps that the stored positions stand on.
pub const MAPS: &str = "server:maps";
/// String, counts up: number of the last run of a server.
pub const EPOCH: &str = "server:epoch";
/// String, expires: open connections of all live servers.
pub const CONNECTIONS_COUNT: &str = "server:connections:count";
/// String, expires: seconds since its start, of the server that told last.
pub const UPTIME: &str = "server:uptime";
/// String: Unix seconds of the start of that server.
pub const UPTIME_START: &str = "server:uptime:start";
/// Set: ids of the servers. A killed one is removed by the next heartbeat of another.
pub const ACTIVE_WORKERS: &str = "active_workers";
/// String, expires: epoch of the server's run. While it is there the server lives.
pub const SERVER_LEASE: &str = "server:{server}:lease";
/// String, expires: open connections of the server.
pub const SERVER_CONNECTIONS_COUNT: &str = "server:{server}:connections:count";
/// Hash, expires: connection to JSON.
pub const SERVER_CONNECTIONS: &str = "server:{server}:connections";
/// Hash, expires: counter to number.
pub const SERVER_COUNTERS: &str = "server:{server}:counters";
/// Hash, expires: fields `epoch started_at uptime connections players`.
pub const SERVER_STATUS: &str = "server:{server}:status";
/// Hash, expires: live setting to the value in force.
pub const SERVER_SETTINGS: &str = "server:{server}:settings";
/// Hash, expires: live setting to JSON with the `value` that the server refused and the `reason`.
pub const SERVER_REFUSED: &str = "server:{server}:refused";
/// Set, expires after a week: characters that another run took from this one. This one may not save them any more.
pub const SERVER_TAKEN: &str = "server:{server}:{epoch}:taken";

// Accounts.

/// String, counts up: number of the last account.
pub const ACCOUNTS_COUNTER: &str = "accounts:counter";
/// Hash: number to name, of all accounts.
pub const ACCOUNTS_NAMES: &str = "accounts:names";
/// Hash: fields `user_id username password_hash email created_at char_race char_gender char_job char_head char_home
/// is_gm`.
pub const ACCOUNT_DATA: &str = "account:{name}:data";
/// String: number of the account. The creation that sets it first has the name.
pub const ACCOUNT_USERNAME: &str = "account:username:{name}";

// Characters.

/// Hash: fields `map x y heading`.
pub const PLAYER_POSITION: &str = "player:{id}:position";
/// Hash: fields `strength agility intelligence charisma constitution`.
pub const PLAYER_STATS: &str = "player:{id}:stats";
/// Hash: bars, level and counters.
pub const PLAYER_USER_STATS: &str = "player:{id}:user_stats";
/// Hash: fields `assassin bandit bourgeois thief noble plebeian`.
pub const PLAYER_REPUTATION: &str = "player:{id}:reputation";
/// Hash: `1` to `20`, each `level:experience`.
pub const PLAYER_SKILLS: &str = "player:{id}:skills";
/// Hash: `gold`, and `slot1` to `slot25` where in use, each `object:amount:equipped`.
pub const PLAYER_INVENTORY: &str = "player:{id}:inventory";
/// Hash: `1` to `35` where in use, each the number of a spell.
pub const PLAYER_SPELLBOOK: &str = "player:{id}:spellbook";
/// Hash: `slot1` to `slot40` where in use, each `object:amount:equipped`: the items in the bank.
pub const PLAYER_VAULT: &str = "player:{id}:vault";
/// Hash: field `gold`, deposited in the bank. Not there: none.
pub const PLAYER_BANK: &str = "player:{id}:bank";
/// Hash: effects that outlast a logout, in ticks of 40 ms. Not there: none.
pub const PLAYER_STATES: &str = "player:{id}:states";
/// Hash: fields `home deaths last_map last_criminal_killed last_citizen_killed`. Not there: all 0.
pub const PLAYER_LIFE: &str = "player:{id}:life";
/// Hash: fields `guild rank`. Not there: no guild.
pub const PLAYER_GUILD: &str = "player:{id}:guild";
/// Hash: faction, rank and rewards. Not there: no faction.
pub const PLAYER_FACTION: &str = "player:{id}:faction";
/// List, oldest left: `time:act:actor` of each act against the character while its player was away.
pub const PLAYER_NOTICES: &str = "player:{id}:notices";
/// String: the text that players give of their characters.
pub const PLAYER_DESCRIPTION: &str = "player:{id}:description";
/// String `server:epoch`: the run that had the character last.
pub const PLAYER_OWNER: &str = "player:{id}:owner";

// Sessions.

/// Hash: fields `username level class location_id hp websocket_connected disconnect_time server epoch`. Expires an
/// hour after a disconnect.
pub const SESSION: &str = "session:{id}:active";
/// String: Unix seconds.
pub const SESSION_LAST_SEEN: &str = "session:{id}:last_seen";
/// Set: numbers of the users that have a session, or whose session has expired before their character left. Those are
/// held by their owner, while it lives.
pub const SESSIONS: &str = "sessions:users";

// Tools.

/// Scratch key of a check, expires within a minute.
pub const CHECK_SCRATCH: &str = "pyao-admin:check:{check}";

/// Returns the key of a live setting, or `None` when there is no such setting.
#[must_use]
pub fn setting_key(name: &str) -> Option<&'static str> {
    SETTINGS.iter().find(|(each, _)| *each == name).map(|(_, key)| key.as_str())
}

/// Returns the template of the key of a live setting that a server may have of its own, or `None` for all others.
#[must_use]
pub fn own_setting_key(name: &str) -> Option<&'static str> {
    OWN_SETTINGS.iter().find(|(each, _)| *each == name).map(|(_, key)| key.as_str())
}

/// Fills in a key of a user.
#[must_use]
pub fn of_user(template: &str, user_id: UserId) -> String {
    template.replace("{id}", &user_id.to_string())
}

/// Fills in a key of one run of a check.
#[must_use]
pub fn of_check(template: &str, check: u32) -> String {
    template.replace("{check}", &check.to_string())
}

/// Fills in a key of an account by its name, in lower case.
#[must_use]
pub fn of_name(template: &str, name: &str) -> String {
    template.replace("{name}", name)
}

/// Fills in a key of a server.
#[must_use]
pub fn of_server(template: &str, server: &ServerId) -> String {
    template.replace("{server}", server.as_str())
}

/// Fills in a key of a run of a server.
#[must_use]
pub fn of_run(template: &str, run: &ServerRun) -> String {
    of_server(template, &run.server).replace("{epoch}", &run.epoch.to_string())
}

#[cfg(test)]
mod tests;
