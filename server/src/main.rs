//! `pyao-server`: the game server. Flags, configuration, logging, run.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use clap::Parser;
use pyao_config::flags::Flags;
use pyao_config::{self, Loaded};
use pyao_server::logging::Logging;
use pyao_server::memory;
use pyao_server::start::{self, Checked, DataChange, StartError};

const FAILED: u8 = 1;
const WRONG_USAGE: u8 = 2;

fn main() -> ExitCode {
    let flags = Flags::parse();
    if flags.print_config {
        say(pyao_config::REFERENCE_FILE);
        return ExitCode::SUCCESS;
    }
    let environment: BTreeMap<String, String> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    let loaded = match pyao_config::load(&flags, &environment, Path::new(pyao_config::DEFAULT_FILE)) {
        Ok(loaded) => loaded,
        Err(error) => return fail(&error, WRONG_USAGE),
    };
    if flags.check {
        return check(&loaded);
    }
    let logging = match Logging::start() {
        Ok(logging) => logging,
        Err(error) => return fail(&error, FAILED),
    };
    memory::give_back_large_blocks();
    let data_change = if flags.accept_data_change { DataChange::Accept } else { DataChange::Refuse };
    let result = start::run(&loaded, data_change, logging.terminal());
    logging.flush();
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error, code_of(&error)),
    }
}

/// Returns the exit code of a start that failed.
fn code_of(error: &StartError) -> u8 {
    match error {
        StartError::StartPositions(_) => WRONG_USAGE,
        _ => FAILED,
    }
}

/// Prints every line of an error to standard error.
fn fail(error: &dyn std::error::Error, code: u8) -> ExitCode {
    for line in error.to_string().lines() {
        eprintln!("pyao-server: {line}");
    }
    ExitCode::from(code)
}

/// Prints text to standard output, which the reader may have closed.
fn say(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}

/// Reports what would run. Faults in the data count as failure here, even those a server runs with; warnings do not.
fn check(loaded: &Loaded) -> ExitCode {
    let file = loaded.file.as_ref().map_or_else(|| "none".to_owned(), |file| file.display().to_string());
    say(&format!("configuration file: {file}\n{}", loaded.report()));
    let Checked { summary, faults, warnings } = match start::check(loaded) {
        Ok(checked) => checked,
        Err(error) => return fail(&error, code_of(&error)),
    };
    let faults_text: String = faults.iter().map(|fault| format!("fault: {fault}\n")).collect();
    let warnings_text: String = warnings.iter().map(|warning| format!("warning: {warning}\n")).collect();
    say(&format!("data:\n{summary}\n{faults_text}{warnings_text}"));
    if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(FAILED) }
}
