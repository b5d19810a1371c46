//! Completions for shells: what the generator writes, with what it gets wrong put right.

use std::fmt::Write as _;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Arg, Args, Command};
use clap_complete::Shell;

use crate::failure::Failure;
use crate::output::Reply;

const PROGRAM: &str = "pyao-admin";

/// The shell that completes.
#[derive(Debug, Args)]
pub struct OfShell {
    /// The shell
    #[arg(value_parser = PossibleValuesParser::new(["bash", "zsh", "fish", "powershell"]).try_map(|name| name.parse::<Shell>()))]
    shell: Shell,
}

/// Makes the script: `completions`.
pub fn completions(mut command: Command, OfShell { shell }: OfShell) -> Result<Reply, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, PROGRAM, &mut script);
    let script = String::from_utf8_lossy(&script).into_owned();
    Ok(Reply::Text(match shell {
        Shell::Bash => mended_bash(&script),
        Shell::Fish => script + &fish_values(&command),
        _ => script,
    }))
}

/// Mends the script for bash. The generator names the branch of a command in one way where it looks for it and in another where it stands, when the
/// program's name has a hyphen: so nothing was found beyond the first word. It also offers the placeholders of
/// arguments, such as `<PORT>`, as if they were to be typed.
fn mended_bash(script: &str) -> String {
    let mut mended = String::new();
    for line in script.replace("pyao__subcmd__admin", "pyao__admin").lines() {
        match line.split_once("opts=\"") {
            Some((indent, words)) => {
                let words = words.trim_end_matches('"').split(' ');
                let typed: Vec<&str> = words.filter(|word| !word.starts_with(['<', '['])).collect();
                let _ = writeln!(mended, "{indent}opts=\"{}\"", typed.join(" "));
            }
            None => {
                mended.push_str(line);
                mended.push('\n');
            }
        }
    }
    mended
}

/// Function that tells the number, from 0, of the word that comes next after a command.
const FISH_FUNCTION: &str = r#"
# Whether argument number $argv[2], from 0, of the command that ends in $argv[1] comes next.
function __fish_pyao_admin_argument
    set -l words (commandline -opc)
    set -l place (contains -i -- $argv[1] $words)
    or return 1
    set -e words[1..$place]
    set -l typed (string match -v -- '-*' $words)
    test (count $typed) -eq $argv[2]
end
"#;

/// Adds the values of arguments, which the generator leaves out for fish.
fn fish_values(command: &Command) -> String {
    let mut lines = String::from(FISH_FUNCTION);
    for group in command.get_subcommands() {
        let own = format!("__fish_pyao_admin_using_subcommand {}", group.get_name());
        add_fish_values(group, &own, &mut lines);
        for under in group.get_subcommands() {
            let both = format!("{own}; and __fish_seen_subcommand_from {}", under.get_name());
            add_fish_values(under, &both, &mut lines);
        }
    }
    lines
}

fn add_fish_values(command: &Command, condition: &str, lines: &mut String) {
    let name = command.get_name();
    for (number, argument) in command.get_positionals().enumerate() {
        let values = values(argument);
        if !values.is_empty() {
            let _ = writeln!(
                lines,
                "complete -c {PROGRAM} -n \"{condition}; and __fish_pyao_admin_argument {name} {number}\" -f -a \
                 \"{}\"",
                values.join(" ")
            );
        }
    }
}

fn values(argument: &Arg) -> Vec<String> {
    let shown = |value: &PossibleValue| !value.is_hide_set();
    argument
        .get_possible_values()
        .iter()
        .filter(|value| shown(value))
        .map(|value| value.get_name().to_owned())
        .collect()
}
