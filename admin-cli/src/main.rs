//! `pyao-admin`: an admin's daily tool. It works on the store, beside the running server.
//!
//! Read the modules in this order:
//!
//! 1. [`cli`]: the command line: every command with its help, once. Man pages and completions come from it. [`help`]
//!    groups the commands for the help of the whole.
//! 2. [`recipes`]: which `redis-cli` command does the same.
//! 3. [`commands`]: what each command does, a file a family. A command is a function from the store to a
//!    [`output::Reply`]; it prints nothing.
//! 4. [`output`]: how a reply looks on a terminal, in a pipe and as JSON. Nothing else prints.
//! 5. [`place`]: which store is meant, and opening it. [`failure`]: what goes wrong, and the exit codes.

mod cli;
mod commands;
mod failure;
mod help;
mod output;
mod place;
mod recipes;
mod terminal;

use std::process::ExitCode;

use output::{Output, Style};

fn main() -> ExitCode {
    let arguments = match help::parse() {
        Ok(arguments) => arguments,
        Err(error) => return output::usage_error(error, std::env::args_os()),
    };
    let output = Output::new(Style::of(&arguments.global));
    output.show_log();
    match commands::run(&arguments, &output) {
        Ok(reply) => output.reply(&reply),
        Err(failure) => output.failure(&failure),
    }
}
