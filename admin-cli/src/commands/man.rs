//! Man pages, from the command line's own description.

use std::io;
use std::path::PathBuf;

use clap::{Args, Command};

use crate::failure::{Code, Failure};
use crate::output::Reply;

/// The place of the man pages.
#[derive(Debug, Args)]
pub struct Pages {
    /// Write all pages into this directory; it is made when it is not there
    #[arg(value_name = "DIR")]
    directory: Option<PathBuf>,
}

/// Makes the man pages: `man`.
pub fn man(command: Command, pages: Pages) -> Result<Reply, Failure> {
    let Some(directory) = pages.directory else {
        let mut page = Vec::new();
        clap_mangen::Man::new(command)
            .render(&mut page)
            .map_err(|error| Failure::new(Code::Failed, format!("cannot make the man page: {error}")))?;
        return Ok(Reply::Text(String::from_utf8_lossy(&page).into_owned()));
    };
    let write = || {
        std::fs::create_dir_all(&directory)?;
        clap_mangen::generate_to(command, &directory)
    };
    write().map_err(|error| {
        let code = match error.kind() {
            io::ErrorKind::PermissionDenied => Code::NotAllowed,
            _ => Code::Failed,
        };
        Failure::new(code, format!("cannot write man pages into {}: {error}", directory.display()))
            .hint("name a directory that you may write")
    })?;
    Ok(Reply::Text(format!("man pages written into {}\n", directory.display())))
}
