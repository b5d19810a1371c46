//! `redis-check`.

use crate::support::{Place, RedisServer, command, finish};

#[test]
fn on_the_embedded_store_there_is_no_redis_to_check() {
    let place = Place::sqlite();
    let error = place.run(&["redis-check"]).fails(3);
    assert!(error.contains("there is no Redis"), "{error}");
}

#[test]
fn a_redis_that_is_away_fails_the_check() {
    let folder = tempfile::tempdir().unwrap();
    let run = finish(command(folder.path()).args(["--redis", "redis://127.0.0.1:1", "redis-check"]));
    assert!(run.fails(5).contains("127.0.0.1:1"));
}

#[test]
fn a_redis_that_works_passes_every_check_and_keeps_no_scratch_key() {
    let folder = tempfile::tempdir().unwrap();
    let Some(redis) = RedisServer::start(folder.path()) else { return };
    let text = finish(command(folder.path()).args(["--redis", &redis.url, "redis-check"])).ok();
    let checks: Vec<Vec<&str>> = text.lines().map(|line| line.split('\t').collect()).collect();
    let names: Vec<&str> = checks.iter().map(|check| check[1]).collect();
    let expected = [
        "connection",
        "basic operations",
        "lists",
        "counting",
        "expiry",
        "scripts",
        "counters",
        "time-outs",
        "durability",
    ];
    assert_eq!(names, expected);
    assert!(checks.iter().all(|check| check[0] == "ok"), "{text}");
    assert_eq!(redis.cli(&["KEYS", "*"]), "");
    let json = finish(command(folder.path()).args(["--redis", &redis.url, "redis-check", "--json"])).ok();
    assert!(
        json.starts_with("{\"schema\":1,\"ok\":true,\"checks\":[{\"name\":\"connection\",\"ok\":true,"),
        "{json}"
    );
}

#[test]
fn a_redis_that_refuses_a_command_fails_that_check_alone() {
    let folder = tempfile::tempdir().unwrap();
    let Some(redis) = RedisServer::start(folder.path()) else { return };
    redis.cli(&["ACL", "SETUSER", "default", "-ltrim"]);
    let run = finish(command(folder.path()).args(["--redis", &redis.url, "redis-check"]));
    assert_eq!(run.code, 1, "{run:?}");
    let failed: Vec<&str> = run.stdout.lines().filter(|line| line.starts_with("failed")).collect();
    assert_eq!(failed.len(), 1, "{run:?}");
    assert!(failed[0].starts_with("failed\tlists\t") && failed[0].contains("ltrim"), "{run:?}");
}

#[test]
fn a_wrong_password_is_not_allowed_and_not_told() {
    let folder = tempfile::tempdir().unwrap();
    let Some(redis) = RedisServer::start(folder.path()) else { return };
    redis.cli(&["CONFIG", "SET", "requirepass", "right"]);
    for password in ["", "?pass=wrong"] {
        let url = format!("{}{password}", redis.url);
        let error = finish(command(folder.path()).args(["--redis", &url, "get-port"])).fails(4);
        assert!(error.contains("password") && !error.contains("wrong"), "{error}");
    }
}

#[test]
fn what_is_changed_here_is_what_redis_cli_reads_and_the_other_way_round() {
    let Some(place) = Place::redis() else { return };
    place.run(&["set-port", "8080"]).ok();
    assert_eq!(place.redis_cli(&["GET", "config:server:port"]), "8080");
    place.redis_cli(&["SET", "config:server:host", "127.0.0.1"]);
    assert_eq!(place.run(&["get-host"]).ok(), "127.0.0.1\n");
}

#[test]
fn a_password_on_the_command_line_is_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    let check = |url: &str| finish(command(folder.path()).args(["--redis", url, "redis-check"])).stderr;
    let warned = check("redis://:s3cret@127.0.0.1:1");
    assert!(warned.contains("warning: --redis: the list of processes shows the password"), "{warned}");
    assert!(!warned.contains("s3cret"), "{warned}");
    assert!(!check("redis://127.0.0.1:1").contains("warning"));
}
