//! Rules about live settings and about the store itself.

use super::{Connect, create};
use crate::server::ServerId;
use crate::{OwnChanges, ServerSettings, Settings, Store, StoreError, keyspace};

fn settings<const N: usize>(pairs: [(&str, &str); N]) -> Settings {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

pub(crate) fn a_setting_is_set_read_and_removed(connect: Connect<'_>) {
    let (mut store, mut other) = (connect(), connect());
    assert_eq!(store.settings().unwrap(), Settings::new());
    store.set_setting("server.port", "8080").unwrap();
    store.set_setting("game.motd", "¡Hola!\nSegunda línea").unwrap();
    store.set_setting("server.port", " 8081 ").unwrap();
    let both = settings([("server.port", " 8081 "), ("game.motd", "¡Hola!\nSegunda línea")]);
    assert_eq!(other.settings().unwrap(), both);
    assert!(other.unset_setting("server.port").unwrap());
    assert!(!other.unset_setting("server.port").unwrap());
    assert_eq!(store.settings().unwrap(), settings([("game.motd", "¡Hola!\nSegunda línea")]));
}

pub(crate) fn a_setting_that_has_changed_meanwhile_is_not_replaced(connect: Connect<'_>) {
    let (mut store, mut other) = (connect(), connect());
    let port = |store: &mut dyn Store| store.settings().unwrap().remove("server.port");
    assert!(!store.replace_setting("server.port", Some("7666"), Some("1")).unwrap());
    assert_eq!(port(&mut *store), None);
    assert!(store.replace_setting("server.port", None, Some("8080")).unwrap());
    assert!(!store.replace_setting("server.port", None, Some("2")).unwrap());
    other.set_setting("server.port", "8081").unwrap();
    assert!(!store.replace_setting("server.port", Some("8080"), Some("3")).unwrap());
    assert!(!store.replace_setting("server.port", Some("8080"), None).unwrap());
    assert_eq!(port(&mut *other).as_deref(), Some("8081"));
    assert!(store.replace_setting("server.port", Some("8081"), None).unwrap());
    assert_eq!(port(&mut *other), None);
    let unknown = StoreError::UnknownSetting("server.prot".into());
    assert_eq!(store.replace_setting("server.prot", None, Some("1")), Err(unknown));
}

pub(crate) fn a_default_is_set_where_nothing_is(connect: Connect<'_>) {
    let mut store = connect();
    store.set_setting("server.port", "8080").unwrap();
    store.seed_settings(&settings([("server.port", "7666"), ("server.host", "0.0.0.0")])).unwrap();
    store.seed_settings(&settings([("server.host", "127.0.0.1")])).unwrap();
    store.seed_settings(&Settings::new()).unwrap();
    assert_eq!(store.settings().unwrap(), settings([("server.port", "8080"), ("server.host", "0.0.0.0")]));
}

fn server(id: &str) -> ServerId {
    ServerId::new(id).unwrap()
}

fn changes<const N: usize>(pairs: [(&str, Option<&str>); N]) -> OwnChanges {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value.map(str::to_owned))).collect()
}

pub(crate) fn a_setting_of_one_server_wins_there_and_nowhere_else(connect: Connect<'_>) {
    let (mut store, mut other) = (connect(), connect());
    let (norte, sur) = (server("norte"), server("sur"));
    store.set_setting("server.port", "7666").unwrap();
    store.set_setting("game.motd", "hola").unwrap();
    let own = [("server.port", Some("8080")), ("server.host", Some("::1"))];
    store.change_own_settings(&norte, &changes(own)).unwrap();
    let found = other.settings_of(&norte).unwrap();
    assert_eq!(found.shared, settings([("server.port", "7666"), ("game.motd", "hola")]));
    assert_eq!(found.own, settings([("server.port", "8080"), ("server.host", "::1")]));
    let effective = [("server.port", "8080"), ("server.host", "::1"), ("game.motd", "hola")];
    assert_eq!(found.effective(), settings(effective));
    assert_eq!((found.get("server.port"), found.get("game.motd")), (Some("8080"), Some("hola")));
    assert_eq!(other.settings_of(&sur).unwrap().own, Settings::new());
    assert_eq!(store.settings().unwrap(), found.shared);
    assert_eq!(found.store_id, store.store_id().unwrap());
    let removed = [("server.port", None), ("server.max_connections", None)];
    store.change_own_settings(&norte, &changes(removed)).unwrap();
    assert_eq!(other.settings_of(&norte).unwrap().own, settings([("server.host", "::1")]));
}

pub(crate) fn a_setting_of_one_server_that_has_changed_meanwhile_is_not_replaced(connect: Connect<'_>) {
    let (mut store, mut other) = (connect(), connect());
    let norte = server("norte");
    let mut replace = |old, new| store.replace_own_setting(&norte, "server.port", old, new).unwrap();
    assert!(!replace(Some("7666"), Some("1")));
    assert!(replace(None, Some("8080")));
    assert!(!replace(None, Some("2")));
    assert!(replace(Some("8080"), Some("8081")));
    assert_eq!(other.settings_of(&norte).unwrap().own, settings([("server.port", "8081")]));
    assert!(replace(Some("8081"), None));
    assert_eq!(other.settings_of(&norte).unwrap(), ServerSettings::default());
}

pub(crate) fn a_setting_that_no_server_has_of_its_own_is_refused(connect: Connect<'_>) {
    let mut store = connect();
    let norte = server("norte");
    let own = [("server.port", Some("1")), ("game.motd", Some("hola"))];
    let unknown = || StoreError::UnknownSetting("game.motd".into());
    assert_eq!(store.change_own_settings(&norte, &changes(own)), Err(unknown()));
    assert_eq!(store.replace_own_setting(&norte, "game.motd", None, Some("hola")), Err(unknown()));
    assert_eq!(store.settings_of(&norte).unwrap(), ServerSettings::default());
}

pub(crate) fn an_unknown_setting_is_refused(connect: Connect<'_>) {
    let mut store = connect();
    let unknown = || StoreError::UnknownSetting("server.prot".into());
    assert_eq!(store.set_setting("server.prot", "1"), Err(unknown()));
    assert_eq!(store.unset_setting("server.prot"), Err(unknown()));
    assert_eq!(store.seed_settings(&settings([("server.host", "x"), ("server.prot", "1")])), Err(unknown()));
    assert_eq!(store.settings().unwrap(), Settings::new());
}

pub(crate) fn every_live_setting_can_be_set(connect: Connect<'_>) {
    let mut store = connect();
    for (name, key) in keyspace::SETTINGS.iter() {
        store.set_setting(name, key).unwrap();
    }
    let all = keyspace::SETTINGS.iter().map(|(name, key)| (name.to_string(), key.to_string())).collect();
    assert_eq!(store.settings().unwrap(), all);
}

pub(crate) fn a_store_tells_what_it_is(connect: Connect<'_>) {
    let mut store = connect();
    let described = store.describe().unwrap();
    for line in [&described.summary, &described.loss_window] {
        assert!(!line.is_empty() && !line.contains('\n'), "{line:?}");
    }
    create(&mut *store, "Uno");
    create(&mut *store, "Dos");
    let statistics = store.statistics().unwrap();
    assert_eq!((statistics["accounts"], statistics["sessions"]), (2, 0));
}
