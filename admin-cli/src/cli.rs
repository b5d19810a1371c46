//! The command line, made of the rows of [`commands::table`](crate::commands::table), and reading it.

use clap::{ArgMatches, Args, Command, FromArgMatches};

use crate::commands::table::{COMMANDS, FAMILIES, Row};
use crate::failure::EXIT_CODES;
use crate::options::Global;

const ABOUT: &str = "Administers PyAO servers: settings, sessions, counters, accounts";
const LONG_ABOUT: &str = "\
Administers PyAO servers: settings, sessions, counters, accounts.

Works on the store (Redis or the embedded store's file), also while servers run.";
const MORE: &str = "\
Output: a table on a terminal, tab-separated lines without a header in a pipe, one object with --json. Data goes to \
standard output, everything else to standard error. NO_COLOR turns colours off.

Configuration: the same layers as the server's. Flags win over the environment (PYAO_*; REDIS_URL, or any of \
REDIS_HOST, REDIS_PORT, REDIS_DB and REDIS_PASSWORD), that over ./config.toml. Without any of them it looks for Redis at \
127.0.0.1:6379, else for the embedded store in ./pyao.db.

Examples:
  pyao-admin sessions                       who plays, where
  pyao-admin set-port 8080                  move a running server to another port
  pyao-admin --store /srv/pyao.db accounts  look into that embedded store
  pyao-admin --json counters                for programs";

/// Makes the parser of the whole command line. Man pages and completions come from it.
pub fn command_line() -> Command {
    // The derived options bring a description of their own, which this one replaces.
    let mut program = Global::augment_args(Command::new("pyao-admin"))
        .version(env!("CARGO_PKG_VERSION"))
        .about(ABOUT)
        .long_about(LONG_ABOUT)
        .after_long_help(format!("{MORE}\n\n{EXIT_CODES}"))
        .arg_required_else_help(true)
        .subcommand_required(true);
    for row in COMMANDS {
        match row.words.split_once(' ') {
            None => program = program.subcommand(row.parser(row.words)),
            Some((family, name)) => {
                if program.find_subcommand(family).is_none() {
                    program = program.subcommand(family_parser(family));
                }
                program = program.mut_subcommand(family, |parser| parser.subcommand(row.parser(name)));
            }
        }
    }
    program
}

fn family_parser(word: &'static str) -> Command {
    let about = FAMILIES.iter().find(|family| family.word == word).map_or("", |family| family.about);
    Command::new(word).about(about).subcommand_required(true).arg_required_else_help(true)
}

/// A command line that was read.
pub struct Call {
    /// Options of every command.
    pub global: Global,
    /// The row of the command.
    pub row: &'static Row,
    /// The arguments of the command.
    pub matches: ArgMatches,
}

impl Call {
    /// Takes what the parser of [`command_line`] found.
    ///
    /// # Errors
    /// A command that is not in the table, which the parser refuses first.
    pub fn from_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let global = Global::from_arg_matches(matches)?;
        let (mut words, mut below) = (String::new(), matches);
        while let Some((word, matches)) = below.subcommand() {
            words += if words.is_empty() { "" } else { " " };
            words += word;
            below = matches;
        }
        match COMMANDS.iter().find(|row| row.words == words) {
            Some(row) => Ok(Self { global, row, matches: below.clone() }),
            None => Err(clap::Error::new(clap::error::ErrorKind::InvalidSubcommand)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        command_line().debug_assert();
    }

    #[test]
    fn every_command_has_the_help_of_its_row() {
        for row in COMMANDS {
            let parser = row.parser("name");
            assert_eq!(parser.get_about().map(ToString::to_string).as_deref(), Some(row.about));
            let long = parser.get_long_about().map(ToString::to_string).unwrap_or_default();
            assert!(long.ends_with(row.more), "{}: {long}", row.words);
        }
    }

    #[test]
    fn every_example_calls_its_own_command() {
        for row in COMMANDS {
            let words = row.example.split('|').next().unwrap_or_default().split_whitespace();
            let matches = command_line().try_get_matches_from(["pyao-admin"].into_iter().chain(words));
            let call = matches.and_then(|matches| Call::from_matches(&matches));
            assert!(call.is_ok_and(|call| call.row.words == row.words), "{}", row.example);
        }
    }

    #[test]
    fn every_family_has_commands_and_every_command_of_two_words_a_family() {
        let families = COMMANDS.iter().filter_map(|row| row.words.split_once(' ').map(|(family, _)| family));
        for family in families.clone() {
            assert!(FAMILIES.iter().any(|each| each.word == family), "{family}");
        }
        assert!(FAMILIES.iter().all(|family| families.clone().any(|word| word == family.word)));
    }
}
