//! The look of everything: tables on a terminal, tab-separated lines in a pipe, JSON on request.
//!
//! Data goes to standard output, everything else to standard error. Nothing else in this program prints.

mod format;
mod reply;
mod servers;
mod suggestions;
mod table;
pub mod time;

use std::ffi::OsString;
use std::io::{ErrorKind, IsTerminal, Write};
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::error::ErrorKind as UsageErrorKind;
use serde_json::json;

use crate::failure::{Code, Failure};
use crate::options::{ColorChoice, Global};
pub use reply::{Cell, Change, Check, Column, Record, Reply, Table, column};
pub use servers::{Answer, ServerAnswer};

/// Number of the layout of `--json`: a field that changes its meaning or goes raises it.
pub const SCHEMA: u64 = 1;

/// Form of the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For eyes.
    Table,
    /// For scripts: tab-separated, no header.
    Tabs,
    /// For programs.
    Json,
}

/// The look of everything.
#[derive(Debug, Clone)]
pub struct Style {
    /// Form of the data.
    pub format: Format,
    /// True if tables have a header.
    pub headers: bool,
    /// True if standard output takes colours.
    pub color: bool,
    /// Columns of the terminal.
    pub width: usize,
    /// True if remarks beside the data are printed.
    pub verbose: bool,
    /// Unix seconds.
    pub now: u64,
}

impl Style {
    /// Chooses the style by the options, the environment and the kind of standard output, for a terminal of `width` columns.
    pub fn of(global: &Global, width: usize) -> Self {
        let is_terminal = std::io::stdout().is_terminal();
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let format = match (global.json, is_terminal) {
            (true, _) => Format::Json,
            (false, true) => Format::Table,
            (false, false) => Format::Tabs,
        };
        Self {
            format,
            headers: !global.no_headers,
            color: match global.color {
                ColorChoice::Auto => is_terminal && !plain,
                ColorChoice::Always => true,
                ColorChoice::Never => false,
            },
            width,
            verbose: global.verbose || std::io::stderr().is_terminal(),
            now: SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs(),
        }
    }
}

/// The two streams.
#[derive(Debug)]
pub struct Output {
    style: Style,
}

impl Output {
    /// Makes an output in that style.
    pub fn new(style: Style) -> Self {
        Self { style }
    }

    /// Returns the time by which everything is shown, in Unix seconds.
    pub fn now(&self) -> u64 {
        self.style.now
    }

    /// Prints a remark beside the data, for people at a terminal.
    pub fn remark(&self, text: &str) {
        if self.style.verbose && self.style.format != Format::Json {
            self.to_stderr(text);
        }
    }

    /// Prints a warning, whatever the form of the data.
    pub fn warning(&self, text: &str) {
        self.tell("warning", text);
    }

    /// Prints the data and what is to be said of it.
    pub fn reply(&self, reply: &Reply) -> ExitCode {
        let code = self.to_stdout(&format::format(reply, &self.style));
        let left_out = format::left_out(reply, &self.style);
        if !left_out.is_empty() {
            let columns = left_out.join(", ");
            self.remark(&format!(
                "left out, for want of room: {columns}; a wider terminal or --json has them"
            ));
        }
        if self.style.format != Format::Json {
            for note in reply.notes() {
                self.to_stderr(&note);
            }
        }
        match reply.failure() {
            Some(failure) if code == ExitCode::SUCCESS => ExitCode::from(failure as u8),
            _ => code,
        }
    }

    /// Prints why it failed.
    pub fn failure(&self, failure: &Failure) -> ExitCode {
        if self.style.format == Format::Json {
            self.to_stderr(&failure_json(failure));
        } else {
            self.to_stderr(&failure_text(failure));
        }
        ExitCode::from(failure.code as u8)
    }

    /// Shows what the store logs: damaged records that it left out.
    pub fn show_log(&self) {
        let log = LogLines { json: self.style.format == Format::Json };
        if log::set_boxed_logger(Box::new(log)).is_ok() {
            log::set_max_level(log::LevelFilter::Warn);
        }
    }

    fn tell(&self, kind: &'static str, text: &str) {
        self.to_stderr(&message(kind, text, self.style.format == Format::Json));
    }

    fn to_stderr(&self, text: &str) {
        print_to_stderr(text);
    }

    /// Prints to standard output. A pipe that the reader has closed is no error.
    fn to_stdout(&self, text: &str) -> ExitCode {
        let mut stdout = std::io::stdout().lock();
        match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
            Err(error) => {
                self.failure(&Failure::new(Code::Failed, format!("cannot write the result: {error}")))
            }
        }
    }
}

/// Prints a prompt, without a line's end.
pub fn prompt(text: &str) {
    let _ = write!(std::io::stderr(), "{text}");
}

/// Prints a line to standard error, which may be closed.
fn print_to_stderr(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Prints help, version or what is wrong with the command line, and gives the exit code for it.
pub fn usage_error(mut error: clap::Error, arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let is_help = matches!(
        error.kind(),
        UsageErrorKind::DisplayHelp
            | UsageErrorKind::DisplayVersion
            | UsageErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
    );
    if is_help {
        let _ = error.print();
        return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(Code::Usage as u8));
    }
    suggestions::best_first(&mut error);
    let failure = usage_failure(&error.render().to_string());
    let json = arguments.into_iter().any(|argument| argument == "--json");
    print_to_stderr(&if json { failure_json(&failure) } else { failure_text(&failure) });
    ExitCode::from(Code::Usage as u8)
}

/// Turns the parser's several lines into one line and a line of advice.
fn usage_failure(rendered: &str) -> Failure {
    let paragraphs: Vec<String> = rendered
        .split("\n\n")
        .map(|paragraph| paragraph.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    let message = paragraphs.first().map_or("", |text| text.trim_start_matches("error: "));
    let tips: Vec<&str> = paragraphs.iter().filter_map(|text| text.strip_prefix("tip: ")).collect();
    let usage = paragraphs.iter().find_map(|text| text.strip_prefix("Usage: "));
    let hint = match (tips.is_empty(), usage) {
        (false, _) => tips.join("; "),
        (true, Some(usage)) => format!("usage: {usage}"),
        (true, None) => "try --help".to_owned(),
    };
    Failure::new(Code::Usage, message).hint(hint)
}

fn failure_text(failure: &Failure) -> String {
    let lines: Vec<String> = failure.message.lines().map(|line| format!("pyao-admin: {line}")).collect();
    let hint = failure.hint.as_ref().map_or_else(String::new, |hint| format!("\n  {hint}"));
    lines.join("\n") + &hint
}

fn failure_json(failure: &Failure) -> String {
    let Failure { code, message, hint } = failure;
    json!({ "schema": SCHEMA, "code": *code as u8, "message": message, "hint": hint }).to_string()
}

fn message(kind: &'static str, text: &str, json: bool) -> String {
    if json { json!({ "schema": SCHEMA, kind: text }).to_string() } else { format!("{kind}: {text}") }
}

/// Shows the library's warnings.
struct LogLines {
    json: bool,
}

impl log::Log for LogLines {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.target().starts_with("pyao")
    }

    fn log(&self, record: &log::Record<'_>) {
        if self.enabled(record.metadata()) {
            print_to_stderr(&message("warning", &record.args().to_string(), self.json));
        }
    }

    fn flush(&self) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parsers_words_become_what_and_what_to_do() {
        let rendered = "error: unrecognized subcommand 'sesions'\n\n  tip: a similar subcommand exists: 'sessions'\n\n\
                        Usage: pyao-admin [OPTIONS] <COMMAND>\n\nFor more information, try '--help'.\n";
        let failure = usage_failure(rendered);
        assert_eq!(failure.message, "unrecognized subcommand 'sesions'");
        assert_eq!(failure.hint.as_deref(), Some("a similar subcommand exists: 'sessions'"));
        let without_tip = usage_failure("error: x\n\nUsage: pyao-admin get-port\n");
        assert_eq!(without_tip.hint.as_deref(), Some("usage: pyao-admin get-port"));
    }

    #[test]
    fn a_failure_is_a_line_and_advice_or_an_object() {
        let failure = Failure::new(Code::NotFound, "no account \"Ana\"").hint("did you mean Anna?");
        assert_eq!(failure_text(&failure), "pyao-admin: no account \"Ana\"\n  did you mean Anna?");
        assert_eq!(
            failure_json(&failure),
            r#"{"schema":1,"code":3,"message":"no account \"Ana\"","hint":"did you mean Anna?"}"#
        );
    }
}
