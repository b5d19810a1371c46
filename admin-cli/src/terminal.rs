//! The terminal: how wide it is, and reading a password without showing it.

use std::io::{self, BufRead};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};

use crate::output;

/// Width where there is no terminal to ask.
const USUAL_WIDTH: usize = 80;

/// Columns of standard output's terminal; `COLUMNS` overrides it.
pub fn width() -> usize {
    let set = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    set.or_else(window_width).filter(|width| *width > 0).unwrap_or(USUAL_WIDTH)
}

fn window_width() -> Option<usize> {
    tcgetwinsize(io::stdout()).ok().map(|size| usize::from(size.ws_col))
}

/// Asks `question` and reads a line from standard input, a terminal, which does not show it. `None` at the end of input.
///
/// # Errors
/// Standard input that is no terminal or cannot be read.
pub fn ask_hidden(question: &str) -> io::Result<Option<String>> {
    // Before the question, so that not even the fastest answer is shown.
    let _quiet = NoEcho::start()?;
    output::prompt(question);
    let mut line = String::new();
    let read = io::stdin().lock().read_line(&mut line)?;
    Ok((read > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned()))
}

/// Turns the echo of the terminal off; dropping it restores the earlier settings.
struct NoEcho {
    before: Termios,
}

impl NoEcho {
    fn start() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ECHO);
        quiet.local_modes.insert(LocalModes::ECHONL);
        tcsetattr(io::stdin(), OptionalActions::Flush, &quiet)?;
        Ok(Self { before })
    }
}

impl Drop for NoEcho {
    fn drop(&mut self) {
        // The terminal may be gone; then nothing is left to restore.
        let _ = tcsetattr(io::stdin(), OptionalActions::Flush, &self.before);
    }
}
