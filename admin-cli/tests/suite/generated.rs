//! Help, man pages and completions: all from one description, so all must have the same commands.

use crate::support::{command, finish};

fn run(arguments: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    finish(command(folder.path()).args(arguments)).ok()
}

/// The commands that the help of `path` lists.
fn commands_of(path: &[&str]) -> Vec<String> {
    let help = run(&[path, &["--help"]].concat());
    let list = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    list.take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect()
}

/// Every command as its path.
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
    assert_eq!(commands.len(), 28, "{commands:?}");
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
        // The others complete commands and options alone.
        if matches!(shell, "bash" | "zsh") {
            assert!(script.contains("limits.idle_minutes"), "{shell} completes settings");
        }
    }
}

#[test]
fn the_exit_codes_stand_in_the_help() {
    let help = run(&["--help"]);
    for code in ["0  done", "5  the store cannot be reached", "6  conflict", "7  refused"] {
        assert!(help.contains(code), "{help}");
    }
}
