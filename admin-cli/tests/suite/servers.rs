//! `servers`, `connections`, `counters` and `uptime`.

use crate::support::on_both;

#[test]
fn a_live_server_tells_of_itself() {
    on_both(|place| {
        place.start_server();
        assert_eq!(place.run(&["servers"]).ok(), "norte-1\t1\t11520\t2023-11-14T22:13:20Z\t1\t2\n");
        assert_eq!(place.run(&["uptime"]).ok(), "norte-1\t11520\t2023-11-14T22:13:20Z\n");
        assert_eq!(
            place.run(&["--json", "servers"]).ok(),
            "{\"schema\":1,\"servers\":[{\"server\":\"norte-1\",\"epoch\":1,\"uptime_seconds\":11520,\
             \"started_at\":\"2023-11-14T22:13:20Z\",\"players\":1,\"connections\":2}]}\n"
        );
    });
}

#[test]
fn connections_are_listed_with_who_plays_on_them() {
    on_both(|place| {
        place.start_server();
        assert_eq!(
            place.run(&["connections"]).ok(),
            "norte-1\t1\t192.0.2.1:5000\tAna\t1\t100\t2048\t60\n\
             norte-1\t2\t192.0.2.2:5000\t\t\t200\t4096\t120\n"
        );
        assert!(place.run(&["--json", "connections"]).ok().starts_with(
            "{\"schema\":1,\"count\":2,\"connections\":[{\"server\":\"norte-1\",\"id\":1,\
             \"address\":\"192.0.2.1:5000\",\"player\":\"Ana\",\"user_id\":1,\"bytes_in\":100,\
             \"bytes_out\":2048,\"age_seconds\":60}"
        ));
    });
}

#[test]
fn counters_are_the_stores_and_the_sum_of_the_servers() {
    on_both(|place| {
        place.start_server();
        place.add_account("Ana");
        let rows = place.rows(&["counters"]);
        let value = |name: &str| rows.iter().find(|row| row[0] == name).map(|row| row[1].as_str());
        assert_eq!(value("connections"), Some("2"));
        assert_eq!(value("players"), Some("1"));
        assert_eq!(value("servers"), Some("1"));
        assert_eq!(value("accounts"), Some("1"));
        assert_eq!(value("accepts"), Some("7"));
    });
}

#[test]
fn without_a_live_server_the_answer_is_empty_and_says_so() {
    on_both(|place| {
        for command in ["servers", "connections", "uptime", "sessions", "online"] {
            let run = place.run(&[command]);
            assert_eq!((run.code, run.stdout.as_str()), (0, ""), "{command}");
            assert_eq!(run.stderr, "warning: no live server uses this store\n", "{command}");
        }
        let run = place.run(&["--json", "servers"]);
        assert_eq!(run.stdout, "{\"schema\":1,\"servers\":[]}\n");
        assert_eq!(run.stderr, "{\"schema\":1,\"warning\":\"no live server uses this store\"}\n");
    });
}
