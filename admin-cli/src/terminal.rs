//! The terminal: how wide it is, and reading a password without showing it.

use std::io::{self, BufRead};
use std::mem::MaybeUninit;

use crate::output;

/// Width where there is no terminal to ask.
const USUAL_WIDTH: usize = 80;

/// Columns of standard output's terminal; `COLUMNS` overrides it.
pub fn width() -> usize {
    let set = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    set.or_else(window_width).filter(|width| *width > 0).unwrap_or(USUAL_WIDTH)
}

fn window_width() -> Option<usize> {
    let mut size = MaybeUninit::<libc::winsize>::zeroed();
    // SAFETY: TIOCGWINSZ writes at most one `winsize` to the pointer, which is valid for that; an all-zero `winsize`
    // is a valid value, so it is initialised either way.
    let size = unsafe {
        if libc::ioctl(libc::STDOUT_FILENO, libc::TIOCGWINSZ, size.as_mut_ptr()) != 0 {
            return None;
        }
        size.assume_init()
    };
    Some(usize::from(size.ws_col))
}

/// Asks `question` and reads a line from standard input, a terminal, which does not show it. `None` at the end of input.
///
/// # Errors
/// When standard input is no terminal or cannot be read.
pub fn ask_hidden(question: &str) -> io::Result<Option<String>> {
    // Before the question, so that not even the fastest answer is shown.
    let _quiet = NoEcho::start()?;
    output::prompt(question);
    let mut line = String::new();
    let read = io::stdin().lock().read_line(&mut line)?;
    Ok((read > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned()))
}

/// Turns the terminal's echo off; dropping it restores what was before.
struct NoEcho {
    before: libc::termios,
}

impl NoEcho {
    fn start() -> io::Result<Self> {
        let mut before = MaybeUninit::<libc::termios>::uninit();
        // SAFETY: tcgetattr fills the `termios` that the pointer is valid for, whenever it answers 0.
        let before = unsafe {
            if libc::tcgetattr(libc::STDIN_FILENO, before.as_mut_ptr()) != 0 {
                return Err(io::Error::last_os_error());
            }
            before.assume_init()
        };
        let mut quiet = before;
        quiet.c_lflag &= !libc::ECHO;
        quiet.c_lflag |= libc::ECHONL;
        set(&quiet)?;
        Ok(Self { before })
    }
}

impl Drop for NoEcho {
    fn drop(&mut self) {
        // The terminal may be gone; then nothing is left to restore.
        let _ = set(&self.before);
    }
}

fn set(settings: &libc::termios) -> io::Result<()> {
    // SAFETY: tcsetattr only reads the `termios`, a valid reference.
    match unsafe { libc::tcsetattr(libc::STDIN_FILENO, libc::TCSAFLUSH, settings) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
