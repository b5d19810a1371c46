//! Configuration and `--check`, as an operator meets them at the command line.

use std::path::Path;

use pyao_tests::process::{USE_REDIS, command};

/// Output and exit code of a run that ends by itself.
struct Run {
    code: Option<i32>,
    out: String,
    errors: String,
}

/// Runs the server in `directory` with these variables and arguments.
fn run(directory: &Path, variables: &[(&str, &str)], arguments: &[&str]) -> Run {
    let mut command = command(directory).unwrap();
    let output = command.envs(variables.iter().copied()).args(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Run { code: output.status.code(), out: text(output.stdout), errors: text(output.stderr) }
}

/// Returns the line of a `--check` report about a setting.
fn line<'a>(run: &'a Run, key: &str) -> &'a str {
    let start = format!("{key} = ");
    run.out.lines().find(|line| line.starts_with(&start)).unwrap_or_else(|| panic!("no {key} in {}", run.out))
}

/// Returns the number in the row of a `--check` summary.
fn total(run: &Run, name: &str) -> u64 {
    let row = run.out.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
    row.unwrap_or_else(|| panic!("no {name} in {}", run.out))
}

#[test]
fn check_counts_the_starter_world() {
    let directory = tempfile::tempdir().unwrap();
    let run = run(directory.path(), &[], &["--check"]);
    assert_eq!((run.code, run.errors.as_str()), (Some(0), ""));
    assert_eq!(total(&run, "maps "), 5);
    assert!(total(&run, "object records ") > 0 && total(&run, "NPC records ") > 0, "{}", run.out);
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0, "a check makes no files");
}

#[test]
fn check_counts_the_full_world() {
    let Some(data) = pyao_tests::ao_data() else {
        println!("skipped: ../shared/ao-data is not there");
        return;
    };
    let directory = tempfile::tempdir().unwrap();
    let run = run(directory.path(), &[], &["--check", "--data", data.to_str().unwrap()]);
    assert_eq!((run.code, run.errors.as_str()), (Some(0), ""), "{}", run.out);
    let lacks = |line: &&str| line.starts_with("warning: Dat/") && line.contains("the client has none");
    let warnings = run.out.lines().filter(lacks).count();
    let shown = "warning: Dat/NPCs.dat: [NPC135] Body=641: the client has none, 548 is shown";
    assert!(warnings == 43 && run.out.lines().any(|line| line == shown), "{}", run.out);
    let slip = "warning: Dat/NPCs.dat: [NPC602] MinHIT=110: it is above MaxHIT=75, which is never rolled";
    assert!(run.out.lines().any(|line| line == slip), "{}", run.out);
    let (content, _) = pyao_core::content::Content::load(&data).unwrap();
    let summary = content.summary();
    for (name, count) in [
        ("maps ", summary.maps),
        ("object records ", summary.objects),
        ("NPC records ", summary.npcs),
        ("spell records ", summary.spells),
        ("exits ", summary.exits),
    ] {
        assert_eq!(total(&run, name), count as u64, "{name}");
    }
}

#[test]
fn every_fault_of_a_configuration_is_named_with_its_place() {
    let directory = tempfile::tempdir().unwrap();
    let text = "[server]\nprot = 1\nport = 70000\n\n[limits]\nidle_minutes = -1\npackets_per_second = \"many\"\n\
                [wrold]\ndata = \"x\"\n[world]\nstart_positions = [\"1:0:5\"]\n[ops]\nlisten = \"7667\"\n";
    std::fs::write(directory.path().join("config.toml"), text).unwrap();
    let variables = [("PYAO_LIMITS__IDLE_MINUTE", "3"), ("PYAO_SERVER__MAX_CONNECTIONS", "0")];
    for arguments in [&["--check"][..], &[]] {
        let run = run(directory.path(), &variables, arguments);
        assert_eq!(run.code, Some(2), "{}", run.errors);
        for (place, key) in [
            ("config.toml:2:", "server.prot"),
            ("config.toml:3:", "server.port"),
            ("config.toml:6:", "limits.idle_minutes"),
            ("config.toml:7:", "limits.packets_per_second"),
            ("config.toml:8:", "wrold"),
            ("config.toml:11:", "world.start_positions"),
            ("config.toml:13:", "ops.listen"),
            ("PYAO_LIMITS__IDLE_MINUTE:", "PYAO_LIMITS__IDLE_MINUTES"),
            ("PYAO_SERVER__MAX_CONNECTIONS:", "server.max_connections"),
        ] {
            let is_named = |line: &str| line.contains(place) && line.contains(key);
            assert!(run.errors.lines().any(is_named), "no {place} with {key} in\n{}", run.errors);
        }
        assert_eq!(run.errors.lines().count(), 9, "{}", run.errors);
    }
}

#[test]
fn a_configuration_that_is_no_toml_is_named_with_its_line() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("config.toml"), "[server]\nport = = 1\n").unwrap();
    let run = run(directory.path(), &[], &["--check"]);
    assert_eq!(run.code, Some(2), "{}", run.errors);
    assert!(run.errors.contains("config.toml:2:"), "{}", run.errors);
}

#[test]
fn a_configuration_file_that_is_not_there_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let by_flag = run(directory.path(), &[], &["--config", "nowhere.toml"]);
    let by_variable = run(directory.path(), &[("PYAO_CONFIG", "nowhere.toml")], &[]);
    for run in [by_flag, by_variable] {
        assert_eq!((run.code, run.errors.lines().count()), (Some(2), 1), "{}", run.errors);
        assert!(run.errors.contains("nowhere.toml"), "{}", run.errors);
    }
}

#[test]
fn flags_win_over_the_environment_and_that_over_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let text =
        "[server]\nhost = \"127.0.0.2\"\nport = 1111\nmax_connections = 11\n[limits]\nidle_minutes = 11\n";
    std::fs::write(directory.path().join("config.toml"), text).unwrap();
    let variables = [
        ("PYAO_PORT", "2222"),
        ("PYAO_SERVER__MAX_CONNECTIONS", "22"),
        ("PYAO_HOST", "127.0.0.3"),
        ("PYAO_OPS", ""),
    ];
    let run = run(directory.path(), &variables, &["--check", "--port", "3333"]);
    assert_eq!(run.code, Some(0), "{}", run.errors);
    assert_eq!(line(&run, "server.port"), "server.port = 3333  (--port)");
    assert_eq!(line(&run, "server.host"), "server.host = \"127.0.0.3\"  (PYAO_HOST)");
    assert_eq!(
        line(&run, "server.max_connections"),
        "server.max_connections = 22  (PYAO_SERVER__MAX_CONNECTIONS)"
    );
    assert!(line(&run, "limits.idle_minutes").starts_with("limits.idle_minutes = 11  (config.toml:6:"));
    assert_eq!(line(&run, "limits.handshake_seconds"), "limits.handshake_seconds = 30  (default)");
    assert_eq!(line(&run, "ops.listen"), "ops.listen = \"\"  (PYAO_OPS)");
}

#[test]
fn the_printed_configuration_says_what_is_so_anyway() {
    let directory = tempfile::tempdir().unwrap();
    let defaults = run(directory.path(), &[], &["--check"]);
    let printed = run(directory.path(), &[], &["--print-config"]);
    std::fs::write(directory.path().join("config.toml"), &printed.out).unwrap();
    let read = run(directory.path(), &[], &["--check"]);
    let values = |run: &Run| -> Vec<String> {
        let settings = run.out.lines().filter(|line| line.contains(" = "));
        settings.filter_map(|line| Some(line.split_once("  (")?.0.to_owned())).collect()
    };
    assert_eq!((printed.code, read.code), (Some(0), Some(0)), "{}", read.errors);
    assert_eq!(values(&read), values(&defaults));
    assert!(!values(&read).is_empty());
}

#[test]
fn an_unknown_flag_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let run = run(directory.path(), &[], &["--frobnicate"]);
    assert_eq!(run.code, Some(2));
    assert!(run.errors.contains("--frobnicate"), "{}", run.errors);
}

#[test]
fn a_redis_that_was_asked_for_and_is_away_stops_the_start() {
    let directory = tempfile::tempdir().unwrap();
    let url = "redis://ana:secreta@127.0.0.1:1/0";
    let by_flag = run(directory.path(), &[], &["--redis", url]);
    let by_variable = run(directory.path(), &[("PYAO_REDIS", url), (USE_REDIS, "true")], &[]);
    for run in [by_flag, by_variable] {
        assert_eq!(run.code, Some(1), "{}", run.errors);
        let fault = run.errors.lines().filter(|line| line.starts_with("pyao-server:")).collect::<Vec<_>>();
        assert!(fault.len() == 1 && fault[0].contains("127.0.0.1:1"), "{}", run.errors);
        assert!(!run.errors.contains("secreta") && !run.out.contains("secreta"), "{}{}", run.out, run.errors);
    }
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0, "no store was made");
}

#[test]
fn start_positions_on_maps_that_are_not_there_stop_a_start() {
    let directory = tempfile::tempdir().unwrap();
    let variables = [("PYAO_WORLD__START_POSITIONS", "1:50:50,999:50:50,7:1:1"), ("PYAO_PORT", "0")];
    for arguments in [&["--check"][..], &["--ops", "", "--no-redis"]] {
        let run = run(directory.path(), &variables, arguments);
        assert_eq!((run.code, run.errors.lines().count()), (Some(2), 2), "{}", run.errors);
        let start = "pyao-server: world.start_positions: there is no map ";
        for (line, named) in run.errors.lines().zip(["999 for \"999:50:50\"", "7 for \"7:1:1\""]) {
            assert!(line.starts_with(&format!("{start}{named}; ")), "{line}");
        }
    }
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0, "it makes no store");
}

#[test]
fn a_message_of_the_day_is_short_wherever_it_is_set() {
    let directory = tempfile::tempdir().unwrap();
    let long = "hola\n".repeat(1_200);
    let by_variable = run(directory.path(), &[("PYAO_GAME__MOTD", &long)], &["--check"]);
    std::fs::write(directory.path().join("config.toml"), format!("[game]\nmotd = {long:?}\n")).unwrap();
    let by_file = run(directory.path(), &[], &["--check"]);
    for (run, source) in [(by_variable, "PYAO_GAME__MOTD"), (by_file, "config.toml:2:8")] {
        assert_eq!((run.code, run.errors.lines().count()), (Some(2), 1), "{}", run.errors);
        let fault =
            format!("{source}: game.motd: expected a text of at most 20 lines and 2,048 bytes, found");
        assert!(run.errors.contains(&fault) && run.errors.len() < 500, "{}", run.errors);
    }
}

#[test]
fn what_others_could_read_is_a_warning() {
    let directory = tempfile::tempdir().unwrap();
    let warnings = |variables: &[(&str, &str)], arguments: &[&str]| {
        let run = run(directory.path(), variables, &[&["--check"], arguments].concat());
        assert_eq!((run.code, run.errors.as_str()), (Some(0), ""));
        let lines = run.out.lines().filter_map(|line| line.strip_prefix("warning: "));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let url = "redis://:s3cret@127.0.0.1:6379";
    let both = warnings(&[], &["--redis", url, "--ops", "0.0.0.0:7667"]);
    assert!(
        both.len() == 2 && both[0].starts_with("--redis: ") && both[1].starts_with("ops.listen="),
        "{both:?}"
    );
    assert!(!both.concat().contains("s3cret"), "{both:?}");
    assert!(warnings(&[], &["--redis", "redis://127.0.0.1:6379"]).is_empty());
    assert!(warnings(&[("PYAO_REDIS", url)], &[]).is_empty());
}
