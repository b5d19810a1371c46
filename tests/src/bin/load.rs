//! `load`: many bots on a server, and what they and the server went through. See `--help`.

use std::process::ExitCode;

use clap::Parser;
use pyao_tests::load::{Options, run};

fn main() -> ExitCode {
    let options = Options::parse();
    let report = run::run(&options).and_then(|report| {
        let text = if options.json { report.json()? } else { report.to_string() };
        println!("{text}");
        Ok(report.is_clean())
    });
    match report {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("load: {error:#}");
            ExitCode::FAILURE
        }
    }
}
