//! The help of the whole program: its commands in groups, fitted to the terminal. And reading the command line with it.

use clap::Command;

use crate::cli::{self, Call};
use crate::commands::table::Group;

/// Help is not spread wider than this, however wide the terminal: long lines are hard to read.
const WIDEST: usize = 100;

/// Reads the command line of this process. Help is fitted to a terminal of `width` columns.
///
/// # Errors
/// A fault in it; also help and version, which are to be printed.
pub fn parse(width: usize) -> Result<Call, clap::Error> {
    let mut command = command(width.min(WIDEST));
    let matches = command.try_get_matches_from_mut(std::env::args_os())?;
    Call::from_matches(&matches).map_err(|error| error.format(&mut command))
}

/// Makes the parser, with help for a terminal of `width` columns.
fn command(width: usize) -> Command {
    let plain = cli::command_line();
    let groups = groups(&plain, width);
    // The parser lists commands in one piece only: its own list is left out.
    let names: Vec<String> = plain.get_subcommands().map(|command| command.get_name().to_owned()).collect();
    let hidden =
        names.into_iter().fold(plain, |command, name| command.mut_subcommand(name, |sub| sub.hide(true)));
    hidden.term_width(width).override_usage("pyao-admin [OPTIONS] <COMMAND>").help_template(format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{groups}{{all-args}}{{after-help}}"
    ))
}

/// Writes every command under the title of its group, with its help in a line.
fn groups(command: &Command, width: usize) -> String {
    let about = |command: &Command| command.get_about().map(ToString::to_string).unwrap_or_default();
    let mut commands: Vec<(String, String)> =
        command.get_subcommands().map(|command| (command.get_name().to_owned(), about(command))).collect();
    commands.push(("help".to_owned(), "Print the help of a command".to_owned()));
    let name_width = commands.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let mut text = String::new();
    for group in Group::ALL {
        text += &format!("{}:\n", group.title());
        for (name, about) in commands.iter().filter(|(name, _)| Group::of(name) == group) {
            text += &entry(name, about, name_width, width);
        }
        text.push('\n');
    }
    text
}

/// Writes a command and its help, in lines within `width`.
fn entry(name: &str, about: &str, name_width: usize, width: usize) -> String {
    let indent = name_width + 4;
    let mut lines = vec![String::new()];
    for word in about.split_whitespace() {
        let line = lines.last().map_or(0, |line| line.chars().count());
        if line > 0 && indent + line + 1 + word.chars().count() > width {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            line.push_str(if line.is_empty() { "" } else { " " });
            line.push_str(word);
        }
    }
    let first = format!("  {name:name_width$}  ");
    let blank = " ".repeat(indent);
    let starts = [first.as_str()].into_iter().chain(std::iter::repeat(blank.as_str()));
    starts.zip(&lines).map(|(start, line)| format!("{start}{line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn help(width: usize) -> String {
        command(width).render_long_help().to_string()
    }

    #[test]
    fn every_command_stands_in_one_group() {
        let help = help(80);
        for command in cli::command_line().get_subcommands() {
            let start = format!("  {} ", command.get_name());
            assert_eq!(help.lines().filter(|line| line.starts_with(&start)).count(), 1, "{start}: {help}");
        }
        let place = |group: Group| help.find(&format!("\n{}:\n", group.title())).unwrap();
        let places = Group::ALL.map(place);
        assert!(places.is_sorted(), "{help}");
    }

    #[test]
    fn help_stays_within_the_terminal() {
        for width in [60, 80, 100] {
            let mut command = command(width);
            command.build();
            let subcommands = command.get_subcommands_mut().map(|sub| sub.render_long_help().to_string());
            for help in [help(width)].into_iter().chain(subcommands.collect::<Vec<_>>()) {
                let too_long = help.lines().find(|line| line.chars().count() > width);
                assert_eq!(too_long, None, "at {width}: {help}");
            }
        }
    }
}
