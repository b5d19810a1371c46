//! Help, man pages and completions: all from one description, so all must have the same commands.

use std::process::Command;

use crate::support::{command, finish};

fn run(arguments: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    finish(command(folder.path()).args(arguments)).ok()
}

/// Returns the commands that the help of `path` lists: under "Commands", or in groups under several titles.
fn commands_of(path: &[&str]) -> Vec<String> {
    let help = run(&[path, &["--help"]].concat());
    let is_title = |line: &str| line.ends_with(':') && !line.starts_with(' ');
    let mut is_command = false;
    let mut commands = Vec::new();
    for line in help.lines().skip_while(|line| !line.starts_with("Usage:")) {
        if is_title(line) {
            is_command = !["Arguments", "Options", "Example", "Exit", "With", "Output", "Configuration"]
                .iter()
                .any(|other| line.starts_with(other));
        }
        let name = line.strip_prefix("  ").filter(|rest| is_command && !rest.starts_with(' '));
        commands.extend(name.and_then(|rest| rest.split_whitespace().next()).map(str::to_owned));
    }
    commands.retain(|name| name != "help");
    commands
}

/// Returns every command as its path.
fn all_commands() -> Vec<Vec<String>> {
    let mut all = Vec::new();
    for name in commands_of(&[]) {
        let below = commands_of(&[&name]);
        all.extend(below.iter().map(|under| vec![name.clone(), under.clone()]));
        if below.is_empty() {
            all.push(vec![name]);
        }
    }
    all
}

#[test]
fn every_command_names_its_redis_cli_recipe_and_an_example_that_calls_it() {
    let commands = all_commands();
    assert!(commands.len() > 20, "the help lists commands: {commands:?}");
    for path in commands {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        let help = run(&[&path[..], &["--help"]].concat());
        assert!(help.contains("With redis-cli"), "{path:?}: {help}");
        assert!(help.contains(&format!("Example:\n  pyao-admin {}", path.join(" "))), "{path:?}: {help}");
    }
}

#[test]
fn the_man_pages_and_the_help_have_the_same_commands() {
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("share/man1");
    finish(command(folder.path()).args(["man", "share/man1"])).ok();
    let main_page = run(&["man"]);
    assert!(main_page.contains(".SH \"EXIT CODES\"") || main_page.contains("Exit codes:"), "{main_page}");
    for path in all_commands() {
        let page = pages.join(format!("pyao-admin-{}.1", path.join("-")));
        let text = std::fs::read_to_string(&page).unwrap_or_else(|_| panic!("no {}", page.display()));
        assert!(text.contains("redis"), "{text}");
        let listed = format!("pyao\\-admin\\-{}(1)", path[0].replace('-', "\\-"));
        assert!(main_page.contains(&listed), "{listed} is not in {main_page}");
    }
    std::fs::write(folder.path().join("file"), "").unwrap();
    let no_directory = finish(command(folder.path()).args(["man", "file"]));
    assert!(no_directory.fails(1).contains("file"));
}

#[test]
fn the_completions_of_each_shell_have_every_command_and_setting() {
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let script = run(&["completions", shell]);
        for path in all_commands() {
            for word in path {
                assert!(script.contains(&word), "{shell} lacks {word}");
            }
        }
        // The other completes commands and options alone.
        if shell != "powershell" {
            assert!(script.contains("limits.idle_minutes"), "{shell} completes settings");
        }
    }
}

/// Returns true if `shell` is installed; if it is not, the reason for which a test is skipped is printed.
fn is_installed(shell: &str) -> bool {
    let is_there = Command::new(shell).arg("--version").output().is_ok();
    if !is_there {
        println!("skipped: {shell} is not installed");
    }
    is_there
}

/// Returns the output of `shell` for `program`, with its completions in the file `$1` and `line` in `$2`.
fn in_shell(shell: &str, program: &str, line: &str) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("script");
    std::fs::write(&script, run(&["completions", shell])).unwrap();
    let flags: &[&str] = if shell == "bash" { &["--norc"] } else { &["--no-config"] };
    let mut command = Command::new(shell);
    // In fish the file is $argv[1]: there is no name of the program before it.
    command.args(flags).args(["-c", program]).args((shell == "bash").then_some("bash"));
    let output = command.arg(&script).arg(line).current_dir(folder.path()).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{line}: {output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    // Fish describes each after a tab.
    text.lines().filter_map(|line| line.split('\t').next()).map(str::to_owned).collect()
}

/// Returns the offers of bash after `line`, by the function that its completions register.
fn in_bash(line: &str) -> Vec<String> {
    let program = r#"
        source "$1"
        read -r -a COMP_WORDS <<<"$2"
        [[ "$2" != *" " ]] || COMP_WORDS+=("")
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMP_LINE=$2 COMP_POINT=${#2}
        function_name=$(complete -p pyao-admin | sed 's/.*-F \([^ ]*\) .*/\1/')
        "$function_name" pyao-admin "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
        printf '%s\n' "${COMPREPLY[@]}""#;
    in_shell("bash", program, line)
}

/// Returns the offers of fish after `line`.
fn in_fish(line: &str) -> Vec<String> {
    in_shell("fish", "source $argv[1]; complete -C $argv[2]", line)
}

/// A line that is begun, and words that may follow.
const BEGUN: &[(&str, &[&str])] = &[
    ("pyao-admin set-", &["set-host", "set-max-connections", "set-port"]),
    ("pyao-admin config ", &["get", "list", "set", "sources", "unset"]),
    ("pyao-admin config get server.", &["server.host", "server.max_connections", "server.port"]),
    ("pyao-admin config set limits.id", &["limits.idle_minutes"]),
    ("pyao-admin --redis redis://db config unset game.m", &["game.motd"]),
    ("pyao-admin account set-", &["set-gm", "set-password"]),
    ("pyao-admin account set-gm Ana o", &["off", "on"]),
    ("pyao-admin account create Ana --class w", &["warrior", "worker"]),
    ("pyao-admin completions f", &["fish"]),
    ("pyao-admin set-port 8080 --no", &["--no-headers", "--no-wait"]),
];

fn completes(shell: &str, offered: impl Fn(&str) -> Vec<String>) {
    if !is_installed(shell) {
        return;
    }
    for (line, expected) in BEGUN {
        let offered = offered(line);
        for word in *expected {
            assert!(offered.iter().any(|each| each == word), "{shell}: {line:?}: {word} not in {offered:?}");
        }
        // Words that begin otherwise, and words of other commands, are not offered.
        let begun = line.rsplit(' ').next().unwrap_or_default();
        assert!(offered.iter().all(|word| word.starts_with(begun)), "{shell}: {line:?}: {offered:?}");
        assert!(!offered.iter().any(|word| word == "redis-check"), "{shell}: {line:?}: {offered:?}");
    }
}

#[test]
fn bash_completes_commands_options_and_values() {
    completes("bash", in_bash);
    if is_installed("bash") {
        let offered = in_bash("pyao-admin set-port ");
        assert!(
            !offered.iter().any(|word| word.contains('<')),
            "placeholders are not to be typed: {offered:?}"
        );
    }
}

#[test]
fn fish_completes_commands_options_and_values() {
    completes("fish", in_fish);
    if is_installed("fish") {
        let offered = in_fish("pyao-admin config set server.port ");
        assert!(!offered.contains(&"game.motd".to_owned()), "the value is no setting: {offered:?}");
    }
}

#[test]
fn help_is_wrapped_and_grouped() {
    let help = run(&["--help"]);
    let longest = help.lines().map(|line| line.chars().count()).max();
    assert!(longest.is_some_and(|longest| longest <= 80), "{help}");
    let titles = ["Settings of running servers:", "Players and accounts:", "Servers:", "The store:"];
    let places: Vec<_> = titles.iter().map(|title| help.find(title).unwrap()).collect();
    assert!(places.is_sorted(), "{help}");
    let folder = tempfile::tempdir().unwrap();
    let narrow = finish(command(folder.path()).args(["config", "set", "--help"]).env("COLUMNS", "60")).ok();
    assert!(narrow.lines().all(|line| line.chars().count() <= 60), "{narrow}");
}

#[test]
fn the_exit_codes_stand_in_the_help() {
    let help = run(&["--help"]);
    for code in [
        "0  done",
        "5  the store cannot be reached",
        "6  conflict",
        "7  refused",
        "9  written, but a live server refused",
        "124  written",
    ] {
        assert!(help.contains(code), "{help}");
    }
}
