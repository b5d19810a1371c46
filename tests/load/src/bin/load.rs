//! `load`: many bots on a server, and a report on them and on the server. See `--help`.

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use pyao_load::{Options, compare, run};

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("load: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs the load that the options describe and prints the report. Returns true if all was well.
fn run(options: &Options) -> Result<bool> {
    if options.compare_redis {
        let comparison = compare::run(options)?;
        let json = || serde_json::to_string_pretty(&comparison);
        println!("{}", if options.json { json()? } else { comparison.to_string() });
        return Ok(comparison.clean);
    }
    let report = run::run(options)?;
    println!("{}", if options.json { report.json()? } else { report.to_string() });
    Ok(report.is_clean())
}
