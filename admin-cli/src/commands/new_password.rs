//! A new password: asked for, never taken from the command line, and hashed as the server does.

use std::io::{IsTerminal, Read};

use pyao_store::hashing::{PasswordCost, hash_password};

use super::Context;
use crate::failure::{Code, Failure};
use crate::terminal;

/// The variable that may hold it.
const VARIABLE: &str = "PYAO_NEW_PASSWORD";
/// More than any password has: what is longer is no password but a wrong file.
const LONGEST_INPUT: u64 = 4096;

/// Takes the new password from `PYAO_NEW_PASSWORD`, from a prompt on the terminal, or from standard input's first line.
pub fn read(name: &str) -> Result<String, Failure> {
    if let Ok(password) = std::env::var(VARIABLE) {
        return Ok(password);
    }
    if std::io::stdin().is_terminal() {
        let password = ask(&format!("new password of {name}: "))?;
        return if ask("again: ")? == password {
            Ok(password)
        } else {
            Err(refused("the two passwords differ"))
        };
    }
    let mut text = String::new();
    std::io::stdin()
        .take(LONGEST_INPUT)
        .read_to_string(&mut text)
        .map_err(|error| Failure::new(Code::Failed, format!("cannot read the password: {error}")))?;
    match text.lines().next() {
        Some(password) => Ok(password.to_owned()),
        None => Err(refused("no password on standard input")
            .hint(format!("give it there, in {VARIABLE}, or run on a terminal"))),
    }
}

fn ask(question: &str) -> Result<String, Failure> {
    terminal::ask_hidden(question)
        .map_err(|error| Failure::new(Code::Failed, format!("cannot read the password: {error}")))?
        .ok_or_else(|| refused("no password was typed"))
}

fn refused(why: &str) -> Failure {
    Failure::new(Code::Refused, why).hint("nothing was written")
}

/// Hashes a password with argon2id, at the cost that the configuration asks for.
pub fn hash(context: &Context, password: String) -> Result<String, Failure> {
    let security = &context.loaded.config.security;
    let cost = PasswordCost {
        memory_kib: security.password_memory_kib,
        passes: security.password_passes,
        threads: 1,
    };
    hash_password(cost, password).map_err(|error| Failure::new(Code::Failed, error.to_string()))
}
