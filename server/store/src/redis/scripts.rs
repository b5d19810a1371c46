//! The Lua scripts: what must be decided and written in one step.
//!
//! A script is sent as text each time: Redis keeps it compiled under its hash, and nothing is forgotten when Redis
//! restarts. Everything that needs no decision is plain commands, which `MONITOR` shows readably.

use super::commands::Commands;

macro_rules! script {
    ($($file:literal),+) => {
        concat!(include_str!("scripts/prelude.lua"), $("\n", include_str!(concat!("scripts/", $file, ".lua"))),+)
    };
}

pub(super) const CREATE_ACCOUNT: &str = script!("create_account");
pub(super) const LOAD_ACCOUNT: &str = script!("load_account");
pub(super) const CHANGE_ACCOUNT: &str = script!("change_account");
pub(super) const REPLACE_SETTING: &str = script!("replace_setting");
pub(super) const REGISTER_SERVER: &str = script!("live_servers", "register_server");
pub(super) const HEARTBEAT: &str = script!("live_servers", "heartbeat");
pub(super) const DEREGISTER_SERVER: &str = script!("live_servers", "deregister_server");
pub(super) const OPEN_SESSION: &str = script!("claims", "open_session");
pub(super) const CLOSE_SESSIONS: &str = script!("claims", "close_sessions");
pub(super) const DISCONNECT_ORPHAN: &str = script!("claims", "disconnect_orphan");

/// Adds a call of `script`; its arguments follow.
pub(super) fn call<'a>(commands: &'a mut Commands, script: &str, keys: &[&str]) -> &'a mut Commands {
    commands.add("EVAL").arg(script).arg(keys.len()).args(keys)
}
