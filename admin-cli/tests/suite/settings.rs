//! `get-…`, `set-…` and `config …`.

use std::process::Stdio;
use std::time::{Duration, Instant};

use pyao_store::Settings;
use pyao_store::server::ServerId;

use crate::support::{Place, command, finish, on_both};

#[test]
fn a_setting_is_changed_shown_and_read_back() {
    on_both(|place| {
        let run = place.run(&["set-port", "8080"]);
        assert_eq!(run.stdout, "server.port\t\t8080\n");
        assert!(run.stderr.starts_with("no live server: applies at the next start"), "{}", run.stderr);
        assert_eq!(place.store.settings().unwrap()["server.port"], "8080");
        assert_eq!(place.run(&["get-port"]).ok(), "8080\n");
        assert_eq!(place.run(&["set-port", "8081"]).ok(), "server.port\t8080\t8081\n");
        assert_eq!(place.run(&["set-host", "::1"]).ok(), "server.host\t\t::1\n");
        assert_eq!(place.run(&["get-host"]).ok(), "::1\n");
        assert_eq!(place.run(&["set-max-connections", " 77 "]).ok(), "server.max_connections\t\t77\n");
        assert_eq!(place.run(&["get-max-connections"]).ok(), "77\n");
        assert_eq!(place.run(&["config", "get", "server.port"]).ok(), "8081\n");
        assert_eq!(place.run(&["config", "unset", "server.port"]).ok(), "server.port\t8081\t\n");
        assert!(!place.store.settings().unwrap().contains_key("server.port"));
    });
}

#[test]
fn a_change_that_is_not_waited_for_says_what_is_to_come() {
    on_both(|place| {
        place.start_server();
        let run = place.run(&["set-port", "8080", "--no-wait"]);
        assert_eq!(run.code, 0, "{run:?}");
        assert_eq!(run.stderr, "1 live server applies it within 2 s: listens there, players stay\n");
        let run = place.run(&["set-port", "8080", "--no-wait"]);
        assert_eq!(run.stderr, "nothing to change\n");
        let run = place.run(&["config", "unset", "server.port"]);
        assert!(run.stderr.starts_with("live servers keep the value"), "{}", run.stderr);
    });
}

#[test]
fn a_change_is_answered_by_every_live_server() {
    on_both(|place| {
        place.start_server();
        place.tell(&[("server.port", "8080"), ("limits.idle_minutes", "7")], &[]);
        let run = place.run(&["set-port", "8080"]);
        assert_eq!((run.code, run.stdout.as_str()), (0, "server.port\t\t8080\n"), "{run:?}");
        assert_eq!(run.stderr, "norte-1: listens on 8080\n");
        let run = place.run(&["config", "set", "limits.idle_minutes", "7"]);
        assert_eq!(run.stderr, "norte-1: in force: counts for everybody at once\n");
        let run = place.run(&["set-port", "8080"]);
        assert_eq!((run.code, run.stderr.as_str()), (0, "nothing to change\n"));
    });
}

#[test]
fn a_refused_change_says_why_and_ends_with_nine() {
    on_both(|place| {
        place.start_server();
        place.tell(&[("server.port", "7666")], &[("server.port", "8080", "port in use")]);
        let run = place.run(&["set-port", "8080"]);
        assert_eq!((run.code, run.stdout.as_str()), (9, "server.port\t\t8080\n"), "{run:?}");
        assert_eq!(run.stderr, "norte-1: refused: port in use\n");
        let run = place.run(&["set-port", "8080"]);
        assert_eq!(
            (run.code, run.stderr.as_str()),
            (9, "nothing to change\nnorte-1: refused: port in use\n")
        );
        let run = place.run(&["--json", "set-port", "8080"]);
        let answer = "\"servers\":[{\"server\":\"norte-1\",\"answer\":\"refused\",\"in_force\":\"7666\",\
                      \"reason\":\"port in use\"}]}\n";
        assert!(run.code == 9 && run.stdout.ends_with(answer), "{run:?}");

        let run = place.run(&["get-port"]);
        assert_eq!((run.code, run.stdout.as_str()), (0, "8080\n"));
        let told = "norte-1: 7666 is in force; 8080 was refused: port in use\n";
        assert_eq!(run.stderr, told);
        assert!(place.run(&["config", "list"]).stderr.contains(&format!("server.port: {told}")));
        place.tell(&[("server.port", "8080")], &[]);
        assert_eq!(place.run(&["get-port"]).stderr, "");
        place.store.set_setting("server.port", " 8080").unwrap();
        assert_eq!(place.run(&["get-port"]).stderr, "", "the same in another form");
    });
}

#[test]
fn a_server_that_does_not_answer_is_told_of_after_three_seconds() {
    let mut place = Place::sqlite();
    place.start_server();
    place.tell(&[("server.port", "7666")], &[]);
    let start = Instant::now();
    let run = place.run(&["set-port", "8080"]);
    assert_eq!(run.code, 124, "{run:?}");
    assert_eq!(run.stderr, "norte-1: no answer yet; 7666 was in force when it told last\n");
    assert!(start.elapsed() >= Duration::from_secs(3));
    assert_eq!(place.store.settings().unwrap()["server.port"], "8080", "it was written all the same");
}

#[test]
fn a_server_has_settings_of_its_own() {
    on_both(|place| {
        place.store.set_setting("server.port", "7666").unwrap();
        let run = place.run(&["config", "set", "server.port", "8080", "--server", "sur"]);
        assert_eq!((run.code, run.stdout.as_str()), (0, "server.port of sur\t\t8080\n"), "{run:?}");
        assert!(run.stderr.starts_with("sur is not live: applies at its next start"), "{}", run.stderr);
        assert_eq!(place.run(&["get-port", "--server", "sur"]).ok(), "8080\n");
        assert_eq!(place.run(&["get-port"]).ok(), "7666\n");
        let run = place.run(&["get-port", "--server", "este"]);
        assert_eq!(run.stdout, "7666\n");
        assert!(run.stderr.contains("este has none of its own"), "{}", run.stderr);
        place.run(&["set-port", "1", "--server", "sur", "--if-value", "7666"]).fails(6);
        place.run(&["set-port", "8081", "--server", "sur", "--if-value", "8080"]).ok();
        place.run(&["set-host", "::1", "--server", "sur"]).ok();
        place.run(&["set-max-connections", "50", "--server", "sur", "--dry-run"]).ok();
        let own = place.store.settings_of(&ServerId::new("sur").unwrap()).unwrap().own;
        assert!(own.iter().eq(&settings([("server.host", "::1"), ("server.port", "8081")])), "{own:?}");
        place.run(&["config", "unset", "server.port", "--server", "sur"]).ok();
        assert_eq!(place.run(&["get-port", "--server", "sur"]).ok(), "7666\n");
        let error = place.run(&["config", "set", "game.motd", "hola", "--server", "sur"]).fails(2);
        assert!(error.contains("game.motd is the same for all servers"), "{error}");
        place.run(&["get-port", "--server", "no such id"]).fails(2);
    });
}

#[test]
fn what_the_only_live_server_has_of_its_own_is_what_is_meant() {
    on_both(|place| {
        place.start_server();
        place.tell(&[("server.port", "8080")], &[]);
        place.store.set_setting("server.port", "7666").unwrap();
        assert!(place.run(&["get-port"]).stderr.contains("norte-1: 8080 is in force"));
        place.run(&["set-port", "8080", "--server", "norte-1"]).ok();
        assert_eq!(place.run(&["get-port"]).ok(), "8080\n");
        place.tell(&[("server.port", "8081")], &[]);
        let run = place.run(&["set-port", "8081"]);
        assert_eq!((run.code, run.stdout.as_str()), (0, "server.port of norte-1\t8080\t8081\n"), "{run:?}");
        assert_eq!(place.store.settings().unwrap()["server.port"], "7666");
    });
}

fn settings<const N: usize>(pairs: [(&str, &str); N]) -> Settings {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

#[test]
fn a_value_that_servers_would_refuse_is_refused_and_nothing_is_written() {
    on_both(|place| {
        place.store.set_setting("game.dice_max", "10").unwrap();
        let before = place.store.settings().unwrap();
        for bad in [
            &["set-port", "0"][..],
            &["set-port", "65536"],
            &["set-port", "eighty"],
            &["set-port", ""],
            &["set-host", "not a host"],
            &["set-host", ""],
            &["set-host", "1.2.3.4.5"],
            &["set-max-connections", "0"],
            &["config", "set", "limits.packets_per_second", "-1"],
            &["config", "set", "limits.idle_minutes", "10081"],
            &["config", "set", "game.dice_min", "11"],
            &["config", "set", "game.dice_max", "99999999999999999999"],
            &["config", "set", "game.motd", &"hola\\n".repeat(21)],
            &["config", "set", "game.motd", &"a".repeat(2_049)],
        ] {
            let error = place.run(bad).fails(2);
            assert!(error.contains("expected "), "{bad:?}: {error}");
            assert!(error.contains("nothing was written"), "{bad:?}: {error}");
            assert!(bad[0] != "set-port" || error.contains("from 1 to 65535"), "{bad:?}: {error}");
            assert_eq!(place.store.settings().unwrap(), before, "{bad:?}");
        }
    });
}

#[test]
fn a_dry_run_says_the_same_and_writes_nothing() {
    on_both(|place| {
        place.store.set_setting("server.port", "7777").unwrap();
        let run = place.run(&["set-port", "8080", "--dry-run"]);
        assert_eq!((run.code, run.stdout.as_str()), (0, "server.port\t7777\t8080\n"));
        assert!(run.stderr.starts_with("dry run: nothing was written"), "{}", run.stderr);
        assert_eq!(place.run(&["get-port"]).ok(), "7777\n");
        place.run(&["config", "unset", "server.port", "--dry-run"]).ok();
        assert_eq!(place.run(&["get-port"]).ok(), "7777\n");
    });
}

#[test]
fn a_value_that_changed_meanwhile_is_a_conflict() {
    on_both(|place| {
        place.store.set_setting("server.port", "7777").unwrap();
        let error = place.run(&["set-port", "8080", "--if-value", "7666"]).fails(6);
        assert!(error.contains("server.port is \"7777\", not \"7666\""), "{error}");
        assert_eq!(place.run(&["get-port"]).ok(), "7777\n");
        place.run(&["set-port", "8080", "--if-value", "7777"]).ok();
        assert_eq!(place.run(&["get-port"]).ok(), "8080\n");
    });
}

#[test]
fn of_simultaneous_changes_of_one_value_one_is_made() {
    on_both(|place| {
        place.store.set_setting("server.port", "7777").unwrap();
        let ports: Vec<String> = (8080..8090).map(|port: u16| port.to_string()).collect();
        let running: Vec<_> = ports
            .iter()
            .map(|port| {
                let mut command = place.command(&["set-port", port, "--if-value", "7777"]);
                command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
            })
            .collect();
        let codes: Vec<_> =
            running.into_iter().map(|mut child| child.wait().unwrap().code().unwrap()).collect();
        let winners: Vec<_> = codes.iter().zip(&ports).filter(|(code, _)| **code == 0).collect();
        assert_eq!(winners.len(), 1, "{codes:?}");
        assert_eq!(codes.iter().filter(|code| **code == 6).count(), ports.len() - 1, "{codes:?}");
        assert_eq!(place.store.settings().unwrap()["server.port"], *winners[0].1);
    });
}

#[test]
fn the_message_of_the_day_may_have_several_lines() {
    on_both(|place| {
        place.run(&["config", "set", "game.motd", "Hola\\n¡Feria hoy!"]).ok();
        assert_eq!(place.store.settings().unwrap()["game.motd"], "Hola\n¡Feria hoy!");
        assert_eq!(place.run(&["config", "get", "game.motd"]).ok(), "Hola\n¡Feria hoy!\n");
        let row = place.rows(&["config", "list"]).into_iter().find(|row| row[0] == "game.motd").unwrap();
        assert_eq!(row[1], "Hola\\n¡Feria hoy!");
    });
}

#[test]
fn the_list_has_every_live_setting_and_points_at_what_is_not_valid() {
    on_both(|place| {
        place.store.set_setting("server.port", "eighty").unwrap();
        let run = place.run(&["config", "list"]);
        assert!(
            run.stderr.contains("server.port: \"eighty\" is not valid, servers ignore it: expected a "),
            "{}",
            run.stderr
        );
        let rows = place.rows(&["config", "list"]);
        let names: Vec<&str> = rows.iter().map(|row| row[0].as_str()).collect();
        let known: Vec<&str> = pyao_config::live::keys().collect();
        assert_eq!(names, known);
        let port = &rows[1];
        assert_eq!(port[1..4], ["eighty", "store", "1..65535"]);
        let idle = rows.iter().find(|row| row[0] == "limits.idle_minutes").unwrap();
        assert_eq!(idle[1..4], ["5", "default", "0..10080"]);
    });
}

#[test]
fn sources_name_the_layer_that_sets_each() {
    on_both(|place| {
        let file = place.folder.path().join("config.toml");
        std::fs::write(&file, "[server]\nport = 7001\nmax_connections = 5\n").unwrap();
        place.store.set_setting("server.port", "7002").unwrap();
        place.store.set_setting("limits.idle_minutes", "9").unwrap();
        let run = finish(place.command(&["config", "sources"]).env("PYAO_LIMITS__IDLE_MINUTES", "8"));
        let rows: Vec<Vec<&str>> = run.stdout.lines().map(|line| line.split('\t').collect()).collect();
        let of = |name: &str| rows.iter().find(|row| row[0] == name).unwrap()[1..].to_vec();
        assert_eq!(of("server.port"), ["7002", "store"], "the store wins over the file");
        assert_eq!(of("server.max_connections"), ["5", "config.toml:3:19"]);
        assert_eq!(of("limits.idle_minutes"), ["8", "PYAO_LIMITS__IDLE_MINUTES"], "and loses to a variable");
        assert_eq!(of("world.data"), ["\"\"", "default"]);
    });
}

#[test]
fn without_anything_in_the_store_the_configuration_is_told() {
    let place = Place::sqlite();
    let run = place.run(&["get-port"]);
    assert_eq!((run.code, run.stdout.as_str()), (0, "7666\n"));
    assert!(run.stderr.contains("not set in the store; this is what the configuration says (default)"));
}

#[test]
fn the_store_is_found_by_flag_variable_and_file() {
    let mut place = Place::sqlite();
    place.store.set_setting("server.port", "7777").unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let path = place.flags[1].as_str();
    let variables = [("PYAO_STORE", path), ("PYAO_NO_REDIS", "1")];
    let run = finish(command(elsewhere.path()).arg("get-port").envs(variables));
    assert_eq!(run.ok(), "7777\n");

    let file = elsewhere.path().join("mine.toml");
    std::fs::write(&file, format!("[redis]\nenabled = false\n[store]\npath = {path:?}\n")).unwrap();
    let run = finish(command(elsewhere.path()).args(["--config", "mine.toml", "get-port"]));
    assert_eq!(run.ok(), "7777\n");
}

#[test]
fn the_key_of_a_setting_that_is_no_text_is_named() {
    let Some(place) = Place::redis() else { return };
    place.redis_cli(&["RPUSH", "config:server:port", "8080"]);
    for arguments in [&["get-port"][..], &["set-port", "8081"], &["config", "list"]] {
        let error = place.run(arguments).fails(1);
        assert!(error.contains("key config:server:port in Redis") && error.contains("DEL"), "{error}");
    }
}
