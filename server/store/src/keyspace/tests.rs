use std::path::{Path, PathBuf};

use super::*;

const JUAN: UserId = UserId(123);

fn norte() -> ServerRun {
    ServerRun { server: ServerId::new("norte").unwrap(), epoch: 7 }
}

#[test]
fn configuration_and_server_state_have_their_names() {
    assert_eq!(setting_key("server.host"), Some("config:server:host"));
    assert_eq!(setting_key("server.port"), Some("config:server:port"));
    assert_eq!(setting_key("server.max_connections"), Some("config:server:max_connections"));
    assert_eq!(CONNECTIONS_COUNT, "server:connections:count");
    assert_eq!(UPTIME, "server:uptime");
}

#[test]
fn accounts_have_their_names() {
    assert_eq!(ACCOUNTS_COUNTER, "accounts:counter");
    assert_eq!(of_name(ACCOUNT_DATA, "juan"), "account:juan:data");
    assert_eq!(of_name(ACCOUNT_USERNAME, "juan"), "account:username:juan");
}

#[test]
fn sessions_have_their_names() {
    assert_eq!(of_user(SESSION, JUAN), "session:123:active");
    assert_eq!(of_user(SESSION_LAST_SEEN, JUAN), "session:123:last_seen");
}

#[test]
fn players_have_their_names() {
    assert_eq!(of_user(PLAYER_POSITION, JUAN), "player:123:position");
    assert_eq!(of_user(PLAYER_STATS, JUAN), "player:123:stats");
    assert_eq!(of_user(PLAYER_INVENTORY, JUAN), "player:123:inventory");
    assert_eq!(of_user(PLAYER_NOTICES, JUAN), "player:123:notices");
    assert_eq!(of_user(PLAYER_VAULT, JUAN), "player:123:vault");
}

#[test]
fn further_live_settings_have_the_names_that_operators_know() {
    assert_eq!(setting_key("game.motd"), Some("server:motd"));
    assert_eq!(setting_key("game.dice_min"), Some("server:dice:min_value"));
    assert_eq!(setting_key("game.dice_max"), Some("server:dice:max_value"));
    assert_eq!(UPTIME_START, "server:uptime:start");
    assert_eq!(ACTIVE_WORKERS, "active_workers");
    assert_eq!(setting_key("limits.idle_minutes"), Some("config:limits:idle_minutes"));
    assert_eq!(setting_key("server.prot"), None);
    assert_eq!(setting_key("server.id"), None, "not live");
}

#[test]
fn keys_of_a_server_carry_its_id() {
    assert_eq!(of_server(SERVER_LEASE, &norte().server), "server:norte:lease");
    assert_eq!(of_server(SERVER_CONNECTIONS, &norte().server), "server:norte:connections");
    assert_eq!(of_run(SERVER_TAKEN, &norte()), "server:norte:7:taken");
}

#[test]
fn settings_of_one_server_have_their_names() {
    let key = |name| own_setting_key(name).map(|template| of_server(template, &norte().server));
    assert_eq!(key("server.host").as_deref(), Some("config:server:norte:host"));
    assert_eq!(key("server.port").as_deref(), Some("config:server:norte:port"));
    assert_eq!(key("server.max_connections").as_deref(), Some("config:server:norte:max_connections"));
    assert_eq!(key("game.motd"), None);
    assert!(OWN_SETTINGS.iter().all(|(name, _)| setting_key(name).is_some()));
}

#[test]
fn no_two_settings_share_a_name_or_a_key() {
    for (number, (name, key)) in SETTINGS.iter().enumerate() {
        let others = &SETTINGS[number + 1..];
        assert!(others.iter().all(|(other, other_key)| other != name && other_key != key), "{name} {key}");
    }
}

/// Beginnings of keys.
const BEGINNINGS: [&str; 8] =
    ["config:", "server:", "account:", "accounts:", "player:", "session:", "sessions:", "active_workers"];

/// Lines of program text that spell a key in a literal: Rust up to its tests, and scripts.
fn spelled_keys(path: &Path, found: &mut Vec<String>) {
    let text = std::fs::read_to_string(path).unwrap();
    let program = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    for line in program.lines().filter(|line| !line.trim_start().starts_with("//")) {
        let spells =
            |beginning: &str| ['"', '\''].iter().any(|quote| line.contains(&format!("{quote}{beginning}")));
        if BEGINNINGS.into_iter().any(spells) {
            found.push(format!("{}: {}", path.display(), line.trim()));
        }
    }
}

fn look_through(folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path: PathBuf = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && name != "tests" {
            look_through(&path, found);
        } else if (name.ends_with(".rs") || name.ends_with(".lua"))
            && !["keyspace.rs", "tests.rs"].contains(&&*name)
        {
            spelled_keys(&path, found);
        }
    }
}

#[test]
fn no_other_file_spells_a_key() {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut found = Vec::new();
    look_through(&sources, &mut found);
    assert!(found.is_empty(), "{found:#?}");
    // The search does find keys where there are some.
    spelled_keys(&sources.join("store/src/keyspace.rs"), &mut found);
    assert!(found.len() > 30, "{found:#?}");
}
