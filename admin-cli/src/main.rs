//! `pyao-admin`: an admin's daily tool. It works on the store, beside the running server.
//!
//! Read the modules in this order:
//!
//! 1. [`commands`]: every command, a row each in `commands::table` with its help, its `redis-cli` recipe and its function.
//!    A function goes from the store to an [`output::Reply`]; it prints nothing.
//! 2. [`cli`]: the command line, made of the rows. [`help`] groups the commands for the help of the whole, and
//!    [`options`] has the options of every command.
//! 3. [`output`]: the look of a reply on a terminal, in a pipe and as JSON. Nothing else prints.
//! 4. [`place`]: the store that is meant, and opening it. [`failure`]: the errors, and the exit codes.

mod cli;
mod commands;
mod failure;
mod help;
mod options;
mod output;
mod place;
mod terminal;

use std::process::ExitCode;

use commands::action::Program;
use output::{Output, Style};

fn main() -> ExitCode {
    let width = terminal::width();
    let call = match help::parse(width) {
        Ok(call) => call,
        Err(error) => return output::usage_error(error, std::env::args_os()),
    };
    let output = Output::new(Style::of(&call.global, width));
    output.show_log();
    let program = Program { global: &call.global, output: &output, command_line: cli::command_line };
    match call.row.action.run(&call.matches, &program) {
        Ok(reply) => output.reply(&reply),
        Err(failure) => output.failure(&failure),
    }
}
