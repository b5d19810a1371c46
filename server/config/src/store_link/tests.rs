use super::*;
use pyao_store::records::UserId;
use pyao_store::server::ServerRun;

fn link() -> StoreLink {
    let (seen, refused) = (ServerSettings::default(), Refused::new());
    StoreLink::new(Config::default(), seen, refused, registration())
}

fn registration() -> Registration {
    let run = ServerRun { server: ServerId::new("norte").unwrap(), epoch: 1 };
    Registration { run, store_id: "a".to_owned(), sessions_disconnected: 0 }
}

fn settings(pairs: &[(&str, &str)]) -> Settings {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn stored(pairs: &[(&str, &str)]) -> ServerSettings {
    ServerSettings { shared: settings(pairs), ..nothing() }
}

fn nothing() -> ServerSettings {
    ServerSettings { store_id: Some("a".to_owned()), ..ServerSettings::default() }
}

fn refusal(value: &str, reason: &str) -> Refusal {
    Refusal { value: value.to_owned(), reason: reason.to_owned() }
}

fn beat(store_id: &str, taken: Vec<UserId>) -> Heartbeat {
    Heartbeat { connections: 0, store_id: store_id.to_owned(), taken }
}

#[test]
fn a_store_that_does_not_answer_is_asked_once() {
    let mut link = link();
    assert!(link.is_heartbeat_due(0));
    link.heartbeat(0, ServerStatus::default());
    assert!(link.look_at_settings(1_000).is_some());
    assert_eq!(link.next_deadline(), None);
    assert!(!link.is_heartbeat_due(60_000) && link.look_at_settings(60_000).is_none());
    link.heartbeat_answered(Err(StoreError::Unavailable("test".into())));
    assert!(link.is_heartbeat_due(60_000));
}

#[test]
fn a_new_number_of_connections_is_told_within_a_second() {
    let mut link = link();
    link.connections_are(3);
    link.heartbeat(10_000, ServerStatus { connections: 3, ..ServerStatus::default() });
    link.heartbeat_answered(Ok(beat("a", Vec::new())));
    link.connections_are(3);
    assert!(!link.is_heartbeat_due(14_999) && link.is_heartbeat_due(15_000));
    link.connections_are(4);
    assert!(!link.is_heartbeat_due(10_999) && link.is_heartbeat_due(11_000));
    assert_eq!(link.next_deadline(), Some(1_000), "the settings are due anyway");
}

#[test]
fn a_changed_setting_is_followed_once_and_garbage_is_counted_once() {
    let mut link = link();
    let values = stored(&[("server.port", "8080"), ("limits.idle_minutes", "many"), ("game.motd", "hola")]);
    let Some(Order::Follow { changed, config }) = link.settings_answered(Ok(values.clone())) else {
        panic!("nothing to follow")
    };
    assert_eq!(changed, ["server.port", "game.motd"]);
    assert_eq!((config.server.port, config.limits.idle_minutes), (8_080, 5));
    assert!(link.settings_answered(Ok(values)).is_none());
    assert_eq!(link.take_refusals(), 1);
    assert!(link.not_followed().eq(["limits.idle_minutes"]));
    link.settings_answered(Ok(stored(&[("limits.idle_minutes", "7")])));
    assert_eq!(link.not_followed().count(), 0);
}

#[test]
fn what_was_refused_at_the_start_is_counted_once_and_named_until_the_store_says_another() {
    let key = "limits.idle_minutes";
    let (seen, refused) = (stored(&[(key, "many")]), Refused::from([(key, refusal("many", "wrong"))]));
    let mut link = StoreLink::new(Config::default(), seen.clone(), refused, registration());
    assert!(link.settings_answered(Ok(seen)).is_none());
    assert!(link.not_followed().eq([key]));
    assert_eq!(link.take_refusals(), 1);
    link.settings_answered(Ok(stored(&[(key, "7")])));
    assert_eq!(link.not_followed().count(), 0);
}

#[test]
fn what_was_refused_for_the_sake_of_another_setting_is_followed_once_that_has_changed() {
    let mut link = link();
    let (min, max) = (("game.dice_min", "12"), ("game.dice_max", "9"));
    link.settings_answered(Ok(stored(&[max])));
    assert!(link.settings_answered(Ok(stored(&[min, max]))).is_none());
    assert!(link.not_followed().eq(["game.dice_min"]));
    let order = link.settings_answered(Ok(stored(&[min, ("game.dice_max", "14")])));
    let Some(Order::Follow { changed, config }) = order else { panic!("nothing is followed") };
    assert_eq!((changed.len(), config.game.dice_min, config.game.dice_max), (2, 12, 14));
    assert_eq!(link.not_followed().count(), 0);
    assert_eq!(link.take_refusals(), 1);
}

#[test]
fn a_port_that_could_not_be_taken_is_named_until_the_store_says_another() {
    let mut link = link();
    link.settings_answered(Ok(stored(&[("server.port", "8080")])));
    link.keeps_address("0.0.0.0".to_owned(), 7666, "port in use");
    assert!(link.not_followed().eq(["server.port"]));
    assert!(link.refusals().eq([("server.port", &refusal("8080", "port in use"))]));
    assert!(link.settings_answered(Ok(stored(&[("server.port", "7666")]))).is_none());
    assert_eq!(link.not_followed().count(), 0);
}

#[test]
fn a_setting_that_vanishes_changes_nothing_and_one_that_comes_back_counts() {
    let mut link = link();
    link.settings_answered(Ok(stored(&[("server.port", "8080")])));
    assert!(link.settings_answered(Ok(stored(&[]))).is_none());
    let back = link.settings_answered(Ok(stored(&[("server.port", "8081")])));
    assert!(matches!(back, Some(Order::Follow { .. })));
}

#[test]
fn a_change_of_a_setting_is_told_at_once_and_a_refused_one_with_its_reason() {
    let mut link = link();
    let tell = |link: &mut StoreLink, now| {
        assert!(link.is_heartbeat_due(now));
        link.heartbeat(now, ServerStatus::default());
        link.heartbeat_answered(Ok(beat("a", Vec::new())));
        assert!(!link.is_heartbeat_due(now + 1));
    };
    tell(&mut link, 10_000);
    let news = [("limits.idle_minutes", "7"), ("server.max_connections", "no")];
    link.settings_answered(Ok(stored(&news)));
    tell(&mut link, 10_100);
    let in_force = link.in_force("::1", 7_777, 1_000);
    assert_eq!(in_force.len(), live::keys().count());
    let value = |key: &str| in_force[key].as_str();
    assert_eq!((value("limits.idle_minutes"), value("server.max_connections")), ("7", "1000"));
    assert_eq!((value("server.host"), value("server.port")), ("::1", "7777"));
    let wrong = refusal("no", "expected a whole number from 1 to 30000");
    assert!(link.refusals().eq([("server.max_connections", &wrong)]));
    assert_eq!(link.told_refusals(1_000), [("server.max_connections".to_owned(), wrong)].into());
    link.has_rebound();
    tell(&mut link, 10_200);
    link.keeps_address("0.0.0.0".to_owned(), 7666, "port in use");
    tell(&mut link, 10_300);
}

#[test]
fn a_limit_that_the_system_lowers_is_told_as_it_is_in_force() {
    let mut link = link();
    let wanted = stored(&[("server.max_connections", "20000")]);
    link.settings_answered(Ok(wanted));
    assert_eq!(link.in_force("::1", 7_777, 900)["server.max_connections"], "900");
    let lowered = refusal("20000", "lowered to 900: the system allows too few open files");
    assert_eq!(link.told_refusals(900), [("server.max_connections".to_owned(), lowered)].into());
    assert_eq!(link.told_refusals(20_000), BTreeMap::new());
    assert_eq!(link.not_followed().count(), 0);
}

#[test]
fn a_servers_own_setting_wins_and_the_one_of_all_counts_again_when_it_is_gone() {
    let mut link = link();
    let mut port = |shared: &[(&str, &str)], own: &[(&str, &str)]| {
        let stored = ServerSettings { shared: settings(shared), own: settings(own), ..nothing() };
        match link.settings_answered(Ok(stored)) {
            Some(Order::Follow { config, .. }) => Some(config.server.port),
            _ => None,
        }
    };
    let own = [("server.port", "8081")];
    assert_eq!(port(&[("server.port", "8080")], &own), Some(8_081));
    assert_eq!(port(&[("server.port", "8082")], &own), None);
    assert_eq!(port(&[("server.port", "8082")], &[]), Some(8_082));
}

#[test]
fn a_store_that_was_emptied_gets_each_setting_where_it_was() {
    let mut link = link();
    let own = settings(&[("server.port", "8081")]);
    let shared = settings(&[("server.port", "8080"), ("limits.idle_minutes", "7")]);
    link.settings_answered(Ok(ServerSettings { shared, own: own.clone(), ..nothing() }));
    let emptied = ServerSettings { store_id: Some("b".to_owned()), ..ServerSettings::default() };
    assert!(link.settings_answered(Ok(emptied)).is_none());
    let missing = ServerSettings::default();
    assert!(link.settings_answered(Ok(missing)).is_none());
    let Request::SeedSettings { server, settings, .. } = link.seed_settings() else { panic!("no seeds") };
    assert_eq!((server.as_str(), settings.own), ("norte", own));
    assert_eq!((&*settings.shared["server.port"], &*settings.shared["limits.idle_minutes"]), ("8080", "7"));
}

#[test]
fn settings_that_were_asked_for_before_the_store_was_emptied_are_not_followed() {
    let mut link = link();
    let own = settings(&[("server.port", "8081")]);
    let shared = settings(&[("server.port", "8080")]);
    let both = ServerSettings { shared: shared.clone(), own, ..nothing() };
    link.settings_answered(Ok(both.clone()));
    assert!(link.look_at_settings(10_000).is_some());
    link.heartbeat_answered(Ok(beat("b", Vec::new())));
    // Another server has written the settings of all into the new store.
    let id = || Some("b".to_owned());
    let without_own = ServerSettings { shared, own: Settings::new(), store_id: id() };
    assert!(link.settings_answered(Ok(without_own)).is_none());
    assert!(link.look_at_settings(11_000).is_some());
    assert!(link.settings_answered(Ok(ServerSettings { store_id: id(), ..both })).is_none());
    assert_eq!(link.config.server.port, 8_081);
}

#[test]
fn another_store_id_means_that_the_store_was_emptied() {
    let mut link = link();
    let heard = |link: &mut StoreLink, store_id, taken| {
        let orders = link.heartbeat_answered(Ok(beat(store_id, taken)));
        orders.iter().map(|order| format!("{order:?}")).collect::<Vec<_>>()
    };
    assert_eq!(heard(&mut link, "a", Vec::new()), ["Tell(StoreConfirmed)"]);
    assert_eq!(
        heard(&mut link, "b", vec![UserId(3)]),
        ["Tell(StoreEmptied)", "StoreEmptied", "Tell(CharactersTaken([UserId(3)]))"]
    );
    assert_eq!(heard(&mut link, "b", Vec::new()), ["Tell(StoreConfirmed)"]);
}
