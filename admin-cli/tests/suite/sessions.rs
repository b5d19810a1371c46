//! `sessions`, `session` and `online`.

use crate::support::{Place, on_both};

/// Time at which a connection was lost: 2096-10-02T07:06:40Z. By any clock, its hour is not over.
const LOST_AT: u64 = 4_000_000_000;

fn with_two_sessions(place: &mut Place) {
    place.start_server();
    let ana = place.add_account("Ana");
    let bob = place.add_account("Bob");
    place.open_session(ana, "Ana", None);
    place.open_session(bob, "Bob", Some(LOST_AT));
}

#[test]
fn sessions_are_listed_with_who_has_lost_the_connection() {
    on_both(|place| {
        with_two_sessions(place);
        assert_eq!(
            place.run(&["sessions"]).ok(),
            "1\tAna\t4\tmage\t1\t20\ttrue\t\tnorte-1\ttrue\t2023-11-14T22:15:00Z\n\
             2\tBob\t4\tmage\t1\t20\tfalse\t2096-10-02T07:06:40Z\tnorte-1\ttrue\t2023-11-14T22:15:00Z\n"
        );
        assert_eq!(place.run(&["online"]).ok(), "1\tAna\t4\t1\tnorte-1\n");
    });
}

#[test]
fn the_json_of_sessions_keeps_its_shape() {
    on_both(|place| {
        with_two_sessions(place);
        assert_eq!(
            place.run(&["--json", "sessions"]).ok(),
            "{\"schema\":1,\"sessions\":[\
             {\"user_id\":1,\"username\":\"Ana\",\"level\":4,\"class\":\"mage\",\"map\":1,\"hp\":20,\
             \"connected\":true,\"disconnected_at\":null,\"server\":\"norte-1\",\"server_live\":true,\
             \"last_seen\":\"2023-11-14T22:15:00Z\"},\
             {\"user_id\":2,\"username\":\"Bob\",\"level\":4,\"class\":\"mage\",\"map\":1,\"hp\":20,\
             \"connected\":false,\"disconnected_at\":\"2096-10-02T07:06:40Z\",\"server\":\"norte-1\",\
             \"server_live\":true,\"last_seen\":\"2023-11-14T22:15:00Z\"}]}\n"
        );
        assert_eq!(
            place.run(&["--json", "online"]).ok(),
            "{\"schema\":1,\"count\":1,\"online\":[{\"user_id\":1,\"username\":\"Ana\",\"level\":4,\"map\":1,\
             \"server\":\"norte-1\"}]}\n"
        );
    });
}

#[test]
fn one_session_is_found_by_number_and_by_name_in_any_case() {
    on_both(|place| {
        with_two_sessions(place);
        let by_number = place.run(&["session", "1"]).ok();
        assert!(by_number.starts_with("user_id\t1\nusername\tAna\nlevel\t4\n"), "{by_number}");
        assert_eq!(place.run(&["session", "ANA"]).ok(), by_number);
    });
}

#[test]
fn a_session_that_is_not_there_is_not_found_and_a_near_name_is_suggested() {
    on_both(|place| {
        with_two_sessions(place);
        place.add_account("Carla");
        assert!(place.run(&["session", "99"]).fails(3).contains("99 has no session"));
        assert!(place.run(&["session", "Carla"]).fails(3).contains("Carla has no session"));
        assert!(place.run(&["session", "Anna"]).fails(3).contains("did you mean Ana?"));
    });
}

#[test]
fn nobody_is_online_once_the_server_has_gone() {
    on_both(|place| {
        with_two_sessions(place);
        place.store.deregister_server().unwrap();
        let run = place.run(&["online"]);
        assert_eq!((run.code, run.stdout.as_str()), (0, ""));
        assert_eq!(run.stderr, "warning: no live server uses this store\n");
        let live: Vec<String> = place.rows(&["sessions"]).into_iter().map(|row| row[9].clone()).collect();
        assert_eq!(live, ["false", "false"]);
    });
}

#[test]
fn a_session_that_somebody_wrote_by_hand_is_listed_and_shown_without_what_it_lacks() {
    let Some(mut place) = Place::redis() else { return };
    place.start_server();
    let fields = ["username", "player1", "level", "10", "class", "warrior"];
    place.redis_cli(&[&["HSET", "session:123:active"], &fields[..]].concat());
    assert_eq!(place.run(&["sessions"]).ok(), "123\tplayer1\t10\twarrior\t\t\t\t\t\tfalse\t\n");
    let shown = place.run(&["session", "123"]).ok();
    assert!(shown.starts_with("user_id\t123\nusername\tplayer1\nlevel\t10\nclass\twarrior\n"), "{shown}");
    assert_eq!(place.run(&["online"]).ok(), "");
}
